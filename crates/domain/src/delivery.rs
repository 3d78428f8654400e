//! One event's way to one webhook.

use serde::{Deserialize, Serialize};

use crate::event::{Event, TraceContext};
use crate::ids::{AttemptId, DeliveryId, ReplayId, Run, TenantNumber, WebhookId};
use crate::time::Timestamp;

/// Where a record lies in its stream: the message's sequence, and the record's place in the message's pack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The sequence of the stream's message; the first is 1.
    pub sequence: u64,
    /// The place in its pack, from 0.
    pub index: u16,
}

/// Which queue of the workers a delivery waits in; they take from all in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// First attempts.
    Fresh,
    /// Attempts that have waited for their time.
    Retry,
    /// Replays, and tenants above their share.
    Bulk,
}

impl Lane {
    /// All lanes, in the order in which they are served.
    pub const ALL: [Self; 3] = [Self::Fresh, Self::Retry, Self::Bulk];

    /// The lane's name, as operators see it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Retry => "retry",
            Self::Bulk => "bulk",
        }
    }
}

/// All that must be known of a delivery to find everything else: some 50 bytes. It is what the schedule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeliveryRef {
    /// Derived from the fields below and the event's id, which proves what is found at `event`.
    pub id: DeliveryId,
    /// Whose it is.
    pub tenant: TenantNumber,
    /// Where it goes.
    pub webhook: WebhookId,
    /// Where its event lies in the stream of events.
    pub event: Position,
    /// When the event was accepted, to the second.
    accepted_seconds: u32,
    /// Which run.
    pub run: Run,
}

/// A reference that was not written by this version or an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Its first byte names a format that is not known here; a newer version wrote it.
    #[error("delivery reference of unknown format {0}")]
    UnknownFormat(u8),
    /// It is too short or too long.
    #[error("delivery reference of {0} bytes, expected 51 or 67")]
    Length(usize),
}

const FIRST_RUN: u8 = 1;
const REPLAYED: u8 = 2;
const LENGTH: usize = 51;

impl DeliveryRef {
    /// A reference to the delivery of `event`, which lies at `position`, to `webhook`.
    #[must_use]
    pub fn new(event: &Event, position: Position, webhook: WebhookId, run: Run) -> Self {
        Self {
            id: DeliveryId::derive(event.tenant, &event.id, webhook, run),
            tenant: event.tenant,
            webhook,
            event: position,
            accepted_seconds: u32::try_from(event.accepted.as_seconds()).unwrap_or(0),
            run,
        }
    }

    /// A reference whose parts were written down apart; `id` is taken to be derived from them.
    #[must_use]
    pub fn from_parts(
        id: DeliveryId,
        tenant: TenantNumber,
        webhook: WebhookId,
        event: Position,
        accepted: Timestamp,
        run: Run,
    ) -> Self {
        let accepted_seconds = u32::try_from(accepted.as_seconds()).unwrap_or(0);
        Self { id, tenant, webhook, event, accepted_seconds, run }
    }

    /// When the event was accepted, rounded down to the second; the same day as the exact time.
    #[must_use]
    pub fn accepted(&self) -> Timestamp {
        Timestamp::from_millis(i64::from(self.accepted_seconds) * 1000)
    }

    /// Whether `event`, found where this reference points, is what it was made for.
    #[must_use]
    pub fn is_of(&self, event: &Event) -> bool {
        event.tenant == self.tenant && DeliveryId::derive(event.tenant, &event.id, self.webhook, self.run) == self.id
    }

    /// Format byte, delivery, webhook, tenant, sequence, index, accepted (big-endian), then the replay's id if there is one.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LENGTH + 16);
        bytes.push(if self.run == Run::First { FIRST_RUN } else { REPLAYED });
        bytes.extend_from_slice(self.id.as_bytes());
        bytes.extend_from_slice(self.webhook.as_bytes());
        bytes.extend_from_slice(&self.tenant.get().to_be_bytes());
        bytes.extend_from_slice(&self.event.sequence.to_be_bytes());
        bytes.extend_from_slice(&self.event.index.to_be_bytes());
        bytes.extend_from_slice(&self.accepted_seconds.to_be_bytes());
        if let Run::Replay(replay) = self.run {
            bytes.extend_from_slice(replay.as_bytes());
        }
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`ReferenceError`] if a newer version wrote it, or it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReferenceError> {
        let length = || ReferenceError::Length(bytes.len());
        let (format, mut rest) = bytes.split_first().ok_or_else(length)?;
        let mut next = |count: usize| {
            let (head, tail) = rest.split_at_checked(count)?;
            rest = tail;
            Some(head)
        };
        let mut fixed = || {
            Some((
                next(16)?.try_into().ok()?,
                next(16)?.try_into().ok()?,
                u32::from_be_bytes(next(4)?.try_into().ok()?),
                u64::from_be_bytes(next(8)?.try_into().ok()?),
                u16::from_be_bytes(next(2)?.try_into().ok()?),
                u32::from_be_bytes(next(4)?.try_into().ok()?),
            ))
        };
        let (id, webhook, tenant, sequence, index, accepted_seconds) = fixed().ok_or_else(length)?;
        let run = match (*format, rest.len()) {
            (FIRST_RUN, 0) => Run::First,
            (REPLAYED, _) => Run::Replay(ReplayId::from_bytes(rest.try_into().map_err(|_| length())?)),
            (FIRST_RUN, _) => return Err(length()),
            (other, _) => return Err(ReferenceError::UnknownFormat(other)),
        };
        Ok(Self {
            id: DeliveryId::from_bytes(id),
            tenant: TenantNumber::new(tenant),
            webhook: WebhookId::from_bytes(webhook),
            event: Position { sequence, index },
            accepted_seconds,
            run,
        })
    }
}

