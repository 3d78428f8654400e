//! What becomes of records that are handed back: they are stored again, in messages of their own, for whoever takes next, and
//! leave the ones that they came in.

use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fanfare_ports::queue::Lease;

use super::bookkeeping::Leaving;
use super::moving::{Story, store_again};
use crate::connection::Link;
use crate::storing::NotStored;

/// Hand-backs in line. A process that stops hands back record by record: what arrives while others are being stored goes
/// together with its neighbours, as in a packer.
#[derive(Debug, Default)]
pub(super) struct Returns {
    waiting: Mutex<Vec<(Lease, Duration)>>,
    turn: tokio::sync::Mutex<()>,
}

impl Returns {
    /// Puts records in line, and works on all that are in line when it is their turn, with those of one delay together. If
    /// that call is given up, their leases lapse.
    pub(super) async fn work<F: Future<Output = ()>>(
        &self,
        leases: &[Lease],
        delay: Duration,
        hand_back: impl Fn(Vec<Lease>, Duration) -> F,
    ) {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(leases.iter().map(|lease| (lease.clone(), delay)));
        let _turn = self.turn.lock().await;
        // Whoever had the turn before may have taken these along.
        let mut waiting = mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        waiting.sort_by_key(|(_, delay)| *delay);
        for of_one in waiting.chunk_by(|(_, one), (_, other)| one == other) {
            if let Some((_, delay)) = of_one.first() {
                hand_back(of_one.iter().map(|(lease, _)| lease.clone()).collect(), *delay).await;
            }
        }
    }
}

/// Stores records in a message of their own. A negative acknowledgement would do without, but the server counts it like a
/// taker that died, and it would give the finished neighbours out again.
pub(super) async fn store(link: &Link, leaving: &Leaving, delay: Duration) -> Result<(), NotStored> {
    let delay = (!delay.is_zero()).then_some(delay);
    let story = Story { origin: leaving.origin.clone(), takers: leaving.takers, delay };
    // Only this process ever sends these bytes under this name.
    store_again(link, leaving.topic, link.client.new_inbox(), &story, leaving.pack.encode()).await
}
