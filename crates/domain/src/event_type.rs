//! Names of what happened, and the patterns by which webhooks subscribe to them.

mod alias;
mod pattern;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use alias::{Aliases, subscribes};
pub use pattern::{Pattern, PatternError};

/// The longest event type, in characters.
pub const MAX_LENGTH: usize = 128;

const RESERVED: [&str; 2] = ["webhook.", "fanfare."];

/// The name of a kind of event: segments of `a-z`, `0-9`, `_` and `-`, joined by dots, such as `qr.scanned`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType(Arc<str>);

/// Why a text is no event type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventTypeError {
    /// Nothing was given.
    #[error("an event type must not be empty")]
    Empty,
    /// More than [`MAX_LENGTH`] characters.
    #[error("an event type has at most {MAX_LENGTH} characters, not {length}")]
    TooLong {
        /// How many it has.
        length: usize,
    },
    /// A dot at an end, or two in a row.
    #[error("an event type has no empty segments: no dot at either end, no two in a row")]
    EmptySegment,
    /// A character that no segment may have.
    #[error("an event type consists of a-z, 0-9, '_', '-' and dots between them, so {0:?} cannot be in it")]
    Character(char),
}

impl EventType {
    /// # Errors
    /// [`EventTypeError`] says which rule `text` breaks.
    pub fn new(text: &str) -> Result<Self, EventTypeError> {
        check(text)?;
        Ok(Self(text.into()))
    }

    /// The type of a ping, `webhook.ping`.
    #[must_use]
    pub fn ping() -> Self {
        Self("webhook.ping".into())
    }

    /// The type of the event that tells that a webhook was disabled, `fanfare.webhook.disabled`.
    #[must_use]
    pub fn webhook_disabled() -> Self {
        Self("fanfare.webhook.disabled".into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether only Fanfare itself publishes this type: it begins with `webhook.` or `fanfare.`.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        RESERVED.iter().any(|prefix| self.0.starts_with(prefix))
    }
}

fn check(text: &str) -> Result<(), EventTypeError> {
    if text.is_empty() {
        return Err(EventTypeError::Empty);
    }
    if text.len() > MAX_LENGTH {
        return Err(EventTypeError::TooLong { length: text.chars().count() });
    }
    let mut has_empty_segment = false;
    let mut before = b'.';
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => {}
            b'.' => has_empty_segment |= before == b'.',
            _ => return Err(EventTypeError::Character(text.split_at(at).1.chars().next().unwrap_or_default())),
        }
        before = byte;
    }
    if has_empty_segment || before == b'.' {
        return Err(EventTypeError::EmptySegment);
    }
    Ok(())
}

impl FromStr for EventType {
    type Err = EventTypeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for EventType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EventType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_joined_by_dots() {
        for good in ["a", "qr.scanned", "validation.on-course", "a_b.c-d.0", &"x".repeat(128)] {
            assert_eq!(EventType::new(good).map(|t| t.to_string()), Ok(good.to_owned()));
        }
    }

    #[test]
    fn a_refusal_says_which_rule_was_broken() {
        assert_eq!(EventType::new(""), Err(EventTypeError::Empty));
        for dots in [".", "a.", ".a", "a..b"] {
            assert_eq!(EventType::new(dots), Err(EventTypeError::EmptySegment), "{dots}");
        }
        for (text, character) in [("A.b", 'A'), ("a b", ' '), ("a.*", '*'), ("é", 'é'), ("a\0", '\0')] {
            assert_eq!(EventType::new(text), Err(EventTypeError::Character(character)));
        }
        assert_eq!(EventType::new(&"x".repeat(129)), Err(EventTypeError::TooLong { length: 129 }));
    }

    #[test]
    fn fanfare_keeps_two_prefixes_for_itself() {
        assert!(EventType::ping().is_reserved());
        assert!(EventType::webhook_disabled().is_reserved());
        for free in ["webhook", "webhooks.ping", "fanfare", "my.webhook.ping"] {
            assert!(!EventType::new(free).expect("valid").is_reserved(), "{free}");
        }
    }
}
