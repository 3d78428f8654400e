//! What routing an event comes to: records for the next streams.

use bytes::Bytes;
use fanfare_domain::delivery::{Delivery, DeliveryRef, Lane, Position, Turn};
use fanfare_domain::event::{Event, TraceContext};
use fanfare_domain::ids::{DeliveryId, Run, WebhookId};
use fanfare_domain::journal::{JournalRecord, Parked, Parking, Routed};
use fanfare_domain::webhook::RateLimit;
use fanfare_proto::records::{encode_delivery, encode_journal};

/// How many webhooks one journal record names: 32 bytes each, so that it stays well below the largest record.
const NAMED_AT_ONCE: usize = 8_000;
/// The first attempt's number.
const FIRST: u16 = 1;

/// What one webhook gets: a delivery to make at once, or, at a limited rate, a place in its queue.
pub(crate) enum Step {
    Deliver(Bytes),
    Park(Bytes),
}

/// The record for the delivery to one webhook. `inline` carries the event along, `trace` what the first attempt goes on with.
pub(crate) fn step(
    event: &Event,
    reference: DeliveryRef,
    limit: Option<RateLimit>,
    inline: bool,
    trace: &TraceContext,
) -> Step {
    match limit {
        Some(limit) => Step::Park(encode_journal(JournalRecord::Parked(Parked {
            delivery: reference,
            attempt: FIRST,
            due: event.accepted,
            parking: Parking::limited_to(limit),
        }))),
        None => Step::Deliver(encode_delivery(&Delivery {
            reference,
            turn: Turn::Scheduled(FIRST),
            waited: false,
            paced: false,
            due: event.accepted,
            event: inline.then(|| event.clone()),
            trace: trace.clone(),
        })),
    }
}

/// The records that tell of the event and its deliveries: one, unless it went to very many webhooks.
pub(crate) fn routed(event: &Event, position: Position, deliveries: Vec<(WebhookId, DeliveryId)>) -> Vec<Bytes> {
    if deliveries.len() <= NAMED_AT_ONCE {
        return vec![routed_to(event, position, deliveries)];
    }
    deliveries.chunks(NAMED_AT_ONCE).map(|some| routed_to(event, position, some.to_vec())).collect()
}

fn routed_to(event: &Event, position: Position, deliveries: Vec<(WebhookId, DeliveryId)>) -> Bytes {
    encode_journal(JournalRecord::Routed(Routed::of(event, position, Run::First, deliveries)))
}

/// The lane of first attempts, by whether the tenant is above its share.
pub(crate) const fn lane(above_share: bool) -> Lane {
    if above_share { Lane::Bulk } else { Lane::Fresh }
}
