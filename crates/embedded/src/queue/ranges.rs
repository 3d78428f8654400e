//! A set of sequences that mostly follow one another.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

/// Sequences, kept as ranges; they are added in rising order and taken from the front.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges {
    ranges: VecDeque<RangeInclusive<u64>>,
    len: u64,
}

impl Ranges {
    /// Adds a sequence above all others; a lower one is there already or was taken.
    pub(super) fn push(&mut self, sequence: u64) {
        match self.ranges.back_mut() {
            Some(last) if sequence <= *last.end() => return,
            Some(last) if sequence == *last.end() + 1 => *last = *last.start()..=sequence,
            _ => self.ranges.push_back(sequence..=sequence),
        }
        self.len += 1;
    }

    pub(super) fn first(&self) -> Option<u64> {
        self.ranges.front().map(|range| *range.start())
    }

    pub(super) fn pop(&mut self) -> Option<u64> {
        let range = self.ranges.front_mut()?;
        let first = *range.start();
        if first == *range.end() {
            self.ranges.pop_front();
        } else {
            *range = first + 1..=*range.end();
        }
        self.len -= 1;
        Some(first)
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.ranges.iter().cloned().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_come_out_in_order_whatever_the_gaps() {
        let mut ranges = Ranges::default();
        for sequence in [1, 2, 3, 7, 7, 9, 10, 4] {
            ranges.push(sequence);
        }
        assert_eq!((ranges.len(), ranges.ranges.len()), (6, 3));
        assert_eq!(ranges.iter().collect::<Vec<_>>(), [1, 2, 3, 7, 9, 10]);
        assert_eq!(std::iter::from_fn(|| ranges.pop()).collect::<Vec<_>>(), [1, 2, 3, 7, 9, 10]);
        assert_eq!((ranges.len(), ranges.first()), (0, None));
    }
}
