//! The numbers that stand for streams, topics and consumers in the database. They are never given another meaning.

use fanfare_domain::delivery::Lane;
use fanfare_ports::queue::{Consumer, Stream, Topic};

/// How many consumers there are.
pub(super) const CONSUMERS: usize = Consumer::ALL.len();
/// How many topics there are.
pub(super) const TOPICS: usize = Topic::ALL.len();
/// How many streams there are.
pub(super) const STREAMS: usize = Stream::ALL.len();

/// The stream's number in the database, from 1.
pub(super) const fn stream(stream: Stream) -> i64 {
    match stream {
        Stream::Events => 1,
        Stream::Deliveries => 2,
        Stream::Journal => 3,
        Stream::DeadLetters => 4,
    }
}

/// The topic's number in the database, from 1.
pub(super) const fn topic(topic: Topic) -> i64 {
    match topic {
        Topic::Events => 1,
        Topic::Deliveries(Lane::Fresh) => 2,
        Topic::Deliveries(Lane::Retry) => 3,
        Topic::Deliveries(Lane::Bulk) => 4,
        Topic::JournalLog => 5,
        Topic::JournalSchedule => 6,
        Topic::DeadLetters => 7,
    }
}

/// The consumer's number in the database, from 1.
pub(super) const fn consumer(consumer: Consumer) -> i64 {
    match consumer {
        Consumer::Router => 1,
        Consumer::Worker(Lane::Fresh) => 2,
        Consumer::Worker(Lane::Retry) => 3,
        Consumer::Worker(Lane::Bulk) => 4,
        Consumer::Logs => 5,
    }
}

/// The place of a code in an array that is in the order of `ALL`.
pub(super) const fn slot(code: i64) -> usize {
    (code - 1) as usize
}

/// Who takes what is published to `topic`; nobody takes dead letters.
pub(super) const fn taker(topic: Topic) -> Option<Consumer> {
    match topic {
        Topic::Events => Some(Consumer::Router),
        Topic::Deliveries(lane) => Some(Consumer::Worker(lane)),
        Topic::JournalLog | Topic::JournalSchedule => Some(Consumer::Logs),
        Topic::DeadLetters => None,
    }
}

const SEQUENCE_BITS: u32 = 56;

/// Where a message lies in the table of all messages.
pub(super) const fn place(of: Stream, sequence: u64) -> i64 {
    let highest = (1 << SEQUENCE_BITS) - 1;
    let sequence = if sequence > highest { highest } else { sequence };
    (stream(of) << SEQUENCE_BITS) | sequence as i64
}

/// The sequence of the message at `place`.
pub(super) const fn sequence(place: i64) -> u64 {
    (place & ((1 << SEQUENCE_BITS) - 1)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_places_in_the_lists() {
        assert!(Stream::ALL.iter().zip(1..).all(|(of, code)| stream(*of) == code));
        assert!(Topic::ALL.iter().zip(1..).all(|(of, code)| topic(*of) == code));
        assert!(Consumer::ALL.iter().zip(1..).all(|(of, code)| consumer(*of) == code));
    }

    #[test]
    fn places_are_in_the_order_of_sequences_within_a_stream() {
        for of in Stream::ALL {
            assert_eq!(sequence(place(of, 77)), 77);
            assert!(place(of, 77) < place(of, 78));
        }
        assert!(place(Stream::Events, u64::MAX) < place(Stream::Deliveries, 0));
    }
}
