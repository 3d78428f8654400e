//! The embedded store against the suite that every store must pass, and what is its own: one file that is opened again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use fanfare_domain::attempt::Attempt;
use fanfare_domain::delivery::{DeliveryRef, Position, Settlement};
use fanfare_domain::event::Purpose;
use fanfare_domain::header_list::HeaderList;
use fanfare_domain::ids::{AttemptId, DeliveryId, EventId, Run, TenantNumber, WebhookId};
use fanfare_domain::journal::{Attempted, Follows, JournalRecord, Routed};
use fanfare_domain::time::Timestamp;
use fanfare_embedded::database::{Contents, DataDirectory, Database, DatabaseError};
use fanfare_embedded::store::SqliteStore;
use fanfare_ports::clock::SystemClock;
use fanfare_ports::store::{Ledger, Reports};
use fanfare_suites::store::Fixture;
use sqlx::AssertSqlSafe;

struct Embedded {
    store: Arc<SqliteStore>,
    database: Arc<Database>,
    directory: tempfile::TempDir,
}

impl Embedded {
    async fn fixture() -> Self {
        Self::in_directory(tempfile::tempdir().expect("a temporary directory")).await
    }

    async fn in_directory(directory: tempfile::TempDir) -> Self {
        let taken = DataDirectory::take(directory.path()).await.expect("the directory is free");
        let database = Arc::new(taken.open(Contents::Store).await.expect("the database opens"));
        let store = SqliteStore::new(Arc::clone(&database), Arc::new(SystemClock));
        Self { store: Arc::new(store), database, directory }
    }

    async fn restart(self) -> Self {
        self.database.close().await;
        Self::in_directory(self.directory).await
    }

    async fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        let count = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(self.database.read()).await;
        count.expect("counted")
    }
}

#[async_trait]
impl Fixture for Embedded {
    type Store = SqliteStore;

    async fn open(&self) -> Arc<SqliteStore> {
        Arc::clone(&self.store)
    }

    async fn refuse_events_about(&self, subject: &str) {
        let trigger = format!(
            "CREATE TRIGGER refusal BEFORE INSERT ON events WHEN new.subject = '{}'
             BEGIN SELECT RAISE(ABORT, 'refused by the case'); END",
            subject.replace('\'', "''")
        );
        self.database
            .write(move |db| {
                Box::pin(async move {
                    sqlx::raw_sql(AssertSqlSafe(trigger)).execute(db).await?;
                    Ok::<(), DatabaseError>(())
                })
            })
            .await
            .expect("the trigger is made");
    }
}

fanfare_suites::store_suite!(Embedded::fixture().await);

const TENANT: TenantNumber = TenantNumber::new(1);

fn noon() -> Timestamp {
    Timestamp::parse("2026-03-15T12:00:00Z").expect("valid")
}

