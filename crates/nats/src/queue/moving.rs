//! Messages that are stored again: what was handed back, and packs that are taken apart. They tell in headers where their
//! records were first stored, so that each keeps its position, and how many have taken them. A message says how often it was
//! given out, but not why it came back; one that is stored again begins to count anew.

use std::fmt;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::NATS_MESSAGE_ID;
use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_ports::queue::Topic;

use crate::connection::Link;
use crate::names::{stream_name, subject};
use crate::storing::{NotStored, Outgoing};

/// Where the records were first stored: the message's sequence and, unless they are all that it had, their places in it.
const ORIGIN: &str = "Fanfare-Origin";
/// How many have taken the records before and not handed them back.
const EARLIER_TAKERS: &str = "Fanfare-Takers";
/// For how many milliseconds whoever is given the message first puts it off.
const DELAY: &str = "Fanfare-Delay";

/// Where a message's records were first stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    sequence: u64,
    /// Their places there; none if they are all that were there.
    places: Option<Vec<u16>>,
}

impl Origin {
    /// All records of the message `sequence`.
    pub(super) const fn whole(sequence: u64) -> Self {
        Self { sequence, places: None }
    }

    /// Where the record `index` was first stored.
    pub(super) fn position(&self, index: u16) -> Position {
        let place = self.places.as_ref().and_then(|places| places.get(usize::from(index)));
        Position { sequence: self.sequence, index: place.copied().unwrap_or(index) }
    }

    /// The records `indexes` alone.
    pub(super) fn of(&self, indexes: impl IntoIterator<Item = u16>) -> Self {
        let places = indexes.into_iter().map(|index| self.position(index).index).collect();
        Self { sequence: self.sequence, places: Some(places) }
    }

    fn parse(text: &str) -> Option<Self> {
        let Some((sequence, places)) = text.split_once(':') else { return text.parse().ok().map(Self::whole) };
        let places = places.split(',').map(|place| place.parse().ok()).collect::<Option<_>>()?;
        Some(Self { sequence: sequence.parse().ok()?, places: Some(places) })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.sequence)?;
        let Some(places) = &self.places else { return Ok(()) };
        places.iter().enumerate().try_for_each(|(at, place)| write!(f, "{}{place}", if at == 0 { ':' } else { ',' }))
    }
}

/// What a message tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Story {
    pub(super) origin: Origin,
    /// How many had taken the records before they were stored here.
    pub(super) takers: u32,
    /// For how long its first taker puts it off.
    pub(super) delay: Option<Duration>,
}

impl Story {
    /// What the message `sequence` tells.
    pub(super) fn told(headers: Option<&HeaderMap>, sequence: u64) -> Self {
        let told = |name: &str| headers.and_then(|headers| headers.get(name)).map(|value| value.as_str());
        Self {
            origin: told(ORIGIN).and_then(Origin::parse).unwrap_or(Origin::whole(sequence)),
            takers: told(EARLIER_TAKERS).and_then(|takers| takers.parse().ok()).unwrap_or(0),
            delay: told(DELAY).and_then(|delay| delay.parse().ok()).map(Duration::from_millis),
        }
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, self.origin.to_string());
        headers.insert(EARLIER_TAKERS, self.takers.to_string());
        if let Some(delay) = self.delay {
            headers.insert(DELAY, delay.as_millis().to_string());
        }
        headers
    }
}

/// Whether the message's records were first stored elsewhere.
pub(super) fn is_moved(headers: Option<&HeaderMap>) -> bool {
    headers.is_some_and(|headers| headers.get(ORIGIN).is_some())
}

/// Stores records once more. Under one `id` they are stored once, if the second try comes soon.
pub(super) async fn store_again(
    link: &Link,
    topic: Topic,
    id: String,
    story: &Story,
    payload: Bytes,
) -> Result<(), NotStored> {
    let mut headers = story.headers();
    headers.insert(NATS_MESSAGE_ID, id);
    let outgoing = Outgoing { stream: stream_name(topic.stream()), subject: subject(topic), headers, payload };
    link.store(&outgoing).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_tells_where_its_records_come_from_and_who_had_them() {
        let plain = Story::told(None, 7);
        assert_eq!(plain, Story { origin: Origin::whole(7), takers: 0, delay: None });
        assert!(!is_moved(None) && !is_moved(Some(&HeaderMap::new())));
        let some = Story { origin: plain.origin.of([3, 5]), takers: 2, delay: Some(Duration::from_secs(30)) };
        for story in [some.clone(), Story { origin: Origin::whole(7), delay: None, ..some.clone() }] {
            let headers = story.headers();
            assert!(is_moved(Some(&headers)));
            assert_eq!(Story::told(Some(&headers), 99), story);
        }
        assert_eq!(some.origin.to_string(), "7:3,5");
    }

    #[test]
    fn a_record_keeps_its_position_however_often_it_is_stored_again() {
        let twice = Origin::whole(7).of([1, 4, 9]).of([2, 1]);
        assert_eq!(twice.position(0), Position { sequence: 7, index: 9 });
        assert_eq!(twice.position(1), Position { sequence: 7, index: 4 });
    }
}
