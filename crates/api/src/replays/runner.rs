//! Replays, carried on in the background by whichever process takes them up.
//!
//! Progress is saved after each page. Whoever takes over from a process that died begins with the page that was under way
//! then; its deliveries have the same ids.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::Lane;
use fanfare_ports::catalogue::Lookup;
use fanfare_ports::queue::{Consumer, PublishError, QueueError, Room, Stream, Topic, keep_storing};
use fanfare_ports::store::{Cursor, Replay, ReplayState, StoreError};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use super::matching::Wanted;
use super::page::{Page, PageError};
use crate::context::{Context, Shared};

const LEASE: Duration = Duration::from_secs(15);
const RENEW_EVERY: Duration = Duration::from_secs(4);
const LOOK_EVERY: Duration = Duration::from_secs(1);
const LOOK_FOR_ROOM_EVERY: Duration = Duration::from_millis(200);
const LARGEST_PAGE: u32 = 100;

/// Why work on a replay ended before the replay did; whoever takes it up goes on.
#[derive(Debug, thiserror::Error)]
enum ReplayError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Page(#[from] PageError),
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error("webhooks cannot be looked up")]
    Directory,
    #[error("the process stops")]
    Stopping,
}

/// Takes up and carries on replays until `stop`.
pub(crate) async fn run(context: &Shared, stop: &CancellationToken) {
    let room = Room::in_stream(Stream::Deliveries);
    let working = async {
        let mut under_way = FuturesUnordered::new();
        let mut taken = 0_u64;
        while !stop.is_cancelled() {
            if under_way.len() < context.config.replays_at_once.get() {
                taken += 1;
                // A name of its own for each, so that one that lost its lease cannot go on under another's.
                let holder = format!("{}-replay-{taken}", context.holder);
                match context.replays.take_up(&holder, context.clock.now(), LEASE).await {
                    Ok(Some(replay)) => {
                        under_way.push(Work { context, room: &room, holder, replay, resumed: true }.carry_on(stop));
                        continue;
                    }
                    Ok(None) => {}
                    Err(error) => tracing::warn!(%error, "replays cannot be taken up"),
                }
            }
            tokio::select! {
                Some(()) = under_way.next(), if !under_way.is_empty() => {}
                () = context.replay_begun.notified() => {}
                () = context.clock.sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => {}
            }
        }
        while under_way.next().await.is_some() {}
    };
    tokio::join!(working, room.watch(&*context.queue, &context.clock, stop));
}

struct Work<'a> {
    context: &'a Context,
    room: &'a Arc<Room>,
    holder: String,
    replay: Replay,
    /// Whether the next page may have been published in part by somebody who died.
    resumed: bool,
}

impl Work<'_> {
    async fn carry_on(mut self, stop: &CancellationToken) {
        let id = self.replay.id;
        let ended = loop {
            match self.next_page(stop).await {
                Ok(()) if self.replay.state != ReplayState::Running => break Ok(()),
                Ok(()) => {}
                Err(error) => break Err(error),
            }
        };
        match ended {
            Ok(()) => {
                let Replay { state, published, gone, .. } = &self.replay;
                tracing::info!(replay = %id, ?state, published, gone, "replay has ended");
            }
            Err(ReplayError::Store(StoreError::Conflict)) => tracing::info!(replay = %id, "replay is another's now"),
            Err(ReplayError::Stopping) => {
                // Another process may go on at once.
                let _ = self.save(Duration::ZERO).await;
            }
            Err(error) => tracing::warn!(%error, replay = %id, "replay goes on later"),
        }
    }

    /// Publishes one page and saves how far that is.
    async fn next_page(&mut self, stop: &CancellationToken) -> Result<(), ReplayError> {
        self.await_room(stop).await?;
        let webhook = match self.context.catalogue.look_up_webhook(self.replay.webhook).await {
            Lookup::Found(webhook) if webhook.is_active => webhook,
            Lookup::Found(_) | Lookup::Gone => return self.end(ReplayState::Cancelled).await,
            Lookup::Unknown => return Err(ReplayError::Directory),
        };
        let limit = self.replay.max_per_second.map_or(LARGEST_PAGE, |most| most.clamp(1, LARGEST_PAGE));
        let after = self.replay.cursor.clone().map(Cursor);
        let candidates = self.context.replays.candidates(&self.replay, after.as_ref(), limit).await?;
        let Some(last) = candidates.last() else { return self.end(ReplayState::Done).await };
        let wanted = Wanted::of(self.context, &self.replay, &webhook);
        let page = Page::read(self.context, &self.replay, &wanted, &candidates, self.resumed).await?;
        let published = page.published();
        // Deliveries first: what the journal knows has been sent.
        self.store(Topic::Deliveries(Lane::Bulk), page.deliveries, stop).await?;
        self.store(Topic::JournalLog, page.journal, stop).await?;
        self.replay.published += published;
        self.replay.gone += page.gone;
        self.replay.cursor = Some(last.cursor.0.clone());
        self.resumed = false;
        self.save(LEASE).await?;
        self.keep_pace(published, stop).await
    }

    async fn end(&mut self, state: ReplayState) -> Result<(), ReplayError> {
        self.replay.state = state;
        Ok(self.save(LEASE).await?)
    }

    async fn save(&self, lease: Duration) -> Result<(), StoreError> {
        self.context.replays.advance(&self.holder, self.context.clock.now(), lease, &self.replay).await
    }

    /// Stores records, however long that takes, and keeps the replay meanwhile.
    async fn store(&self, topic: Topic, records: Vec<Bytes>, stop: &CancellationToken) -> Result<(), ReplayError> {
        if records.is_empty() {
            return Ok(());
        }
        let mut storing = pin!(keep_storing(&*self.context.queue, &self.context.clock, topic, records));
        loop {
            tokio::select! {
                stored = &mut storing => return Ok(stored.map(drop)?),
                () = self.context.clock.sleep(RENEW_EVERY) => self.save(LEASE).await?,
                () = stop.cancelled() => return Err(ReplayError::Stopping),
            }
        }
    }

    /// Waits until workers have got through most of what was replayed before, so that neither stream nor workers are flooded.
    async fn await_room(&self, stop: &CancellationToken) -> Result<(), ReplayError> {
        let mut kept_at = self.context.clock.now();
        loop {
            if stop.is_cancelled() {
                return Err(ReplayError::Stopping);
            }
            let backlog = self.context.queue.backlog(Consumer::Worker(Lane::Bulk)).await?;
            if self.room.is_open() && backlog.waiting < u64::from(self.context.config.replay_backlog.get()) {
                return Ok(());
            }
            let now = self.context.clock.now();
            if now.since(kept_at) >= RENEW_EVERY {
                self.save(LEASE).await?;
                kept_at = now;
            }
            stop.run_until_cancelled(self.context.clock.sleep(LOOK_FOR_ROOM_EVERY)).await;
        }
    }

    /// Waits as long as a page of so many deliveries may take; that is at most a second, since pages are no larger.
    async fn keep_pace(&self, published: u64, stop: &CancellationToken) -> Result<(), ReplayError> {
        if let Some(most) = self.replay.max_per_second {
            let pause = Duration::from_millis(published.saturating_mul(1000).div_ceil(u64::from(most.max(1))));
            stop.run_until_cancelled(self.context.clock.sleep(pause)).await;
        }
        Ok(())
    }
}
