//! What becomes of a message that comes: work, or something that nobody can work on.

use std::time::Duration;

use async_nats::jetstream::{self, AckKind};
use async_nats::{Message, Subject};
use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::{Consumer, Pack, PackError, TAKERS};

use super::bookkeeping::Arrival;
use super::moving::{Story, store_again};
use super::{burial, keeping};
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
    let payload = message.payload.clone();
    let message = jetstream::Message { message, context: link.context.clone() };
    let (sequence, delivered, more) = match message.info() {
        Ok(info) => (
            info.stream_sequence,
            u32::try_from(info.delivered).unwrap_or(1),
            usize::try_from(info.pending).unwrap_or(usize::MAX),
        ),
        Err(error) => {
            tracing::error!(%error, "message without its place is left to lapse");
            return None;
        }
    };
    let story = Story::told(message.headers.as_ref(), sequence);
    let worked_on = match story.delay {
        Some(delay) if delivered <= 1 => {
            put_off(link, reply, delay).await;
            return None;
        }
        Some(_) => delivered - 1,
        None => delivered,
    };
    let takers = story.takers.saturating_add(worked_on);
    match Pack::decode(&payload) {
        Ok(pack) => {
            open_pack(link, Arrival { consumer, topic, sequence, story, reply, takers, more, asked, pack }).await
        }
        Err(error @ PackError::UnknownFormat(_)) => {
            tracing::warn!(%error, ?consumer, sequence, "message is left to a newer version");
            let again = Story { takers: takers.saturating_sub(1), delay: Some(NEWER_AGAIN_AFTER), ..story };
            match store_again(link, topic, link.client.new_inbox(), &again, payload).await {
                Ok(()) => settle(link, reply, Ok(())).await,
                // That counts a taker, but there is no other way.
                Err(_) => put_off(link, reply, NEWER_AGAIN_AFTER).await,
            }
            None
        }
        Err(error @ PackError::Damaged(_)) => {
            tracing::error!(%error, ?consumer, sequence, "message cannot be read");
            let outcome = burial::bury_damaged(link, topic, sequence, takers, payload).await;
            settle(link, reply, outcome).await;
            None
        }
    }
}

/// Gives what can be worked on; what too many have taken goes its own way.
async fn open_pack(link: &Link, arrival: Arrival) -> Option<Arrival> {
    let outcome = match arrival.pack.records.len() {
        0 => Ok(()),
        1 if arrival.takers > TAKERS => burial::bury_alone(link, &arrival).await,
        2.. if arrival.takers > TAKERS_OF_A_PACK => match burial::take_apart(link, &arrival).await {
            // Only takers make room in a full stream, so it has to be worked on as it is.
            Err(NotStored::Full(_)) => return Some(arrival),
            outcome => outcome,
        },
        _ => return Some(arrival),
    };
    settle(link, arrival.reply, outcome).await;
    None
}

/// Lets the server give the message to somebody else, after `delay`.
async fn put_off(link: &Link, reply: Subject, delay: Duration) {
    // If this is lost it comes when the lease has lapsed.
    let _ = keeping::tell(link, reply, AckKind::Nak(Some(delay)).into()).await;
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
