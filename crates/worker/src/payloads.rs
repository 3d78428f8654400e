//! Events that did not travel with their deliveries, read where they are stored.

use std::sync::Arc;

use fanfare_domain::delivery::DeliveryRef;
use fanfare_domain::event::Event;
use fanfare_ports::queue::{Queue, QueueError, Stored, Stream};
use fanfare_proto::records::{RecordError, decode_event};

/// What was found where a reference points.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    /// The event that it was made for.
    Found(Event),
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

/// Where payloads are read.
pub(crate) struct Payloads {
    queue: Arc<dyn Queue>,
}

impl Payloads {
    pub(crate) fn of(queue: Arc<dyn Queue>) -> Self {
        Self { queue }
    }

    /// The event that `reference` points to. What is found must yield the reference's own delivery id and tenant.
    pub(crate) async fn read(&self, reference: &DeliveryRef) -> Result<Payload, PayloadError> {
        let event = match self.queue.read(Stream::Events, reference.event).await? {
            Stored::Gone => return Ok(Payload::Gone),
            Stored::Found(record) => decode_event(&record)?,
        };
        if reference.is_of(&event) {
            return Ok(Payload::Found(event));
        }
        tracing::error!(delivery = %reference.id, position = ?reference.event, "another event lies where this delivery's was");
        Ok(Payload::Gone)
    }
}
