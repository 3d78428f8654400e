//! The two families of adapters, and the services.

/// What the system stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// One process, `fanfare standalone`, on embedded storage.
    Embedded,
    /// A process for each service, on private NATS, Redis and Postgres servers.
    Distributed,
}

/// A process's job: a service by itself, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Takes events.
    Ingest,
    /// Finds their webhooks.
    Router,
    /// Posts.
    Worker,
    /// Brings up what is due again.
    Scheduler,
    /// Writes down what happened.
    Logs,
    /// Serves REST.
    Api,
    /// All of them in one process.
    Standalone,
}

impl Service {
    /// Those that run by themselves.
    pub const APART: [Self; 6] = [Self::Ingest, Self::Router, Self::Worker, Self::Scheduler, Self::Logs, Self::Api];

    /// Its subcommand.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Router => "router",
            Self::Worker => "worker",
            Self::Scheduler => "scheduler",
            Self::Logs => "logs",
            Self::Api => "api",
            Self::Standalone => "standalone",
        }
    }
}

impl Family {
    /// The processes that make up the system.
    #[must_use]
    pub const fn services(self) -> &'static [Service] {
        match self {
            Self::Embedded => &[Service::Standalone],
            Self::Distributed => &Service::APART,
        }
    }
}
