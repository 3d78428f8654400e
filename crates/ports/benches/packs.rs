//! What a pack costs to write and to read, full and with few records in it.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput};
use fanfare_ports::queue::{PACK_DELIVERIES, Pack};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut random = StdRng::seed_from_u64(1);
    for records in [1, 4, PACK_DELIVERIES] {
        measure(&mut criterion, &Pack::of((0..records).map(|_| order(&mut random)).collect()));
    }
    criterion.final_summary();
}

/// A record of some 500 bytes, a third of which differs from one to the next: more does than in most that people send.
fn order(random: &mut StdRng) -> Bytes {
    let mut hex = |digits: usize| {
        (0..digits).map(|_| char::from(b"0123456789abcdef"[random.random_range(0..16)])).collect::<String>()
    };
    let text = format!(
        r#"{{"order":"{}","customer":"{}","status":"paid","currency":"EUR","lines":[{{"article":"{}","quantity":1,"price":{{"amount":1999,"tax":319}}}},{{"article":"{}","quantity":2,"price":{{"amount":4999,"tax":798}}}}],"shipping":{{"name":"Ada Lovelace","street":"St James's Square 12","city":"London","country":"GB","carrier":"parcel"}},"payment":{{"method":"card","reference":"{}"}},"note":"please leave it with the neighbours"}}"#,
        hex(32),
        hex(32),
        hex(32),
        hex(32),
        hex(32),
    );
    Bytes::from(text)
}

fn measure(criterion: &mut Criterion, pack: &Pack) {
    let message = pack.encode();
    let name = format!("pack of {}", pack.records.len());
    let mut group = criterion.benchmark_group(&name);
    // So what is shown is for each record.
    group.throughput(Throughput::Elements(pack.records.len() as u64));
    group.bench_function("encode", |bencher| bencher.iter(|| black_box(pack).encode()));
    group.bench_function("decode", |bencher| bencher.iter(|| Pack::decode(black_box(&message))));
    group.finish();
}
