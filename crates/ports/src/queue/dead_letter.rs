//! What becomes of a record that nobody could finish: one record of [`Topic::DeadLetters`], readable as it is.
//!
//! Format 1: lines of UTF-8, `fanfare dead letter 1`, then `topic: `, `position: ` (sequence and index, with a full stop between
//! them), `takers: ` and `reason: ` with what their names say, in this order; an empty line; then the record's own bytes.

use bytes::{Bytes, BytesMut};
use fanfare_domain::delivery::Position;

use super::Topic;

const FIRST_LINE: &str = "fanfare dead letter 1";

/// A record that was taken out of its topic because nobody could finish it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The topic that it was taken out of.
    pub topic: Topic,
    /// Where it was first stored.
    pub position: Position,
    /// How many had taken it.
    pub takers: u32,
    /// Why it is here, in words.
    pub reason: String,
    /// The record.
    pub record: Bytes,
}

/// Bytes that are no dead letter which this version can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a dead letter of format 1")]
pub struct DeadLetterError;

impl DeadLetter {
    /// The bytes that are stored.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let head = format!(
            "{FIRST_LINE}\ntopic: {}\nposition: {}.{}\ntakers: {}\nreason: {}\n\n",
            self.topic.name(),
            self.position.sequence,
            self.position.index,
            self.takers,
            self.reason.replace(['\n', '\r'], " "),
        );
        let mut bytes = BytesMut::with_capacity(head.len() + self.record.len());
        bytes.extend_from_slice(head.as_bytes());
        bytes.extend_from_slice(&self.record);
        bytes.freeze()
    }

    /// Reads what [`Self::encode`] wrote, without copying the record.
    ///
    /// # Errors
    /// [`DeadLetterError`] if it is anything else.
    pub fn decode(letter: &Bytes) -> Result<Self, DeadLetterError> {
        Self::parse(letter).ok_or(DeadLetterError)
    }

    fn parse(letter: &Bytes) -> Option<Self> {
        let mut rest = letter.clone();
        let mut line = || {
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            let line = rest.split_to(end + 1);
            std::str::from_utf8(line.get(..end)?).map(str::to_owned).ok()
        };
        (line()? == FIRST_LINE).then_some(())?;
        let topic = Topic::named(line()?.strip_prefix("topic: ")?)?;
        let position = line()?;
        let (sequence, index) = position.strip_prefix("position: ")?.split_once('.')?;
        let position = Position { sequence: sequence.parse().ok()?, index: index.parse().ok()? };
        let takers = line()?.strip_prefix("takers: ")?.parse().ok()?;
        let reason = line()?.strip_prefix("reason: ")?.to_owned();
        line()?.is_empty().then_some(())?;
        Some(Self { topic, position, takers, reason, record: rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_letter_reads_back_as_it_was_written() {
        for topic in Topic::ALL {
            let letter = DeadLetter {
                topic,
                position: Position { sequence: 12, index: 3 },
                takers: 5,
                reason: "five takers did not finish it".to_owned(),
                record: Bytes::from_static(b"any\n\nbytes \xff"),
            };
            assert_eq!(DeadLetter::decode(&letter.encode()), Ok(letter));
        }
    }

    #[test]
    fn what_is_no_dead_letter_is_refused() {
        for bytes in
            ["", "\n", "fanfare dead letter 2\n", "fanfare dead letter 1\ntopic: none\n", "fanfare dead letter 1"]
        {
            assert_eq!(DeadLetter::decode(&Bytes::from(bytes)), Err(DeadLetterError), "{bytes:?}");
        }
    }

    #[test]
    fn a_reason_stays_on_its_line() {
        let letter = DeadLetter {
            topic: Topic::Events,
            position: Position::default(),
            takers: 0,
            reason: "two\nlines".to_owned(),
            record: Bytes::new(),
        };
        assert_eq!(DeadLetter::decode(&letter.encode()).expect("readable").reason, "two lines");
    }
}
