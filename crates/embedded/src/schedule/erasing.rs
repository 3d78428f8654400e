//! Erasing a tenant, a part at a time so that others get their turn.

use fanfare_domain::ids::{TenantNumber, WebhookId};
use fanfare_domain::time::Timestamp;

use super::{entries, gates};
use crate::database::{Database, DatabaseError};

const ERASED_TOGETHER: i64 = 2000;

pub(super) async fn erase(database: &Database, tenant: TenantNumber) -> Result<(), DatabaseError> {
    loop {
        // Looked for on a reading connection: tenants have no index, since this is rare.
        let rows: Vec<(Vec<u8>, Vec<u8>)> =
            sqlx::query_as("SELECT key, webhook FROM schedule_entries WHERE tenant = ? LIMIT ?")
                .bind(tenant.get())
                .bind(ERASED_TOGETHER)
                .fetch_all(database.read())
                .await?;
        if rows.is_empty() {
            return Ok(());
        }
        let (keys, mut webhooks): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        webhooks.dedup();
        let webhooks: Vec<WebhookId> =
            webhooks.into_iter().filter_map(|webhook| Some(WebhookId::from_bytes(webhook.try_into().ok()?))).collect();
        database
            .write_together(move |connection| {
                Box::pin(async move {
                    entries::remove(connection, &keys).await?;
                    // Queues of this tenant are left empty in the end, whatever the time.
                    gates::refresh(connection, webhooks, Timestamp::MIN).await
                })
            })
            .await?;
    }
}