/// An event about `subject` that was delivered to one webhook.
fn delivered(number: u16, subject: &str) -> [JournalRecord; 2] {
    let event = EventId::new(&format!("event-{number}")).expect("valid");
    let webhook = WebhookId::make(noon(), 1);
    let id = DeliveryId::derive(TENANT, &event, webhook, Run::First);
    let position = Position { sequence: number.into(), index: 0 };
    let event_type: fanfare_domain::event_type::EventType = "order.paid".parse().expect("valid");
    [
        JournalRecord::Routed(Routed {
            tenant: TENANT,
            event: event.clone(),
            event_type: event_type.clone(),
            subject: Some(subject.into()),
            created: noon(),
            accepted: noon(),
            purpose: Purpose::Published,
            position,
            size: 4,
            replay: None,
            deliveries: vec![(webhook, id)],
        }),
        JournalRecord::Attempted(Box::new(Attempted {
            delivery: DeliveryRef::from_parts(id, TENANT, webhook, position, noon(), Run::First),
            event: Some(event),
            event_type: Some(event_type),
            attempt: None,
            follows: Follows::Settled(Settlement::Success),
            waited: false,
            late: false,
            counts_for_health: true,
        })),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_is_there_after_a_restart() {
    let fixture = Embedded::fixture().await;
    fixture.store.record(&delivered(1, "order 1")).await.expect("written");
    let fixture = fixture.restart().await;
    let event = EventId::new("event-1").expect("valid");
    let found = fixture.store.event(TENANT, &event).await.expect("read").expect("still there");
    assert_eq!(found.delivered, Some(true));
}

/// The record of the first attempt at the delivery of `delivered(number, …)`, which the receiver took.
fn attempted(number: u16) -> JournalRecord {
    let [_, JournalRecord::Attempted(mut attempted)] = delivered(number, "order") else {
        panic!("the second record is of an attempt")
    };
    attempted.attempt = Some(Attempt {
        id: AttemptId::derive(attempted.delivery.id, 1),
        number: 1,
        manual: false,
        started: noon(),
        duration: Duration::from_millis(3),
        status: Some(200),
        error: None,
        request_headers: HeaderList::default(),
        response_headers: HeaderList::default(),
        response_body: Bytes::from_static(b"ok"),
    });
    JournalRecord::Attempted(attempted)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_is_there_after_a_power_cut() {
    let fixture = Embedded::fixture().await;
    let after = tempfile::tempdir().expect("a temporary directory");
    fixture.store.record(&delivered(1, "order 1")).await.expect("written");
    // The files as they are while the process has them open.
    for file in ["store.db", "store.db-wal"] {
        std::fs::copy(fixture.directory.path().join(file), after.path().join(file)).expect("the file is there");
    }
    let fixture = Embedded::in_directory(after).await;
    for table in ["events", "deliveries"] {
        assert_eq!(fixture.count(table).await, 1, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_partly_known_is_merged_with_it() {
    let fixture = Embedded::fixture().await;
    let routed = |numbers: std::ops::Range<u16>| numbers.map(|number| delivered(number, "order")[0].clone());
    let attempts = |numbers: std::ops::Range<u16>| numbers.map(attempted);
    let record =
        async |records: Vec<JournalRecord>| fixture.store.record(&records).await.expect("written").new_attempts;

    assert_eq!(record(routed(0..300).collect()).await, 0);
    assert_eq!(record(attempts(0..200).collect()).await, 200, "they were routed before");
    assert_eq!(record(routed(250..400).chain(attempts(150..350)).collect()).await, 150, "some of each are known");
    assert_eq!(record(attempts(350..500).collect()).await, 150, "some are not routed yet");
    assert_eq!(record(routed(400..500).collect()).await, 0, "these now are");
    assert_eq!(record(routed(0..500).chain(attempts(0..500)).collect()).await, 0, "all again");
    for table in ["events", "deliveries", "attempts"] {
        assert_eq!(fixture.count(table).await, 500, "{table}");
    }
    assert_eq!(fixture.count("deliveries WHERE status = 4 AND event IS NOT NULL").await, 500);
    let webhook = WebhookId::make(noon(), 1);
    let stats = fixture.store.stats(TENANT, &[webhook]).await.expect("read");
    assert_eq!(stats[0].success_count, 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_old_days_go_in_pieces_until_nothing_is_left() {
    let fixture = Embedded::fixture().await;
    let routed = (0..1200).map(|n| delivered(n, &format!("order {n}"))[0].clone());
    let batch: Vec<JournalRecord> = routed.chain((0..1200).map(attempted)).collect();
    fixture.store.record(&batch).await.expect("written");
    let day = Duration::from_secs(86_400);
    fixture.store.maintain(noon().plus(31 * day), 30 * day).await.expect("maintained");
    for table in ["events", "deliveries", "attempts", "subjects"] {
        assert_eq!(fixture.count(table).await, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_set_aside_is_found_with_its_reason() {
    let fixture = Embedded::fixture().await;
    fixture.refuse_events_about("poison").await;
    let recorded = fixture.store.record(&delivered(1, "poison")).await.expect("written");
    assert_eq!(recorded.set_aside, 1);
    let (reason, record): (String, String) = sqlx::query_as("SELECT reason, record FROM set_aside")
        .fetch_one(fixture.database.read())
        .await
        .expect("one row");
    assert!(reason.contains("refused by the case"), "{reason}");
    assert!(record.contains("event-1"), "{record}");
}
