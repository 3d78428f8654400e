//! Whether the process can do its job, and what it waits for if not.

use std::sync::{Arc, Mutex, PoisonError};

type Check = Box<dyn Fn() -> Vec<String> + Send + Sync>;

/// What the process waits for, asked of each of its parts.
#[derive(Clone, Default)]
pub(crate) struct Readiness {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    phase: Phase,
    checks: Vec<(&'static str, Check)>,
}

#[derive(Default)]
enum Phase {
    #[default]
    Starting,
    Connecting(String),
    Running,
    Stopping,
}

impl Readiness {
    /// A backend is waited for.
    pub(crate) fn connecting(&self, to: &str) {
        self.lock().phase = Phase::Connecting(to.to_owned());
    }

    /// Everything is started.
    pub(crate) fn running(&self) {
        self.lock().phase = Phase::Running;
    }

    /// Nothing new is to be sent here.
    pub(crate) fn stopping(&self) {
        self.lock().phase = Phase::Stopping;
    }

    /// Adds a part that tells what it waits for.
    pub(crate) fn add(&self, part: &'static str, waits_for: impl Fn() -> Vec<String> + Send + Sync + 'static) {
        self.lock().checks.push((part, Box::new(waits_for)));
    }

    /// What is waited for; nothing means that the process is ready.
    pub(crate) fn waits_for(&self) -> Vec<String> {
        let inner = self.lock();
        match &inner.phase {
            Phase::Starting => vec!["starting".to_owned()],
            Phase::Connecting(to) => vec![format!("connecting to {to}")],
            Phase::Stopping => vec!["stopping".to_owned()],
            Phase::Running => inner
                .checks
                .iter()
                .flat_map(|(part, check)| check().into_iter().map(move |reason| format!("{part}: {reason}")))
                .collect(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_until_nothing_is() {
        let readiness = Readiness::default();
        assert_eq!(readiness.waits_for(), ["starting"]);
        readiness.connecting("redis");
        assert_eq!(readiness.waits_for(), ["connecting to redis"]);
        readiness.add("router", || vec!["directory".to_owned()]);
        readiness.add("worker", Vec::new);
        readiness.running();
        assert_eq!(readiness.waits_for(), ["router: directory"]);
        readiness.stopping();
        assert_eq!(readiness.waits_for(), ["stopping"]);
    }
}
