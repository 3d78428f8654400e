//! Streams of events over a real socket.

mod harness;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fanfare_domain::ids::TenantNumber;
use fanfare_ingest::Config;
use fanfare_ports::directory::{Entry, EntryKey};
use fanfare_proto::v1::{PublishRequest, PublishResponse};
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use harness::fakes::{World, api_key};
use harness::{Running, as_operator, event, soon, until, with_id, with_key};

/// A server in whose world time passes.
async fn start() -> Running {
    start_with(Config::default()).await
}

async fn start_with(config: Config) -> Running {
    let server = Running::with(World::new().await, config, None).await;
    server.let_time_pass();
    server
}

async fn open(server: &Running) -> (mpsc::Sender<PublishRequest>, Streaming<PublishResponse>) {
    let (sender, events) = mpsc::channel(64);
    let answers = server.client().await.publish_stream(as_operator(ReceiverStream::new(events))).await;
    (sender, answers.expect("open").into_inner())
}

async fn next(answers: &mut Streaming<PublishResponse>) -> PublishResponse {
    soon(answers.message()).await.expect("no error").expect("an answer")
}

#[tokio::test]
async fn thousands_are_answered_in_order_in_few_batches() {
    let server = start().await;
    let (sender, mut answers) = open(&server).await;
    let sending = tokio::spawn(async move {
        for number in 0..5_000 {
            sender.send(with_id(format!("id-{number}"))).await.expect("open");
        }
    });
    for number in 0..5_000 {
        let answer = next(&mut answers).await;
        assert_eq!((answer.id, answer.error), (format!("id-{number}"), None));
    }
    assert_eq!(soon(answers.message()).await.expect("no error"), None);
    sending.await.expect("no panic");
    assert_eq!(server.world.queue.events().len(), 5_000);
    let calls = server.world.queue.calls.load(Ordering::SeqCst);
    assert!(calls < 2_500, "{calls} publishes for 5,000 events");
}

#[tokio::test]
async fn events_go_on_being_accepted_while_the_first_waits_for_its_answer() {
    let server = start().await;
    server.world.queue.held.send_replace(true);
    let (sender, mut answers) = open(&server).await;
    for number in 0..3u64 {
        sender.send(with_id(format!("id-{number}"))).await.expect("open");
        until(|| server.world.queue.calls.load(Ordering::SeqCst) == number + 1).await;
    }
    server.world.queue.held.send_replace(false);
    for number in 0..3 {
        assert_eq!(next(&mut answers).await.id, format!("id-{number}"));
    }
}

#[tokio::test]
async fn a_batch_gathers_while_earlier_events_are_unanswered() {
    let server = Running::start().await;
    let stored = || server.world.queue.calls.load(Ordering::SeqCst);
    server.world.queue.held.send_replace(true);
    let (sender, mut answers) = open(&server).await;
    sender.send(with_id("a")).await.expect("open");
    until(|| stored() == 1).await;
    let before = server.world.clock.waiting();
    sender.send(with_id("b")).await.expect("open");
    until(|| server.world.clock.waiting() > before).await;
    assert_eq!(stored(), 1, "time stands still");
    server.let_time_pass();
    until(|| stored() == 2).await;
    server.world.queue.held.send_replace(false);
    for id in ["a", "b"] {
        assert_eq!(next(&mut answers).await.id, id);
    }
}

#[tokio::test]
async fn who_waits_for_each_answer_is_not_made_to_wait() {
    let server = Running::start().await;
    let (sender, mut answers) = open(&server).await;
    for number in 0..20 {
        sender.send(with_id(format!("id-{number}"))).await.expect("open");
        assert_eq!(next(&mut answers).await.id, format!("id-{number}"), "though time stands still");
    }
}

#[tokio::test]
async fn one_bad_event_does_not_end_the_stream() {
    let server = start().await;
    let (sender, mut answers) = open(&server).await;
    let over = PublishRequest { data: format!("\"{}\"", "x".repeat(256 * 1024)).into(), ..event() };
    for event in [with_id("a"), PublishRequest { r#type: String::new(), ..event() }, over, with_id("b")] {
        sender.send(event).await.expect("open");
    }
    drop(sender);
    assert_eq!(next(&mut answers).await.id, "a");
    assert_eq!(next(&mut answers).await.error.map(|error| error.code), Some(3));
    assert_eq!(next(&mut answers).await.error.map(|error| error.code), Some(8));
    assert_eq!(next(&mut answers).await.id, "b");
    assert_eq!(soon(answers.message()).await.expect("no error"), None);
}

#[tokio::test]
async fn a_message_beyond_any_limit_ends_the_stream_after_the_answers_before_it() {
    let server = start().await;
    let (sender, mut answers) = open(&server).await;
    sender.send(with_id("a")).await.expect("open");
    assert_eq!(next(&mut answers).await.id, "a");
    sender.send(PublishRequest { data: vec![b' '; 17 * 1024 * 1024].into(), ..event() }).await.expect("open");
    let status = soon(answers.message()).await.expect_err("ended");
    assert_eq!(status.code(), Code::ResourceExhausted);
}

#[tokio::test]
async fn a_stream_without_a_key_is_refused_and_a_key_that_is_deleted_ends_its_rights() {
    let server = start().await;
    let nothing = futures::stream::empty::<PublishRequest>();
    let status = server.client().await.publish_stream(nothing).await.expect_err("no key");
    assert_eq!(status.code(), Code::Unauthenticated);

    let key = api_key("fk_acme", Some(1));
    server.world.write(Entry::ApiKey(key.clone())).await;
    let (sender, events) = mpsc::channel(4);
    let request = with_key(ReceiverStream::new(events), "fk_acme");
    let mut answers = server.client().await.publish_stream(request).await.expect("open").into_inner();
    sender.send(with_id("a")).await.expect("open");
    assert_eq!(next(&mut answers).await.id, "a");
    server.world.remove(EntryKey::ApiKey(key.id)).await;
    sender.send(with_id("b")).await.expect("open");
    assert_eq!(next(&mut answers).await.error.map(|error| error.code), Some(16));
    server.world.remove(EntryKey::Tenant(TenantNumber::new(1))).await;
    assert_eq!(server.world.queue.events().len(), 1);
}

#[tokio::test]
async fn a_publisher_that_reads_no_answers_is_read_from_up_to_a_limit() {
    let config = Config { stream_bytes: NonZeroUsize::new(64 * 1024).expect("not zero"), ..Config::default() };
    let server = start_with(config).await;
    server.world.queue.held.send_replace(true);
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let large = PublishRequest { data: format!("\"{}\"", "x".repeat(200 * 1024)).into(), ..event() };
    let events = futures::stream::repeat(large).take(200).inspect(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
    });
    let answers = server.client().await.publish_stream(as_operator(events)).await.expect("open").into_inner();
    until(|| server.world.queue.calls.load(Ordering::SeqCst) == 1).await;
    // Nothing is answered, so what fits into the connection's buffers is all that can be sent.
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    assert!(sent.load(Ordering::SeqCst) < 60, "{} of 200 were sent", sent.load(Ordering::SeqCst));
    assert_eq!(server.world.queue.calls.load(Ordering::SeqCst), 1);
    server.world.queue.held.send_replace(false);
    let all: Vec<Result<PublishResponse, Status>> = soon(answers.collect()).await;
    assert_eq!(all.iter().filter(|answer| answer.as_ref().is_ok_and(|answer| answer.error.is_none())).count(), 200);
}
