//! A set of records of one message.

use fanfare_ports::queue::PACK_RECORDS;

const WORDS: usize = PACK_RECORDS / 64;

/// Places in a pack, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RecordSet([u64; WORDS]);

impl RecordSet {
    /// How many bytes [`Self::to_bytes`] makes.
    pub(super) const BYTES: usize = WORDS * 8;
    /// Every place that a pack can have.
    pub(super) const ALL: Self = Self([u64::MAX; WORDS]);

    /// The first `count` places.
    pub(super) fn first(count: usize) -> Self {
        Self(std::array::from_fn(|word| match count.saturating_sub(word * 64) {
            0 => 0,
            left if left >= 64 => u64::MAX,
            left => (1 << left) - 1,
        }))
    }

    /// One place alone.
    pub(super) fn one(index: u16) -> Self {
        let mut set = Self::default();
        set.insert(index);
        set
    }

    pub(super) fn insert(&mut self, index: u16) {
        if let Some(word) = self.0.get_mut(usize::from(index / 64)) {
            *word |= 1 << (index % 64);
        }
    }

    /// Whether it was in there.
    pub(super) fn remove(&mut self, index: u16) -> bool {
        let Some(word) = self.0.get_mut(usize::from(index / 64)) else { return false };
        let bit = 1 << (index % 64);
        let was = *word & bit != 0;
        *word &= !bit;
        was
    }

    pub(super) fn contains(&self, index: u16) -> bool {
        self.0.get(usize::from(index / 64)).is_some_and(|word| word & (1 << (index % 64)) != 0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// What is in both.
    pub(super) fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    /// What is in this and not in `other`.
    pub(super) fn without(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & !other.0[word]))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        (0..PACK_RECORDS as u16).filter(|index| self.contains(*index))
    }

    pub(super) fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes.chunks_exact_mut(8).zip(self.0).for_each(|(to, word)| to.copy_from_slice(&word.to_be_bytes()));
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let mut words = [0; WORDS];
        for (word, chunk) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        }
        Self(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        for count in [0, 1, 63, 64, 65, 255, 256] {
            let set = RecordSet::first(count);
            assert_eq!(set.iter().count(), count);
            assert_eq!(RecordSet::from_bytes(&set.to_bytes()), set);
        }
        let mut set = RecordSet::one(200);
        assert!(set.contains(200) && !set.contains(8));
        assert!(set.remove(200) && !set.remove(200) && set.is_empty());
        assert!(!RecordSet::ALL.without(RecordSet::first(3)).contains(2));
    }
}
