//! How records lie in a message. All numbers are big-endian.
//!
//! Format 1: byte 1 = 1; byte 2 = 0; u16 number of records; for each, u32 length; then the records.
//!
//! Format 2: byte 1 = 2; u32 length of format 1 without its first byte; then just that, as an
//! [LZ4 block](https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md). Packs of several records are written so, since
//! records of one kind are much alike: what is not written needs no syncing, no reading and no room on the disk.

use bytes::{BufMut, Bytes, BytesMut};
use lz4_flex::block::{compress_into, decompress_into, get_maximum_output_size};

use super::{PACK_BYTES, Topic};

const PLAIN: u8 = 1;
const COMPRESSED: u8 = 2;
/// Where a compressed pack's block begins.
const BLOCK_AT: usize = 5;
/// No pack is larger than this, so nothing that says so is given the memory: one is closed at 256 KiB, and a record has less
/// than 1 MiB.
const LARGEST: usize = 4 << 20;

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
        self.compress(self.lay_out())
    }

    /// The message's bytes, and what they say: the same records, in memory of their own instead of their publishers'.
    #[must_use]
    pub fn encode_apart(self) -> (Bytes, Self) {
        let plain = self.lay_out();
        let encoded = self.compress(plain.clone());
        let apart = Self::read_body(plain.slice(1..)).unwrap_or(self);
        (encoded, apart)
    }

    /// The pack in format 1.
    fn lay_out(&self) -> Bytes {
        let size = 4 + self.records.iter().map(|record| record.len() + 4).sum::<usize>();
        let mut bytes = BytesMut::with_capacity(size);
        bytes.put_u8(PLAIN);
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

    /// `plain` in format 2, unless that is no smaller.
    fn compress(&self, plain: Bytes) -> Bytes {
        if self.records.len() < 2 || plain.len() > LARGEST {
            return plain;
        }
        let body = &plain[1..];
        let mut bytes = vec![0; BLOCK_AT + get_maximum_output_size(body.len())];
        let (head, block) = bytes.split_at_mut(BLOCK_AT);
        head[0] = COMPRESSED;
        head[1..].copy_from_slice(&(body.len() as u32).to_be_bytes());
        match compress_into(body, block) {
            Ok(written) if BLOCK_AT + written < plain.len() => Bytes::copy_from_slice(&bytes[..BLOCK_AT + written]),
            // It has room for the worst case, so it does not fail.
            Ok(_) | Err(_) => plain,
        }
    }

    /// Reads what [`Self::encode`] wrote, without copying the records of a plain pack.
    ///
    /// # Errors
    /// [`PackError`] if a newer version wrote it, or it is damaged.
    pub fn decode(message: &Bytes) -> Result<Self, PackError> {
        let body = match message.first() {
            Some(&PLAIN) => Some(message.slice(1..)),
            Some(&COMPRESSED) => decompress(message),
            Some(&other) => return Err(PackError::UnknownFormat(other)),
            None => None,
        };
        body.and_then(Self::read_body).ok_or(PackError::Damaged(message.len()))
    }

    fn read_body(mut rest: Bytes) -> Option<Self> {
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

/// Format 1 without its first byte.
fn decompress(message: &[u8]) -> Option<Bytes> {
    let length = u32::from_be_bytes(message.get(1..BLOCK_AT)?.try_into().ok()?) as usize;
    if length > LARGEST {
        return None;
    }
    let mut body = vec![0; length];
    let written = decompress_into(message.get(BLOCK_AT..)?, &mut body).ok()?;
    (written == length).then(|| body.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack() -> Pack {
        Pack::of(vec![Bytes::from_static(b"one"), Bytes::new(), Bytes::from_static(b"three")])
    }

    /// As records are: alike, and not the same.
    fn alike(number: usize) -> Pack {
        let record =
            |place| format!(r#"{{"id":"evt_{place}","type":"order.paid","data":{{"order":{}}}}}"#, place * 7919);
        Pack::of((0..number).map(record).map(Bytes::from).collect())
    }

    #[test]
    fn a_pack_reads_back_as_it_was_written() {
        for pack in [pack(), alike(0), alike(1), alike(2), alike(256)] {
            let encoded = pack.encode();
            assert_eq!(Pack::decode(&encoded), Ok(pack.clone()));
            assert_eq!(pack.clone().encode_apart(), (encoded, pack));
        }
    }

    #[test]
    fn records_that_are_alike_are_compressed_and_others_are_not() {
        let (many, one) = (alike(64), alike(1));
        assert_eq!((many.encode()[0], one.encode()[0]), (COMPRESSED, PLAIN));
        assert!(many.encode().len() * 2 < many.lay_out().len());
        let noise = (0..4_000_u64).flat_map(|number| (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32).to_be_bytes());
        let noise: Vec<u8> = noise.skip(4).step_by(8).collect();
        let noise = Pack::of(vec![noise.into(), Bytes::from_static(b"1")]);
        assert!(noise.encode().len() <= noise.lay_out().len());
    }

    #[test]
    fn what_is_cut_off_or_newer_is_refused() {
        for whole in [pack().encode(), alike(64).encode()] {
            for length in 0..whole.len() {
                assert!(Pack::decode(&whole.slice(..length)).is_err(), "{length}");
            }
            let mut newer = whole.to_vec();
            newer[0] = 3;
            assert_eq!(Pack::decode(&newer.into()), Err(PackError::UnknownFormat(3)));
            let mut longer = whole.to_vec();
            longer.push(0);
            assert!(Pack::decode(&longer.into()).is_err());
        }
    }

    #[test]
    fn damage_is_noticed_and_takes_no_memory() {
        let whole = alike(64).encode().to_vec();
        for claimed in [0, 1, u32::MAX] {
            let mut other = whole.clone();
            other[1..BLOCK_AT].copy_from_slice(&claimed.to_be_bytes());
            assert_eq!(Pack::decode(&other.into()), Err(PackError::Damaged(whole.len())));
        }
        for place in BLOCK_AT..whole.len() {
            let mut other = whole.clone();
            other[place] ^= 0x55;
            // A block has no checksum: it may read as something else, but it never panics.
            let _ = Pack::decode(&other.into());
        }
    }

    #[test]
    fn a_message_is_closed_by_number_and_by_bytes() {
        assert_eq!(Pack::fitting(Topic::Events, std::iter::repeat_n(400, 1000)), 256);
        assert_eq!(Pack::fitting(Topic::JournalLog, std::iter::repeat_n(100 * 1024, 10)), 2);
        assert_eq!(Pack::fitting(Topic::Events, [700 * 1024, 10]), 1);
        assert_eq!(Pack::fitting(Topic::Events, []), 0);
    }
}
