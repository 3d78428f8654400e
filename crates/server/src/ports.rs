//! The adapters behind the ports: those of production, or the embedded ones.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use fanfare_embedded::{Embedded, EmbeddedSettings};
use fanfare_nats::ConnectError as NatsError;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::directory::Directory;
use fanfare_ports::idempotency::Idempotency;
use fanfare_ports::queue::Queue;
use fanfare_ports::schedule::Schedule;
use fanfare_ports::store::{Ledger, Notices, Outbox, Outcomes, Registry, Replays, Reports, Sessions};
use fanfare_postgres::SetupError;
use fanfare_redis::{ConnectError as RedisError, TimeSource};

use crate::Failure;
use crate::measured::{Database, Measured};
use crate::readiness::Readiness;
use crate::services::{Needs, Service};
use crate::settings::{Settings, SettingsError};

const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The store's ports; one adapter serves them all.
#[derive(Clone)]
pub(crate) struct StorePorts {
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) outbox: Arc<dyn Outbox>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) notices: Arc<dyn Notices>,
    pub(crate) reports: Arc<dyn Reports>,
    pub(crate) outcomes: Arc<dyn Outcomes>,
    pub(crate) sessions: Arc<dyn Sessions>,
    pub(crate) replays: Arc<dyn Replays>,
}

impl StorePorts {
    fn of<S>(store: Arc<S>, system: Database) -> Self
    where
        S: Registry + Outbox + Ledger + Notices + Reports + Outcomes + Sessions + Replays,
    {
        let store = Measured::new(store, system);
        Self {
            registry: Arc::clone(&store) as _,
            outbox: Arc::clone(&store) as _,
            ledger: Arc::clone(&store) as _,
            notices: Arc::clone(&store) as _,
            reports: Arc::clone(&store) as _,
            outcomes: Arc::clone(&store) as _,
            sessions: Arc::clone(&store) as _,
            replays: store,
        }
    }
}

/// What the services of this process run on. A port that no service needs is not connected.
#[derive(Clone)]
pub(crate) struct Ports {
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) directory: Arc<dyn Directory>,
    schedule: Option<Arc<dyn Schedule>>,
    idempotency: Option<Arc<dyn Idempotency>>,
    store: Option<StorePorts>,
}

impl Ports {
    pub(crate) fn schedule(&self) -> Result<Arc<dyn Schedule>, Failure> {
        self.schedule.clone().ok_or_else(|| not_named("schedule"))
    }

    pub(crate) fn idempotency(&self) -> Result<Arc<dyn Idempotency>, Failure> {
        self.idempotency.clone().ok_or_else(|| not_named("idempotency"))
    }

    pub(crate) fn store(&self) -> Result<StorePorts, Failure> {
        self.store.clone().ok_or_else(|| not_named("store"))
    }

    /// The embedded ports.
    pub(crate) fn embedded(embedded: &Embedded) -> Self {
        Self {
            queue: embedded.queue(),
            directory: embedded.directory(),
            schedule: Some(Measured::new(embedded.schedule(), Database::Sqlite)),
            idempotency: Some(Measured::new(embedded.idempotency(), Database::Sqlite)),
            store: Some(StorePorts::of(embedded.store(), Database::Sqlite)),
        }
    }

    /// Connects to the backends of production that `service` needs, waiting for those that are not there yet.
    pub(crate) async fn connect(
        service: Service,
        settings: &Settings,
        clock: &SharedClock,
        readiness: &Readiness,
    ) -> Result<Self, Failure> {
        let needs = service.needs();
        require(service.name(), needs, settings)?;
        let Some(nats) = &settings.nats else { return Err(not_named("nats")) };
        let wait = Wait { readiness, clock };
        let nats = wait.until("nats", nats_is_wrong, || fanfare_nats::connect(nats, Arc::clone(clock))).await?;
        wait.until("nats (streams)", |_| false, || nats.check()).await?;
        let redis = match &settings.redis {
            Some(redis) if needs.redis => {
                let connect = || fanfare_redis::connect(redis, TimeSource::Server);
                Some(wait.until("redis", |error| matches!(error, RedisError::Url(_)), connect).await?)
            }
            _ => None,
        };
        let store = match &settings.postgres {
            Some(postgres) if needs.postgres => {
                let connect = || fanfare_postgres::connect(postgres);
                let store = wait.until("postgres", |error| matches!(error, SetupError::Url(_)), connect).await?;
                Some(StorePorts::of(Arc::new(store), Database::Postgres))
            }
            _ => None,
        };
        Ok(Self {
            queue: nats.queue(),
            directory: nats.directory(),
            schedule: redis.as_ref().map(|redis| Measured::new(Arc::clone(&redis.schedule), Database::Redis) as _),
            idempotency: redis.map(|redis| Measured::new(redis.idempotency, Database::Redis) as _),
            store,
        })
    }
}

