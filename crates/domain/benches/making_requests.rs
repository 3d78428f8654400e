//! What a delivery costs before it is posted: is the event for the webhook, its body, its signature.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use fanfare_domain::event_type::{Aliases, EventType, Pattern, subscribes};
use fanfare_domain::json::canonicalize;
use fanfare_domain::profile::{Profile, Profiles, STANDARD};
use fanfare_domain::render::{EventParts, SigningSecrets, render, sign};
use fanfare_domain::signature::HmacSecret;
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::Signing;

const SIZES: [usize; 3] = [400, 16 * 1024, 256 * 1024];
const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const WEBHOOK: &str = "wh_01JQ8Z0F4M3B7C9D2E5G6H8J0K";

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    matching(&mut criterion);
    canonical_form(&mut criterion);
    rendering_and_signing(&mut criterion);
    criterion.final_summary();
}

/// A JSON document of about `size` bytes with text, numbers and objects in it.
fn data(size: usize) -> Vec<u8> {
    const ITEM: &str = r#"{"sku":"SKU-48151","name":"Desk lamp","quantity":2,"price":24.5,"gift":false}"#;
    let items = vec![ITEM; (size / (ITEM.len() + 1)).max(1)];
    format!(r#"{{"items":[{}]}}"#, items.join(",")).into_bytes()
}

fn parts(data: &[u8]) -> EventParts<'_> {
    EventParts {
        tenant: "acme",
        id: "evt_01JQ8Z0F4M3B7C9D2E5G6H8J0K",
        event_type: "order.paid",
        created: NOW,
        subject: None,
        data,
    }
}

fn secrets() -> SigningSecrets {
    SigningSecrets {
        current: HmacSecret::make_whsec(&[7; 32]),
        previous: None,
        ed25519: None,
        signing: Signing::default(),
    }
}

fn standard() -> Profile {
    Profile::clone(Profiles::built_in().get(STANDARD).expect("the standard profile is built in"))
}

fn matching(criterion: &mut Criterion) {
    let patterns = |texts: &[&str]| texts.iter().map(|text| Pattern::new(text).expect("a pattern")).collect::<Vec<_>>();
    let event_type = EventType::new("institution.staff.invited").expect("a type");
    let aliases = Aliases::default();
    let mut group = criterion.benchmark_group("matching");
    for (name, patterns) in [
        ("everything", patterns(&["*"])),
        ("below", patterns(&["order.*", "qr.*", "institution.*"])),
        ("none of ten", patterns(&["order.paid"; 10])),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| subscribes(black_box(&patterns), black_box(&event_type), black_box(&aliases)));
        });
    }
    group.finish();
}

fn canonical_form(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("canonical form");
    for size in SIZES {
        let data = data(size);
        group.throughput(Throughput::Bytes(data.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(size), &data, |bencher, data| {
            bencher.iter(|| canonicalize(black_box(data)).map(|text| text.len()));
        });
    }
    group.finish();
}

fn rendering_and_signing(criterion: &mut Criterion) {
    let (profile, secrets) = (standard(), secrets());
    for size in SIZES {
        let data = data(size);
        let rendered = render(&profile, &parts(&data), WEBHOOK);
        let mut group = criterion.benchmark_group(format!("request of {size} bytes"));
        group.throughput(Throughput::Bytes(data.len() as u64));
        group.bench_function("envelope", |bencher| {
            bencher.iter(|| render(black_box(&profile), black_box(&parts(&data)), WEBHOOK));
        });
        group.bench_function("signature", |bencher| {
            bencher.iter(|| sign(black_box(&profile), &secrets, black_box(&rendered), &parts(&data), NOW));
        });
        group.finish();
    }
}
