//! Records that could not be written.

use fanfare_domain::journal::JournalRecord;
use fanfare_ports::store::StoreError;
use sha2::{Digest, Sha256};
use sqlx::PgPool;

use crate::failure::failure;
use crate::rows::text::escape;

/// Keeps `record` where an operator finds it.
pub(super) async fn set(pool: &PgPool, record: &JournalRecord, reason: &str) -> Result<(), StoreError> {
    let text = format!("{record:?}");
    tracing::error!(reason, "journal record is set aside");
    sqlx::query("INSERT INTO set_aside (id, reason, record) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(Sha256::digest(text.as_bytes()).as_slice())
        .bind(escape(reason))
        .bind(escape(&text))
        .execute(pool)
        .await
        .map_err(failure)?;
    Ok(())
}
