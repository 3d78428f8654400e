//! What the spans of one delivery cost where nobody wants traces, with a log that takes `info`, as services have it.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use fanfare_domain::delivery::{Delivery, DeliveryRef, Position, Turn};
use fanfare_domain::event::TraceContext;
use fanfare_domain::ids::{Run, WebhookId};
use fanfare_domain::time::Timestamp;
use fanfare_spans::{carried, post, posted, process_delivery, process_event, send_event};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;

fn off(criterion: &mut Criterion) {
    let event = fanfare_samples::event();
    let webhook = WebhookId::make(Timestamp::default(), 7);
    let reference = DeliveryRef::new(&event, Position { sequence: 1, index: 0 }, webhook, Run::First);
    let turn = Turn::Scheduled(1);
    let trace = TraceContext::default();
    let delivery = Delivery { reference, turn, waited: false, paced: false, due: event.accepted, event: None, trace };
    let lines = fmt::layer().with_writer(std::io::sink);
    let subscriber = tracing_subscriber::registry().with(filter_fn(|metadata| metadata.is_event())).with(lines);
    tracing::subscriber::with_default(subscriber, || {
        criterion.bench_function("spans of a delivery, traces off", |bencher| {
            bencher.iter(|| {
                let sending = send_event(black_box(&event));
                let routing = process_event(black_box(&event));
                let processing = process_delivery(black_box(&delivery), black_box(&event));
                let posting = processing.in_scope(|| post("https", "example.com", 443, 0));
                posted(&posting, Some(200), None);
                [carried(&sending), carried(&routing), carried(&posting)]
            });
        });
    });
}

criterion_group!(benches, off);
criterion_main!(benches);
