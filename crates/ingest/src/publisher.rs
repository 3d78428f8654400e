//! The three calls.

use std::sync::Arc;

use fanfare_intake::Intake;
use fanfare_proto::v1::publisher_server::Publisher;
use fanfare_proto::v1::{PublishBatchRequest, PublishBatchResponse, PublishRequest, PublishResponse};
use futures::stream::BoxStream;
use prost::Message;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::{Request, Response, Status, Streaming};

use crate::answer;
use crate::request::{Call, answer_within};
use crate::stream;

/// Most events in a batch.
pub(crate) const BATCH_EVENTS: usize = 1_000;
/// Most bytes in a message, and so in a batch.
pub(crate) const MESSAGE_BYTES: usize = 16 * 1024 * 1024;
/// What the semaphores of bytes count in.
pub(crate) const UNIT: usize = 1024;

/// What all calls share.
pub(crate) struct Calls {
    pub(crate) intake: Arc<Intake>,
    /// Work that must end before the process does.
    pub(crate) tasks: TaskTracker,
    /// Fires when streams must come to an end.
    pub(crate) closing: CancellationToken,
    /// Room for events on their way, in [`UNIT`]s.
    in_flight: Semaphore,
    in_flight_units: u32,
    /// Room for a stream's unanswered events, in [`UNIT`]s.
    pub(crate) stream_units: u32,
}

impl Calls {
    pub(crate) fn new(
        intake: Arc<Intake>,
        in_flight_bytes: usize,
        stream_bytes: usize,
        closing: CancellationToken,
    ) -> Self {
        let in_flight_units = units(in_flight_bytes);
        Self {
            intake,
            tasks: TaskTracker::new(),
            closing,
            in_flight: Semaphore::new(in_flight_units as usize),
            in_flight_units,
            stream_units: units(stream_bytes),
        }
    }

    /// Waits until there is room for so many bytes of events.
    pub(crate) async fn room_for(&self, bytes: usize) -> Result<SemaphorePermit<'_>, Status> {
        let wanted = units(bytes).min(self.in_flight_units);
        self.in_flight.acquire_many(wanted).await.map_err(|_| Status::unavailable("shutting down"))
    }

    async fn publish(&self, call: Call, event: PublishRequest) -> Result<PublishResponse, Status> {
        let caller = self.intake.authenticate(call.token.as_deref()).await.map_err(|error| answer::refused(&error))?;
        let _room = self.room_for(event.data.len()).await?;
        let outcome = self.intake.accept(&caller, vec![call.draft(event)]).await.pop();
        let outcome = outcome.ok_or_else(|| Status::internal("no answer for the event"))?;
        answer::alone(outcome)
    }

    async fn publish_batch(&self, call: Call, batch: PublishBatchRequest) -> Result<PublishBatchResponse, Status> {
        let caller = self.intake.authenticate(call.token.as_deref()).await.map_err(|error| answer::refused(&error))?;
        if batch.events.len() > BATCH_EVENTS {
            let count = batch.events.len();
            return Err(Status::invalid_argument(format!("events: has {count}; at most {BATCH_EVENTS} are taken")));
        }
        let _room = self.room_for(batch.encoded_len()).await?;
        let drafts = batch.events.into_iter().map(|event| call.draft(event)).collect();
        let results = self.intake.accept(&caller, drafts).await.into_iter().map(answer::one_of_many).collect();
        Ok(PublishBatchResponse { results })
    }
}

/// Bytes in [`UNIT`]s, rounded up, at least one.
pub(crate) fn units(bytes: usize) -> u32 {
    let units = bytes.div_ceil(UNIT).clamp(1, Semaphore::MAX_PERMITS);
    u32::try_from(units).unwrap_or(u32::MAX)
}

/// The service as tonic wants it.
#[derive(Clone)]
pub(crate) struct PublisherCalls(pub(crate) Arc<Calls>);

#[tonic::async_trait]
impl Publisher for PublisherCalls {
    async fn publish(&self, request: Request<PublishRequest>) -> Result<Response<PublishResponse>, Status> {
        let (call, span) = Call::of(request.metadata()).traced("Publish");
        answer_within(span, self.0.publish(call, request.into_inner())).await.map(Response::new)
    }

    async fn publish_batch(
        &self,
        request: Request<PublishBatchRequest>,
    ) -> Result<Response<PublishBatchResponse>, Status> {
        let (call, span) = Call::of(request.metadata()).traced("PublishBatch");
        answer_within(span, self.0.publish_batch(call, request.into_inner())).await.map(Response::new)
    }

    type PublishStreamStream = BoxStream<'static, Result<PublishResponse, Status>>;

    async fn publish_stream(
        &self,
        request: Request<Streaming<PublishRequest>>,
    ) -> Result<Response<Self::PublishStreamStream>, Status> {
        let call = Call::of(request.metadata());
        self.0.intake.authenticate(call.token.as_deref()).await.map_err(|error| answer::refused(&error))?;
        Ok(Response::new(stream::answers(Arc::clone(&self.0), call, request.into_inner())))
    }
}
