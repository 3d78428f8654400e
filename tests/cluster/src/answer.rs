//! What a receiver answers.

use std::time::Duration;

use bytes::Bytes;

/// An answer of a receiver, or its lack of one.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) after: Duration,
    pub(crate) ending: Ending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The whole answer is sent.
    Whole,
    /// Nothing is sent, and the connection stays open.
    Silence,
    /// Nothing is sent, and the connection is closed.
    HangUp,
}

impl Answer {
    /// An answer with this status and no body.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), after: Duration::ZERO, ending: Ending::Whole }
    }

    /// No answer at all; the connection stays open.
    #[must_use]
    pub const fn never() -> Self {
        let mut answer = Self::status(0);
        answer.ending = Ending::Silence;
        answer
    }

    /// The connection is closed once the request is read.
    #[must_use]
    pub const fn hang_up() -> Self {
        let mut answer = Self::status(0);
        answer.ending = Ending::HangUp;
        answer
    }

    /// The same with a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, after a while.
    #[must_use]
    pub const fn after(mut self, delay: Duration) -> Self {
        self.after = delay;
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Answer\r\nContent-Length: {}\r\n", self.status, self.body.len());
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

impl From<u16> for Answer {
    fn from(status: u16) -> Self {
        Self::status(status)
    }
}
