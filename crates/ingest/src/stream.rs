//! A stream of events: read ahead, accepted in batches of what has arrived, several batches at a time, answered in order.
//!
//! Every batch costs each service behind it a message. A publisher who sends on while earlier events are unanswered does not
//! wait for this one either, so then a batch gathers, as long as more keeps coming, for a few milliseconds. Who waits for each
//! answer before sending on is never made to wait.
//!
//! Whoever does not read answers is not read from: a stream's events without an answer have a limit in bytes.

use std::sync::Arc;
use std::time::Duration;

use fanfare_proto::v1::{PublishRequest, PublishResponse};
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use prost::Message;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tonic::{Status, Streaming};

use crate::answer;
use crate::publisher::{Calls, units};
use crate::request::Call;

/// Batches of one stream that wait for their turn to be answered; one more is being answered.
const BATCHES: usize = 4;
/// Most events in a batch.
const BATCH_EVENTS: usize = 256;
/// A batch is closed when it has so many bytes.
const BATCH_BYTES: usize = 1024 * 1024;
/// How long a batch that gathers waits before it looks whether more has come.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// How often it looks at most.
const LOOKS: u32 = 3;
/// What an event counts as at least, so that many small ones are a bounded number.
const LEAST_BYTES: usize = 8 * 1024;

/// What is next in the answers.
enum Turn {
    Batch {
        answers: JoinHandle<Vec<PublishResponse>>,
        count: usize,
        window: OwnedSemaphorePermit,
    },
    /// The stream ends with an error.
    Failed(Status),
}

/// Events that had arrived together, and whether the stream went on after them.
#[derive(Default)]
struct Batch {
    events: Vec<PublishRequest>,
    bytes: usize,
    counted: usize,
    end: Option<Result<(), Status>>,
}

impl Batch {
    fn push(&mut self, event: PublishRequest) {
        let size = event.encoded_len();
        self.bytes += size;
        self.counted += size.max(LEAST_BYTES);
        self.events.push(event);
    }

    fn note(&mut self, message: Result<Option<PublishRequest>, Status>) {
        match message {
            Ok(Some(event)) => self.push(event),
            Ok(None) => self.end = Some(Ok(())),
            Err(status) => self.end = Some(Err(answer::over_limit(status))),
        }
    }

    fn is_closed(&self) -> bool {
        self.end.is_some() || self.events.len() >= BATCH_EVENTS || self.bytes >= BATCH_BYTES
    }

    /// Takes what has arrived; tells whether that was anything.
    fn fill(&mut self, requests: &mut Streaming<PublishRequest>) -> bool {
        let before = self.events.len();
        while !self.is_closed()
            && let Some(message) = requests.message().now_or_never()
        {
            self.note(message);
        }
        self.events.len() > before
    }
}

/// The answers to `requests`, which are read by a task of its own.
pub(crate) fn answers(
    calls: Arc<Calls>,
    call: Call,
    requests: Streaming<PublishRequest>,
) -> BoxStream<'static, Result<PublishResponse, Status>> {
    let (turns, next) = mpsc::channel(BATCHES);
    let tasks = calls.tasks.clone();
    tasks.spawn(read(calls, call, requests, turns));
    futures::stream::unfold(next, |mut next| async move {
        let answers = in_turn(next.recv().await?).await;
        Some((futures::stream::iter(answers), next))
    })
    .flatten()
    .boxed()
}

async fn in_turn(turn: Turn) -> Vec<Result<PublishResponse, Status>> {
    match turn {
        Turn::Failed(status) => vec![Err(status)],
        Turn::Batch { answers, count, window } => {
            let answers = answers.await;
            // The answers are small: what takes room has been let go.
            drop(window);
            match answers {
                Ok(answers) => answers.into_iter().map(Ok).collect(),
                Err(error) => {
                    tracing::error!(%error, events = count, "accepting a batch ended early");
                    vec![Err(Status::unavailable("the outcome of the events that follow is open"))]
                }
            }
        }
    }
}

async fn read(calls: Arc<Calls>, call: Call, mut requests: Streaming<PublishRequest>, turns: mpsc::Sender<Turn>) {
    let window = Arc::new(Semaphore::new(calls.stream_units as usize));
    let call = Arc::new(call);
    loop {
        let mut batch = Batch::default();
        tokio::select! {
            () = calls.closing.cancelled() => batch.end = Some(Err(Status::unavailable("shutting down"))),
            () = turns.closed() => return,
            message = requests.message() => batch.note(message),
        }
        // Whatever arrives while earlier batches keep the places comes along with this one.
        let Ok(place) = turns.reserve().await else { return };
        batch.fill(&mut requests);
        let sends_ahead = window.available_permits() < calls.stream_units as usize;
        for _ in 0..if sends_ahead { LOOKS } else { 0 } {
            if batch.is_closed() {
                break;
            }
            calls.intake.clock().sleep(LOOK_AGAIN).await;
            if !batch.fill(&mut requests) {
                break;
            }
        }
        let end = batch.end.take();
        if batch.events.is_empty() {
            drop(place);
        } else {
            let wanted = units(batch.counted).min(calls.stream_units);
            let Ok(window) = Arc::clone(&window).acquire_many_owned(wanted).await else { return };
            let count = batch.events.len();
            let answers = calls.tasks.spawn(accept(Arc::clone(&calls), Arc::clone(&call), batch));
            place.send(Turn::Batch { answers, count, window });
        }
        match end {
            None => {}
            Some(Ok(())) => return,
            Some(Err(status)) => {
                // If nobody listens any more, nobody needs to know.
                let _ = turns.send(Turn::Failed(status)).await;
                return;
            }
        }
    }
}

/// Accepts a batch. The key is asked for each time, since streams may outlive it.
async fn accept(calls: Arc<Calls>, call: Arc<Call>, batch: Batch) -> Vec<PublishResponse> {
    let count = batch.events.len();
    let _room = calls.room_for(batch.bytes).await;
    match calls.intake.authenticate(call.token.as_deref()).await {
        Err(error) => vec![answer::unknown_caller(&error); count],
        Ok(caller) => {
            let drafts = batch.events.into_iter().map(|event| call.draft(event)).collect();
            calls.intake.accept(&caller, drafts).await.into_iter().map(answer::one_of_many).collect()
        }
    }
}
