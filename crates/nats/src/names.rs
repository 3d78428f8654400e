//! What streams, subjects and consumers are called on the server. These names never change.

use fanfare_domain::delivery::Lane;
use fanfare_ports::queue::{Consumer, Stream, Topic};

/// The bucket of the directory.
pub(crate) const BUCKET: &str = "FANFARE_DIRECTORY";
/// The stream in which the server keeps the bucket.
pub(crate) const BUCKET_STREAM: &str = "KV_FANFARE_DIRECTORY";
/// What stands before an entry's key in that stream.
pub(crate) const BUCKET_SUBJECT: &str = "$KV.FANFARE_DIRECTORY.";

pub(crate) const fn stream_name(stream: Stream) -> &'static str {
    match stream {
        Stream::Events => "FANFARE_EVENTS",
        Stream::Deliveries => "FANFARE_DELIVERIES",
        Stream::Journal => "FANFARE_JOURNAL",
        Stream::DeadLetters => "FANFARE_DEAD_LETTERS",
    }
}

/// The subjects that a stream keeps.
pub(crate) fn stream_subjects(stream: Stream) -> Vec<String> {
    Topic::ALL.into_iter().filter(|topic| topic.stream() == stream).map(subject).collect()
}

pub(crate) fn subject(topic: Topic) -> String {
    format!("fanfare.{}", topic.name())
}

pub(crate) fn topic_of(subject: &str) -> Option<Topic> {
    subject.strip_prefix("fanfare.").and_then(Topic::named)
}

pub(crate) const fn consumer_name(consumer: Consumer) -> &'static str {
    match consumer {
        Consumer::Router => "router",
        Consumer::Worker(Lane::Fresh) => "worker-fresh",
        Consumer::Worker(Lane::Retry) => "worker-retry",
        Consumer::Worker(Lane::Bulk) => "worker-bulk",
        Consumer::Logs => "logs",
    }
}

/// The subjects that a consumer is given.
pub(crate) fn consumer_filter(consumer: Consumer) -> String {
    match consumer {
        Consumer::Router => subject(Topic::Events),
        Consumer::Worker(lane) => subject(Topic::Deliveries(lane)),
        Consumer::Logs => "fanfare.journal.>".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_is_found_by_its_subject_and_kept_by_its_stream() {
        for topic in Topic::ALL {
            assert_eq!(topic_of(&subject(topic)), Some(topic));
            assert!(stream_subjects(topic.stream()).contains(&subject(topic)));
        }
        assert_eq!(topic_of("fanfare.other"), None);
        assert_eq!(Stream::ALL.into_iter().flat_map(stream_subjects).count(), Topic::ALL.len());
    }
}
