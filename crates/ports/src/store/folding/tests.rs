use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::{FailureReason, Position};
use fanfare_domain::event::Purpose;
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
    DeliveryRef::from_parts(
        id,
        tenant,
        webhook(),
        Position {
            sequence: 9,
            index: 2,
        },
        accepted,
        Run::First,
    )
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
        position: Position {
            sequence: 9,
            index: 2,
        },
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
            request_headers: Vec::new(),
            response_headers: Vec::new(),
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
    record(attempted(
        number,
        503,
        Follows::Waiting {
            due,
            attempt: number + 1,
        },
    ))
}

fn only_delivery<'a>(folded: &Folded<'a>) -> FoldedDelivery<'a> {
    assert_eq!(folded.deliveries.len(), 1);
    folded.deliveries[0]
}

#[test]
fn a_batch_says_the_same_in_every_order_and_twice() {
    let records = [
        routed(),
        retrying(1),
        retrying(2),
        record(attempted(3, 200, Follows::Settled(Settlement::Success))),
    ];
    let expected = fold(&records);
    let delivery = only_delivery(&expected);
    assert_eq!(delivery.standing.rank, DeliveryStatus::Success.rank());
    assert_eq!(
        delivery
            .newest
            .map(|newest| (newest.number, newest.status_code)),
        Some((3, Some(200)))
    );
    assert_eq!(
        delivery.accepted,
        Timestamp::from_millis(ACCEPTED),
        "the routed record is exact"
    );
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
    let failed = record(attempted(
        2,
        500,
        Follows::Settled(Settlement::Failed(FailureReason::AttemptsUsedUp)),
    ));
    let alone = [failed.clone()];
    assert_eq!(
        only_delivery(&fold(&alone)).standing.error,
        Some("attempts used up")
    );
    let both = [
        record(attempted(1, 200, Follows::Settled(Settlement::Success))),
        failed,
    ];
    let standing = only_delivery(&fold(&both)).standing;
    assert_eq!(
        (standing.rank, standing.error),
        (DeliveryStatus::Success.rank(), None)
    );
}

#[test]
fn a_late_attempt_is_logged_and_leaves_the_standing_alone() {
    let records = [record(Attempted {
        late: true,
        ..attempted(1, 200, Follows::Settled(Settlement::Success))
    })];
    let folded = fold(&records);
    assert_eq!(
        only_delivery(&folded).standing.rank,
        DeliveryStatus::Pending.rank()
    );
    assert_eq!(
        only_delivery(&folded).newest.map(|newest| newest.number),
        Some(1)
    );
    assert!(folded.attempts[0].late);
}

#[test]
fn rows_of_days_that_are_no_longer_kept_are_counted() {
    let records = [routed(), retrying(1)];
    let mut folded = fold(&records);
    let day = Timestamp::from_millis(ACCEPTED).day();
    assert_eq!(folded.pass_over_before(day), 0);
    assert_eq!(
        folded.pass_over_before(day.plus(1)),
        3,
        "event, delivery and attempt"
    );
    assert_eq!(folded, Folded::default());
}

#[test]
fn a_tally_keeps_trials_out_of_the_webhooks_health() {
    let records = [
        retrying(1),
        record(Attempted {
            counts_for_health: false,
            ..attempted(2, 500, Follows::Unchanged)
        }),
        record(Attempted {
            counts_for_health: false,
            ..attempted(3, 200, Follows::Settled(Settlement::Success))
        }),
    ];
    let tallies = tally(fold(&records).attempts.iter().map(FoldedAttempt::outcome));
    let tally = &tallies[&(TenantNumber::new(3), webhook())];
    assert_eq!((tally.successes, tally.failures), (1, 2));
    assert_eq!(
        tally.counted_failures,
        [Timestamp::from_millis(ACCEPTED + 1000)]
    );
    assert_eq!(tally.last_success, None);
    assert_eq!(
        tally.last_started,
        Some(Timestamp::from_millis(ACCEPTED + 3000))
    );
}

#[test]
fn failures_in_a_row_begin_after_the_last_success_and_with_health_since() {
    let at = Timestamp::from_millis;
    assert_eq!(in_a_row_after(None, None), Timestamp::MIN);
    assert_eq!(in_a_row_after(Some(at(10)), Some(at(5))), at(10));
    assert_eq!(
        in_a_row_after(Some(at(5)), Some(at(10))),
        at(9),
        "what starts with it counts"
    );
}
