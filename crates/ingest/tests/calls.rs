//! Single events and batches over a real socket.

mod harness;

use std::sync::atomic::Ordering;
use std::time::Duration;

use fanfare_domain::time::Timestamp;
use fanfare_ports::directory::Entry;
use fanfare_proto::v1::{PublishBatchRequest, PublishRequest};
use prost::Message;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Request, Status};

use harness::fakes::{Mood, api_key, tenant};
use harness::{Running, as_operator, event, with_id, with_key};

async fn refusal(server: &Running, request: Request<PublishRequest>) -> Status {
    server.client().await.publish(request).await.expect_err("refused")
}

#[tokio::test]
async fn an_event_is_stored_with_all_its_fields_and_its_trace() {
    let server = Running::start().await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let mut request = as_operator(PublishRequest {
        subject: "order 5".to_owned(),
        created: Some(prost_types::Timestamp { seconds: 1_600_000_000, nanos: 123_999_999 }),
        ..with_id("mine")
    });
    request.metadata_mut().insert("traceparent", parent.parse().expect("ascii"));
    request.metadata_mut().insert("tracestate", "vendor=1".parse().expect("ascii"));
    let answer = server.client().await.publish(request).await.expect("accepted").into_inner();
    assert_eq!((answer.id.as_str(), answer.duplicate, answer.error), ("mine", false, None));
    let stored = server.world.queue.events().remove(0);
    assert_eq!((stored.id.as_str(), stored.subject.as_deref()), ("mine", Some("order 5")));
    assert_eq!(stored.created, Timestamp::from_millis(1_600_000_000_123));
    assert_eq!((stored.trace.parent.as_deref(), stored.trace.state.as_deref()), (Some(parent), Some("vendor=1")));
    assert_eq!(stored.data, r#"{"amount":5}"#);

    let again = server.client().await.publish(as_operator(with_id("mine"))).await.expect("known").into_inner();
    assert!(again.duplicate);
    assert_eq!(server.world.queue.events().len(), 1);
}

#[tokio::test]
async fn every_refusal_has_its_code() {
    let server = Running::start().await;
    server.world.write(Entry::ApiKey(api_key("fk_acme", Some(1)))).await;
    let of = |change: fn(&mut PublishRequest)| {
        let mut event = event();
        change(&mut event);
        event
    };
    let nested = |levels: usize| PublishRequest { data: ("[".repeat(levels) + &"]".repeat(levels)).into(), ..event() };
    let text = |bytes: usize| PublishRequest { data: format!("\"{}\"", "x".repeat(bytes - 2)).into(), ..event() };
    for (request, code, says) in [
        (Request::new(event()), Code::Unauthenticated, "authorization"),
        (with_key(event(), "fk_wrong"), Code::Unauthenticated, "not known"),
        (with_key(of(|event| event.tenant = "other".into()), "fk_acme"), Code::PermissionDenied, "tenant"),
        (as_operator(of(|event| event.tenant = "fanfare".into())), Code::PermissionDenied, "fanfare"),
        (as_operator(of(|event| event.tenant = "nobody".into())), Code::NotFound, "nobody"),
        (as_operator(of(|event| event.tenant.clear())), Code::InvalidArgument, "tenant: "),
        (as_operator(of(|event| event.r#type = "No Type".into())), Code::InvalidArgument, "type: "),
        (as_operator(of(|event| event.r#type = "webhook.ping".into())), Code::InvalidArgument, "type: "),
        (as_operator(of(|event| event.id = "a/b".into())), Code::InvalidArgument, "id: "),
        (as_operator(of(|event| event.subject = "a\nb".into())), Code::InvalidArgument, "subject: "),
        (
            as_operator(of(|event| event.created = Some(prost_types::Timestamp { seconds: -1, nanos: 0 }))),
            Code::InvalidArgument,
            "created: ",
        ),
        (as_operator(of(|event| event.data = "".into())), Code::InvalidArgument, "data: "),
        (as_operator(of(|event| event.data = "{\"a\":".into())), Code::InvalidArgument, "data: "),
        (as_operator(nested(129)), Code::InvalidArgument, "data: "),
        (as_operator(text(256 * 1024 + 1)), Code::ResourceExhausted, "262144"),
        (as_operator(text(17 * 1024 * 1024)), Code::ResourceExhausted, "too large"),
    ] {
        let status = refusal(&server, request).await;
        assert_eq!(status.code(), code, "{status:?}");
        assert!(status.message().contains(says), "{says}: {status:?}");
    }
    assert_eq!(server.world.queue.events(), []);
    let mut client = server.client().await;
    client.publish(as_operator(nested(128))).await.expect("128 levels");
    client.publish(as_operator(text(256 * 1024))).await.expect("256 KiB");
    client.publish(with_key(of(|event| event.tenant.clear()), "fk_acme")).await.expect("the key names the tenant");
}

#[tokio::test]
async fn what_cannot_be_stored_now_is_unavailable() {
    let server = Running::start().await;
    for mood in [Mood::Full, Mood::Away] {
        server.world.queue.set(mood);
        assert_eq!(refusal(&server, as_operator(event())).await.code(), Code::Unavailable, "{mood:?}");
    }
    server.world.queue.set(Mood::Stores);
    server.world.ids.away.store(true, Ordering::SeqCst);
    assert_eq!(refusal(&server, as_operator(with_id("a"))).await.code(), Code::Unavailable);
    server.client().await.publish(as_operator(event())).await.expect("no id to remember");
}

#[tokio::test]
async fn a_quota_tells_when_to_come_back() {
    let server = Running::start().await;
    server.world.write(Entry::Tenant(tenant("acme", 1, Some(1)))).await;
    server.client().await.publish(as_operator(event())).await.expect("the first");
    let status = refusal(&server, as_operator(event())).await;
    assert_eq!(status.code(), Code::ResourceExhausted);

    #[derive(Clone, PartialEq, Message)]
    struct Details {
        #[prost(int32, tag = "1")]
        code: i32,
        #[prost(message, repeated, tag = "3")]
        details: Vec<prost_types::Any>,
    }
    #[derive(Clone, PartialEq, Message)]
    struct Retry {
        #[prost(message, optional, tag = "1")]
        delay: Option<prost_types::Duration>,
    }
    let details = Details::decode(status.details()).expect("google.rpc.Status");
    assert_eq!(details.code, 8);
    let any = details.details.first().expect("one detail");
    assert_eq!(any.type_url, "type.googleapis.com/google.rpc.RetryInfo");
    let delay = Retry::decode(any.value.as_slice()).expect("google.rpc.RetryInfo").delay;
    assert_eq!(delay, Some(prost_types::Duration { seconds: 1, nanos: 0 }));

    server.world.advance(Duration::from_secs(1)).await;
    server.client().await.publish(as_operator(event())).await.expect("a second later");
}

#[tokio::test]
async fn a_batch_is_answered_in_order_and_one_bad_event_fails_alone() {
    let server = Running::start().await;
    let bad = PublishRequest { r#type: String::new(), ..event() };
    let events = vec![with_id("a"), bad, with_id("b"), with_id("a"), event()];
    let batch = as_operator(PublishBatchRequest { events });
    let results = server.client().await.publish_batch(batch).await.expect("answered").into_inner().results;
    let ids: Vec<_> = results.iter().map(|result| result.id.get(..4).unwrap_or(&result.id)).collect();
    assert_eq!(ids, ["a", "", "b", "a", "evt_"]);
    let duplicates: Vec<_> = results.iter().map(|result| result.duplicate).collect();
    assert_eq!(duplicates, [false, false, false, true, false]);
    let error = results[1].error.as_ref().expect("refused");
    assert_eq!(error.code, 3);
    assert!(error.message.starts_with("type: "), "{error:?}");
    assert_eq!(server.world.queue.events().len(), 3);
    assert_eq!(server.world.queue.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn batches_have_limits() {
    let server = Running::start().await;
    let mut client = server.client().await;
    let of = |events: Vec<PublishRequest>| as_operator(PublishBatchRequest { events });
    let full = client.publish_batch(of(vec![event(); 1000])).await.expect("1,000 events").into_inner();
    assert_eq!(full.results.len(), 1000);
    let status = client.publish_batch(of(vec![event(); 1001])).await.expect_err("1,001 events");
    assert_eq!(status.code(), Code::InvalidArgument);
    let large = PublishRequest { data: format!("\"{}\"", "x".repeat(250 * 1024)).into(), ..event() };
    let status = client.publish_batch(of(vec![large; 70])).await.expect_err("over 16 MiB");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(client.publish_batch(of(Vec::new())).await.expect("nothing").into_inner().results, []);
}

#[tokio::test]
async fn compressed_calls_are_taken_and_their_size_is_limited() {
    let server = Running::start().await;
    let mut client =
        server.client().await.send_compressed(CompressionEncoding::Gzip).accept_compressed(CompressionEncoding::Gzip);
    client.publish(as_operator(event())).await.expect("accepted");
    let bomb = PublishRequest { data: vec![b' '; 40 * 1024 * 1024].into(), ..event() };
    let status = client.publish(as_operator(bomb)).await.expect_err("too large when unpacked");
    assert_ne!(status.code(), Code::Ok);
    assert_eq!(server.world.queue.events().len(), 1);
}
