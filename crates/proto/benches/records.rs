//! What the queue's records cost to write and to read, for an event of 400 bytes.

use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use criterion::{BatchSize, Criterion};
use fanfare_domain::attempt::Attempt;
use fanfare_domain::delivery::{Delivery, DeliveryRef, Position, Settlement, Turn};
use fanfare_domain::event::{Event, Purpose, TraceContext};
use fanfare_domain::ids::{AttemptId, EventId, Run, TenantId, TenantNumber, WebhookId};
use fanfare_domain::journal::{Attempted, Follows, JournalRecord};
use fanfare_domain::time::Timestamp;
use fanfare_proto::records::{
    decode_delivery, decode_event, decode_journal, encode_delivery, encode_event, encode_journal,
};

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    events(&mut criterion);
    deliveries(&mut criterion);
    attempts(&mut criterion);
    criterion.final_summary();
}

fn event() -> Event {
    Event {
        tenant: TenantNumber::new(3),
        tenant_id: TenantId::new("acme").expect("valid"),
        id: EventId::new("evt_01JQ8Z0F4M3B7C9D2E5G6H8J0K").expect("valid"),
        event_type: "order.paid".parse().expect("valid"),
        subject: None,
        created: NOW,
        accepted: NOW,
        purpose: Purpose::Published,
        trace: TraceContext::default(),
        data: Bytes::from(vec![b'1'; 400]),
    }
}

fn reference(event: &Event) -> DeliveryRef {
    DeliveryRef::new(event, Position { sequence: 1_000, index: 17 }, WebhookId::from_bytes([7; 16]), Run::First)
}

fn events(criterion: &mut Criterion) {
    let event = event();
    let record = encode_event(&event);
    let mut group = criterion.benchmark_group("event");
    group.bench_function("encode", |bencher| bencher.iter(|| encode_event(black_box(&event))));
    group.bench_function("decode", |bencher| bencher.iter(|| decode_event(black_box(&record))));
    group.finish();
}

fn deliveries(criterion: &mut Criterion) {
    let event = event();
    let delivery = Delivery {
        reference: reference(&event),
        turn: Turn::Scheduled(1),
        waited: false,
        paced: false,
        due: NOW,
        event: Some(event),
        trace: TraceContext::default(),
    };
    let record = encode_delivery(&delivery);
    let mut group = criterion.benchmark_group("delivery");
    group.bench_function("encode", |bencher| bencher.iter(|| encode_delivery(black_box(&delivery))));
    group.bench_function("decode", |bencher| bencher.iter(|| decode_delivery(black_box(&record))));
    group.finish();
}

fn attempts(criterion: &mut Criterion) {
    let event = event();
    let delivery = reference(&event);
    let headers = |names: &[&str]| names.iter().map(|name| (*name, "x".repeat(30))).collect();
    let attempted = JournalRecord::Attempted(Box::new(Attempted {
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
            request_headers: headers(&["content-type", "user-agent", "webhook-id", "webhook-timestamp"]),
            response_headers: headers(&["content-length", "date"]),
            response_body: Bytes::from_static(b"ok"),
        }),
        follows: Follows::Settled(Settlement::Success),
        waited: false,
        late: false,
        counts_for_health: true,
    }));
    let record = encode_journal(attempted.clone());
    let mut group = criterion.benchmark_group("attempt");
    group.bench_function("encode", |bencher| {
        bencher.iter_batched(|| attempted.clone(), encode_journal, BatchSize::SmallInput)
    });
    group.bench_function("decode", |bencher| bencher.iter(|| decode_journal(black_box(&record))));
    group.finish();
}
