//! The store in a real Postgres: the suite that every store passes, and what is Postgres' own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::delivery::Position;
use fanfare_domain::event::Purpose;
use fanfare_domain::ids::{DeliveryId, EventId, Run, TenantNumber, WebhookId};
use fanfare_domain::journal::{JournalRecord, Routed};
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::{Ledger, StoreError};
use fanfare_postgres::{PostgresSettings, PostgresStore, SetupError, connect, migrate};
use fanfare_servers::postgres::Postgres;
use fanfare_suites::store::Fixture;
use sqlx::{Connection, PgConnection};

struct Server {
    postgres: Mutex<Postgres>,
    settings: PostgresSettings,
}

impl Server {
    fn empty() -> Self {
        let postgres = Postgres::start().expect("postgres starts");
        let settings =
            PostgresSettings { connect_timeout: Duration::from_secs(2), ..PostgresSettings::at(postgres.url()) };
        Self { postgres: Mutex::new(postgres), settings }
    }

    async fn migrated() -> Self {
        let server = Self::empty();
        migrate(&server.settings).await.expect("migrated");
        server
    }

    async fn ask(&self, statement: &'static str) -> Vec<String> {
        let mut connection = PgConnection::connect(&self.settings.url).await.expect("connected");
        sqlx::query_scalar(statement).fetch_all(&mut connection).await.expect("asked")
    }

    async fn run(&self, statements: &'static str) {
        let mut connection = PgConnection::connect(&self.settings.url).await.expect("connected");
        sqlx::raw_sql(statements).execute(&mut connection).await.expect("run");
    }
}

#[async_trait]
impl Fixture for Server {
    type Store = PostgresStore;

    async fn open(&self) -> Arc<PostgresStore> {
        Arc::new(connect(&self.settings).await.expect("connected"))
    }

    async fn refuse_events_about(&self, subject: &str) {
        assert_eq!(subject, "poison", "the statement below names it");
        self.run(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'refused'; END $$; \
             CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.subject = 'poison') \
             EXECUTE FUNCTION refuse();",
        )
        .await;
    }

    async fn kill_server(&self) -> bool {
        self.postgres.lock().unwrap_or_else(PoisonError::into_inner).kill();
        true
    }

    async fn start_server(&self) {
        self.postgres.lock().unwrap_or_else(PoisonError::into_inner).start_again().expect("postgres starts again");
    }
}

fanfare_suites::store_suite!(Server::migrated().await);

#[tokio::test]
async fn a_store_without_schema_is_not_set_up() {
    let server = Server::empty();
    let refused = connect(&server.settings).await.expect_err("nothing is there");
    assert!(matches!(refused, SetupError::Store(StoreError::NotSetUp(_))), "{refused:?}");
    assert_eq!(server.ask("SELECT relname::text FROM pg_class WHERE relname = 'events'").await, [""; 0]);
}

