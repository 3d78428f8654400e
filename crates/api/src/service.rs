//! The service's life.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use fanfare_domain::profile::Profiles;
use fanfare_domain::sealed::Keyring;
use fanfare_domain::target::TargetRules;
use fanfare_intake::Intake;
use fanfare_ports::catalogue::Catalogue;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::directory::Directory;
use fanfare_ports::idempotency::Idempotency;
use fanfare_ports::outbox::Teller;
use fanfare_ports::queue::Queue;
use fanfare_ports::schedule::Schedule;
use fanfare_ports::store::{Outcomes, Registry, Replays, Reports, Sessions};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::context::{Context, Shared};
use crate::{erasing, guard, guides, openapi, replays, reserved, serving, sessions, trace};

/// The REST service.
pub struct Api {
    context: Shared,
    beside: Router,
}

/// What the service works on. Somebody else lets `catalogue` follow the directory.
pub struct Dependencies {
    /// The way in, on the same catalogue.
    pub intake: Arc<Intake>,
    /// Configuration.
    pub registry: Arc<dyn Registry>,
    /// What happened.
    pub reports: Arc<dyn Reports>,
    /// What became of deliveries over time.
    pub outcomes: Arc<dyn Outcomes>,
    /// Replays.
    pub replays: Arc<dyn Replays>,
    /// Who has signed in.
    pub sessions: Arc<dyn Sessions>,
    /// Events and deliveries.
    pub queue: Arc<dyn Queue>,
    /// What is told of changes.
    pub directory: Arc<dyn Directory>,
    /// This process's copy of the directory.
    pub catalogue: Arc<Catalogue>,
    /// Tells the directory. [`Api::run`] runs it.
    pub teller: Arc<Teller>,
    /// What waits; erased with its tenant, and let go when a webhook's limit changes.
    pub schedule: Arc<dyn Schedule>,
    /// Publishers' own ids; erased with their tenant.
    pub idempotency: Arc<dyn Idempotency>,
    /// The profiles that there are.
    pub profiles: Arc<Profiles>,
    /// Seals secrets.
    pub keyring: Arc<Keyring>,
    /// Where webhooks may point.
    pub targets: TargetRules,
    /// How long payloads are kept (`retention.events`); retry schedules must fit into it.
    pub retention: Duration,
    /// Whether connections are encrypted here, as [`Api::run`] is told too.
    pub is_encrypted: bool,
    /// Whether other sites may embed tenants' portals.
    pub portal_is_framed: bool,
    /// The clock.
    pub clock: SharedClock,
    /// Names this process and no other.
    pub holder: String,
}

/// Why the service could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Connections can no longer be accepted.
    #[error("connections for rest cannot be accepted")]
    Accept(#[source] io::Error),
}

impl Api {
    /// A service that also serves `beside` at the same address: routes that it does not have itself, such as `/healthz`,
    /// without a fallback of their own.
    #[must_use]
    pub fn new(config: Config, dependencies: Dependencies, beside: Router) -> Arc<Self> {
        let Dependencies {
            intake,
            registry,
            reports,
            outcomes,
            replays,
            sessions,
            queue,
            directory,
            catalogue,
            teller,
            schedule,
            idempotency,
            profiles,
            keyring,
            targets,
            retention,
            is_encrypted,
            portal_is_framed,
            clock,
            holder,
        } = dependencies;
        let live_room = Arc::new(Semaphore::new(config.live_connections.get()));
        let context = Context {
            config,
            intake,
            registry,
            reports,
            outcomes,
            replays,
            sessions,
            queue,
            directory,
            catalogue,
            teller,
            schedule,
            idempotency,
            profiles,
            keyring,
            targets,
            retention,
            is_encrypted,
            portal_is_framed,
            live_room,
            closing: CancellationToken::new(),
            clock,
            holder,
            store_answers: AtomicBool::new(false),
            replay_begun: Notify::new(),
            tenant_deleted: Notify::new(),
        };
        Arc::new(Self { context: Arc::new(context), beside })
    }

    /// Everything that is served.
    pub fn router(&self) -> Router {
        let (routes, _) = openapi::routes().split_for_parts();
        routes
            .merge(guides::routes())
            .fallback(guard::unknown_route)
            .method_not_allowed_fallback(guard::wrong_method)
            .with_state(Arc::clone(&self.context))
            .merge(self.beside.clone())
            .layer(from_fn(trace::trace))
            .layer(from_fn_with_state(Arc::clone(&self.context), guard::guard))
    }

    /// What requests cannot be answered without, and is missing now.
    #[must_use]
    pub fn waits_for(&self) -> Vec<String> {
        let mut missing = self.context.intake.waits_for();
        if !self.context.store_answers.load(Ordering::Relaxed) {
            missing.push("the store of configuration and of what happened".to_owned());
        }
        missing
    }

    /// Serves on `listener`, with TLS if it is given, and works in the background (replays, erasing, telling the
    /// directory) until `stop` fires; then answers what it has and returns.
    ///
    /// # Errors
    /// [`ApiError`] if it cannot go on.
    pub async fn run(
        self: Arc<Self>,
        listener: TcpListener,
        tls: Option<Arc<rustls::ServerConfig>>,
        stop: CancellationToken,
    ) -> Result<(), ApiError> {
        let context = &self.context;
        let ending = stop.child_token();
        let serving = async {
            let served = serving::serve(context, listener, tls, self.router(), &ending).await;
            // What runs in the background ends with it, for whatever reason it ends.
            ending.cancel();
            context.intake.drain().await;
            served
        };
        let closing = async {
            ending.cancelled().await;
            context.closing.cancel();
        };
        let (served, ..) = tokio::join!(
            serving,
            closing,
            sessions::forget(context, &ending),
            context.teller.run(&ending),
            context.intake.watch(&ending),
            reserved::keep(context, &ending),
            erasing::run(context, &ending),
            replays::run(context, &ending),
        );
        served.map_err(ApiError::Accept)
    }
}