/// Which attempt a delivery is taken up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The attempt of this number in the webhook's schedule; the first is 1.
    Scheduled(u16),
    /// One more attempt that somebody asked for: it does not advance the schedule, and settles it on success.
    Manual {
        /// Its own id.
        id: AttemptId,
        /// The number of the attempt before it; 0 if there was none.
        number: u16,
    },
}

/// A delivery that is to be attempted now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which.
    pub reference: DeliveryRef,
    /// Which attempt.
    pub turn: Turn,
    /// Whether the schedule may hold an entry for it, so that settling it must be told to the schedule.
    pub waited: bool,
    /// Whether its webhook's own queue let it through, so that the webhook's pace has been kept.
    pub paced: bool,
    /// When it fell due; when it was accepted, for a first attempt.
    pub due: Timestamp,
    /// The event, where it is small and at hand; else it is read at the reference's position.
    pub event: Option<Event>,
    /// What a first attempt goes on with, where traces are made and the event goes to few webhooks.
    pub trace: TraceContext,
}

/// How a delivery stands, as callers see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// Nothing has come back yet.
    Pending,
    /// An attempt failed; the next has its time.
    Retrying,
    /// The receiver took it.
    Success,
    /// Given up.
    Failed,
    /// Its webhook was deleted.
    Cancelled,
}

impl DeliveryStatus {
    const ALL: [Self; 5] = [Self::Pending, Self::Retrying, Self::Success, Self::Failed, Self::Cancelled];

    /// Status never moves to a lower rank; `success` is reached from `failed` by a manual attempt.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Retrying => 1,
            Self::Failed => 2,
            Self::Cancelled => 3,
            Self::Success => 4,
        }
    }

    /// The status of this rank.
    #[must_use]
    pub fn from_rank(rank: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.rank() == rank)
    }

    /// The word that callers see.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Retrying => "retrying",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status that `word` names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// Why a delivery was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// The last attempt of the schedule failed.
    AttemptsUsedUp,
    /// The receiver answered 410 Gone.
    Gone,
    /// The receiver's address is not one that webhooks may point to.
    AddressNotAllowed,
    /// The webhook was inactive when the attempt came due.
    WebhookInactive,
    /// The next attempt would have come after the delivery's deadline.
    Expired,
    /// The event is no longer stored.
    PayloadGone,
}

impl FailureReason {
    /// The words that callers see.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AttemptsUsedUp => "attempts used up",
            Self::Gone => "410 gone",
            Self::AddressNotAllowed => "address not allowed",
            Self::WebhookInactive => "webhook inactive",
            Self::Expired => "expired",
            Self::PayloadGone => "payload gone",
        }
    }
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Settlement {
    /// The receiver took it.
    Success,
    /// It was given up.
    Failed(FailureReason),
    /// Its webhook was deleted.
    Cancelled,
}

impl Settlement {
    /// The status that the delivery has from then on.
    #[must_use]
    pub const fn status(self) -> DeliveryStatus {
        match self {
            Self::Success => DeliveryStatus::Success,
            Self::Failed(_) => DeliveryStatus::Failed,
            Self::Cancelled => DeliveryStatus::Cancelled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{EventId, TenantId};
    use bytes::Bytes;
    use proptest::prelude::*;

    fn event(tenant: u32, id: &str) -> Event {
        Event {
            tenant: TenantNumber::new(tenant),
            tenant_id: TenantId::new("acme").expect("valid"),
            id: EventId::new(id).expect("valid"),
            event_type: "order.paid".parse().expect("valid"),
            subject: None,
            created: Timestamp::from_millis(1_700_000_000_123),
            accepted: Timestamp::from_millis(1_700_000_000_123),
            purpose: Default::default(),
            trace: Default::default(),
            data: Bytes::from_static(b"null"),
        }
    }

    fn reference(run: Run) -> DeliveryRef {
        let webhook = WebhookId::make(Timestamp::from_millis(5), 7);
        DeliveryRef::new(&event(3, "e1"), Position { sequence: 9, index: 2 }, webhook, run)
    }

    #[test]
    fn a_reference_proves_what_it_points_to() {
        let reference = reference(Run::First);
        assert!(reference.is_of(&event(3, "e1")));
        assert!(!reference.is_of(&event(4, "e1")));
        assert!(!reference.is_of(&event(3, "e2")));
    }

    #[test]
    fn a_reference_fits_the_schedules_entries() {
        assert_eq!(reference(Run::First).to_bytes().len(), LENGTH);
    }

    #[test]
    fn a_reference_of_a_newer_version_is_told_apart_from_a_damaged_one() {
        let mut bytes = reference(Run::First).to_bytes();
        bytes[0] = 3;
        assert_eq!(DeliveryRef::from_bytes(&bytes), Err(ReferenceError::UnknownFormat(3)));
        assert_eq!(DeliveryRef::from_bytes(&bytes[..20]), Err(ReferenceError::Length(20)));
        assert_eq!(DeliveryRef::from_bytes(&[]), Err(ReferenceError::Length(0)));
    }

    proptest! {
        #[test]
        fn a_reference_reads_back_as_it_was_written(replay in proptest::option::of(any::<[u8; 16]>())) {
            let reference = reference(replay.map_or(Run::First, |id| Run::Replay(ReplayId::from_bytes(id))));
            prop_assert_eq!(DeliveryRef::from_bytes(&reference.to_bytes()), Ok(reference));
        }

        #[test]
        fn no_bytes_make_reading_a_reference_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = DeliveryRef::from_bytes(&bytes);
        }
    }
}
