//! What goes out over OTLP.

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{ExporterBuildError, LogExporter, SpanExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterExt, LevelFilter, filter_fn};
use tracing_subscriber::registry::LookupSpan;

use crate::Settings;

/// What tells of sending logs must not be sent as a log, or there would be no end of it.
const BENEATH: [&str; 5] = ["opentelemetry", "tonic", "hyper", "h2", "tower"];

/// What a process sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signals {
    /// Spans.
    pub traces: bool,
    /// Figures.
    pub metrics: bool,
    /// Log lines.
    pub logs: bool,
}

/// What sends it.
#[derive(Default)]
pub(crate) struct Exporters {
    pub(crate) traces: Option<SdkTracerProvider>,
    logs: Option<SdkLoggerProvider>,
}

impl Exporters {
    pub(crate) fn start(settings: &Settings) -> Result<Self, ExporterBuildError> {
        let resource = resource(settings);
        let mut exporters = Self::default();
        if settings.otlp.traces {
            let exporter = SpanExporter::builder().with_tonic().build()?;
            let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.clone());
            exporters.traces = Some(provider.build());
        }
        if settings.otlp.logs {
            let exporter = LogExporter::builder().with_tonic().build()?;
            let provider = SdkLoggerProvider::builder().with_batch_exporter(exporter).with_resource(resource);
            exporters.logs = Some(provider.build());
        }
        Ok(exporters)
    }

    /// Makes traces of our spans, and of nobody else's.
    pub(crate) fn spans<S>(&self) -> Option<impl Layer<S> + use<S>>
    where
        S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    {
        let tracer = self.traces.as_ref()?.tracer("fanfare");
        let layer = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_level(false)
            .with_location(false)
            .with_target(false)
            .with_threads(false)
            .with_tracked_inactivity(false);
        Some(layer.with_filter(filter_fn(is_ours)))
    }

    /// Sends what is logged. Which lines is not changed while the process runs: from `info` on.
    pub(crate) fn logs<S>(&self) -> Option<impl Layer<S> + use<S>>
    where
        S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    {
        let bridge = OpenTelemetryTracingBridge::new(self.logs.as_ref()?);
        let is_told = |metadata: &Metadata<'_>| {
            metadata.is_event() && !BENEATH.iter().any(|target| metadata.target().starts_with(target))
        };
        Some(bridge.with_filter(filter_fn(is_told).and(LevelFilter::INFO)))
    }

    pub(crate) fn send_what_is_left(&self) {
        if let Some(Err(error)) = self.traces.as_ref().map(SdkTracerProvider::shutdown) {
            tracing::warn!(%error, "last traces were not sent");
        }
        if let Some(Err(error)) = self.logs.as_ref().map(SdkLoggerProvider::shutdown) {
            tracing::warn!(%error, "last logs were not sent");
        }
    }
}

/// Who tells.
pub(crate) fn resource(settings: &Settings) -> Resource {
    Resource::builder()
        .with_service_name(settings.service.clone())
        .with_attribute(KeyValue::new("service.version", settings.version))
        .build()
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.target() == fanfare_spans::TARGET
}
