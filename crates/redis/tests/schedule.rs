//! The schedule's suite on a real Redis, and what is Redis' own.

mod server;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use fanfare_domain::delivery::{DeliveryRef, Position};
use fanfare_domain::time::Timestamp;
use fanfare_ports::clock::{Clock, ManualClock};
use fanfare_ports::schedule::{Change, Schedule, ScheduleError};
use fanfare_redis::{ConnectError, RedisSettings, TimeSource, connect};
use fanfare_suites::schedule::{Fixture, ServerFixture};

use self::server::Backend;

struct OnRedis {
    backend: Backend,
    clock: ManualClock,
}

impl OnRedis {
    async fn start() -> Self {
        let now = Timestamp::parse("2026-03-15T10:00:00.000Z").expect("a time");
        Self { backend: Backend::start(), clock: ManualClock::at(now) }
    }
}

#[async_trait]
impl Fixture for OnRedis {
    async fn open(&self) -> Arc<dyn Schedule> {
        self.backend.connect(TimeSource::Clock(Arc::new(self.clock.clone()))).await.schedule
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    async fn restart(&self) {
        self.backend.with(|server| {
            server.stop();
            server.start_again().expect("redis starts");
        });
    }
}

#[async_trait]
impl ServerFixture for OnRedis {
    /// A Redis that is killed may lose what it was told in its last seconds, so it is ended in good order.
    async fn take_away(&self) {
        self.backend.with(fanfare_servers::redis::Redis::stop);
    }

    async fn bring_back(&self) {
        self.backend.with(|server| server.start_again().expect("redis starts"));
    }

