//! Looks every few seconds how full streams are and how far consumers are, for those who watch. A scheduler does it because it
//! follows all of this anyway; each tells the same, so whoever adds figures up takes the highest.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fanfare_domain::time::Timestamp;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::metrics::meter;
use fanfare_ports::queue::{Backlog, Consumer, Queue, QueueError, Stream, Usage};
use opentelemetry::KeyValue;
use tokio_util::sync::CancellationToken;

use crate::service::SchedulerError;

const LOOK_EVERY: Duration = Duration::from_secs(5);

pub(crate) struct Observer {
    queue: Arc<dyn Queue>,
    clock: SharedClock,
    seen: Arc<Mutex<Seen>>,
}

/// What was there when last looked; nothing before the first look.
#[derive(Debug, Default)]
struct Seen {
    streams: BTreeMap<&'static str, Usage>,
    consumers: BTreeMap<&'static str, Backlog>,
    /// Since when an event has not been routed; `None` within if all are.
    unrouted: Option<Option<Timestamp>>,
}

impl Observer {
    pub(crate) fn new(queue: Arc<dyn Queue>, clock: SharedClock) -> Self {
        let seen = Arc::default();
        tell(&seen, &clock);
        Self { queue, clock, seen }
    }

    /// Looks until `stop`.
    pub(crate) async fn run(self, stop: &CancellationToken) -> Result<(), SchedulerError> {
        while !stop.is_cancelled() {
            match stop.run_until_cancelled(self.look()).await {
                Some(Ok(seen)) => *lock(&self.seen) = seen,
                // What was seen before stays: others tell that the queue is away.
                Some(Err(error)) => {
                    let why = SchedulerError::from(error).bearable()?;
                    tracing::debug!(why, "streams are not looked at");
                }
                None => {}
            }
            stop.run_until_cancelled(self.clock.sleep(LOOK_EVERY)).await;
        }
        Ok(())
    }

    async fn look(&self) -> Result<Seen, QueueError> {
        let mut seen = Seen::default();
        for stream in Stream::ALL {
            seen.streams.insert(stream.name(), self.queue.usage(stream).await?);
        }
        for consumer in Consumer::ALL {
            seen.consumers.insert(consumer.name(), self.queue.backlog(consumer).await?);
        }
        seen.unrouted = Some(self.queue.oldest_unfinished(Consumer::Router).await?);
        Ok(seen)
    }
}

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tell(seen: &Arc<Mutex<Seen>>, clock: &SharedClock) {
    tell_streams(seen, "fanfare.stream.size", "By", "Bytes that a stream has stored.", |usage| usage.bytes);
    tell_streams(seen, "fanfare.stream.limit", "By", "Bytes at which a stream refuses more.", |usage| usage.limit);
    tell_streams(seen, "fanfare.stream.messages", "{message}", "Messages that a stream has stored.", |usage| {
        usage.messages
    });
    tell_consumers(seen, "fanfare.consumer.waiting", "Messages that no process has taken yet.", |backlog| {
        backlog.waiting
    });
    tell_consumers(seen, "fanfare.consumer.taken", "Messages that are taken and not finished.", |backlog| {
        backlog.taken
    });
    let (seen, clock) = (Arc::clone(seen), Arc::clone(clock));
    let _age = meter()
        .f64_observable_gauge("fanfare.events.oldest_unrouted_age")
        .with_unit("s")
        .with_description("For how long the oldest event has been accepted that is not routed yet; 0 if all are.")
        .with_callback(move |gauge| {
            if let Some(since) = lock(&seen).unrouted {
                let age = since.map_or(Duration::ZERO, |since| clock.now().since(since));
                gauge.observe(age.as_secs_f64(), &[]);
            }
        })
        .build();
}

fn tell_streams(
    seen: &Arc<Mutex<Seen>>,
    name: &'static str,
    unit: &'static str,
    description: &'static str,
    figure: fn(&Usage) -> u64,
) {
    let seen = Arc::clone(seen);
    let _gauge = meter()
        .u64_observable_gauge(name)
        .with_unit(unit)
        .with_description(description)
        .with_callback(move |gauge| {
            for (stream, usage) in &lock(&seen).streams {
                gauge.observe(figure(usage), &[KeyValue::new("stream", *stream)]);
            }
        })
        .build();
}

fn tell_consumers(seen: &Arc<Mutex<Seen>>, name: &'static str, description: &'static str, figure: fn(&Backlog) -> u64) {
    let seen = Arc::clone(seen);
    let _gauge = meter()
        .u64_observable_gauge(name)
        .with_unit("{message}")
        .with_description(description)
        .with_callback(move |gauge| {
            for (consumer, backlog) in &lock(&seen).consumers {
                gauge.observe(figure(backlog), &[KeyValue::new("consumer", *consumer)]);
            }
        })
        .build();
}
