//! What operators for Prometheus and KEDA are told. Their kinds have no schema here, so their fields are looked at.

use fanfare_nats::{NatsSettings, StreamBytes, migrate};
use fanfare_servers::nats::Nats;
use serde_json::{Value, json};

use crate::chart::{SERVICES, example, items};

#[test]
fn every_pod_is_scraped_on_its_admin_port() {
    let all = example("everything");
    let monitor = all.the("ServiceMonitor", "");
    assert_eq!(monitor["apiVersion"], "monitoring.coreos.com/v1");
    assert_eq!(monitor["metadata"]["labels"]["release"], "prometheus");
    let endpoint = &monitor["spec"]["endpoints"][0];
    assert_eq!(*endpoint, json!({ "port": "admin", "path": "/metrics", "interval": "30s", "honorLabels": true }),);

    let service = all.the("Service", "-metrics");
    for (name, value) in monitor["spec"]["selector"]["matchLabels"].as_object().expect("labels") {
        assert_eq!(&service["metadata"]["labels"][name], value);
    }
    let others = all.all("Service").filter(|other| other["metadata"]["name"] != service["metadata"]["name"]);
    let metrics = others.filter(|other| other["metadata"]["labels"]["app.kubernetes.io/component"] == "metrics");
    assert_eq!(metrics.count(), 0, "no port is scraped twice");
    assert_eq!(service["spec"]["ports"][0]["name"], "admin");
    for of in SERVICES {
        let labels = &all.the("Deployment", &format!("-{of}"))["spec"]["template"]["metadata"]["labels"];
        for (name, value) in service["spec"]["selector"].as_object().expect("labels") {
            assert_eq!(&labels[name], value, "{of}");
        }
    }
}

#[test]
fn cpu_scales_what_is_to_be_scaled() {
    let all = example("autoscaling");
    for service in SERVICES {
        let scaler = &all.the("HorizontalPodAutoscaler", &format!("-{service}"))["spec"];
        assert_eq!(scaler["scaleTargetRef"]["name"], format!("fanfare-{service}"));
        // A number there would undo the scaler's at each upgrade.
        assert_eq!(all.the("Deployment", &format!("-{service}"))["spec"]["replicas"], Value::Null);
    }
    let worker = &all.the("HorizontalPodAutoscaler", "-worker")["spec"];
    assert_eq!((&worker["minReplicas"], &worker["maxReplicas"]), (&json!(2), &json!(50)));
    assert_eq!(worker["metrics"][0]["resource"]["target"]["averageUtilization"], 60);
    assert_eq!(example("default").all("HorizontalPodAutoscaler").count(), 0);
}

#[test]
fn the_queue_scales_what_works_it_off() {
    let all = example("keda");
    let scaled: Vec<_> = all.all("ScaledObject").map(|scaler| scaler["metadata"]["name"].clone()).collect();
    assert_eq!(scaled, ["fanfare-logs", "fanfare-router", "fanfare-worker"]);
    // Two scalers of one Deployment would fight.
    let by_cpu: Vec<_> = all.all("HorizontalPodAutoscaler").map(|scaler| scaler["metadata"]["name"].clone()).collect();
    assert_eq!(by_cpu, ["fanfare-ingest"]);

    let worker = all.the("ScaledObject", "-worker");
    assert_eq!(worker["apiVersion"], "keda.sh/v1alpha1");
    let spec = &worker["spec"];
    assert_eq!(spec["scaleTargetRef"], json!({ "name": "fanfare-worker" }));
    assert_eq!((&spec["minReplicaCount"], &spec["maxReplicaCount"]), (&json!(2), &json!(50)));
    assert_eq!(items(&spec["triggers"]).len(), 3, "one for each lane");
    for trigger in items(&spec["triggers"]) {
        assert_eq!(trigger["type"], "nats-jetstream");
        let said = &trigger["metadata"];
        assert_eq!(said["natsServerMonitoringEndpoint"], "nats.nats.svc:8222");
        // KEDA takes texts alone.
        assert_eq!((&said["lagThreshold"], &said["useHttps"]), (&json!("100"), &json!("true")));
        assert_eq!(said["account"], "FANFARE");
    }
    let bundled = example("everything");
    let endpoint = &bundled.the("ScaledObject", "-router")["spec"]["triggers"][0]["metadata"];
    assert_eq!(endpoint["natsServerMonitoringEndpoint"], "webhooks-nats.webhooks.svc:8222");
}

/// The streams and consumers that `fanfare migrate` makes are called as KEDA is told, and none is left out.
#[tokio::test]
async fn every_consumer_scales_its_service() {
    let server = Nats::start().expect("NATS is installed");
    let settings =
        NatsSettings { url: server.url(), bytes: StreamBytes::each(16 * 1024 * 1024), ..NatsSettings::default() };
    migrate(&settings).await.expect("the streams are made");
    let client = async_nats::connect(server.url()).await.expect("it answers");
    let jetstream = async_nats::jetstream::new(client);

    let all = example("keda");
    let mut told: Vec<(String, String)> = Vec::new();
    for trigger in all.all("ScaledObject").flat_map(|scaler| items(&scaler["spec"]["triggers"])) {
        let text = |name: &str| trigger["metadata"][name].as_str().expect("text").to_owned();
        told.push((text("stream"), text("consumer")));
    }
    told.sort();
    let mut made = Vec::new();
    for stream in ["FANFARE_DELIVERIES", "FANFARE_EVENTS", "FANFARE_JOURNAL"] {
        let found = jetstream.get_stream(stream).await.expect("it is there");
        let mut names = found.consumer_names();
        while let Some(name) = futures::TryStreamExt::try_next(&mut names).await.expect("it answers") {
            made.push((stream.to_owned(), name));
        }
    }
    made.sort();
    assert_eq!(told, made);
}
