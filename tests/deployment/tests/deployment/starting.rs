//! The binary starts with what the chart and the compose file give it: command, environment, files, ports.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use fanfare_cluster::{HttpClient, Process, eventually, fanfare, http_client};
use fanfare_servers::free_port;
use serde_json::{Value, json};

use crate::asking::{text, yaml};
use crate::chart::{Rendered, SERVICES, example, items, texts};

const LIMIT: Duration = Duration::from_secs(30);
/// A port on which nobody answers, and which nobody may take without being root.
const NOBODY: &str = "127.0.0.1:1";

/// What a container is started with: its environment as Kubernetes resolves it, but for what lies outside the chart.
fn environment(all: &Rendered, container: &Value) -> BTreeMap<String, String> {
    let outside = |name: &str| match name {
        "FANFARE_NATS_URL" => format!("nats://{NOBODY}"),
        "FANFARE_REDIS_URL" => format!("redis://{NOBODY}"),
        "FANFARE_POSTGRES_URL" => format!("postgres://{NOBODY}/fanfare"),
        "FANFARE_SECRETS_KEY" => "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned(),
        "FANFARE_OPERATOR_KEY" => "an operator's key".to_owned(),
        other => panic!("{other} comes from a Secret"),
    };
    let entries = items(&container["env"]).iter().map(|entry| {
        let name = entry["name"].as_str().expect("named");
        let secret = &entry["valueFrom"]["secretKeyRef"];
        if secret.is_object() && !name.ends_with("_URL") {
            let made = all.get("Secret", "").map(|made| &made["stringData"][secret["key"].as_str().expect("a key")]);
            let made = made.and_then(Value::as_str).map(ToOwned::to_owned);
            return (name.to_owned(), made.unwrap_or_else(|| outside(name)));
        }
        (name.to_owned(), entry["value"].as_str().map_or_else(|| outside(name), ToOwned::to_owned))
    });
    entries.collect()
}

/// Puts the file where this process can read it, and its addresses where nobody else is.
fn configured(all: &Rendered, environment: &mut BTreeMap<String, String>, folder: &Path) {
    assert_eq!(environment["FANFARE_CONFIG"], "/etc/fanfare/fanfare.toml");
    let path = folder.join("fanfare.toml");
    std::fs::write(&path, all.configuration()).expect("written");
    environment.insert("FANFARE_CONFIG".to_owned(), path.display().to_string());
    for name in ["FANFARE_HTTP_ADDR", "FANFARE_GRPC_ADDR", "FANFARE_ADMIN_ADDR"] {
        environment.insert(name.to_owned(), format!("127.0.0.1:{}", free_port()));
    }
}

async fn asked(http: &HttpClient, process: &Process, path: &str) -> Option<(u16, String)> {
    let url = format!("http://{}{path}", process.setting("FANFARE_ADMIN_ADDR"));
    let answer = http.get(url).send().await.ok()?;
    Some((answer.status().as_u16(), answer.text().await.ok()?))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_service_is_alive_at_once_and_waits_for_its_backends() {
    let http = http_client();
    for name in ["default", "bundled"] {
        let all = example(name);
        for service in SERVICES {
            let container = &all.pod(service)["containers"][0];
            let folder = tempfile::tempdir().expect("a folder");
            let mut environment = environment(&all, container);
            configured(&all, &mut environment, folder.path());
            let log = folder.path().join("log");
            let mut process = Process::new(service, &texts(&container["args"]), environment, &log);
            process.start();
            let probe = |name: &str| container[name]["httpGet"]["path"].as_str().expect("a path").to_owned();
            eventually(&format!("{service} is alive"), LIMIT, || async {
                assert!(!process.log().contains("configuration"), "{}", process.log());
                asked(&http, &process, &probe("livenessProbe")).await.filter(|(status, _)| *status == 200)
            })
            .await;
            let (status, waits_for) = asked(&http, &process, &probe("readinessProbe")).await.expect("an answer");
            assert_eq!(status, 503, "{service}: {waits_for}");
            assert!(waits_for.contains("nats") || waits_for.contains("starting"), "{service}: {waits_for}");
            process.kill().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_migration_fails_for_want_of_a_backend_and_nothing_else() {
    let all = example("default");
    let container = &all.the("Job", "-migrate")["spec"]["template"]["spec"]["containers"][0];
    let folder = tempfile::tempdir().expect("a folder");
    let mut environment = environment(&all, container);
    configured(&all, &mut environment, folder.path());
    let mut process = Process::new("migrate", &texts(&container["args"]), environment, &folder.path().join("log"));
    process.start();
    let ended = process.ended(LIMIT).await;
    assert!(!ended.status.success() && process.log().contains("cannot prepare Postgres"), "{}", process.log());
    // Exit code 2 says that the settings are wrong, and to try again is of no use.
    assert_ne!(ended.status.code(), Some(2));
}

#[test]
fn ports_agree_everywhere() {
    let numbers = [("http", 8080), ("grpc", 8081), ("admin", 8082)];
    for name in ["default", "everything"] {
        let all = example(name);
        let file: toml::Table = toml::from_str(all.configuration()).expect("TOML");
        for (port, number) in numbers {
            let address = file[&format!("{port}_addr")].as_str().expect("set");
            assert!(address.ends_with(&format!(":{number}")), "{address}");
        }
        for service in SERVICES {
            for port in items(&all.pod(service)["containers"][0]["ports"]) {
                let known = numbers.iter().find(|(name, _)| port["name"] == *name).expect("one of three");
                assert_eq!(port["containerPort"], known.1, "{service}");
            }
        }
    }
    assert!(text("deploy/Dockerfile").contains("EXPOSE 8080 8081 8082\n"));
    let compose = yaml("deploy/compose.yaml");
    for (service, variable, port) in [("api", "FANFARE_HTTP_ADDR", 8080), ("ingest", "FANFARE_GRPC_ADDR", 8081)] {
        let service = &compose["services"][service];
        assert_eq!(service["environment"][variable], format!("0.0.0.0:{port}"));
        assert_eq!(service["ports"], json!([format!("127.0.0.1:{port}:{port}")]));
    }
    let scraped = yaml("deploy/compose/prometheus.yaml");
    assert_eq!(scraped["scrape_configs"][0]["dns_sd_configs"][0]["port"], 8082);
}

/// A misspelt variable would be passed over without a word.
#[test]
fn the_binary_knows_every_variable_that_it_is_given() {
    let binary = std::fs::read(fanfare()).expect("the binary is built");
    let mut names: Vec<String> = Vec::new();
    let compose = yaml("deploy/compose.yaml");
    names.extend(compose["services"]["api"]["environment"].as_object().expect("set").keys().cloned());
    for name in ["everything", "tls"] {
        let all = example(name);
        let containers = SERVICES.into_iter().map(|service| all.pod(service)["containers"][0].clone());
        for container in containers {
            let given = items(&container["env"]).iter().map(|entry| entry["name"].as_str().expect("named").to_owned());
            names.extend(given);
        }
    }
    names.sort();
    names.dedup();
    // The standard ones are read by OpenTelemetry's own library.
    for name in names.iter().filter(|name| name.starts_with("FANFARE_")) {
        let known = binary.windows(name.len()).any(|window| window == name.as_bytes());
        assert!(known, "the binary does not know {name}");
    }
    assert!(names.iter().any(|name| name == "FANFARE_TLS_CLIENT_CA"), "{names:?}");
}
