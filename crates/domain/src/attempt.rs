//! One POST, and what came of it.

use std::time::Duration;

use bytes::Bytes;

use crate::header_list::HeaderList;
use crate::ids::AttemptId;
use crate::time::Timestamp;

/// How much of a response's body is kept, in bytes.
pub const KEPT_RESPONSE_BODY: usize = 16 * 1024;

/// Why no usable answer came back. The words say at once which part failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttemptError {
    /// The name did not resolve.
    #[error("dns: {0}")]
    Dns(String),
    /// No connection came about.
    #[error("connect: {0}")]
    Connect(String),
    /// The TLS handshake failed.
    #[error("tls: {0}")]
    Tls(String),
    /// The time limit passed.
    #[error("timeout: no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The address may not be dialled.
    #[error("address not allowed: {0}")]
    AddressNotAllowed(String),
    /// The connection broke, or what came back was not HTTP.
    #[error("http: {0}")]
    Http(String),
    /// The receiver answered, with a status that is no success.
    #[error("answered {0}")]
    Rejected(u16),
    /// The credentials for the request could not be had.
    #[error("credentials: {0}")]
    Credentials(String),
}

impl AttemptError {
    /// What kind of failure it is: one of few words, for figures and traces.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Dns(_) => "dns",
            Self::Connect(_) => "connect",
            Self::Tls(_) => "tls",
            Self::TimedOut(_) => "timed_out",
            Self::AddressNotAllowed(_) => "address_not_allowed",
            Self::Http(_) => "http",
            Self::Rejected(300..=399) => "rejected_3xx",
            Self::Rejected(400..=499) => "rejected_4xx",
            Self::Rejected(500..=599) => "rejected_5xx",
            Self::Rejected(_) => "rejected_other",
            Self::Credentials(_) => "credentials",
        }
    }
}

/// One POST that was made, or tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Derived from delivery and number, or its own if somebody asked for it.
    pub id: AttemptId,
    /// Its place in the schedule; the first is 1. A manual attempt has the number of the one before it.
    pub number: u16,
    /// Whether somebody asked for it.
    pub manual: bool,
    /// When it started; this is the time that was signed.
    pub started: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// What went wrong; `None` is success. A text as [`AttemptError`] shows it.
    pub error: Option<String>,
    /// What was sent, with credentials redacted.
    pub request_headers: HeaderList,
    /// What came back.
    pub response_headers: HeaderList,
    /// At most [`KEPT_RESPONSE_BODY`] bytes of what came back.
    pub response_body: Bytes,
}

impl Attempt {
    /// Whether the receiver took it.
    #[must_use]
    pub const fn succeeded(&self) -> bool {
        self.error.is_none()
    }

    /// When it was over; the next delay counts from then.
    #[must_use]
    pub fn ended(&self) -> Timestamp {
        self.started.plus(self.duration)
    }
}
