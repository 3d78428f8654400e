//! Figures: what services tell the global meter is shown in Prometheus' text format, and goes out over OTLP where that is
//! wanted.

use opentelemetry::global;
use opentelemetry_otlp::MetricExporter;
use opentelemetry_sdk::metrics::{Instrument, PeriodicReader, SdkMeterProvider, Stream};
use prometheus::{Registry, TextEncoder};

use crate::otlp::resource;
use crate::{Settings, TelemetryError};

/// Combinations of labels that one figure may have, far above what any has: none has a label whose values callers choose.
const MOST_COMBINATIONS: usize = 256;

/// Collects figures for the whole process.
pub(crate) struct Metrics {
    provider: SdkMeterProvider,
    figures: Figures,
}

impl Metrics {
    /// Collects from now on what is told to meters that are made later, and sends it if that is wanted.
    pub(crate) fn start(settings: &Settings) -> Result<Self, TelemetryError> {
        let registry = Registry::new();
        let shown = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .scope_info_enabled(false)
            .build()
            .map_err(TelemetryError::Metrics)?;
        let mut provider = SdkMeterProvider::builder()
            .with_resource(resource(settings))
            .with_view(|_: &Instrument| Stream::builder().with_cardinality_limit(MOST_COMBINATIONS).build().ok())
            .with_reader(shown);
        if settings.otlp.metrics {
            let exporter = MetricExporter::builder().with_tonic().build().map_err(TelemetryError::Otlp)?;
            provider = provider.with_reader(PeriodicReader::builder(exporter).build());
        }
        let provider = provider.build();
        global::set_meter_provider(provider.clone());
        Ok(Self { provider, figures: Figures(registry) })
    }

    pub(crate) fn figures(&self) -> Figures {
        self.figures.clone()
    }

    /// Sends what is left.
    pub(crate) fn stop(&self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!(%error, "last metrics were not sent");
        }
    }
}

/// The figures of the process, as they are at the moment.
#[derive(Clone)]
pub struct Figures(Registry);

impl Figures {
    /// In [Prometheus' text format](https://prometheus.io/docs/instrumenting/exposition_formats/), version 0.0.4.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        if let Err(error) = TextEncoder::new().encode_utf8(&self.0.gather(), &mut text) {
            tracing::error!(%error, "metrics cannot be shown");
        }
        text
    }
}
