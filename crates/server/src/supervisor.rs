//! The process's life: it runs until a signal comes or one of its parts fails; a half-dead process is worse than a dead one.

use std::future::Future;
use std::time::Duration;

use fanfare_ports::clock::SharedClock;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::Failure;
use crate::readiness::Readiness;
use crate::settings::Shutdown;

/// Why a part ended.
type Ended = (&'static str, Result<(), Failure>);

/// The parts that run in this process.
pub(crate) struct Supervisor {
    parts: JoinSet<Ended>,
    background: JoinSet<()>,
    /// Tells parts to take no more work and to finish what they have.
    pub(crate) stop: CancellationToken,
    /// Tells what parts rely on to end, after them.
    pub(crate) stop_background: CancellationToken,
}

impl Supervisor {
    pub(crate) fn new() -> Self {
        Self {
            parts: JoinSet::new(),
            background: JoinSet::new(),
            stop: CancellationToken::new(),
            stop_background: CancellationToken::new(),
        }
    }

    /// Runs a part until it ends, which it does after `stop`.
    pub(crate) fn run<E>(&mut self, name: &'static str, part: impl Future<Output = Result<(), E>> + Send + 'static)
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        self.parts
            .spawn(async move { (name, part.await.map_err(|error| Failure::run(format!("{name} failed"), error))) });
    }

    /// Runs something that parts rely on; it ends after `stop_background`.
    pub(crate) fn run_background(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.background.spawn(task);
    }

    /// Waits for `task`; `None` if a signal came first.
    pub(crate) async fn unless_signalled<T>(&self, task: impl Future<Output = T>) -> Result<Option<T>, Failure> {
        tokio::select! {
            done = task => Ok(Some(done)),
            signal = signalled() => signal.map(|()| None),
        }
    }

    /// Waits for a signal or a failure, and then ends everything: readiness first, then work, then what it relies on.
    pub(crate) async fn supervise(
        mut self,
        readiness: &Readiness,
        shutdown: Shutdown,
        clock: &SharedClock,
    ) -> Result<(), Failure> {
        let outcome = tokio::select! {
            signal = signalled() => signal,
            Some(ended) = self.parts.join_next() => early_end(ended),
        };
        readiness.stopping();
        match &outcome {
            Ok(()) => {
                tracing::info!("stopping");
                clock.sleep(shutdown.delay).await;
            }
            Err(failure) => tracing::error!(error = %failure, "stopping because a part failed"),
        }
        self.stop.cancel();
        let drained = self.drain(shutdown.drain).await;
        self.stop_background.cancel();
        if tokio::time::timeout(Duration::from_secs(5), async { while self.background.join_next().await.is_some() {} })
            .await
            .is_err()
        {
            tracing::warn!("background tasks were cut off");
        }
        outcome.and(drained)
    }

    async fn drain(&mut self, limit: Duration) -> Result<(), Failure> {
        let mut outcome = Ok(());
        let draining = async {
            while let Some(ended) = self.parts.join_next().await {
                let ended =
                    ended.map_err(|error| Failure::run("a part panicked", error)).and_then(|(_, result)| result);
                if let Err(failure) = ended {
                    tracing::error!(error = %failure, "part failed while stopping");
                    outcome = Err(failure);
                }
            }
        };
        if tokio::time::timeout(limit, draining).await.is_err() {
            tracing::warn!(limit_s = limit.as_secs(), "work in flight was cut off; others will take it up");
        }
        outcome
    }
}

/// Returns when somebody asks the process to end.
async fn signalled() -> Result<(), Failure> {
    let cannot = |error| Failure::run("cannot wait for signals", error);
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn early_end(ended: Result<Ended, tokio::task::JoinError>) -> Result<(), Failure> {
    match ended {
        Ok((name, Ok(()))) => Err(Failure::run(format!("{name} failed"), "ended by itself")),
        Ok((_, Err(failure))) => Err(failure),
        Err(panic) => Err(Failure::run("a part panicked", panic)),
    }
}
