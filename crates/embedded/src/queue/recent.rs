//! Packs that were written or read lately, so that who takes them, or reads by position, need not ask the disk.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use fanfare_ports::queue::Pack;

/// Bytes of records that are kept.
const KEPT_BYTES: usize = 64 * 1024 * 1024;
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
