//! Postgres' write-ahead log as a server has it that has been running for a while.

use sqlx::{Connection, PgConnection};

/// Messages of a megabyte that are written to the log: with them it is nearly as large as `max_wal_size` lets it grow.
const MESSAGES: i32 = 900;

/// Lets the server at `url` fill its log once and set the files free again. A new server makes each file of its log when it
/// first gets there: it writes 16 MB of zeros and syncs them, in the middle of somebody's commit. One that has been running
/// uses its old files again.
///
/// # Errors
/// What Postgres said.
pub(crate) async fn fill_once(url: &str) -> Result<(), String> {
    fill(url).await.map_err(|error| format!("postgres' log is not filled: {error}"))
}

async fn fill(url: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::query(
        "SELECT count(pg_logical_emit_message(false, 'load', repeat('-', 1000000))) FROM generate_series(1, $1)",
    )
    .bind(MESSAGES)
    .execute(&mut connection)
    .await?;
    sqlx::query("CHECKPOINT").execute(&mut connection).await?;
    connection.close().await
}
