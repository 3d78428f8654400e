//! What every adapter of the store's ports must pass: [`Registry`](fanfare_ports::store::Registry),
//! [`Outbox`], [`Notices`], [`Ledger`](fanfare_ports::store::Ledger), [`Reports`](fanfare_ports::store::Reports),
//! [`Outcomes`](fanfare_ports::store::Outcomes), [`Replays`](fanfare_ports::store::Replays) and
//! [`Sessions`](fanfare_ports::store::Sessions).
//!
//! Where the ports' words leave room, the cases hold adapters to this:
//! - Nothing is made ready but by a record's own day and by `maintain`: opening a store neither asks for the time nor drops
//!   anything. The floor below which days are no longer kept only rises. A record below it counts once in `too_old`.
//! - Ledger and reports ask for no tenant or webhook in the registry; without a webhook there is no `health_since`.
//! - A delivery's state is ordered by (rank, number of the attempt that decided), its newest attempt by (number, start). A
//!   reference is exact to the second, so an attempt that comes first makes a row with a rounded `created_at`, which the
//!   routed record puts right.
//! - A late attempt has the id of the attempt that its successor made, so both are rows of their own, told apart by `late`. Late
//!   ones enter no count, no health and no state; they are new attempts when written first, and make the delivery's row if
//!   nothing else has.
//! - Trials enter `success_count`, `failure_count` and `last_triggered`, but no health, and so not `last_success_at` either.
//! - Health is told of the webhooks whose failed attempts count: neither late ones nor trials.
//! - What is asked about a tenant shows nothing from the moment it is deleted, and records for it that still come are passed over.
//! - A changed or deleted thing that is not there is `NotFound`; one with another version, or one that is made twice, `Conflict`.
//! - A cursor of another list, like any other strange text, begins at the beginning.

pub mod config;
pub mod content;
pub mod days;
pub mod deliveries;
pub mod erasure;
pub mod health;
pub mod lists;
pub mod notices;
pub mod outage;
pub mod outbox;
pub mod outcomes;
pub mod paging;
pub mod replays;
pub mod rules;
pub mod sessions;
pub mod subjects;

mod sample;

use std::sync::Arc;

use async_trait::async_trait;
use fanfare_ports::store::{Notices, Outbox, Store};

/// How a case gets at the store. Each fixture has an empty, migrated database of its own.
#[async_trait]
pub trait Fixture: Send + Sync + 'static {
    /// The adapter.
    type Store: Store + Outbox + Notices;

    /// Opens the store, as one more process would. An adapter that only one process may open gives the same one again.
    async fn open(&self) -> Arc<Self::Store>;

    /// From now on the database itself refuses to hold events about `subject`, as it would refuse content that it cannot
    /// hold; a trigger on the table of events does it.
    async fn refuse_events_about(&self, subject: &str);

    /// Kills the store's server. False if there is none, and the cases about that are passed over.
    async fn kill_server(&self) -> bool {
        false
    }

    /// Starts the server again, on the same data.
    async fn start_server(&self) {}
}

