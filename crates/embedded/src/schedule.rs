//! Schedule: entries in a table, kept through restarts so that the journal need not be read from its beginning at each.
//!
//! The right to apply is kept in memory, since nobody outside of this process can want it.

mod claiming;
mod entries;
mod erasing;
mod gate;
mod gates;
mod looking;
mod pace;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::delivery::{DeliveryRef, Position};
use fanfare_domain::ids::{TenantNumber, WebhookId};
use fanfare_domain::time::Timestamp;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::schedule::{Applied, Change, Claim, Claimed, Earliest, Lead, LookedUp, Schedule, ScheduleError};
use sqlx::sqlite::SqliteConnection;

use self::entries::Batch;
use crate::database::{Database, DatabaseError, OpenError};

/// Deliveries that wait for their time, in the database.
pub struct EmbeddedSchedule {
    database: Arc<Database>,
    clock: SharedClock,
    memory: Arc<Mutex<Memory>>,
}

#[derive(Default)]
struct Memory {
    /// As the last commit left it.
    position: Option<Position>,
    leader: Option<Leader>,
}

struct Leader {
    holder: String,
    until: Timestamp,
}

impl EmbeddedSchedule {
    /// The schedule in `database`.
    ///
    /// # Errors
    /// [`OpenError`] if it cannot be read.
    pub async fn open(database: Arc<Database>, clock: SharedClock) -> Result<Self, OpenError> {
        let mut connection = database.read().acquire().await.map_err(OpenError::Unreadable)?;
        let position = position(&mut connection).await.map_err(OpenError::Unreadable)?;
        drop(connection);
        Ok(Self { database, clock, memory: Arc::new(Mutex::new(Memory { position, leader: None })) })
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the position, and applies `changes` with that.
    async fn move_on(
        &self,
        holder: &str,
        from: Option<Position>,
        to: Position,
        until: Option<u64>,
        changes: Vec<Change>,
    ) -> Result<Applied, ScheduleError> {
        if !self.leads(holder) {
            return Ok(Applied::NotLeader);
        }
        let now = self.clock.now();
        let memory = Arc::clone(&self.memory);
        let applied = self.database.write_in_order(
            move |connection| {
                Box::pin(async move {
                    let Some(anew_until) = advance(connection, from, to, until).await? else {
                        return Ok(Applied::Elsewhere { at: position(connection).await? });
                    };
                    Batch::of(&changes, anew_until, now).store(connection, now).await?;
                    Ok::<_, DatabaseError>(Applied::Done)
                })
            },
            move |applied| {
                if *applied == Applied::Done {
                    memory.lock().unwrap_or_else(PoisonError::into_inner).position = Some(to);
                }
            },
        );
        applied.await.map_err(unavailable)
    }

    fn leads(&self, holder: &str) -> bool {
        let now = self.clock.now();
        self.memory().leader.as_ref().is_some_and(|leader| leader.holder == holder && now < leader.until)
    }
}

async fn position(connection: &mut SqliteConnection) -> Result<Option<Position>, sqlx::Error> {
    let (sequence, record): (Option<i64>, Option<i64>) =
        sqlx::query_as("SELECT sequence, record FROM schedule_position").fetch_one(connection).await?;
    Ok(position_of(sequence, record))
}

fn position_of(sequence: Option<i64>, record: Option<i64>) -> Option<Position> {
    sequence.zip(record).map(|(sequence, record)| Position { sequence: sequence as u64, index: record as u16 })
}

/// Moves the position if it is at `from`, and tells up to where the schedule is being read anew, from now on up to `until`
/// if that is given.
async fn advance(
    connection: &mut SqliteConnection,
    from: Option<Position>,
    to: Position,
    until: Option<u64>,
) -> Result<Option<u64>, sqlx::Error> {
    let anew_until: Option<i64> = sqlx::query_scalar(
        "UPDATE schedule_position SET sequence = ?1, record = ?2, anew_until = coalesce(?3, anew_until)
         WHERE sequence IS ?4 AND record IS ?5 RETURNING anew_until",
    )
    .bind(to.sequence as i64)
    .bind(to.index)
    .bind(until.map(|until| until as i64))
    .bind(from.map(|from| from.sequence as i64))
    .bind(from.map(|from| from.index))
    .fetch_optional(connection)
    .await?;
    Ok(anew_until.map(|sequence| sequence as u64))
}

fn unavailable(error: impl Into<DatabaseError>) -> ScheduleError {
    ScheduleError::Unavailable(error.into().into())
}

#[async_trait]
impl Schedule for EmbeddedSchedule {
    async fn position(&self) -> Result<Option<Position>, ScheduleError> {
        Ok(self.memory().position)
    }

