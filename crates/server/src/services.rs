//! The services, what each needs, and how each is started: the one table.

use std::sync::Arc;

use fanfare_api::{Api, Dependencies};
use fanfare_domain::profile::Profiles;
use fanfare_domain::sealed::Keyring;
use fanfare_ingest::Ingest;
use fanfare_intake::{Announcer, Intake, OperatorKey};
use fanfare_logs::Logs;
use fanfare_ports::catalogue::Catalogue;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::outbox::Teller;
use fanfare_router::Router;
use fanfare_scheduler::Scheduler;
use fanfare_worker::{Egress, Worker};
use tokio::net::TcpListener;

use crate::Failure;
use crate::ports::Ports;
use crate::readiness::Readiness;
use crate::settings::{Settings, SettingsError};
use crate::supervisor::Supervisor;
use crate::{admin, tls};

/// A service that can run by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Ingest,
    Router,
    Worker,
    Scheduler,
    Logs,
    Api,
}

/// What a service cannot run without.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Needs {
    pub(crate) nats: bool,
    pub(crate) redis: bool,
    pub(crate) postgres: bool,
    pub(crate) operator_key: bool,
    pub(crate) secrets_key: bool,
}

const NOTHING: Needs = Needs { nats: false, redis: false, postgres: false, operator_key: false, secrets_key: false };

/// Name, service, needs.
const TABLE: [(&str, Service, Needs); 6] = [
    ("ingest", Service::Ingest, Needs { nats: true, redis: true, operator_key: true, ..NOTHING }),
    ("router", Service::Router, Needs { nats: true, ..NOTHING }),
    ("worker", Service::Worker, Needs { nats: true, secrets_key: true, ..NOTHING }),
    ("scheduler", Service::Scheduler, Needs { nats: true, redis: true, ..NOTHING }),
    ("logs", Service::Logs, Needs { nats: true, postgres: true, ..NOTHING }),
    ("api", Service::Api, Needs { nats: true, redis: true, postgres: true, operator_key: true, secrets_key: true }),
];

impl Service {
    /// All services, as `standalone` runs them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(_, service, _)| *service)
    }

    fn row(self) -> &'static (&'static str, Self, Needs) {
        TABLE.iter().find(|(_, service, _)| *service == self).unwrap_or(&TABLE[0])
    }

    /// Its subcommand.
    pub(crate) fn name(self) -> &'static str {
        self.row().0
    }

    /// What it cannot run without.
    pub(crate) fn needs(self) -> Needs {
        self.row().2
    }
}

/// What the services of one process share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) ports: Ports,
    pub(crate) clock: SharedClock,
    pub(crate) readiness: Readiness,
    /// Names this process and no other.
    pub(crate) holder: String,
    catalogue: Arc<Catalogue>,
    profiles: Arc<Profiles>,
    intake: Option<Arc<Intake>>,
}

impl Shared {
    /// Begins to follow the directory.
    pub(crate) fn new(
        settings: Settings,
        ports: Ports,
        clock: SharedClock,
        readiness: Readiness,
        supervisor: &mut Supervisor,
    ) -> Self {
        let catalogue = Catalogue::of(Arc::clone(&ports.directory), Arc::clone(&clock));
        let followed = Arc::clone(&catalogue);
        let stop = supervisor.stop_background.clone();
        supervisor.run_background(async move { followed.follow(&stop).await });
        let profiles = Arc::new(settings.profiles.clone());
        let holder = format!("{:032x}", rand::random::<u128>());
        Self { settings, ports, clock, readiness, holder, catalogue, profiles, intake: None }
    }

    /// Starts `service`; it runs until the supervisor stops it.
    pub(crate) async fn start(&mut self, service: Service, supervisor: &mut Supervisor) -> Result<(), Failure> {
        match service {
            Service::Ingest => self.start_ingest(supervisor).await,
            Service::Router => {
                self.start_router(supervisor);
                Ok(())
            }
            Service::Worker => self.start_worker(supervisor),
            Service::Scheduler => self.start_scheduler(supervisor),
            Service::Logs => self.start_logs(supervisor),
            Service::Api => self.start_api(supervisor).await,
        }
    }

    async fn start_ingest(&mut self, supervisor: &mut Supervisor) -> Result<(), Failure> {
        let listener = listen(self.settings.grpc_addr, "FANFARE_GRPC_ADDR").await?;
        let tls = self.settings.tls.clone().map(|tls| fanfare_ingest::Tls {
            certificate: tls.cert,
            key: tls.key,
            client_ca: tls.client_ca,
        });
        let ingest = Ingest::new(self.settings.services.ingest.clone(), tls, self.intake()?);
        let asked = Arc::clone(&ingest);
        self.readiness.add("ingest", move || asked.waits_for());
        supervisor.run("ingest", ingest.run(listener, supervisor.stop.clone()));
        Ok(())
    }

    fn start_router(&self, supervisor: &mut Supervisor) {
        let router = Router::new(
            self.settings.services.router.clone(),
            Arc::clone(&self.ports.queue),
            Arc::clone(&self.catalogue),
            Arc::clone(&self.clock),
        );
        let asked = Arc::clone(&router);
        self.readiness.add("router", move || asked.waits_for());
        supervisor.run("router", router.run(supervisor.stop.clone()));
    }

