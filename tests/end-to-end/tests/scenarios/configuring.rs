//! Configuration that is missing or wrong: one clear message, exit code 2. And what `standalone` does by itself.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use fanfare_cluster::{Cluster, Family, Process, Receiver, Rest, Service, eventually, python};
use fanfare_servers::free_port;
use serde_json::json;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(20);
const WRONG: Option<i32> = Some(2);
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A process in a folder of its own, on free ports.
fn process(folder: &TempDir, arguments: &[&str], settings: &[(&str, &str)]) -> Process {
    let mut environment: BTreeMap<String, String> = BTreeMap::new();
    for name in ["FANFARE_HTTP_ADDR", "FANFARE_GRPC_ADDR", "FANFARE_ADMIN_ADDR"] {
        environment.insert(name.to_owned(), format!("127.0.0.1:{}", free_port()));
    }
    environment.insert("FANFARE_DATA_DIR".to_owned(), folder.path().join("data").display().to_string());
    environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Process::new(arguments[0], arguments, environment, &folder.path().join(format!("{}.log", free_port())))
}

/// Runs it to its end; gives exit code and what it printed.
async fn run(arguments: &[&str], settings: &[(&str, &str)]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut process = process(&folder, arguments, settings);
    process.start();
    let ended = process.ended(LIMIT).await;
    (ended.status.code(), process.log())
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let nats = ("FANFARE_NATS_URL", "nats://127.0.0.1:1");
    let redis = ("FANFARE_REDIS_URL", "redis://127.0.0.1:1");
    let postgres = ("FANFARE_POSTGRES_URL", "postgres://127.0.0.1:1/fanfare");
    let operator = ("FANFARE_OPERATOR_KEY", "a key of the operator");
    let secrets = ("FANFARE_SECRETS_KEY", KEY);
    for (command, needs) in [
        ("ingest", vec![nats, redis, operator]),
        ("router", vec![nats]),
        ("worker", vec![nats, secrets]),
        ("scheduler", vec![nats, redis]),
        ("logs", vec![nats, postgres]),
        ("api", vec![nats, redis, postgres, operator, secrets]),
        ("migrate", vec![nats, postgres]),
    ] {
        for (missing, _) in &needs {
            let others: Vec<_> = needs.iter().copied().filter(|(name, _)| name != missing).collect();
            let (code, said) = run(&[command], &others).await;
            assert_eq!(code, WRONG, "{command} without {missing}: {said}");
            assert_eq!(said.trim().lines().count(), 1, "{command} without {missing}: {said}");
            assert!(said.contains(missing), "{command} without {missing}: {said}");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    for (name, value) in [
        ("FANFARE_ALLOW_HTTP", "perhaps"),
        ("FANFARE_ALLOW_PRIVATE_TARGETS", "10.0.0.0/40"),
        ("FANFARE_ALLOW_PRIVATE_TARGETS", "everything"),
        ("FANFARE_SECRETS_KEY", "short"),
        ("FANFARE_SECRETS_KEY", "c2hvcnQ="),
        ("FANFARE_HTTP_ADDR", "everywhere"),
        ("FANFARE_TLS_CERT", "/nowhere/cert.pem"),
        ("FANFARE_EXTRA_CA", "/nowhere/ca.pem"),
        ("FANFARE_EGRESS_PROXY", "no url"),
        ("FANFARE_CONFIG", "/nowhere/fanfare.toml"),
    ] {
        let (code, said) = run(&["standalone"], &[(name, value)]).await;
        assert_eq!(code, WRONG, "{name}={value}: {said}");
        assert!(said.contains(name) || said.contains(value) || said.contains(&flag(name)), "{name}={value}: {said}");
    }
}

/// How the message may name a setting that is a flag too.
fn flag(name: &str) -> String {
    name.trim_start_matches("FANFARE_").to_ascii_lowercase().replace('_', "-")
}

#[tokio::test]
async fn what_the_file_may_not_say_is_named_with_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    for (text, named) in [
        ("http_adr = \"127.0.0.1:1\"", "http_adr"),
        ("[worker]\nspeed = 11", "speed"),
        ("[worker]\nin_flight = 0", "in_flight"),
        ("[nats]\nreplica = 3", "replica"),
        ("[retention]\nevents = \"soon\"", "events"),
        ("[profiles.mine]\ntimeout = \"1s\"\ncolour = \"red\"", "colour"),
        ("this is no toml", "line 1"),
    ] {
        let path = folder.path().join("fanfare.toml");
        std::fs::write(&path, text).expect("written");
        let (code, said) = run(&["standalone", "--config", &path.display().to_string()], &[]).await;
        assert_eq!(code, WRONG, "{text}: {said}");
        assert!(said.contains(named), "{text}: {said}");
    }
}

/// A profile that no vendor has.
const MINE: &str = r#"
timeout = "5s"
success = { from = 200, to = 299 }
content_type = "application/vnd.mine+json"
envelope = [
  { name = "version", text = "2.0" },
  { name = "about", shows = "tenant", prefix = "https://mine.example/" },
  { name = "payload", shows = "data" },
  { name = "seal", shows = "signature" },
]
headers = [
  { name = "X-Mine-Seal", shows = "signature" },
  { name = "X-Mine-Event", shows = "event_type", prefix = "mine:" },
]
signature = { scheme = "sha256_hex", holds = "one" }
secret = { key = "text", origin = "made_or_given" }
retry = { delays = ["0s", "1s"] }
"#;

#[tokio::test]
async fn a_wrong_profile_is_found_on_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.toml");
    let file = path.display().to_string();
    for (from, to, named) in [
        ("timeout = \"5s\"", "timeout = \"5m\"", ["line 2, column 11", "timeout must be a duration from 1s to 30s"]),
        ("shows = \"tenant\"", "shows = \"tennant\"", ["line 7, column 29", "`tenant`"]),
        ("\"about\", shows", "\"about\", show", ["line 7, column 21", "`shows`"]),
        ("sha256_hex", "standard", ["line 9, column 3", "needs scheme = \"sha256_hex\""]),
        ("retry", "retries", ["line 17, column 1", "`retry`"]),
        ("\"1s\"", "\"25h\"", ["line 17, column 9", "no delay may be longer than 24h"]),
    ] {
        assert!(MINE.contains(from), "{from}");
        std::fs::write(&path, MINE.replace(from, to)).expect("written");
        let (code, said) = run(&["profiles", "check", &file], &[]).await;
        assert_eq!(code, WRONG, "{to}: {said}");
        assert!(said.contains("mine.toml") && named.iter().all(|part| said.contains(part)), "{to}: {said}");

        // The same in the configuration file, one line further down.
        std::fs::write(&path, format!("\n[profiles.mine]{}", MINE.replace(from, to))).expect("written");
        let (code, said) = run(&["standalone", "--config", &file], &[]).await;
        assert_eq!(code, WRONG, "{to}: {said}");
        let line = named[0].split([' ', ',']).nth(1).and_then(|line| line.parse::<u32>().ok()).expect("a number");
        assert!(said.contains("mine.toml") && said.contains(&format!("line {}, column", line + 1)), "{to}: {said}");
    }
    std::fs::write(&path, format!("[profiles.qr3]{MINE}")).expect("written");
    let (code, said) = run(&["worker", "--config", &file], &[]).await;
    assert_eq!(code, WRONG, "{said}");
    assert!(said.contains("line 1, column 11") && said.contains("belongs to a built-in profile"), "{said}");
}

