//! Packs that were read lately: whoever reads one record of a pack often reads its neighbours next, such as the events of one
//! moment that are tried again together.

use std::sync::Arc;

use bytes::Bytes;
use fanfare_ports::metrics::Lookups;
use fanfare_ports::queue::{Pack, Stream};
use moka::future::Cache;
use moka::policy::EvictionPolicy;

/// Bytes of messages that are kept.
const KEPT_BYTES: u64 = 32 * 1024 * 1024;
/// What a pack and each of its records take besides their bytes, about.
const OVERHEAD: usize = 48;

/// Where a message lies.
pub(super) type Place = (Stream, u64);

/// Packs by place, bounded in bytes. What a message holds never changes, so none of them gets old.
#[derive(Debug)]
pub(super) struct RecentPacks {
    packs: Cache<Place, Arc<Pack>>,
    lookups: Lookups,
}

impl Default for RecentPacks {
    fn default() -> Self {
        let weigh = |_: &Place, pack: &Arc<Pack>| u32::try_from(size(pack)).unwrap_or(u32::MAX);
        // The newest are kept, however often older ones were asked for: each is wanted for a while, and then never again.
        let newest = EvictionPolicy::lru();
        let packs = Cache::builder().max_capacity(KEPT_BYTES).weigher(weigh).eviction_policy(newest).build();
        Self { packs, lookups: Lookups::of("packs") }
    }
}

impl RecentPacks {
    /// The pack at `place`, which `read` reads if it is not kept. Of many who ask at once, one reads for all.
    pub(super) async fn get<E: Send + Sync + 'static>(
        &self,
        place: Place,
        read: impl Future<Output = Result<Arc<Pack>, E>>,
    ) -> Result<Arc<Pack>, Arc<E>> {
        let mut was_there = true;
        let read = async {
            was_there = false;
            read.await
        };
        let pack = self.packs.try_get_with(place, read).await;
        self.lookups.note(was_there);
        pack
    }
}

/// The bytes of a message apart from the buffer that it came in, which may be far larger.
pub(super) fn apart(message: &Bytes) -> Bytes {
    Bytes::copy_from_slice(message)
}

fn size(pack: &Pack) -> usize {
    OVERHEAD + pack.records.iter().map(|record| record.len() + OVERHEAD).sum::<usize>()
}
