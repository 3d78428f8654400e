use bytes::Bytes;
use fanfare_ports::queue::LEASE;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn packs(_: u64) -> Option<Loaded> {
    Some(Loaded::Pack(Arc::new(Pack::of(vec![
        Bytes::from_static(b"a"),
        Bytes::from_static(b"b"),
        Bytes::from_static(b"c"),
    ]))))
}

fn with_messages(last: u64) -> ConsumerState {
    let mut state = ConsumerState::new(Consumer::Router, Saved::default(), 1, 0);
    (1..=last).for_each(|sequence| state.stored(sequence));
    state
}

fn leases(taken: &[Leased]) -> Vec<Lease> {
    taken.iter().map(|one| one.lease.clone()).collect()
}

fn places(taken: &[Leased]) -> Vec<(u64, u16, u32)> {
    taken.iter().map(|one| (one.lease.message, one.lease.index, one.takers)).collect()
}

#[test]
fn whole_messages_are_taken_until_there_are_enough_records() {
    let mut state = with_messages(3);
    assert_eq!(state.pick(0, NOW, 4, packs).leased.len(), 6);
    assert_eq!(state.backlog(3), Backlog { waiting: 1, taken: 2, floor: 0 });
}

#[test]
fn the_floor_follows_the_first_that_is_not_finished() {
    let mut state = with_messages(3);
    let taken = state.pick(0, NOW, 100, packs).leased;
    state.finish(&leases(&taken[3..6]), NOW, drop);
    assert_eq!(state.floor(3), 0);
    state.finish(&leases(&taken[..3]), NOW, drop);
    assert_eq!(state.floor(3), 2);
    state.finish(&leases(&taken[6..]), NOW, drop);
    assert_eq!((state.floor(3), state.floor(9)), (3, 9));
}

#[test]
fn a_lease_that_nobody_holds_lapses_and_one_that_is_held_does_not() {
    let mut state = with_messages(2);
    let taken = state.pick(0, NOW, 100, packs).leased;
    let first = leases(&taken[..1]);
    drop(taken);
    let late = NOW.plus(LEASE);
    assert!(state.lapse(late), "nobody holds the second message");
    assert!(first[0].is_held(late), "one lease of a message keeps all of it");
    let again = state.pick(0, late, 100, packs).leased;
    assert_eq!(places(&again), [(2, 0, 2), (2, 1, 2), (2, 2, 2)]);
}

#[test]
fn leases_of_a_process_that_is_gone_end_although_somebody_has_them() {
    let mut state = with_messages(1);
    let taken = state.pick(7, NOW, 100, packs).leased;
    state.abandon(7, NOW);
    assert!(!state.lapse(NOW.plus(LEASE / 2)) && taken[0].lease.is_held(NOW.plus(LEASE / 2)));
    assert!(state.lapse(NOW.plus(LEASE)) && !taken[0].lease.is_held(NOW.plus(LEASE)));
    let again = state.pick(8, NOW.plus(LEASE), 100, packs).leased;
    assert!(!state.finish(&leases(&taken), NOW.plus(LEASE), drop), "what has lapsed is passed over");
    assert!(state.finish(&leases(&again), NOW.plus(LEASE), drop));
    assert!(state.is_idle());
}

#[test]
fn what_is_handed_back_waits_for_its_time_and_comes_alone() {
    let mut state = with_messages(1);
    let taken = state.pick(0, NOW, 100, packs).leased;
    state.hand_back(&leases(&taken[1..2]), Duration::from_secs(1), NOW);
    state.hand_back(&leases(&taken[1..2]), Duration::from_secs(1), NOW);
    assert!(state.pick(0, NOW, 100, packs).leased.is_empty());
    assert_eq!(state.next_due(), Some(NOW.plus(Duration::from_secs(1))));
    let again = state.pick(0, NOW.plus(Duration::from_secs(1)), 100, packs).leased;
    assert_eq!(places(&again), [(1, 1, 1)]);
}

#[test]
fn after_a_restart_what_was_not_finished_comes_again() {
    let mut state = with_messages(3);
    let taken = state.pick(0, NOW, 4, packs).leased;
    state.finish(&leases(&taken[..4]), NOW, drop);
    let saved = state.save();
    let saved = Saved::from_bytes(saved.cursor, &saved.to_bytes()).expect("as it was saved");
    let mut state = ConsumerState::new(Consumer::Router, saved, 1, 3);
    state.stored(3);
    assert_eq!(state.floor(3), 1);
    let again = state.pick(0, NOW, 100, packs).leased;
    assert_eq!(places(&again), [(2, 1, 2), (2, 2, 2), (3, 0, 1), (3, 1, 1), (3, 2, 1)]);
    assert!(state.unsaved, "who takes what was there before is noted");
}

#[test]
fn damaged_progress_is_told_apart() {
    let saved = with_messages(0).save().to_bytes();
    assert!(Saved::from_bytes(0, &saved).is_some());
    assert!(Saved::from_bytes(0, &[]).is_none() && Saved::from_bytes(0, &[2]).is_none());
    assert!(Saved::from_bytes(0, &[1, 0, 0]).is_none());
}

#[test]
fn handing_back_counts_no_taker_not_even_through_a_restart() {
    let mut state = with_messages(1);
    for _ in 0..2 * TAKERS {
        let taken = state.pick(0, NOW, 100, packs).leased;
        assert_eq!(places(&taken), [(1, 0, 1), (1, 1, 1), (1, 2, 1)]);
        state.hand_back(&leases(&taken), Duration::ZERO, NOW);
        let saved = state.save();
        let saved = Saved::from_bytes(saved.cursor, &saved.to_bytes()).expect("as it was saved");
        state = ConsumerState::new(Consumer::Router, saved, 1, 1);
    }
}

#[test]
fn a_message_counts_the_takers_of_its_record_that_has_had_the_most() {
    let mut state = with_messages(1);
    let first = state.pick(0, NOW, 100, packs).leased;
    state.hand_back(&leases(&first[..1]), Duration::ZERO, NOW);
    assert_eq!(state.save().open[0].takers, 1, "two records are held");
    state.finish(&leases(&first[1..]), NOW, drop);
    assert_eq!(state.save().open[0].takers, 0, "the one that is left was handed back");
    drop(state.pick(0, NOW, 100, packs));
    assert_eq!(state.save().open[0].takers, 1);
    assert!(state.lapse(NOW.plus(LEASE)));
    assert_eq!(state.save().open[0].takers, 1, "its taker is gone and not forgotten");
}

#[test]
fn what_too_many_have_taken_is_set_apart() {
    let mut state = with_messages(1);
    let mut now = NOW;
    for takers in 1..=TAKERS {
        let taken = state.pick(0, now, 100, packs).leased;
        assert_eq!(taken[0].takers, takers);
        drop(taken);
        now = now.plus(LEASE);
        assert!(state.lapse(now));
    }
    let picked = state.pick(0, now, 100, packs);
    assert!(picked.leased.is_empty());
    assert_eq!(picked.spent.len(), 3);
    state.finish(&leases(&picked.spent), now, drop);
    assert_eq!(state.floor(1), 1);
}
