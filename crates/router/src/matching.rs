//! Which webhooks an event is for.

use std::sync::Arc;

use fanfare_domain::event::{Event, Purpose};
use fanfare_domain::event_type::{Aliases, subscribes};
use fanfare_domain::webhook::Webhook;

/// The active webhooks among `webhooks` that `event` is for.
pub(crate) fn matching<'a>(event: &Event, webhooks: &'a [Arc<Webhook>], aliases: &Aliases) -> Vec<&'a Arc<Webhook>> {
    webhooks
        .iter()
        .filter(|webhook| webhook.is_active)
        .filter(|webhook| match event.purpose {
            Purpose::Trial(only) => webhook.id == only,
            Purpose::Published => subscribes(&webhook.events, &event.event_type, aliases),
        })
        .collect()
}
