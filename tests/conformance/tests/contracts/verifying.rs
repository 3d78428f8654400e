//! Each receiver takes what it is sent, and refuses what was changed on the way or signed with another secret.

use std::collections::BTreeSet;
use std::time::Duration;

use fanfare_cluster::{Cluster, Family, Receiver, Tenant, event, eventually};
use fanfare_domain::signature::HmacSecret;
use fanfare_proto::v1::PublishRequest;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::message::Message;
use crate::receivers::{CLOUDEVENTS, GOVALID, GUIDE_002, Kind, OFFICIAL, QR3, Receiving, Timestamp, VALIDAS, VOVEID};

const IDS: [&str; 2] = ["webhook-id", "svix-id"];
const TIMESTAMPS: [&str; 2] = ["webhook-timestamp", "svix-timestamp"];
const SIGNATURES: [&str; 2] = ["webhook-signature", "svix-signature"];

/// What a guide shows that its vendor sends, as it could be published, with a number that JavaScript writes otherwise; and a
/// part of it that a changed copy has changed.
fn sample(profile: &str) -> (&'static str, &'static str, [&'static str; 2]) {
    match profile {
        "govalid" => (
            "qr.scanned",
            r#"{"qr_id": "abc123", "qr_title": "Product Certificate #001", "scan_location": {"country": "US",
                "city": "New York", "latitude": 40.7128, "longitude": -74.0060}, "device": "mobile", "platform": "iOS",
                "is_first_scan": false, "scan_count": 15}"#,
            ["\"scan_count\":15", "\"scan_count\":16"],
        ),
        "qr3" => (
            "qr.scanned",
            r#"{"code_id": "qr_abc123", "short_code": "r7f3Kx", "scan_id": "scn_xyz", "country": "AT", "device_type":
                "mobile", "os": "iOS", "seconds": 1.50}"#,
            ["\"AT\"", "\"DE\""],
        ),
        "validas" => (
            "validation.document-uploaded",
            r#"{"validation_id": "7f2c", "status": "document-uploaded", "Score-DocumentGlobal": 0.930}"#,
            ["0.93", "0.94"],
        ),
        _ => (
            "verification.finished",
            r#"{"status": "suspected", "refId": "2e96ebd0-c1b8-11ee-b56a-a345411e245d", "score": 1.0}"#,
            ["suspected", "successful"],
        ),
    }
}

async fn publish_sample(tenant: &Tenant, profile: &str) -> String {
    let (event_type, data, _) = sample(profile);
    let data = data.as_bytes().to_vec().into();
    let request = PublishRequest { data, ..event(&tenant.id, event_type, &json!(null)) };
    tenant.publisher.publish(request).await.expect("the event is accepted").id
}

/// Publishes the sample; gives the event's id and its delivery, once that is settled.
pub(crate) async fn deliver(tenant: &Tenant, profile: &str) -> (String, Value) {
    let event = publish_sample(tenant, profile).await;
    let settled = tenant.event_with(&event, 1, &["success", "failed"]).await;
    let delivery = tenant.delivery(settled["deliveries"][0]["id"].as_str().expect("an id")).await;
    (event, delivery)
}

/// What the receiver answered to an attempt of this delivery, counted from 0.
fn answer_to(delivery: &Value, attempt: usize) -> Value {
    let body = delivery["attempts"][attempt]["response_body"].as_str().unwrap_or_default();
    serde_json::from_str(body).unwrap_or_default()
}

/// A cluster, a tenant for each receiver, and the whole of the above.
async fn verify(family: Family, kinds: impl IntoIterator<Item = Kind>) {
    let cluster = Cluster::start(family).await;
    let kinds: Vec<Kind> = kinds.into_iter().collect();
    join_all(kinds.iter().enumerate().map(|(number, &kind)| verify_one(&cluster, number, kind))).await;
}

async fn verify_one(cluster: &Cluster, number: usize, kind: Kind) {
    let tenant = cluster.tenant(&format!("tenant-{number}")).await;
    let mut receiving = Receiving::start(kind, &tenant, &["*"]).await;
    cluster.in_force().await;
    takes_what_is_sent(&tenant, &receiving).await;
    let (event, genuine) = capture(cluster, &tenant, &receiving).await;
    refuses_what_was_changed(&mut receiving, &event, &genuine).await;
}

async fn takes_what_is_sent(tenant: &Tenant, receiving: &Receiving) {
    let kind = receiving.kind;
    let (event, delivery) = deliver(tenant, kind.profile).await;
    let answer = answer_to(&delivery, 0);
    assert_eq!((&delivery["status"], &answer["verified"]), (&json!("success"), &json!(event)), "{kind:?}: {delivery}");
    if let Some(event_type) = answer.get("event") {
        assert_eq!(event_type, sample(kind.profile).0, "{kind:?}");
    }
}

