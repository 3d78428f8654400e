//! What the queue keeps in memory, under one lock that is never held for long.

use std::collections::HashMap;
use std::sync::Arc;

use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::{Backlog, Consumer, Lease, Pack, Stream, Topic, Usage};

use super::codes;
use super::consumer::{ConsumerState, Holder, Picked};
use super::messages::{Held, Left, Loaded, NewMessage};
use super::recent::RecentPacks;

/// A stream as the last commit left it.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamState {
    pub(super) held: Held,
    pub(super) limit: u64,
    /// When the newest message was stored. Times of a stream never go back, whatever the clock does.
    pub(super) newest: Timestamp,
}

/// All streams and consumers.
#[derive(Debug)]
pub(super) struct State {
    pub(super) streams: [StreamState; codes::STREAMS],
    pub(super) consumers: [ConsumerState; codes::CONSUMERS],
    /// The last sequence of each topic; 0 if there is none.
    pub(super) newest: [u64; codes::TOPICS],
    pub(super) recent: RecentPacks,
    /// Processes that have had the queue.
    pub(super) holders: Holder,
}

impl State {
    pub(super) fn stream(&mut self, stream: Stream) -> &mut StreamState {
        &mut self.streams[codes::slot(codes::stream(stream))]
    }

    pub(super) fn consumer(&mut self, consumer: Consumer) -> &mut ConsumerState {
        &mut self.consumers[codes::slot(codes::consumer(consumer))]
    }

    /// The sequence of the newest message of `topic`.
    pub(super) fn newest(&self, topic: Topic) -> u64 {
        self.newest[codes::slot(codes::topic(topic))]
    }

    /// The time at which a message that is stored now is stored.
    pub(super) fn storing_at(&mut self, stream: Stream, now: Timestamp) -> Timestamp {
        let state = self.stream(stream);
        state.newest = state.newest.max(now);
        state.newest
    }

    /// Messages were committed, the first at `first`. Called in the order of commits.
    pub(super) fn stored(&mut self, topic: Topic, first: u64, messages: &[NewMessage]) {
        let stream = topic.stream();
        let mut sequence = first;
        for message in messages {
            self.recent.insert(codes::place(stream, sequence), Arc::clone(&message.pack));
            if let Some(consumer) = codes::taker(topic) {
                self.consumer(consumer).stored(sequence);
            }
            sequence += 1;
        }
        let last = sequence - 1;
        self.newest[codes::slot(codes::topic(topic))] = last;
        let held = &mut self.stream(stream).held;
        held.last = last;
        held.messages += messages.len() as u64;
        held.bytes += messages.iter().map(NewMessage::size).sum::<u64>();
    }

    /// Messages were removed, and this is left. Called in the order of commits.
    pub(super) fn removed(&mut self, stream: Stream, left: &Left) {
        let held = &mut self.stream(stream).held;
        let messages = held.messages.saturating_sub(left.removed);
        *held = Held { first: left.first, last: left.last, bytes: left.bytes, messages };
    }

    /// Takes records for `holder`, out of what is in memory and in `loaded`.
    pub(super) fn pick(
        &mut self,
        consumer: Consumer,
        holder: Holder,
        now: Timestamp,
        limit: usize,
        loaded: &HashMap<u64, Loaded>,
    ) -> Picked {
        let recent = &self.recent;
        let look = |sequence| {
            let found = || recent.get(codes::place(consumer.stream(), sequence)).map(Loaded::Pack);
            loaded.get(&sequence).cloned().or_else(found)
        };
        self.consumers[codes::slot(codes::consumer(consumer))].pick(holder, now, limit, look)
    }

    /// Finishes records whose lease is held; tells whether any was. Events are read again by position, all else is not asked for
    /// any more once it is finished.
    pub(super) fn finish(&mut self, consumer: Consumer, leases: &[Lease], now: Timestamp) -> bool {
        let (stream, recent) = (consumer.stream(), &mut self.recent);
        self.consumers[codes::slot(codes::consumer(consumer))].finish(leases, now, |sequence| {
            if stream != Stream::Events {
                recent.forget(codes::place(stream, sequence));
            }
        })
    }

    pub(super) fn recent(&self, stream: Stream, sequence: u64) -> Option<Arc<Pack>> {
        self.recent.get(codes::place(stream, sequence))
    }

    pub(super) fn usage(&mut self, stream: Stream) -> Usage {
        let StreamState { held, limit, .. } = *self.stream(stream);
        Usage { bytes: held.bytes, limit, messages: held.messages, first: held.first, last: held.last }
    }

    pub(super) fn backlog(&mut self, consumer: Consumer) -> Backlog {
        let last = self.stream(consumer.stream()).held.last;
        self.consumer(consumer).backlog(last)
    }

    /// The first sequence of `stream` that may not be trimmed.
    pub(super) fn needed_from(&mut self, stream: Stream) -> u64 {
        let last = self.stream(stream).held.last;
        let floors = Consumer::ALL.into_iter().filter(|consumer| consumer.stream() == stream);
        floors.map(|consumer| self.consumer(consumer).floor(last)).min().unwrap_or(last) + 1
    }
}
