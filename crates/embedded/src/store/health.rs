//! Webhooks' counts and failures in a row.
//!
//! A webhook's failures in a row are those that started after an instant, its last success or `health_since`. While that
//! instant stays, new failures are added to the count; when it moves, the count is taken anew from the index of failures.

use std::collections::{BTreeMap, BTreeSet};

use fanfare_domain::ids::{TenantNumber, WebhookId};
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::WebhookHealth;
use fanfare_ports::store::folding::{Outcome, Tally, in_a_row_after, tally};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Row, query, query_scalar};

use super::{StoreError, documents, failed, rows};

type Key = (TenantNumber, WebhookId);

/// What is stored of a webhook.
#[derive(Clone, Debug, Default)]
struct Stats {
    last_triggered: Option<i64>,
    successes: i64,
    failures: i64,
    last_success: Option<Timestamp>,
    /// The instant that `in_a_row` counts from; `None` if nothing is stored yet.
    after: Option<Timestamp>,
    in_a_row: i64,
    first_failure: Option<Timestamp>,
    last_failure: Option<Timestamp>,
    health_since: Option<Timestamp>,
}

impl Stats {
    /// Adds new attempts. False if the failures in a row must be counted anew.
    fn add(&mut self, new: &Tally) -> bool {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.successes = self.successes.saturating_add(number(new.successes));
        self.failures = self.failures.saturating_add(number(new.failures));
        self.last_triggered = self.last_triggered.max(new.last_started.map(Timestamp::as_millis));
        self.last_success = self.last_success.max(new.last_success);
        let after = in_a_row_after(self.last_success, self.health_since);
        let known = self.after.replace(after);
        if known != Some(after) {
            return false;
        }
        for started in new.counted_failures.iter().copied().filter(|started| *started > after) {
            self.in_a_row = self.in_a_row.saturating_add(1);
            self.first_failure = Some(self.first_failure.map_or(started, |first| first.min(started)));
            self.last_failure = self.last_failure.max(Some(started));
        }
        true
    }
}

/// Adds new attempts to their webhooks' counts, and tells the health of the `failing` ones. The attempts must be written already.
pub(super) async fn add(
    db: &mut SqliteConnection,
    new: impl IntoIterator<Item = Outcome>,
    failing: &BTreeSet<Key>,
) -> Result<Vec<WebhookHealth>, StoreError> {
    let tallies = tally(new);
    let keys: BTreeSet<Key> = tallies.keys().chain(failing).copied().collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut stats = load(db, &keys).await?;
    let mut moved = Vec::new();
    for (key, tally) in &tallies {
        let stats = stats.entry(*key).or_default();
        if !stats.add(tally) {
            moved.push(*key);
        }
    }
    count_anew(db, &moved, &mut stats).await?;
    save(db, tallies.keys().filter_map(|key| stats.get_key_value(key))).await?;
    Ok(failing.iter().filter_map(|key| stats.get(key).map(|stats| health(*key, stats))).collect())
}

fn health((tenant, webhook): Key, stats: &Stats) -> WebhookHealth {
    WebhookHealth {
        tenant,
        webhook,
        consecutive_failures: u32::try_from(stats.in_a_row).unwrap_or(u32::MAX),
        first_failure_at: stats.first_failure,
        last_failure_at: stats.last_failure,
        last_success_at: stats.last_success,
    }
}

/// A webhook's name in a list of parameters: JSON, since it is of any length; SQLite reads the id back with `unhex`.
fn parameter((tenant, webhook): &Key) -> (u32, String) {
    (tenant.get(), rows::hex(webhook.as_bytes()))
}

fn parameters<T: serde::Serialize>(list: &[T]) -> Result<String, StoreError> {
    documents::text(&list)
}

fn key(row: &SqliteRow) -> Result<Key, StoreError> {
    Ok((rows::tenant(row.try_get(0).map_err(failed)?)?, WebhookId::from_bytes(rows::id(row, 1)?)))
}

/// Of each webhook that is asked for, its place in the list and what is stored of it. All of it is one row: each row goes from
/// SQLite's thread to ours by itself, which takes longer than finding it.
const STATS: &str = "SELECT json_group_array(json_array(asked.key, stats.last_triggered, coalesce(stats.success_count, 0),
        coalesce(stats.failure_count, 0), stats.last_success, stats.in_a_row_after, coalesce(stats.failures_in_a_row, 0),
        stats.first_failure, stats.last_failure, webhooks.health_since))
     FROM json_each(?) AS asked
     LEFT JOIN webhook_stats AS stats
        ON stats.tenant = asked.value ->> 0 AND stats.webhook = unhex(asked.value ->> 1)
     LEFT JOIN webhooks ON webhooks.id = unhex(asked.value ->> 1) AND webhooks.tenant = asked.value ->> 0";

