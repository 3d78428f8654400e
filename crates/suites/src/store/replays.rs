//! Replays: one process at a time works on each, and finds what it is to send again.

#![expect(missing_docs, reason = "a case's name says what it holds adapters to")]

use fanfare_ports::store::{Cursor, Replay, ReplayOnly, ReplayState, Replays, StoreError};

use super::Fixture;
use super::deliveries::write;
use super::sample::{ACME, Story, noon, record, replay_id, seconds, webhook_id};

fn replay(number: u16, only: ReplayOnly) -> Replay {
    Replay {
        id: replay_id(number),
        tenant: ACME,
        webhook: webhook_id(1),
        since: noon(),
        until: noon().plus(seconds(3600)),
        types: vec!["order.*".parse().expect("valid")],
        only,
        max_per_second: Some(10),
        dry_run: false,
        state: ReplayState::Running,
        matched: 12,
        published: 0,
        gone: 0,
        cursor: None,
        created_at: noon().plus(seconds(number.into())),
    }
}

pub async fn a_replay_is_read_back(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let made = replay(1, ReplayOnly::Failed);
    store.begin(&made).await.expect("begun");
    assert_eq!(store.replay(ACME, made.id).await.expect("read"), Some(made.clone()));
    let other = fanfare_domain::ids::TenantNumber::new(8);
    assert_eq!(store.replay(other, made.id).await.expect("read"), None);
    assert_eq!(store.replay(ACME, replay_id(2)).await.expect("read"), None);
    assert!(matches!(store.begin(&made).await, Err(StoreError::Conflict)));
}

pub async fn one_process_at_a_time_works_on_a_replay(fixture: &impl Fixture) {
    let (store, other) = (fixture.open().await, fixture.open().await);
    let (now, lease) = (noon(), seconds(30));
    assert_eq!(store.take_up("a", now, lease).await.expect("asked"), None);
    for number in [2, 1] {
        store.begin(&replay(number, ReplayOnly::All)).await.expect("begun");
    }
    let (left, right) = futures::join!(store.take_up("a", now, lease), other.take_up("b", now, lease));
    let mut taken = [left, right].map(|taken| taken.expect("asked").map(|replay| replay.id));
    taken.sort_unstable();
    assert_eq!(taken, [Some(replay_id(1)), Some(replay_id(2))], "each takes another one");
    assert_eq!(store.take_up("c", now.plus(seconds(29)), lease).await.expect("asked"), None);
    let found = store.take_up("c", now.plus(seconds(30)), lease).await.expect("asked");
    assert_eq!(found.map(|replay| replay.id), Some(replay_id(1)), "the oldest first");
}

pub async fn progress_is_saved_by_its_holder_alone(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let (now, lease) = (noon(), seconds(30));
    store.begin(&replay(1, ReplayOnly::All)).await.expect("begun");
    let mut mine = store.take_up("a", now, lease).await.expect("asked").expect("it is there");
    (mine.published, mine.gone, mine.cursor) = (5, 1, Some("after this".to_owned()));
    store.advance("a", now.plus(seconds(20)), lease, &mine).await.expect("saved");
    assert_eq!(store.take_up("b", now.plus(seconds(49)), lease).await.expect("asked"), None, "kept for longer");

    let taken = store.take_up("b", now.plus(seconds(50)), lease).await.expect("asked").expect("its lease is over");
    assert_eq!(taken, mine, "it goes on where the other was");
    mine.published = 6;
    let lost = store.advance("a", now.plus(seconds(51)), lease, &mine).await;
    assert!(matches!(lost, Err(StoreError::Conflict)), "{lost:?}");
    assert_eq!(store.replay(ACME, mine.id).await.expect("read"), Some(taken));
}

pub async fn a_replay_that_is_done_is_not_taken_up(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let counted = Replay { state: ReplayState::Done, dry_run: true, ..replay(3, ReplayOnly::All) };
    store.begin(&counted).await.expect("begun");
    assert_eq!(store.replay(ACME, counted.id).await.expect("read"), Some(counted));
    for (number, state) in [(1, ReplayState::Done), (2, ReplayState::Cancelled)] {
        store.begin(&replay(number, ReplayOnly::All)).await.expect("begun");
        let mut mine = store.take_up("a", noon(), seconds(1)).await.expect("asked").expect("it is there");
        mine.state = state;
        store.advance("a", noon(), seconds(1), &mine).await.expect("saved");
        assert_eq!(store.take_up("b", noon().plus(seconds(60)), seconds(1)).await.expect("asked"), None);
        let found = store.replay(ACME, replay_id(number)).await.expect("read");
        assert_eq!(found.map(|replay| replay.state), Some(state));
    }
}

