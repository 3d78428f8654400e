//! Bodies survive `JSON.parse` and `JSON.stringify`, under each profile and for each receiver.

use std::collections::BTreeSet;
use std::time::Duration;

use fanfare_cluster::{Arrival, Cluster, Family, Log, Receiver, Tenant, event, eventually};
use fanfare_domain::json::canonicalize;
use fanfare_proto::v1::PublishRequest;
use futures::future::join_all;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::json;

use crate::json_text::json_text;
use crate::payloads::{EXACT, held};
use crate::receivers::{self, Kind, QR3, Receiving, VALIDAS, VOVEID, webhook};
use crate::restringify::Restringify;

const PROFILES: [&str; 6] = ["standard", "govalid", "validas", "qr3", "voveid", "cloudevents"];
/// All receivers take what has this type; those that verify the raw body take [`EXACT_TYPE`] too.
const HELD_TYPE: &str = "gallery.held";
const EXACT_TYPE: &str = "gallery.exact";
const LIMIT: Duration = Duration::from_secs(30);

/// A payload on its way through the system.
struct Payload {
    name: String,
    event_type: &'static str,
    published: String,
    expected: String,
}

async fn gallery() -> Vec<Payload> {
    let mut node = Restringify::start();
    let mut payloads = Vec::new();
    for (name, published) in held() {
        let expected = node.of(&published).await;
        payloads.push(Payload { name: name.to_owned(), event_type: HELD_TYPE, published, expected });
    }
    payloads.extend(EXACT.iter().map(|&(name, published, expected)| Payload {
        name: name.to_owned(),
        event_type: EXACT_TYPE,
        published: published.to_owned(),
        expected: expected.to_owned(),
    }));
    payloads
}

/// Publishes them in one batch; an event's id is its payload's number.
async fn publish(tenant: &Tenant, payloads: &[Payload]) {
    let events = payloads.iter().enumerate().map(|(number, payload)| PublishRequest {
        id: number.to_string(),
        data: payload.published.as_bytes().to_vec().into(),
        ..event(&tenant.id, payload.event_type, &json!(null))
    });
    let answers = tenant.publisher.batch(events.collect()).await.expect("the batch is taken");
    for (payload, answer) in payloads.iter().zip(answers) {
        assert!(answer.error.is_none(), "{}: {answer:?}", payload.name);
    }
}

/// A receiver of every kind, and beside them a recorder for each profile.
async fn arrives(family: Family, kinds: impl IntoIterator<Item = Kind>) {
    let cluster = Cluster::start(family).await;
    let tenant = cluster.tenant("acme").await;
    let recorder = Receiver::start().await;
    let receivers = join_all(kinds.into_iter().map(|kind| {
        let types: &[&str] = if kind.raw { &[HELD_TYPE, EXACT_TYPE] } else { &[HELD_TYPE] };
        Receiving::start(kind, &tenant, types)
    }))
    .await;
    let oauth = &receivers.iter().find(|receiving| receiving.kind.profile == "validas").expect("it is there").base;
    for profile in PROFILES {
        let url = recorder.url_at(&format!("/{profile}"));
        tenant.webhook_of(webhook(profile, &url, oauth, &["gallery.*"])).await;
    }
    cluster.in_force().await;
    let payloads = gallery().await;

    publish(&tenant, &payloads).await;

    let all = PROFILES.len() * payloads.len();
    recorder.until("the whole gallery", LIMIT, |log| different(log) == all).await;
    let arrivals = recorder.log().arrivals().to_vec();
    bodies_are_as_node_writes_them(&arrivals, &payloads).await;
    let held = payloads.iter().filter(|payload| payload.event_type == HELD_TYPE).count();
    for receiving in &receivers {
        let due = if receiving.kind.raw { payloads.len() } else { held };
        all_are_accepted(&tenant, receiving, due, &payloads).await;
    }
}

async fn bodies_are_as_node_writes_them(arrivals: &[Arrival], payloads: &[Payload]) {
    let mut node = Restringify::start();
    for arrival in arrivals {
        let profile = profile(arrival);
        let body = std::str::from_utf8(&arrival.body).expect("UTF-8");
        let payload = number(arrival).and_then(|number| payloads.get(number));
        let payload = payload.unwrap_or_else(|| panic!("{profile} sent something else: {body}"));
        assert_eq!(data_in(profile, body), payload.expected, "{} under {profile}", payload.name);
        if payload.event_type == HELD_TYPE {
            assert_eq!(node.of(body).await, body, "{} under {profile}", payload.name);
        }
    }
}

