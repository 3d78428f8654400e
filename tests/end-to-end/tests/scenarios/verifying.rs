//! Other languages: publishers with Python's `grpcio`, and what the official Standard Webhooks package says of arrivals.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use fanfare_cluster::{Arrival, Cluster, Family, Receiver, python};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn of_tests(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Which of these arrivals the official Python package verifies with the secret beside it.
pub(crate) async fn verified_by_python(arrivals: &[(&str, &Arrival)]) -> Vec<bool> {
    let mut command = Command::new(python());
    command.arg(of_tests("conformance/receivers/official/verify.py")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("Python starts");
    let mut lines = String::new();
    for (secret, arrival) in arrivals {
        let headers: serde_json::Map<String, Value> =
            arrival.headers.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        let body = String::from_utf8(arrival.body.to_vec()).expect("UTF-8");
        lines.push_str(&format!("{}\n", json!({"secret": secret, "headers": headers, "body": body})));
    }
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(lines.as_bytes()).await.expect("Python reads");
    drop(stdin);
    let output = child.wait_with_output().await.expect("Python ends");
    assert!(output.status.success(), "verify.py: {}", output.status);
    String::from_utf8_lossy(&output.stdout).lines().map(|line| line == "verified").collect()
}

async fn python_publishes_in_every_way(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    tenant.webhook(&receiver, &["*"]).await;
    let made = cluster.rest.post("/v1/api-keys", json!({"tenant": "acme", "scope": "publish"})).await.expect(201);
    cluster.in_force().await;
    let address = cluster.grpc().trim_start_matches("http://").to_owned();

    for (mode, count) in [("unary", 3), ("batch", 1_200), ("stream", 1_000)] {
        let output = Command::new(python())
            .arg(of_tests("clients/python/publish.py"))
            .arg(&address)
            .args(["--key", made["key"].as_str().expect("a key"), "--mode", mode, "--id-prefix", mode])
            .args(["--count", &count.to_string(), "--traceparent", TRACEPARENT])
            .output()
            .await
            .expect("Python starts");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{mode}: {printed}{}", String::from_utf8_lossy(&output.stderr));
        let answers: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(answers.len(), count, "{mode}");
        for (number, answer) in answers.iter().enumerate() {
            assert_eq!(*answer, json!({"id": format!("{mode}-{number}"), "duplicate": false}));
        }
    }

    let all = |log: &fanfare_cluster::Log| log.deliveries() >= 2_203;
    receiver.until("2,203 deliveries", std::time::Duration::from_secs(30), all).await;
    let log = receiver.log();
    assert_eq!(log.repeats(), 0);
    let trace = log.arrivals()[0].header("traceparent").and_then(|value| value.get(..35));
    assert_eq!(trace, TRACEPARENT.get(..35));
}

/// Reflection and health, as Python's packages speak them.
async fn python_publishes_by_reflection_alone(family: Family) {
    let cluster = Cluster::start(family).await;
    cluster.tenant("acme").await;
    cluster.in_force().await;

    let output = Command::new(python())
        .arg(of_tests("clients/python/reflect.py"))
        .arg(cluster.grpc().trim_start_matches("http://"))
        .args(["--key", cluster.operator_key(), "--tenant", "acme"])
        .output()
        .await
        .expect("Python starts");

    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    let printed: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(printed["health"], "SERVING");
    let services = printed["services"].as_array().expect("services");
    assert!(services.contains(&json!("fanfare.v1.Publisher")), "{printed}");
    assert!(printed["id"].as_str().is_some_and(|id| id.starts_with("evt_")), "{printed}");
}

scenarios! {
    python_publishes_in_every_way,
    python_publishes_by_reflection_alone,
}
