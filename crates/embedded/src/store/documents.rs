//! Configuration documents: JSON text in a column, and lists of them.

use fanfare_domain::ids::TenantNumber;
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::keyset::Keyset;
use fanfare_ports::store::{Page, PageRequest, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool};

use super::failed;

/// A document's text.
pub(super) fn text<T: Serialize>(document: &T) -> Result<String, StoreError> {
    serde_json::to_string(document).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// The document that `text`, found in `table`, is.
pub(super) fn read<T: DeserializeOwned>(table: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Damaged(format!("a row of {table}: {error}")))
}

/// A table of documents as a list, newest first.
pub(super) struct DocumentList {
    pub(super) table: &'static str,
    /// The column with the row's time.
    pub(super) time: &'static str,
    /// An expression that tells rows of one time apart and sorts like bytes.
    pub(super) key: &'static str,
    pub(super) kind: u8,
}

impl DocumentList {
    /// A page of it: of one tenant's rows, or of all.
    pub(super) async fn page<T: DeserializeOwned>(
        &self,
        pool: &SqlitePool,
        tenant: Option<TenantNumber>,
        page: &PageRequest,
    ) -> Result<Page<T>, StoreError> {
        let Self { table, time, key, kind } = self;
        let mut query: QueryBuilder<Sqlite> =
            QueryBuilder::new(format!("SELECT {time}, CAST({key} AS BLOB), document FROM {table} WHERE TRUE"));
        if let Some(tenant) = tenant {
            query.push(" AND tenant = ").push_bind(i64::from(tenant.get()));
        }
        if let Some(start) = page.start(*kind) {
            query.push(format!(" AND ({time}, CAST({key} AS BLOB)) < ("));
            query.push_bind(start.at.as_millis()).push(", ").push_bind(start.key).push(")");
        }
        query.push(format!(" ORDER BY {time} DESC, CAST({key} AS BLOB) DESC LIMIT ")).push_bind(page.rows() + 1);
        let mut rows = Vec::new();
        for row in query.build().fetch_all(pool).await.map_err(failed)? {
            let at = Timestamp::from_millis(row.try_get(0).map_err(failed)?);
            let key: Vec<u8> = row.try_get(1).map_err(failed)?;
            let document: &str = row.try_get(2).map_err(failed)?;
            rows.push((Keyset::new(at, key), read(table, document)?));
        }
        Ok(Page::cut(rows, page.rows(), *kind))
    }
}