/// How many different payloads have arrived, over all profiles.
fn different(log: &Log) -> usize {
    log.arrivals().iter().map(|arrival| (&arrival.path, number(arrival))).collect::<BTreeSet<_>>().len()
}

/// The profile that an arrival came under: each has a path of its own.
fn profile(arrival: &Arrival) -> &str {
    arrival.path.trim_start_matches('/')
}

/// Which payload an arrival bears: its event's id.
fn number(arrival: &Arrival) -> Option<usize> {
    let id = match profile(arrival) {
        "govalid" => arrival.header("x-govalid-event-id")?,
        "voveid" => arrival.header("svix-id")?,
        "qr3" => {
            let id = arrival.body.strip_prefix(b"{\"id\":\"")?.split(|&byte| byte == b'"').next()?;
            std::str::from_utf8(id).ok()?
        }
        _ => arrival.event(),
    };
    id.parse().ok()
}

/// The data in a body, as they stand there. Nothing before them can hold what they are found by.
fn data_in<'a>(profile: &str, body: &'a str) -> &'a str {
    let after = body.split_once("\"data\":").map_or("", |(_, after)| after);
    match profile {
        "voveid" => body,
        "govalid" => after.rsplit_once(",\"signature\":").map_or("", |(data, _)| data),
        _ => after.strip_suffix('}').unwrap_or_default(),
    }
}

async fn all_are_accepted(tenant: &Tenant, receiving: &Receiving, due: usize, payloads: &[Payload]) {
    let path = format!("/v1/webhooks/{}/deliveries", receiving.webhook.id);
    let rows = eventually(&format!("{due} settled deliveries to {:?}", receiving.kind), LIMIT, || async {
        let rows = tenant.rest.all(&path).await;
        let settled = rows.iter().filter(|row| row["status"] == "success" || row["status"] == "failed").count();
        (settled == due).then_some(rows)
    })
    .await;
    let mut refused = Vec::new();
    for row in rows.iter().filter(|row| row["status"] == "failed") {
        let number: usize = row["event_id"].as_str().and_then(|id| id.parse().ok()).expect("a number");
        let delivery = tenant.delivery(row["id"].as_str().expect("an id")).await;
        refused.push((&payloads[number].name, delivery["attempts"][0]["response_body"].clone()));
    }
    assert!(refused.is_empty(), "{:?} did not accept {refused:?}", receiving.kind);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gallery_arrives_everywhere() {
    arrives(Family::Embedded, receivers::all()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gallery_arrives_through_the_distributed_system() {
    arrives(Family::Distributed, VALIDAS.into_iter().chain(VOVEID)).await;
}

/// The rule itself, with a smallest example where it fails.
#[test]
fn any_data_are_written_as_node_writes_them() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    let node = std::cell::RefCell::new(runtime.block_on(async { Restringify::start() }));
    let mut runner = TestRunner::new(Config { cases: 2_000, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&json_text(), |published| {
        let ours = canonicalize(published.as_bytes()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let nodes = runtime.block_on(node.borrow_mut().of(&published));
        proptest::prop_assert_eq!(String::from_utf8(ours).expect("UTF-8"), nodes);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// The same through the whole system, and accepted by the receivers that depend on it.
#[tokio::test(flavor = "multi_thread")]
async fn any_data_arrive_as_node_writes_them() {
    let cluster = Cluster::start(Family::Embedded).await;
    let tenant = cluster.tenant("acme").await;
    let recorder = Receiver::start().await;
    tenant.webhook_of(webhook("voveid", &recorder.url_at("/voveid"), "", &["*"])).await;
    let receivers = join_all([QR3[0], VOVEID[0]].map(|kind| Receiving::start(kind, &tenant, &["*"]))).await;
    let payloads = any_payloads(400).await;

    publish(&tenant, &payloads).await;

    recorder.until("all of them", LIMIT, |log| different(log) == payloads.len()).await;
    for arrival in recorder.log().arrivals() {
        let body = std::str::from_utf8(&arrival.body).expect("UTF-8");
        let payload = number(arrival).and_then(|number| payloads.get(number)).expect("one of them");
        assert_eq!(body, payload.expected, "{}", payload.published);
    }
    for receiving in &receivers {
        all_are_accepted(&tenant, receiving, payloads.len(), &payloads).await;
    }
}

async fn any_payloads(count: usize) -> Vec<Payload> {
    let mut node = Restringify::start();
    let mut runner = TestRunner::default();
    let mut payloads = Vec::with_capacity(count);
    while payloads.len() < count {
        let published = json_text().new_tree(&mut runner).expect("a text can be made").current();
        let expected = node.of(&published).await;
        payloads.push(Payload { name: published.clone(), event_type: HELD_TYPE, published, expected });
    }
    payloads
}
