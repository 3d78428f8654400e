//! A stream by itself: packs of records are stored one after the other, each acknowledged once it is synced, and meanwhile
//! taken by a consumer and acknowledged.

use std::collections::BTreeMap;

use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{self, DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::jetstream::{self, Context};
use bytes::Bytes;
use fanfare_cluster::Backends;
use fanfare_domain::delivery::Lane;
use fanfare_ports::queue::{Pack, Topic};
use futures::StreamExt;

use super::{LARGE, records};
use crate::run::USUAL_SIZE;

/// Of a stream; the server reserves them.
const MOST_BYTES: i64 = 4 << 30;
/// Packs that a consumer may have open.
const OPEN: i64 = 4_096;
const PACKS_AT_ONCE: usize = 32;
/// As much as a consumer may be sent at once.
const BYTES_AT_ONCE: usize = 2 * 1024 * 1024;

/// The hops of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// `EVENTS`: an event.
    Events,
    /// `DELIVERIES`: a delivery, with its event.
    Deliveries,
    /// `JOURNAL`: to whom an event goes.
    Routed,
    /// `JOURNAL`: an attempt.
    Attempted,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Events, Self::Deliveries, Self::Routed, Self::Attempted];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Deliveries => "deliveries",
            Self::Routed => "journal_routed",
            Self::Attempted => "journal_attempted",
        }
    }

    const fn topic(self) -> Topic {
        match self {
            Self::Events => Topic::Events,
            Self::Deliveries => Topic::Deliveries(Lane::Fresh),
            Self::Routed | Self::Attempted => Topic::JournalLog,
        }
    }

    fn record(self, number: usize, size: usize) -> Result<Bytes, String> {
        match self {
            Self::Events => records::accepted(number, size),
            Self::Deliveries => records::delivery(number, size),
            Self::Routed => records::routed(number, size),
            Self::Attempted => records::attempted(number, size),
        }
    }
}

/// Streams with a consumer each.
#[derive(Debug)]
pub(super) struct Hops {
    context: Context,
    consumers: BTreeMap<Kind, PullConsumer>,
}

impl Hops {
    pub(super) async fn prepare(backends: &Backends) -> Result<Self, String> {
        let client = async_nats::connect(backends.nats.url()).await.map_err(|error| error.to_string())?;
        let context = jetstream::new(client);
        let mut consumers = BTreeMap::new();
        for kind in Kind::ALL {
            consumers.insert(kind, make(&context, kind).await?);
        }
        Ok(Self { context, consumers })
    }

    /// Empties the streams.
    pub(super) async fn clear(&self) -> Result<(), String> {
        for kind in Kind::ALL {
            let stream = self.context.get_stream_no_info(kind.name()).await.map_err(failed)?;
            stream.purge().await.map_err(failed)?;
        }
        Ok(())
    }

    /// Lets `number` records pass, in full packs.
    pub(super) async fn through(&self, kind: Kind, number: usize) -> Result<(), String> {
        let most = kind.topic().pack_records();
        let records: Vec<Bytes> = (0..most).map(|record| kind.record(record, USUAL_SIZE)).collect::<Result<_, _>>()?;
        let fitting = Pack::fitting(kind.topic(), records.iter().map(Bytes::len));
        let pack = Pack::of(records.into_iter().take(fitting).collect());
        self.pass(kind, &pack, number.div_ceil(fitting), false).await
    }

    /// Lets `number` large events pass, each alone, and reads each once more.
    pub(super) async fn through_large(&self, number: usize) -> Result<(), String> {
        let pack = Pack::of(vec![Kind::Events.record(0, LARGE)?]);
        self.pass(Kind::Events, &pack, number, true).await
    }

    async fn pass(&self, kind: Kind, pack: &Pack, messages: usize, read_again: bool) -> Result<(), String> {
        let storing = async {
            for number in 0..messages {
                // The services' messages have an id, by which one that is sent again is known.
                let id = format!("{}.{number}.{}", kind.name(), self.context.client().new_inbox());
                let message = PublishMessage::build().payload(pack.encode()).message_id(id);
                let stored = self.context.send_publish(subject(kind), message).await.map_err(failed)?;
                stored.await.map_err(failed)?;
            }
            Ok(())
        };
        tokio::try_join!(storing, self.take(kind, messages, read_again)).map(drop)
    }

    async fn take(&self, kind: Kind, messages: usize, read_again: bool) -> Result<(), String> {
        let consumer = self.consumers.get(&kind).ok_or("there is no such consumer")?;
        let stream = self.context.get_stream_no_info(kind.name()).await.map_err(failed)?;
        let taking = consumer.stream().max_messages_per_batch(PACKS_AT_ONCE).max_bytes_per_batch(BYTES_AT_ONCE);
        let mut taken = taking.messages().await.map_err(failed)?.take(messages);
        while let Some(message) = taken.next().await {
            let message = message.map_err(failed)?;
            if read_again {
                let sequence = message.info().map_err(failed)?.stream_sequence;
                stream.direct_get(sequence).await.map_err(failed)?;
            }
            Pack::decode(&message.payload).map_err(failed)?;
            message.ack().await.map_err(failed)?;
        }
        Ok(())
    }
}

fn subject(kind: Kind) -> String {
    format!("parts.{}", kind.name())
}

async fn make(context: &Context, kind: Kind) -> Result<PullConsumer, String> {
    let config = stream::Config {
        name: kind.name().to_owned(),
        subjects: vec![subject(kind)],
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        storage: StorageType::File,
        max_bytes: MOST_BYTES,
        allow_direct: true,
        ..Default::default()
    };
    let stream = context.create_stream(config).await.map_err(failed)?;
    let config = pull::Config {
        durable_name: Some("taker".to_owned()),
        ack_policy: AckPolicy::Explicit,
        max_ack_pending: OPEN,
        ..Default::default()
    };
    stream.create_consumer(config).await.map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> String {
    format!("nats: {error}")
}
