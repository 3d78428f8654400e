//! What lies in which file. Two files commit at the same time: what is written down about the past never holds up what is
//! under way.

use sqlx::migrate::Migrator;

static QUEUE: Migrator = sqlx::migrate!("migrations/queue");
static STORE: Migrator = sqlx::migrate!("migrations/store");

/// One of the databases of a data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// The streams, the directory, the schedule and publishers' own ids.
    Queue,
    /// Configuration, and what happened.
    Store,
}

impl Contents {
    pub(super) const fn file(self) -> &'static str {
        match self {
            Self::Queue => "queue.db",
            Self::Store => "store.db",
        }
    }

    pub(super) fn migrator(self) -> &'static Migrator {
        match self {
            Self::Queue => &QUEUE,
            Self::Store => &STORE,
        }
    }

    /// What the writer keeps in memory, as SQLite's `cache_size` has it. Messages are written at the end and read from what the
    /// queue itself keeps; rows are looked up by ids without an order.
    pub(super) const fn writer_cache(self) -> &'static str {
        match self {
            Self::Queue => "-8192",
            Self::Store => "-24576",
        }
    }
}
