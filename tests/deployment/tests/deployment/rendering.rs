//! Every example renders to what Kubernetes takes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::asking::{ask, ask_all, text, yaml};
use crate::chart::{SERVICES, chart, example, examples, items, rendered};

/// The oldest version that Chart.yaml allows, and the newest whose schemas are known.
const VERSIONS: [&str; 2] = ["1.30", "1.37"];
/// Kinds that operators bring: the tests of `monitoring` look at their fields.
const OF_OPERATORS: [&str; 2] = ["ScaledObject", "ServiceMonitor"];

#[test]
fn every_example_is_valid_in_the_oldest_and_the_newest_version() {
    assert_eq!(yaml("helm/fanfare/Chart.yaml")["kubeVersion"], format!(">={}.0-0", VERSIONS[0]));
    let (mut asked, mut of) = (Vec::new(), Vec::new());
    for name in examples() {
        let manifests = example(&name).manifests;
        for version in VERSIONS {
            asked.push(json!({ "validate": manifests, "version": version }));
            of.push(format!("{name} in {version}"));
        }
    }
    for (answer, of) in ask_all(asked).iter().zip(of) {
        assert_eq!(answer["invalid"], json!([]), "{of}");
        for kind in items(&answer["unknown"]) {
            assert!(OF_OPERATORS.iter().any(|known| kind == known), "{of}: {kind}");
        }
    }
}

#[test]
fn the_chart_is_clean_to_helms_own_eyes() {
    assert_eq!(ask(json!({ "lint": chart(), "values": {} }))["errors"], json!([]));
}

#[test]
fn the_default_is_as_recorded() {
    insta::assert_snapshot!(example("default").text);
}

#[test]
fn the_values_in_the_readme_are_right() {
    let readme = text("helm/fanfare/README.md");
    let values = readme.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("values");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("values.yaml");
    std::fs::write(&file, values).expect("written");
    let answer = ask(json!({ "render": chart(), "file": file, "values": {} }));
    assert_eq!(answer["refused"], Value::Null);
    assert!(answer["text"].as_str().is_some_and(|text| text.contains("registry.example.com/fanfare:")));
}

#[test]
fn no_two_objects_of_a_kind_share_a_name() {
    for name in examples() {
        let mut seen = BTreeSet::new();
        for manifest in &example(&name).manifests {
            let object = format!("{} {}", manifest["kind"], manifest["metadata"]["name"]);
            assert!(seen.insert(object.clone()), "{name} has {object} twice");
        }
    }
}

#[test]
fn every_service_has_all_that_a_service_needs() {
    let all = example("default");
    for service in SERVICES {
        let ending = format!("-{service}");
        let deployment = &all.the("Deployment", &ending)["spec"];
        assert_eq!(deployment["replicas"], 2, "{service}");
        assert_eq!(deployment["strategy"]["rollingUpdate"]["maxUnavailable"], 0, "{service}");
        assert_eq!(all.the("PodDisruptionBudget", &ending)["spec"]["maxUnavailable"], 1, "{service}");
        all.the("NetworkPolicy", &ending);
        let pod = all.pod(service);
        assert_eq!(items(&pod["topologySpreadConstraints"]).len(), 2, "{service}");
        let container = &pod["containers"][0];
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            assert_eq!(container[probe]["httpGet"]["port"], "admin", "{service}");
        }
        assert!(container["resources"]["limits"]["memory"].is_string(), "{service}");
    }
}

#[test]
fn workers_look_up_public_names_first() {
    let all = example("default");
    assert_eq!(all.pod("worker")["dnsConfig"]["options"], json!([{ "name": "ndots", "value": "1" }]));
    assert_eq!(all.pod("router")["dnsConfig"], Value::Null);
}

#[test]
fn every_pod_is_locked_down() {
    for name in examples() {
        let all = example(&name);
        for manifest in ["Deployment", "Job", "StatefulSet"].into_iter().flat_map(|kind| all.all(kind)) {
            let (pod, of) = (&manifest["spec"]["template"]["spec"], &manifest["metadata"]["name"]);
            assert_eq!(pod["automountServiceAccountToken"], false, "{of}");
            assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{of}");
            assert_eq!(pod["securityContext"]["seccompProfile"], json!({ "type": "RuntimeDefault" }), "{of}");
            for container in items(&pod["containers"]) {
                let security = &container["securityContext"];
                assert_eq!(security["readOnlyRootFilesystem"], true, "{of}");
                assert_eq!(security["allowPrivilegeEscalation"], false, "{of}");
                assert_eq!(security["capabilities"], json!({ "drop": ["ALL"] }), "{of}");
            }
        }
    }
}

