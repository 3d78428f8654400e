//! Questions about what happened. Nothing of a deleted tenant is shown, erased or not.

use std::collections::HashMap;

use async_trait::async_trait;
use fanfare_domain::delivery::{DeliveryRef, DeliveryStatus};
use fanfare_domain::ids::{DeliveryId, EventId, TenantNumber, WebhookId};
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::keyset::Keyset;
use fanfare_ports::store::{
    AttemptRow, DeliveryFilter, DeliveryRow, EventFilter, EventRow, Page, PageRequest, Reports, StoreError, SubjectRow,
    WebhookStats,
};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, query};

use super::rows::{self, ATTEMPT, DELIVERY, EVENT};
use super::{SqliteStore, documents, failed, lists};

/// Deliveries of an event that are shown at most.
const DELIVERIES_OF_EVENT: u32 = 1000;

#[async_trait]
impl Reports for SqliteStore {
    async fn events(
        &self,
        tenant: TenantNumber,
        filter: &EventFilter,
        page: PageRequest,
    ) -> Result<Page<EventRow>, StoreError> {
        let mut query = events_query(tenant, filter, &page);
        let rows = self.rows(&mut query).await?;
        let rows = rows.iter().map(|row| {
            let event = rows::event(row)?;
            Ok((Keyset::new(event.accepted, event.id.as_str()), event))
        });
        Ok(Page::cut(rows.collect::<Result<_, StoreError>>()?, page.rows(), lists::EVENTS))
    }

    async fn event(&self, tenant: TenantNumber, id: &EventId) -> Result<Option<EventRow>, StoreError> {
        let mut query = QueryBuilder::new(format!("SELECT {EVENT} FROM events WHERE events.id = "));
        query.push_bind(id.as_str());
        only_of(&mut query, "events", tenant);
        // An id may come again on another day; the newest is meant.
        query.push(" ORDER BY events.day DESC LIMIT 1");
        self.rows(&mut query).await?.first().map(rows::event).transpose()
    }

    async fn deliveries_of(&self, tenant: TenantNumber, event: &EventId) -> Result<Vec<DeliveryRow>, StoreError> {
        let mut query = QueryBuilder::new("WITH asked AS (SELECT ");
        query.push_bind(i64::from(tenant.get())).push(" AS tenant, ").push_bind(event.as_str()).push(" AS id)");
        query.push(format!(
            " SELECT {DELIVERY} FROM asked CROSS JOIN deliveries
             ON deliveries.tenant = asked.tenant AND deliveries.event = asked.id AND deliveries.day = coalesce(
                (SELECT max(day) FROM events WHERE events.tenant = asked.tenant AND events.id = asked.id),
                (SELECT max(day) FROM deliveries d WHERE d.tenant = asked.tenant AND d.event = asked.id))
             WHERE deliveries.event_type IS NOT NULL"
        ));
        only_of(&mut query, "deliveries", tenant);
        query.push(" ORDER BY deliveries.accepted DESC, deliveries.id DESC LIMIT ").push_bind(DELIVERIES_OF_EVENT);
        self.rows(&mut query).await?.iter().map(rows::delivery).collect()
    }

    async fn deliveries(
        &self,
        tenant: TenantNumber,
        webhook: WebhookId,
        filter: &DeliveryFilter,
        page: PageRequest,
    ) -> Result<Page<DeliveryRow>, StoreError> {
        let mut query = deliveries_query(tenant, webhook, filter, &page);
        let rows = self.rows(&mut query).await?;
        let rows = rows.iter().map(|row| {
            let delivery = rows::delivery(row)?;
            Ok((Keyset::new(delivery.created_at, *delivery.reference.id.as_bytes()), delivery))
        });
        Ok(Page::cut(rows.collect::<Result<_, StoreError>>()?, page.rows(), lists::DELIVERIES))
    }

    async fn delivery(&self, tenant: TenantNumber, id: DeliveryId) -> Result<Option<DeliveryRow>, StoreError> {
        let mut query = QueryBuilder::new(format!(
            "SELECT {DELIVERY} FROM deliveries WHERE event IS NOT NULL AND event_type IS NOT NULL AND id = "
        ));
        query.push_bind(id.as_bytes().to_vec());
        only_of(&mut query, "deliveries", tenant);
        query.push(" ORDER BY day DESC LIMIT 1");
        self.rows(&mut query).await?.first().map(rows::delivery).transpose()
    }

