//! The health of webhooks, in the transaction that writes their attempts.
//!
//! A webhook's row is locked after the attempts are written and until the end. Whoever holds the lock sees all attempts
//! that were counted before, and counts its own; so the order in which processes come does not matter.

use std::collections::{BTreeMap, BTreeSet};

use fanfare_domain::ids::{TenantNumber, WebhookId};
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::{StoreError, WebhookHealth};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::attempts::{New, counts_for_health};
use super::batch::Batch;
use crate::failure::failure;
use crate::rows::{tenant_column, time, uuid};

type Key = (TenantNumber, WebhookId);

/// What new attempts add to a webhook's counts.
#[derive(Default)]
struct Tally {
    successes: i64,
    failures: i64,
    newest: Option<i64>,
    /// When the last success that counts for health started.
    last_success: Option<i64>,
    /// When failures that count for health started.
    failed: Vec<i64>,
}

/// The columns of [`HealthRecord`], of `webhook_health h`; named, since a later version may add some while we run.
macro_rules! health_columns {
    () => {
        "h.tenant, h.webhook, h.health_since, h.success_count, h.failure_count, h.last_triggered, h.last_success_at, \
         h.consecutive_failures, h.first_failure_at, h.last_failure_at"
    };
}

/// A row of `webhook_health`.
#[derive(sqlx::FromRow)]
struct HealthRecord {
    tenant: i32,
    webhook: Uuid,
    health_since: i64,
    success_count: i64,
    failure_count: i64,
    last_triggered: Option<i64>,
    last_success_at: Option<i64>,
    consecutive_failures: i64,
    first_failure_at: Option<i64>,
    last_failure_at: Option<i64>,
}

impl HealthRecord {
    /// Adds new attempts. True if failures in a row must be counted anew: a success lies among those that were counted.
    fn add(&mut self, tally: &Tally) -> bool {
        self.success_count += tally.successes;
        self.failure_count += tally.failures;
        self.last_triggered = self.last_triggered.max(tally.newest);
        if tally.last_success > self.last_success_at {
            self.last_success_at = tally.last_success;
            if self.last_failure_at > self.last_success_at {
                return true;
            }
            self.set_row(0, None, None);
        }
        for started in tally.failed.iter().copied().filter(|started| self.in_a_row(*started)).collect::<Vec<i64>>() {
            self.consecutive_failures += 1;
            self.first_failure_at = Some(self.first_failure_at.map_or(started, |first| first.min(started)));
            self.last_failure_at = self.last_failure_at.max(Some(started));
        }
        false
    }

    fn in_a_row(&self, started: i64) -> bool {
        started >= self.health_since && Some(started) > self.last_success_at
    }

    fn set_row(&mut self, failures: i64, first: Option<i64>, last: Option<i64>) {
        (self.consecutive_failures, self.first_failure_at, self.last_failure_at) = (failures, first, last);
    }

    fn health(&self, (tenant, webhook): Key) -> WebhookHealth {
        WebhookHealth {
            tenant,
            webhook,
            consecutive_failures: u32::try_from(self.consecutive_failures).unwrap_or(u32::MAX),
            first_failure_at: time(self.first_failure_at),
            last_failure_at: time(self.last_failure_at),
            last_success_at: time(self.last_success_at),
        }
    }
}

/// Counts what is new, and tells the health of every webhook that had a failed attempt in the batch.
pub(super) async fn write(
    connection: &mut PgConnection,
    batch: &Batch<'_>,
    new: &New,
) -> Result<Vec<WebhookHealth>, sqlx::Error> {
    let mut tallies: BTreeMap<Key, Tally> = BTreeMap::new();
    let mut failed: BTreeSet<Key> = BTreeSet::new();
    for (key, (attempted, attempt)) in &batch.attempts {
        let webhook = (attempted.delivery.tenant, attempted.delivery.webhook);
        if counts_for_health(attempted) && !attempt.succeeded() {
            failed.insert(webhook);
            tallies.entry(webhook).or_default();
        }
        if new.contains(key) && !attempted.late {
            let started = attempt.started.as_millis();
            tallies.entry(webhook).or_default().count(started, attempt.succeeded(), counts_for_health(attempted));
        }
    }
    if tallies.is_empty() {
        return Ok(Vec::new());
    }
    let mut records = lock(connection, &tallies).await?;
    for (record, tally) in records.iter_mut().zip(tallies.values()) {
        if record.add(tally) {
            recount(connection, record).await?;
        }
    }
    if tallies.values().any(|tally| tally.newest.is_some()) {
        save(connection, &records).await?;
    }
    let told = records.iter().zip(tallies.keys()).filter(|(_, key)| failed.contains(key));
    Ok(told.map(|(record, key)| record.health(*key)).collect())
}

