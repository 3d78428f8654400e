//! Follows the directory for what must not wait any longer: queues of webhooks that have no limit any more, and entries of
//! tenants that are gone. What is missed while nobody follows goes at its pace, and workers drop what is nobody's.

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::ids::{TenantNumber, WebhookId};
use fanfare_ports::clock::SharedClock;
use fanfare_ports::directory::{Directory, Entry, EntryKey, Notice, Write};
use fanfare_ports::schedule::{Schedule, ScheduleError};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::progress::Progress;
use crate::service::SchedulerError;

const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// What a change of the directory asks of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    OpenGate(WebhookId),
    Erase(TenantNumber),
}

pub(crate) struct Follower {
    directory: Arc<dyn Directory>,
    schedule: Arc<dyn Schedule>,
    clock: SharedClock,
    progress: Arc<Progress>,
}

impl Follower {
    pub(crate) fn new(
        directory: Arc<dyn Directory>,
        schedule: Arc<dyn Schedule>,
        clock: SharedClock,
        progress: Arc<Progress>,
    ) -> Self {
        Self { directory, schedule, clock, progress }
    }

    /// Follows until `stop`.
    pub(crate) async fn run(self, stop: &CancellationToken) -> Result<(), SchedulerError> {
        stop.run_until_cancelled(self.follow()).await.unwrap_or(Ok(()))
    }

    async fn follow(&self) -> Result<(), SchedulerError> {
        loop {
            if let Err(error) = self.follow_once().await {
                let why = error.bearable()?;
                tracing::warn!(why, "directory is watched again");
            }
            self.clock.sleep(AGAIN_AFTER).await;
        }
    }

    async fn follow_once(&self) -> Result<(), SchedulerError> {
        let mut notices = self.directory.watch().await?;
        let mut is_news = false;
        while let Some(notice) = notices.next().await.transpose()? {
            match notice {
                Notice::CaughtUp { .. } => is_news = true,
                Notice::Changed { write, .. } if is_news => {
                    if let Some(task) = task_of(&write) {
                        self.see_to(task).await?;
                    }
                }
                Notice::Changed { .. } => {}
            }
        }
        Ok(())
    }

    async fn see_to(&self, task: Task) -> Result<(), SchedulerError> {
        while let Err(error) = self.attempt(task).await {
            let why = SchedulerError::from(error).bearable()?;
            tracing::warn!(?task, why, "schedule is asked again");
            self.clock.sleep(AGAIN_AFTER).await;
        }
        self.progress.tell_change();
        Ok(())
    }

    async fn attempt(&self, task: Task) -> Result<(), ScheduleError> {
        match task {
            Task::OpenGate(webhook) => self.schedule.open_gate(webhook).await,
            Task::Erase(tenant) => self.schedule.erase(tenant).await,
        }
    }
}

fn task_of(write: &Write) -> Option<Task> {
    match (&write.key, &write.entry) {
        (EntryKey::Webhook(webhook), None) => Some(Task::OpenGate(*webhook)),
        (EntryKey::Webhook(id), Some(Entry::Webhook(webhook))) => {
            (webhook.rate_limit.is_none() || !webhook.is_active).then_some(Task::OpenGate(*id))
        }
        (EntryKey::Tenant(tenant), None) => Some(Task::Erase(*tenant)),
        _ => None,
    }
}
