//! What the process tells about itself: structured logs, figures, and, where somebody collects them, these
//! and traces over OTLP.

mod json;
mod lines;
mod metrics;
mod otlp;

use std::io::{self, Stderr};

use opentelemetry_sdk::error::OTelSdkError;
use tracing::Subscriber;
use tracing_subscriber::filter::{FilterExt, ParseError, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use self::json::JsonLines;
use self::lines::Lines;
pub use self::metrics::Figures;
use self::metrics::Metrics;
use self::otlp::Exporters;
pub use self::otlp::Signals;

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For people's eyes.
    Text,
}

/// How the process tells about itself.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which lines are written, such as `info,fanfare_worker=debug`.
    pub level: String,
    /// How they are written.
    pub format: LogFormat,
    /// What goes out over OTLP. Where to and how is said by the standard `OTEL_*` variables.
    pub otlp: Signals,
    /// The name under which it is filed, such as `fanfare-worker`.
    pub service: String,
    /// The version that runs.
    pub version: &'static str,
}

/// Why telemetry cannot be started or changed.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not one.
    #[error("not a log filter such as \"info\" or \"info,fanfare_worker=debug\"")]
    Level(#[source] ParseError),
    /// It was started before.
    #[error("telemetry was started before")]
    Twice(#[source] TryInitError),
    /// The exporter cannot be made from the `OTEL_*` variables.
    #[error("OTLP exporter cannot be made from the OTEL_* variables")]
    Otlp(#[source] opentelemetry_otlp::ExporterBuildError),
    /// What collects figures cannot be made.
    #[error("metrics cannot be collected")]
    Metrics(#[source] OTelSdkError),
    /// The process is going down.
    #[error("log level can no longer be changed")]
    Gone(#[source] reload::Error),
}

/// Running telemetry. Dropping it sends what is left.
pub struct Telemetry {
    level: reload::Handle<EnvFilter, Registry>,
    exporters: Exporters,
    metrics: Metrics,
    lines: Lines<Stderr>,
}

impl Telemetry {
    /// Starts logs, figures, and what is to go out over OTLP, for the whole process. It must be called within a runtime.
    ///
    /// # Errors
    /// [`TelemetryError`] says which setting is wrong.
    pub fn start(settings: &Settings) -> Result<Self, TelemetryError> {
        let filter = EnvFilter::try_new(&settings.level).map_err(TelemetryError::Level)?;
        let (filter, level) = reload::Layer::new(filter);
        // Before there is a log: what they tell of themselves helps nobody.
        let metrics = Metrics::start(settings)?;
        let exporters = Exporters::start(settings).map_err(TelemetryError::Otlp)?;
        let is_event = filter_fn(|metadata| metadata.is_event());
        let lines = Lines::to(io::stderr());
        let started = if exporters.traces.is_some() {
            tracing_subscriber::registry()
                .with(formatted(settings.format, lines.clone()).with_filter(filter.and(is_event)))
                .with(exporters.spans())
                .with(exporters.logs())
                .try_init()
        } else {
            // As filters of all, they spare spans and what is not logged every step but the first.
            tracing_subscriber::registry()
                .with(filter)
                .with(is_event)
                .with(formatted(settings.format, lines.clone()))
                .with(exporters.logs())
                .try_init()
        };
        started.map_err(TelemetryError::Twice)?;
        Ok(Self { level, exporters, metrics, lines })
    }

    /// Something that shows the figures.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.metrics.figures()
    }

    /// Something that changes which lines are written.
    #[must_use]
    pub fn level(&self) -> Level {
        Level(self.level.clone())
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        self.exporters.send_what_is_left();
        self.metrics.stop();
        self.lines.end();
    }
}

fn formatted<S>(format: LogFormat, lines: Lines<Stderr>) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    match format {
        LogFormat::Json => JsonLines(lines).boxed(),
        LogFormat::Text => fmt::layer().with_writer(lines).boxed(),
    }
}

/// Changes which lines are written.
#[derive(Clone)]
pub struct Level(reload::Handle<EnvFilter, Registry>);

impl Level {
    /// From now on.
    ///
    /// # Errors
    /// [`TelemetryError::Level`] if `filter` is not one.
    pub fn set(&self, filter: &str) -> Result<(), TelemetryError> {
        let filter = EnvFilter::try_new(filter).map_err(TelemetryError::Level)?;
        self.0.reload(filter).map_err(TelemetryError::Gone)
    }
}
