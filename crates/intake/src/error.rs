//! Why something was not accepted, and what callers are told.

use std::time::Duration;

use fanfare_domain::ids::TenantId;

/// What a caller is told, in gRPC and HTTP alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The input is wrong, and will be the next time.
    Invalid,
    /// Who calls is not known.
    Unauthenticated,
    /// Who calls may not do this.
    Denied,
    /// What the call names is not there.
    NotFound,
    /// The payload is over the limit.
    TooLarge,
    /// Too much in too short a time.
    OverQuota,
    /// Not now; whether it was done is open.
    Unavailable,
}

impl Code {
    /// The [gRPC status code](https://grpc.io/docs/guides/status-codes/).
    #[must_use]
    pub const fn grpc(self) -> i32 {
        match self {
            Self::Invalid => 3,
            Self::NotFound => 5,
            Self::Denied => 7,
            Self::TooLarge | Self::OverQuota => 8,
            Self::Unavailable => 14,
            Self::Unauthenticated => 16,
        }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn http(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Unauthenticated => 401,
            Self::Denied => 403,
            Self::NotFound => 404,
            Self::TooLarge => 413,
            Self::OverQuota => 429,
            Self::Unavailable => 503,
        }
    }
}

/// Why an event was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// A field is wrong.
    #[error("{field}: {detail}")]
    Invalid {
        /// The field's name, as in the protocol.
        field: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// The caller's key is no longer valid: its tenant was deleted.
    #[error("key is not known")]
    UnknownKey,
    /// The caller may not publish this.
    #[error("{0}")]
    Denied(&'static str),
    /// No tenant has this name.
    #[error("tenant {0} is not known")]
    UnknownTenant(TenantId),
    /// The data is larger than the limit.
    #[error("data has {size} bytes; at most {limit} are taken")]
    TooLarge {
        /// Its size in bytes: as published, or, where that is below the limit, as it would be stored.
        size: usize,
        /// The limit that it exceeds, in bytes.
        limit: usize,
    },
    /// The tenant published more than its quota.
    #[error("tenant is over its quota of {events_per_second} events a second; try again in {retry_after:?}")]
    OverQuota {
        /// The quota.
        events_per_second: u32,
        /// When one more event will be taken.
        retry_after: Duration,
    },
    /// It cannot be accepted now. It may have been stored: sending it again with the same id is safe.
    #[error("{0}")]
    Unavailable(Unavailability),
}

/// What is in the way at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailability {
    /// Tenants and keys are not known, or not freshly enough.
    #[error("the directory of tenants and keys is not up to date here; try again")]
    Directory,
    /// The stream of events is full, or nearly.
    #[error("the stream of events is full; try again later")]
    Full,
    /// The queue did not answer.
    #[error("the queue did not confirm that the event is stored; send it again with the same id")]
    Queue,
    /// Ids cannot be checked.
    #[error("the memory of event ids is away, so an event with an id of its own cannot be taken; try again")]
    Ids,
    /// The same id is being published by someone else, or was by someone who did not finish.
    #[error("an event with this id is under way and its outcome is open; try again")]
    SameId,
}

impl IntakeError {
    pub(crate) fn invalid(field: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid { field, detail: detail.into() }
    }

    /// What the caller is told.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Invalid { .. } => Code::Invalid,
            Self::UnknownKey => Code::Unauthenticated,
            Self::Denied(_) => Code::Denied,
            Self::UnknownTenant(_) => Code::NotFound,
            Self::TooLarge { .. } => Code::TooLarge,
            Self::OverQuota { .. } => Code::OverQuota,
            Self::Unavailable(_) => Code::Unavailable,
        }
    }

    /// When to try again, where that is known.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::OverQuota { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }
}
