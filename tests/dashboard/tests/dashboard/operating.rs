//! What operators do: tenants, keys, and who changed what.

use fanfare_cluster::{Cluster, Family};

use crate::journey::Journey;

#[tokio::test(flavor = "multi_thread")]
async fn operators_look_after_tenants_and_keys() {
    let cluster = Cluster::start(Family::Embedded).await;

    Journey::through(&cluster, "operators").travel().await;

    let _ = cluster.rest.get("/v1/tenants/acme").await.problem(404);
    let keys = cluster.rest.all("/v1/api-keys").await;
    assert!(keys.iter().all(|key| key["tenant"] != "acme"), "{keys:?}");
}
