//! The compose file names what there is.

use std::path::Path;
use std::process::Command;

use fanfare_cluster::fanfare;
use fanfare_servers::binary;
use serde_json::{Map, Value, json};

use crate::asking::{repository, yaml};
use crate::chart::{SERVICES, items, texts};

fn services() -> Map<String, Value> {
    let Value::Object(services) = yaml("deploy/compose.yaml")["services"].take() else { panic!("services") };
    services
}

#[test]
fn the_whole_system_is_in_it() {
    let all = services();
    let further = ["nats", "redis", "postgres", "migrate", "collector", "traces", "prometheus", "grafana"];
    for name in SERVICES.into_iter().chain(further) {
        assert!(all.contains_key(name), "{name}");
    }
    assert_eq!(all.len(), SERVICES.len() + further.len());
}

#[test]
fn every_command_of_ours_is_a_subcommand() {
    for name in SERVICES.into_iter().chain(["migrate"]) {
        let service = &services()[name];
        assert_eq!(texts(&service["command"]), [name]);
        let help = Command::new(fanfare()).args([name, "--help"]).output().expect("the binary runs");
        assert!(help.status.success(), "fanfare {name}: {}", String::from_utf8_lossy(&help.stderr));
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["build"], json!({ "context": "..", "dockerfile": "deploy/Dockerfile" }));
    }
    assert!(repository().join("deploy/Dockerfile").is_file());
}

#[test]
fn every_file_and_service_that_it_names_exists() {
    let compose = yaml("deploy/compose.yaml");
    let volumes = compose["volumes"].as_object().expect("volumes");
    let all = services();
    for (name, service) in &all {
        for mount in texts(&service["volumes"]) {
            let source = mount.split(':').next().expect("a source");
            match source.strip_prefix("./") {
                Some(path) => {
                    assert!(repository().join("deploy").join(path).exists(), "{name} mounts {source}");
                    assert!(mount.ends_with(":ro"), "{name} must not write to {source}");
                }
                None => assert!(volumes.contains_key(source), "{name} mounts the volume {source}"),
            }
        }
        for (needed, condition) in service["depends_on"].as_object().into_iter().flatten() {
            let needed_service = all.get(needed).unwrap_or_else(|| panic!("{name} depends on {needed}"));
            let has_check = needed_service["healthcheck"].is_object();
            let expected = if has_check { "service_healthy" } else { "service_completed_successfully" };
            assert_eq!(condition["condition"], expected, "{name} depends on {needed}");
        }
    }
}

#[test]
fn services_start_after_the_migration_and_it_after_the_backends() {
    let all = services();
    for name in SERVICES {
        assert_eq!(all[name]["depends_on"], json!({ "migrate": { "condition": "service_completed_successfully" } }));
    }
    let backends = all["migrate"]["depends_on"].as_object().expect("backends");
    assert_eq!(backends.keys().collect::<Vec<_>>(), ["nats", "postgres", "redis"]);
}

#[test]
fn what_is_open_is_open_to_this_machine_alone() {
    for (name, service) in services() {
        for port in texts(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name} is open to everyone: {port}");
        }
    }
}

#[test]
fn no_key_is_in_the_file() {
    let environment = &services()["api"]["environment"];
    for name in ["FANFARE_OPERATOR_KEY", "FANFARE_SECRETS_KEY"] {
        let value = environment[name].as_str().expect("set");
        assert!(value.starts_with(&format!("${{{name}:?")), "{name} must be given: {value}");
    }
}

/// NATS reads the settings and flags that the compose file and the bundled server give it.
#[test]
fn nats_takes_its_command() {
    let all = services();
    let command = texts(&all["nats"]["command"]);
    let bundled = crate::chart::example("bundled");
    let server = &bundled.the("StatefulSet", "-nats")["spec"]["template"]["spec"]["containers"][0];
    for (command, settings) in [(command, "/etc/nats/fanfare.conf"), (texts(&server["args"]), "/etc/fanfare/nats.conf")]
    {
        assert_eq!(command.first(), Some(&"nats-server"));
        assert!(command.contains(&settings), "{command:?}");
        let data = tempfile::tempdir().expect("a folder");
        let real = repository().join("deploy/nats/nats.conf").display().to_string();
        let mapped = command.iter().skip(1).map(|argument| match *argument {
            argument if argument == settings => real.as_str(),
            "/data" => data.path().to_str().expect("text"),
            other => other,
        });
        let program = binary("NATS_SERVER", "nats-server").expect("NATS is installed");
        let checked = Command::new(program).args(mapped).arg("-t").output().expect("it runs");
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    }
}

#[test]
fn the_collector_passes_on_what_it_is_given() {
    let collector = yaml("deploy/compose/collector.yaml");
    for (signal, pipeline) in collector["service"]["pipelines"].as_object().expect("pipelines") {
        for kind in ["receivers", "processors", "exporters"] {
            for name in texts(&pipeline[kind]) {
                assert!(collector[kind].get(name).is_some(), "{signal} uses the {kind} {name}");
            }
        }
    }
    let all = services();
    let mounted = texts(&all["collector"]["volumes"])[0].split(':').nth(1).expect("a place");
    assert_eq!(texts(&all["collector"]["command"]), [format!("--config={mounted}")]);
    let endpoint = all["api"]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"].as_str().expect("set");
    let listening = collector["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"].as_str().expect("set");
    assert_eq!(endpoint.strip_prefix("http://collector"), listening.strip_prefix("0.0.0.0"));
    let onward = collector["exporters"]["otlp/traces"]["endpoint"].as_str().expect("set");
    assert!(all.contains_key(onward.split(':').next().expect("a host")), "{onward}");
}

#[test]
fn grafana_and_prometheus_find_what_they_show() {
    let all = services();
    let scraped = yaml("deploy/compose/prometheus.yaml");
    let mut names = texts(&scraped["scrape_configs"][0]["dns_sd_configs"][0]["names"]);
    names.sort_unstable();
    assert_eq!(names, SERVICES);
    let sources = yaml("deploy/compose/grafana-datasources.yaml");
    for source in items(&sources["datasources"]) {
        let url = source["url"].as_str().expect("a URL").strip_prefix("http://").expect("plain");
        assert!(all.contains_key(url.split(':').next().expect("a host")), "{url}");
    }
    let dashboards = yaml("deploy/compose/grafana-dashboards.yaml");
    let folder = dashboards["providers"][0]["options"]["path"].as_str().expect("a path");
    let mounts = texts(&all["grafana"]["volumes"]);
    assert!(mounts.contains(&format!("./grafana:{folder}:ro").as_str()), "{mounts:?}");
    assert!(Path::new(&repository()).join("deploy/grafana").is_dir());
}
