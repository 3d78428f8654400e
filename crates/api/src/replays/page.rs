//! One page of a replay: its events, as records for workers and for the journal.

use bytes::Bytes;
use fanfare_domain::delivery::{Delivery, DeliveryRef, Turn};
use fanfare_domain::event::{Event, TraceContext};
use fanfare_domain::ids::Run;
use fanfare_domain::journal::{JournalRecord, Routed};
use fanfare_ports::queue::{QueueError, Stored, Stream};
use fanfare_ports::store::{Candidate, EventRow, Replay, StoreError};
use fanfare_proto::records::{RecordError, decode_event, encode_delivery, encode_journal};

use super::matching::Wanted;
use crate::context::Context;
use crate::deliveries::LARGEST_INLINE;

/// Why a page could not be read; trying again later may help.
#[derive(Debug, thiserror::Error)]
pub(super) enum PageError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue did not answer.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A newer version stored an event.
    #[error("an event cannot be read here")]
    Record(#[source] RecordError),
}

/// What is published for one page.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Deliveries.
    pub(super) deliveries: Vec<Bytes>,
    /// What the journal is told.
    pub(super) journal: Vec<Bytes>,
    /// Events whose data is gone.
    pub(super) gone: u64,
}

impl Page {
    /// Reads the wanted ones of `candidates`. With `resumed`, somebody may have died while publishing this page: what the
    /// journal knows already is not sent again, only told again.
    pub(super) async fn read(
        context: &Context,
        replay: &Replay,
        wanted: &Wanted<'_>,
        candidates: &[Candidate],
        resumed: bool,
    ) -> Result<Self, PageError> {
        let mut page = Self::default();
        for candidate in candidates.iter().filter(|candidate| wanted.has(&candidate.event)) {
            match stored(context, replay, &candidate.event).await? {
                Some(event) => page.add(context, replay, &candidate.event, event, resumed).await?,
                None => page.gone += 1,
            }
        }
        Ok(page)
    }

    async fn add(
        &mut self,
        context: &Context,
        replay: &Replay,
        row: &EventRow,
        event: Event,
        resumed: bool,
    ) -> Result<(), StoreError> {
        let run = Run::Replay(replay.id);
        let reference = DeliveryRef::new(&event, row.position, replay.webhook, run);
        self.journal.push(encode_journal(JournalRecord::Routed(Routed::of(
            &event,
            row.position,
            run,
            vec![(replay.webhook, reference.id)],
        ))));
        if !resumed || context.reports.delivery(replay.tenant, reference.id).await?.is_none() {
            self.deliveries.push(encode_delivery(&Delivery {
                reference,
                turn: Turn::Scheduled(1),
                waited: false,
                paced: false,
                due: context.clock.now(),
                event: (event.data.len() <= LARGEST_INLINE).then_some(event),
                trace: TraceContext::default(),
            }));
        }
        Ok(())
    }

    /// Deliveries that are under way with this page.
    pub(super) fn published(&self) -> u64 {
        u64::try_from(self.journal.len()).unwrap_or(u64::MAX)
    }
}

/// The event of `row`, if it is still there.
async fn stored(context: &Context, replay: &Replay, row: &EventRow) -> Result<Option<Event>, PageError> {
    let Stored::Found(record) = context.queue.read(Stream::Events, row.position).await? else { return Ok(None) };
    match decode_event(&record) {
        Ok(event) => Ok((event.tenant == replay.tenant && event.id == row.id).then_some(event)),
        Err(error @ RecordError::UnknownFormat(_)) => Err(PageError::Record(error)),
        Err(error @ RecordError::Damaged(_)) => {
            tracing::error!(%error, event = %row.id, "stored event cannot be read");
            Ok(None)
        }
    }
}
