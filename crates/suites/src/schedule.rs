//! What every adapter of [`Schedule`] must pass.

pub mod anew;
pub mod applying;
pub mod claims;
pub mod lookups;
pub mod paces;
pub mod queues;
pub mod restarts;
mod scene;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::time::Timestamp;
use fanfare_ports::schedule::Schedule;

/// A schedule without entries, and the time that it goes by. That time stands still until it is moved.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// The schedule, as one more process opens it: all see the same entries.
    async fn open(&self) -> Arc<dyn Schedule>;

    /// The schedule's time, which is after 2020 and before 2100.
    fn now(&self) -> Timestamp;

    /// Moves the schedule's time on.
    fn advance(&self, by: Duration);

    /// Ends the schedule's backend in good order and starts it again on the same data. What was opened before is not used
    /// afterwards.
    async fn restart(&self);
}

/// A schedule whose backend is a server that may go away.
#[async_trait]
pub trait ServerFixture: Fixture {
    /// Takes the server away, with all that it was told on its disk.
    async fn take_away(&self);

    /// Starts the server again on its data.
    async fn bring_back(&self);

    /// Makes the server forget everything.
    async fn empty(&self);
}

/// Makes a test of each case. The expression is evaluated for each, and is a future of a [`Fixture`].
#[macro_export]
macro_rules! schedule_suite {
    ($fixture:expr) => {
        $crate::schedule_cases! { $fixture =>
            claims::an_entry_is_claimed_when_it_is_due_and_not_before;
            claims::a_claim_tells_when_it_was_made;
            claims::an_entry_whose_time_is_past_is_claimed_at_once;
            claims::those_waiting_longest_come_first;
            claims::competing_claims_never_share_an_entry;
            claims::a_claim_hides_its_entry_until_its_lease_ends;
            claims::a_finished_entry_is_gone;
            claims::finishing_again_is_harmless;
            claims::a_late_finish_leaves_a_newer_put_alone;
            claims::a_late_finish_leaves_a_newer_claim_alone;
            claims::a_put_makes_a_claimed_entry_wait_anew;
            claims::next_tells_when_something_falls_due;
            claims::earliest_and_waiting_count_what_is_claimed_too;
            claims::attempt_numbers_and_replays_come_back_as_they_were_put;
            claims::nothing_waits_in_a_new_schedule;
            applying::a_batch_moves_the_position;
            applying::a_batch_that_is_applied_again_changes_nothing;
            applying::a_batch_out_of_turn_changes_nothing;
            applying::changes_of_a_batch_apply_in_order;
            applying::a_later_put_replaces_the_earlier_one;
            applying::what_is_removed_no_longer_waits;
            applying::a_batch_without_changes_moves_the_position;
            applying::a_thousand_changes_are_one_batch;
            applying::one_process_at_a_time_applies;
            applying::erasing_a_tenant_leaves_the_others_alone;
            queues::a_queue_lets_through_what_its_pace_allows;
            queues::a_pause_saves_up_one_burst_and_no_more;
            queues::a_queue_that_was_empty_keeps_its_pace;
            queues::a_queue_keeps_the_order_of_due_times;
            queues::a_queued_entry_waits_for_its_time;
            queues::queues_do_not_hold_each_other_up;
            queues::queues_and_due_entries_share_a_claim;
            queues::a_later_park_changes_the_pace;
            queues::next_tells_when_a_gate_opens;
            queues::a_claimed_entry_of_a_queue_is_hidden_until_its_lease_ends;
            queues::a_finished_entry_of_a_queue_is_gone;
            queues::a_put_takes_a_delivery_out_of_its_queue;
            queues::a_park_takes_a_delivery_from_those_that_wait_for_a_time;
            queues::a_remove_takes_a_delivery_out_of_its_queue;
            queues::an_opened_gate_lets_everything_through;
            queues::a_claim_made_before_a_gate_was_opened_can_be_finished;
            queues::a_thousand_parked_deliveries_are_one_batch;
            paces::a_measured_pace_grows;
            paces::a_measured_pace_grows_no_further_than_its_limit;
            paces::a_limit_never_grows;
            paces::a_further_park_resets_growth;
            paces::a_queue_that_is_parked_again_and_again_keeps_to_what_was_measured;
            paces::the_later_of_a_limit_and_a_measured_pace_counts;
            paces::next_tells_when_a_growing_gate_opens;
            paces::a_growing_pace_keeps_the_order;
            paces::a_queue_that_was_let_out_forgets_its_growth;
            lookups::what_waits_is_found_wherever_it_is;
            lookups::a_growing_pace_is_told_as_it_is_by_then;
            lookups::what_is_claimed_is_found_with_its_claims_end;
            lookups::nothing_is_missed_while_it_is_claimed_and_let_out;
            anew::what_is_restated_changes_nothing_in_a_schedule_that_goes_on;
            anew::what_is_restated_counts_for_a_schedule_that_begins_anew;
            anew::beginning_anew_takes_nothing_away;
            anew::a_schedule_that_began_anew_goes_on_so_after_a_restart;
            anew::beginning_anew_out_of_turn_changes_nothing;
            restarts::everything_is_there_after_a_restart;
            restarts::a_pace_goes_on_growing_after_a_restart;
        }
    };
}

/// Makes a test of each case that needs a server. The expression is a future of a [`ServerFixture`].
#[macro_export]
macro_rules! schedule_server_suite {
    ($fixture:expr) => {
        $crate::schedule_cases! { $fixture =>
            restarts::a_server_that_was_away_comes_back_with_everything;
            restarts::an_emptied_server_begins_anew;
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! schedule_cases {
    ($fixture:expr => $($part:ident::$case:ident;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                $crate::schedule::$part::$case(&$fixture.await).await;
            }
        )*
    };
}
