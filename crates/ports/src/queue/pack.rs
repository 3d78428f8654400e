//! How records lie in a message.
//!
//! Format 1: byte 1 = 1; byte 2 = 0; u16 number of records; for each, u32 length; then the records. All numbers are
//! big-endian.

use bytes::{BufMut, Bytes, BytesMut};

use super::{PACK_BYTES, Topic};

const FORMAT: u8 = 1;

/// Records that travel in one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pack {
    /// The records, in order.
    pub records: Vec<Bytes>,
}

/// Bytes that are not a pack that this version can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// A newer version wrote it.
    #[error("message of unknown format {0}")]
    UnknownFormat(u8),
    /// It is cut off or not a pack.
    #[error("message is damaged: {0} bytes, fewer or more than it says")]
    Damaged(usize),
}

impl Pack {
    /// A pack of `records`.
    #[must_use]
    pub fn of(records: Vec<Bytes>) -> Self {
        Self { records }
    }

    /// How many of the first `sizes` (bytes of each record) go into one message of `topic`: at least one, if there is one.
    pub fn fitting(topic: Topic, sizes: impl IntoIterator<Item = usize>) -> usize {
        let mut bytes = 0usize;
        sizes
            .into_iter()
            .take(topic.pack_records())
            .take_while(|size| {
                let first = bytes == 0;
                bytes = bytes.saturating_add(size + 4);
                first || bytes <= PACK_BYTES
            })
            .count()
    }

    /// The message's bytes.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let size = 4 + self.records.iter().map(|record| record.len() + 4).sum::<usize>();
        let mut bytes = BytesMut::with_capacity(size);
        bytes.put_u8(FORMAT);
        bytes.put_u8(0);
        // A pack holds at most 256 records of less than 1 MiB, so neither number is ever cut.
        bytes.put_u16(self.records.len() as u16);
        for record in &self.records {
            bytes.put_u32(record.len() as u32);
        }
        for record in &self.records {
            bytes.put_slice(record);
        }
        bytes.freeze()
    }

    /// Reads what [`Self::encode`] wrote, without copying the records.
    ///
    /// # Errors
    /// [`PackError`] if a newer version wrote it, or it is damaged.
    pub fn decode(message: &Bytes) -> Result<Self, PackError> {
        let damaged = || PackError::Damaged(message.len());
        match message.first() {
            Some(&FORMAT) => {}
            Some(&other) => return Err(PackError::UnknownFormat(other)),
            None => return Err(damaged()),
        }
        Self::decode_body(message.slice(1..)).ok_or_else(damaged)
    }

    fn decode_body(mut rest: Bytes) -> Option<Self> {
        let mut next = |count: usize| (rest.len() >= count).then(|| rest.split_to(count));
        (next(1)?.as_ref() == [0]).then_some(())?;
        let count = u16::from_be_bytes(next(2)?.as_ref().try_into().ok()?);
        let lengths = next(usize::from(count) * 4)?;
        let mut records = Vec::with_capacity(usize::from(count));
        for length in lengths.chunks_exact(4) {
            records.push(next(u32::from_be_bytes(length.try_into().ok()?) as usize)?);
        }
        rest.is_empty().then_some(Self { records })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack() -> Pack {
        Pack::of(vec![Bytes::from_static(b"one"), Bytes::new(), Bytes::from_static(b"three")])
    }

    #[test]
    fn a_pack_reads_back_as_it_was_written() {
        assert_eq!(Pack::decode(&pack().encode()), Ok(pack()));
    }

    #[test]
    fn what_is_cut_off_or_newer_is_refused() {
        let whole = pack().encode();
        for length in 0..whole.len() {
            assert!(Pack::decode(&whole.slice(..length)).is_err(), "{length}");
        }
        let mut newer = whole.to_vec();
        newer[0] = 2;
        assert_eq!(Pack::decode(&newer.into()), Err(PackError::UnknownFormat(2)));
        let mut longer = whole.to_vec();
        longer.push(0);
        assert!(Pack::decode(&longer.into()).is_err());
    }

    #[test]
    fn a_message_is_closed_by_number_and_by_bytes() {
        assert_eq!(Pack::fitting(Topic::Events, std::iter::repeat_n(400, 1000)), 256);
        assert_eq!(Pack::fitting(Topic::JournalLog, std::iter::repeat_n(100 * 1024, 10)), 2);
        assert_eq!(Pack::fitting(Topic::Events, [700 * 1024, 10]), 1);
        assert_eq!(Pack::fitting(Topic::Events, []), 0);
    }
}
