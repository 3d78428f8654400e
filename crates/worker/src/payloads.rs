//! Events that did not travel with their deliveries, read where they are stored and kept for a while.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use fanfare_domain::delivery::{DeliveryRef, Position};
use fanfare_domain::event::Event;
use fanfare_ports::queue::{Queue, QueueError, Stored, Stream};
use fanfare_proto::records::{RecordError, decode_event};

/// What was found where a reference points.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    /// The event that it was made for.
    Found(Arc<Event>),
    /// Nothing any more, or something else.
    Gone,
}

/// Why the payload could not be read now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PayloadError {
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error("event cannot be read here")]
    Record(#[from] RecordError),
}

/// Recently read events, bounded in bytes; the oldest go first.
pub(crate) struct Payloads {
    queue: Arc<dyn Queue>,
    limit: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    events: HashMap<Position, Arc<Event>>,
    order: VecDeque<Position>,
    bytes: usize,
}

impl Payloads {
    pub(crate) fn of(queue: Arc<dyn Queue>, limit: usize) -> Self {
        Self { queue, limit, kept: Mutex::default() }
    }

    /// The event that `reference` points to. What is found must yield the reference's own delivery id and tenant.
    pub(crate) async fn read(&self, reference: &DeliveryRef) -> Result<Payload, PayloadError> {
        let event = match self.kept(reference.event) {
            Some(event) => event,
            None => match self.queue.read(Stream::Events, reference.event).await? {
                Stored::Gone => return Ok(Payload::Gone),
                Stored::Found(record) => {
                    let event = Arc::new(decode_event(&record)?);
                    self.keep(reference.event, Arc::clone(&event));
                    event
                }
            },
        };
        if reference.is_of(&event) {
            return Ok(Payload::Found(event));
        }
        tracing::error!(delivery = %reference.id, position = ?reference.event, "another event lies where this delivery's was");
        Ok(Payload::Gone)
    }

    fn kept(&self, position: Position) -> Option<Arc<Event>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).events.get(&position).cloned()
    }

    fn keep(&self, position: Position, event: Arc<Event>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let size = size_of(&event);
        if size > self.limit || kept.events.insert(position, event).is_some() {
            return;
        }
        kept.bytes += size;
        kept.order.push_back(position);
        while kept.bytes > self.limit
            && let Some(oldest) = kept.order.pop_front()
        {
            if let Some(event) = kept.events.remove(&oldest) {
                kept.bytes = kept.bytes.saturating_sub(size_of(&event));
            }
        }
    }
}

/// About what an event takes in memory.
fn size_of(event: &Event) -> usize {
    event.data.len() + 512
}
