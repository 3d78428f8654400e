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

#[cfg(test)]
mod tests {
    use fanfare_domain::event_type::EventType;
    use fanfare_domain::ids::WebhookId;

    use super::*;

    fn webhook(number: u8, patterns: &[&str]) -> Arc<Webhook> {
        let events = patterns.iter().map(|pattern| pattern.parse().expect("a pattern")).collect();
        Arc::new(Webhook { id: WebhookId::from_bytes([number; 16]), events, ..fanfare_samples::webhook() })
    }

    fn event(event_type: &str, purpose: Purpose) -> Event {
        Event { event_type: event_type.parse().expect("valid"), purpose, ..fanfare_samples::event() }
    }

    fn matched(event: &Event, webhooks: &[Arc<Webhook>], aliases: &Aliases) -> Vec<u8> {
        matching(event, webhooks, aliases).iter().map(|webhook| webhook.id.as_bytes()[0]).collect()
    }

    #[test]
    fn an_event_is_for_whoever_subscribed_and_is_active() {
        let mut paused = Webhook::clone(&webhook(5, &["*"]));
        paused.is_active = false;
        let webhooks = [
            webhook(1, &["qr.scanned"]),
            webhook(2, &["qr.*", "qr.scanned"]),
            webhook(3, &["*"]),
            webhook(4, &["order.*"]),
            Arc::new(paused),
        ];
        assert_eq!(matched(&event("qr.scanned", Purpose::Published), &webhooks, &Aliases::default()), [1, 2, 3]);
    }

    #[test]
    fn an_alias_works_both_ways_and_gives_one_delivery() {
        let scanned = EventType::new("qr.scanned").expect("valid");
        let created = [EventType::new("scan.created").expect("valid")];
        let aliases = Aliases::new([(&scanned, &created[..])]);
        let webhooks =
            [webhook(1, &["qr.scanned"]), webhook(2, &["scan.*"]), webhook(3, &["scan.created", "qr.scanned"])];
        for published in ["qr.scanned", "scan.created"] {
            assert_eq!(matched(&event(published, Purpose::Published), &webhooks, &aliases), [1, 2, 3]);
        }
    }

    #[test]
    fn a_trial_is_for_its_webhook_alone_whatever_that_subscribed_to() {
        let webhooks = [webhook(1, &["*"]), webhook(2, &["order.paid"])];
        let trial = event("webhook.ping", Purpose::Trial(WebhookId::from_bytes([2; 16])));
        assert_eq!(matched(&trial, &webhooks, &Aliases::default()), [2]);
    }
}