/// Helm makes hooks before the rest of a release: what a hook's pod names must be one too, or be there already.
#[test]
fn a_migration_that_comes_first_needs_nothing_that_comes_later() {
    let first = |manifest: &Value| manifest["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade";
    for name in examples().into_iter().filter(|name| !["bundled", "everything"].contains(&name.as_str())) {
        let all = example(&name);
        let job = all.the("Job", "-migrate");
        assert!(first(job), "{name}");
        let named = all.manifests.iter().filter(|manifest| !first(manifest));
        let later: Vec<_> = named.filter_map(|manifest| manifest["metadata"]["name"].as_str()).collect();
        let pod = job["spec"]["template"]["spec"].to_string();
        for kind in ["ConfigMap", "Secret", "ServiceAccount"] {
            for manifest in all.all(kind).filter(|manifest| !first(manifest)) {
                let reference = format!("\"name\":{}", manifest["metadata"]["name"]);
                assert!(!pod.contains(&reference), "{name}: the migration needs {reference}, of {later:?}");
            }
        }
    }
    let account =
        |all: &str| example(all).the("Job", "-migrate")["spec"]["template"]["spec"]["serviceAccountName"].clone();
    assert_eq!(account("default"), "fanfare-migrate");
    assert_eq!(account("secrets"), "webhooks", "an account of the user's, since the chart is to make none");
}

#[test]
fn beside_bundled_backends_the_migration_is_no_hook_and_new_in_each_revision() {
    let all = example("bundled");
    let job = all.the("Job", "-migrate-1");
    assert_eq!(job["metadata"]["annotations"], Value::Null);
    for backend in ["nats", "redis", "postgres"] {
        all.the("StatefulSet", &format!("-{backend}"));
    }
    assert!(all.notes.contains("NOT FOR PRODUCTION"));
    assert_eq!(example("default").all("StatefulSet").count(), 0);
}

#[test]
fn the_bundled_servers_have_our_settings() {
    for backend in ["nats", "redis"] {
        assert_eq!(
            text(&format!("helm/fanfare/files/{backend}.conf")),
            text(&format!("deploy/{backend}/{backend}.conf")),
            "copy deploy/{backend}/{backend}.conf to helm/fanfare/files"
        );
    }
}

#[test]
fn a_changed_setting_starts_new_pods() {
    let sums = |values: &Value| {
        let all = rendered("bundled", values).expect("right");
        all.the("Deployment", "-worker")["spec"]["template"]["metadata"]["annotations"].clone()
    };
    let before = sums(&json!({}));
    let configured = sums(&json!({ "config": { "worker": { "in_flight": 100 } } }));
    let other_key = sums(&json!({ "keys": { "operatorKey": "another" } }));
    assert_ne!(before["checksum/config"], configured["checksum/config"]);
    assert_eq!(before["checksum/secret"], configured["checksum/secret"]);
    assert_ne!(before["checksum/secret"], other_key["checksum/secret"]);
}

#[test]
fn what_is_called_has_a_service_that_finds_it() {
    let all = example("tls");
    let grpc = &all.the("Service", "-ingest")["spec"];
    assert_eq!((&grpc["type"], &grpc["ports"][0]["port"]), (&json!("LoadBalancer"), &json!(443)));
    let headless = &all.the("Service", "-ingest-headless")["spec"];
    assert_eq!((&headless["clusterIP"], &headless["ports"][0]["port"]), (&json!("None"), &json!(8081)));
    for (service, port) in [("ingest", "grpc"), ("api", "http")] {
        let selector = &all.the("Service", &format!("-{service}"))["spec"]["selector"];
        let labels = &all.the("Deployment", &format!("-{service}"))["spec"]["template"]["metadata"]["labels"];
        for (name, value) in selector.as_object().expect("labels") {
            assert_eq!(&labels[name], value, "{service}");
        }
        assert_eq!(all.pod(service)["containers"][0]["ports"][0]["name"], port);
    }
    let rule = &all.the("Ingress", "")["spec"]["rules"][0];
    assert_eq!(
        rule["http"]["paths"][0]["backend"]["service"],
        json!({ "name": "fanfare-api", "port": { "name": "http" } })
    );
}
