//! The schedule in Redis: one script for each operation.

mod batch;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::delivery::{DeliveryRef, Position};
use fanfare_domain::ids::{TenantNumber, WebhookId};
use fanfare_domain::journal::Restated;
use fanfare_domain::time::Timestamp;
use fanfare_ports::schedule::{Applied, Change, Claim, Claimed, Earliest, Lead, LookedUp, Schedule, ScheduleError};
use redis::FromRedisValue;

use self::batch::{add_change, millis, read_pace, read_position, write_position};
use crate::link::Link;
use crate::member;
use crate::score::{Score, from_redis};
use crate::scripts::{DUE, POSITION, Scripts, prepare};
use crate::settings::TimeSource;

/// Entries that one script moves or one scan looks at.
const PORTION: usize = 1000;

/// Members and the scores that they had.
type Entries = Vec<(Vec<u8>, u64)>;
/// End of the claims, position, next time, due entries, queues' entries.
type ClaimReply = (u64, Option<String>, Option<u64>, Entries, Entries);
/// What became of an application, and where the schedule is if it is not where that began.
type ApplyReply = (String, Option<String>);
/// How many wait, the earliest time, position.
type SurveyReply = (u64, Option<u64>, Option<String>);
/// Position, and of each entry its member, score and pace.
type LookUpReply = (Option<String>, Vec<(Vec<u8>, u64, String)>);

/// [`Schedule`] on Redis.
pub struct RedisSchedule {
    link: Arc<Link>,
    time: TimeSource,
    scripts: Scripts,
}

impl RedisSchedule {
    pub(crate) fn new(link: Arc<Link>, time: TimeSource) -> Self {
        Self { link, time, scripts: Scripts::new() }
    }

    async fn invoke<T: FromRedisValue>(
        &self,
        script: &redis::Script,
        arguments: impl FnOnce(&mut redis::ScriptInvocation<'_>),
    ) -> Result<T, ScheduleError> {
        let mut invocation = prepare(script, &self.time);
        arguments(&mut invocation);
        Ok(self.link.run(async |connection| invocation.invoke_async(connection).await).await?)
    }

    async fn survey(&self) -> Result<SurveyReply, ScheduleError> {
        self.invoke(&self.scripts.survey, |_| ()).await
    }
}

fn applied((outcome, at): ApplyReply) -> Result<Applied, ScheduleError> {
    Ok(match outcome.as_str() {
        "done" => Applied::Done,
        "elsewhere" => Applied::Elsewhere { at: at.as_deref().map(read_position).transpose()? },
        _ => Applied::NotLeader,
    })
}

#[async_trait]
impl Schedule for RedisSchedule {
    async fn position(&self) -> Result<Option<Position>, ScheduleError> {
        let mut get = redis::cmd("GET");
        get.arg(POSITION);
        let stored: Option<String> = self.link.run(async |connection| get.query_async(connection).await).await?;
        stored.as_deref().map(read_position).transpose()
    }

    async fn lead(&self, holder: &str, ttl: Duration) -> Result<Lead, ScheduleError> {
        let reply = self.invoke(&self.scripts.lead, |script| {
            script.arg(holder).arg(millis(ttl));
        });
        let (is_held, position): (bool, Option<String>) = reply.await?;
        let at = position.as_deref().map(read_position).transpose()?;
        Ok(if is_held { Lead::Held { at } } else { Lead::Refused })
    }

    async fn apply(
        &self,
        holder: &str,
        from: Option<Position>,
        to: Position,
        changes: &[Change],
    ) -> Result<Applied, ScheduleError> {
        let reply = self.invoke(&self.scripts.apply, |script| {
            script.arg(holder).arg(from.map(write_position).unwrap_or_default()).arg(write_position(to));
            for change in changes {
                add_change(script, change);
            }
        });
        applied(reply.await?)
    }

    async fn begin_anew(&self, holder: &str, from: Option<Position>, until: u64) -> Result<Applied, ScheduleError> {
        let reply = self.invoke(&self.scripts.begin_anew, |script| {
            script.arg(holder).arg(from.map(write_position).unwrap_or_default());
            script.arg(write_position(Position::default())).arg(until);
        });
        applied(reply.await?)
    }