    async fn empty(&self) {
        let () = redis::cmd("FLUSHALL").query_async(&mut self.backend.client().await).await.expect("answers");
    }
}

fanfare_suites::schedule_suite!(OnRedis::start());
fanfare_suites::schedule_server_suite!(OnRedis::start());

/// References as various as real ones, and as long as those of a large system that has run for long.
fn delivery(number: u64) -> DeliveryRef {
    let mut bytes = vec![1];
    bytes.extend_from_slice(&u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_be_bytes());
    bytes.extend_from_slice(&[7; 16]);
    bytes.extend_from_slice(&60_000_u32.to_be_bytes());
    bytes.extend_from_slice(&(4_000_000_000 + number).to_be_bytes());
    bytes.extend_from_slice(&[0, 200, 100, 0, 0, 0]);
    DeliveryRef::from_bytes(&bytes).expect("a reference as it is stored")
}

async fn put_some(schedule: &dyn Schedule, due: Timestamp, count: u64) {
    assert!(schedule.lead("test", Duration::from_secs(60)).await.expect("answers").is_held());
    let mut at = None;
    for first in (0..count).step_by(1000) {
        let to = Position { sequence: first + 1, index: 0 };
        let put = |number| Change::Put { delivery: delivery(number), attempt: 2, due };
        let changes: Vec<_> = (first..count.min(first + 1000)).map(put).collect();
        schedule.apply("test", at, to, &changes).await.expect("answers");
        at = Some(to);
    }
}

/// What Redis has in use, the allocator's rounding included.
async fn memory_of(fixture: &OnRedis) -> u64 {
    let mut info = redis::cmd("INFO");
    let memory: String = info.arg("memory").query_async(&mut fixture.backend.client().await).await.expect("answers");
    let used = memory.lines().find_map(|line| line.strip_prefix("used_memory:"));
    used.and_then(|bytes| bytes.trim().parse().ok()).expect("redis tells its memory")
}

#[tokio::test]
async fn an_entry_takes_no_more_memory_than_we_say() {
    // The hash table has just begun to double: never is there more of it for each entry.
    const ENTRIES: u64 = (1 << 18) + 1;
    const BYTES: u64 = 160;
    let fixture = OnRedis::start().await;
    let schedule = fixture.open().await;
    let before = memory_of(&fixture).await;
    put_some(schedule.as_ref(), fixture.now(), ENTRIES).await;

    let bytes = memory_of(&fixture).await - before;
    assert!(bytes <= BYTES * ENTRIES, "{} bytes an entry", bytes / ENTRIES);
}

#[tokio::test]
async fn without_a_clock_the_servers_time_counts() {
    let backend = Backend::start();
    let schedule = backend.connect(TimeSource::Server).await.schedule;
    let time: (i64, i64) = redis::cmd("TIME").query_async(&mut backend.client().await).await.expect("answers");
    let now = Timestamp::from_millis(time.0 * 1000 + time.1 / 1000);
    put_some(schedule.as_ref(), now.plus(Duration::from_millis(300)), 1).await;

    let claimed = schedule.claim(Duration::from_secs(10), 10).await.expect("answers");
    assert_eq!((claimed.claims, claimed.next), (vec![], Some(now.plus(Duration::from_millis(300)))));
    tokio::time::sleep(Duration::from_millis(310)).await;
    assert_eq!(schedule.claim(Duration::from_secs(10), 10).await.expect("answers").claims.len(), 1);
}

#[tokio::test]
async fn data_put_back_to_an_earlier_copy_tell_their_earlier_position() {
    let fixture = OnRedis::start().await;
    put_some(fixture.open().await.as_ref(), fixture.now(), 1).await;
    let copy = fixture.backend.with(|server| server.snapshot().expect("copied"));
    let schedule = fixture.open().await;
    let before = schedule.position().await.expect("answers");
    let to = Position { sequence: 9, index: 0 };
    schedule.apply("test", before, to, &[Change::Remove { delivery: delivery(0) }]).await.expect("answers");
    assert_eq!(schedule.position().await.expect("answers"), Some(to));

    fixture.backend.with(|server| server.restore(&copy).expect("put back"));
    let schedule = fixture.open().await;
    let claimed = schedule.claim(Duration::from_secs(10), 10).await.expect("answers");
    assert_eq!((claimed.position, claimed.claims.len()), (before, 1));
}

#[tokio::test]
async fn a_server_that_hangs_counts_as_away_and_is_found_again() {
    let fixture = OnRedis::start().await;
    let schedule = fixture.open().await;
    fixture.backend.with(|server| server.signal("-STOP"));
    let asked = Instant::now();
    let answer = schedule.position().await;
    fixture.backend.with(|server| server.signal("-CONT"));
    assert!(matches!(answer, Err(ScheduleError::Unavailable(_))), "{answer:?}");
    assert!(asked.elapsed() < Duration::from_millis(2500), "{:?}", asked.elapsed());
    assert_eq!(schedule.position().await.expect("answers"), None);
}

#[tokio::test]
async fn a_server_that_would_evict_entries_is_refused() {
    let fixture = OnRedis::start().await;
    let mut client = fixture.backend.client().await;
    for (name, value) in [("maxmemory-policy", "allkeys-lru"), ("maxmemory", "0")] {
        let () = redis::cmd("CONFIG").arg("SET").arg(name).arg(value).query_async(&mut client).await.expect("answers");
    }
    fixture.open().await;
    let () =
        redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg("100mb").query_async(&mut client).await.expect("answers");
    let settings = RedisSettings::at(fixture.backend.with(|server| server.url()));
    let refused = connect(&settings, TimeSource::Server).await.err().expect("refused");
    assert!(matches!(&refused, ConnectError::Evicts { policy } if policy == "allkeys-lru"), "{refused}");
}

#[tokio::test]
async fn a_server_that_keeps_its_settings_to_itself_is_taken() {
    let fixture = OnRedis::start().await;
    let mut acl = redis::cmd("ACL");
    acl.arg(&["SETUSER", "fanfare", "on", ">secret", "~*", "+@all", "-config"]);
    let () = acl.query_async(&mut fixture.backend.client().await).await.expect("answers");
    let url = fixture.backend.with(|server| server.url()).replace("redis://", "redis://fanfare:secret@");
    let redis = connect(&RedisSettings::at(url), TimeSource::Server).await.expect("taken");
    assert_eq!(redis.schedule.waiting().await.expect("answers"), 0);
}
