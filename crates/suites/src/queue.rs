//! What every [`Queue`] must pass. The cases go by the machine's clock: a lease is as long as it is.

pub mod finishing;
pub mod leases;
pub mod order;
pub mod outages;
pub mod reading;
pub mod trimming;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_domain::time::Timestamp;
use fanfare_ports::clock::{Clock, SystemClock};
use fanfare_ports::queue::{Consumer, Lease, Leased, Queue, Topic};

/// How long a case waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a case watches that nothing comes.
const QUIET: Duration = Duration::from_millis(300);

/// A queue with nothing in it, made for one case.
#[async_trait]
pub trait Fixture: Send + Sync + 'static {
    /// Opens the queue as a process would. Where several processes can share it, each call is another process; where only
    /// one can have it, further calls give the same one.
    async fn open(&self) -> Arc<dyn Queue>;

    /// Like [`Self::open`], with room for about `bytes` in each stream. Called before any other, if at all.
    async fn open_with_room_for(&self, bytes: u64) -> Arc<dyn Queue>;

    /// Ends the process that has `queue` without a warning. What it had taken is no longer kept from others. (Where it is the
    /// only process, the next [`Self::open`] starts it again.)
    async fn kill(&self, queue: Arc<dyn Queue>);

    /// Ends everything at once, servers too, and starts the servers again with the data that they had. `queues` are all that
    /// are open.
    async fn restart(&self, queues: Vec<Arc<dyn Queue>>);

    /// Kills the queue's server under the processes that use it; false if there is no server of its own.
    async fn take_server_away(&self) -> bool {
        false
    }

    /// Starts the server again.
    async fn bring_server_back(&self) {}
}

/// Makes each case a test of the queue that the expression gives: `queue_suite!(MyFixture::start().await);`
#[macro_export]
macro_rules! queue_suite {
    ($fixture:expr) => {
        $crate::queue_suite! { @cases $fixture; order;
            records_are_taken_in_the_order_and_at_the_positions_of_their_publishing
            publishing_nothing_stores_nothing
            a_thousand_records_at_once_come_whole_and_in_order
            many_publishes_in_flight_keep_their_order
            payloads_of_256_kib_pass_unchanged
            a_record_over_the_limit_is_refused_and_nothing_stored
            lanes_and_topics_reach_their_own_consumers
            a_take_of_nothing_returns_after_its_wait
            a_take_returns_as_soon_as_records_come
            two_takers_share_without_overlap
        }
        $crate::queue_suite! { @cases $fixture; finishing;
            what_is_finished_does_not_come_again
            a_pack_finished_in_part_comes_again_with_what_was_not
            what_is_handed_back_comes_again_alone_after_its_delay
            what_is_handed_back_again_and_again_still_comes
            what_one_process_hands_back_another_takes
            what_is_handed_back_is_not_read_twice
            in_a_full_stream_records_are_handed_back_all_the_same
            handing_back_and_finishing_neighbours_moves_the_floor
            what_was_handed_back_survives_its_taker
            what_is_buried_is_a_dead_letter_and_finished
            finishing_twice_or_late_is_passed_over
        }
        $crate::queue_suite! { @cases $fixture; leases;
            a_dead_takers_records_are_handed_out_again_and_its_lease_is_over
            a_lease_is_kept_alive_as_long_as_its_taker_lives
            records_whose_takers_keep_dying_end_as_dead_letters
        }
        $crate::queue_suite! { @cases $fixture; reading;
            a_stored_record_is_read_by_its_position_whoever_finished_it
            a_position_that_is_trimmed_is_gone
            a_record_that_its_pack_never_had_is_gone
            a_position_not_yet_given_out_is_not_gone
            reading_on_tells_one_topics_records_in_order
            reading_on_starts_inside_a_pack_where_it_is_told_to
            reading_on_follows_what_is_published_meanwhile
            reading_on_passes_over_what_is_trimmed
            many_records_are_read_page_by_page_none_missing
            a_sequence_is_found_by_its_time
        }
        $crate::queue_suite! { @cases $fixture; trimming;
            trimming_stops_at_the_floor_of_a_consumer
            a_topic_is_trimmed_by_itself
            trimming_is_not_held_up_by_a_consumer_with_nothing_to_do
            trimming_goes_no_further_than_asked
            a_full_stream_refuses_until_it_is_trimmed
            a_publish_that_does_not_fit_tells_what_is_stored
            many_who_publish_at_once_fill_a_stream
            usage_tells_what_is_stored
            usage_knows_what_was_stored_just_before
            a_backlog_tells_what_waits_and_what_is_taken
            the_oldest_unfinished_message_is_told_by_its_time
        }
        $crate::queue_suite! { @cases $fixture; outages;
            after_a_restart_everything_is_there
            a_server_that_goes_away_and_comes_back_loses_nothing
            takers_go_on_when_the_server_is_back
        }
    };
    (@cases $fixture:expr; $module:ident; $($case:ident)+) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $case() {
            let fixture = $fixture;
            $crate::queue::$module::$case(&fixture).await;
        }
    )+};
}

