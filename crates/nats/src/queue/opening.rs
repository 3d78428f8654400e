//! What becomes of a message that comes: work, or something that nobody can work on.

use std::time::Duration;

use async_nats::jetstream::{self, AckKind};
use async_nats::{Message, Subject};
use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::{Consumer, Pack, PackError, TAKERS};

use super::bookkeeping::Arrival;
use super::burial::{self, EARLIER_TAKERS};
use super::keeping;
use crate::connection::Link;
use crate::names::topic_of;
use crate::storing::NotStored;

/// A pack that so many takers did not finish is taken apart, so that one bad record does not take its neighbours along.
const TAKERS_OF_A_PACK: u32 = 3;
/// When a message of a newer version is offered again, perhaps to a process that can read it.
const NEWER_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// Reads a message; `None` if there is nothing in it to be handed out.
pub(super) async fn open_message(
    link: &Link,
    consumer: Consumer,
    message: Message,
    asked: Timestamp,
) -> Option<Arrival> {
    let (topic, reply) = (topic_of(&message.subject)?, message.reply.clone()?);
    let earlier = earlier_takers(&message);
    let payload = message.payload.clone();
    let message = jetstream::Message { message, context: link.context.clone() };
    let (sequence, delivered) = match message.info() {
        Ok(info) => (info.stream_sequence, u32::try_from(info.delivered).unwrap_or(1)),
        Err(error) => {
            tracing::error!(%error, "message without its place is left to lapse");
            return None;
        }
    };
    let takers = earlier.saturating_add(delivered);
    match Pack::decode(&payload) {
        Ok(pack) => {
            let arrival = Arrival { consumer, topic, sequence, reply, takers, asked, pack };
            let outcome = match arrival.pack.records.len() {
                0 => Ok(()),
                1 if takers > TAKERS => burial::bury_alone(link, &arrival).await,
                2.. if takers > TAKERS_OF_A_PACK => burial::take_apart(link, &arrival).await,
                _ => return Some(arrival),
            };
            settle(link, arrival.reply, outcome).await;
        }
        Err(error @ PackError::UnknownFormat(_)) => {
            tracing::warn!(%error, ?consumer, sequence, "message is left to a newer version");
            let later = AckKind::Nak(Some(NEWER_AGAIN_AFTER));
            let _ = keeping::tell(link, reply, later.into()).await;
        }
        Err(error @ PackError::Damaged(_)) => {
            tracing::error!(%error, ?consumer, sequence, "message cannot be read");
            let outcome = burial::bury_damaged(link, topic, sequence, takers, payload).await;
            settle(link, reply, outcome).await;
        }
    }
    None
}

fn earlier_takers(message: &Message) -> u32 {
    let stated = message.headers.as_ref().and_then(|headers| headers.get(EARLIER_TAKERS));
    stated.and_then(|takers| takers.as_str().parse().ok()).unwrap_or(0)
}

/// What has its next place is finished here; what has not comes again.
async fn settle(link: &Link, reply: Subject, outcome: Result<(), NotStored>) {
    match outcome {
        Ok(()) => {
            let _: Result<(), _> = keeping::tell(link, reply, keeping::FINISHED).await;
        }
        Err(error) => tracing::error!(%error, "record that nobody finishes stays where it is"),
    }
}
