//! Quotas of publishers, and the pace of webhooks.

use std::time::Duration;

use fanfare_cluster::{Cluster, Family, Receiver, Service, eventually, numbered};
use serde_json::json;
use tonic::Code;

async fn a_tenant_over_its_quota_is_told_when_to_come_again(family: Family) {
    let cluster = Cluster::start(family).await;
    let tenant = cluster.tenant("acme").await;
    let quota = json!({"quota": {"events_per_second": 5}});
    assert!(cluster.rest.put("/v1/tenants/acme", quota).await.status.is_success());
    cluster.in_force().await;

    let answers =
        tenant.publisher.batch(numbered("acme", "order.paid", "event", 100)).await.expect("a batch is answered");
    let refused: Vec<_> = answers.iter().filter_map(|answer| answer.error.as_ref()).collect();
    assert!(refused.len() >= 85, "{} of 100 were refused", refused.len());
    assert!(refused.iter().all(|error| error.code == Code::ResourceExhausted as i32), "{refused:?}");

    let one = tenant.publisher.publish(numbered("acme", "order.paid", "more", 1).remove(0)).await;
    let status = one.expect_err("the quota is used up");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(String::from_utf8_lossy(status.details()).contains("google.rpc.RetryInfo"), "{status:?}");
    // Over HTTP another process may count for itself.
    let reply = eventually("too many over HTTP", Duration::from_secs(10), || async {
        let reply = tenant.rest.post("/v1/events", json!({"type": "order.paid", "data": 1})).await;
        (reply.status != 202).then_some(reply)
    })
    .await;
    let after = reply.headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    assert!(after.is_some_and(|seconds| (1..=30).contains(&seconds)), "{:?}", reply.headers);
    let _ = reply.problem(429);
}

/// However many workers there are.
async fn a_webhooks_rate_limit_holds(family: Family) {
    const EVENTS: usize = 60;
    const PER_SECOND: usize = 20;
    let cluster = Cluster::of(family).instances(Service::Worker, 2).start().await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let limit = json!({"per_second": PER_SECOND, "burst": 1});
    tenant.webhook_of(json!({"url": receiver.url(), "events": ["*"], "rate_limit": limit})).await;
    cluster.in_force().await;

    tenant.publisher.all(numbered("acme", "order.paid", "event", EVENTS)).await;

    receiver.until("all of them", Duration::from_secs(20), |log| log.deliveries() >= EVENTS).await;
    let log = receiver.log();
    assert_eq!(log.repeats(), 0);
    let times: Vec<Duration> = log.arrivals().iter().map(|arrival| arrival.at).collect();
    let took = times[EVENTS - 1] - times[0];
    assert!(took >= Duration::from_millis(2_500), "{EVENTS} took {took:?}");
    // In no second more than that many, give or take what was on its way.
    for window in times.windows(PER_SECOND + 5) {
        let span = window[PER_SECOND + 4] - window[0];
        assert!(span >= Duration::from_millis(950), "{} came within {span:?}", PER_SECOND + 5);
    }
}

scenarios! {
    a_tenant_over_its_quota_is_told_when_to_come_again,
    a_webhooks_rate_limit_holds,
}
