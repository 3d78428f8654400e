//! Handing records out: first those that were handed back and are due, then what the server has.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fanfare_ports::queue::{Consumer, Lease, Leased, QueueError};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::bookkeeping::OpenPacks;
use super::pulling::Puller;
use super::{burial, keeping};
use crate::connection::Link;

/// How long a record whose burial failed waits for the next one.
const BURY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// One consumer's records on their way to this process's workers.
#[derive(Debug)]
pub(super) struct Taker {
    link: Link,
    /// One call at a time asks the server; others wait in line.
    puller: tokio::sync::Mutex<Puller>,
    returned: Mutex<Returned>,
    /// Told when something was handed back.
    changed: Notify,
}

/// Records that were handed back: message and index, by the time at which they are due.
#[derive(Debug, Default)]
struct Returned {
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
            self.open.keep_for_later(&leased);
            self.taker.offer_again(&leased.lease, Duration::ZERO);
        }
    }
}

impl Taker {
    pub(super) fn of(consumer: Consumer, link: &Link) -> Self {
        Self {
            link: link.clone(),
            puller: tokio::sync::Mutex::new(Puller::of(consumer, link.clone())),
            returned: Mutex::default(),
            changed: Notify::new(),
        }
    }

    fn returned(&self) -> MutexGuard<'_, Returned> {
        // No code that holds the lock can leave it half done.
        self.returned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn take(&self, open: &OpenPacks, limit: usize, wait: Duration) -> Result<Vec<Leased>, QueueError> {
        let deadline = Instant::now() + wait;
        let Ok(mut puller) = tokio::time::timeout_at(deadline, self.puller.lock()).await else {
            return Ok(Vec::new());
        };
        let mut gathered = Gathered { taker: self, open, taken: Vec::new() };
        loop {
            // Made before looking, so that nothing that is handed back after it is overlooked.
            let changed = self.changed.notified();
            self.gather_due(&mut gathered, limit).await;
            if gathered.taken.len() < limit {
                let missing = limit - gathered.taken.len();
                puller.pull(open, missing, |leased| gathered.taken.extend(leased)).await?;
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

    /// Gathers what was handed back and is due.
    async fn gather_due(&self, gathered: &mut Gathered<'_>, limit: usize) {
        while gathered.taken.len() < limit
            && let Some((message, index)) = self.next_returned()
        {
            if gathered.open.exhausted(message, index).is_some() {
                self.bury(gathered.open, message, index).await;
            } else if let Some(leased) = gathered.open.lease_again(message, index, self.link.clock.0.now()) {
                gathered.taken.push(leased);
            }
        }
    }

    fn next_returned(&self) -> Option<(u64, u16)> {
        let mut returned = self.returned();
        let first = returned.by_time.first_entry()?;
        (first.key().0 <= Instant::now()).then(|| first.remove())
    }

    fn next_due(&self) -> Option<Instant> {
        self.returned().by_time.first_key_value().map(|((due, _), _)| *due)
    }

    /// Offers a record again after `delay`.
    pub(super) fn offer_again(&self, lease: &Lease, delay: Duration) {
        self.offer(lease.message, lease.index, delay);
    }

    fn offer(&self, message: u64, index: u16, delay: Duration) {
        {
            let mut returned = self.returned();
            returned.last += 1;
            let place = (Instant::now() + delay, returned.last);
            returned.by_time.insert(place, (message, index));
        }
        self.changed.notify_one();
    }

    /// Moves a record that has had all its takers to the dead letters; if that fails, a later call tries again.
    pub(super) async fn bury(&self, open: &OpenPacks, message: u64, index: u16) {
        let Some(exhausted) = open.exhausted(message, index) else { return };
        match burial::bury_record(&self.link, exhausted).await {
            Ok(()) => {
                if let Some(reply) = open.finish_returned(message, index) {
                    // If this is lost the record comes again, and is known as a dead letter.
                    let _ = keeping::tell(&self.link, reply, keeping::FINISHED).await;
                }
            }
            Err(error) => {
                tracing::error!(%error, "dead letter is not stored yet");
                self.offer(message, index, BURY_AGAIN_AFTER);
            }
        }
    }
}
