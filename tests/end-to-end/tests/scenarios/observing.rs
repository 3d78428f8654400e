//! What can be seen of the system from outside: traces, and logs that lead to them.

use std::time::Duration;

use fanfare_cluster::{Cluster, ClusterBuilder, Family, Receiver, Service, event, eventually};
use fanfare_servers::collector::{CollectedSpan, Collector};
use serde_json::{Value, json};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PUBLISHERS_SPAN: &str = "b7ad6b7169203331";
const COLLECTED_WITHIN: Duration = Duration::from_secs(20);

fn observed_by(family: Family, collector: &Collector) -> ClusterBuilder {
    Cluster::of(family)
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint())
        // Often, so that nobody waits.
        .with("OTEL_BSP_SCHEDULE_DELAY", "100")
        .with("OTEL_BLRP_SCHEDULE_DELAY", "100")
}

/// Who makes a span of `service` is called so, in either family.
fn filed_as(family: Family, service: &str) -> String {
    match family {
        Family::Embedded => "fanfare-standalone".to_owned(),
        Family::Distributed => format!("fanfare-{service}"),
    }
}

/// The one span for which `is_it`.
fn only(spans: &[CollectedSpan], what: &str, is_it: impl Fn(&CollectedSpan) -> bool) -> CollectedSpan {
    let found: Vec<_> = spans.iter().filter(|span| is_it(span)).collect();
    let [span] = found[..] else { panic!("{} spans of {what} in {spans:#?}", found.len()) };
    span.clone()
}

fn child_of(spans: &[CollectedSpan], parent: &CollectedSpan, name: &str) -> CollectedSpan {
    only(spans, name, |span| span.trace == parent.trace && span.parent == parent.id && span.name == name)
}

fn has(span: &CollectedSpan, name: &str, value: &str) -> bool {
    span.attributes.get(name).is_some_and(|found| found == value)
}

async fn an_event_is_one_trace_and_its_retry_is_linked_to_it(family: Family) {
    let collector = Collector::start().expect("a collector starts");
    let cluster = observed_by(family, &collector).start().await;
    let (taking, failing) = (Receiver::start().await, Receiver::answering([503, 200]).await);
    let tenant = cluster.tenant("acme").await;
    let taking_webhook = tenant.webhook(&taking, &["*"]).await;
    let failing_webhook = tenant.webhook_retried(&failing, &["0s", "200ms"]).await;
    cluster.in_force().await;

    let parent = format!("00-{TRACE}-{PUBLISHERS_SPAN}-01");
    let published = tenant.publisher.publish_traced(event("acme", "order.paid", &json!({"order": 1})), &parent).await;
    let id = published.expect("accepted").id;
    tenant.event_with(&id, 2, &["success"]).await;

    let spans = eventually("five spans of two deliveries and those of a retry", COLLECTED_WITHIN, || async {
        let spans = collector.spans();
        let posts = spans.iter().filter(|span| span.name == "POST").count();
        let in_trace = spans.iter().filter(|span| span.trace == TRACE).count();
        (posts == 3 && in_trace == 7).then_some(spans)
    })
    .await;
    let call = only(&spans, "the call", |span| span.parent == PUBLISHERS_SPAN);
    assert_eq!((call.name.as_str(), call.kind.as_str()), ("fanfare.v1.Publisher/Publish", "SPAN_KIND_SERVER"));
    let sending = child_of(&spans, &call, "send events");
    let routing = child_of(&spans, &sending, "process events");
    assert!(has(&routing, "fanfare.deliveries", "Int(2)"), "{routing:?}");
    let made_by = [&call, &sending, &routing].map(|span| span.service.clone());
    assert_eq!(made_by, ["ingest", "ingest", "router"].map(|service| filed_as(family, service)));

    let first = |webhook: &str| {
        let is_it = |span: &CollectedSpan| span.parent == routing.id && has(span, "fanfare.webhook", &text(webhook));
        let processing = only(&spans, "a first attempt", is_it);
        assert_eq!((processing.name.as_str(), processing.links.len()), ("process deliveries", 0));
        assert_eq!(processing.service, filed_as(family, "worker"));
        child_of(&spans, &processing, "POST")
    };
    let taken = first(&taking_webhook.id);
    assert_eq!(taking.arrival().await.header("traceparent"), Some(traceparent(&taken).as_str()));
    assert!(has(&taken, "http.response.status_code", "Int(200)"), "{taken:?}");
    let refused = first(&failing_webhook.id);
    assert_eq!((refused.kind.as_str(), refused.status.as_str()), ("SPAN_KIND_CLIENT", "STATUS_CODE_ERROR"));
    assert!(has(&refused, "error.type", &text("503")), "{refused:?}");

    let again = only(&spans, "the second attempt", |span| has(span, "fanfare.attempt", "Int(2)"));
    assert_ne!(again.trace, TRACE, "a trace does not go on for as long as a delivery is tried");
    assert_eq!(again.links, [(TRACE.to_owned(), sending.id.clone())]);
    let posted_again = child_of(&spans, &again, "POST");
    assert!(has(&posted_again, "http.request.resend_count", "Int(1)"), "{posted_again:?}");
    let arrivals = failing.arrivals(2).await;
    let sent: Vec<_> = arrivals.iter().map(|arrival| arrival.header("traceparent").unwrap_or_default()).collect();
    assert_eq!(sent, [traceparent(&refused), traceparent(&posted_again)]);
    if family == Family::Distributed {
        eventually("spans of writing down, with that of the database", COLLECTED_WITHIN, || async {
            let spans = collector.spans();
            let writing = spans.iter().find(|span| span.name == "process journal")?;
            spans
                .iter()
                .any(|span| span.parent == writing.id && has(span, "db.system.name", &text("postgresql")))
                .then_some(())
        })
        .await;
    }
}