/// Has the same webhook post the next event to a recorder.
async fn capture(cluster: &Cluster, tenant: &Tenant, receiving: &Receiving) -> (String, Message) {
    let recorder = Receiver::start().await;
    let path = format!("/v1/webhooks/{}", receiving.webhook.id);
    let _ = tenant.rest.patch(&path, json!({"url": recorder.url()})).await.expect(200);
    cluster.in_force().await;
    let event = publish_sample(tenant, receiving.kind.profile).await;
    (event, Message::from(&recorder.arrival().await))
}

async fn refuses_what_was_changed(receiving: &mut Receiving, event: &str, genuine: &Message) {
    let kind = receiving.kind;
    let base = receiving.base.clone();
    let post = async |message: Message| message.post(&base, kind.path).await;
    let about = |what: &str| format!("{what} for {kind:?}");

    post(genuine.clone()).await.accepted(&about("the genuine message"), event);
    let [from, to] = sample(kind.profile).2;
    let changed = genuine.clone().with_body(from, to);
    post(changed).await.refused(&about("a changed value"), kind.mismatch);

    if kind.timestamp != Timestamp::Absent {
        let signed_at = genuine.header_of(&TIMESTAMPS);
        let signed_at: i64 = signed_at.parse().expect("seconds");
        let later = genuine.clone().with_header(&TIMESTAMPS, &(signed_at + 1).to_string());
        post(later).await.refused(&about("a changed timestamp"), kind.mismatch);

        let secret = HmacSecret::parse_whsec(&receiving.webhook.secret).expect("a secret");
        post(resigned(genuine, &secret, signed_at - 1)).await.accepted(&about("signed a second ago"), event);
        if kind.timestamp == Timestamp::Aged {
            let old = resigned(genuine, &secret, signed_at - 6 * 60);
            post(old).await.refused(&about("signed six minutes ago"), "timestamp too old");
        }
    }

    let right = receiving.webhook.secret.clone();
    receiving.set_secret(&another(&right)).await;
    post(genuine.clone()).await.refused(&about("the wrong secret"), kind.mismatch);
    receiving.set_secret(&right).await;
    post(genuine.clone()).await.accepted(&about("the right secret again"), event);
}

/// The message as it would have been sent at another time.
fn resigned(genuine: &Message, secret: &HmacSecret, seconds: i64) -> Message {
    let signature = secret.sign_v1(genuine.header_of(&IDS), seconds, &genuine.body);
    genuine.clone().with_header(&TIMESTAMPS, &seconds.to_string()).with_header(&SIGNATURES, &signature)
}

