//! Every figure on `/metrics` tells what a known load did, and is on the list of figures.

use std::collections::BTreeMap;
use std::time::Duration;

use fanfare_cluster::{Answer, Cluster, Family, Figures, Listed, Receiver, Service, Tenant, eventually, numbered};
use fanfare_proto::v1::PublishRequest;
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(30);
/// Services in the order in which the list names them.
const SERVICES: [Service; 6] =
    [Service::Ingest, Service::Router, Service::Worker, Service::Scheduler, Service::Logs, Service::Api];

/// Everything that the load is to do.
struct Load {
    tenant: Tenant,
    receiver: Receiver,
}

impl Load {
    async fn start(cluster: &Cluster) -> Self {
        let (tenant, receiver) = (cluster.tenant("acme").await, Receiver::start().await);
        let slow = Answer::status(200).after(Duration::from_millis(1_500));
        for (path, answers) in [
            ("/retry", vec![Answer::status(503), Answer::status(200)]),
            ("/fail", vec![Answer::status(500)]),
            ("/gone", vec![Answer::status(410)]),
            ("/slow", vec![slow]),
            ("/deleted", vec![Answer::status(503)]),
        ] {
            receiver.answer_at(path, answers);
        }
        Self { tenant, receiver }
    }

    /// A webhook at `path` for events of the type `load.<path>`.
    async fn webhook(&self, path: &str, more: Value) -> String {
        let mut webhook = json!({
            "url": self.receiver.url_at(&format!("/{path}")), "events": [format!("load.{path}")],
            "retry": {"delays": ["0s"], "jitter": 0.0},
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            webhook[name] = value.clone();
        }
        self.tenant.webhook_of(webhook).await.id
    }

    async fn publish(&self, path: &str) -> String {
        self.tenant.publish(&format!("load.{path}"), &json!({})).await
    }

    /// Fifteen events: 13 over gRPC, one over HTTP, and what operators are told of the webhook that is switched off. Of 14
    /// deliveries eleven succeed. Further events are refused or repeated.
    async fn run(&self, cluster: &Cluster) {
        self.webhook("fine", json!({})).await;
        self.webhook("retry", json!({"retry": {"delays": ["0s", "100ms"], "jitter": 0.0}})).await;
        self.webhook("fail", json!({})).await;
        self.webhook("gone", json!({})).await;
        self.webhook("slow", json!({"max_in_flight": 1})).await;
        self.webhook("paced", json!({"rate_limit": {"per_second": 5}})).await;
        let delays = json!({"retry": {"delays": ["0s", "4s"], "jitter": 0.0}});
        let deleted = self.webhook("deleted", delays).await;
        cluster.in_force().await;

        let five = numbered("acme", "load.fine", "event", 5);
        let mut again = five[0].clone();
        self.tenant.publisher.batch(five).await.expect("they are accepted");
        assert!(self.tenant.publisher.publish(again.clone()).await.expect("it is answered").duplicate);
        again.r#type = "not a type".to_owned();
        self.tenant.publisher.publish(again).await.expect_err("its type is none");
        let large = PublishRequest { id: "large".to_owned(), data: format!("\"{:5000}\"", 1).into(), ..event("fine") };
        self.tenant.publisher.publish(large).await.expect("it is accepted");
        let over_http = json!({"type": "load.fine", "data": {}, "id": "over-http"});
        let _ = self.tenant.rest.post("/v1/events", over_http).await.expect(202);

        let mut ends = vec![("over-http".to_owned(), "success"), ("large".to_owned(), "success")];
        let waits = self.publish("deleted").await;
        self.tenant.event_with(&waits, 1, &["retrying"]).await;
        let path = format!("/v1/webhooks/{deleted}");
        assert_eq!(self.tenant.rest.delete(&path).await.status, 204);
        for (path, end) in [("slow", "success"), ("slow", "success"), ("retry", "success"), ("paced", "success")] {
            ends.push((self.publish(path).await, end));
        }
        for (path, end) in [("fail", "failed"), ("gone", "failed")] {
            ends.push((self.publish(path).await, end));
        }
        ends.push((waits, "cancelled"));
        for (event, end) in &ends {
            self.tenant.event_with(event, 1, &[end]).await;
        }
    }
}

fn event(path: &str) -> PublishRequest {
    fanfare_cluster::event("acme", &format!("load.{path}"), &json!({}))
}

/// What all processes tell after the load.
struct Told {
    family: Family,
    by: BTreeMap<&'static str, Figures>,
}

impl Told {
    async fn of(cluster: &Cluster) -> Self {
        let mut by = BTreeMap::new();
        for service in SERVICES {
            by.insert(service.name(), cluster.figures(service).await);
        }
        Self { family: cluster.family(), by }
    }

