//! After a rotation: which secret a receiver may know, under each profile.

use fanfare_cluster::{Cluster, Family, Tenant};
use serde_json::{Value, json};

use crate::receivers::{CLOUDEVENTS, GOVALID, GUIDE_002, Kind, OFFICIAL, QR3, Receiving, VALIDAS, VOVEID};
use crate::verifying::deliver;

/// Rotates the secret; gives the new one.
async fn rotate(tenant: &Tenant, receiving: &Receiving, overlap: &str, given: &str) -> String {
    let mut how = json!({"overlap": overlap});
    if matches!(receiving.kind.profile, "govalid" | "qr3") {
        how["secret"] = given.into();
    }
    let path = format!("/v1/webhooks/{}/secret/rotate", receiving.webhook.id);
    let answer: Value = tenant.rest.post(&path, how).await.expect(200);
    answer["secret"].as_str().expect("a secret").to_owned()
}

/// Whether the receiver accepts the next delivery while it knows this secret.
async fn accepts(tenant: &Tenant, receiving: &mut Receiving, secret: &str) -> bool {
    receiving.set_secret(secret).await;
    let (_, delivery) = deliver(tenant, receiving.kind.profile).await;
    match delivery["status"].as_str() {
        Some("success") => true,
        Some("failed") => {
            let answer = delivery["attempts"][0]["response_body"].as_str().unwrap_or_default();
            assert!(answer.contains(receiving.kind.mismatch), "{:?}: {delivery}", receiving.kind);
            false
        }
        _ => panic!("{:?}: {delivery}", receiving.kind),
    }
}

/// Old and new secret: which is good during the overlap, and that the old one is good for nothing without one.
async fn rotates(kinds: impl IntoIterator<Item = Kind>, during: [bool; 2]) {
    let cluster = Cluster::start(Family::Embedded).await;
    for (number, kind) in kinds.into_iter().enumerate() {
        let tenant = cluster.tenant(&format!("tenant-{number}")).await;
        let mut receiving = Receiving::start(kind, &tenant, &["*"]).await;
        let old = receiving.webhook.secret.clone();

        let new = rotate(&tenant, &receiving, "1h", "the-second-secret-of-all").await;
        let good = [accepts(&tenant, &mut receiving, &old).await, accepts(&tenant, &mut receiving, &new).await];
        assert_eq!(good, during, "{kind:?}");

        let newest = rotate(&tenant, &receiving, "0s", "the-third-secret-of-all!").await;
        for (secret, good) in [(&old, false), (&new, false), (&newest, true)] {
            assert_eq!(accepts(&tenant, &mut receiving, secret).await, good, "{kind:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_header_holds_several_signatures_both_secrets_are_good_during_the_overlap() {
    rotates(VALIDAS.into_iter().chain(GUIDE_002).chain(CLOUDEVENTS).chain([OFFICIAL[2], OFFICIAL[4]]), [true, true])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_holds_one_the_old_secret_is_good_until_the_overlap_ends() {
    rotates(GOVALID.into_iter().chain(QR3).chain(VOVEID), [true, false]).await;
}
