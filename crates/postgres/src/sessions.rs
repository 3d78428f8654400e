//! Sessions, and links that open one.

use async_trait::async_trait;
use fanfare_domain::ids::TenantNumber;
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::{Grant, Link, PassHash, Session, Sessions, StoreError};
use serde::Serialize;

use crate::connection::PostgresStore;
use crate::failure::failure;
use crate::rows::{document, read_document, tenant_column};

impl PostgresStore {
    async fn put_pass(
        &self,
        hash: &PassHash,
        link: bool,
        grant: &Grant,
        expires_at: Timestamp,
        pass: &(impl Serialize + Sync),
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO passes (hash, link, portal_of, expires_at, document) VALUES ($1, $2, $3, $4, $5)")
            .bind(hash.as_slice())
            .bind(link)
            .bind(grant.portal_of().map(tenant_column))
            .bind(expires_at.as_millis())
            .bind(document(pass)?)
            .execute(&self.pool)
            .await
            .map_err(failure)?;
        Ok(())
    }
}

#[async_trait]
impl Sessions for PostgresStore {
    async fn put_link(&self, hash: &PassHash, link: &Link) -> Result<(), StoreError> {
        self.put_pass(hash, true, &link.grant, link.expires_at, link).await
    }

    async fn take_link(&self, hash: &PassHash, now: Timestamp) -> Result<Option<Link>, StoreError> {
        let text: Option<String> =
            sqlx::query_scalar("DELETE FROM passes WHERE hash = $1 AND link AND expires_at > $2 RETURNING document")
                .bind(hash.as_slice())
                .bind(now.as_millis())
                .fetch_optional(&self.pool)
                .await
                .map_err(failure)?;
        text.map(|text| read_document("link", &text)).transpose()
    }

    async fn put_session(&self, hash: &PassHash, session: &Session) -> Result<(), StoreError> {
        self.put_pass(hash, false, &session.grant, session.expires_at, session).await
    }

    async fn session(&self, hash: &PassHash, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let text: Option<String> =
            sqlx::query_scalar("SELECT document FROM passes WHERE hash = $1 AND NOT link AND expires_at > $2")
                .bind(hash.as_slice())
                .bind(now.as_millis())
                .fetch_optional(&self.pool)
                .await
                .map_err(failure)?;
        text.map(|text| read_document("session", &text)).transpose()
    }

    async fn end_session(&self, hash: &PassHash) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM passes WHERE hash = $1 AND NOT link")
            .bind(hash.as_slice())
            .execute(&self.pool)
            .await
            .map_err(failure)?;
        Ok(())
    }

    async fn end_portal(&self, tenant: TenantNumber) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM passes WHERE portal_of = $1")
            .bind(tenant_column(tenant))
            .execute(&self.pool)
            .await
            .map_err(failure)?;
        Ok(())
    }

    async fn forget_expired(&self, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM passes WHERE expires_at <= $1")
            .bind(now.as_millis())
            .execute(&self.pool)
            .await
            .map_err(failure)?;
        Ok(())
    }
}
