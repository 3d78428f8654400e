//! What happened.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use fanfare_domain::attempt::Attempt;
use fanfare_domain::delivery::{FailureReason, Position, Settlement};
use fanfare_domain::header_list::HeaderList;
use fanfare_domain::ids::{AttemptId, DeliveryId, EventId, ReplayId, TenantNumber, WebhookId};
use fanfare_domain::journal::{
    Attempted, Follows, JournalRecord, PaceKind, Parked, Parking, QueuePace, Restated, Routed,
};
use fanfare_domain::time::Timestamp;

use super::delivery::{attempt_number, reference};
use super::event::{purpose_from_wire, purpose_to_wire};
use super::{RecordError, damaged, decode, encode, id_bytes, optional_id_bytes};
use crate::wire;

/// A journal record as the queue's bytes.
#[must_use]
pub fn encode_journal(record: JournalRecord) -> Bytes {
    let record = match record {
        JournalRecord::Routed(routed) => wire::journal::Record::Routed(routed_to_wire(routed)),
        JournalRecord::Attempted(attempted) => wire::journal::Record::Attempted(attempted_to_wire(*attempted)),
        JournalRecord::Parked(parked) => wire::journal::Record::Parked(parked_to_wire(&parked)),
        JournalRecord::Restated(restated) => wire::journal::Record::Restated(restated_to_wire(&restated)),
    };
    encode(&wire::Journal { record: Some(record) })
}

/// Reads what [`encode_journal`] wrote.
///
/// # Errors
/// [`RecordError`] if a newer version wrote it, or it is damaged.
pub fn decode_journal(record: &Bytes) -> Result<JournalRecord, RecordError> {
    match decode::<wire::Journal>(record)?.record {
        Some(wire::journal::Record::Routed(routed)) => routed_from_wire(routed).map(JournalRecord::Routed),
        Some(wire::journal::Record::Attempted(attempted)) => {
            attempted_from_wire(attempted).map(|attempted| JournalRecord::Attempted(Box::new(attempted)))
        }
        Some(wire::journal::Record::Parked(parked)) => parked_from_wire(&parked).map(JournalRecord::Parked),
        Some(wire::journal::Record::Restated(restated)) => restated_from_wire(&restated).map(JournalRecord::Restated),
        None => Err(damaged("no kind of journal record that is known here")),
    }
}

fn routed_to_wire(routed: Routed) -> wire::Routed {
    let mut deliveries = BytesMut::with_capacity(routed.deliveries.len() * 32);
    for (webhook, delivery) in &routed.deliveries {
        deliveries.put_slice(webhook.as_bytes());
        deliveries.put_slice(delivery.as_bytes());
    }
    wire::Routed {
        tenant: routed.tenant.get(),
        event: routed.event.as_str().to_owned(),
        r#type: routed.event_type.as_str().to_owned(),
        subject: routed.subject.as_deref().map(str::to_owned),
        created_ms: routed.created.as_millis(),
        accepted_ms: routed.accepted.as_millis(),
        trial_for: purpose_to_wire(routed.purpose),
        position: Some(wire::Position { sequence: routed.position.sequence, index: routed.position.index.into() }),
        size: routed.size,
        replay: routed.replay.map_or_else(Bytes::new, |id| Bytes::copy_from_slice(id.as_bytes())),
        deliveries: deliveries.freeze(),
    }
}