#[tokio::test]
async fn a_server_that_is_away_is_told_apart_from_a_wrong_url() {
    let server = Server::empty();
    server.kill_server().await;
    for outcome in [connect(&server.settings).await.err(), migrate(&server.settings).await.err()] {
        assert!(matches!(outcome, Some(SetupError::Store(StoreError::Unavailable(_)))), "{outcome:?}");
    }
    let wrong = PostgresSettings::at("mysql://user:hunter2@127.0.0.1/x y");
    let refused = connect(&wrong).await.expect_err("no such scheme");
    assert!(matches!(refused, SetupError::Url(_)), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_run_at_once_and_again() {
    let server = Server::empty();
    let (one, two, three) =
        futures::join!(migrate(&server.settings), migrate(&server.settings), migrate(&server.settings));
    one.and(two).and(three).expect("migrated");
    migrate(&server.settings).await.expect("nothing left to do");
    connect(&server.settings).await.expect("set up").check().await.expect("set up");
}

#[tokio::test]
async fn a_schema_of_a_newer_version_is_left_alone_and_used() {
    let server = Server::migrated().await;
    server
        .run(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (9999, 'of a later version', true, '', 0)",
        )
        .await;
    migrate(&server.settings).await.expect("it only goes forward");
    connect(&server.settings).await.expect("the version before goes on");
}

#[tokio::test]
async fn an_older_schema_is_not_set_up() {
    let server = Server::migrated().await;
    server.run("DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)").await;
    let refused = connect(&server.settings).await.expect_err("too old");
    assert!(matches!(refused, SetupError::Store(StoreError::NotSetUp(_))), "{refused:?}");
}

#[tokio::test]
async fn a_record_that_is_set_aside_is_found_once() {
    let server = Server::migrated().await;
    server.refuse_events_about("poison").await;
    let store = server.open().await;
    let routed = routed(1, Some("poison"));
    for _ in 0..2 {
        let recorded = store.record(std::slice::from_ref(&routed)).await.expect("set aside");
        assert_eq!(recorded.set_aside, 1);
    }
    let found = server.ask("SELECT reason || ' ' || record FROM set_aside").await;
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("refused") && found[0].contains("event-1"), "{found:?}");
}

#[tokio::test]
async fn days_have_partitions_two_ahead_and_lose_them_when_they_are_old() {
    let server = Server::migrated().await;
    let store = server.open().await;
    let day = Duration::from_secs(86_400);
    store.maintain(noon(), day).await.expect("maintained");
    store.maintain(noon().plus(day * 3), day).await.expect("maintained");
    let found = server
        .ask("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'attempts'::regclass ORDER BY 1")
        .await;
    let kept = ["attempts_20260317", "attempts_20260318", "attempts_20260319", "attempts_20260320"];
    assert_eq!(found, kept, "16 and before are dropped, 19 and 20 are ahead");
}

#[tokio::test]
async fn old_subjects_are_removed_without_waiting_for_anybody() {
    let server = Server::migrated().await;
    let store = server.open().await;
    store.record(&[routed(1, Some("of today"))]).await.expect("recorded");
    server
        .run(
            "INSERT INTO subjects SELECT 7 + i % 3, gen_random_uuid(), 's' || i, day - 2, accepted_at - 172800000, event \
             FROM subjects, generate_series(1, 30000) i",
        )
        .await;
    let mut somebody = PgConnection::connect(&server.settings.url).await.expect("connected");
    let mut writing = somebody.begin().await.expect("begun");
    sqlx::query("UPDATE subjects SET event = 'another' WHERE subject = 's29999'")
        .execute(&mut *writing)
        .await
        .expect("locked");
    store.maintain(noon(), Duration::from_secs(86_400)).await.expect("maintained");
    writing.rollback().await.expect("rolled back");
    let left = server.ask("SELECT subject FROM subjects ORDER BY 1").await;
    assert_eq!(left, ["of today", "s29999"], "the one that was being written goes the next time");
    store.maintain(noon(), Duration::from_secs(86_400)).await.expect("maintained");
    assert_eq!(server.ask("SELECT subject FROM subjects").await, ["of today"]);
}

#[tokio::test]
async fn counts_are_changed_within_their_page() {
    let server = Server::migrated().await;
    let store = server.open().await;
    for number in 1..=20 {
        store.record(&[routed(number, None)]).await.expect("recorded");
    }
    // A connection says what it has done at the latest when it ends.
    drop(store);
    let changed = async |column| server.ask(column).await.into_iter().any(|number| number == "38");
    let all_are_told = async || {
        while !changed("SELECT n_tup_upd::text FROM pg_stat_user_tables WHERE relname = 'outcomes'").await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all_are_told()).await.expect("each changes a minute and an hour");
    // Otherwise every index is told of every change, which costs more than the change itself.
    assert!(changed("SELECT n_tup_hot_upd::text FROM pg_stat_user_tables WHERE relname = 'outcomes'").await);
}

#[tokio::test]
async fn minutes_of_which_all_was_delivered_are_forgotten() {
    let server = Server::migrated().await;
    let store = server.open().await;
    let (hour, day) = (Duration::from_secs(3600), Duration::from_secs(86_400));
    store.record(&[routed(1, None), routed(2, None)]).await.expect("recorded");
    let minutes = async || server.ask("SELECT minute || ' ' || deliveries FROM undelivered").await;
    let noon_in_ms = noon().as_millis();
    assert_eq!(minutes().await, [format!("{noon_in_ms} 2")]);
    store.maintain(noon().plus(hour * 2), day).await.expect("maintained");
    assert_eq!(minutes().await, [format!("{noon_in_ms} 2")], "nothing was delivered");

    server.run("UPDATE undelivered SET deliveries = 0").await;
    store.maintain(noon().plus(hour / 2), day).await.expect("maintained");
    assert_eq!(minutes().await, [format!("{noon_in_ms} 0")], "more is likely to come");
    store.maintain(noon().plus(hour * 2), day).await.expect("maintained");
    assert_eq!(minutes().await, [""; 0]);

    server.run("INSERT INTO undelivered SELECT 1, accepted_at, 1 FROM events LIMIT 1").await;
    store.maintain(noon().plus(day * 3), day).await.expect("maintained");
    assert_eq!(minutes().await, [""; 0], "the day is dropped");
}

#[tokio::test]
async fn what_was_not_delivered_before_there_were_counts_of_it_is_counted() {
    let server = Server::migrated().await;
    let store = server.open().await;
    let records: Vec<JournalRecord> = (1..=130).map(|number| routed(number, None)).collect();
    store.record(&records).await.expect("recorded");
    // One a second. The first two minutes have one and none that was not delivered, the third one that is not routed yet.
    server
        .run(
            "UPDATE deliveries SET accepted_at = accepted_at + stream_sequence * 1000, \
             status = CASE WHEN event = 'event-59' THEN 2 ELSE 4 END, routed = event <> 'event-130'; \
             DROP TABLE undelivered; DELETE FROM _sqlx_migrations WHERE version = 6;",
        )
        .await;
    migrate(&server.settings).await.expect("migrated");
    let minutes =
        server.ask("SELECT (minute - 1773576000000) / 1000 || ' ' || deliveries FROM undelivered ORDER BY 1").await;
    assert_eq!(minutes, ["0 1", "120 -1"]);
}

/// An event of its own that goes to one webhook.
fn routed(number: u64, subject: Option<&str>) -> JournalRecord {
    let event = EventId::new(&format!("event-{number}")).expect("valid");
    let (tenant, webhook) = (TenantNumber::new(7), WebhookId::make(noon(), 1));
    let delivery = DeliveryId::derive(tenant, &event, webhook, Run::First);
    JournalRecord::Routed(Routed {
        tenant,
        event,
        event_type: "order.paid".parse().expect("valid"),
        subject: subject.map(Into::into),
        created: noon(),
        accepted: noon(),
        purpose: Purpose::Published,
        position: Position { sequence: number, index: 0 },
        size: 4,
        replay: None,
        deliveries: vec![(webhook, delivery)],
    })
}

fn noon() -> Timestamp {
    Timestamp::parse("2026-03-15T12:00:00Z").expect("valid")
}
