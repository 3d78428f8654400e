//! Deliveries and attempts as they are read.

use bytes::Bytes;
use fanfare_domain::delivery::{DeliveryRef, DeliveryStatus};
use fanfare_domain::ids::{AttemptId, DeliveryId, EventId, ReplayId, Run, WebhookId};
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::{AttemptRow, DeliveryRow, StoreError};
use sqlx::types::Uuid;

use super::event::position;
use super::text::unescape;
use super::{read_document, tenant_number, time};

/// The columns of [`DeliveryRecord`], of `deliveries d`.
macro_rules! delivery_columns {
    () => {
        "d.id, d.tenant, d.webhook, d.replay, d.event, d.event_type, d.accepted_at, d.stream_sequence, d.stream_index, \
         d.status, d.next_attempt_at, d.error, d.attempt, d.status_code, d.response_time_ms"
    };
}

pub(crate) use delivery_columns;

/// A row of `deliveries` whose event is known.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct DeliveryRecord {
    pub(crate) id: Uuid,
    tenant: i32,
    webhook: Uuid,
    replay: Option<Uuid>,
    event: String,
    event_type: String,
    pub(crate) accepted_at: i64,
    stream_sequence: i64,
    stream_index: i32,
    status: i16,
    next_attempt_at: Option<i64>,
    error: Option<String>,
    attempt: i32,
    status_code: Option<i32>,
    response_time_ms: Option<i64>,
}

impl DeliveryRecord {
    pub(crate) fn read(self) -> Result<DeliveryRow, StoreError> {
        let id = DeliveryId::from_bytes(self.id.into_bytes());
        let damaged = |column: &str| StoreError::Damaged(format!("delivery {id}: {column}"));
        let status = u8::try_from(self.status).ok().and_then(DeliveryStatus::from_rank);
        let status = status.ok_or_else(|| damaged("status"))?;
        let reference = DeliveryRef::from_parts(
            id,
            tenant_number(self.tenant),
            WebhookId::from_bytes(self.webhook.into_bytes()),
            position(self.stream_sequence, self.stream_index).ok_or_else(|| damaged("stream_index"))?,
            Timestamp::from_millis(self.accepted_at),
            self.replay.map_or(Run::First, |replay| Run::Replay(ReplayId::from_bytes(replay.into_bytes()))),
        );
        Ok(DeliveryRow {
            reference,
            event: EventId::new(&self.event).map_err(|_| damaged("event"))?,
            event_type: self.event_type,
            status,
            error: self.error,
            status_code: self.status_code.map(u16::try_from).transpose().map_err(|_| damaged("status_code"))?,
            response_time_ms: self
                .response_time_ms
                .map(u32::try_from)
                .transpose()
                .map_err(|_| damaged("response_time_ms"))?,
            attempt: u16::try_from(self.attempt).map_err(|_| damaged("attempt"))?,
            next_attempt_at: time(self.next_attempt_at),
            created_at: Timestamp::from_millis(self.accepted_at),
        })
    }
}

/// A row of `attempts`.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct AttemptRecord {
    id: Uuid,
    number: i32,
    manual: bool,
    late: bool,
    started_at: i64,
    status_code: Option<i32>,
    response_time_ms: i64,
    error: Option<String>,
    request_headers: String,
    response_headers: String,
    response_body: Vec<u8>,
}

impl AttemptRecord {
    pub(crate) fn read(self) -> Result<AttemptRow, StoreError> {
        let id = AttemptId::from_bytes(self.id.into_bytes());
        let damaged = |column: &str| StoreError::Damaged(format!("attempt {id}: {column}"));
        let headers = |text: &str| read_document::<Vec<(String, String)>>(&format!("attempt {id}: headers"), text);
        Ok(AttemptRow {
            id,
            number: u16::try_from(self.number).map_err(|_| damaged("number"))?,
            manual: self.manual,
            late: self.late,
            started_at: Timestamp::from_millis(self.started_at),
            status_code: self.status_code.map(u16::try_from).transpose().map_err(|_| damaged("status_code"))?,
            response_time_ms: u32::try_from(self.response_time_ms).map_err(|_| damaged("response_time_ms"))?,
            error: self.error.map(unescape),
            request_headers: headers(&self.request_headers)?,
            response_headers: headers(&self.response_headers)?,
            response_body: Bytes::from(self.response_body),
        })
    }
}
