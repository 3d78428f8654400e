//! A pod is given the time that its process takes to go down.

use serde_json::{Value, json};

use crate::asking::yaml;
use crate::chart::{SERVICES, rendered_each};

/// What ends after the work does, at most (`Supervisor::supervise`).
const BACKGROUND: u64 = 5;

#[test]
fn grace_hook_and_drains_follow_from_two_values() {
    let cases = [(5, 30), (0, 10), (20, 60), (90, 3600)];
    let values = cases.map(|(deregister, drain)| json!({ "shutdown": { "deregister": deregister, "drain": drain } }));
    for ((deregister, drain), all) in cases.into_iter().zip(rendered_each("default", &values)) {
        let all = all.expect("right");
        let file: toml::Table = toml::from_str(all.configuration()).expect("TOML");
        assert_eq!(file["shutdown"]["drain"].as_str(), Some(format!("{drain}s").as_str()));
        let calls = file["ingest"]["drain"].as_str().expect("set");
        assert_eq!(calls, format!("{}s", drain - 5), "calls end before the process does");
        for service in SERVICES {
            let pod = all.pod(service);
            let grace = pod["terminationGracePeriodSeconds"].as_u64().expect("set");
            assert!(grace > deregister + drain + BACKGROUND, "{service} is killed after {grace} s");
            assert!(grace <= deregister + drain + BACKGROUND + 5, "{service} may hang for {grace} s");
            let hook = &pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"];
            let is_called = ["api", "ingest"].contains(&service);
            let expected = if is_called && deregister > 0 { json!(deregister) } else { Value::Null };
            assert_eq!(*hook, expected, "{service}");
        }
    }
}

#[test]
fn compose_waits_as_long_as_a_process_may_take() {
    let compose = yaml("deploy/compose.yaml");
    for service in SERVICES {
        assert_eq!(compose["services"][service]["stop_grace_period"], "40s", "{service}");
    }
    // The default of the file: 30 s, a quarter of a second before and five seconds after.
    let file: toml::Table = toml::from_str(&crate::asking::text("deploy/fanfare.toml")).expect("TOML");
    assert_eq!(file["shutdown"]["drain"].as_str(), Some("30s"));
}
