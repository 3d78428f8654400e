//! What the process tells about itself: structured logs, and traces over OTLP where an endpoint is set.

mod json;

use std::io;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use self::json::JsonLines;

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
    /// Whether traces go out over OTLP. Where to and how is said by the standard `OTEL_*` variables.
    pub otlp: bool,
    /// The name under which traces are filed, such as `fanfare-worker`.
    pub service: String,
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
    /// The process is going down.
    #[error("log level can no longer be changed")]
    Gone(#[source] reload::Error),
}

/// Running telemetry. Dropping it sends what is left.
pub struct Telemetry {
    level: reload::Handle<EnvFilter, Registry>,
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Starts logs, and traces if they are wanted, for the whole process.
    ///
    /// # Errors
    /// [`TelemetryError`] says which setting is wrong.
    pub fn start(settings: &Settings) -> Result<Self, TelemetryError> {
        let filter = EnvFilter::try_new(&settings.level).map_err(TelemetryError::Level)?;
        let (filter, level) = reload::Layer::new(filter);
        let lines = match settings.format {
            LogFormat::Json => fmt::layer().event_format(JsonLines).with_writer(io::stderr).boxed(),
            LogFormat::Text => fmt::layer().with_writer(io::stderr).boxed(),
        };
        let traces = settings.otlp.then(|| exporter(&settings.service)).transpose()?;
        let spans = traces.as_ref().map(|traces| tracing_opentelemetry::layer().with_tracer(traces.tracer("fanfare")));
        tracing_subscriber::registry()
            .with(filter)
            .with(lines)
            .with(spans)
            .try_init()
            .map_err(TelemetryError::Twice)?;
        Ok(Self { level, traces })
    }

    /// Something that changes which lines are written.
    #[must_use]
    pub fn level(&self) -> Level {
        Level(self.level.clone())
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.traces.as_ref().map(SdkTracerProvider::shutdown) {
            tracing::warn!(%error, "last traces were not sent");
        }
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

fn exporter(service: &str) -> Result<SdkTracerProvider, TelemetryError> {
    let exporter = SpanExporter::builder().with_tonic().build().map_err(TelemetryError::Otlp)?;
    let resource = Resource::builder().with_service_name(service.to_owned()).build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}