async fn load(db: &mut SqliteConnection, keys: &BTreeSet<Key>) -> Result<BTreeMap<Key, Stats>, StoreError> {
    type Millis = Option<i64>;
    type Found = (usize, Millis, i64, i64, Millis, Millis, i64, Millis, Millis, Millis);

    let keys: Vec<Key> = keys.iter().copied().collect();
    let list: Vec<_> = keys.iter().map(parameter).collect();
    let found: String = query_scalar(STATS).bind(parameters(&list)?).fetch_one(db).await.map_err(failed)?;
    let found: Vec<Found> = documents::read("webhook_stats", &found)?;
    let time = |millis: Millis| millis.map(Timestamp::from_millis);
    let stats = found.into_iter().filter_map(
        |(place, triggered, successes, failures, success, after, in_a_row, first, last, health_since)| {
            let stats = Stats {
                last_triggered: triggered,
                successes,
                failures,
                last_success: time(success),
                after: time(after),
                in_a_row,
                first_failure: time(first),
                last_failure: time(last),
                health_since: time(health_since),
            };
            Some((*keys.get(place)?, stats))
        },
    );
    Ok(stats.collect())
}

async fn count_anew(
    db: &mut SqliteConnection,
    keys: &[Key],
    stats: &mut BTreeMap<Key, Stats>,
) -> Result<(), StoreError> {
    let mut list = Vec::with_capacity(keys.len());
    for key in keys {
        if let Some(stats) = stats.get_mut(key) {
            (stats.in_a_row, stats.first_failure, stats.last_failure) = (0, None, None);
            let (tenant, webhook) = parameter(key);
            list.push((tenant, webhook, stats.after.unwrap_or(Timestamp::MIN).as_millis()));
        }
    }
    if list.is_empty() {
        return Ok(());
    }
    // The CROSS JOIN keeps the order: each webhook's failures are looked up in their index.
    let counted = query(
        "WITH asked AS
            (SELECT value ->> 0 AS tenant, unhex(value ->> 1) AS webhook, value ->> 2 AS after FROM json_each(?))
         SELECT asked.tenant, asked.webhook, count(*), min(attempts.started), max(attempts.started)
         FROM asked CROSS JOIN attempts ON attempts.tenant = asked.tenant AND attempts.webhook = asked.webhook
            AND attempts.counted_failure = 1 AND attempts.started > asked.after
         GROUP BY asked.tenant, asked.webhook",
    )
    .bind(parameters(&list)?)
    .fetch_all(db)
    .await
    .map_err(failed)?;
    for row in &counted {
        if let Some(stats) = stats.get_mut(&key(row)?) {
            stats.in_a_row = row.try_get(2).map_err(failed)?;
            stats.first_failure = rows::time(row, 3)?;
            stats.last_failure = rows::time(row, 4)?;
        }
    }
    Ok(())
}

async fn save(db: &mut SqliteConnection, stats: impl Iterator<Item = (&Key, &Stats)>) -> Result<(), StoreError> {
    let millis = |time: Option<Timestamp>| time.map(Timestamp::as_millis);
    let list: Vec<_> = stats
        .map(|(key, stats)| {
            let (tenant, webhook) = parameter(key);
            let after = stats.after.unwrap_or(Timestamp::MIN).as_millis();
            let counts = (stats.last_triggered, stats.successes, stats.failures);
            let row = (stats.in_a_row, millis(stats.first_failure), millis(stats.last_failure));
            (tenant, webhook, counts, millis(stats.last_success), after, row)
        })
        .collect();
    if list.is_empty() {
        return Ok(());
    }
    query(
        "INSERT OR REPLACE INTO webhook_stats (tenant, webhook, last_triggered, success_count, failure_count, last_success,
            in_a_row_after, failures_in_a_row, first_failure, last_failure)
         SELECT value ->> 0, unhex(value ->> 1), value ->> '$[2][0]', value ->> '$[2][1]', value ->> '$[2][2]', value ->> 3,
            value ->> 4, value ->> '$[5][0]', value ->> '$[5][1]', value ->> '$[5][2]'
         FROM json_each(?)",
    )
    .bind(parameters(&list)?)
    .execute(db)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Counts a webhook's failures in a row anew, if `health_since` or its first mention moves their beginning.
pub(super) async fn count_since(
    db: &mut SqliteConnection,
    tenant: TenantNumber,
    webhook: WebhookId,
    health_since: Timestamp,
) -> Result<(), StoreError> {
    query(
        "UPDATE webhook_stats SET
            in_a_row_after = max(coalesce(last_success, ?3), ?3),
            (failures_in_a_row, first_failure, last_failure) = (
                SELECT count(*), min(started), max(started) FROM attempts
                WHERE tenant = ?1 AND webhook = ?2 AND counted_failure = 1
                    AND started > max(coalesce(webhook_stats.last_success, ?3), ?3))
         WHERE tenant = ?1 AND webhook = ?2 AND in_a_row_after <> max(coalesce(last_success, ?3), ?3)",
    )
    .bind(i64::from(tenant.get()))
    .bind(webhook.as_bytes().to_vec())
    .bind(in_a_row_after(None, Some(health_since)).as_millis())
    .execute(db)
    .await
    .map_err(failed)?;
    Ok(())
}
