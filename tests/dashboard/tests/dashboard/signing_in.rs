//! Who may come in, and how one leaves.

use fanfare_cluster::{Cluster, Family, Service};
use serde_json::json;

use crate::journey::Journey;

async fn by_key(family: Family) {
    let cluster = Cluster::start(family).await;
    let tenant = cluster.tenant("acme").await;
    let made = cluster.rest.post("/v1/api-keys", json!({"tenant": tenant.id, "name": "of acme"})).await.expect(201);
    let text = |field: &str| made[field].as_str().expect("a text").to_owned();
    cluster.in_force().await;

    let journey = Journey::through(&cluster, "sign-in").with("TENANT", &tenant.id);
    journey.with("TENANT_KEY", &text("key")).with("TENANT_KEY_ID", &text("id")).travel().await;
}

on_both_families!(by_key);

#[tokio::test(flavor = "multi_thread")]
async fn by_the_link_that_standalone_prints() {
    let mut cluster = Cluster::start(Family::Embedded).await;
    let log = cluster.process(Service::Standalone).log();
    let link = log.split(|c: char| c.is_whitespace() || c == '"').find(|word| word.contains("/sign-in#link="));

    let link = link.unwrap_or_else(|| panic!("no link is printed:\n{log}"));
    Journey::through(&cluster, "sign-in-link").with("LINK", link).travel().await;
}
