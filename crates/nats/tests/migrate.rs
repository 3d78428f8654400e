//! What `fanfare migrate` does to a server.

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::delivery::Lane;
use fanfare_nats::{MigrateError, NatsSettings, StreamBytes, connect, migrate};
use fanfare_ports::clock::SystemClock;
use fanfare_ports::directory::{Directory, DirectoryError};
use fanfare_ports::queue::{Consumer, LEASE, Queue, QueueError, Stream, Topic};
use fanfare_servers::nats::Nats;

const MIB: u64 = 1024 * 1024;

fn settings(server: &Nats, bytes: StreamBytes) -> NatsSettings {
    NatsSettings { url: server.url(), bytes, ..NatsSettings::default() }
}

async fn open(settings: &NatsSettings) -> fanfare_nats::Nats {
    connect(settings, Arc::new(SystemClock)).await.expect("the settings are right")
}

async fn by_hand(server: &Nats) -> async_nats::jetstream::Context {
    async_nats::jetstream::new(async_nats::connect(server.url()).await.expect("the server is there"))
}

#[tokio::test]
async fn it_may_be_repeated_and_leaves_what_is_stored() {
    let server = Nats::start().expect("nats-server starts");
    let settings = settings(&server, StreamBytes::each(64 * MIB));
    migrate(&settings).await.expect("made");
    let queue = open(&settings).await.queue();
    let stored = queue.publish(Topic::Events, vec!["one".into(), "two".into()]).await.expect("stored");
    let taken = queue.take(Consumer::Router, 1, Duration::from_secs(5)).await.expect("taken");
    queue.finish(&[taken[0].lease.clone()]).await.expect("finished");

    migrate(&settings).await.expect("made again");
    queue.finish(&[taken[1].lease.clone()]).await.expect("finished");
    while queue.backlog(Consumer::Router).await.expect("there").floor < stored[1].sequence {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(queue.take(Consumer::Router, 1, LEASE + Duration::from_secs(1)).await.expect("there").is_empty());
}

#[tokio::test]
async fn limits_can_be_changed_later() {
    let server = Nats::start().expect("nats-server starts");
    migrate(&settings(&server, StreamBytes::each(64 * MIB))).await.expect("made");
    let larger = settings(&server, StreamBytes { journal: 128 * MIB, ..StreamBytes::each(64 * MIB) });
    migrate(&larger).await.expect("changed");
    let queue = open(&larger).await.queue();
    assert_eq!(queue.usage(Stream::Journal).await.expect("there").limit, 128 * MIB);
    assert_eq!(queue.usage(Stream::Events).await.expect("there").limit, 64 * MIB);
}

#[tokio::test]
async fn streams_never_forget_by_themselves() {
    let server = Nats::start().expect("nats-server starts");
    migrate(&settings(&server, StreamBytes::each(64 * MIB))).await.expect("made");
    let context = by_hand(&server).await;
    for name in
        ["FANFARE_EVENTS", "FANFARE_DELIVERIES", "FANFARE_JOURNAL", "FANFARE_DEAD_LETTERS", "KV_FANFARE_DIRECTORY"]
    {
        let config = context.get_stream(name).await.expect("made").cached_info().config.clone();
        assert_eq!(config.discard, async_nats::jetstream::stream::DiscardPolicy::New, "{name}");
        assert_eq!((config.max_age, config.max_messages), (Duration::ZERO, -1), "{name}");
        assert_eq!(config.max_bytes, 64 * MIB as i64, "{name}");
    }
}

#[tokio::test]
async fn a_lost_consumer_is_not_made_anew_over_a_stream_with_content() {
    let server = Nats::start().expect("nats-server starts");
    let settings = settings(&server, StreamBytes::each(64 * MIB));
    migrate(&settings).await.expect("made");
    let queue = open(&settings).await.queue();
    queue.publish(Topic::Deliveries(Lane::Bulk), vec!["one".into()]).await.expect("stored");
    let stream = by_hand(&server).await.get_stream("FANFARE_DELIVERIES").await.expect("made");
    stream.delete_consumer("worker-bulk").await.expect("deleted");

    let error = migrate(&settings).await.expect_err("refused");
    assert!(matches!(error, MigrateError::ConsumerLost { consumer: "worker-bulk", messages: 1, .. }), "{error}");
    let error = queue.take(Consumer::Worker(Lane::Bulk), 1, Duration::from_secs(1)).await.expect_err("it is missing");
    assert!(matches!(&error, QueueError::NotSetUp(what) if what.contains("worker-bulk")), "{error}");

    stream.purge().await.expect("purged");
    migrate(&settings).await.expect("with nothing in the stream, nothing can be repeated");
    queue.publish(Topic::Deliveries(Lane::Bulk), vec!["two".into()]).await.expect("stored");
    let taken = queue.take(Consumer::Worker(Lane::Bulk), 1, Duration::from_secs(5)).await.expect("taken");
    assert_eq!(taken[0].record, "two");
}

#[tokio::test]
async fn limits_beyond_the_servers_room_are_refused() {
    let server = Nats::start_with("max_file_store: 64MB").expect("nats-server starts");
    let error = migrate(&settings(&server, StreamBytes::each(32 * MIB))).await.expect_err("refused");
    assert!(matches!(error, MigrateError::NoRoom { wanted, .. } if wanted == 160 * MIB), "{error:?}");
    assert!(error.to_string().contains("nats.bytes"), "{error}");
    migrate(&settings(&server, StreamBytes::each(8 * MIB))).await.expect("these fit");
}

#[tokio::test]
async fn what_was_not_made_is_not_made_by_using_it() {
    let server = Nats::start().expect("nats-server starts");
    let nats = open(&settings(&server, StreamBytes::default())).await;
    let (queue, directory) = (nats.queue(), nats.directory());
    let not_set_up =
        |outcome: Result<(), QueueError>| assert!(matches!(outcome, Err(QueueError::NotSetUp(_))), "{outcome:?}");
    not_set_up(nats.check().await);
    not_set_up(queue.usage(Stream::Events).await.map(drop));
    not_set_up(queue.take(Consumer::Router, 1, Duration::from_secs(1)).await.map(drop));
    not_set_up(queue.read(Stream::Events, Default::default()).await.map(drop));
    not_set_up(queue.read_after(Topic::JournalLog, Default::default(), 1).await.map(drop));
    not_set_up(queue.trim(Stream::Events, 1).await.map(drop));
    not_set_up(queue.backlog(Consumer::Logs).await.map(drop));
    assert!(queue.publish(Topic::Events, vec!["one".into()]).await.is_err());
    assert!(matches!(directory.revision().await, Err(DirectoryError::NotSetUp(_))));
    assert!(matches!(directory.watch().await.map(drop), Err(DirectoryError::NotSetUp(_))));

    migrate(&settings(&server, StreamBytes::each(64 * MIB))).await.expect("made");
    nats.check().await.expect("all is there");
    queue.publish(Topic::Events, vec!["one".into()]).await.expect("stored");
}

#[tokio::test]
async fn a_server_that_is_away_is_named_at_once() {
    let mut server = Nats::start().expect("nats-server starts");
    let settings = settings(&server, StreamBytes::default());
    server.kill();
    let error = migrate(&settings).await.expect_err("nobody is there");
    assert!(matches!(error, MigrateError::Connect(_)), "{error}");
}
