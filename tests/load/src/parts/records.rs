//! Records as the services write them for one event of a usual size and its one delivery.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fanfare_domain::attempt::Attempt;
use fanfare_domain::delivery::{Delivery, DeliveryRef, Position, Settlement, Turn};
use fanfare_domain::event::{Event, Purpose, TraceContext};
use fanfare_domain::header_list::HeaderList;
use fanfare_domain::ids::{AttemptId, EventId, Run, TenantId, TenantNumber, WebhookId};
use fanfare_domain::journal::{Attempted, Follows, JournalRecord, Routed};
use fanfare_domain::time::Timestamp;
use fanfare_proto::records::{encode_delivery, encode_event, encode_journal};

use crate::payload::{Number, Payload};

pub(super) const WEBHOOK: WebhookId = WebhookId::from_bytes([7; 16]);
pub(super) const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
/// Where all have the same.
pub(super) const EVENT_ID: &str = "evt_01JQ8Z0F4M3B7C9D2E5G6H8J0K";
pub(super) const EVENT_TYPE: &str = "load.measured";

/// An id as ingest makes it. Twenty events share its time: that of the event with this number, counted from `began` (milliseconds
/// since 1970).
pub(super) fn event_id(began: i64, number: usize) -> EventId {
    EventId::make(Timestamp::from_millis(began + number as i64 / 20), rand::random())
}

fn event(number: usize, size: usize) -> Result<Event, String> {
    Ok(Event {
        tenant: TenantNumber::new(1),
        tenant_id: TenantId::new("load-0").map_err(|error| error.to_string())?,
        id: event_id(NOW.as_millis(), number),
        event_type: EVENT_TYPE.parse().map_err(|_| "no event type".to_owned())?,
        subject: None,
        created: NOW,
        accepted: NOW,
        purpose: Purpose::Published,
        trace: TraceContext::default(),
        data: Payload::of(size).numbered(Number { run: 0, event: number }),
    })
}

/// Where the event with this number is stored.
fn position(number: usize) -> Position {
    Position { sequence: 1_000 + number as u64 / 256, index: (number % 256) as u16 }
}

/// What ingest stores.
pub(super) fn accepted(number: usize, size: usize) -> Result<Bytes, String> {
    Ok(encode_event(&event(number, size)?))
}

/// What the router stores for the worker.
pub(super) fn delivery(number: usize, size: usize) -> Result<Bytes, String> {
    let event = event(number, size)?;
    Ok(encode_delivery(&Delivery {
        reference: DeliveryRef::new(&event, position(number), WEBHOOK, Run::First),
        turn: Turn::Scheduled(1),
        waited: false,
        paced: false,
        due: NOW,
        event: Some(event),
        trace: TraceContext::default(),
    }))
}

/// What the router stores for logs.
pub(super) fn routed(number: usize, size: usize) -> Result<Bytes, String> {
    let event = event(number, size)?;
    let id = DeliveryRef::new(&event, position(number), WEBHOOK, Run::First).id;
    Ok(encode_journal(JournalRecord::Routed(Routed::of(&event, position(number), Run::First, vec![(WEBHOOK, id)]))))
}

/// The headers of an attempt, as they are kept.
pub(super) fn request_headers(event_id: &str) -> HeaderList {
    let signature = format!("v1,{}", STANDARD.encode(rand::random::<[u8; 32]>()));
    [
        ("content-type", "application/json"),
        ("user-agent", concat!("Fanfare/", env!("CARGO_PKG_VERSION"))),
        ("webhook-id", event_id),
        ("webhook-timestamp", "1790000000"),
        ("webhook-signature", signature.as_str()),
    ]
    .into_iter()
    .collect()
}

pub(super) fn response_headers() -> HeaderList {
    [("content-length", "0")].into_iter().collect()
}

/// What the worker stores.
pub(super) fn attempted(number: usize, size: usize) -> Result<Bytes, String> {
    let event = event(number, size)?;
    let delivery = DeliveryRef::new(&event, position(number), WEBHOOK, Run::First);
    let request_headers = request_headers(event.id.as_str());
    Ok(encode_journal(JournalRecord::Attempted(Box::new(Attempted {
        delivery,
        event: Some(event.id),
        event_type: Some(event.event_type),
        attempt: Some(Attempt {
            id: AttemptId::derive(delivery.id, 1),
            number: 1,
            manual: false,
            started: NOW,
            duration: Duration::from_millis(3),
            status: Some(200),
            error: None,
            request_headers,
            response_headers: response_headers(),
            response_body: Bytes::new(),
        }),
        follows: Follows::Settled(Settlement::Success),
        waited: false,
        late: false,
        counts_for_health: true,
    }))))
}
