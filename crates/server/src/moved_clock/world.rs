//! Every service in this process, wired as `fanfare standalone` wires them, on one clock that stands still until it is moved.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fanfare_cluster::{Publisher, Rest, Tenant, http_client};
use fanfare_domain::time::Timestamp;
use fanfare_embedded::Embedded;
use fanfare_ports::clock::{Clock, ManualClock, SharedClock};
use fanfare_ports::queue::{Consumer, Queue as _};
use fanfare_servers::free_port;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::Flags;
use crate::ports::{Ports, open_embedded};
use crate::readiness::Readiness;
use crate::services::{Service, Shared};
use crate::settings::Settings;
use crate::supervisor::Supervisor;

const OPERATOR_KEY: &str = "operator";
/// When it begins: on a day like any other, some time in it.
const BEGINNING: &str = "2026-03-15T09:26:53.589Z";
/// How far the clock moves in one step while services work, and how long they are left alone between two: leases that they hold must
/// not lapse meanwhile, however busy the machine is.
const STEP: Duration = Duration::from_millis(5);
const BETWEEN_STEPS: Duration = Duration::from_millis(1);
/// How long the clock stands still, in real time, for what a service does at once.
const STANDS_FOR: Duration = Duration::from_millis(200);
/// Before something is due, time passes in larger steps for this long, so that whatever looks around now and then has looked.
const APPROACH: Duration = Duration::from_secs(2);
const APPROACH_STEP: Duration = Duration::from_millis(20);

/// The whole system. Dropping it ends its services.
pub(super) struct World {
    clock: ManualClock,
    embedded: Embedded,
    readiness: Readiness,
    rest: Rest,
    grpc: String,
    supervisor: Supervisor,
    _folder: TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        self.supervisor.stop.cancel();
        self.supervisor.stop_background.cancel();
    }
}

impl World {
    /// Longest wait for what comes at once, in real time.
    pub(super) const PATIENCE: Duration = Duration::from_secs(20);

