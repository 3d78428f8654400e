//! Telling changes in order, and noticing when one may have been missed.

use std::time::Duration;

use async_nats::jetstream::kv;
use fanfare_ports::directory::{DirectoryError, Entry, Notice, Write};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::keys;
use crate::api::{StreamState, stream_info};
use crate::connection::Link;
use crate::names::BUCKET_STREAM;

/// How often the leader is asked whether there is more than has been told.
const COMPARE_EVERY: Duration = Duration::from_secs(1);
/// How often in a row there may be more while nothing comes.
const BEHIND_AT_MOST: u32 = 3;

struct Watching {
    link: Link,
    entries: kv::Watch,
    /// The revision up to which entries were there when the watch began.
    there: u64,
    caught_up: bool,
    told: u64,
    /// Under which connection the watch began.
    made: u64,
    compare: Interval,
    /// What had been told at the last comparison, and how often there has been more since.
    behind: (u64, u32),
    ended: bool,
}

/// All entries, that they are all, and what changes after.
pub(super) fn notices(
    link: Link,
    entries: kv::Watch,
    state: &StreamState,
) -> BoxStream<'static, Result<Notice, DirectoryError>> {
    let mut compare = interval_at(Instant::now() + COMPARE_EVERY, COMPARE_EVERY);
    compare.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watching = Watching {
        made: link.number(),
        link,
        entries,
        there: state.last_seq,
        caught_up: false,
        // The stream's last message is always the last of its key. Without a message there is nothing to wait for.
        told: if state.messages == 0 { state.last_seq } else { 0 },
        compare,
        behind: (0, 0),
        ended: false,
    };
    stream::unfold(watching, |mut watching| async move { Some((watching.next().await?, watching)) }).boxed()
}

impl Watching {
    async fn next(&mut self) -> Option<Result<Notice, DirectoryError>> {
        if self.ended {
            return None;
        }
        let told = self.tell().await;
        self.ended = told.is_err();
        Some(told)
    }

    async fn tell(&mut self) -> Result<Notice, DirectoryError> {
        loop {
            if !self.caught_up && self.told >= self.there {
                self.caught_up = true;
                return Ok(Notice::CaughtUp { revision: self.told });
            }
            let mut made = self.link.made.clone();
            let before = self.made;
            let remade = async { made.wait_for(|made| *made > before).await.map(drop) };
            tokio::select! {
                entry = self.entries.next() => {
                    let entry = entry
                        .ok_or_else(|| DirectoryError::Unavailable("the watch has ended".into()))?
                        .map_err(|error| DirectoryError::Unavailable(error.into()))?;
                    if let Some(notice) = self.read(entry) {
                        return Ok(notice);
                    }
                }
                // The server may have forgotten whom it tells.
                Ok(()) = remade => {
                    return Err(DirectoryError::Unavailable("the connection was made anew".into()));
                }
                _ = self.compare.tick() => self.compare().await?,
            }
        }
    }

    fn read(&mut self, entry: kv::Entry) -> Option<Notice> {
        let revision = entry.revision;
        self.told = revision;
        match change(entry) {
            Some(write) => Some(Notice::Changed { revision, write }),
            // Who waits for this revision is to know that it has come.
            None => self.caught_up.then_some(Notice::CaughtUp { revision }),
        }
    }

    /// Ends the watch if the leader has more than has come for some time.
    async fn compare(&mut self) -> Result<(), DirectoryError> {
        // Whether the leader answers is for those to find out who ask it something.
        let Ok(info) = stream_info(&self.link.context, BUCKET_STREAM).await else { return Ok(()) };
        if info.state.last_seq <= self.told || self.behind.0 != self.told {
            self.behind = (self.told, 0);
            return Ok(());
        }
        self.behind.1 += 1;
        if self.behind.1 < BEHIND_AT_MOST {
            return Ok(());
        }
        Err(DirectoryError::Unavailable("changes do not come any more".into()))
    }
}

fn change(entry: kv::Entry) -> Option<Write> {
    let Some(key) = keys::decode(&entry.key) else {
        tracing::warn!(key = entry.key, "entry of unknown kind is passed over");
        return None;
    };
    if entry.operation != kv::Operation::Put {
        return Some(Write { key, entry: None });
    }
    match serde_json::from_slice::<Entry>(&entry.value) {
        Ok(value) => Some(Write { key, entry: Some(value) }),
        Err(error) => {
            tracing::error!(key = entry.key, %error, "entry cannot be read and is passed over");
            None
        }
    }
}
