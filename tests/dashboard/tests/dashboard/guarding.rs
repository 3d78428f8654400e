//! What the browser and the server together keep out.

use fanfare_cluster::{Cluster, Family};

use crate::journey::Journey;

#[tokio::test(flavor = "multi_thread")]
async fn the_document_and_the_session_are_guarded() {
    let cluster = Cluster::start(Family::Embedded).await;
    let _ = cluster.tenant("acme").await;

    Journey::through(&cluster, "guarding").with("TENANT", "acme").travel().await;
}