/// Makes every case a test of an adapter: `store_suite!(Embedded::fixture().await)`.
#[macro_export]
macro_rules! store_suite {
    ($fixture:expr) => {
        $crate::store_suite! { $fixture;
            config {
                a_tenant_is_read_back
                a_tenants_name_is_taken_once
                a_change_follows_the_version_before
                of_two_changes_at_once_one_is_made
                an_only_webhook_is_the_only_one_of_its_profile
                of_two_only_webhooks_made_at_once_one_is_made
                a_webhook_is_read_back_whole
                nothing_is_made_for_a_tenant_that_is_gone
                another_tenants_things_are_not_there
                what_is_not_there_cannot_be_deleted
                a_key_is_made_and_goes
                each_change_has_its_line_in_the_audit_log
                a_tenants_number_is_given_out_once
            }
            outbox {
                changes_are_told_in_their_order
                one_process_at_a_time_tells
                only_what_was_given_out_is_removed
                a_holder_that_died_is_followed_by_another
                a_refused_change_is_not_told
                a_deleted_tenant_tells_each_of_its_entries
                everything_is_the_current_configuration
                changes_at_once_are_all_told
            }
            deliveries {
                a_delivery_is_the_same_in_whatever_order_its_records_come
                a_delivery_is_the_same_when_records_come_twice
                a_delivery_is_the_same_when_each_record_is_a_batch
                a_delivery_that_waits_shows_when
                a_status_never_moves_backwards
                a_manual_attempt_settles_what_had_failed
                a_manual_attempt_that_fails_changes_nothing
                a_late_attempt_is_logged_and_decides_nothing
                a_delivery_can_end_without_an_attempt
                an_attempt_without_its_event_waits_for_the_routed_record
                parked_records_leave_no_trace
                a_replays_delivery_is_another_one
                known_and_new_events_come_together
                a_reference_is_read_back
                processes_write_the_same_records_at_once
            }
            health {
                counts_grow_by_new_attempts_alone
                a_batch_of_which_some_is_known_counts_the_rest
                failures_in_a_row_are_exact_in_whatever_order_they_come
                a_success_ends_the_row
                a_success_that_comes_late_recounts
                what_was_before_health_since_does_not_count
                a_new_health_since_recounts
                late_attempts_count_for_nothing
                trials_count_but_not_for_health
                health_is_told_for_each_webhook_that_failed
                webhooks_do_not_share_their_health
                processes_count_at_once
            }
            rules {
                so_many_failures_in_a_row_over_several_deliveries
                a_success_among_them_begins_the_row_anew
                failures_over_days_in_whatever_order
                silence_is_no_failure
                pings_tests_and_late_attempts_count_for_no_rule
                attempts_by_hand_count
            }
            notices {
                a_webhook_is_disabled_with_its_notice
                a_notice_is_kept_until_it_is_announced
                one_process_at_a_time_is_given_a_notice
                notices_come_in_their_order
                a_refused_change_leaves_no_notice
            }
            days {
                a_story_across_midnight_is_one_story
                an_event_id_may_come_again_on_another_day
                days_that_are_no_longer_kept_are_dropped
                records_of_dropped_days_are_passed_over
                days_before_the_first_maintenance_and_far_ahead_have_room
                maintenance_may_be_repeated
            }
            content {
                nul_and_every_other_character_are_kept
                a_body_is_kept_byte_for_byte
                a_bad_record_is_set_aside_and_its_neighbours_are_written
                an_empty_batch_is_nothing
                a_batch_of_a_thousand_is_written
                a_long_subject_is_kept
            }
            lists {
                events_are_filtered
                events_know_whether_they_were_delivered
                what_was_not_delivered_is_found_whenever_it_was_accepted
                deliveries_are_filtered
                an_events_deliveries_are_found
                a_delivery_and_an_event_are_found_by_their_ids
                attempts_are_in_order
                tenants_are_apart
            }
            paging {
                events
                deliveries
                subjects
                tenants
                webhooks
                event_types
                api_keys
                the_audit_log
                a_list_is_stable_while_rows_are_added
            }
            subjects {
                a_subject_shows_its_newest_event
                a_subject_is_judged_by_its_newest_event
                subjects_that_were_not_delivered_are_found_in_pages
            }
            replays {
                a_replay_is_read_back
                one_process_at_a_time_works_on_a_replay
                progress_is_saved_by_its_holder_alone
                a_replay_that_is_done_is_not_taken_up
                candidates_of_failed
                candidates_of_missing
                candidates_of_all
                candidates_are_paged_oldest_first
            }
            erasure {
                a_deleted_tenant_is_hidden_at_once
                a_deleted_tenant_is_erased_step_by_step
                a_tenant_that_is_made_again_is_another_one
            }
            outcomes {
                counts_are_the_same_in_whatever_order_records_come
                nothing_is_counted_twice
                whoever_watches_is_told_of_all_that_is_new
                a_delivery_that_ends_without_an_attempt_has_failed
                a_delivery_that_is_retried_by_hand_is_delivered_after_all
                a_replays_deliveries_are_counted
                what_waits_is_told_and_noted
                all_tenants_are_told_together
                nothing_of_a_deleted_tenant_is_counted
                the_busiest_tenants_come_first
                webhooks_that_fail_are_told_until_they_succeed
                old_minutes_are_dropped_and_hours_kept
                processes_count_at_once
            }
            sessions {
                a_session_is_found_until_it_ends
                a_link_is_taken_once
                what_has_expired_is_gone
                a_portals_sessions_end_together
            }
            outage {
                a_server_that_comes_back_is_used_again
            }
        }
    };
    ($fixture:expr; $($group:ident { $($case:ident)* })*) => {
        $(
            mod $group {
                #[allow(unused_imports, reason = "whatever the fixture's expression names")]
                use super::*;

                $(
                    #[tokio::test(flavor = "multi_thread")]
                    async fn $case() {
                        $crate::store::$group::$case(&$fixture).await;
                    }
                )*
            }
        )*
    };
}
