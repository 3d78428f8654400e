//! What becomes of spans: their parents, their links, and what carries them on.

use std::sync::Arc;

use fanfare_domain::delivery::{Delivery, DeliveryRef, Position, Turn};
use fanfare_domain::event::{Event, TraceContext};
use fanfare_domain::ids::{AttemptId, Run, WebhookId};
use fanfare_domain::time::Timestamp;
use fanfare_spans::{TARGET, fanned_out, process_journal, send_event, serve_call, serve_http};
use fanfare_spans::{
    answer_call, answer_http, ask_database, carried, fail, post, posted, process_delivery, process_event,
};
use opentelemetry::trace::{SpanKind, Status, TracerProvider as _};
use opentelemetry::{SpanId, TraceId};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;

const PUBLISHERS: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const LEFT_OUT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

/// The spans that `work` made, in the order of their ends.
fn spans_of(work: impl FnOnce()) -> Vec<SpanData> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let is_ours = filter_fn(|metadata| metadata.is_span() && metadata.target() == TARGET);
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test")).with_filter(is_ours);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
    exporter.get_finished_spans().expect("it collects")
}

fn trace(parent: &str) -> TraceContext {
    TraceContext { parent: Some(Arc::from(parent)), state: Some(Arc::from("vendor=1")) }
}

fn event(trace: TraceContext) -> Event {
    Event { trace, ..fanfare_samples::event() }
}

fn delivery(event: &Event, turn: Turn, trace: TraceContext) -> Delivery {
    let webhook = WebhookId::make(Timestamp::default(), 7);
    let reference = DeliveryRef::new(event, Position { sequence: 1, index: 0 }, webhook, Run::First);
    Delivery { reference, turn, waited: false, paced: false, due: event.accepted, event: None, trace }
}

fn attribute(span: &SpanData, key: &str) -> Option<String> {
    span.attributes.iter().find(|pair| pair.key.as_str() == key).map(|pair| pair.value.to_string())
}

#[test]
fn a_first_attempt_is_of_the_publishers_trace() {
    let spans = spans_of(|| {
        let call = serve_call("fanfare.v1.Publisher", "Publish", &trace(PUBLISHERS));
        let mut event = event(carried(&call).expect("it is made"));
        let sending = send_event(&event);
        event.trace = carried(&sending).expect("it is made");
        drop(sending);
        answer_call(&call, 0);
        drop(call);
        let routing = process_event(&event);
        fanned_out(&routing, 2);
        let delivery = delivery(&event, Turn::Scheduled(1), carried(&routing).expect("it is made"));
        drop(routing);
        let processing = process_delivery(&delivery, &event);
        let posting = processing.in_scope(|| post("https", "example.com", 443, 0));
        let sent = carried(&posting).expect("it is made");
        assert_eq!(sent.state.as_deref(), Some("vendor=1"));
        assert!(sent.parent.is_some_and(|parent| parent.contains("0af7651916cd43dd8448eb211c80319c")));
        posted(&posting, Some(200), None);
    });
    let names: Vec<_> = spans.iter().map(|span| span.name.as_ref()).collect();
    let expected = ["send events", "fanfare.v1.Publisher/Publish", "process events", "POST", "process deliveries"];
    assert_eq!(names, expected);
    let [sending, call, routing, posting, processing] = &spans[..] else { panic!("five: {names:?}") };
    assert!(spans.iter().all(|span| span.span_context.trace_id() == call.span_context.trace_id()));
    assert_eq!(call.parent_span_id, SpanId::from_hex("b7ad6b7169203331").expect("valid"));
    let parents = [(sending, call), (routing, sending), (processing, routing), (posting, processing)];
    for (child, parent) in parents {
        assert_eq!(child.parent_span_id, parent.span_context.span_id(), "{} under {}", child.name, parent.name);
    }
    let kinds = [SpanKind::Producer, SpanKind::Server, SpanKind::Consumer, SpanKind::Client, SpanKind::Consumer];
    assert_eq!(spans.iter().map(|span| span.span_kind.clone()).collect::<Vec<_>>(), kinds);
    assert_eq!(attribute(routing, "fanfare.deliveries").as_deref(), Some("2"));
    assert_eq!(attribute(posting, "http.response.status_code").as_deref(), Some("200"));
    assert_eq!(attribute(posting, "http.request.resend_count"), None);
}

