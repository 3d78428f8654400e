//! The guides' management calls give what the guides show: the README's calls are made, and its answers compared.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fanfare_cluster::{Answer, Cluster, Family, Receiver};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::readme::{Call, calls, matches};

/// Longest wait until a list shows what has happened, with room for a busy machine: a second is promised.
const LIMIT: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A shell that knows the README's variables.
struct Shell {
    variables: BTreeMap<String, String>,
    /// Has curl say nothing but the answer and its status.
    settings: TempDir,
}

impl Shell {
    fn new(variables: [(&str, &str); 3]) -> Self {
        let settings = tempfile::tempdir().expect("a folder can be made");
        let curl = "silent\nshow-error\nnoproxy = \"*\"\nmax-time = 20\nwrite-out = \"\\n%{http_code}\"\n";
        std::fs::write(settings.path().join(".curlrc"), curl).expect("a file can be written");
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { variables: variables.into(), settings }
    }

    /// Makes the call; gives the answer's status and body.
    async fn run(&self, call: &Call) -> (u16, String) {
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", &call.script]).envs(&self.variables);
        let output = command.env("CURL_HOME", self.settings.path()).output().await.expect("bash starts");
        let printed = String::from_utf8(output.stdout).expect("UTF-8");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "line {}: {}: {printed}{error}", call.line, output.status);
        let (body, status) = printed.rsplit_once('\n').expect("curl prints the status last");
        (status.parse().expect("a status"), body.to_owned())
    }

    /// The answer that is shown, with what the variables stand for.
    fn shown(&self, call: &Call) -> Option<Value> {
        let mut text = call.answer.clone()?;
        for (name, value) in &self.variables {
            text = text.replace(&format!("${name}"), value);
        }
        let shown = serde_json::from_str(&text);
        Some(shown.unwrap_or_else(|error| panic!("line {}: the answer is not JSON: {error}", call.line)))
    }

    /// Notes the ids and the key that an answer tells.
    fn note(&mut self, answer: &Value) {
        for (member, prefix, variable) in
            [("key", "", "KEY"), ("id", "wh_", "ID"), ("id", "evt_", "EVENT"), ("event_id", "evt_", "EVENT")]
        {
            if let Some(value) = answer[member].as_str().filter(|value| value.starts_with(prefix)) {
                self.variables.insert(variable.to_owned(), value.to_owned());
            }
        }
    }

    /// Makes the call and compares; what is only asked for is asked for until it is as shown.
    async fn check(&mut self, call: &Call) {
        let shown = self.shown(call);
        let asks = !["-X ", "--json "].iter().any(|change| call.script.contains(change));
        let began = Instant::now();
        loop {
            let (status, body) = self.run(call).await;
            let found: Option<Value> = serde_json::from_str(&body).ok();
            let as_shown = match (&shown, &found) {
                (Some(shown), Some(found)) => matches(shown, found),
                (shown, _) => shown.is_none() && body.is_empty(),
            };
            if status == call.status && as_shown {
                return self.note(&found.unwrap_or_default());
            }
            let waits = asks && began.elapsed() < LIMIT;
            assert!(waits, "line {} of the README:\n{}is answered with {status}\n{body}", call.line, call.script);
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

async fn the_calls_of_the_readme_give_what_it_shows(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let token = json!({"access_token": "let me in", "token_type": "Bearer", "expires_in": 3600}).to_string();
    let token = Answer::status(200).header("Content-Type", "application/json").body(token);
    receiver.answer_at("/oauth/token", [token]);
    let base = receiver.url_at("");
    let mut shell =
        Shell::new([("FANFARE", cluster.rest.base()), ("OPERATOR_KEY", cluster.operator_key()), ("RECEIVER", &base)]);
    let calls = calls();
    assert!(calls.len() > 40, "the README has {} calls", calls.len());
    for call in &calls {
        if call.script.contains("/events\"") || call.script.contains("/test") {
            cluster.in_force().await;
        }
        shell.check(call).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_the_readme_give_what_it_shows_in_standalone() {
    the_calls_of_the_readme_give_what_it_shows(Family::Embedded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_the_readme_give_what_it_shows_in_the_distributed_system() {
    the_calls_of_the_readme_give_what_it_shows(Family::Distributed).await;
}
