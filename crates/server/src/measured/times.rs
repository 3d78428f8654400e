//! How long databases take.

use std::time::Duration;

use fanfare_ports::idempotency::IdempotencyError;
use fanfare_ports::metrics::meter;
use fanfare_ports::schedule::ScheduleError;
use fanfare_ports::store::StoreError;
use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;

/// As OpenTelemetry has them for this figure.
const SECONDS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// What keeps the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Database {
    Redis,
    Postgres,
    Sqlite,
}

impl Database {
    /// As OpenTelemetry calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Postgres => "postgresql",
            Self::Sqlite => "sqlite",
        }
    }
}

/// Times of one database's operations.
pub(super) struct Times {
    durations: Histogram<f64>,
    system: KeyValue,
}

impl Times {
    pub(super) fn of(database: Database) -> Self {
        let durations = meter()
            .f64_histogram("db.client.operation.duration")
            .with_unit("s")
            .with_description("How long a database took for what was asked of it; error_type is set where it failed.")
            .with_boundaries(SECONDS.to_vec())
            .build();
        Self { durations, system: KeyValue::new("db.system.name", database.name()) }
    }

    /// An operation took so long, and failed in this way, if it did.
    pub(super) fn note(&self, operation: &'static str, took: Duration, failed: Option<&'static str>) {
        let (system, operation) = (self.system.clone(), KeyValue::new("db.operation.name", operation));
        let seconds = took.as_secs_f64();
        match failed {
            None => self.durations.record(seconds, &[system, operation]),
            Some(kind) => self.durations.record(seconds, &[system, operation, KeyValue::new("error.type", kind)]),
        }
    }
}

/// An error that may be the database's failing.
pub(super) trait Failure: std::error::Error {
    /// In a word; `None` if the database did what it was asked for, and that is the answer.
    fn kind(&self) -> Option<&'static str>;
}

impl Failure for StoreError {
    fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Conflict | Self::NotFound => None,
            Self::Unavailable(_) => Some("unavailable"),
            Self::NotSetUp(_) => Some("not_set_up"),
            Self::Damaged(_) => Some("damaged"),
        }
    }
}

impl Failure for ScheduleError {
    fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Unavailable(_) => Some("unavailable"),
            Self::Unsafe(_) => Some("unsafe"),
        }
    }
}

impl Failure for IdempotencyError {
    fn kind(&self) -> Option<&'static str> {
        Some("unavailable")
    }
}
