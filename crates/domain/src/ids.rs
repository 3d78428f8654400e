//! Names of things. Ids that are made are a [ULID](https://github.com/ulid/spec) behind a prefix; ids that are derived
//! are a SHA-256 cut to 128 bits in the same 26 characters, so that whatever is written twice is one thing.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use ulid::Ulid;

use crate::time::Timestamp;

/// A text that is not an id of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}: {given:?}")]
pub struct IdError {
    /// What would have been accepted, in words.
    pub expected: &'static str,
    /// What was given, cut at 140 characters.
    pub given: String,
}

impl IdError {
    fn new(expected: &'static str, given: &str) -> Self {
        Self { expected, given: given.chars().take(140).collect() }
    }
}

/// The text of an id that has 16 bytes: its prefix and 26 characters.
#[derive(Clone, Copy, Debug)]
pub struct IdText {
    text: [u8; LONGEST_PREFIX + ulid::ULID_LEN],
    length: usize,
}

const LONGEST_PREFIX: usize = 4;

impl IdText {
    /// `prefix` is no longer than [`LONGEST_PREFIX`].
    fn of(prefix: &str, id: Ulid) -> Self {
        let mut text = [0; LONGEST_PREFIX + ulid::ULID_LEN];
        let (place, rest) = text.split_at_mut(prefix.len());
        place.copy_from_slice(prefix.as_bytes());
        if let Some(place) = rest.first_chunk_mut() {
            id.array_to_str(place);
        }
        Self { text, length: prefix.len() + ulid::ULID_LEN }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // It is all ASCII.
        self.text.get(..self.length).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default()
    }
}

macro_rules! id_of_16_bytes {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Makes an id out of the time and 80 random bits (more are cut off).
            #[must_use]
            pub fn make(now: Timestamp, random: u128) -> Self {
                let millis = u64::try_from(now.as_millis()).unwrap_or(0);
                Self(Ulid::from_parts(millis, random).to_bytes())
            }

            /// From the bytes that [`Self::as_bytes`] gives.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The id's 128 bits, without its prefix.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl $name {
            /// The id as text, on the stack: [`fmt::Display`] shows the same, with more ado.
            #[must_use]
            pub fn to_text(&self) -> IdText {
                const { assert!($prefix.len() <= LONGEST_PREFIX) };
                IdText::of($prefix, Ulid::from_bytes(self.0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.to_text().as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix($prefix)
                    .and_then(canonical_ulid)
                    .map(Self)
                    .ok_or_else(|| IdError::new($expected, text))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// Reads 26 characters of Crockford's base 32, in the one spelling that is also written.
fn canonical_ulid(text: &str) -> Option<[u8; 16]> {
    let ulid = Ulid::from_string(text).ok()?;
    (ulid.array_to_str(&mut [0; ulid::ULID_LEN]) == text).then(|| ulid.to_bytes())
}

id_of_16_bytes!(
    /// A webhook: `wh_` and a ULID.
    WebhookId, "wh_", "a webhook's id (wh_ and 26 characters)"
);
id_of_16_bytes!(
    /// One event's way to one webhook: `whd_` and 26 characters, derived by [`DeliveryId::derive`].
    DeliveryId, "whd_", "a delivery's id (whd_ and 26 characters)"
);
id_of_16_bytes!(
    /// One POST of a delivery: `att_` and 26 characters, derived unless it was asked for by hand.
    AttemptId, "att_", "an attempt's id (att_ and 26 characters)"
);
id_of_16_bytes!(
    /// An API key, not the key itself: `key_` and a ULID.
    KeyId, "key_", "an API key's id (key_ and 26 characters)"
);
id_of_16_bytes!(
    /// A replay: `rpl_` and a ULID.
    ReplayId, "rpl_", "a replay's id (rpl_ and 26 characters)"
);

/// Which of an event's runs to a webhook: the first one, or a replay's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Run {
    /// The run that the router began when the event came in.
    First,
    /// The run that a replay began.
    Replay(ReplayId),
}

/// How much of a ULID's time a delivery's id begins with: all but the last of its six bytes.
const STEP_BYTES: usize = 5;

impl DeliveryId {
    /// The id of the delivery of `event` to `webhook` in `run`: the same wherever and whenever it is asked for.
    ///
    /// Where the event's id tells when it was made, the first 40 bits are that time in steps of 256 ms, as a ULID has it, and the
    /// hash the other 88. Stores keep deliveries and attempts by this id: those of a batch then lie side by side in their
    /// indexes, where ids that are nothing but a hash touch as many pages as there are rows.
    #[must_use]
    pub fn derive(tenant: TenantNumber, event: &EventId, webhook: WebhookId, run: Run) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"fanfare delivery 2\0");
        hash.update(tenant.get().to_be_bytes());
        hash.update([u8::try_from(event.as_str().len()).unwrap_or(u8::MAX)]);
        hash.update(event.as_str());
        hash.update(webhook.0);
        if let Run::Replay(replay) = run {
            hash.update(replay.0);
        }
        let mut bytes = first_16(&hash.finalize());
        if let Some(made) = event.made() {
            bytes.iter_mut().zip(made).take(STEP_BYTES).for_each(|(to, from)| *to = from);
        }
        Self(bytes)
    }
}

impl AttemptId {
    /// The id of the scheduled attempt `number` (the first is 1) of `delivery`.
    #[must_use]
    pub fn derive(delivery: DeliveryId, number: u16) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"fanfare attempt 1\0");
        hash.update(delivery.0);
        hash.update(number.to_be_bytes());
        Self(first_16(&hash.finalize()))
    }
}

