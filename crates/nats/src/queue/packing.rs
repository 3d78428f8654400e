//! One packer for each topic: while one message is being stored, what arrives meanwhile becomes the next; what is journalled
//! waits a little for more (see [`apart`]). One message is under way at a time, so order holds even when a message
//! has to be sent again.

use std::collections::VecDeque;
use std::sync::Arc;

use async_nats::HeaderMap;
use async_nats::header::NATS_MESSAGE_ID;
use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_ports::metrics::Publishing;
use fanfare_ports::queue::{InLine, Line, PACK_RECORDS, Pack, PublishError, Topic, apart};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::connection::Link;
use crate::names::{stream_name, subject};
use crate::storing::{NotStored, Outgoing};

/// Calls that wait at most; further ones wait outside.
const CALLS: usize = 1024;

type Answer = Result<Vec<Position>, PublishError>;

/// The way into a topic.
#[derive(Debug)]
pub(super) struct Packer {
    calls: mpsc::Sender<Call>,
    line: Arc<Line>,
    _task: AbortOnDropHandle<()>,
}

/// What a caller wants to have stored, and how far that is.
#[derive(Debug)]
struct Call {
    records: Vec<Bytes>,
    positions: Vec<Position>,
    answer: oneshot::Sender<Answer>,
    _in_line: InLine,
}

impl Packer {
    pub(super) fn start(topic: Topic, link: Link) -> Self {
        let (calls, receiver) = mpsc::channel(CALLS);
        let line = Line::of(topic);
        let packing = Packing::of(topic, link, Arc::clone(&line));
        Self { calls, line, _task: AbortOnDropHandle::new(tokio::spawn(packing.run(receiver))) }
    }

    /// Stores records. They are in line as soon as this is first polled, so that calls keep the order in which they begin.
    pub(super) async fn store(&self, records: Vec<Bytes>) -> Answer {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let (answer, answered) = oneshot::channel();
        let in_line = Line::join(&self.line, &records);
        let call = Call { positions: Vec::with_capacity(records.len()), records, answer, _in_line: in_line };
        let ended = || PublishError::unavailable("the packer has ended");
        // Sending at once is not subject to the runtime's budget, which could change the order.
        match self.calls.try_send(call) {
            Ok(()) => {}
            Err(TrySendError::Full(call)) => self.calls.send(call).await.map_err(|_| ended())?,
            Err(TrySendError::Closed(_)) => return Err(ended()),
        }
        answered.await.unwrap_or_else(|_| Err(ended()))
    }
}

struct Packing {
    topic: Topic,
    link: Link,
    /// Names this packer's messages apart from all others'.
    name: String,
    stored: u64,
    waiting: VecDeque<Call>,
    line: Arc<Line>,
    metrics: Publishing,
}

impl Packing {
    fn of(topic: Topic, link: Link, line: Arc<Line>) -> Self {
        let name = link.client.new_inbox();
        Self { topic, link, name, stored: 0, waiting: VecDeque::new(), line, metrics: Publishing::to(topic) }
    }

    async fn run(mut self, mut calls: mpsc::Receiver<Call>) {
        let mut next = Instant::now();
        loop {
            if self.waiting.is_empty() {
                match calls.recv().await {
                    Some(call) => self.waiting.push_back(call),
                    None => return,
                }
            }
            if Instant::now() < next {
                self.line.gather(tokio::time::sleep_until(next)).await;
            }
            // Callers whose requests have come already join the message, instead of waiting until it is stored.
            tokio::task::yield_now().await;
            while self.waiting.len() < PACK_RECORDS
                && let Ok(call) = calls.try_recv()
            {
                self.waiting.push_back(call);
            }
            let records = self.next_pack();
            let count = records.len();
            next = Instant::now() + apart(self.topic);
            let began = Instant::now();
            let outcome = self.store(records).await;
            self.metrics.answered(began.elapsed());
            match outcome {
                Ok(sequence) => self.settle(sequence, count),
                Err(reason @ NotStored::Full(_)) => self.refuse(count, &reason),
                Err(reason) => {
                    // Those in line would each wait as long in vain.
                    while let Ok(call) = calls.try_recv() {
                        self.waiting.push_back(call);
                    }
                    self.refuse(usize::MAX, &reason);
                }
            }
        }
    }

    fn next_pack(&self) -> Vec<Bytes> {
        let records = || self.waiting.iter().flat_map(|call| call.records.iter().skip(call.positions.len()));
        let count = Pack::fitting(self.topic, records().map(Bytes::len));
        records().take(count).cloned().collect()
    }

    async fn store(&mut self, records: Vec<Bytes>) -> Result<u64, NotStored> {
        self.stored += 1;
        let mut headers = HeaderMap::new();
        headers.insert(NATS_MESSAGE_ID, format!("{}.{}", self.name, self.stored));
        let outgoing = Outgoing {
            stream: stream_name(self.topic.stream()),
            subject: subject(self.topic),
            headers,
            payload: Pack::of(records).encode(),
        };
        self.link.store(&outgoing).await
    }

    /// The next `count` records lie in message `sequence`.
    fn settle(&mut self, sequence: u64, count: usize) {
        self.metrics.packed(count);
        let mut index = 0;
        while usize::from(index) < count
            && let Some(call) = self.waiting.front_mut()
        {
            call.positions.push(Position { sequence, index });
            index += 1;
            if call.positions.len() == call.records.len()
                && let Some(call) = self.waiting.pop_front()
            {
                // Whoever asked may have left; what is stored stays stored.
                let _ = call.answer.send(Ok(call.positions));
            }
        }
    }

    /// The next `count` records are not stored, or may not be: no record of the calls that they belong to follows them.
    fn refuse(&mut self, count: usize, reason: &NotStored) {
        let mut refused = 0;
        while refused < count
            && let Some(call) = self.waiting.pop_front()
        {
            refused += call.records.len() - call.positions.len();
            let error = match reason {
                NotStored::Full(_) => PublishError::Full { stream: self.topic.stream(), stored: call.positions },
                _ => PublishError::Unavailable { stored: call.positions, source: Box::new(Arc::new(reason.clone())) },
            };
            let _ = call.answer.send(Err(error));
        }
    }
}