#[test]
fn whatever_comes_later_has_a_trace_of_its_own_that_leads_to_the_events() {
    let event = event(trace(PUBLISHERS));
    let by_hand = Turn::Manual { id: AttemptId::from_bytes([1; 16]), number: 1 };
    let to_many = delivery(&event, Turn::Scheduled(1), TraceContext::default());
    let retry = delivery(&event, Turn::Scheduled(2), trace(PUBLISHERS));
    for delivery in [to_many, retry, delivery(&event, by_hand, TraceContext::default())] {
        let spans = spans_of(|| drop(process_delivery(&delivery, &event)));
        let [span] = &spans[..] else { panic!("one: {spans:?}") };
        let publishers = TraceId::from_hex("0af7651916cd43dd8448eb211c80319c").expect("valid");
        assert_ne!(span.span_context.trace_id(), publishers, "{:?}", delivery.turn);
        assert_eq!(span.parent_span_id, SpanId::INVALID);
        assert_eq!(span.links.len(), 1);
        assert_eq!(span.links[0].span_context.trace_id(), publishers);
    }
}

#[test]
fn of_a_trace_that_is_left_out_nothing_later_is_told_either() {
    let event = event(trace(LEFT_OUT));
    let spans = spans_of(|| {
        let span = process_delivery(&delivery(&event, Turn::Scheduled(3), TraceContext::default()), &event);
        assert_eq!(carried(&span), None, "the publisher's is passed on as it came");
        let sending = send_event(&event);
        let sent = carried(&sending).expect("whoever goes on must know that it is left out");
        assert!(sent.parent.is_some_and(|parent| parent.ends_with("-00")));
    });
    assert_eq!(spans.len(), 0, "{spans:?}");
}

#[test]
fn what_failed_is_marked() {
    let spans = spans_of(|| {
        let posting = post("http", "127.0.0.1", 80, 2);
        posted(&posting, Some(503), Some(("503".to_owned(), "answered 503".to_owned())));
        drop(posting);
        answer_http(&serve_http("GET", Some("/v1/events"), &TraceContext::default()), 500);
        answer_http(&serve_http("GET", None, &TraceContext::default()), 404);
        answer_call(&serve_call("s", "M", &TraceContext::default()), 14);
        answer_call(&serve_call("s", "M", &TraceContext::default()), 3);
        fail(&process_journal(3), "store", &"no answer");
    });
    let failed: Vec<_> = spans.iter().map(|span| (span.name.as_ref(), attribute(span, "error.type"))).collect();
    let of = |kind: &str| Some(kind.to_owned());
    let expected = [
        ("POST", of("503")),
        ("GET /v1/events", of("500")),
        ("GET", None),
        ("s/M", of("14")),
        ("s/M", None),
        ("process journal", of("store")),
    ];
    assert_eq!(failed, expected);
    for span in &spans {
        let is_error = matches!(span.status, Status::Error { .. });
        assert_eq!(is_error, attribute(span, "error.type").is_some(), "{}", span.name);
    }
    assert_eq!(attribute(&spans[0], "http.request.resend_count").as_deref(), Some("2"));
}

#[test]
fn what_a_database_is_asked_is_told_within_a_trace_only() {
    let spans = spans_of(|| {
        assert!(ask_database("redis", "claim").is_disabled());
        process_journal(1).in_scope(|| drop(ask_database("postgresql", "record")));
    });
    let [asking, writing] = &spans[..] else { panic!("two: {spans:?}") };
    assert_eq!((asking.name.as_ref(), asking.parent_span_id), ("record", writing.span_context.span_id()));
    assert_eq!(attribute(asking, "db.system.name").as_deref(), Some("postgresql"));
}

#[test]
fn where_no_traces_are_wanted_what_came_is_passed_on() {
    let event = event(trace(PUBLISHERS));
    let span = send_event(&event);
    assert!(span.is_disabled());
    assert_eq!(carried(&span), None);
    answer_call(&serve_call("s", "M", &event.trace), 14);
    posted(&post("http", "127.0.0.1", 80, 0), None, Some(("dns".to_owned(), "no such name".to_owned())));
    fail(&process_event(&event), "queue", &"away");
}