fn text(value: &str) -> String {
    format!("Str({value})")
}

fn traceparent(span: &CollectedSpan) -> String {
    format!("00-{}-{}-01", span.trace, span.id)
}

async fn a_collector_that_is_away_holds_up_nothing(family: Family) {
    let endpoint = format!("http://127.0.0.1:{}", fanfare_servers::free_port());
    let cluster = Cluster::of(family).with("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint).start().await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    tenant.webhook(&receiver, &["*"]).await;
    cluster.in_force().await;

    let id = tenant.publish("order.paid", &json!({})).await;

    tenant.delivery_in(&id, "success").await;
}

async fn logs_lead_to_traces_and_hold_nothing_confidential(family: Family) {
    let collector = Collector::start().expect("a collector starts");
    let mut cluster = observed_by(family, &collector).with("FANFARE_LOG", "debug").start().await;
    let receiver = Receiver::answering([500, 200]).await;
    let tenant = cluster.tenant("acme").await;
    let secret = format!("whsec_{}", "Q0FOQVJZLVNFQ1JFVC1DQU5BUlktU0VDUkVU");
    let webhook = json!({
        "url": format!("{}?token=canary-in-url", receiver.url()), "events": ["*"], "retry": {"delays": ["0s", "200ms"]},
        "secret": secret, "headers": {"X-Secret": "canary-in-header"},
        "auth": {"type": "basic", "username": "u", "password": "canary-in-password"},
    });
    let webhook = tenant.webhook_of(webhook).await;
    cluster.in_force().await;

    let id = tenant.publish("order.paid", &json!({"card": "canary-in-payload"})).await;
    tenant.delivery_in(&id, "success").await;
    let refused = tenant.rest.post("/v1/events", json!({"type": "no type", "data": "canary-in-refused"})).await;
    assert_eq!(refused.status, 400);

    let worker = if family == Family::Embedded { Service::Standalone } else { Service::Worker };
    let lines = eventually("the lines of two attempts", COLLECTED_WITHIN, || {
        let log = cluster.process(worker).log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let attempts: Vec<_> = lines.filter(|line| line["target"] == "fanfare::attempt").collect();
        async move { (attempts.len() == 2).then_some(attempts) }
    })
    .await;
    for line in &lines {
        let (trace, span) = (line["trace_id"].as_str(), line["span_id"].as_str());
        assert!(trace.is_some_and(|id| id.len() == 32) && span.is_some_and(|id| id.len() == 16), "{line}");
        assert_eq!(line["webhook"], webhook.id.as_str());
    }
    assert_ne!(lines[0]["trace_id"], lines[1]["trace_id"], "the second attempt has a trace of its own");
    let trace = lines[0]["trace_id"].as_str().unwrap_or_default();
    eventually("the trace that the line names, and the line itself", COLLECTED_WITHIN, || async {
        let printed = collector.printed();
        (collector.spans().iter().any(|span| span.trace == trace) && printed.contains("Body: Str(attempt made)"))
            .then_some(())
    })
    .await;

    let mut told = vec![("what the collector has".to_owned(), collector.printed())];
    for &service in family.services() {
        told.push((format!("the log of {}", service.name()), cluster.process(service).log()));
    }
    let key = cluster.operator_key().to_owned();
    for (what, text) in told {
        let encoded = ["dTpjYW5hcnktaW4tcGFzc3dvcmQ", secret.trim_start_matches("whsec_"), &key];
        for canary in ["canary-in-", "CANARY-SECRET"].into_iter().chain(encoded) {
            assert!(!text.contains(canary), "{what} has {canary:?}: {}", around(&text, canary));
        }
    }
}

/// What stands around `found` in `text`.
fn around(text: &str, found: &str) -> String {
    text.lines().find(|line| line.contains(found)).unwrap_or_default().chars().take(600).collect()
}

scenarios! {
    an_event_is_one_trace_and_its_retry_is_linked_to_it,
    a_collector_that_is_away_holds_up_nothing,
    logs_lead_to_traces_and_hold_nothing_confidential,
}
