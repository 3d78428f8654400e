//! Packs that were written or read lately, so that who takes them, or reads by position, need not ask the disk.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use fanfare_ports::queue::Pack;

/// Bytes of records that are kept.
const KEPT_BYTES: usize = 32 * 1024 * 1024;
/// Places that may be left of packs that were forgotten.
const SPARE_PLACES: usize = 1024;
/// What a pack and each of its records take besides their bytes, about.
const OVERHEAD: usize = 48;

/// Packs by place; the oldest go first.
#[derive(Debug, Default)]
pub(super) struct RecentPacks {
    packs: HashMap<i64, Arc<Pack>>,
    order: VecDeque<i64>,
    bytes: usize,
}

impl RecentPacks {
    /// Lets go of a pack that nobody is going to ask for.
    pub(super) fn forget(&mut self, place: i64) {
        if let Some(pack) = self.packs.remove(&place) {
            self.bytes -= size(&pack);
        }
    }

    pub(super) fn get(&self, place: i64) -> Option<Arc<Pack>> {
        self.packs.get(&place).cloned()
    }

    pub(super) fn insert(&mut self, place: i64, pack: Arc<Pack>) {
        let size = size(&pack);
        if self.packs.insert(place, pack).is_some() {
            return;
        }
        self.bytes += size;
        self.order.push_back(place);
        if self.order.len() > 2 * self.packs.len() + SPARE_PLACES {
            self.order.retain(|place| self.packs.contains_key(place));
        }
        while self.bytes > KEPT_BYTES {
            let Some(oldest) = self.order.pop_front() else { return };
            if let Some(pack) = self.packs.remove(&oldest) {
                self.bytes -= self::size(&pack);
            }
        }
    }
}

fn size(pack: &Pack) -> usize {
    OVERHEAD + pack.records.iter().map(|record| record.len() + OVERHEAD).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn what_is_forgotten_takes_no_room_and_the_oldest_go_first() {
        let mut recent = RecentPacks::default();
        let pack = || Arc::new(Pack::of(vec![Bytes::from(vec![0; KEPT_BYTES / 3])]));
        (0..10_000).for_each(|place| {
            recent.insert(place, pack());
            recent.forget(place);
        });
        assert_eq!((recent.bytes, recent.packs.len()), (0, 0));
        assert!(recent.order.len() <= SPARE_PLACES + 1);
        (0..4).for_each(|place| recent.insert(place, pack()));
        let kept: Vec<bool> = (0..4).map(|place| recent.get(place).is_some()).collect();
        assert_eq!(kept, [false, false, true, true]);
    }
}
