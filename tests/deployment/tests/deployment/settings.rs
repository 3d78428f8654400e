//! The chart's `config` is the binary's own configuration, no more and no less.

use std::path::PathBuf;
use std::process::{Command, Output};

use fanfare_cluster::fanfare;
use serde_json::{Map, Value, json};

use crate::asking::{text, yaml};
use crate::chart::{Rendered, example, examples, rendered};

/// What the chart sets by itself, or what only `standalone` reads.
const NOT_CONFIG: [&str; 6] = ["http_addr", "grpc_addr", "admin_addr", "data_dir", "shutdown", "embedded"];

/// What `deploy/fanfare.toml` says and `config` may say.
fn documented() -> Map<String, Value> {
    let mut file: toml::Table = toml::from_str(&text("deploy/fanfare.toml")).expect("TOML");
    file.retain(|name, _| !NOT_CONFIG.contains(&name));
    file["ingest"].as_table_mut().expect("a section").remove("drain");
    let Value::Object(file) = serde_json::to_value(file).expect("JSON") else { panic!("a table") };
    file
}

/// The binary reads a configuration file before it lists profiles.
fn read_by_binary(configuration: &str) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let path: PathBuf = folder.path().join("fanfare.toml");
    std::fs::write(&path, configuration).expect("written");
    let mut command = Command::new(fanfare());
    command.args(["profiles", "list", "--config"]).arg(&path).output().expect("the binary runs")
}

fn accepted(all: &Rendered) -> String {
    let output = read_by_binary(all.configuration());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}\n{}", all.configuration());
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn every_documented_setting_may_be_set_and_arrives_as_it_is() {
    let mut config = documented();
    config.insert("egress_proxy".to_owned(), json!("http://proxy:3128"));
    let all = rendered("default", &json!({ "config": config })).unwrap_or_else(|refused| panic!("{refused}"));
    accepted(&all);

    let file: toml::Table = toml::from_str(all.configuration()).expect("TOML");
    let Value::Object(mut arrived) = serde_json::to_value(file).expect("JSON") else { panic!("a table") };
    arrived.retain(|name, _| !NOT_CONFIG.contains(&name.as_str()));
    arrived["ingest"].as_object_mut().expect("a section").remove("drain");
    assert_eq!(arrived, config);
}

/// A key of the schema that the binary would refuse could be set, and no pod would start.
#[test]
fn the_schema_allows_only_what_is_documented() {
    let schema: Value = serde_json::from_str(&text("helm/fanfare/values.schema.json")).expect("JSON");
    let documented = documented();
    // Written as a comment in the documented file, and a test here sets them.
    let further = ["egress_proxy", "profiles", "api.public_url", "dashboard.logo", "dashboard.accent"];
    let config = schema["properties"]["config"]["properties"].as_object().expect("properties");
    for (section, part) in config.iter().filter(|(section, _)| !further.contains(&section.as_str())) {
        let known = documented.get(section).unwrap_or_else(|| panic!("{section} is not documented"));
        for name in part["properties"].as_object().into_iter().flatten().map(|(name, _)| name) {
            let whole = format!("{section}.{name}");
            assert!(known.get(name).is_some() || further.contains(&whole.as_str()), "{whole} is not documented");
        }
    }
}

#[test]
fn the_binary_takes_every_examples_file() {
    for name in examples() {
        let known = accepted(&example(&name));
        assert_eq!(known.contains("mine"), name == "everything", "{name}: {known}");
    }
}

/// Such as a byte limit, which Helm takes for a floating-point number.
#[test]
fn numbers_and_texts_arrive_unchanged() {
    let config = json!({
        "nats": { "bytes": { "events": 4_294_967_296_u64, "journal": 1_099_511_627_776_u64 } },
        "log": { "level": "info,\"quoted\\\"=<debug> & more" },
    });
    let all = rendered("default", &json!({ "config": config })).expect("right");
    let file: toml::Table = toml::from_str(all.configuration()).expect("TOML");
    assert_eq!(file["nats"]["bytes"]["events"].as_integer(), Some(4_294_967_296));
    assert_eq!(file["nats"]["bytes"]["journal"].as_integer(), Some(1_099_511_627_776));
    assert_eq!(file["log"]["level"].as_str(), config["log"]["level"].as_str());
}

#[test]
fn the_charts_version_is_the_binarys() {
    let output = Command::new(fanfare()).arg("--version").output().expect("the binary runs");
    let version = String::from_utf8_lossy(&output.stdout).trim().replace("fanfare ", "");
    assert_eq!(yaml("helm/fanfare/Chart.yaml")["appVersion"], version);
    let compose = yaml("deploy/compose.yaml");
    assert_eq!(compose["services"]["api"]["image"], format!("fanfare:{version}"));
    assert!(text("deploy/Dockerfile").contains(&format!("ARG VERSION={version}\n")));
}
