//! Publishers' own event ids in Redis: a key each, which expires by itself.

use std::sync::Arc;

use async_trait::async_trait;
use fanfare_domain::ids::TenantNumber;
use fanfare_ports::Cause;
use fanfare_ports::idempotency::{CLAIM, IdClaim, Idempotency, IdempotencyError, Key, REMEMBERED};
use redis::{FromRedisValue, Pipeline, Script};

use crate::link::Link;

/// What a key holds once its event is stored. Claims hold the name of the process that made them.
const CONFIRMED: &str = "stored";
/// Keys that one step of a scan looks at.
const PORTION: usize = 1000;

/// [`Idempotency`] on Redis.
pub struct RedisIdempotency {
    link: Arc<Link>,
    /// Tells this process's claims from those of others, so that none takes back another's.
    claimant: String,
    release: Script,
}

impl RedisIdempotency {
    pub(crate) fn new(link: Arc<Link>) -> Self {
        let claimant = format!("claim {:016x}", rand::random::<u64>());
        Self { link, claimant, release: Script::new(include_str!("scripts/release_ids.lua")) }
    }

    async fn send<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, IdempotencyError> {
        Ok(self.link.run(async |connection| commands.query_async(connection).await).await?)
    }
}

#[async_trait]
impl Idempotency for RedisIdempotency {
    async fn claim(&self, keys: &[Key]) -> Result<Vec<IdClaim>, IdempotencyError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut commands = Pipeline::with_capacity(keys.len());
        for key in keys {
            let set = commands.cmd("SET").arg(name(key)).arg(&self.claimant);
            set.arg("NX").arg("GET").arg("PX").arg(CLAIM.as_millis() as u64);
        }
        let before: Vec<Option<String>> = self.send(&commands).await?;
        if before.len() != keys.len() {
            return Err(IdempotencyError(Cause::from("redis gave another number of answers")));
        }
        Ok(before.iter().map(|held| judge(held.as_deref())).collect())
    }

    async fn confirm(&self, keys: &[Key]) -> Result<(), IdempotencyError> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut commands = Pipeline::with_capacity(keys.len());
        for key in keys {
            commands.cmd("SET").arg(name(key)).arg(CONFIRMED).arg("PX").arg(REMEMBERED.as_millis() as u64).ignore();
        }
        self.send(&commands).await
    }

    async fn release(&self, keys: &[Key]) -> Result<(), IdempotencyError> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut invocation = self.release.arg(&self.claimant);
        for key in keys {
            invocation.key(name(key));
        }
        Ok(self.link.run(async |connection| invocation.invoke_async(connection).await).await?)
    }

    async fn erase(&self, tenant: TenantNumber) -> Result<(), IdempotencyError> {
        let mut cursor: u64 = 0;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(format!("{}*", prefix(tenant))).arg("COUNT").arg(PORTION);
            let found: (u64, Vec<String>) =
                self.link.run(async |connection| scan.query_async(connection).await).await?;
            if !found.1.is_empty() {
                let mut remove = redis::cmd("UNLINK");
                remove.arg(found.1);
                let () = self.link.run(async |connection| remove.query_async(connection).await).await?;
            }
            cursor = found.0;
            if cursor == 0 {
                return Ok(());
            }
        }
    }
}

fn judge(held: Option<&str>) -> IdClaim {
    match held {
        None => IdClaim::Granted,
        Some(CONFIRMED) => IdClaim::Duplicate,
        Some(_) => IdClaim::Busy,
    }
}

fn prefix(tenant: TenantNumber) -> String {
    format!("fanfare:id:{}:", tenant.get())
}

/// An id has no characters that a pattern or a hash tag would make something of.
fn name(key: &Key) -> String {
    format!("{}{}", prefix(key.tenant), key.event)
}
