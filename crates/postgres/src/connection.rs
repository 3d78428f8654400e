//! Connections, and the schema that they must find.

use std::str::FromStr;

use fanfare_ports::store::StoreError;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};

use crate::failure::failure;
use crate::settings::PostgresSettings;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// The store in Postgres: every port of [`fanfare_ports::store`]. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    pub(crate) pool: PgPool,
}

/// Why there is no store to work with.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The URL in the settings is none of Postgres. Its text is not repeated, since it may hold a password.
    #[error("postgres url cannot be read")]
    Url(#[source] sqlx::Error),
    /// The store says what is the matter; [`StoreError::Unavailable`] may pass.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A migration failed or does not fit what is there.
    #[error("postgres schema cannot be brought up to date")]
    Migration(#[source] MigrateError),
}

/// Connects, and checks that the schema is there.
///
/// # Errors
/// [`SetupError::Url`]; [`StoreError::Unavailable`] if the server is away; [`StoreError::NotSetUp`] if the schema is missing or
/// older than this version needs.
pub async fn connect(settings: &PostgresSettings) -> Result<PostgresStore, SetupError> {
    let pool = PgPoolOptions::new()
        .max_connections(settings.max_connections.get())
        .acquire_timeout(settings.connect_timeout)
        .connect_lazy_with(options(settings)?);
    let store = PostgresStore { pool };
    store.check().await?;
    Ok(store)
}

/// Brings the schema up to date; it only goes forward. Safe beside the version before, whose queries go on working, and
/// beside other processes that do the same. A schema that a newer version made is left as it is.
///
/// # Errors
/// [`SetupError::Url`]; [`StoreError::Unavailable`] if the server is away; [`SetupError::Migration`].
pub async fn migrate(settings: &PostgresSettings) -> Result<(), SetupError> {
    // Outside the pool, and without the limit on a statement's time: making an index may take longer.
    let options = base_options(settings)?;
    let mut connection = tokio::time::timeout(settings.connect_timeout, PgConnection::connect_with(&options))
        .await
        .map_err(|elapsed| StoreError::Unavailable(Box::new(elapsed)))?
        .map_err(failure)?;
    let mut migrations = Migrator::with_migrations(MIGRATIONS.iter().cloned().collect());
    migrations.set_ignore_missing(true);
    migrations.run(&mut connection).await.map_err(SetupError::Migration)?;
    // All is done; a failed goodbye ends the session too.
    let _ = connection.close().await;
    Ok(())
}

fn base_options(settings: &PostgresSettings) -> Result<PgConnectOptions, SetupError> {
    // The driver would take any other scheme for its own.
    if !["postgres://", "postgresql://"].iter().any(|scheme| settings.url.starts_with(scheme)) {
        return Err(SetupError::Url(sqlx::Error::Configuration("it begins with postgres://".into())));
    }
    let options = PgConnectOptions::from_str(&settings.url).map_err(SetupError::Url)?;
    Ok(options.application_name("fanfare"))
}

fn options(settings: &PostgresSettings) -> Result<PgConnectOptions, SetupError> {
    let limit = settings.statement_timeout.as_millis().to_string();
    Ok(base_options(settings)?.options([("statement_timeout", limit)]))
}

impl PostgresStore {
    /// Asks the server for its schema's version.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it does not answer, [`StoreError::NotSetUp`] if the schema is missing or older than this
    /// version needs.
    pub async fn check(&self) -> Result<(), StoreError> {
        let newest: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success")
            .fetch_one(&self.pool)
            .await
            .map_err(failure)?;
        let needed = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
        match newest {
            Some(found) if found >= needed => Ok(()),
            found => Err(StoreError::NotSetUp(format!(
                "its schema has version {}, this program needs {needed}",
                found.unwrap_or(0)
            ))),
        }
    }
}
