//! Trimming, where servers of a cluster do not know the same: JetStream's part is played here.

use std::sync::Arc;

use fanfare_nats::{NatsSettings, connect};
use fanfare_ports::clock::SystemClock;
use fanfare_ports::queue::{Queue, Stream};
use fanfare_servers::nats::Nats;
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// What is asked of JetStream, after `$JS.API.`, and the question.
type Asked = (String, Value);

/// Answers as JetStream, by `answer`, and tells what is asked.
async fn play_jetstream(server: &Nats, answer: fn(&str, &Value) -> Value) -> mpsc::UnboundedReceiver<Asked> {
    let client = async_nats::connect(server.url()).await.expect("connected");
    let mut questions = client.subscribe("$JS.API.>").await.expect("subscribed");
    client.flush().await.expect("the server knows");
    let (sender, asked) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(message) = questions.next().await {
            let what = message.subject.trim_start_matches("$JS.API.").to_owned();
            let question = serde_json::from_slice(&message.payload).unwrap_or_default();
            let told = answer(&what, &question).to_string();
            let _ = sender.send((what, question));
            if let Some(reply) = message.reply {
                client.publish(reply, told.into()).await.expect("answered");
            }
        }
    });
    asked
}

/// Five messages are stored, the last of them for the lane of retries, whose consumer's leader has not heard of it.
fn one_replica_behind(what: &str, question: &Value) -> Value {
    if what.starts_with("STREAM.INFO.") {
        let state = json!({"messages": 5, "bytes": 500, "first_seq": 1, "last_seq": 5});
        json!({"state": state, "config": {"max_bytes": 1000}})
    } else if what.starts_with("CONSUMER.INFO.") {
        json!({"ack_floor": {"stream_seq": 4}, "num_pending": 0, "num_ack_pending": 0})
    } else if what.starts_with("STREAM.PURGE.") {
        json!({"success": true, "purged": 4})
    } else if question["next_by_subj"] == "fanfare.deliveries.retry" {
        let (subject, time) = (&question["next_by_subj"], "2026-03-15T12:00:00Z");
        json!({"message": {"subject": subject, "seq": 5, "data": "", "time": time}})
    } else {
        json!({"error": {"code": 404, "err_code": 10037, "description": "no message found"}})
    }
}

#[tokio::test]
async fn what_a_consumers_leader_has_not_heard_of_is_not_trimmed() {
    let server = Nats::start_without_jetstream().expect("nats-server starts");
    let mut asked = play_jetstream(&server, one_replica_behind).await;
    let settings = NatsSettings { url: server.url(), ..NatsSettings::default() };
    let queue = connect(&settings, Arc::new(SystemClock)).await.expect("connected").queue();
    queue.trim(Stream::Deliveries, 6).await.expect("trimmed");
    let mut purged = Vec::new();
    while let Ok((what, question)) = asked.try_recv() {
        if what == "STREAM.PURGE.FANFARE_DELIVERIES" {
            purged.push(question["seq"].as_u64());
        }
    }
    assert_eq!(purged, [Some(5)], "below the fifth, which nobody has taken");
}