    async fn attempts(&self, tenant: TenantNumber, delivery: &DeliveryRef) -> Result<Vec<AttemptRow>, StoreError> {
        let mut query = QueryBuilder::new(format!(
            "SELECT {ATTEMPT} FROM attempts WHERE delivery = (SELECT row FROM deliveries WHERE deliveries.id = "
        ));
        query.push_bind(delivery.id.as_bytes().to_vec());
        query.push(" AND deliveries.day = ").push_bind(delivery.accepted().day().number()).push(")");
        only_of(&mut query, "attempts", tenant);
        query.push(" ORDER BY number, started, id, late");
        self.rows(&mut query).await?.iter().map(rows::attempt).collect()
    }

    async fn subjects(
        &self,
        tenant: TenantNumber,
        delivered: Option<bool>,
        page: PageRequest,
    ) -> Result<Page<SubjectRow>, StoreError> {
        let mut query = QueryBuilder::new(format!(
            "SELECT {EVENT}, subjects.subject, subjects.accepted FROM subjects
             CROSS JOIN events ON events.tenant = subjects.tenant AND events.id = subjects.event
                AND events.day = subjects.day WHERE TRUE"
        ));
        only_of(&mut query, "subjects", tenant);
        if let Some(delivered) = delivered {
            query.push(" AND delivered = ").push_bind(delivered);
        }
        go_on(&mut query, "(subjects.accepted, subjects.event)", text_start(&page, lists::SUBJECTS));
        query.push(" ORDER BY subjects.accepted DESC, subjects.event DESC LIMIT ").push_bind(page.rows() + 1);
        let rows = self.rows(&mut query).await?;
        let rows = rows.iter().map(|row| {
            let newest = rows::event(row)?;
            let subject = row.try_get(8).map_err(failed)?;
            let at = rows::time(row, 9)?.unwrap_or_default();
            Ok((Keyset::new(at, newest.id.as_str()), SubjectRow { subject, newest }))
        });
        Ok(Page::cut(rows.collect::<Result<_, StoreError>>()?, page.rows(), lists::SUBJECTS))
    }

    async fn stats(&self, tenant: TenantNumber, webhooks: &[WebhookId]) -> Result<Vec<WebhookStats>, StoreError> {
        let asked: Vec<String> = webhooks.iter().map(|id| rows::hex(id.as_bytes())).collect();
        let sql = "SELECT webhook, last_triggered, success_count, failure_count, failures_in_a_row, first_failure, last_success
             FROM webhook_stats WHERE webhook IN (SELECT unhex(value) FROM json_each(?1)) AND tenant = ?2
                AND tenant NOT IN (SELECT tenant FROM erasures)";
        let found = query(sql)
            .bind(documents::text(&asked)?)
            .bind(i64::from(tenant.get()))
            .fetch_all(self.database.read())
            .await
            .map_err(failed)?;
        let mut stats = HashMap::with_capacity(found.len());
        for row in &found {
            stats.insert(WebhookId::from_bytes(rows::id(row, 0)?), webhook_stats(row)?);
        }
        Ok(webhooks.iter().map(|id| stats.get(id).cloned().unwrap_or_default()).collect())
    }
}

impl SqliteStore {
    async fn rows(&self, query: &mut QueryBuilder<Sqlite>) -> Result<Vec<SqliteRow>, StoreError> {
        query.build().fetch_all(self.database.read()).await.map_err(failed)
    }
}

fn webhook_stats(row: &SqliteRow) -> Result<WebhookStats, StoreError> {
    let count = |column| row.try_get::<i64, usize>(column).map(i64::unsigned_abs).map_err(failed);
    Ok(WebhookStats {
        last_triggered: rows::time(row, 1)?,
        success_count: count(2)?,
        failure_count: count(3)?,
        consecutive_failures: u32::try_from(count(4)?).unwrap_or(u32::MAX),
        first_failure_at: rows::time(row, 5)?,
        last_success_at: rows::time(row, 6)?,
    })
}

