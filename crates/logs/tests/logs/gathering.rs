//! How much is written at once, on a clock that stands still until it is moved.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use fanfare_domain::delivery::DeliveryStatus;
use fanfare_domain::ids::{DeliveryId, WebhookId};
use fanfare_domain::journal::JournalRecord;
use fanfare_logs::Config;
use fanfare_ports::clock::{Clock, ManualClock, SystemClock};
use fanfare_ports::queue::{Consumer, LEASE, Queue};

use crate::stage::{SUCCESS, Stage, attempted, reference, routed, until};

/// Longer than a lease: whatever is gathered so long is still held.
const GATHER: Duration = LEASE.saturating_mul(2);
const BATCH: usize = 3;

async fn stage() -> (Stage, ManualClock) {
    stage_of(BATCH).await
}

/// A stage with batches of so many records, and its clock, which stands still.
async fn stage_of(batch: usize) -> (Stage, ManualClock) {
    let clock = ManualClock::at(SystemClock.now());
    let config = Config { batch: NonZeroUsize::new(batch).expect("some"), gather: GATHER };
    (Stage::on(Arc::new(clock.clone()), config).await, clock)
}

impl Stage {
    async fn taken(&self, messages: u64) {
        let taken = async || self.embedded.queue().backlog(Consumer::Logs).await.expect("told").taken;
        until(async || taken().await == messages).await;
    }

    fn writes(&self) -> usize {
        self.store.tries.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_full_batch_is_written_at_once() {
    let (stage, _stands_still) = stage().await;
    let events = ["e1", "e2", "e3"].map(|id| stage.event(id));
    stage.tell(&events.each_ref().map(routed)).await;
    stage.written().await;
    assert_eq!(stage.writes(), 1);
}

#[tokio::test]
async fn a_batch_that_is_taken_in_parts_is_written_at_once_too() {
    const MANY: usize = 4_500;
    let (stage, _stands_still) = stage_of(MANY).await;
    let event = stage.event("e1");
    stage.tell(&vec![routed(&event); MANY]).await;
    stage.written().await;
    assert_eq!(stage.writes(), 1);
}

#[tokio::test]
async fn a_batch_is_full_with_some_megabytes_too() {
    let (stage, _stands_still) = stage_of(1_000_000).await;
    let event = stage.event("e1");
    let mut large = attempted(&event, 1, 200, SUCCESS);
    let JournalRecord::Attempted(record) = &mut large else { unreachable!() };
    record.attempt.as_mut().expect("made").response_body = vec![b'a'; 16 * 1024].into();
    stage.tell(&vec![large; 600]).await;
    until(async || stage.writes() > 0).await;
}

#[tokio::test]
async fn events_that_go_to_many_are_written_a_few_at_a_time() {
    const WEBHOOKS: u128 = 8_000;
    let events = ["e1", "e2", "e3"];
    let (stage, _stands_still) = stage_of(events.len()).await;
    let mut number = 0_u128;
    let records = events.map(|id| {
        let mut record = routed(&stage.event(id));
        let JournalRecord::Routed(told) = &mut record else { unreachable!() };
        told.deliveries = (0..WEBHOOKS)
            .map(|webhook| {
                number += 1;
                (WebhookId::from_bytes(webhook.to_be_bytes()), DeliveryId::from_bytes(number.to_be_bytes()))
            })
            .collect();
        record
    });
    stage.tell(&records).await;
    stage.written().await;
    assert_eq!(stage.writes(), 2, "two events at once, and then the third");
}

#[tokio::test]
async fn what_comes_within_the_time_is_one_batch() {
    let (stage, clock) = stage().await;
    let event = stage.event("e1");
    stage.tell(&[routed(&event)]).await;
    stage.taken(1).await;
    stage.tell(&[attempted(&event, 1, 200, SUCCESS)]).await;
    assert_eq!(stage.writes(), 0, "there may be more to come");

    // Little by little, so that the leases are renewed on the way as they are when time passes by itself.
    until(async || {
        clock.advance(LEASE / 50);
        stage.status(&reference(&event)).await.is_some()
    })
    .await;
    stage.written().await;
    assert_eq!(stage.status(&reference(&event)).await, Some(DeliveryStatus::Success));
    assert_eq!(stage.writes(), 1, "both at once, and none a second time");
}

#[tokio::test]
async fn a_stop_writes_what_was_gathered() {
    let (mut stage, _stands_still) = stage().await;
    let event = stage.event("e1");
    stage.tell(&[routed(&event)]).await;
    stage.taken(1).await;
    stage.stop().await;
    assert_eq!(stage.status(&reference(&event)).await, Some(DeliveryStatus::Pending));
    stage.written().await;
}

#[tokio::test]
async fn a_stop_hands_back_what_was_gathered_for_a_store_that_is_away() {
    let (mut stage, _stands_still) = stage().await;
    stage.store.away.store(true, Ordering::SeqCst);
    let event = stage.event("e1");
    stage.tell(&[routed(&event)]).await;
    stage.taken(1).await;
    stage.stop().await;
    let again = stage.embedded.queue().take(Consumer::Logs, 10, Duration::ZERO).await.expect("taken");
    assert_eq!(again.iter().map(|leased| leased.takers).collect::<Vec<_>>(), [1]);
}