fn routed_from_wire(routed: wire::Routed) -> Result<Routed, RecordError> {
    let position = routed.position.ok_or_else(|| damaged("no position"))?;
    let (pairs, rest) = routed.deliveries.as_chunks::<32>();
    if !rest.is_empty() {
        return Err(damaged("deliveries are cut off"));
    }
    let deliveries = pairs
        .iter()
        .map(|pair| {
            let (webhook, delivery) = pair.split_at(16);
            Ok((
                WebhookId::from_bytes(id_bytes("webhook", webhook)?),
                DeliveryId::from_bytes(id_bytes("delivery", delivery)?),
            ))
        })
        .collect::<Result<_, RecordError>>()?;
    Ok(Routed {
        tenant: TenantNumber::new(routed.tenant),
        event: EventId::new(&routed.event).map_err(damaged)?,
        event_type: routed.r#type.parse().map_err(damaged)?,
        subject: routed.subject.map(Into::into),
        created: Timestamp::from_millis(routed.created_ms),
        accepted: Timestamp::from_millis(routed.accepted_ms),
        purpose: purpose_from_wire(&routed.trial_for)?,
        position: Position {
            sequence: position.sequence,
            index: u16::try_from(position.index).map_err(|_| damaged("position"))?,
        },
        size: routed.size,
        replay: optional_id_bytes("replay", &routed.replay)?.map(ReplayId::from_bytes),
        deliveries,
    })
}

fn attempted_to_wire(attempted: Attempted) -> wire::Attempted {
    let follows = match attempted.follows {
        Follows::Settled(settlement) => wire::attempted::Follows::Settled(settlement_to_wire(settlement).into()),
        Follows::Waiting { due, attempt } => {
            wire::attempted::Follows::Waiting(wire::Waiting { due_ms: due.as_millis(), attempt: attempt.into() })
        }
        Follows::Unchanged => wire::attempted::Follows::Unchanged(wire::Unchanged {}),
    };
    wire::Attempted {
        delivery: attempted.delivery.to_bytes().into(),
        event: attempted.event.as_ref().map(|id| id.as_str().to_owned()),
        r#type: attempted.event_type.as_ref().map(|name| name.as_str().to_owned()),
        attempt: attempted.attempt.map(attempt_to_wire),
        waited: attempted.waited,
        late: attempted.late,
        counts_for_health: attempted.counts_for_health,
        follows: Some(follows),
    }
}

fn attempted_from_wire(attempted: wire::Attempted) -> Result<Attempted, RecordError> {
    let follows = match attempted.follows.ok_or_else(|| damaged("nothing known follows"))? {
        wire::attempted::Follows::Settled(settlement) => Follows::Settled(settlement_from_wire(settlement)?),
        wire::attempted::Follows::Waiting(waiting) => {
            Follows::Waiting { due: Timestamp::from_millis(waiting.due_ms), attempt: attempt_number(waiting.attempt)? }
        }
        wire::attempted::Follows::Unchanged(_) => Follows::Unchanged,
    };
    Ok(Attempted {
        delivery: reference(&attempted.delivery)?,
        event: attempted.event.map(|id| EventId::new(&id)).transpose().map_err(damaged)?,
        event_type: attempted.r#type.map(|name| name.parse()).transpose().map_err(damaged)?,
        attempt: attempted.attempt.map(attempt_from_wire).transpose()?,
        follows,
        waited: attempted.waited,
        late: attempted.late,
        counts_for_health: attempted.counts_for_health,
    })
}

fn attempt_to_wire(attempt: Attempt) -> wire::Attempt {
    wire::Attempt {
        id: Bytes::copy_from_slice(attempt.id.as_bytes()),
        number: attempt.number.into(),
        manual: attempt.manual,
        started_ms: attempt.started.as_millis(),
        duration_ms: u64::try_from(attempt.duration.as_millis()).unwrap_or(u64::MAX),
        status: attempt.status.map(Into::into),
        error: attempt.error,
        request_headers: attempt.request_headers.into_json(),
        response_headers: attempt.response_headers.into_json(),
        response_body: attempt.response_body,
    }
}

fn attempt_from_wire(attempt: wire::Attempt) -> Result<Attempt, RecordError> {
    let status = attempt.status.map(u16::try_from).transpose().map_err(|_| damaged("status"))?;
    Ok(Attempt {
        id: AttemptId::from_bytes(id_bytes("attempt", &attempt.id)?),
        number: attempt_number(attempt.number)?,
        manual: attempt.manual,
        started: Timestamp::from_millis(attempt.started_ms),
        duration: Duration::from_millis(attempt.duration_ms),
        status,
        error: attempt.error,
        request_headers: HeaderList::from_json(attempt.request_headers),
        response_headers: HeaderList::from_json(attempt.response_headers),
        response_body: attempt.response_body,
    })
}

