//! What Postgres' errors mean to callers.

use fanfare_ports::store::StoreError;

/// The error for the caller: whether to try again, to migrate, or to look at a row.
pub(crate) fn failure(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(refusal) => match refusal.code().as_deref() {
            // Undefined tables and columns, missing rights, no such database, no such schema.
            Some(code) if code.starts_with("42") || code == "3D000" || code == "3F000" => {
                StoreError::NotSetUp(refusal.message().to_owned())
            }
            _ => StoreError::Unavailable(Box::new(error)),
        },
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. }
        | sqlx::Error::TypeNotFound { .. } => StoreError::Damaged(error.to_string()),
        _ => StoreError::Unavailable(Box::new(error)),
    }
}

/// Why something was refused for what it is, so that trying it again would not help; `None` for all other errors.
pub(crate) fn refusal_of_content(error: &sqlx::Error) -> Option<String> {
    match error {
        sqlx::Error::Encode(why) => Some(why.to_string()),
        sqlx::Error::Database(refusal) => {
            let code = refusal.code()?;
            // Data exceptions, integrity constraints, limits of size, and what triggers raise.
            let of_content = ["22", "23", "54", "P0"].iter().any(|class| code.starts_with(class));
            of_content.then(|| format!("{code}: {}", refusal.message()))
        }
        _ => None,
    }
}
