//! How values lie in columns.

pub(crate) mod cursor;
pub(crate) mod delivery;
pub(crate) mod event;
pub(crate) mod text;

use fanfare_domain::ids::TenantNumber;
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::types::Uuid;

/// A tenant's number, in an integer's bits.
pub(crate) fn tenant_column(tenant: TenantNumber) -> i32 {
    tenant.get().cast_signed()
}

pub(crate) fn tenant_number(column: i32) -> TenantNumber {
    TenantNumber::new(column.cast_unsigned())
}

pub(crate) fn uuid(id: &[u8; 16]) -> Uuid {
    Uuid::from_bytes(*id)
}

pub(crate) fn time(column: Option<i64>) -> Option<Timestamp> {
    column.map(Timestamp::from_millis)
}

/// A column of many rows, of which often none has a value. Arrays that are taken apart side by side are filled up with NULL, so an
/// empty one says the same for less.
pub(crate) fn sparse<T>(values: impl Iterator<Item = Option<T>>) -> Vec<Option<T>> {
    let values: Vec<Option<T>> = values.collect();
    if values.iter().all(Option::is_none) { Vec::new() } else { values }
}

/// A document's text. JSON writes NUL as `\u0000`, which text can hold.
pub(crate) fn document(of: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(of).map_err(|error| StoreError::Damaged(format!("document cannot be written: {error}")))
}

/// Reads a document; `what` names the row.
pub(crate) fn read_document<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Damaged(format!("{what}: {error}")))
}

/// How many rows a page has, as far as they may be asked for; one more is read, to see whether there is a next page.
pub(crate) fn page_size(limit: u32) -> usize {
    limit.clamp(1, 200) as usize
}