/// Events of every kind, within the replay's time and around it.
async fn history(store: &impl fanfare_ports::store::Ledger) {
    let early = Story::new(10).accepted(noon().minus(seconds(1)));
    let edge = Story::new(11).accepted(noon().plus(seconds(3600)));
    let [failed, waits, won, elsewhere, nobody] = [1, 2, 3, 4, 5].map(Story::new);
    let (won_later, trial, failed_twice) = (Story::new(6), Story::new(7).trial(), Story::new(8));
    let own = Story::new(9).replayed(1);
    write(
        store,
        &[
            early.routed(),
            record(early.given_up(1, seconds(1))),
            edge.routed_to(&[]),
            failed.routed(),
            record(failed.given_up(1, seconds(1))),
            waits.routed(),
            record(waits.failed(1, seconds(1))),
            won.routed(),
            record(won.succeeded(1, seconds(1))),
            elsewhere.clone().to(2).routed(),
            record(elsewhere.to(2).given_up(1, seconds(1))),
            nobody.routed_to(&[]),
            won_later.routed(),
            record(won_later.given_up(1, seconds(1))),
            won_later.clone().replayed(7).routed(),
            record(won_later.replayed(7).succeeded(1, seconds(1))),
            trial.routed(),
            record(trial.given_up(1, seconds(1))),
            failed_twice.routed(),
            record(failed_twice.given_up(1, seconds(1))),
            failed_twice.clone().replayed(1).routed(),
            record(failed_twice.replayed(1).succeeded(1, seconds(1))),
            own.routed(),
        ],
    )
    .await;
}

async fn candidates(store: &impl Replays, only: ReplayOnly) -> Vec<String> {
    let found = store.candidates(&replay(1, only), None, 100).await.expect("read");
    found.into_iter().map(|one| one.event.id.as_str().trim_start_matches("event-000").to_owned()).collect()
}

pub async fn candidates_of_failed(fixture: &impl Fixture) {
    let store = fixture.open().await;
    history(&*store).await;
    assert_eq!(candidates(&*store, ReplayOnly::Failed).await, ["1", "8"], "8 won only in this very replay");
}

pub async fn candidates_of_missing(fixture: &impl Fixture) {
    let store = fixture.open().await;
    history(&*store).await;
    assert_eq!(candidates(&*store, ReplayOnly::Missing).await, ["4", "5", "9"], "9 was sent only by this very replay");
}

pub async fn candidates_of_all(fixture: &impl Fixture) {
    let store = fixture.open().await;
    history(&*store).await;
    assert_eq!(candidates(&*store, ReplayOnly::All).await, ["1", "2", "3", "4", "5", "6", "8", "9"]);
}

pub async fn candidates_are_paged_oldest_first(fixture: &impl Fixture) {
    let store = fixture.open().await;
    // In pairs of the same instant.
    let stories: Vec<Story> =
        (1..=9).map(|number| Story::new(number).accepted(noon().plus(seconds(u64::from(number / 2))))).collect();
    write(&*store, &stories.iter().map(Story::routed).collect::<Vec<_>>()).await;
    for limit in [1, 2, 3, 9, 10] {
        let (mut seen, mut cursor): (Vec<_>, Option<Cursor>) = (Vec::new(), None);
        loop {
            let found = store.candidates(&replay(1, ReplayOnly::All), cursor.as_ref(), limit).await.expect("read");
            assert!(found.len() <= limit as usize);
            let Some(last) = found.last() else { break };
            cursor = Some(last.cursor.clone());
            seen.extend(found.into_iter().map(|one| one.event.id));
        }
        let expected: Vec<_> = stories.iter().map(|story| story.event.id.clone()).collect();
        assert_eq!(seen, expected, "by {limit}");
    }
}