    /// What `service` tells.
    fn sum(&self, service: Service, name: &str, labels: &[(&str, &str)]) -> f64 {
        let sum = self.by[service.name()].sum(name, labels);
        sum.unwrap_or_else(|| panic!("{} does not tell {name}{labels:?}", service.name()))
    }

    fn is(&self, service: Service, name: &str, labels: &[(&str, &str)], expected: f64) {
        let told = self.sum(service, name, labels);
        assert!((told - expected).abs() < 1e-9, "{}: {name}{labels:?} is {told}, not {expected}", service.name());
    }

    fn is_within(&self, service: Service, name: &str, labels: &[(&str, &str)], least: f64, most: f64) {
        let told = self.sum(service, name, labels);
        assert!((least..=most).contains(&told), "{}: {name}{labels:?} is {told}", service.name());
    }

    /// One of two, by whether each service tells for itself.
    fn apart<T>(&self, apart: T, together: T) -> T {
        if self.family == Family::Distributed { apart } else { together }
    }
}

async fn a_known_load_is_told_by_every_figure(family: Family) {
    let cluster = Cluster::start(family).await;
    let load = Load::start(&cluster).await;

    load.run(&cluster).await;

    settled(&cluster).await;
    let told = Told::of(&cluster).await;
    of_intake(&told);
    of_router(&told);
    of_worker(&told);
    of_scheduler(&told);
    of_logs(&told);
    of_databases(&told);
    of_queue(&told);
    for service in SERVICES {
        let named = [("service", told.apart(service.name(), "standalone"))];
        told.is(service, "fanfare_ready", &named, 1.0);
        told.is(service, "fanfare_build_info", &named, 1.0);
    }
    is_on_the_list(&told);
}

/// Waits until all that was told is routed and written down, and the scheduler has looked since.
async fn settled(cluster: &Cluster) {
    eventually("all is routed, attempted and written down", LIMIT, || async {
        let told = Told::of(cluster).await;
        let scheduler = &told.by[Service::Scheduler.name()];
        let waiting = scheduler.sum("fanfare_consumer_waiting", &[])? + scheduler.sum("fanfare_consumer_taken", &[])?;
        let routed = told.sum(Service::Router, "fanfare_events_routed_total", &[]);
        let in_flight = told.sum(Service::Worker, "fanfare_attempts_in_flight", &[]);
        let messages = scheduler.sum("fanfare_stream_messages", &[("stream", "events")])?;
        (routed >= 15.0 && in_flight < 0.5 && messages >= 9.0 && waiting < 0.5).then_some(())
    })
    .await;
}

fn of_intake(told: &Told) {
    let (grpc, http, notices) = told.apart((13.0, 1.0, 1.0), (15.0, 15.0, 15.0));
    for (service, events) in [(Service::Ingest, grpc), (Service::Api, http), (Service::Logs, notices)] {
        told.is(service, "fanfare_events_accepted_total", &[], events);
        told.is(service, "fanfare_accept_batch_sum", &[], events);
    }
    told.is_within(Service::Ingest, "fanfare_accept_batch_count", &[], 2.0, 12.0);
    told.is(Service::Ingest, "fanfare_events_repeated_total", &[], 1.0);
    told.is(Service::Ingest, "fanfare_events_refused_total", &[("reason", "invalid")], 1.0);
    told.is(Service::Ingest, "fanfare_events_refused_total", &[], 1.0);
}

fn of_router(told: &Told) {
    told.is(Service::Router, "fanfare_events_routed_total", &[], 15.0);
    told.is(Service::Router, "fanfare_route_batch_sum", &[], 15.0);
    for (lane, deliveries) in [("fresh", 13.0), ("own_queue", 1.0), ("bulk", 0.0)] {
        told.is(Service::Router, "fanfare_deliveries_fanned_out_total", &[("lane", lane)], deliveries);
    }
}

fn of_worker(told: &Told) {
    let is = |name, labels: &[(&str, &str)], expected| told.is(Service::Worker, name, labels, expected);
    let is_within =
        |name, labels: &[(&str, &str)], least, most| told.is_within(Service::Worker, name, labels, least, most);
    for (outcome, attempts) in [("delivered", 11.0), ("rejected_5xx", 3.0), ("rejected_4xx", 1.0), ("timed_out", 0.0)] {
        is("fanfare_attempts_total", &[("outcome", outcome)], attempts);
    }
    is("fanfare_attempts_total", &[], 15.0);
    is("fanfare_attempt_duration_seconds_count", &[("outcome", "delivered")], 11.0);
    is("fanfare_attempt_duration_seconds_count", &[("outcome", "failed")], 4.0);
    is_within("fanfare_attempt_duration_seconds_sum", &[("outcome", "delivered")], 2.9, 30.0);
    is("fanfare_deliveries_delivered_total", &[], 11.0);
    is("fanfare_deliveries_retried_total", &[], 2.0);
    is("fanfare_deliveries_cancelled_total", &[], 1.0);
    for (reason, deliveries) in [("attempts_used_up", 1.0), ("gone", 1.0), ("expired", 0.0)] {
        is("fanfare_deliveries_exhausted_total", &[("reason", reason)], deliveries);
    }
    // The second waits for the first, and both take longer than a record stays open.
    is_within("fanfare_deliveries_parked_total", &[("reason", "webhook_busy")], 1.0, 5.0);
    is_within("fanfare_deliveries_parked_total", &[("reason", "in_the_air")], 1.0, 3.0);
    is("fanfare_accept_to_first_attempt_seconds_count", &[], 14.0);
    is_within("fanfare_accept_to_first_attempt_seconds_count", &[("lane", "retry")], 2.0, 3.0);
    is("fanfare_accept_to_delivered_seconds_count", &[], 11.0);
    is("fanfare_attempts_in_flight", &[], 0.0);
    is_within("fanfare_attempts_limit", &[], 1.0, 1e9);
    // One webhook each is made ready once.
    is("fanfare_lookups_total", &[("cache", "webhooks"), ("result", "miss")], 7.0);
    is_within("fanfare_lookups_total", &[("cache", "webhooks"), ("result", "hit")], 8.0, 30.0);
    // The large one and all that wait are read from the stream; its messages are kept for a while.
    is_within("fanfare_lookups_total", &[("cache", "payloads"), ("result", "hit")], 10.0, 12.0);
    is_within("fanfare_lookups_total", &[("cache", "payloads"), ("result", "miss")], 4.0, 10.0);
    // Whoever looks at an event over REST reads it, too.
    is_within("fanfare_lookups_total", &[("cache", "packs")], 4.0, told.apart(10.0, 1_000.0));
    is("fanfare_lookups_total", &[("cache", "tokens")], 0.0);
}

fn of_scheduler(told: &Told) {
    let is = |name, labels: &[(&str, &str)], expected| told.is(Service::Scheduler, name, labels, expected);
    let is_within =
        |name, labels: &[(&str, &str)], least, most| told.is_within(Service::Scheduler, name, labels, least, most);
    // Four waited: for a retry, for a retry that is cancelled, for their pace, for their webhook.
    is_within("fanfare_schedule_applied_total", &[], 8.0, 40.0);
    is_within("fanfare_deliveries_released_total", &[("lane", "retry")], 4.0, 10.0);
    is("fanfare_deliveries_released_total", &[("lane", "bulk")], 0.0);
    is("fanfare_schedule_rebuilds_total", &[], 0.0);
    is_within("fanfare_schedule_oldest_due_age_seconds", &[], 0.0, 2.0);
    is("fanfare_events_oldest_unrouted_age_seconds", &[], 0.0);
    for consumer in ["router", "worker-fresh", "worker-retry", "worker-bulk", "logs"] {
        is("fanfare_consumer_waiting", &[("consumer", consumer)], 0.0);
        is("fanfare_consumer_taken", &[("consumer", consumer)], 0.0);
    }
    for stream in ["events", "deliveries", "journal", "dead-letters"] {
        is_within("fanfare_stream_limit_bytes", &[("stream", stream)], 1e6, 1e12);
        is_within("fanfare_stream_size_bytes", &[("stream", stream)], 0.0, 1e6);
    }
    is_within("fanfare_stream_size_bytes", &[("stream", "events")], 6_000.0, 1e6);
    is_within("fanfare_stream_messages", &[("stream", "events")], 9.0, 15.0);
    is("fanfare_stream_messages", &[("stream", "dead-letters")], 0.0);
}

fn of_logs(told: &Told) {
    // Of 15 events, 15 attempts, a cancelled delivery, and four times that one waited without an attempt.
    told.is_within(Service::Logs, "fanfare_journal_recorded_total", &[], 34.0, 50.0);
    let recorded = told.sum(Service::Logs, "fanfare_journal_recorded_total", &[]);
    told.is(Service::Logs, "fanfare_journal_batch_sum", &[], recorded);
    told.is(Service::Logs, "fanfare_journal_set_aside_total", &[], 0.0);
    told.is(Service::Logs, "fanfare_webhooks_disabled_total", &[("reason", "gone")], 1.0);
    told.is(Service::Logs, "fanfare_webhooks_disabled_total", &[], 1.0);
}

fn of_databases(told: &Told) {
    for (service, apart, operation) in [
        (Service::Ingest, "redis", "claim_ids"),
        (Service::Ingest, "redis", "confirm_ids"),
        (Service::Scheduler, "redis", "claim"),
        (Service::Scheduler, "redis", "apply"),
        (Service::Scheduler, "redis", "finish"),
        (Service::Logs, "postgresql", "record"),
        (Service::Logs, "postgresql", "disable"),
        (Service::Api, "postgresql", "change"),
        (Service::Api, "postgresql", "event"),
    ] {
        let system = told.apart(apart, "sqlite");
        let labels = [("db_system_name", system), ("db_operation_name", operation)];
        told.is_within(service, "db_client_operation_duration_seconds_count", &labels, 1.0, 1e6);
        told.is_within(service, "db_client_operation_duration_seconds_sum", &labels, 0.0, 30.0);
    }
}

fn of_queue(told: &Told) {
    let (grpc, http) = told.apart((13.0, 1.0), (15.0, 15.0));
    for (service, topic, records) in
        [(Service::Ingest, "events", grpc), (Service::Api, "events", http), (Service::Router, "deliveries.fresh", 13.0)]
    {
        told.is(service, "fanfare_queue_pack_sum", &[("topic", topic)], records);
        told.is_within(service, "fanfare_queue_publish_duration_seconds_count", &[("topic", topic)], 1.0, records);
    }
    for (service, topic) in [
        (Service::Router, "journal.log"),
        (Service::Worker, "journal.log"),
        (Service::Worker, "journal.schedule"),
        (Service::Scheduler, "deliveries.retry"),
        (Service::Logs, "events"),
    ] {
        told.is_within(service, "fanfare_queue_pack_count", &[("topic", topic)], 1.0, 100.0);
        told.is_within(service, "fanfare_queue_publish_duration_seconds_sum", &[("topic", topic)], 0.0, 30.0);
    }
}

/// Checks that the list has all figures as they tell of themselves, and no others.
fn is_on_the_list(told: &Told) {
    let mut shown: BTreeMap<&str, Listed> = BTreeMap::new();
    for service in SERVICES {
        for (name, family) in told.by[service.name()].families() {
            let figure = shown.entry(name).or_insert_with(|| Listed {
                open_telemetry: String::new(),
                name: name.to_owned(),
                kind: family.kind.clone(),
                labels: Vec::new(),
                told_by: String::new(),
                help: family.help.clone(),
            });
            figure.labels.extend(family.labels().into_iter().map(str::to_owned));
            figure.labels.sort();
            figure.labels.dedup();
            figure.told_by.push_str(if figure.told_by.is_empty() { "" } else { ", " });
            figure.told_by.push_str(service.name());
        }
    }
    // What the library tells of the process, with labels that depend on where it runs.
    shown.remove("target_info");
    let listed: BTreeMap<String, Listed> = Listed::all().into_iter().map(|one| (one.name.clone(), one)).collect();
    for (name, figure) in &mut shown {
        let Some(listed) = listed.get(*name) else { panic!("not in deploy/metrics.md: {figure:?}") };
        figure.open_telemetry.clone_from(&listed.open_telemetry);
        // One process tells everything.
        if told.family == Family::Embedded
            || listed.told_by == "all" && figure.told_by.split(", ").count() == SERVICES.len()
        {
            figure.told_by.clone_from(&listed.told_by);
        }
        // It is there where a database failed, which none did.
        figure.labels.extend(listed.labels.iter().filter(|label| *label == "error_type").cloned());
        assert_eq!(figure, listed, "{name} in deploy/metrics.md");
    }
    let missing: Vec<_> = listed.keys().filter(|name| !shown.contains_key(name.as_str())).collect();
    assert!(missing.is_empty(), "in deploy/metrics.md and nowhere else: {missing:?}");
}

/// Redis is a view of the journal. That it had to be made anew is for operators to know.
#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_was_emptied_counts_as_a_rebuild() {
    let cluster = Cluster::start(Family::Distributed).await;
    let receiver = Receiver::answering([503, 200]).await;
    let tenant = cluster.tenant("acme").await;
    tenant.webhook_retried(&receiver, &["0s", "3s"]).await;
    cluster.in_force().await;
    let event = tenant.publish("order.paid", &json!({})).await;
    tenant.event_with(&event, 1, &["retrying"]).await;
    let rebuilds = async || cluster.figures(Service::Scheduler).await.sum("fanfare_schedule_rebuilds_total", &[]);
    assert_eq!(rebuilds().await, Some(0.0));
    let url = cluster.backends.as_ref().expect("distributed").redis.url();
    let client = redis::Client::open(url).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("it answers");

    let () = redis::cmd("FLUSHALL").query_async(&mut connection).await.expect("it is emptied");

    eventually("the rebuild is told", LIMIT, || async { (rebuilds().await == Some(1.0)).then_some(()) }).await;
    tenant.delivery_in(&event, "success").await;
    assert_eq!(rebuilds().await, Some(1.0));
}

scenarios! {
    a_known_load_is_told_by_every_figure,
}
