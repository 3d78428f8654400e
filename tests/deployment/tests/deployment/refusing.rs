//! Values that make no sense are refused, and the message says which and why.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::asking::{text, yaml};
use crate::chart::{rendered, rendered_each};

#[test]
fn what_is_not_of_its_kind_is_refused_and_named() {
    all_are_refused(&[
        (json!({ "services": { "worker": { "replicas": 0 } } }), "'/services/worker/replicas': minimum"),
        (json!({ "services": { "worker": { "replicas": "two" } } }), "'/services/worker/replicas': got string"),
        (json!({ "services": { "wroker": {} } }), "'/services': additional properties 'wroker' not allowed"),
        (json!({ "services": { "logs": null } }), "'/services': missing property 'logs'"),
        (json!({ "services": { "api": { "maxUnavailable": 0 } } }), "/services/api/maxUnavailable"),
        (json!({ "services": { "api": { "autoscaling": { "metric": "lag" } } } }), "'metric' not allowed"),
        (json!({ "services": { "ingest": { "service": { "port": 70_000 } } } }), "/services/ingest/service/port"),
        (json!({ "config": { "worker": { "in_flght": 3 } } }), "'/config/worker': additional properties 'in_flght'"),
        (json!({ "config": { "retention": { "events": "soon" } } }), "'/config/retention/events': 'soon' does not"),
        (json!({ "config": { "nats": { "replicas": 2 } } }), "'/config/nats/replicas': value must be one of 1, 3, 5"),
        (json!({ "config": { "shutdown": { "drain": "5s" } } }), "'/config': additional properties 'shutdown'"),
        (json!({ "config": { "allow_private_targets": ["10.0.0.0"] } }), "'/config/allow_private_targets/0'"),
        (json!({ "shutdown": { "drain": 3 } }), "'/shutdown/drain': minimum: got 3, want 10"),
        (json!({ "shutdown": { "drain": "30s" } }), "'/shutdown/drain': got string, want integer"),
        (json!({ "listen": "127.0.0.1" }), "'/listen': value must be one of"),
        (json!({ "image": { "pullPolicy": "Sometimes" } }), "'/image/pullPolicy': value must be one of"),
        (json!({ "keys": { "existingSecret": "Not A Name" } }), "'/keys/existingSecret'"),
        (json!({ "telemetry": { "otlpEndpoint": "collector:4317" } }), "'/telemetry/otlpEndpoint'"),
        (json!({ "networkPolicy": { "clusterRanges": [] } }), "'/networkPolicy/clusterRanges': minItems"),
        (json!({ "worker": {} }), "additional properties 'worker' not allowed"),
    ]);
}

#[test]
fn what_does_not_go_together_is_refused_and_says_what_to_set() {
    all_are_refused(&[
        (json!({ "nats": { "url": "" } }), "where is nats? Set nats.url, or nats.urlSecret.name"),
        (json!({ "redis": { "urlSecret": { "name": "r" } } }), "redis.url and redis.urlSecret.name are both set"),
        (json!({ "postgres": { "url": "mysql://db/fanfare" } }), "postgres.url does not begin with postgres://"),
        (json!({ "bundled": { "enabled": true } }), "bundled.enabled too: either connect to yours"),
        (json!({ "keys": { "existingSecret": "" } }), "keys are missing: set keys.existingSecret"),
        (json!({ "keys": { "operatorKey": "k" } }), "keys.existingSecret is set, and keys.operatorKey"),
        (
            json!({ "keys": { "existingSecret": "", "operatorKey": "k", "secretsKey": "too-short" } }),
            "keys.secretsKey is not 32 bytes in base64",
        ),
        (
            json!({ "services": { "api": { "autoscaling": { "enabled": true, "minReplicas": 20 } } } }),
            "services.api.autoscaling: minReplicas is above maxReplicas",
        ),
        (
            json!({ "services": { "worker": { "autoscaling": { "enabled": true, "metric": "lag" } } } }),
            "set keda.natsMonitoring to host:port",
        ),
        (
            json!({ "services": { "api": { "autoscaling": { "enabled": true }, "resources": { "requests": null } } } }),
            "set services.api.resources.requests.cpu",
        ),
        (json!({ "ingress": { "enabled": true } }), "set ingress.host"),
        (json!({ "tls": { "clientCertificates": true } }), "set tls.existingSecret"),
        (json!({ "serviceAccount": { "create": false } }), "set serviceAccount.name"),
    ]);
}

/// Each of these values, on top of the default's, is refused with a message that has this in it.
fn all_are_refused(cases: &[(Value, &str)]) {
    let values: Vec<_> = cases.iter().map(|(values, _)| values.clone()).collect();
    for ((values, said), outcome) in cases.iter().zip(rendered_each("default", &values)) {
        match outcome {
            Ok(_) => panic!("accepted: {values}"),
            Err(refused) => assert!(refused.contains(said), "{values}: {refused}"),
        }
    }
}

#[test]
fn a_refusal_does_not_show_a_secret() {
    for values in [
        json!({ "postgres": { "url": "mysql://user:hunter2@db/fanfare" } }),
        json!({ "keys": { "existingSecret": "", "operatorKey": "k", "secretsKey": "hunter2" } }),
    ] {
        let refused = rendered("default", &values).err().expect("refused");
        assert!(!refused.contains("hunter2"), "{refused}");
    }
}

#[test]
fn the_schema_knows_the_values_and_no_others() {
    let schema: Value = serde_json::from_str(&text("helm/fanfare/values.schema.json")).expect("JSON");
    let mut known = BTreeSet::new();
    properties(&schema, &schema, "", &mut known);
    let mut given = BTreeSet::new();
    leaves(&yaml("helm/fanfare/values.yaml"), "", &mut given);
    // Helm sets `global` in a chart that is part of another; `config` has a test of its own.
    known.retain(|path| path != ".global" && !path.starts_with(".config."));
    given.remove(".config");
    assert_eq!(known, given);
}

/// The paths of what the schema allows and does not look into further.
fn properties(schema: &Value, part: &Value, path: &str, into: &mut BTreeSet<String>) {
    let part = match part["$ref"].as_str() {
        Some(reference) => schema.pointer(reference.trim_start_matches('#')).expect("it is defined"),
        None => part,
    };
    let Some(below) = part["properties"].as_object().filter(|_| part["additionalProperties"] == false) else {
        into.insert(path.to_owned());
        return;
    };
    for (name, part) in below {
        properties(schema, part, &format!("{path}.{name}"), into);
    }
}

/// The same of the values, whose free maps are resources.
fn leaves(values: &Value, path: &str, into: &mut BTreeSet<String>) {
    match values.as_object().filter(|values| !values.is_empty() && !path.ends_with(".resources")) {
        Some(values) => values.iter().for_each(|(name, value)| leaves(value, &format!("{path}.{name}"), into)),
        None => drop(into.insert(path.to_owned())),
    }
}