impl Tally {
    fn count(&mut self, started: i64, success: bool, for_health: bool) {
        self.newest = self.newest.max(Some(started));
        match (success, for_health) {
            (true, true) => self.last_success = self.last_success.max(Some(started)),
            (false, true) => self.failed.push(started),
            (_, false) => {}
        }
        if success { self.successes += 1 } else { self.failures += 1 }
    }
}

/// Makes rows that are not there, and locks all, in the order of `tallies`.
async fn lock(connection: &mut PgConnection, tallies: &BTreeMap<Key, Tally>) -> Result<Vec<HealthRecord>, sqlx::Error> {
    let tenants: Vec<i32> = tallies.keys().map(|(tenant, _)| tenant_column(*tenant)).collect();
    let webhooks: Vec<Uuid> = tallies.keys().map(|(_, webhook)| uuid(webhook.as_bytes())).collect();
    sqlx::query(
        "INSERT INTO webhook_health (tenant, webhook) SELECT * FROM UNNEST($1::integer[], $2::uuid[]) \
         ON CONFLICT (tenant, webhook) DO NOTHING",
    )
    .bind(&tenants)
    .bind(&webhooks)
    .execute(&mut *connection)
    .await?;
    sqlx::query_as(concat!(
        "SELECT ",
        health_columns!(),
        " FROM UNNEST($1::integer[], $2::uuid[]) WITH ORDINALITY AS asked (tenant, webhook, place) \
         JOIN webhook_health h ON h.tenant = asked.tenant AND h.webhook = asked.webhook ORDER BY place FOR UPDATE OF h",
    ))
    .bind(&tenants)
    .bind(&webhooks)
    .fetch_all(connection)
    .await
}

/// Counts failures in a row anew, from the attempts themselves.
async fn recount(connection: &mut PgConnection, record: &mut HealthRecord) -> Result<(), sqlx::Error> {
    let (failures, first, last) = sqlx::query_as(
        "SELECT count(*), min(started_at), max(started_at) FROM attempts \
         WHERE webhook = $1 AND tenant = $2 AND counts AND error IS NOT NULL AND started_at >= $3 \
         AND ($4::bigint IS NULL OR started_at > $4)",
    )
    .bind(record.webhook)
    .bind(record.tenant)
    .bind(record.health_since)
    .bind(record.last_success_at)
    .fetch_one(connection)
    .await?;
    record.set_row(failures, first, last);
    Ok(())
}

async fn save(connection: &mut PgConnection, records: &[HealthRecord]) -> Result<(), sqlx::Error> {
    let large = |value: fn(&HealthRecord) -> i64| records.iter().map(value).collect::<Vec<i64>>();
    let maybe = |value: fn(&HealthRecord) -> Option<i64>| records.iter().map(value).collect::<Vec<Option<i64>>>();
    sqlx::query(
        "UPDATE webhook_health AS h SET success_count = n.successes, failure_count = n.failures, \
         last_triggered = n.triggered, last_success_at = n.succeeded, consecutive_failures = n.in_a_row, \
         first_failure_at = n.first_failed, last_failure_at = n.last_failed \
         FROM UNNEST($1::integer[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], \
         $8::bigint[], $9::bigint[]) AS n (tenant, webhook, successes, failures, triggered, succeeded, in_a_row, \
         first_failed, last_failed) WHERE h.tenant = n.tenant AND h.webhook = n.webhook",
    )
    .bind(records.iter().map(|record| record.tenant).collect::<Vec<i32>>())
    .bind(records.iter().map(|record| record.webhook).collect::<Vec<Uuid>>())
    .bind(large(|record| record.success_count))
    .bind(large(|record| record.failure_count))
    .bind(maybe(|record| record.last_triggered))
    .bind(maybe(|record| record.last_success_at))
    .bind(large(|record| record.consecutive_failures))
    .bind(maybe(|record| record.first_failure_at))
    .bind(maybe(|record| record.last_failure_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets from when on a webhook's attempts count, in the transaction that changes the webhook.
pub(crate) async fn begin_at(
    connection: &mut PgConnection,
    tenant: TenantNumber,
    webhook: WebhookId,
    since: Timestamp,
) -> Result<(), StoreError> {
    let moved: Option<HealthRecord> = sqlx::query_as(concat!(
        "INSERT INTO webhook_health AS h (tenant, webhook, health_since) VALUES ($1, $2, $3) \
         ON CONFLICT (tenant, webhook) DO UPDATE SET health_since = excluded.health_since \
         WHERE h.health_since <> excluded.health_since RETURNING ",
        health_columns!()
    ))
    .bind(tenant_column(tenant))
    .bind(uuid(webhook.as_bytes()))
    .bind(since.as_millis())
    .fetch_optional(&mut *connection)
    .await
    .map_err(failure)?;
    if let Some(mut record) = moved {
        recount(connection, &mut record).await.map_err(failure)?;
        save(connection, &[record]).await.map_err(failure)?;
    }
    Ok(())
}
