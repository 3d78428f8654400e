//! SIGTERM: readiness off first, what is in flight finishes, exit code 0.

use std::time::Duration;

use fanfare_cluster::{Answer, Cluster, Family, Receiver, Service, eventually, since_start};
use serde_json::json;

const SLOW: Duration = Duration::from_secs(2);
const LIMIT: Duration = Duration::from_secs(35);

async fn what_is_in_flight_finishes(family: Family) {
    let mut cluster = Cluster::start(family).await;
    let receiver = Receiver::answering([Answer::status(200).after(SLOW)]).await;
    let tenant = cluster.tenant("acme").await;
    tenant.webhook(&receiver, &["*"]).await;
    cluster.in_force().await;
    let event = tenant.publish("order.paid", &json!({})).await;
    receiver.arrival().await;

    let ended = cluster.process(Service::Worker).terminate(LIMIT).await;

    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.took < SLOW + Duration::from_secs(3), "{ended:?}");
    assert_eq!(receiver.log().succeeded(), 1, "the attempt was not cut off");
    cluster.start_again(Service::Worker).await;
    tenant.delivery_in(&event, "success").await;
    assert_eq!(receiver.log().arrivals().len(), 1, "nothing was repeated");
}

async fn every_process_ends_well_and_goes_on_where_it_was(family: Family) {
    let mut cluster = Cluster::start(family).await;
    let receiver = Receiver::answering([503, 200]).await;
    let tenant = cluster.tenant("acme").await;
    tenant.webhook_retried(&receiver, &["0s", "6s"]).await;
    cluster.in_force().await;
    let event = tenant.publish("order.paid", &json!({})).await;
    receiver.answered(1).await;
    let due = since_start() + Duration::from_secs(6);

    for (name, ended) in cluster.terminate(LIMIT).await {
        assert_eq!(ended.status.code(), Some(0), "{name}");
        assert!(ended.took < Duration::from_secs(5), "{name} idled for {:?}", ended.took);
    }
    for service in cluster.family().services() {
        cluster.launch(*service);
    }
    cluster.ready().await;

    let second = receiver.arrivals(2).await.swap_remove(1);
    assert!(second.at + Duration::from_millis(50) >= due, "it came at {:?} and was due at {due:?}", second.at);
    let delivery = tenant.delivery_in(&event, "success").await;
    assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(2));
}

async fn readiness_goes_before_work_does(family: Family) {
    let mut cluster = Cluster::of(family).file("[shutdown]\ndelay = \"2s\"").start().await;
    let tenant = cluster.tenant("acme").await;
    cluster.in_force().await;
    let process = cluster.process(Service::Ingest);
    let url = format!("http://{}/readyz", process.setting("FANFARE_ADMIN_ADDR"));
    process.signal("-TERM").await;

    let readiness = fanfare_cluster::Rest::new(cluster.client(), "", "");
    let waits_for = eventually("it is not ready", Duration::from_secs(2), || async {
        let reply = readiness.get(&url).await;
        (reply.status == 503).then_some(reply.body)
    })
    .await;

    assert_eq!(waits_for["waits_for"], json!(["stopping"]));
    tenant.publish("order.paid", &json!({})).await;
    assert_eq!(cluster.process(Service::Ingest).ended(LIMIT).await.status.code(), Some(0));
}

scenarios! {
    what_is_in_flight_finishes,
    every_process_ends_well_and_goes_on_where_it_was,
    readiness_goes_before_work_does,
}