fn first_16(digest: &[u8]) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
    bytes
}

/// A tenant's internal number, new at each creation: a tenant that is deleted and made again is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TenantNumber(u32);

impl TenantNumber {
    /// From the number that the store gave out.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

macro_rules! id_of_text {
    ($(#[$doc:meta])* $name:ident, $longest:literal, $accepts:pat, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks and takes over `text`.
            ///
            /// # Errors
            /// [`IdError`] if it is empty, too long, or has a character that is not allowed.
            pub fn new(text: &str) -> Result<Self, IdError> {
                const ACCEPTED: [bool; 256] = {
                    let mut accepted = [false; 256];
                    let mut byte = 0;
                    while byte < accepted.len() {
                        accepted[byte] = matches!(byte as u8, $accepts);
                        byte += 1;
                    }
                    accepted
                };
                // To look at all of them is faster than to stop at the first that is not.
                let is_accepted = text.bytes().fold(true, |all, byte| all & ACCEPTED[usize::from(byte)]);
                if text.is_empty() || text.len() > $longest || !is_accepted {
                    return Err(IdError::new($expected, text));
                }
                Ok(Self(text.into()))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::new(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

id_of_text!(
    /// An event: the publisher's own id, or `evt_` and a ULID.
    EventId, 128, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b':' | b'-',
    "an event's id (1 to 128 of A-Z a-z 0-9 _ : -)"
);
id_of_text!(
    /// A tenant, by the name that its operator gave it.
    TenantId, 64, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-',
    "a tenant's id (1 to 64 of a-z 0-9 _ -)"
);

impl TenantId {
    /// The reserved tenant in which operational events are published; only operators see it.
    pub const FANFARE: &'static str = "fanfare";

    /// Whether this is the reserved tenant.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        self.as_str() == Self::FANFARE
    }
}

/// What ids of events begin with that have a ULID behind it.
const MADE: &str = "evt_";

impl EventId {
    /// Makes an id for an event whose publisher gave none, out of the time and 80 random bits.
    #[must_use]
    pub fn make(now: Timestamp, random: u128) -> Self {
        let millis = u64::try_from(now.as_millis()).unwrap_or(0);
        Self(IdText::of(MADE, Ulid::from_parts(millis, random)).as_str().into())
    }

    /// The ULID of an id like those that [`Self::make`] gives, which begins with the time.
    fn made(&self) -> Option<[u8; 16]> {
        self.0.strip_prefix(MADE).and_then(canonical_ulid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook() -> WebhookId {
        WebhookId::make(Timestamp::from_millis(1_700_000_000_000), 42)
    }

    #[test]
    fn an_id_reads_back_as_it_was_written() {
        let text = webhook().to_string();
        assert_eq!(text.len(), 29);
        assert_eq!(text.parse(), Ok(webhook()));
        assert!(text.to_lowercase().parse::<WebhookId>().is_err(), "one spelling only");
        assert!(text.replace("wh_", "whd_").parse::<WebhookId>().is_err());
    }

    #[test]
    fn a_delivery_id_depends_on_each_of_its_four_parts() {
        let event = EventId::new("order-1").expect("valid");
        let other_event = EventId::new("order-2").expect("valid");
        let other_webhook = WebhookId::make(Timestamp::from_millis(1), 1);
        let replay = Run::Replay(ReplayId::make(Timestamp::from_millis(1), 1));
        let one = TenantNumber::new(1);
        let ids = [
            DeliveryId::derive(one, &event, webhook(), Run::First),
            DeliveryId::derive(TenantNumber::new(2), &event, webhook(), Run::First),
            DeliveryId::derive(one, &other_event, webhook(), Run::First),
            DeliveryId::derive(one, &event, other_webhook, Run::First),
            DeliveryId::derive(one, &event, webhook(), replay),
        ];
        let distinct: std::collections::HashSet<_> = ids.into_iter().collect();
        assert_eq!(distinct.len(), ids.len());
        assert_eq!(ids[0], DeliveryId::derive(one, &event, webhook(), Run::First));
    }

    #[test]
    fn deliveries_of_events_made_one_after_the_other_have_ids_in_that_order() {
        let id = |millis: i64, random: u128| {
            let event = EventId::make(Timestamp::from_millis(millis), random);
            DeliveryId::derive(TenantNumber::new(1), &event, webhook(), Run::First)
        };
        let step = 256;
        let ids: Vec<_> = (0..50_u8).map(|at| id(1_700_000_000_000 + i64::from(at) * step, u128::from(at))).collect();
        assert!(ids.is_sorted());
        let together: std::collections::HashSet<_> = (0..50).map(|random| id(1_700_000_000_000, random)).collect();
        assert_eq!(together.len(), 50, "events of the same moment");
    }

    #[test]
    fn derived_ids_never_change_between_versions() {
        let event = EventId::new("order-1").expect("valid");
        let delivery = DeliveryId::derive(TenantNumber::new(1), &event, webhook(), Run::First);
        insta::assert_snapshot!(delivery, @"whd_0VY5WCZ3SKGN9Z9TC2MTZASTWE");
        insta::assert_snapshot!(AttemptId::derive(delivery, 1), @"att_0MJEE3ZXYYK582VPBHCR1S8TS8");
    }

    #[test]
    fn texts_outside_their_alphabet_are_refused() {
        for bad in ["", "a b", "ü", "a/b", &"x".repeat(129)] {
            assert!(EventId::new(bad).is_err(), "{bad}");
        }
        for bad in ["", "Acme", "a.b", &"x".repeat(65)] {
            assert!(TenantId::new(bad).is_err(), "{bad}");
        }
    }
}
