//! What all cases share: the settings, the receivers' threads, and what earlier cases have found out.

use tokio::runtime::Handle;

use crate::figures::Figures;
use crate::progress::Progress;
use crate::settings::Settings;

/// The benchmark as it goes on.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) settings: Settings,
    /// Where receivers run.
    pub(crate) receiving: Handle,
    pub(crate) progress: Progress,
    /// CPU of one delivery by the parts alone, in microseconds.
    pub(crate) parts: Option<f64>,
    /// Deliveries a second of `fanout1`.
    pub(crate) fastest: Option<f64>,
}

impl Context {
    pub(crate) const fn new(settings: Settings, receiving: Handle, progress: Progress) -> Self {
        Self { settings, receiving, progress, parts: None, fastest: None }
    }

    /// Adds what can be said of a run's CPU as a whole.
    pub(crate) fn compare(&self, figures: &mut Figures) {
        let sum = figures.sum("cpu_us_per_delivery");
        figures.set("cpu_us_sum", sum);
        if let Some(parts) = self.parts {
            figures.set("ratio_to_parts", sum / parts);
        }
    }
}
