//! Deliveries that are to be attempted.

use bytes::Bytes;
use fanfare_domain::delivery::{Delivery, DeliveryRef, Turn};
use fanfare_domain::ids::AttemptId;
use fanfare_domain::time::Timestamp;

use super::{RecordError, damaged, decode, encode, event, optional_id_bytes};
use crate::wire;

/// A delivery as the queue's bytes.
#[must_use]
pub fn encode_delivery(delivery: &Delivery) -> Bytes {
    let (attempt, manual) = match delivery.turn {
        Turn::Scheduled(number) => (u32::from(number), Bytes::new()),
        Turn::Manual { id, number } => (u32::from(number), Bytes::copy_from_slice(id.as_bytes())),
    };
    encode(&wire::Delivery {
        reference: delivery.reference.to_bytes().into(),
        attempt,
        manual,
        waited: delivery.waited,
        paced: delivery.paced,
        due_ms: delivery.due.as_millis(),
        event: delivery.event.as_ref().map(event::to_wire),
        trace: event::trace_to_wire(&delivery.trace),
    })
}

/// Reads what [`encode_delivery`] wrote.
///
/// # Errors
/// [`RecordError`] if a newer version wrote it, or it is damaged.
pub fn decode_delivery(record: &Bytes) -> Result<Delivery, RecordError> {
    let delivery: wire::Delivery = decode(record)?;
    let number = attempt_number(delivery.attempt)?;
    let turn = match optional_id_bytes("manual", &delivery.manual)? {
        Some(id) => Turn::Manual { id: AttemptId::from_bytes(id), number },
        None => Turn::Scheduled(number),
    };
    Ok(Delivery {
        reference: reference(&delivery.reference)?,
        turn,
        waited: delivery.waited,
        paced: delivery.paced,
        due: Timestamp::from_millis(delivery.due_ms),
        event: delivery.event.map(event::from_wire).transpose()?,
        trace: delivery.trace.map(event::trace_from_wire).unwrap_or_default(),
    })
}

pub(super) fn reference(bytes: &[u8]) -> Result<DeliveryRef, RecordError> {
    use fanfare_domain::delivery::ReferenceError;
    DeliveryRef::from_bytes(bytes).map_err(|error| match error {
        ReferenceError::UnknownFormat(format) => RecordError::UnknownFormat(format),
        ReferenceError::Length(_) => damaged(error),
    })
}

pub(super) fn attempt_number(number: u32) -> Result<u16, RecordError> {
    u16::try_from(number).map_err(|_| damaged(format!("attempt {number} is too large")))
}
