//! An update of every service while events flow, as Kubernetes does it, with processes in place of pods.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fanfare_cluster::{
    Balancer, Body, Cluster, Family, Publisher, Receiver, Rest, Sent, Service, Tenant, event, numbered,
};
use fanfare_proto::v1::PublishRequest;
use reqwest::Method;
use serde_json::json;
use tonic::{Code, Status};

use super::{all_are_accounted_for, all_arrive};

const PER_SECOND: u32 = 100;
/// Some seconds' worth, so that streams are open when their process ends.
const OF_A_STREAM: usize = 300;
/// Between two events of those who publish one at a time.
const PAUSE: Duration = Duration::from_millis(50);
/// Before an event is sent once more, to whichever process the Service chooses.
const AGAIN_AFTER: Duration = Duration::from_millis(50);
/// For how long a Service goes on sending connections to a pod that is to end, and what the pod is given for that before
/// SIGTERM (the chart's `shutdown.deregister`, shortened).
const ENDPOINTS_LAG: Duration = Duration::from_millis(300);
const DEREGISTER: Duration = Duration::from_millis(600);
/// What the chart gives a pod after that: 30 s to drain, and 10 s.
const GRACE: Duration = Duration::from_secs(40);
const LIMIT: Duration = Duration::from_secs(60);

/// Two processes of each service, and before those that are called the chart's two Services.
struct Rolled {
    cluster: Cluster,
    grpc: Balancer,
    http: Balancer,
}

impl Rolled {
    async fn start() -> Self {
        let two = Service::APART.into_iter().fold(Cluster::of(Family::Distributed), |all, one| all.instances(one, 2));
        let (cluster, grpc, http) = (two.start().await, Balancer::start().await, Balancer::start().await);
        let rolled = Self { cluster, grpc, http };
        rolled.set_endpoints();
        rolled
    }

    /// The Services know the processes that there are.
    fn set_endpoints(&self) {
        self.grpc.set(self.cluster.settings(Service::Ingest, "FANFARE_GRPC_ADDR"));
        self.http.set(self.cluster.settings(Service::Api, "FANFARE_HTTP_ADDR"));
    }

    /// A tenant that is reached through the Services alone.
    async fn tenant(&self) -> Tenant {
        let tenant = self.cluster.tenant("acme").await;
        let rest = Rest::new(self.cluster.client(), &self.http.url(), self.cluster.operator_key());
        let publisher = Publisher::new(&self.grpc.url(), self.cluster.operator_key());
        Tenant { rest: rest.for_tenant(&tenant.id), publisher, ..tenant }
    }

    /// Replaces both processes of a service: a new one is ready and known before an old one is told to end.
    async fn replace(&mut self, service: Service) {
        for _ in 0..2 {
            self.cluster.add(service).await;
            self.set_endpoints();
            let mut old = self.cluster.take_oldest(service);
            tokio::time::sleep(ENDPOINTS_LAG).await;
            self.set_endpoints();
            tokio::time::sleep(DEREGISTER.saturating_sub(ENDPOINTS_LAG)).await;
            let ended = old.terminate(GRACE).await;
            assert_eq!(ended.status.code(), Some(0), "{}: {}", old.name(), old.log_tail());
            eprintln!("{} went down within {:?}", old.name(), ended.took);
        }
    }
}

/// Publishes streams of events until it is told to stop.
async fn in_streams(tenant: Tenant, stop: Arc<AtomicBool>) -> Sent {
    let mut all = Sent::default();
    for stream in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let events = numbered(&tenant.id, "order.paid", &format!("stream-{stream}"), OF_A_STREAM);
        add(&mut all, tenant.publisher.paced(events, Some(PER_SECOND)).await);
    }
    all
}

/// Publishes one event at a time over gRPC until it is told to stop. What a client may send again is sent again once.
async fn one_by_one(tenant: Tenant, stop: Arc<AtomicBool>) -> Sent {
    let mut all = Sent::default();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        let id = format!("single-{number}");
        let event = PublishRequest { id, ..event(&tenant.id, "order.paid", &json!({ "number": number })) };
        let mut answer = tenant.publisher.publish(event.clone()).await;
        if answer.as_ref().is_err_and(is_open) {
            all.again += 1;
            tokio::time::sleep(AGAIN_AFTER).await;
            answer = tenant.publisher.publish(event).await;
        }
        all.accepted.insert(answer.expect("accepted, if need be by another process").id);
    }
    all
}

/// Whether the event may or may not have been stored: the process says so, or the connection ended, as it does when the process
/// at its other end goes down.
fn is_open(status: &Status) -> bool {
    let by_connection = std::error::Error::source(status).is_some_and(|source| source.is::<tonic::transport::Error>());
    status.code() == Code::Unavailable || by_connection
}

/// The same over REST, where a call that nobody answers may be sent again too.
async fn over_rest(tenant: Tenant, stop: Arc<AtomicBool>) -> Sent {
    let mut all = Sent::default();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        let event = json!({ "type": "order.paid", "data": { "number": number }, "id": format!("rest-{number}") });
        let publish = || tenant.rest.try_send(Method::POST, "/v1/events", Body::Json(event.clone()));
        let mut answer = publish().await;
        if answer.as_ref().map_or(true, |reply| reply.status == 503) {
            all.again += 1;
            tokio::time::sleep(AGAIN_AFTER).await;
            answer = publish().await;
        }
        let accepted = answer.expect("answered, if need be by another process").expect(202);
        all.accepted.insert(accepted["id"].as_str().expect("an id").to_owned());
    }
    all
}

fn add(all: &mut Sent, more: Sent) {
    all.accepted.extend(more.accepted);
    all.refused.extend(more.refused);
    all.again += more.again;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_in_turn_loses_refuses_and_repeats_nothing() {
    let mut rolled = Rolled::start().await;
    let tenant = rolled.tenant().await;
    let (steady, failing) = (Receiver::start().await, Receiver::answering([503, 200]).await);
    let webhook = tenant.webhook(&steady, &["*"]).await;
    let retried = tenant.webhook_retried(&failing, &["0s", "2s", "2s"]).await;
    rolled.cluster.in_force().await;

    let stop = Arc::new(AtomicBool::new(false));
    let streams = tokio::spawn(in_streams(tenant.clone(), Arc::clone(&stop)));
    let singles = tokio::spawn(one_by_one(tenant.clone(), Arc::clone(&stop)));
    let posts = tokio::spawn(over_rest(tenant.clone(), Arc::clone(&stop)));
    for service in Service::APART {
        rolled.replace(service).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut sent = Sent::default();
    for publishing in [streams, singles, posts] {
        let part = publishing.await.expect("every event is accepted");
        eprintln!("{} accepted, {} sent again", part.accepted.len(), part.again);
        add(&mut sent, part);
    }

    all_arrive(&steady, &sent, 0, LIMIT).await;
    // Each of these is attempted twice, and no more.
    let expected = sent.accepted.len();
    failing.until("all retries", LIMIT, |log| log.succeeded() >= expected).await;
    all_arrive(&failing, &sent, expected, LIMIT).await;
    all_are_accounted_for(&tenant, &webhook.id, &sent).await;
    all_are_accounted_for(&tenant, &retried.id, &sent).await;
}
