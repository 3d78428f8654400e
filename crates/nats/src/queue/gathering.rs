//! When the next message of a topic leaves. A message costs the server and whoever takes it about as much with one record in it
//! as with many, so what no delivery waits for may wait for more. All else leaves at once: measured with 64 callers who publish
//! again as soon as they are answered, gathering events for as long as the message before took made them a fifth slower.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use fanfare_ports::queue::{PACK_BYTES, Topic};
use tokio::sync::Notify;
use tokio::time::Instant;

/// From one message of what happened to the next: nobody waits for it but its own lease.
const BETWEEN_LOGS: Duration = Duration::from_millis(10);
/// From one message of what changes the schedule to the next: far less than any delay in it.
const BETWEEN_CHANGES: Duration = Duration::from_millis(5);

/// What has been handed over to be stored and has no answer yet.
#[derive(Debug)]
pub(super) struct Line {
    /// What the smallest record counts as, so that as many of them as a message may hold fill it.
    least: usize,
    /// In bytes of a message.
    length: AtomicUsize,
    full: Notify,
}

/// Records in line. They leave it together, with the call that they came in.
#[derive(Debug)]
pub(super) struct InLine {
    line: Arc<Line>,
    part: usize,
}

impl Line {
    pub(super) fn of(topic: Topic) -> Arc<Self> {
        let least = PACK_BYTES / topic.pack_records();
        Arc::new(Self { least, length: AtomicUsize::new(0), full: Notify::new() })
    }

    /// Puts records in line.
    pub(super) fn join(line: &Arc<Self>, records: &[Bytes]) -> InLine {
        let part = records.iter().map(|record| record.len().max(line.least)).sum();
        let before = line.length.fetch_add(part, Ordering::AcqRel);
        if before < PACK_BYTES && before + part >= PACK_BYTES {
            line.full.notify_one();
        }
        InLine { line: Arc::clone(line), part }
    }

    fn is_full(&self) -> bool {
        self.length.load(Ordering::Acquire) >= PACK_BYTES
    }

    /// Returns at `until`, or as soon as what is in line fills a message. Only the record that fills it wakes whoever waits.
    pub(super) async fn gather(&self, until: Instant) {
        while !self.is_full() && Instant::now() < until {
            tokio::select! {
                () = self.full.notified() => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }
}

impl Drop for InLine {
    fn drop(&mut self) {
        self.line.length.fetch_sub(self.part, Ordering::AcqRel);
    }
}

/// How far apart a process's messages of `topic` leave at least, unless they are full.
pub(super) const fn apart(topic: Topic) -> Duration {
    match topic {
        Topic::JournalLog => BETWEEN_LOGS,
        Topic::JournalSchedule => BETWEEN_CHANGES,
        Topic::Events | Topic::Deliveries(_) | Topic::DeadLetters => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use fanfare_domain::delivery::Lane;
    use futures::poll;

    use super::*;

    const MILLI: Duration = Duration::from_millis(1);
    const HOUR: Duration = Duration::from_secs(3600);

    fn small(number: usize) -> Vec<Bytes> {
        vec![Bytes::from_static(b"small"); number]
    }

    #[tokio::test]
    async fn what_waits_leaves_as_soon_as_it_fills_a_message() {
        for (topic, full) in [(Topic::JournalLog, 256), (Topic::Deliveries(Lane::Fresh), 64)] {
            let line = Line::of(topic);
            let mut gathering = pin!(line.gather(Instant::now() + HOUR));
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
        line.gather(Instant::now() + HOUR).await;
        drop(first);
        let mut gathering = pin!(line.gather(Instant::now() + HOUR));
        assert!(poll!(gathering.as_mut()).is_pending(), "that it was full once does not count");
        let third = Line::join(&line, &large);
        gathering.await;
        drop((second, third));
    }

    #[tokio::test]
    async fn a_line_that_does_not_fill_up_leaves_at_its_time() {
        let line = Line::of(Topic::JournalLog);
        let _some = Line::join(&line, &small(3));
        let until = Instant::now() + 2 * MILLI;
        line.gather(until).await;
        assert!(Instant::now() >= until);
        line.gather(until).await;
    }

    #[tokio::test]
    async fn what_comes_after_a_pause_leaves_at_once() {
        let line = Line::of(Topic::JournalLog);
        let mut gathering = pin!(line.gather(Instant::now()));
        assert!(poll!(gathering.as_mut()).is_ready());
    }

    #[test]
    fn nothing_that_a_delivery_waits_for_is_gathered() {
        let gathered: Vec<_> = Topic::ALL.into_iter().filter(|topic| !apart(*topic).is_zero()).collect();
        assert_eq!(gathered, [Topic::JournalLog, Topic::JournalSchedule]);
    }
}
