//! Records read back as they were written, look on the wire as they did before, and nothing makes reading them panic.

use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::attempt::Attempt;
use fanfare_domain::delivery::{Delivery, DeliveryRef, FailureReason, Position, Settlement, Turn};
use fanfare_domain::event::{Event, Purpose, TraceContext};
use fanfare_domain::header_list::HeaderList;
use fanfare_domain::ids::{AttemptId, DeliveryId, EventId, ReplayId, Run, TenantId, TenantNumber, WebhookId};
use fanfare_domain::journal::{
    Attempted, Follows, JournalRecord, PaceKind, Parked, Parking, QueuePace, Restated, Routed,
};
use fanfare_domain::time::Timestamp;
use fanfare_proto::records::{
    RecordError, decode_delivery, decode_event, decode_journal, encode_delivery, encode_event, encode_journal,
};
use proptest::prelude::*;

fn event() -> Event {
    Event {
        tenant: TenantNumber::new(3),
        tenant_id: TenantId::new("acme").expect("valid"),
        id: EventId::new("order-1").expect("valid"),
        event_type: "order.paid".parse().expect("valid"),
        subject: Some("order 1".into()),
        created: Timestamp::from_millis(1_700_000_000_001),
        accepted: Timestamp::from_millis(1_700_000_000_123),
        purpose: Purpose::Trial(webhook()),
        trace: TraceContext {
            parent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
            state: None,
        },
        data: Bytes::from_static(br#"{"total":12}"#),
    }
}

fn webhook() -> WebhookId {
    WebhookId::from_bytes([7; 16])
}

fn reference(run: Run) -> DeliveryRef {
    DeliveryRef::new(&event(), Position { sequence: 11, index: 5 }, webhook(), run)
}

fn attempted(follows: Follows) -> JournalRecord {
    JournalRecord::Attempted(Box::new(Attempted {
        delivery: reference(Run::First),
        event: Some(event().id),
        event_type: Some(event().event_type),
        attempt: Some(Attempt {
            id: AttemptId::derive(reference(Run::First).id, 2),
            number: 2,
            manual: false,
            started: Timestamp::from_millis(1_700_000_005_000),
            duration: Duration::from_millis(37),
            status: Some(503),
            error: Some("answered 503".into()),
            request_headers: HeaderList::from_iter([("Webhook-Id", "order-1")]),
            response_headers: HeaderList::from_iter([("retry-after", "5")]),
            response_body: Bytes::from_static(b"busy\0\xff"),
        }),
        follows,
        waited: true,
        late: false,
        counts_for_health: true,
    }))
}

fn restated(run: Run, queue: Option<QueuePace>) -> JournalRecord {
    let due = Timestamp::from_millis(1_700_000_010_000);
    JournalRecord::Restated(Restated { delivery: reference(run), attempt: 3, due, queue })
}

fn journal_records() -> Vec<JournalRecord> {
    let reasons = [
        FailureReason::AttemptsUsedUp,
        FailureReason::Gone,
        FailureReason::AddressNotAllowed,
        FailureReason::WebhookInactive,
        FailureReason::Expired,
        FailureReason::PayloadGone,
    ];
    let settlements = [Settlement::Success, Settlement::Cancelled].into_iter().chain(reasons.map(Settlement::Failed));
    let parked = |parking| {
        JournalRecord::Parked(Parked {
            delivery: reference(Run::First),
            attempt: 1,
            due: Timestamp::from_millis(9),
            parking,
        })
    };
    settlements
        .map(|settlement| attempted(Follows::Settled(settlement)))
        .chain([
            attempted(Follows::Unchanged),
            attempted(Follows::Waiting { due: Timestamp::from_millis(1_700_000_010_000), attempt: 3 }),
            parked(Parking::InFlight),
            parked(Parking::Webhook { per_second: 2.5, burst: 4, pace: PaceKind::Limit }),
            JournalRecord::Routed(Routed {
                tenant: event().tenant,
                event: event().id,
                event_type: event().event_type,
                subject: None,
                created: event().created,
                accepted: event().accepted,
                purpose: Purpose::Published,
                position: Position { sequence: 11, index: 5 },
                size: 12,
                replay: Some(ReplayId::from_bytes([9; 16])),
                deliveries: vec![
                    (webhook(), DeliveryId::from_bytes([1; 16])),
                    (webhook(), DeliveryId::from_bytes([2; 16])),
                ],
            }),
            parked(Parking::Webhook { per_second: 2.5, burst: 4, pace: PaceKind::Measured }),
            restated(Run::First, None),
            restated(
                Run::Replay(ReplayId::from_bytes([9; 16])),
                Some(QueuePace { per_second: 2.5, burst: 4, kind: PaceKind::Limit }),
            ),
            restated(Run::First, Some(QueuePace { per_second: 0.1, burst: 1, kind: PaceKind::Measured })),
        ])
        .collect()
}

#[test]
fn an_event_reads_back_as_it_was_written() {
    assert_eq!(decode_event(&encode_event(&event())).expect("readable"), event());
}

#[test]
fn a_delivery_reads_back_as_it_was_written() {
    for (turn, event) in
        [(Turn::Scheduled(3), None), (Turn::Manual { id: AttemptId::from_bytes([4; 16]), number: 2 }, Some(event()))]
    {
        let run = Run::Replay(ReplayId::from_bytes([8; 16]));
        let delivery = Delivery {
            reference: reference(run),
            turn,
            waited: true,
            paced: true,
            due: Timestamp::from_millis(77),
            event,
            trace: TraceContext::default(),
        };
        assert_eq!(decode_delivery(&encode_delivery(&delivery)).expect("readable"), delivery);
    }
}

#[test]
fn a_journal_record_reads_back_as_it_was_written() {
    for record in journal_records() {
        assert_eq!(decode_journal(&encode_journal(record.clone())).expect("readable"), record);
    }
}

#[test]
fn records_on_the_wire_stay_as_they_were() {
    let hex = |bytes: Bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    insta::assert_snapshot!("event", hex(encode_event(&event())));
    let delivery = Delivery {
        reference: reference(Run::First),
        turn: Turn::Scheduled(1),
        waited: false,
        paced: false,
        due: Timestamp::from_millis(77),
        event: None,
        trace: TraceContext::default(),
    };
    insta::assert_snapshot!("delivery", hex(encode_delivery(&delivery)));
    let journal: Vec<_> = journal_records().into_iter().map(|record| hex(encode_journal(record))).collect();
    insta::assert_snapshot!("journal", journal.join("\n"));
}

#[test]
fn a_record_of_a_newer_format_is_told_apart() {
    let mut bytes = encode_event(&event()).to_vec();
    bytes[0] = 2;
    assert!(matches!(decode_event(&bytes.into()), Err(RecordError::UnknownFormat(2))));
    assert!(matches!(decode_event(&Bytes::new()), Err(RecordError::Damaged(_))));
}

proptest! {
    #[test]
    fn no_bytes_make_reading_panic(mut bytes in proptest::collection::vec(any::<u8>(), 1..200)) {
        bytes[0] = 1;
        let bytes = Bytes::from(bytes);
        let _ = decode_event(&bytes);
        let _ = decode_delivery(&bytes);
        let _ = decode_journal(&bytes);
    }
}
