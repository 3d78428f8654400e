//! Many records, one call: while a batch is being stored, what comes meanwhile becomes the next.

use std::sync::Arc;

use bytes::Bytes;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::queue::{LARGEST_RECORD, Lease, PACK_RECORDS, Queue, Topic, keep_storing};
use tokio::sync::{Mutex, OwnedSemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;

/// A record for the journal, and what is let go of once it is stored.
pub(super) struct Entry {
    pub(super) record: Bytes,
    pub(super) lease: Option<Lease>,
    /// Freed when the entry is dropped.
    pub(super) _places: [Option<OwnedSemaphorePermit>; 2],
}

/// The journal's two topics, each with its own batches, since the schedule's must not wait for the others.
pub(super) struct Batches {
    schedule: Batch,
    log: Batch,
}

impl Batches {
    pub(super) fn new(queue: Arc<dyn Queue>, clock: SharedClock) -> Self {
        Self {
            schedule: Batch::of(Topic::JournalSchedule, Arc::clone(&queue), Arc::clone(&clock)),
            log: Batch::of(Topic::JournalLog, queue, clock),
        }
    }

    /// Lines up a record. There are never more than the places that their deliveries have.
    pub(super) fn add(&self, topic: Topic, entry: Entry) {
        let batch = if topic == Topic::JournalSchedule { &self.schedule } else { &self.log };
        // The receiver lives as long as the sender.
        let _ = batch.sender.send(entry);
    }

    /// Nothing more is added.
    pub(super) fn close(&self) {
        self.schedule.closed.cancel();
        self.log.closed.cancel();
    }

    /// Writes what is added, until it is closed and everything is written.
    pub(super) async fn write(&self) {
        tokio::join!(self.schedule.write(), self.log.write());
    }
}

struct Batch {
    topic: Topic,
    queue: Arc<dyn Queue>,
    clock: SharedClock,
    sender: mpsc::UnboundedSender<Entry>,
    receiver: Mutex<mpsc::UnboundedReceiver<Entry>>,
    closed: CancellationToken,
}

impl Batch {
    fn of(topic: Topic, queue: Arc<dyn Queue>, clock: SharedClock) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self { topic, queue, clock, sender, receiver: Mutex::new(receiver), closed: CancellationToken::new() }
    }

    async fn write(&self) {
        let mut receiver = self.receiver.lock().await;
        let mut entries = Vec::with_capacity(PACK_RECORDS);
        loop {
            tokio::select! {
                biased;
                _ = receiver.recv_many(&mut entries, PACK_RECORDS) => {}
                () = self.closed.cancelled() => return,
            }
            self.store(&mut entries).await;
        }
    }

    /// Stores the records, however long that takes, and then finishes their deliveries.
    async fn store(&self, entries: &mut Vec<Entry>) {
        let fits = |entry: &&Entry| {
            // What is kept of an answer is bounded far below that. One record must not keep its neighbours from being stored.
            let fits = entry.record.len() <= LARGEST_RECORD;
            if !fits {
                tracing::error!(bytes = entry.record.len(), "journal record is too large to be stored");
            }
            fits
        };
        let records = entries.iter().filter(fits).map(|entry| entry.record.clone()).collect();
        if let Err(error) = keep_storing(&*self.queue, &self.clock, self.topic, records).await {
            tracing::error!(%error, "journal records cannot be stored");
        }
        let leases: Vec<Lease> = entries.iter_mut().filter_map(|entry| entry.lease.take()).collect();
        if !leases.is_empty()
            && let Err(error) = self.queue.finish(&leases).await
        {
            tracing::warn!(%error, deliveries = leases.len(), "deliveries were not finished and will be repeated");
        }
        entries.clear();
    }
}
