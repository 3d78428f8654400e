//! Disable rules, judged by what the store tells: exact, whatever the order and repetition of what is written.

#![expect(missing_docs, reason = "a case's name says what it holds adapters to")]

use std::num::NonZeroU32;
use std::time::Duration;

use fanfare_domain::health::{DisableRule, DisabledReason, Facts};
use fanfare_domain::ids::TenantNumber;
use fanfare_domain::journal::JournalRecord;
use fanfare_ports::store::Ledger;

use super::Fixture;
use super::sample::{ACME, Story, record, seconds};

const DAY: Duration = Duration::from_secs(86_400);

fn in_a_row(limit: u32) -> DisableRule {
    DisableRule { failures_in_a_row: NonZeroU32::new(limit), ..DisableRule::NEVER }
}

const FIVE_DAYS: DisableRule = DisableRule { failing_for: Some(Duration::from_secs(5 * 86_400)), ..DisableRule::NEVER };

/// Writes the batches in order; gives what the rule said after each.
async fn judged<'a>(
    store: &impl Ledger,
    rule: DisableRule,
    batches: impl IntoIterator<Item = &'a [JournalRecord]>,
) -> Vec<Option<DisabledReason>> {
    let mut verdicts = Vec::new();
    for batch in batches {
        let recorded = store.record(batch).await.expect("written");
        verdicts.push(recorded.health.first().and_then(|health| rule.judge(&Facts::from(health))));
    }
    verdicts
}

/// Four deliveries to one webhook, of which the first three fail with three attempts each and the last with one: the ten
/// attempts overlap in time.
fn ten_failures(tenant: TenantNumber) -> Vec<JournalRecord> {
    let story = |number| Story::new(number).of(tenant);
    let attempts = |number: u16| {
        (1..=3_u16).map(move |attempt| (number, attempt)).filter(|(number, attempt)| *number < 4 || *attempt == 1)
    };
    let failed = |(number, attempt): (u16, u16)| match attempt {
        3 => record(story(number).given_up(3, seconds(180))),
        _ => record(story(number).failed(attempt, seconds(u64::from(attempt) * 60))),
    };
    (1..=4).flat_map(attempts).map(failed).collect()
}

pub async fn so_many_failures_in_a_row_over_several_deliveries(fixture: &impl Fixture) {
    let store = fixture.open().await;
    for (shift, tenant) in (0..10).zip((100..).map(TenantNumber::new)) {
        let mut records = ten_failures(tenant);
        records.rotate_left(shift);
        if shift % 2 == 1 {
            records.reverse();
        }
        // Each is told twice, and the tenth alone makes the difference.
        let twice: Vec<JournalRecord> = records.iter().flat_map(|one| [one.clone(), one.clone()]).collect();
        let verdicts = judged(&*store, in_a_row(10), twice.chunks(1)).await;
        assert_eq!(verdicts[..18], [None; 18], "order {shift}");
        assert_eq!(verdicts[18..], [Some(DisabledReason::FailuresInARow); 2], "order {shift}");
    }
    let all = ten_failures(ACME);
    assert_eq!(judged(&*store, in_a_row(10), [all.as_slice()]).await, [Some(DisabledReason::FailuresInARow)]);
}

pub async fn a_success_among_them_begins_the_row_anew(fixture: &impl Fixture) {
    let store = fixture.open().await;
    // Half a second after the first attempts, and so before all others.
    let success = record(Story::new(9).of(ACME).succeeded(1, seconds(57)));
    let others: Vec<JournalRecord> = ten_failures(ACME);
    let verdicts = judged(&*store, in_a_row(7), [others[..9].as_ref(), &[success], others[9..].as_ref()]).await;
    assert_eq!(verdicts[0], Some(DisabledReason::FailuresInARow), "nine");
    assert_eq!(verdicts[2], None, "six of the attempts that began later, and one");
}

/// Event 1 fails when it is accepted, event 2 five days later.
fn five_days_apart(tenant: TenantNumber, less: Duration) -> [JournalRecord; 2] {
    let first = Story::new(1).of(tenant);
    let second = Story::new(2).of(tenant);
    let second = second.accepted(first.event.accepted.plus(5 * DAY).minus(less));
    [record(first.failed(1, Duration::ZERO)), record(second.failed(1, Duration::ZERO))]
}

pub async fn failures_over_days_in_whatever_order(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let moment = Duration::from_millis(1);
    for (tenant, reversed, less, expected) in [
        (100, false, Duration::ZERO, Some(DisabledReason::FailingFor)),
        (101, true, Duration::ZERO, Some(DisabledReason::FailingFor)),
        (102, false, moment, None),
        (103, true, moment, None),
    ] {
        let mut records = five_days_apart(TenantNumber::new(tenant), less);
        if reversed {
            records.reverse();
        }
        let verdicts = judged(&*store, FIVE_DAYS, records.chunks(1)).await;
        assert_eq!(verdicts, [None, expected], "tenant {tenant}");
    }
}

pub async fn silence_is_no_failure(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let [first, last] = five_days_apart(ACME, Duration::ZERO);
    assert_eq!(judged(&*store, FIVE_DAYS, [[first.clone()].as_slice()]).await, [None]);
    // What is told again says nothing new about the five days since.
    assert_eq!(judged(&*store, FIVE_DAYS, [[first].as_slice()]).await, [None]);
    // Nor do failures right after a success, however long ago the last one was.
    let success = Story::new(3).of(ACME);
    let success = success.clone().accepted(success.event.accepted.plus(4 * DAY));
    let verdicts = judged(&*store, FIVE_DAYS, [[record(success.succeeded(1, seconds(1))), last].as_slice()]).await;
    assert_eq!(verdicts, [None]);
}

pub async fn pings_tests_and_late_attempts_count_for_no_rule(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let trials = (1..=5).map(|number| record(Story::new(number).trial().given_up(1, seconds(1))));
    let late = (6..=10).map(|number| {
        let mut late = Story::new(number).failed(1, seconds(1));
        late.late = true;
        record(late)
    });
    let records: Vec<JournalRecord> = trials.chain(late).collect();
    assert_eq!(judged(&*store, in_a_row(1), [records.as_slice()]).await, [None]);
    let counted = [record(Story::new(11).failed(1, seconds(1)))];
    assert_eq!(judged(&*store, in_a_row(2), [counted.as_slice()]).await, [None], "it is the first");
}

pub async fn attempts_by_hand_count(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let story = Story::new(1);
    let records = [record(story.given_up(1, seconds(1))), record(story.by_hand(1, seconds(60), false))];
    let verdicts = judged(&*store, in_a_row(2), records.chunks(1)).await;
    assert_eq!(verdicts, [None, Some(DisabledReason::FailuresInARow)]);
}