/// Keeps to the rows of a tenant that is not deleted.
pub(super) fn only_of(query: &mut QueryBuilder<Sqlite>, table: &str, tenant: TenantNumber) {
    query.push(format!(" AND {table}.tenant = ")).push_bind(i64::from(tenant.get()));
    query.push(format!(" AND {table}.tenant NOT IN (SELECT tenant FROM erasures)"));
}

/// Keeps to the rows that come after `start` in a list that begins with the greatest `key`, a pair of columns.
fn go_on<T>(query: &mut QueryBuilder<Sqlite>, key: &str, start: Option<(Timestamp, T)>)
where
    T: sqlx::Encode<'static, Sqlite> + sqlx::Type<Sqlite>,
{
    if let Some((at, last)) = start {
        query.push(format!(" AND {key} < (")).push_bind(at.as_millis()).push(", ").push_bind(last).push(")");
    }
}

fn text_start(page: &PageRequest, kind: u8) -> Option<(Timestamp, String)> {
    let start = page.start(kind)?;
    Some((start.at, start.text()?.to_owned()))
}

fn accepted_within(query: &mut QueryBuilder<Sqlite>, column: &str, since: Option<Timestamp>, until: Option<Timestamp>) {
    if let Some(since) = since {
        query.push(format!(" AND {column} >= ")).push_bind(since.as_millis());
    }
    if let Some(until) = until {
        query.push(format!(" AND {column} < ")).push_bind(until.as_millis());
    }
}

fn events_query(tenant: TenantNumber, filter: &EventFilter, page: &PageRequest) -> QueryBuilder<Sqlite> {
    // What is not delivered is rare, so it is followed along the index of open deliveries; everything else along the events.
    let is_open = filter.delivered == Some(false);
    let (from, order) = if is_open {
        let join = "deliveries CROSS JOIN events ON events.tenant = deliveries.tenant AND events.id = deliveries.event \
                    AND events.day = deliveries.day AND events.accepted = deliveries.accepted WHERE deliveries.status <> 4";
        (join, ("deliveries", "deliveries.accepted", "deliveries.event"))
    } else {
        ("events WHERE TRUE", ("events", "events.accepted", "events.id"))
    };
    let (table, accepted, id) = order;
    let mut query = QueryBuilder::new(format!("SELECT {EVENT} FROM {from}"));
    only_of(&mut query, table, tenant);
    accepted_within(&mut query, accepted, filter.since, filter.until);
    if let Some(event_type) = &filter.event_type {
        query.push(" AND events.event_type = ").push_bind(event_type.clone());
    }
    if let Some(subject) = &filter.subject {
        query.push(" AND events.subject = ").push_bind(subject.clone());
    }
    if filter.delivered == Some(true) {
        query.push(" AND delivered = 1");
    }
    go_on(&mut query, &format!("({accepted}, {id})"), text_start(page, lists::EVENTS));
    if is_open {
        query.push(format!(" GROUP BY {accepted}, {id}"));
    }
    query.push(format!(" ORDER BY {accepted} DESC, {id} DESC LIMIT ")).push_bind(page.rows() + 1);
    query
}

fn deliveries_query(
    tenant: TenantNumber,
    webhook: WebhookId,
    filter: &DeliveryFilter,
    page: &PageRequest,
) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(format!(
        "SELECT {DELIVERY} FROM deliveries WHERE event IS NOT NULL AND event_type IS NOT NULL AND webhook = "
    ));
    query.push_bind(webhook.as_bytes().to_vec());
    only_of(&mut query, "deliveries", tenant);
    match filter.status {
        // Spelled out, so that the index of open deliveries serves.
        Some(status) if status != DeliveryStatus::Success => {
            query.push(" AND status <> 4 AND status = ").push_bind(status.rank());
        }
        Some(_) => {
            query.push(" AND status = 4");
        }
        None => {}
    }
    if let Some(event_type) = &filter.event_type {
        query.push(" AND event_type = ").push_bind(event_type.clone());
    }
    accepted_within(&mut query, "accepted", filter.since, filter.until);
    let start = page.start(lists::DELIVERIES).map(|start| (start.at, start.key));
    go_on(&mut query, "(accepted, id)", start);
    query.push(" ORDER BY accepted DESC, id DESC LIMIT ").push_bind(page.rows() + 1);
    query
}
