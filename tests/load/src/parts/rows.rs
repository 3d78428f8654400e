//! Writing the rows of a delivery into the tables that `fanfare migrate` makes: for each an event, a delivery in its last state
//! and an attempt, by array, and for each batch the webhook's counts; a batch is a transaction.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fanfare_cluster::Backends;
use fanfare_domain::ids::{DeliveryId, EventId, Run, TenantNumber};
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::Ledger;
use fanfare_postgres::{PostgresSettings, connect, migrate};
use sqlx::types::Uuid;
use sqlx::{Connection, PgConnection};

use super::records;
use crate::run::USUAL_SIZE;
use crate::wal;

/// Deliveries in a transaction: what logs writes at once, of two records each.
const BATCH: usize = 4_000;
const DAYS_KEPT: Duration = Duration::from_secs(30 * 86_400);
const WEBHOOK: Uuid = Uuid::from_bytes(*records::WEBHOOK.as_bytes());
const TENANT: i32 = 1;

const EVENTS: &str = "INSERT INTO events (day, tenant, id, type, created_at, accepted_at, stream_sequence, stream_index, size) \
     SELECT $1, $2, UNNEST($5::text[]), $3, UNNEST($6::bigint[]), UNNEST($6::bigint[]), 1000, UNNEST($7::integer[]), $4";
const DELIVERIES: &str = "INSERT INTO deliveries (day, id, tenant, webhook, event, event_type, accepted_at, stream_sequence, \
     stream_index, status, decided_by, attempt, attempted_at, status_code, response_time_ms) \
     SELECT $1, UNNEST($5::uuid[]), $2, $3, UNNEST($6::text[]), $4, UNNEST($7::bigint[]), 1000, UNNEST($8::integer[]), 4, 1, 1, \
     UNNEST($7::bigint[]), 200, 3 ON CONFLICT (id, day) DO NOTHING";
const ATTEMPTS: &str = "INSERT INTO attempts (day, delivery, id, late, tenant, webhook, number, manual, counts, started_at, \
     response_time_ms, status_code, request_headers, response_headers, response_body) \
     SELECT $1, UNNEST($4::uuid[]), UNNEST($5::uuid[]), false, $2, $3, 1, false, true, UNNEST($6::bigint[]), 3, 200, \
     UNNEST($7::text[]), UNNEST($8::text[]), ''";
const HEALTH: &str = "INSERT INTO webhook_health AS h (tenant, webhook, success_count, last_triggered, last_success_at) \
     VALUES ($1, $2, $3, $4, $4) ON CONFLICT (tenant, webhook) DO UPDATE \
     SET success_count = h.success_count + excluded.success_count, last_triggered = excluded.last_triggered, \
     last_success_at = excluded.last_success_at";

/// A prepared database.
#[derive(Debug)]
pub(super) struct Rows {
    url: String,
    today: Timestamp,
}

impl Rows {
    pub(super) async fn prepare(backends: &Backends) -> Result<Self, String> {
        let url = backends.postgres.url();
        let settings = PostgresSettings::at(&url);
        migrate(&settings).await.map_err(|error| format!("the schema is not made: {error:?}"))?;
        wal::fill_once(&url).await?;
        let store = connect(&settings).await.map_err(|error| error.to_string())?;
        let today = now();
        store.maintain(today, DAYS_KEPT).await.map_err(|error| error.to_string())?;
        Ok(Self { url, today })
    }

    /// Writes the rows of `number` deliveries.
    pub(super) async fn write(&self, number: usize) -> Result<(), String> {
        let mut connection = PgConnection::connect(&self.url).await.map_err(failed)?;
        let columns = Columns::new();
        for batch in 0..number.div_ceil(BATCH) {
            self.write_batch(&mut connection, &columns, batch).await.map_err(failed)?;
        }
        connection.close().await.map_err(failed)
    }

    async fn write_batch(
        &self,
        connection: &mut PgConnection,
        columns: &Columns,
        batch: usize,
    ) -> Result<(), sqlx::Error> {
        let day = self.today.day().number();
        let events: Vec<EventId> =
            (0..BATCH).map(|place| records::event_id(columns.began, batch * BATCH + place)).collect();
        // In the order of their ids, as logs writes them.
        let deliveries: BTreeMap<Uuid, &str> =
            events.iter().map(|event| (delivery_id(event), event.as_str())).collect();
        let (ids, events_of_deliveries): (Vec<_>, Vec<_>) = deliveries.into_iter().unzip();
        let attempts: Vec<_> = (0..BATCH).map(|_| Uuid::from_u128(rand::random())).collect();
        let events: Vec<&str> = events.iter().map(EventId::as_str).collect();
        let mut transaction = connection.begin().await?;
        sqlx::query(EVENTS)
            .bind(day)
            .bind(TENANT)
            .bind(records::EVENT_TYPE)
            .bind(USUAL_SIZE as i64)
            .bind(&events)
            .bind(&columns.times)
            .bind(&columns.places)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(DELIVERIES)
            .bind(day)
            .bind(TENANT)
            .bind(WEBHOOK)
            .bind(records::EVENT_TYPE)
            .bind(&ids)
            .bind(&events_of_deliveries)
            .bind(&columns.times)
            .bind(&columns.places)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(ATTEMPTS)
            .bind(day)
            .bind(TENANT)
            .bind(WEBHOOK)
            .bind(&ids)
            .bind(&attempts)
            .bind(&columns.times)
            .bind(&columns.request_headers)
            .bind(&columns.response_headers)
            .execute(&mut *transaction)
            .await?;
        let newest = columns.times.last().copied();
        let health = sqlx::query(HEALTH).bind(TENANT).bind(WEBHOOK).bind(BATCH as i64).bind(newest);
        health.execute(&mut *transaction).await?;
        transaction.commit().await
    }
}

/// What is the same in each batch.
struct Columns {
    /// When writing began, in milliseconds since 1970.
    began: i64,
    times: Vec<i64>,
    places: Vec<i32>,
    request_headers: Vec<String>,
    response_headers: Vec<String>,
}

impl Columns {
    fn new() -> Self {
        let now = now().as_millis();
        Self {
            began: now,
            times: (0_i64..).take(BATCH).map(|place| now + place).collect(),
            places: (0_i32..).take(BATCH).map(|place| place % 256).collect(),
            request_headers: vec![records::request_headers(records::EVENT_ID).into_json(); BATCH],
            response_headers: vec![records::response_headers().into_json(); BATCH],
        }
    }
}

fn delivery_id(event: &EventId) -> Uuid {
    let id = DeliveryId::derive(TenantNumber::new(TENANT.cast_unsigned()), event, records::WEBHOOK, Run::First);
    Uuid::from_bytes(*id.as_bytes())
}

#[expect(clippy::disallowed_methods, reason = "rows are kept by the day, and there is only room for real ones")]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn failed(error: sqlx::Error) -> String {
    format!("postgres: {error}")
}
