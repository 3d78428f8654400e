//! Handing records out: first those that this process kept for later and are due, then what the server has.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fanfare_ports::queue::{Consumer, Lease, Leased, QueueError};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::bookkeeping::OpenPacks;
use super::pulling::Puller;
use crate::connection::Link;

/// One consumer's records on their way to this process's workers.
#[derive(Debug)]
pub(super) struct Taker {
    link: Link,
    /// One call at a time asks the server; others wait in line.
    puller: tokio::sync::Mutex<Puller>,
    kept: Mutex<Kept>,
    /// Told when something was kept.
    changed: Notify,
}

/// Records that were kept for later: message and index, by the time at which they are due.
#[derive(Debug, Default)]
struct Kept {
    last: u64,
    by_time: BTreeMap<(Instant, u64), (u64, u16)>,
}

/// What a call has gathered so far. A call that is given up leaves it for the next one.
struct Gathered<'a> {
    taker: &'a Taker,
    open: &'a OpenPacks,
    taken: Vec<Leased>,
}

impl Drop for Gathered<'_> {
    fn drop(&mut self) {
        for leased in self.taken.drain(..) {
            self.taker.keep(self.open, &leased.lease, Duration::ZERO);
        }
    }
}

impl Taker {
    pub(super) fn of(consumer: Consumer, link: &Link) -> Self {
        Self {
            link: link.clone(),
            puller: tokio::sync::Mutex::new(Puller::of(consumer, link.clone())),
            kept: Mutex::default(),
            changed: Notify::new(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // No code that holds the lock can leave it half done.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn take(&self, open: &OpenPacks, limit: usize, wait: Duration) -> Result<Vec<Leased>, QueueError> {
        let deadline = Instant::now() + wait;
        let Ok(mut puller) = tokio::time::timeout_at(deadline, self.puller.lock()).await else {
            return Ok(Vec::new());
        };
        let mut gathered = Gathered { taker: self, open, taken: Vec::new() };
        loop {
            // Made before looking, so that nothing that is kept after it is overlooked.
            let changed = self.changed.notified();
            self.gather_due(&mut gathered, limit);
            if gathered.taken.len() < limit {
                let missing = limit - gathered.taken.len();
                puller.pull(open, missing, wait.is_zero(), |leased| gathered.taken.extend(leased)).await?;
            }
            if !gathered.taken.is_empty() || Instant::now() >= deadline {
                return Ok(std::mem::take(&mut gathered.taken));
            }
            let until = self.next_due().map_or(deadline, |due| due.min(deadline));
            tokio::select! {
                outcome = puller.wait(until) => outcome?,
                () = changed => {}
            }
        }
    }

    /// Gathers what was kept and is due.
    fn gather_due(&self, gathered: &mut Gathered<'_>, limit: usize) {
        while gathered.taken.len() < limit
            && let Some((message, index)) = self.next_kept()
        {
            gathered.taken.extend(gathered.open.lease_again(message, index, self.link.clock.0.now()));
        }
    }

    fn next_kept(&self) -> Option<(u64, u16)> {
        let mut kept = self.kept();
        let first = kept.by_time.first_entry()?;
        (first.key().0 <= Instant::now()).then(|| first.remove())
    }

    fn next_due(&self) -> Option<Instant> {
        self.kept().by_time.first_key_value().map(|((due, _), _)| *due)
    }

    /// Keeps a record in this process and hands it out again after `delay`.
    pub(super) fn keep(&self, open: &OpenPacks, lease: &Lease, delay: Duration) {
        open.keep_for_later(lease);
        {
            let mut kept = self.kept();
            kept.last += 1;
            let place = (Instant::now() + delay, kept.last);
            kept.by_time.insert(place, (lease.message, lease.index));
        }
        self.changed.notify_one();
    }
}
