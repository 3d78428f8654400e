//! What is kept of a consumer through a restart, in a few bytes for each open message.
//!
//! Format 1: byte 1 = 1; for each open message: u64 sequence, u8 takers, u8 flag; if the flag is 1, the finished records, a
//! bit each. All numbers are big-endian.

use crate::queue::records::RecordSet;

const FORMAT: u8 = 1;

/// A consumer's progress.
#[derive(Debug, Default)]
pub(in crate::queue) struct Saved {
    pub(in crate::queue) cursor: u64,
    pub(in crate::queue) open: Vec<SavedMessage>,
}

/// A message that was taken and is not finished.
#[derive(Clone, Copy, Debug)]
pub(in crate::queue) struct SavedMessage {
    pub(in crate::queue) sequence: u64,
    pub(in crate::queue) finished: RecordSet,
    /// How many have taken it.
    pub(in crate::queue) takers: u32,
}

impl Saved {
    /// All but the cursor.
    pub(in crate::queue) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + self.open.len() * 12);
        bytes.push(FORMAT);
        for SavedMessage { sequence, finished, takers } in &self.open {
            bytes.extend_from_slice(&sequence.to_be_bytes());
            bytes.push(u8::try_from(*takers).unwrap_or(u8::MAX));
            bytes.push(u8::from(!finished.is_empty()));
            if !finished.is_empty() {
                bytes.extend_from_slice(&finished.to_bytes());
            }
        }
        bytes
    }

    /// What [`Self::to_bytes`] wrote; `None` if it is damaged or a newer version wrote it.
    pub(in crate::queue) fn from_bytes(cursor: u64, bytes: &[u8]) -> Option<Self> {
        let (&FORMAT, mut rest) = bytes.split_first()? else { return None };
        let mut open = Vec::new();
        while !rest.is_empty() {
            let (&sequence, tail) = rest.split_first_chunk()?;
            let (&[takers, some_finished], tail) = tail.split_first_chunk()?;
            rest = tail;
            let mut finished = RecordSet::default();
            if some_finished == 1 {
                let (set, tail) = rest.split_first_chunk()?;
                finished = RecordSet::from_bytes(set);
                rest = tail;
            }
            open.push(SavedMessage { sequence: u64::from_be_bytes(sequence), finished, takers: u32::from(takers) });
        }
        Some(Self { cursor, open })
    }
}