    async fn lead(&self, holder: &str, ttl: Duration) -> Result<Lead, ScheduleError> {
        let now = self.clock.now();
        let mut memory = self.memory();
        let free = memory.leader.as_ref().is_none_or(|leader| leader.holder == holder || leader.until <= now);
        if !free {
            return Ok(Lead::Refused);
        }
        memory.leader = Some(Leader { holder: holder.to_owned(), until: now.plus(ttl) });
        Ok(Lead::Held { at: memory.position })
    }

    async fn apply(
        &self,
        holder: &str,
        from: Option<Position>,
        to: Position,
        changes: &[Change],
    ) -> Result<Applied, ScheduleError> {
        self.move_on(holder, from, to, None, changes.to_vec()).await
    }

    async fn begin_anew(&self, holder: &str, from: Option<Position>, until: u64) -> Result<Applied, ScheduleError> {
        self.move_on(holder, from, Position::default(), Some(until), Vec::new()).await
    }

    async fn claim(&self, lease: Duration, limit: usize) -> Result<Claimed, ScheduleError> {
        let now = self.clock.now();
        // Looking costs no commit, and mostly nothing is due.
        let next = {
            let mut connection = self.database.read().acquire().await.map_err(unavailable)?;
            claiming::next(&mut connection).await.map_err(unavailable)?
        };
        let position = self.memory().position;
        if limit == 0 || next.is_none_or(|next| next > now) {
            return Ok(Claimed { claims: Vec::new(), next, now, position });
        }
        let claimed = self
            .database
            .write_together(move |connection| {
                Box::pin(async move { claiming::claim(connection, now, now.plus(lease), limit).await })
            })
            .await;
        let (claims, next) = claimed.map_err(unavailable)?;
        Ok(Claimed { claims, next, now, position })
    }

    async fn finish(&self, claims: &[Claim]) -> Result<(), ScheduleError> {
        if claims.is_empty() {
            return Ok(());
        }
        let claims = claims.to_vec();
        self.database
            .write_together(move |connection| Box::pin(async move { entries::finish(connection, &claims).await }))
            .await
            .map_err(unavailable)
    }

    async fn look_up(&self, deliveries: &[DeliveryRef]) -> Result<LookedUp, ScheduleError> {
        looking::look_up(self.database.read(), deliveries, self.clock.now()).await.map_err(unavailable)
    }

    async fn earliest(&self) -> Result<Earliest, ScheduleError> {
        let (due, sequence, record): (Option<i64>, Option<i64>, Option<i64>) = sqlx::query_as(
            "SELECT (SELECT min(at) FROM (
                 SELECT min(visible) AS at FROM schedule_entries WHERE visible IS NOT NULL
                 UNION ALL
                 SELECT (SELECT min(due) FROM schedule_entries e WHERE e.webhook = g.webhook AND e.visible IS NULL)
                 FROM schedule_gates g WHERE g.opens_at IS NOT NULL
             )), sequence, record FROM schedule_position",
        )
        .fetch_one(self.database.read())
        .await
        .map_err(unavailable)?;
        Ok(Earliest { due: due.map(Timestamp::from_millis), position: position_of(sequence, record) })
    }

    async fn waiting(&self) -> Result<u64, ScheduleError> {
        let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM schedule_entries")
            .fetch_one(self.database.read())
            .await
            .map_err(unavailable)?;
        Ok(waiting as u64)
    }

    async fn open_gate(&self, webhook: WebhookId) -> Result<(), ScheduleError> {
        let now = self.clock.now();
        self.database
            .write_together(move |connection| Box::pin(async move { gates::open(connection, webhook, now).await }))
            .await
            .map_err(unavailable)
    }

    async fn erase(&self, tenant: TenantNumber) -> Result<(), ScheduleError> {
        erasing::erase(&self.database, tenant).await.map_err(unavailable)
    }
}