#[tokio::test]
async fn a_profile_can_be_looked_at_before_it_is_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.toml");
    let file = path.display().to_string();
    std::fs::write(&path, MINE).expect("written");

    let (code, said) = run(&["profiles", "check", &file], &[]).await;
    assert_eq!(code, Some(0), "{said}");
    for part in [
        "ok\n",
        "\nContent-Type: application/vnd.mine+json\n",
        "\nX-Mine-Seal: sha256=",
        "\nX-Mine-Event: mine:order.paid\n",
        "\n{\"version\":\"2.0\",\"about\":\"https://mine.example/acme\",\"payload\":{",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }

    let (code, said) = run(&["profiles", "show", "qr3"], &[]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("name = \"X-QR3-Signature\"") && said.contains("X-Qr3-Signature: sha256="), "{said}");
    // What is shown is where a profile of one's own can start from.
    std::fs::write(&path, said).expect("written");
    assert_eq!(run(&["profiles", "check", &file], &[]).await.0, Some(0));

    // A configuration file can be checked as well.
    std::fs::write(&path, format!("[profiles.mine]{MINE}[profiles.yours]{MINE}")).expect("written");
    let (code, said) = run(&["profiles", "check", &file], &[]).await;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches("X-Mine-Seal: sha256=").count(), 2, "{said}");

    std::fs::write(&path, format!("[profiles.mine]{MINE}")).expect("written");
    let (code, said) = run(&["profiles", "show", "mine", "--config", &file], &[]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("timeout = \"5s\"\n") && said.contains("X-Mine-Seal: sha256="), "{said}");
    std::fs::write(folder.path().join("again.toml"), &said).expect("written");
    let again = folder.path().join("again.toml").display().to_string();
    assert_eq!(run(&["profiles", "check", &again], &[]).await.0, Some(0), "{said}");
    let (code, said) = run(&["profiles", "list"], &[("FANFARE_CONFIG", &file)]).await;
    assert_eq!(code, Some(0), "{said}");
    let names: Vec<_> = said.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["cloudevents", "govalid", "mine", "qr3", "standard", "validas", "voveid"]);

    for (arguments, named) in [
        (["profiles", "show", "yours"], "standard, validas, voveid"),
        (["profiles", "check", "/nowhere/mine.toml"], "/nowhere/mine.toml cannot be read"),
    ] {
        let (code, said) = run(&arguments, &[]).await;
        assert_eq!(code, WRONG, "{said}");
        assert!(said.contains(named), "{said}");
    }
}

