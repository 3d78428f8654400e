//! Entries in the database: few statements for a whole batch.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use fanfare_domain::delivery::DeliveryRef;
use fanfare_domain::ids::WebhookId;
use fanfare_domain::journal::QueuePace;
use fanfare_domain::time::Timestamp;
use fanfare_ports::schedule::{Change, Claim};
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite};

use super::gate::Gate;
use super::gates;
use super::pace::Pace;
use crate::database::DatabaseError;

/// Rows in one statement.
pub(super) const ROWS_TOGETHER: usize = 64;

/// An entry that is put.
struct Entry {
    delivery: DeliveryRef,
    attempt: u16,
    due: Timestamp,
    parked: bool,
}

/// What a batch of changes comes to: the last word on each delivery and on each queue's pace.
pub(super) struct Batch {
    puts: Vec<Entry>,
    removals: Vec<DeliveryRef>,
    paces: HashMap<WebhookId, Gate>,
    webhooks: HashSet<WebhookId>,
}

impl Batch {
    /// Of what is restated, that counts which lies no further than `anew_until`.
    pub(super) fn of(changes: &[Change], anew_until: u64, now: Timestamp) -> Self {
        let mut last: HashMap<DeliveryRef, Option<Entry>> = HashMap::with_capacity(changes.len());
        let mut paces = HashMap::new();
        for change in changes {
            let (delivery, entry) = match *change {
                Change::Put { delivery, attempt, due } => {
                    (delivery, Some(Entry { delivery, attempt, due, parked: false }))
                }
                Change::Park { delivery, attempt, due, per_second, burst, pace } => {
                    paces.insert(delivery.webhook, Gate::new(Pace::set(per_second, pace, now), burst));
                    (delivery, Some(Entry { delivery, attempt, due, parked: true }))
                }
                Change::Remove { delivery } => (delivery, None),
                Change::Restate { sequence, .. } if sequence > anew_until => continue,
                Change::Restate { entry: restated, .. } => {
                    let delivery = restated.delivery;
                    if let Some(QueuePace { per_second, burst, kind }) = restated.queue {
                        paces.insert(delivery.webhook, Gate::new(Pace::set(per_second, kind, now), burst));
                    }
                    let (attempt, due, parked) = (restated.attempt, restated.due, restated.queue.is_some());
                    (delivery, Some(Entry { delivery, attempt, due, parked }))
                }
            };
            last.insert(delivery, entry);
        }
        let webhooks = last.keys().map(|delivery| delivery.webhook).collect();
        let (mut puts, mut removals) = (Vec::new(), Vec::new());
        for (delivery, entry) in last {
            match entry {
                Some(entry) => puts.push(entry),
                None => removals.push(delivery),
            }
        }
        Self { puts, removals, paces, webhooks }
    }

    pub(super) async fn store(self, connection: &mut SqliteConnection, now: Timestamp) -> Result<(), DatabaseError> {
        let removals: Vec<Vec<u8>> = self.removals.iter().map(DeliveryRef::to_bytes).collect();
        remove(connection, &removals).await?;
        for rows in self.puts.chunks(ROWS_TOGETHER) {
            put(connection, rows).await?;
        }
        gates::set_paces(connection, self.paces, now).await?;
        gates::refresh(connection, self.webhooks, now).await
    }
}

async fn put(connection: &mut SqliteConnection, entries: &[Entry]) -> Result<(), DatabaseError> {
    let mut upsert = QueryBuilder::<Sqlite>::new(
        "INSERT INTO schedule_entries (key, webhook, tenant, attempt, due, parked, visible, claimed) ",
    );
    upsert.push_values(entries, |mut row, entry| {
        let due = entry.due.as_millis();
        row.push_bind(entry.delivery.to_bytes()).push_bind(entry.delivery.webhook.as_bytes().to_vec());
        row.push_bind(entry.delivery.tenant.get()).push_bind(entry.attempt).push_bind(due).push_bind(entry.parked);
        row.push_bind((!entry.parked).then_some(due)).push_bind(false);
    });
    upsert.push(
        " ON CONFLICT (key) DO UPDATE SET attempt = excluded.attempt, due = excluded.due, parked = excluded.parked,
          visible = excluded.visible, claimed = excluded.claimed",
    );
    upsert.build().execute(connection).await?;
    Ok(())
}

/// Removes entries by their keys. Gates are not looked at.
pub(super) async fn remove(connection: &mut SqliteConnection, keys: &[Vec<u8>]) -> Result<(), DatabaseError> {
    if keys.is_empty() {
        return Ok(());
    }
    sqlx::query("DELETE FROM schedule_entries WHERE key IN (SELECT unhex(value) FROM json_each(?))")
        .bind(hex_list(keys.iter().map(Vec::as_slice)))
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes what was claimed, unless it was put or claimed again since.
pub(super) async fn finish(connection: &mut SqliteConnection, claims: &[Claim]) -> Result<(), DatabaseError> {
    let claims: Vec<_> = claims
        .iter()
        .map(|claim| (hex(&claim.delivery.to_bytes()), claim.until.as_millis(), claim.attempt, claim.due.as_millis()))
        .collect();
    // CROSS JOIN: the claims are few and each finds its entry by key.
    sqlx::query(
        "DELETE FROM schedule_entries WHERE key IN (
             SELECT entry.key FROM json_each(?) AS claim CROSS JOIN schedule_entries AS entry
             ON entry.key = unhex(claim.value ->> 0)
             WHERE entry.claimed AND entry.visible = claim.value ->> 1
             AND entry.attempt = claim.value ->> 2 AND entry.due = claim.value ->> 3
         )",
    )
    .bind(serde_json::json!(claims).to_string())
    .execute(connection)
    .await?;
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Blobs as a JSON array, so that any number of them is one parameter.
pub(super) fn hex_list<'a>(blobs: impl Iterator<Item = &'a [u8]>) -> String {
    serde_json::json!(blobs.map(hex).collect::<Vec<_>>()).to_string()
}
