//! What the parts of a scheduler tell each other, and what the process waits for.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// A part that may be held up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// Applies the journal to the schedule.
    Applier,
    /// Moves what is due to the workers.
    Dispatcher,
    /// Trims the streams.
    Trimmer,
}

/// Shared by the parts of one process.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Whether this process holds the right to apply.
    leading: AtomicBool,
    /// Whether the schedule has all that the journal says, as far as the applier of this process saw last.
    at_end: AtomicBool,
    held_up: Mutex<BTreeMap<Part, String>>,
    /// Told whenever this process has changed the schedule.
    changed: Notify,
}

impl Progress {
    pub(crate) fn set_leading(&self, leading: bool) {
        if self.leading.swap(leading, Ordering::AcqRel) != leading {
            tracing::info!(leading, "right to apply the journal to the schedule");
        }
        if !leading {
            self.set_at_end(false);
        }
    }

    pub(crate) fn is_leading(&self) -> bool {
        self.leading.load(Ordering::Acquire)
    }

    pub(crate) fn set_at_end(&self, at_end: bool) {
        self.at_end.store(at_end, Ordering::Release);
    }

    /// Whether this process leads and had applied everything when it last looked.
    pub(crate) fn is_at_end(&self) -> bool {
        self.is_leading() && self.at_end.load(Ordering::Acquire)
    }

    pub(crate) fn tell_change(&self) {
        self.changed.notify_one();
    }

    /// Returns when something has changed since this was last awaited.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Notes that `part` cannot go on, and why; logs it when it is news.
    pub(crate) fn hold_up(&self, part: Part, why: impl Into<String>) {
        let why = why.into();
        let mut held_up = self.held_up.lock().unwrap_or_else(PoisonError::into_inner);
        if held_up.get(&part) != Some(&why) {
            tracing::warn!(?part, why, "scheduler is held up");
            held_up.insert(part, why);
        }
    }

    /// Notes that `part` goes on.
    pub(crate) fn go_on(&self, part: Part) {
        let mut held_up = self.held_up.lock().unwrap_or_else(PoisonError::into_inner);
        if held_up.remove(&part).is_some() {
            tracing::info!(?part, "scheduler goes on");
        }
    }

    /// What holds up parts, each reason once.
    pub(crate) fn waits_for(&self) -> Vec<String> {
        let held_up = self.held_up.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reasons: Vec<_> = held_up.values().cloned().collect();
        reasons.sort();
        reasons.dedup();
        reasons
    }
}