    async fn claim(&self, lease: Duration, limit: usize) -> Result<Claimed, ScheduleError> {
        let reply = self.invoke(&self.scripts.claim, |script| {
            script.arg(millis(lease)).arg(limit);
        });
        let (ends, position, next, due, parked): ClaimReply = reply.await?;
        let until = from_redis(ends);
        let mut claims: Vec<_> = read_claims(due, until, false).chain(read_claims(parked, until, true)).collect();
        claims.sort_by_key(|claim| claim.due);
        let position = position.as_deref().map(read_position).transpose()?;
        let now = until.minus(Duration::from_millis(millis(lease)));
        Ok(Claimed { claims, next: next.map(from_redis), now, position })
    }

    async fn finish(&self, claims: &[Claim]) -> Result<(), ScheduleError> {
        for claims in claims.chunks(PORTION) {
            self.invoke::<()>(&self.scripts.finish, |script| {
                for claim in claims {
                    script.arg(if claim.parked { "parked" } else { "due" });
                    script.arg(member::write(&claim.delivery)).arg(Score::claimed(claim.until, claim.attempt).number());
                }
            })
            .await?;
        }
        Ok(())
    }

    async fn look_up(&self, deliveries: &[DeliveryRef]) -> Result<LookedUp, ScheduleError> {
        let reply = self.invoke(&self.scripts.look_up, |script| {
            for delivery in deliveries {
                script.arg(member::write(delivery));
            }
        });
        let (position, found): LookUpReply = reply.await?;
        let position = position.as_deref().map(read_position).transpose()?;
        let entries = found.into_iter().map(|(member, score, pace)| {
            let delivery = member::read(&member).map_err(|error| ScheduleError::Unavailable(error.into()))?;
            let score = Score::from_number(score);
            let queue = read_pace(&pace)?;
            Ok(Restated { delivery, attempt: score.attempt(), due: score.time(), queue })
        });
        Ok(LookedUp { entries: entries.collect::<Result<_, ScheduleError>>()?, position })
    }

    async fn earliest(&self) -> Result<Earliest, ScheduleError> {
        let (_, due, position) = self.survey().await?;
        Ok(Earliest { due: due.map(from_redis), position: position.as_deref().map(read_position).transpose()? })
    }

    async fn waiting(&self) -> Result<u64, ScheduleError> {
        Ok(self.survey().await?.0)
    }

    async fn open_gate(&self, webhook: WebhookId) -> Result<(), ScheduleError> {
        loop {
            let left: u64 = self
                .invoke(&self.scripts.open_gate, |script| {
                    script.arg(webhook.as_bytes()).arg(PORTION);
                })
                .await?;
            if left == 0 {
                return Ok(());
            }
        }
    }

    async fn erase(&self, tenant: TenantNumber) -> Result<(), ScheduleError> {
        let tenant = member::tenant_bytes(tenant);
        self.invoke::<()>(&self.scripts.erase_queues, |script| {
            script.arg(&tenant);
        })
        .await?;
        let mut cursor: u64 = 0;
        loop {
            let mut scan = redis::cmd("ZSCAN");
            scan.arg(DUE).arg(cursor).arg("COUNT").arg(PORTION);
            let found: (u64, Entries) = self.link.run(async |connection| scan.query_async(connection).await).await?;
            let members: Vec<_> =
                found.1.into_iter().map(|(member, _)| member).filter(|member| member::is_of(member, &tenant)).collect();
            if !members.is_empty() {
                let mut remove = redis::cmd("ZREM");
                remove.arg(DUE).arg(members);
                let () = self.link.run(async |connection| remove.query_async(connection).await).await?;
            }
            cursor = found.0;
            if cursor == 0 {
                return Ok(());
            }
        }
    }
}

/// Reads claimed entries. One that a newer version wrote stays claimed for as long as the lease, and is left to that version.
fn read_claims(entries: Entries, until: Timestamp, parked: bool) -> impl Iterator<Item = Claim> {
    entries.into_iter().filter_map(move |(member, score)| match member::read(&member) {
        Ok(delivery) => {
            let score = Score::from_number(score);
            Some(Claim { delivery, attempt: score.attempt(), due: score.time(), parked, until })
        }
        Err(error) => {
            tracing::error!(%error, "entry of the schedule cannot be read");
            None
        }
    })
}
