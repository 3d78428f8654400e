//! When the next message of a topic leaves. A message costs the server and whoever takes it about as much with one record in it
//! as with many, so what no delivery waits for may wait for more. All else leaves at once: measured with 64 callers who publish
//! again as soon as they are answered, gathering events for as long as the message before took made them a fifth slower.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;

use super::{PACK_BYTES, Topic};

/// From one message of what happened to the next: nobody waits for it but its own lease.
const BETWEEN_LOGS: Duration = Duration::from_millis(10);
/// From one message of what changes the schedule to the next: far less than any delay in it.
const BETWEEN_CHANGES: Duration = Duration::from_millis(5);

/// How far apart a process's messages of `topic` leave at least, unless they are full.
#[must_use]
pub const fn apart(topic: Topic) -> Duration {
    match topic {
        Topic::JournalLog => BETWEEN_LOGS,
        Topic::JournalSchedule => BETWEEN_CHANGES,
        Topic::Events | Topic::Deliveries(_) | Topic::DeadLetters => Duration::ZERO,
    }
}

/// What is to be stored and is not yet, and whether it fills a message. Whoever hands it over together and waits for the answer
/// gathers it before, not only who stores it: what comes during the call could not fill its message any more.
#[derive(Debug)]
pub struct Line {
    /// What the smallest record counts as, so that as many of them as a message may hold fill it.
    least: usize,
    /// In bytes of a message.
    length: AtomicUsize,
    full: Notify,
}

/// Records in line. They leave it together, with the call that they came in.
#[derive(Debug)]
pub struct InLine {
    line: Arc<Line>,
    part: usize,
}

impl Line {
    /// An empty line for messages of `topic`.
    #[must_use]
    pub fn of(topic: Topic) -> Arc<Self> {
        let least = PACK_BYTES / topic.pack_records();
        Arc::new(Self { least, length: AtomicUsize::new(0), full: Notify::new() })
    }

    /// Puts records in line.
    pub fn join(line: &Arc<Self>, records: &[Bytes]) -> InLine {
        let part = records.iter().map(|record| record.len().max(line.least)).sum();
        let before = line.length.fetch_add(part, Ordering::AcqRel);
        if before < PACK_BYTES && before + part >= PACK_BYTES {
            line.full.notify_one();
        }
        InLine { line: Arc::clone(line), part }
    }

    /// How much is in line, in bytes of messages that would be as full as they may be.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length.load(Ordering::Acquire)
    }

    fn is_full(&self) -> bool {
        self.length() >= PACK_BYTES
    }

    /// Returns when `pause` is over, or as soon as what is in line fills a message. Only the record that fills it wakes whoever
    /// waits.
    pub async fn gather(&self, pause: impl Future<Output = ()>) {
        let mut pause = pin!(pause);
        while !self.is_full() {
            tokio::select! {
                () = self.full.notified() => {}
                () = &mut pause => return,
            }
        }
    }
}

impl Drop for InLine {
    fn drop(&mut self) {
        self.line.length.fetch_sub(self.part, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use fanfare_domain::delivery::Lane;
    use futures::poll;

    use super::super::{PACK_DELIVERIES, PACK_RECORDS};
    use super::*;

    fn small(number: usize) -> Vec<Bytes> {
        vec![Bytes::from_static(b"small"); number]
    }

    #[tokio::test]
    async fn what_waits_leaves_as_soon_as_it_fills_a_message() {
        for (topic, full) in [(Topic::JournalLog, PACK_RECORDS), (Topic::Deliveries(Lane::Fresh), PACK_DELIVERIES)] {
            let line = Line::of(topic);
            let mut gathering = pin!(line.gather(pending()));
            let most = Line::join(&line, &small(full - 1));
            assert!(poll!(gathering.as_mut()).is_pending());
            let last = Line::join(&line, &small(1));
            gathering.await;
            drop((most, last));
        }
    }

    #[tokio::test]
    async fn a_line_is_full_by_its_bytes_too_and_shorter_when_some_have_left() {
        let line = Line::of(Topic::Events);
        let large = [Bytes::from(vec![0; PACK_BYTES / 2])];
        let (first, second) = (Line::join(&line, &large), Line::join(&line, &large));
        line.gather(pending()).await;
        drop(first);
        let mut gathering = pin!(line.gather(pending()));
        assert!(poll!(gathering.as_mut()).is_pending(), "that it was full once does not count");
        let third = Line::join(&line, &large);
        gathering.await;
        drop((second, third));
    }

    #[tokio::test]
    async fn a_line_that_does_not_fill_up_leaves_at_its_time() {
        let line = Line::of(Topic::JournalLog);
        let _some = Line::join(&line, &small(3));
        assert!(poll!(pin!(line.gather(pending()))).is_pending());
        line.gather(ready(())).await;
    }

    #[test]
    fn nothing_that_a_delivery_waits_for_is_gathered() {
        let gathered: Vec<_> = Topic::ALL.into_iter().filter(|topic| !apart(*topic).is_zero()).collect();
        assert_eq!(gathered, [Topic::JournalLog, Topic::JournalSchedule]);
    }
}
