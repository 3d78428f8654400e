//! The schedule and the idempotency store on Redis.
//!
//! The schedule is a view of the journal (see [`fanfare_ports::schedule`]). All of its keys are under the hash tag
//! `{fanfare}`, so that scripts may change them together:
//!
//! | key | type | what |
//! |---|---|---|
//! | `{fanfare}:due` | sorted set | deliveries' references by due time |
//! | `{fanfare}:parked:<webhook>` | sorted set | a webhook's own queue, likewise |
//! | `{fanfare}:gates` | sorted set | webhooks whose queue is not empty, by when it next lets something through |
//! | `{fanfare}:paces` | hash | webhook → deliveries a second, burst, tokens, and when there were so many |
//! | `{fanfare}:resting` | sorted set | webhooks whose queue is empty, by when their pace may be forgotten |
//! | `{fanfare}:position` | string | the journal position up to which all this is true |
//! | `{fanfare}:anew` | string | the journal's sequence up to which all this is being read anew, or was |
//! | `{fanfare}:leader` | hash | who may apply, and until when |
//! | `fanfare:id:<tenant>:<event>` | string | a publisher's own event id; expires by itself |
//!
//! Where the allocator rounds to 16 bytes, as Debian's does, an entry of `{fanfare}:due` takes 48 bytes for its member, 32 for
//! its place in the hash table, 53 for that in the order, on average, and 8 to 24 for the table itself, which has doubled
//! lately or will soon: 141 to 157. A replay's takes 16 more; so does one whose member is longer than usual (see `member`).
//! Needs Redis 7.0 or later.

mod idempotency;
mod link;
mod member;
mod schedule;
mod score;
mod scripts;
mod settings;

use std::sync::Arc;

pub use self::idempotency::RedisIdempotency;
pub use self::link::ConnectError;
pub use self::schedule::RedisSchedule;
pub use self::settings::{RedisSettings, TimeSource};

use self::link::Link;

/// The ports that Redis serves, on one connection.
#[derive(Clone)]
pub struct Redis {
    /// What waits.
    pub schedule: Arc<RedisSchedule>,
    /// Which ids were accepted.
    pub idempotency: Arc<RedisIdempotency>,
}

/// Connects and checks that the server keeps what it is given. The connection is renewed by itself whenever it breaks.
///
/// # Errors
/// [`ConnectError`] if the URL is wrong, nobody answers, or the server may evict entries.
pub async fn connect(settings: &RedisSettings, time: TimeSource) -> Result<Redis, ConnectError> {
    let link = Arc::new(Link::to(settings)?);
    link.connection().await?;
    Ok(Redis {
        schedule: Arc::new(RedisSchedule::new(link.clone(), time)),
        idempotency: Arc::new(RedisIdempotency::new(link)),
    })
}