async fn a_profile_of_the_operators_own_is_delivered(family: Family) {
    let cluster = Cluster::of(family).file(&format!("[profiles.mine]{MINE}")).start().await;
    let (tenant, receiver) = (cluster.tenant("acme").await, Receiver::start().await);
    let webhook =
        tenant.webhook_of(json!({"url": receiver.url(), "events": ["*"], "profile": "mine", "secret": "sesame"})).await;
    assert_eq!(webhook.created["profile"], "mine");
    cluster.in_force().await;

    let event = tenant.publish("order.paid", &json!({"order": 4711})).await;

    let arrival = receiver.arrival().await;
    let bare = r#"{"version":"2.0","about":"https://mine.example/acme","payload":{"order":4711}}"#;
    let whole = format!("{},\"seal\":\"sha256={}\"}}", &bare[..bare.len() - 1], signed_by_python("sesame", bare));
    assert_eq!(String::from_utf8_lossy(&arrival.body), whole);
    assert_eq!(arrival.header("content-type"), Some("application/vnd.mine+json"));
    assert_eq!(arrival.header("x-mine-event"), Some("mine:order.paid"));
    assert_eq!(arrival.header("x-mine-seal"), Some(format!("sha256={}", signed_by_python("sesame", &whole)).as_str()));
    assert!(arrival.headers.iter().any(|(name, _)| name == "X-Mine-Seal"), "{:?}", arrival.headers);
    tenant.delivery_in(&event, "success").await;
}

