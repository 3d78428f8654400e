//! Many records, one call: what comes while a batch is being stored becomes the next, once it fills a message or the topic's pause
//! is over. What waited for that in the queue would keep all others from being handed over.

use std::sync::Arc;

use bytes::Bytes;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::queue::{InLine, LARGEST_RECORD, Lease, Line, PACK_RECORDS, Queue, Topic, apart, keep_storing};
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
        let in_line = Line::join(&batch.line, std::slice::from_ref(&entry.record));
        // The receiver lives as long as the sender.
        let _ = batch.sender.send((entry, in_line));
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
    line: Arc<Line>,
    sender: mpsc::UnboundedSender<(Entry, InLine)>,
    receiver: Mutex<mpsc::UnboundedReceiver<(Entry, InLine)>>,
    closed: CancellationToken,
}

impl Batch {
    fn of(topic: Topic, queue: Arc<dyn Queue>, clock: SharedClock) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        let (line, closed) = (Line::of(topic), CancellationToken::new());
        Self { topic, queue, clock, line, sender, receiver: Mutex::new(receiver), closed }
    }

    async fn write(&self) {
        let mut receiver = self.receiver.lock().await;
        let mut entries = Vec::with_capacity(PACK_RECORDS);
        let mut next = self.clock.now();
        loop {
            tokio::select! {
                biased;
                _ = receiver.recv_many(&mut entries, 1) => {}
                () = self.closed.cancelled() => return,
            }
            // Bounded, since the clock may be set back.
            let pause = next.since(self.clock.now()).min(apart(self.topic));
            if !pause.is_zero() {
                self.line.gather(self.clock.sleep(pause)).await;
            }
            next = self.clock.now().plus(apart(self.topic));
            while entries.len() < PACK_RECORDS
                && let Ok(entry) = receiver.try_recv()
            {
                entries.push(entry);
            }
            self.store(entries.drain(..).map(|(entry, _in_line)| entry).collect()).await;
        }
    }

    /// Stores the records, however long that takes, and then finishes their deliveries.
    async fn store(&self, mut entries: Vec<Entry>) {
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
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fanfare_domain::delivery::Position;
    use fanfare_domain::time::Timestamp;
    use fanfare_embedded::{Embedded, EmbeddedSettings, StreamLimits};
    use fanfare_ports::clock::{ManualClock, SystemClock};

    use super::*;

    /// Asks until there is an answer.
    async fn soon<T>(ask: impl AsyncFn() -> Option<T>) -> T {
        let asking = async {
            loop {
                match ask().await {
                    Some(answer) => return answer,
                    None => tokio::task::yield_now().await,
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), asking).await.expect("it comes soon")
    }

    /// In which messages the first so many records lie, once they are stored.
    async fn messages(queue: &dyn Queue, records: usize) -> Vec<u64> {
        let start = Position { sequence: 0, index: 0 };
        soon(async || {
            let found = queue.read_after(Topic::JournalLog, start, 2 * records).await.expect("it can be read");
            (found.len() >= records).then(|| found.into_iter().map(|(position, _)| position.sequence).collect())
        })
        .await
    }

    #[tokio::test]
    async fn what_comes_after_a_batch_is_handed_over_together_when_the_pause_is_over_or_it_fills_a_message() {
        let directory = tempfile::tempdir().expect("a directory");
        let settings = EmbeddedSettings { data_dir: directory.path().to_owned(), limits: StreamLimits::default() };
        let embedded = Embedded::open(settings, Arc::new(SystemClock)).await.expect("the data directory opens");
        let queue: Arc<dyn Queue> = embedded.queue();
        let clock = ManualClock::at(Timestamp::from_millis(1_800_000_000_000));
        let batches = Arc::new(Batches::new(Arc::clone(&queue), Arc::new(clock.clone())));
        let writing = tokio::spawn({
            let batches = Arc::clone(&batches);
            async move { batches.write().await }
        });
        let add = |number| {
            for _ in 0..number {
                let record = Bytes::from_static(b"attempted");
                batches.add(Topic::JournalLog, Entry { record, lease: None, _places: [None, None] });
            }
        };

        add(1);
        assert_eq!(messages(&*queue, 1).await, [1], "the first leaves at once");
        add(1);
        soon(async || (clock.waiting() > 0).then_some(())).await;
        add(2);
        clock.advance(apart(Topic::JournalLog));
        assert_eq!(messages(&*queue, 4).await, [1, 2, 2, 2]);
        // The clock stands still.
        add(PACK_RECORDS);
        assert_eq!(messages(&*queue, 4 + PACK_RECORDS).await[4..], [3; PACK_RECORDS]);

        batches.close();
        writing.await.expect("it ends");
    }
}