/// A secret of the same form.
fn another(secret: &str) -> String {
    match secret.strip_prefix("whsec_") {
        Some(_) => HmacSecret::make_whsec(&[7; 32]).expose().to_owned(),
        None => format!("{secret}!"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_of_govalid() {
    verify(Family::Embedded, GOVALID).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receiver_of_validas() {
    verify(Family::Embedded, VALIDAS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receiver_of_guide_002() {
    verify(Family::Embedded, GUIDE_002).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_of_qr3() {
    verify(Family::Embedded, QR3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receiver_of_voveid() {
    verify(Family::Embedded, VOVEID).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_packages() {
    verify(Family::Embedded, OFFICIAL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receiver_of_cloudevents() {
    verify(Family::Embedded, CLOUDEVENTS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_of_each_profile_fed_by_the_distributed_system() {
    let first = [GOVALID[0], VALIDAS[0], GUIDE_002[0], QR3[0], VOVEID[0], CLOUDEVENTS[0], OFFICIAL[0], OFFICIAL[7]];
    verify(Family::Distributed, first).await;
}

/// The header alone does not do: GoValid's body has a signature of its own.
#[tokio::test(flavor = "multi_thread")]
async fn the_signature_in_the_body_of_govalid_is_checked_too() {
    let cluster = Cluster::start(Family::Embedded).await;
    for (number, kind) in GOVALID.into_iter().enumerate() {
        let tenant = cluster.tenant(&format!("tenant-{number}")).await;
        let receiving = Receiving::start(kind, &tenant, &["*"]).await;
        let (_, genuine) = capture(&cluster, &tenant, &receiving).await;

        let [from, to] = sample(kind.profile).2;
        let changed = genuine.with_body(from, to);
        let signature = HmacSecret::from_text(&receiving.webhook.secret).sign_hex(&changed.body);
        let changed = changed.with_header(&["x-govalid-signature"], &signature);

        let answered = changed.post(&receiving.base, kind.path).await;
        answered.refused(kind.script, "the body's signature is not that of the body without it");
    }
}

/// The guide's URL is protected by OAuth: nobody gets in without a token that it gave out.
#[tokio::test(flavor = "multi_thread")]
async fn the_receiver_of_validas_lets_nobody_in_without_its_token() {
    let cluster = Cluster::start(Family::Embedded).await;
    let tenant = cluster.tenant("acme").await;
    let receiving = Receiving::start(VALIDAS[0], &tenant, &["*"]).await;
    let (event, genuine) = capture(&cluster, &tenant, &receiving).await;
    let post = async |message: Message| message.post(&receiving.base, VALIDAS[0].path).await;

    post(genuine.clone()).await.accepted("with its token", &event);
    let token = genuine.header("authorization").expect("credentials").to_owned();
    for other in ["Bearer guessed", &token.replace("Bearer", "Basic"), &format!("{token}x"), ""] {
        let changed = genuine.clone().with_header(&["authorization"], other);
        post(changed).await.refused(other, "no valid bearer token");
    }
}

/// What comes again has the id that receivers are told to go by, and is verified again.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_known_by_the_events_id() {
    let cluster = Cluster::start(Family::Embedded).await;
    for kind in [GOVALID[0], VALIDAS[0], GUIDE_002[0], QR3[0], VOVEID[0]] {
        let tenant = cluster.tenant(&kind.script.replace(['/', '.'], "-")).await;
        let _receiving = Receiving::start(kind, &tenant, &["*"]).await;
        let (event, delivery) = deliver(&tenant, kind.profile).await;
        let id = delivery["id"].as_str().expect("an id");

        let _ = tenant.rest.post(&format!("/v1/deliveries/{id}/retry"), json!({})).await.expect(202);

        let repeated = eventually("a second attempt", Duration::from_secs(15), || async {
            let delivery = tenant.delivery(id).await;
            delivery["attempts"].as_array().is_some_and(|attempts| attempts.len() == 2).then_some(delivery)
        })
        .await;
        let answers = [answer_to(&repeated, 0), answer_to(&repeated, 1)];
        assert!(answers.iter().all(|answer| answer["verified"] == event), "{kind:?}: {repeated}");
        if kind.script == GUIDE_002[0].script {
            assert_eq!(answers.map(|answer| answer["repeated"].clone()), [json!(false), json!(true)]);
        }
    }
}

/// 4xx is a failure like any other: what a receiver refused comes again, and is as good as it was.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_sent_again_and_accepted() {
    let cluster = Cluster::start(Family::Embedded).await;
    let guides = [GOVALID[0], VALIDAS[0], GUIDE_002[0], QR3[0], VOVEID[0]];
    join_all(guides.into_iter().enumerate().map(async |(number, kind)| {
        let tenant = cluster.tenant(&format!("tenant-{number}")).await;
        let mut receiving = Receiving::start(kind, &tenant, &["*"]).await;
        let retry = json!({"retry": {"delays": ["0s", "3s"], "jitter": 0.0}});
        let _ = tenant.rest.patch(&format!("/v1/webhooks/{}", receiving.webhook.id), retry).await.expect(200);
        let right = receiving.webhook.secret.clone();

        receiving.set_secret(&another(&right)).await;
        let event = publish_sample(&tenant, kind.profile).await;
        tenant.event_with(&event, 1, &["retrying"]).await;
        receiving.set_secret(&right).await;

        let delivery = tenant.delivery_in(&event, "success").await;
        let refused = answer_to(&delivery, 0);
        assert!(refused["error"].as_str().is_some_and(|why| why.contains(kind.mismatch)), "{kind:?}: {delivery}");
        assert_eq!(answer_to(&delivery, 1)["verified"], event, "{kind:?}: {delivery}");
    }))
    .await;
}

/// A header may hold signatures that the receiver does not know.
#[tokio::test(flavor = "multi_thread")]
async fn the_official_packages_pass_over_ed25519_signatures() {
    let cluster = Cluster::start(Family::Embedded).await;
    for (number, kind) in OFFICIAL.into_iter().filter(|kind| kind.profile == "standard").enumerate() {
        let tenant = cluster.tenant(&format!("tenant-{number}")).await;
        let receiving = Receiving::start(kind, &tenant, &["*"]).await;
        let path = format!("/v1/webhooks/{}", receiving.webhook.id);
        let _ = tenant.rest.patch(&path, json!({"signing": "both"})).await.expect(200);

        takes_what_is_sent(&tenant, &receiving).await;

        let (event, genuine) = capture(&cluster, &tenant, &receiving).await;
        let versions = genuine.header_of(&SIGNATURES).split(' ').filter_map(|signature| signature.split(',').next());
        assert_eq!(versions.collect::<BTreeSet<_>>(), ["v1", "v1a"].into());
        genuine.post(&receiving.base, kind.path).await.accepted(kind.script, &event);
    }
}
