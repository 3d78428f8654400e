//! Processes and servers that are killed, emptied, put back or full: nothing that was accepted is lost.

mod journal;
mod killing;
mod nats;
mod neighbours;
mod postgres;
mod redis;
mod rolling;
mod several;

use std::collections::HashSet;
use std::time::Duration;

use fanfare_cluster::{Receiver, Sent, Tenant, eventually};

/// Waits until everything accepted has arrived, and checks that nothing else has, and at most `repeats` things twice.
async fn all_arrive(receiver: &Receiver, sent: &Sent, repeats: usize, limit: Duration) {
    assert!(sent.refused.is_empty(), "{:?}", sent.refused.first());
    let expected = sent.accepted.len();
    receiver.until(&format!("{expected} deliveries"), limit, |log| log.deliveries() >= expected).await;
    let log = receiver.log();
    let arrived: HashSet<&str> = log.arrivals().iter().map(fanfare_cluster::Arrival::event).collect();
    assert!(arrived.iter().all(|event| sent.accepted.contains(*event)), "something arrived that was not accepted");
    eprintln!("{log}: {} repeated", log.repeats());
    assert!(log.repeats() <= repeats, "{} of {expected} were repeated", log.repeats());
}

/// Waits until REST shows each accepted event, and a delivery for it in `success`.
async fn all_are_accounted_for(tenant: &Tenant, webhook: &str, sent: &Sent) {
    let path = format!("/v1/webhooks/{webhook}/deliveries?status=success");
    let ids_of = |rows: Vec<serde_json::Value>, field: &str| -> HashSet<String> {
        rows.iter().filter_map(|row| row[field].as_str().map(ToOwned::to_owned)).collect()
    };
    eventually("REST accounts for every delivery", Duration::from_secs(60), || async {
        let delivered = ids_of(tenant.rest.all(&path).await, "event_id");
        (delivered == sent.accepted).then_some(())
    })
    .await;
    let events = ids_of(tenant.rest.all("/v1/events").await, "id");
    assert!(events == sent.accepted, "{} events are on record, {} were accepted", events.len(), sent.accepted.len());
}