const fn settlement_to_wire(settlement: Settlement) -> wire::Settlement {
    match settlement {
        Settlement::Success => wire::Settlement::Success,
        Settlement::Cancelled => wire::Settlement::Cancelled,
        Settlement::Failed(reason) => match reason {
            FailureReason::AttemptsUsedUp => wire::Settlement::AttemptsUsedUp,
            FailureReason::Gone => wire::Settlement::Gone,
            FailureReason::AddressNotAllowed => wire::Settlement::AddressNotAllowed,
            FailureReason::WebhookInactive => wire::Settlement::WebhookInactive,
            FailureReason::Expired => wire::Settlement::Expired,
            FailureReason::PayloadGone => wire::Settlement::PayloadGone,
        },
    }
}

fn settlement_from_wire(settlement: i32) -> Result<Settlement, RecordError> {
    let reason = match wire::Settlement::try_from(settlement).map_err(damaged)? {
        wire::Settlement::Success => return Ok(Settlement::Success),
        wire::Settlement::Cancelled => return Ok(Settlement::Cancelled),
        wire::Settlement::Unspecified => return Err(damaged("unspecified settlement")),
        wire::Settlement::AttemptsUsedUp => FailureReason::AttemptsUsedUp,
        wire::Settlement::Gone => FailureReason::Gone,
        wire::Settlement::AddressNotAllowed => FailureReason::AddressNotAllowed,
        wire::Settlement::WebhookInactive => FailureReason::WebhookInactive,
        wire::Settlement::Expired => FailureReason::Expired,
        wire::Settlement::PayloadGone => FailureReason::PayloadGone,
    };
    Ok(Settlement::Failed(reason))
}

fn parked_to_wire(parked: &Parked) -> wire::Parked {
    let queue = match parked.parking {
        Parking::InFlight => None,
        Parking::Webhook { per_second, burst, pace } => Some(pace_to_wire(QueuePace { per_second, burst, kind: pace })),
    };
    wire::Parked {
        delivery: parked.delivery.to_bytes().into(),
        attempt: parked.attempt.into(),
        due_ms: parked.due.as_millis(),
        queue,
    }
}

fn parked_from_wire(parked: &wire::Parked) -> Result<Parked, RecordError> {
    let parking = match parked.queue.map(pace_from_wire).transpose()? {
        None => Parking::InFlight,
        Some(QueuePace { per_second, burst, kind }) => Parking::Webhook { per_second, burst, pace: kind },
    };
    Ok(Parked {
        delivery: reference(&parked.delivery)?,
        attempt: attempt_number(parked.attempt)?,
        due: Timestamp::from_millis(parked.due_ms),
        parking,
    })
}

fn restated_to_wire(restated: &Restated) -> wire::Restated {
    wire::Restated {
        delivery: restated.delivery.to_bytes().into(),
        attempt: restated.attempt.into(),
        due_ms: restated.due.as_millis(),
        queue: restated.queue.map(pace_to_wire),
    }
}

fn restated_from_wire(restated: &wire::Restated) -> Result<Restated, RecordError> {
    Ok(Restated {
        delivery: reference(&restated.delivery)?,
        attempt: attempt_number(restated.attempt)?,
        due: Timestamp::from_millis(restated.due_ms),
        queue: restated.queue.map(pace_from_wire).transpose()?,
    })
}

fn pace_to_wire(pace: QueuePace) -> wire::WebhookQueue {
    wire::WebhookQueue { per_second: pace.per_second, burst: pace.burst, measured: pace.kind == PaceKind::Measured }
}

fn pace_from_wire(queue: wire::WebhookQueue) -> Result<QueuePace, RecordError> {
    if !(queue.per_second > 0.0 && queue.per_second.is_finite()) {
        return Err(damaged(format!("a pace of {}", queue.per_second)));
    }
    let kind = if queue.measured { PaceKind::Measured } else { PaceKind::Limit };
    Ok(QueuePace { per_second: queue.per_second, burst: queue.burst.max(1), kind })
}
