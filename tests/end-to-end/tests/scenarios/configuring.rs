//! Configuration that is missing or wrong: one clear message, exit code 2. And what `standalone` does by itself.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use fanfare_cluster::{Process, Rest, eventually};
use fanfare_servers::free_port;
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