    /// A system that is ready, and may post to this machine.
    pub(super) async fn start() -> Self {
        // It also installs the provider of TLS, which the binary does as it starts.
        let client = http_client();
        let folder = tempfile::tempdir().expect("a folder can be made");
        let clock = ManualClock::at(Timestamp::parse(BEGINNING).expect("a time"));
        let settings = settings(&folder);
        let (http, grpc) = (format!("http://{}", settings.http_addr), format!("http://{}", settings.grpc_addr));
        let shared_clock: SharedClock = Arc::new(clock.clone());
        let embedded = open_embedded(&settings, &shared_clock).await.expect("the data directory opens");
        let (readiness, mut supervisor) = (Readiness::default(), Supervisor::new());
        let ports = Ports::embedded(&embedded);
        let mut shared = Shared::new(settings, ports, shared_clock, readiness.clone(), &mut supervisor);
        for service in Service::all() {
            shared.start(service, &mut supervisor).await.expect("the service starts");
        }
        readiness.running();
        let rest = Rest::new(client, &http, OPERATOR_KEY);
        let world = Self { clock, embedded, readiness, rest, grpc, supervisor, _folder: folder };
        world.settle().await;
        world
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A tenant that is there; all calls are made with the operator's key.
    pub(super) fn tenant_named(&self, id: &str) -> Tenant {
        let publisher = Publisher::new(&self.grpc, OPERATOR_KEY);
        Tenant { id: id.to_owned(), rest: self.rest.for_tenant(id), publisher }
    }

    /// A new tenant.
    pub(super) async fn tenant(&self, id: &str) -> Tenant {
        let path = format!("/v1/tenants/{id}");
        let reply = self.pass(self.rest.put(&path, json!({}))).await;
        assert!(reply.status.is_success(), "tenant {id}: {} {}", reply.status, reply.body);
        self.tenant_named(id)
    }

    /// A new webhook; gives its id.
    pub(super) async fn webhook(&self, tenant: &Tenant, webhook: Value) -> String {
        self.pass(tenant.webhook_of(webhook)).await.id
    }

    /// Lets time pass, little by little, until `done` is.
    pub(super) async fn pass<T>(&self, done: impl Future<Output = T>) -> T {
        let passing = async {
            loop {
                self.clock.advance(STEP);
                tokio::time::sleep(BETWEEN_STEPS).await;
            }
        };
        tokio::select! {
            done = done => done,
            () = passing => unreachable!("time passes for ever"),
        }
    }

    /// Waits for `done` while the clock stands still. A service that looked around a moment before the clock stood may wait for a
    /// moment after; so if that takes long, time passes, a millisecond at a time.
    pub(super) async fn stand<T>(&self, done: impl Future<Output = T>) -> T {
        let nudging = async {
            tokio::time::sleep(STANDS_FOR).await;
            loop {
                self.clock.advance(Duration::from_millis(1));
                tokio::time::sleep(BETWEEN_STEPS).await;
            }
        };
        tokio::select! {
            done = done => done,
            () = nudging => unreachable!("time passes for ever"),
        }
    }

    /// Waits, while the clock stands still, until all attempts that were begun are on record.
    pub(super) async fn worked(&self) {
        let lanes = Consumer::ALL.into_iter().filter(|consumer| matches!(consumer, Consumer::Worker(_)));
        let worked = async {
            while !self.have_nothing_left(lanes.clone()).await {
                tokio::time::sleep(BETWEEN_STEPS).await;
            }
        };
        tokio::time::timeout(Self::PATIENCE, self.stand(worked)).await.expect("workers finish what they have begun");
    }

    /// Lets time pass, little by little, until every service is ready and has nothing left to do now.
    pub(super) async fn settle(&self) {
        self.pass(async {
            let began = Instant::now();
            while !self.is_idle().await {
                assert!(began.elapsed() < Self::PATIENCE, "still waiting for {:?}", self.readiness.waits_for());
                tokio::time::sleep(BETWEEN_STEPS).await;
            }
        })
        .await;
    }

    async fn is_idle(&self) -> bool {
        self.have_nothing_left(Consumer::ALL).await && self.readiness.waits_for().is_empty()
    }

    async fn have_nothing_left(&self, consumers: impl IntoIterator<Item = Consumer>) -> bool {
        for consumer in consumers {
            let backlog = self.embedded.queue().backlog(consumer).await.expect("told");
            if backlog.waiting + backlog.taken > 0 {
                return false;
            }
        }
        true
    }

    /// Moves the clock to `due`, where it stands still again: in one leap until shortly before, then little by little.
    pub(super) async fn stand_at(&self, due: Timestamp) {
        let now = self.now();
        assert!(now <= due, "{due} is over: it is {now}");
        self.settle().await;
        self.clock.advance(due.minus(APPROACH).since(self.now()));
        while self.now() < due {
            self.clock.advance(APPROACH_STEP.min(due.since(self.now())));
            tokio::time::sleep(BETWEEN_STEPS).await;
        }
    }
}

fn settings(folder: &TempDir) -> Settings {
    let config = folder.path().join("fanfare.toml");
    let secrets_key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let lines = format!(
        "operator_key = \"{OPERATOR_KEY}\"\nsecrets_key = \"{secrets_key}\"\nallow_http = true\n\
         allow_private_targets = [\"127.0.0.0/8\"]\n\
         [logs]\ngather = \"0ms\"\n"
    );
    std::fs::write(&config, lines).expect("a file can be written");
    let local = || Some(std::net::SocketAddr::from(([127, 0, 0, 1], free_port())));
    Settings::read(&Flags {
        config: Some(config),
        http_addr: local(),
        grpc_addr: local(),
        admin_addr: None,
        data_dir: Some(folder.path().join("data")),
    })
    .expect("the settings are right")
}