    fn start_worker(&self, supervisor: &mut Supervisor) -> Result<(), Failure> {
        let egress = Egress {
            rules: self.settings.targets.clone(),
            proxy: self.settings.egress_proxy.clone(),
            extra_ca: self.settings.extra_ca.clone(),
        };
        let worker = Worker::new(
            self.settings.services.worker.clone(),
            egress,
            self.settings.retention.events,
            Arc::clone(&self.ports.queue),
            Arc::clone(&self.catalogue),
            Arc::clone(&self.profiles),
            self.keyring()?,
            Arc::clone(&self.clock),
        )
        .map_err(|error| SettingsError::Egress(error.to_string()))?;
        let asked = Arc::clone(&worker);
        self.readiness.add("worker", move || asked.waits_for());
        supervisor.run("worker", worker.run(supervisor.stop.clone()));
        Ok(())
    }

    fn start_scheduler(&self, supervisor: &mut Supervisor) -> Result<(), Failure> {
        let ports = fanfare_scheduler::Ports {
            queue: Arc::clone(&self.ports.queue),
            schedule: self.ports.schedule()?,
            directory: Arc::clone(&self.ports.directory),
            clock: Arc::clone(&self.clock),
        };
        let retention = self.settings.retention.events;
        let scheduler = Scheduler::new(self.settings.services.scheduler.clone(), ports, retention, self.holder.clone());
        let asked = Arc::clone(&scheduler);
        self.readiness.add("scheduler", move || asked.waits_for());
        supervisor.run("scheduler", scheduler.run(supervisor.stop.clone()));
        Ok(())
    }

    fn start_logs(&self, supervisor: &mut Supervisor) -> Result<(), Failure> {
        let store = self.ports.store()?;
        let queue = Arc::clone(&self.ports.queue);
        let clock = Arc::clone(&self.clock);
        let ports = fanfare_logs::Ports {
            queue: Arc::clone(&queue),
            ledger: store.ledger,
            registry: store.registry,
            notices: store.notices,
            outcomes: store.outcomes,
            teller: self.teller("logs")?,
            announcer: Announcer::new(queue, Arc::clone(&clock), self.settings.services.intake.clone()),
            profiles: Arc::clone(&self.profiles),
            clock,
        };
        let logs = Logs::new(self.settings.services.logs.clone(), self.settings.retention.attempts, ports);
        let asked = Arc::clone(&logs);
        self.readiness.add("logs", move || asked.waits_for());
        supervisor.run("logs", logs.run(supervisor.stop.clone()));
        Ok(())
    }

    async fn start_api(&mut self, supervisor: &mut Supervisor) -> Result<(), Failure> {
        let listener = listen(self.settings.http_addr, "FANFARE_HTTP_ADDR").await?;
        let tls = self.settings.tls.as_ref().map(tls::server_config).transpose()?;
        let store = self.ports.store()?;
        let dependencies = Dependencies {
            intake: self.intake()?,
            registry: store.registry,
            reports: store.reports,
            outcomes: store.outcomes,
            replays: store.replays,
            sessions: store.sessions,
            queue: Arc::clone(&self.ports.queue),
            directory: Arc::clone(&self.ports.directory),
            catalogue: Arc::clone(&self.catalogue),
            teller: self.teller("api")?,
            schedule: self.ports.schedule()?,
            idempotency: self.ports.idempotency()?,
            profiles: Arc::clone(&self.profiles),
            keyring: self.keyring()?,
            targets: self.settings.targets.clone(),
            retention: self.settings.retention.events,
            is_encrypted: tls.is_some(),
            portal_is_framed: !self.settings.services.dashboard.frame_origins.is_empty(),
            clock: Arc::clone(&self.clock),
            holder: self.holder.clone(),
        };
        let dashboard = &self.settings.services.dashboard;
        let pages = fanfare_dashboard::router(dashboard).map_err(SettingsError::from)?;
        let beside = admin::health(self.readiness.clone()).merge(pages);
        let api = Api::new(self.settings.services.api.clone(), dependencies, beside);
        let asked = Arc::clone(&api);
        self.readiness.add("api", move || asked.waits_for());
        supervisor.run("api", api.run(listener, tls, supervisor.stop.clone()));
        Ok(())
    }

    fn intake(&mut self) -> Result<Arc<Intake>, Failure> {
        if let Some(intake) = &self.intake {
            return Ok(Arc::clone(intake));
        }
        let key = self.settings.operator_key.as_deref().ok_or_else(|| missing("FANFARE_OPERATOR_KEY"))?;
        let intake = Intake::new(
            Arc::clone(&self.ports.queue),
            self.ports.idempotency()?,
            Arc::clone(&self.catalogue),
            Arc::clone(&self.clock),
            self.settings.services.intake.clone(),
            OperatorKey::of(key),
        );
        self.intake = Some(Arc::clone(&intake));
        Ok(intake)
    }

    fn keyring(&self) -> Result<Arc<Keyring>, Failure> {
        let keys = self.settings.secrets_key.as_deref().ok_or_else(|| missing("FANFARE_SECRETS_KEY"))?;
        Ok(Arc::new(Keyring::parse(keys).map_err(SettingsError::from)?))
    }

    fn teller(&self, service: &str) -> Result<Arc<Teller>, Failure> {
        Ok(Teller::new(
            self.ports.store()?.outbox,
            Arc::clone(&self.ports.directory),
            Arc::clone(&self.clock),
            format!("{service}-{}", self.holder),
        ))
    }
}

fn missing(name: &str) -> SettingsError {
    SettingsError::Missing(vec![name.to_owned()])
}

async fn listen(addr: std::net::SocketAddr, setting: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(addr)
        .await
        .map_err(|error| Failure::run(format!("cannot listen on {addr} (choose another with {setting})"), error))
}
