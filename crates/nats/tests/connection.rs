//! How a process comes to its connection.

use std::sync::Arc;
use std::time::Duration;

use fanfare_nats::{ConnectError, MigrateError, NatsSettings, StreamBytes, connect, migrate};
use fanfare_ports::clock::SystemClock;
use fanfare_ports::queue::{Consumer, Queue, QueueError, Topic};
use fanfare_servers::nats::Nats;

fn settings(url: String) -> NatsSettings {
    NatsSettings { url, bytes: StreamBytes::each(64 * 1024 * 1024), ..NatsSettings::default() }
}

#[tokio::test]
async fn a_process_that_starts_before_its_server_waits_for_it() {
    let mut server = Nats::start().expect("nats-server starts");
    let settings = settings(server.url());
    migrate(&settings).await.expect("made");
    server.kill();

    let nats = connect(&settings, Arc::new(SystemClock)).await.expect("the settings are right");
    assert!(matches!(nats.check().await, Err(QueueError::Unavailable(_))));
    let queue = nats.queue();
    let taking = queue.take(Consumer::Router, 1, Duration::from_secs(20));
    let (taken, ()) = tokio::join!(taking, async {
        server.start_again().expect("nats-server starts again");
        queue.publish(Topic::Events, vec!["one".into()]).await.expect("stored");
    });
    assert_eq!(taken.expect("the server is there").len(), 1);
}

#[tokio::test]
async fn a_take_while_the_server_is_away_ends_with_an_error_in_its_time() {
    let mut server = Nats::start().expect("nats-server starts");
    let settings = settings(server.url());
    migrate(&settings).await.expect("made");
    let nats = connect(&settings, Arc::new(SystemClock)).await.expect("the settings are right");
    nats.check().await.expect("all is there");
    server.kill();
    let began = std::time::Instant::now();
    // The first call may still find the connection as it was.
    while nats.queue().take(Consumer::Router, 1, Duration::from_millis(500)).await.is_ok() {
        assert!(began.elapsed() < Duration::from_secs(5), "nobody is there");
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn credentials_in_the_url_are_used_and_never_shown() {
    let server = Nats::start_for("fanfare", "s3cret").expect("nats-server starts");
    let refused = migrate(&settings(server.url())).await.expect_err("no credentials");
    assert!(matches!(refused, MigrateError::Connect(ConnectError::Refused(_))), "{refused}");

    let settings = settings(server.url().replace("nats://", "nats://fanfare:s3cret@"));
    assert!(!format!("{settings:?}").contains("s3cret"));
    migrate(&settings).await.expect("made");
    let nats = connect(&settings, Arc::new(SystemClock)).await.expect("the settings are right");
    nats.queue().publish(Topic::Events, vec!["one".into()]).await.expect("stored");
}

#[tokio::test]
async fn a_url_that_is_none_is_refused_without_being_shown() {
    let settings = settings("nats://fanfare:s3cret@[".to_owned());
    let error = connect(&settings, Arc::new(SystemClock)).await.expect_err("no address");
    assert!(matches!(error, ConnectError::Url(_)));
    assert!(!error.to_string().contains("s3cret"), "{error}");
}
