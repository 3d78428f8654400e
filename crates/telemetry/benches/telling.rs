//! What figures cost whoever tells them: single updates, and all that a worker tells of one delivery, where nobody collects,
//! where they are shown, and where they are also sent.

use std::hint::black_box;

use criterion::Criterion;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundCounter, BoundHistogram, Counter, Histogram, Meter, MeterProvider};
use opentelemetry_sdk::metrics::{Instrument, ManualReader, MeterProviderBuilder, SdkMeterProvider, Stream};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let nobody = SdkMeterProvider::builder().build();
    measure(&mut criterion, "nobody", &nobody);
    let shown = collected().build();
    measure(&mut criterion, "shown", &shown);
    let sent = collected().with_reader(ManualReader::builder().build()).build();
    measure(&mut criterion, "shown and sent", &sent);
    criterion.final_summary();
}

/// As the process collects them.
fn collected() -> MeterProviderBuilder {
    let shown = opentelemetry_prometheus::exporter().with_registry(prometheus::Registry::new()).build();
    SdkMeterProvider::builder()
        .with_view(|_: &Instrument| Stream::builder().with_cardinality_limit(256).build().ok())
        .with_reader(shown.expect("a reader"))
}

fn measure(criterion: &mut Criterion, to: &str, provider: &SdkMeterProvider) {
    let told = Told::to(&provider.meter("fanfare"));
    let mut group = criterion.benchmark_group(to);
    group.bench_function("count", |bencher| bencher.iter(|| told.count.add(black_box(1), &[])));
    group.bench_function("count with a label", |bencher| {
        bencher.iter(|| told.labelled.add(black_box(1), &[KeyValue::new("outcome", "delivered")]));
    });
    group.bench_function("count with a label, bound", |bencher| bencher.iter(|| told.attempts.add(black_box(1))));
    group.bench_function("time with a label", |bencher| {
        bencher.iter(|| told.time.record(black_box(0.007), &[KeyValue::new("outcome", "delivered")]));
    });
    group.bench_function("a delivery", |bencher| bencher.iter(|| told.delivery()));
    group.finish();
}

struct Told {
    count: Counter<u64>,
    labelled: Counter<u64>,
    attempts: BoundCounter<u64>,
    webhooks: BoundCounter<u64>,
    payloads: BoundCounter<u64>,
    time: Histogram<f64>,
    duration: BoundHistogram<f64>,
    first: BoundHistogram<f64>,
    delivered: Histogram<f64>,
}

impl Told {
    fn to(meter: &Meter) -> Self {
        let seconds = |name| meter.f64_histogram(name).with_boundaries((0..20).map(f64::from).collect()).build();
        let lookups = meter.u64_counter("lookups").build();
        let hits = |cache| lookups.bind(&[KeyValue::new("cache", cache), KeyValue::new("result", "hit")]);
        let (labelled, time) = (meter.u64_counter("labelled").build(), seconds("time"));
        for outcome in ["dns", "connect", "tls", "timed_out", "http", "rejected_4xx", "rejected_5xx"] {
            labelled.add(0, &[KeyValue::new("outcome", outcome)]);
        }
        let delivered = [KeyValue::new("outcome", "delivered")];
        Self {
            count: meter.u64_counter("count").build(),
            attempts: labelled.bind(&delivered),
            labelled,
            webhooks: hits("webhooks"),
            payloads: hits("payloads"),
            duration: time.bind(&delivered),
            time,
            first: seconds("first").bind(&[KeyValue::new("lane", "fresh")]),
            delivered: seconds("delivered"),
        }
    }

    /// What a worker tells of a delivery that is taken at the first attempt.
    fn delivery(&self) {
        self.webhooks.add(1);
        self.payloads.add(1);
        self.first.record(black_box(0.003));
        self.attempts.add(1);
        self.duration.record(black_box(0.007));
        self.delivered.record(black_box(0.01), &[]);
        self.count.add(1, &[]);
    }
}
