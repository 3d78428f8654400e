//! Which events a replay takes up.

use std::sync::Arc;

use fanfare_domain::event_type::{Aliases, EventType, subscribes};
use fanfare_domain::webhook::Webhook;
use fanfare_ports::store::{EventRow, Replay, StoreError};

use crate::context::Context;

const PAGE: u32 = 1_000;

/// Tells which events are wanted: by the replay's own types or, if it has none, by what the webhook subscribes to.
pub(super) struct Wanted<'a> {
    replay: &'a Replay,
    webhook: &'a Webhook,
    aliases: Arc<Aliases>,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(context: &Context, replay: &'a Replay, webhook: &'a Webhook) -> Self {
        Self { replay, webhook, aliases: context.catalogue.aliases(replay.tenant) }
    }

    pub(super) fn has(&self, event: &EventRow) -> bool {
        let patterns = if self.replay.types.is_empty() { &self.webhook.events } else { &self.replay.types };
        EventType::new(&event.event_type).is_ok_and(|event_type| subscribes(patterns, &event_type, &self.aliases))
    }
}

/// How many events a replay would send.
pub(super) async fn count(context: &Context, replay: &Replay, webhook: &Webhook) -> Result<u64, StoreError> {
    let wanted = Wanted::of(context, replay, webhook);
    let mut count = 0;
    let mut after = None;
    loop {
        let candidates = context.replays.candidates(replay, after.as_ref(), PAGE).await?;
        let Some(last) = candidates.last() else { return Ok(count) };
        after = Some(last.cursor.clone());
        let matched = candidates.iter().filter(|candidate| wanted.has(&candidate.event)).count();
        count += u64::try_from(matched).unwrap_or(u64::MAX);
    }
}