fn now() -> Timestamp {
    SystemClock.now()
}

/// A record that tells itself apart from others.
fn record(number: usize) -> Bytes {
    Bytes::from(format!("record {number}"))
}

fn records(numbers: std::ops::Range<usize>) -> Vec<Bytes> {
    numbers.map(record).collect()
}

/// A record of `size` bytes, others for each `seed`, that takes its full size however it is packed (Xorshift, Marsaglia 2003).
pub fn noise(seed: u8, size: usize) -> Bytes {
    let mut state = u64::from(seed) * 0x9E37_79B9 + 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..size).map(|_| next()).collect()
}

async fn publish(queue: &dyn Queue, topic: Topic, records: Vec<Bytes>) -> Vec<Position> {
    queue.publish(topic, records).await.expect("the records are stored")
}

/// Takes until `count` records have come.
async fn take(queue: &dyn Queue, consumer: Consumer, count: usize) -> Vec<Leased> {
    let began = Instant::now();
    let mut taken = Vec::new();
    while taken.len() < count {
        assert!(began.elapsed() < PATIENCE, "{} of {count} records came", taken.len());
        let missing = count - taken.len();
        taken.extend(queue.take(consumer, missing, Duration::from_secs(1)).await.expect("the queue is there"));
    }
    taken
}

/// Takes one record, after which no other comes.
async fn take_one(queue: &dyn Queue, consumer: Consumer) -> Leased {
    let mut taken = take(queue, consumer, 1).await;
    assert_eq!(taken.len(), 1, "one record, not {taken:?}");
    taken.remove(0)
}

async fn assert_nothing_comes(queue: &dyn Queue, consumer: Consumer, within: Duration) {
    let taken = queue.take(consumer, 100, within).await.expect("the queue is there");
    assert!(taken.is_empty(), "nothing was to come, but {taken:?}");
}

async fn finish(queue: &dyn Queue, taken: &[Leased]) {
    queue.finish(&leases(taken)).await.expect("the queue is there");
}

fn leases(taken: &[Leased]) -> Vec<Lease> {
    taken.iter().map(|one| one.lease.clone()).collect()
}

fn bodies(taken: &[Leased]) -> Vec<Bytes> {
    taken.iter().map(|one| one.record.clone()).collect()
}

fn positions(taken: &[Leased]) -> Vec<Position> {
    taken.iter().map(|one| one.position).collect()
}

/// All records of `topic` after `after`, page by page.
async fn read_all(queue: &dyn Queue, topic: Topic, mut after: Position) -> Vec<(Position, Bytes)> {
    let mut all = Vec::new();
    loop {
        let page = queue.read_after(topic, after, 100).await.expect("the queue is there");
        let Some((last, _)) = page.last() else { return all };
        after = *last;
        all.extend(page);
    }
}

/// Asks again until `holds`, for what is so a little later.
async fn eventually<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "in the end: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn eventually_floor(queue: &dyn Queue, consumer: Consumer, floor: u64) {
    eventually("the floor is where all is finished", || async {
        queue.backlog(consumer).await.expect("the queue is there").floor >= floor
    })
    .await;
}