/// Opens the embedded storage of a data directory.
pub(crate) async fn open_embedded(settings: &Settings, clock: &SharedClock) -> Result<Embedded, Failure> {
    let embedded = EmbeddedSettings { data_dir: settings.data_dir.clone(), limits: settings.services.embedded_limits };
    Embedded::open(embedded, Arc::clone(clock))
        .await
        .map_err(|error| Failure::run(format!("cannot open {}", settings.data_dir.display()), error))
}

/// Checks that everything that a service needs is set; names all that is not.
pub(crate) fn require(command: &str, needs: Needs, settings: &Settings) -> Result<(), SettingsError> {
    let wanted = [
        (needs.nats && settings.nats.is_none(), "FANFARE_NATS_URL", "where NATS is, such as nats://127.0.0.1:4222"),
        (
            needs.redis && settings.redis.is_none(),
            "FANFARE_REDIS_URL",
            "where Redis is, such as redis://127.0.0.1:6379",
        ),
        (
            needs.postgres && settings.postgres.is_none(),
            "FANFARE_POSTGRES_URL",
            "where Postgres is, such as postgres://user:password@127.0.0.1/fanfare",
        ),
        (
            needs.operator_key && settings.operator_key.is_none(),
            "FANFARE_OPERATOR_KEY",
            "the operator's key, any long random text",
        ),
        (
            needs.secrets_key && settings.secrets_key.is_none(),
            "FANFARE_SECRETS_KEY",
            "32 random bytes in base64, as `openssl rand -base64 32` makes them",
        ),
    ];
    let missing: Vec<_> = wanted
        .into_iter()
        .filter(|(is_missing, ..)| *is_missing)
        .map(|(_, name, what)| format!("{name} ({what})"))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut missing = missing;
    if let Some(first) = missing.first_mut() {
        *first = format!("`fanfare {command}` needs {first}");
    }
    Err(SettingsError::Missing(missing))
}

fn not_named(port: &str) -> Failure {
    Failure::run("cannot start", format!("{port} is used by a service whose row in the table does not name it"))
}

/// Whether trying again cannot help, because the settings are not right.
const fn nats_is_wrong(error: &NatsError) -> bool {
    matches!(error, NatsError::Url(_) | NatsError::Credentials { .. })
}

/// Waiting for backends, which may come up after us.
struct Wait<'a> {
    readiness: &'a Readiness,
    clock: &'a SharedClock,
}

impl Wait<'_> {
    /// Connects until it works, or until an error says that the settings are wrong.
    async fn until<T, E, F>(
        &self,
        backend: &str,
        is_wrong: impl Fn(&E) -> bool,
        connect: impl Fn() -> F,
    ) -> Result<T, SettingsError>
    where
        E: std::error::Error,
        F: Future<Output = Result<T, E>>,
    {
        self.readiness.connecting(backend);
        loop {
            match connect().await {
                Ok(connected) => return Ok(connected),
                Err(error) if is_wrong(&error) => return Err(SettingsError::Backend(error.to_string())),
                Err(error) => {
                    let cause = error.source().map(ToString::to_string);
                    tracing::warn!(backend, %error, cause, "not connected yet");
                }
            }
            self.clock.sleep(AGAIN_AFTER).await;
        }
    }
}
