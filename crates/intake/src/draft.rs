//! An event as its publisher wrote it, not checked yet.

use bytes::Bytes;
use fanfare_domain::event::TraceContext;
use fanfare_domain::time::Timestamp;

use crate::error::IntakeError;

/// An event as it came in. What was left out is `None`; what was given is checked, even if it is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Whose event it is, by name: operators must say, others may.
    pub tenant: Option<String>,
    /// Its type.
    pub event_type: String,
    /// Its data: JSON text.
    pub data: Bytes,
    /// The publisher's own id.
    pub id: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// When it happened.
    pub created: Option<Moment>,
    /// The publisher's trace.
    pub trace: TraceContext,
}

/// A time as a publisher gives it, perhaps out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since the Unix epoch.
    pub seconds: i64,
    /// Nanoseconds after that, 0 to 999,999,999.
    pub nanos: i32,
}

impl From<Timestamp> for Moment {
    fn from(time: Timestamp) -> Self {
        let nanos = time.as_millis().rem_euclid(1000) * 1_000_000;
        // Below 1,000,000,000, so it always fits.
        Self { seconds: time.as_seconds(), nanos: i32::try_from(nanos).unwrap_or_default() }
    }
}

impl Moment {
    /// The time to the millisecond, if it lies in the years 1970 to 9999.
    pub(crate) fn checked(self) -> Result<Timestamp, IntakeError> {
        let latest = Timestamp::MAX.as_seconds();
        if !(0..=latest).contains(&self.seconds) || !(0..1_000_000_000).contains(&self.nanos) {
            return Err(IntakeError::invalid("created", "must be a time in the years 1970 to 9999"));
        }
        Ok(Timestamp::from_millis(self.seconds * 1000 + i64::from(self.nanos / 1_000_000)))
    }
}