/// HMAC-SHA256 in hexadecimal, by somebody else's hand.
fn signed_by_python(secret: &str, text: &str) -> String {
    let program = "import hmac, sys; print(hmac.new(sys.argv[1].encode(), sys.argv[2].encode(), 'sha256').hexdigest())";
    let output = Command::new(python()).args(["-c", program, secret, text]).output().expect("Python runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

async fn a_cloud_event_is_one(family: Family) {
    let cluster = Cluster::start(family).await;
    let (tenant, receiver) = (cluster.tenant("acme").await, Receiver::start().await);
    tenant.webhook_of(json!({"url": receiver.url(), "events": ["*"], "profile": "cloudevents"})).await;
    cluster.in_force().await;

    let event = tenant.publish("order.paid", &json!({"order": 4711})).await;

    let arrival = receiver.arrival().await;
    assert_eq!(arrival.header("content-type"), Some("application/cloudevents+json"));
    let body = arrival.json();
    assert_eq!(body["id"], event);
    let expected = json!({
        "specversion": "1.0", "id": event, "source": "/fanfare/acme", "type": "order.paid", "time": body["time"],
        "datacontenttype": "application/json", "data": {"order": 4711},
    });
    assert_eq!(body, expected);
    assert_eq!(arrival.event(), event);
}

/// The operator took a profile away that a webhook is delivered under: nothing is lost or sent by other rules.
async fn deliveries_wait_for_a_profile_that_was_taken_away(family: Family) {
    let profile = format!("[profiles.mine]{MINE}");
    let mut cluster = Cluster::of(family).file(&profile).start().await;
    let (tenant, receiver) = (cluster.tenant("acme").await, Receiver::start().await);
    let webhook = tenant.webhook_of(json!({"url": receiver.url(), "events": ["*"], "profile": "mine"})).await;
    cluster.in_force().await;
    let shown = cluster.rest.for_tenant("acme");

    cluster.configure("");
    cluster.kill(Service::Worker).await;
    cluster.start_again(Service::Worker).await;
    let event = tenant.publish("order.paid", &json!({})).await;
    cluster.process(Service::Worker).says("is not known here", LIMIT).await;
    let waiting = tenant.event_with(&event, 1, &["pending", "retrying"]).await;
    assert_eq!(receiver.log().arrivals().len(), 0, "{waiting}");
    let _ = shown.get(&format!("/v1/webhooks/{}", webhook.id)).await.expect(200);

    cluster.configure(&profile);
    cluster.kill(Service::Worker).await;
    cluster.start_again(Service::Worker).await;

    receiver.until("the delivery arrives", Duration::from_secs(60), |log| log.arrivals().len() == 1).await;
    tenant.delivery_in(&event, "success").await;
}

scenarios!(
    a_profile_of_the_operators_own_is_delivered,
    a_cloud_event_is_one,
    deliveries_wait_for_a_profile_that_was_taken_away,
);

#[tokio::test]
async fn a_flag_that_is_unknown_is_named() {
    let (code, said) = run(&["standalone", "--colour", "red"], &[]).await;
    assert_eq!(code, WRONG, "{said}");
    assert!(said.contains("--colour"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn standalone_needs_no_settings_and_keeps_its_keys() {
    let client = client();
    let folder = tempfile::tempdir().expect("a folder");
    let mut standalone = process(&folder, &["standalone"], &[]);
    standalone.start();
    standalone.ready(&client).await;
    let path = folder.path().join("data").join("operator.key");
    let key = std::fs::read_to_string(&path).expect("the key is there").trim().to_owned();
    let mode = std::fs::metadata(&path).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let base = format!("http://{}", standalone.setting("FANFARE_HTTP_ADDR"));
    let _ = Rest::new(client.clone(), &base, &key).get("/v1/tenants").await.expect(200);

    assert_eq!(standalone.terminate(LIMIT).await.status.code(), Some(0));
    standalone.start();
    standalone.ready(&client).await;

    assert_eq!(std::fs::read_to_string(&path).expect("still there").trim(), key);
    let _ = Rest::new(client, &base, &key).get("/v1/tenants").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_belongs_to_one_process() {
    let client = client();
    let folder = tempfile::tempdir().expect("a folder");
    let mut first = process(&folder, &["standalone"], &[]);
    first.start();
    first.ready(&client).await;
    let mut second = process(&folder, &["standalone"], &[]);

    second.start();
    let ended = second.ended(LIMIT).await;

    assert_ne!(ended.status.code(), Some(0));
    assert!(second.log().contains("data"), "{}", second.log());
    first.ready(&client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_a_signed_delivery() {
    let client = client();
    let folder = tempfile::tempdir().expect("a folder");
    let mut demo = process(&folder, &["standalone", "--demo"], &[]);
    demo.start();

    demo.says("signature   verified", Duration::from_secs(30)).await;

    let log = demo.log();
    assert!(log.contains("status      success (HTTP 2"), "{log}");
    eventually("it says what to try next", LIMIT, || async { demo.log().contains("curl").then_some(()) }).await;
    demo.ready(&client).await;
    assert_eq!(demo.terminate(LIMIT).await.status.code(), Some(0));
    // And once more on the same data.
    demo.start();
    eventually("a second demo", Duration::from_secs(30), || async {
        (demo.log().matches("signature   verified").count() == 2).then_some(())
    })
    .await;
}

fn client() -> fanfare_cluster::HttpClient {
    fanfare_cluster::http_client()
}
