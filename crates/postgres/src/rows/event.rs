//! Events as they are read.

use fanfare_domain::delivery::Position;
use fanfare_domain::ids::EventId;
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::{EventRow, StoreError};

use super::text::unescape;

/// The columns of [`EventRecord`], of `events e` and `s` with whether it was delivered.
macro_rules! event_columns {
    () => {
        "e.id, e.type, e.subject, e.created_at, e.accepted_at, e.stream_sequence, e.stream_index, s.delivered"
    };
}

/// Judges each event of `e`: no row of deliveries makes it NULL.
macro_rules! with_delivered {
    () => {
        " CROSS JOIN LATERAL (SELECT bool_and(d.status = 4) AS delivered FROM deliveries d \
         WHERE d.tenant = e.tenant AND d.event = e.id AND d.day = e.day) s "
    };
}

/// Hides what belongs to a deleted tenant; the tenant's number is `$1`.
macro_rules! of_living_tenant {
    () => {
        " AND NOT EXISTS (SELECT FROM erasures WHERE tenant = $1) "
    };
}

pub(crate) use {event_columns, of_living_tenant, with_delivered};

/// A row of `events`.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct EventRecord {
    pub(crate) id: String,
    r#type: String,
    subject: Option<String>,
    created_at: i64,
    pub(crate) accepted_at: i64,
    stream_sequence: i64,
    stream_index: i32,
    delivered: Option<bool>,
}

impl EventRecord {
    pub(crate) fn read(self) -> Result<EventRow, StoreError> {
        let id = EventId::new(&self.id).map_err(|error| StoreError::Damaged(format!("event: {error}")))?;
        Ok(EventRow {
            event_type: self.r#type,
            subject: self.subject.map(unescape),
            created: Timestamp::from_millis(self.created_at),
            accepted: Timestamp::from_millis(self.accepted_at),
            position: position(self.stream_sequence, self.stream_index)
                .ok_or_else(|| StoreError::Damaged(format!("event {id}: position in the stream")))?,
            delivered: self.delivered,
            id,
        })
    }
}

/// A place in the stream of events. The sequence has 64 bits without a sign, kept in a bigint's bits.
pub(super) fn position(sequence: i64, index: i32) -> Option<Position> {
    Some(Position { sequence: sequence.cast_unsigned(), index: u16::try_from(index).ok()? })
}
