//! What a webhook subscribes to.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{EventType, EventTypeError};

/// A subscription: `*` for every type, `a.*` for every type with further segments after `a`, or one type.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(Kind);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    All,
    /// With the dot at its end.
    Under(Arc<str>),
    One(EventType),
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A star where none may be.
    #[error("a '*' stands alone or for all that follows, as in \"qr.*\"; {0:?} is neither")]
    Star(String),
    /// What remains without the star is no event type.
    #[error(transparent)]
    EventType(#[from] EventTypeError),
}

impl Pattern {
    /// # Errors
    /// [`PatternError`] says which rule `text` breaks.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        if text == "*" {
            return Ok(Self(Kind::All));
        }
        let family = text.strip_suffix(".*");
        if family.unwrap_or(text).contains('*') {
            return Err(PatternError::Star(text.to_owned()));
        }
        match family {
            Some(family) => {
                EventType::new(family)?;
                Ok(Self(Kind::Under(format!("{family}.").into())))
            }
            None => Ok(Self(Kind::One(EventType::new(text)?))),
        }
    }

    /// Whether events of this very type are wanted; see [`super::subscribes`] for aliases.
    #[must_use]
    pub fn matches(&self, event_type: &EventType) -> bool {
        match &self.0 {
            Kind::All => true,
            Kind::Under(prefix) => event_type.as_str().starts_with(&**prefix),
            Kind::One(wanted) => wanted == event_type,
        }
    }

    /// The type, if the pattern names just one.
    #[must_use]
    pub fn exact(&self) -> Option<&EventType> {
        match &self.0 {
            Kind::One(event_type) => Some(event_type),
            Kind::All | Kind::Under(_) => None,
        }
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::All => f.write_str("*"),
            Kind::Under(prefix) => write!(f, "{prefix}*"),
            Kind::One(event_type) => event_type.fmt(f),
        }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, event_type: &str) -> bool {
        Pattern::new(pattern).expect("a pattern").matches(&EventType::new(event_type).expect("an event type"))
    }

    #[test]
    fn a_star_at_the_end_stands_for_one_or_more_segments() {
        assert!(matches("institution.*", "institution.staff"));
        assert!(matches("institution.*", "institution.staff.invited"));
        assert!(!matches("institution.*", "institution"));
        assert!(!matches("institution.*", "institutions.staff"));
        assert!(!matches("institution.*", "my.institution.staff"));
        assert!(matches("institution.staff.*", "institution.staff.invited"));
    }

    #[test]
    fn a_refusal_says_how_stars_are_used() {
        for text in ["**", "*.a", "a*", "a.*.b", "*.*", "a.**", "qr*.*"] {
            assert_eq!(Pattern::new(text), Err(PatternError::Star(text.to_owned())), "{text}");
        }
        assert_eq!(Pattern::new(".*"), Err(PatternError::EventType(EventTypeError::Empty)));
        assert_eq!(Pattern::new(""), Err(PatternError::EventType(EventTypeError::Empty)));
        assert!(Pattern::new("A.*").is_err());
    }

    proptest! {
        #[test]
        fn patterns_agree_with_their_definition(pattern in "[ab]([.][ab]){0,2}([.][*])?|[*]", event in "[ab]([.][ab]){0,3}") {
            let wanted: Vec<&str> = pattern.split('.').collect();
            let segments: Vec<&str> = event.split('.').collect();
            let expected = match wanted.split_last() {
                Some((&"*", family)) => segments.len() > family.len() && segments.starts_with(family),
                _ => segments == wanted,
            };
            prop_assert_eq!(matches(&pattern, &event), expected);
        }

        #[test]
        fn a_pattern_shows_as_it_was_written(text in "[a-z0-9_-]{1,9}([.][a-z0-9_-]{1,9}){0,3}([.][*])?") {
            prop_assert_eq!(Pattern::new(&text).expect("valid").to_string(), text);
        }

        #[test]
        fn any_text_is_taken_or_refused(text in ".{0,140}") {
            let _ = Pattern::new(&text);
            let _ = EventType::new(&text);
        }
    }
}
