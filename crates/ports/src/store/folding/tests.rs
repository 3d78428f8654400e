use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::{FailureReason, Position};
use fanfare_domain::event::Purpose;
use fanfare_domain::header_list::HeaderList;
use fanfare_domain::ids::Run;

use super::*;

const ACCEPTED: i64 = 1_700_000_000_123;

fn event_id() -> EventId {
    EventId::new("order-1").expect("valid")
}

fn event_type() -> EventType {
    "order.paid".parse().expect("valid")
}

fn webhook() -> WebhookId {
    WebhookId::make(Timestamp::from_millis(5), 7)
}

fn reference() -> DeliveryRef {
    let tenant = TenantNumber::new(3);
    let id = DeliveryId::derive(tenant, &event_id(), webhook(), Run::First);
    let accepted = Timestamp::from_millis(ACCEPTED);
    DeliveryRef::from_parts(id, tenant, webhook(), Position { sequence: 9, index: 2 }, accepted, Run::First)
}

fn routed() -> JournalRecord {
    JournalRecord::Routed(Routed {
        tenant: TenantNumber::new(3),
        event: event_id(),
        event_type: event_type(),
        subject: None,
        created: Timestamp::from_millis(ACCEPTED),
        accepted: Timestamp::from_millis(ACCEPTED),
        purpose: Purpose::Published,
        position: Position { sequence: 9, index: 2 },
        size: 4,
        replay: None,
        deliveries: vec![(webhook(), reference().id)],
    })
}

fn attempted(number: u16, status: u16, follows: Follows) -> Attempted {
    Attempted {
        delivery: reference(),
        event: Some(event_id()),
        event_type: Some(event_type()),
        attempt: Some(Attempt {
            id: AttemptId::derive(reference().id, number),
            number,
            manual: false,
            started: Timestamp::from_millis(ACCEPTED + i64::from(number) * 1000),
            duration: Duration::from_millis(u64::from(number)),
            status: Some(status),
            error: (status >= 300).then(|| format!("answered {status}")),
            request_headers: HeaderList::default(),
            response_headers: HeaderList::default(),
            response_body: Bytes::new(),
        }),
        follows,
        waited: number > 1,
        late: false,
        counts_for_health: true,
    }
}

fn record(attempted: Attempted) -> JournalRecord {
    JournalRecord::Attempted(Box::new(attempted))
}

fn retrying(number: u16) -> JournalRecord {
    let due = Timestamp::from_millis(ACCEPTED + i64::from(number + 1) * 1000);
    record(attempted(number, 503, Follows::Waiting { due, attempt: number + 1 }))
}

fn only_delivery<'a>(folded: &Folded<'a>) -> FoldedDelivery<'a> {
    assert_eq!(folded.deliveries.len(), 1);
    folded.deliveries[0]
}

#[test]
fn a_batch_says_the_same_in_every_order_and_twice() {
    let records =
        [routed(), retrying(1), retrying(2), record(attempted(3, 200, Follows::Settled(Settlement::Success)))];
    let expected = fold(&records);
    let delivery = only_delivery(&expected);
    assert_eq!(delivery.standing.rank, DeliveryStatus::Success.rank());
    assert_eq!(delivery.newest.map(|newest| (newest.number, newest.status_code)), Some((3, Some(200))));
    assert_eq!(delivery.accepted, Timestamp::from_millis(ACCEPTED), "the routed record is exact");
    assert_eq!(expected.attempts.len(), 3);

    for rotation in 0..records.len() {
        let mut shuffled = records.to_vec();
        shuffled.rotate_left(rotation);
        shuffled.extend(shuffled.clone());
        assert_eq!(fold(&shuffled), expected);
    }
}

#[test]
fn the_later_attempt_decides_among_equal_ranks() {
    let records = [retrying(2), retrying(1)];
    let folded = fold(&records);
    assert_eq!(only_delivery(&folded).standing.attempt, 3);
}

#[test]
fn a_manual_success_comes_after_a_failure_and_a_failure_never_after_success() {
    let failed = record(attempted(2, 500, Follows::Settled(Settlement::Failed(FailureReason::AttemptsUsedUp))));
    let alone = [failed.clone()];
    assert_eq!(only_delivery(&fold(&alone)).standing.error, Some("attempts used up"));
    let both = [record(attempted(1, 200, Follows::Settled(Settlement::Success))), failed];
    let standing = only_delivery(&fold(&both)).standing;
    assert_eq!((standing.rank, standing.error), (DeliveryStatus::Success.rank(), None));
}

#[test]
fn a_late_attempt_is_logged_and_leaves_the_standing_alone() {
    let records = [record(Attempted { late: true, ..attempted(1, 200, Follows::Settled(Settlement::Success)) })];
    let folded = fold(&records);
    assert_eq!(only_delivery(&folded).standing.rank, DeliveryStatus::Pending.rank());
    assert_eq!(only_delivery(&folded).newest, None);
    assert!(folded.attempts[0].late);
    assert_eq!(folded.attempts[0].outcome(), None);
}

#[test]
fn a_late_attempt_and_its_successors_of_the_same_id_are_two() {
    let late = record(Attempted { late: true, ..attempted(1, 200, Follows::Settled(Settlement::Success)) });
    let records = [late, retrying(1)];
    let folded = fold(&records);
    let late: Vec<_> = folded.attempts.iter().map(|row| row.late).collect();
    assert_eq!(late, [false, true]);
    let newest = only_delivery(&folded).newest;
    assert_eq!(newest.and_then(|newest| newest.status_code), Some(503));
}

#[test]
fn a_record_belongs_to_the_day_on_which_its_event_was_accepted() {
    let of = (TenantNumber::new(3), Timestamp::from_millis(ACCEPTED).day());
    assert_eq!([belongs_to(&routed()), belongs_to(&retrying(1))], [of, of]);
}

#[test]
fn a_tally_keeps_trials_out_of_the_webhooks_health() {
    let records = [
        retrying(1),
        record(Attempted { counts_for_health: false, ..attempted(2, 500, Follows::Unchanged) }),
        record(Attempted { counts_for_health: false, ..attempted(3, 200, Follows::Settled(Settlement::Success)) }),
    ];
    let tallies = tally(fold(&records).attempts.iter().filter_map(FoldedAttempt::outcome));
    let tally = &tallies[&(TenantNumber::new(3), webhook())];
    assert_eq!((tally.successes, tally.failures), (1, 2));
    assert_eq!(tally.counted_failures, [Timestamp::from_millis(ACCEPTED + 1000)]);
    assert_eq!(tally.last_success, None);
    assert_eq!(tally.last_started, Some(Timestamp::from_millis(ACCEPTED + 3000)));
}

#[test]
fn failures_in_a_row_begin_after_the_last_success_and_with_health_since() {
    let at = Timestamp::from_millis;
    assert_eq!(in_a_row_after(None, None), Timestamp::MIN);
    assert_eq!(in_a_row_after(Some(at(10)), Some(at(5))), at(10));
    assert_eq!(in_a_row_after(Some(at(5)), Some(at(10))), at(9), "what starts with it counts");
}
