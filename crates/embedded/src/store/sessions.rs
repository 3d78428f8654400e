//! Sessions, and links that open one.

use async_trait::async_trait;
use fanfare_domain::ids::TenantNumber;
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::{Grant, Link, PassHash, Session, Sessions, StoreError};
use serde::Serialize;
use sqlx::{query, query_scalar};

use super::{SqliteStore, documents, failed};

impl SqliteStore {
    async fn put_pass(
        &self,
        hash: &PassHash,
        link: bool,
        grant: &Grant,
        expires_at: Timestamp,
        pass: &(impl Serialize + Sync),
    ) -> Result<(), StoreError> {
        let (hash, document) = (hash.to_vec(), documents::text(pass)?);
        let (portal_of, expires_at) = (grant.portal_of().map(|tenant| i64::from(tenant.get())), expires_at.as_millis());
        self.database
            .write(move |db| {
                Box::pin(async move {
                    query("INSERT INTO passes (hash, link, portal_of, expires_at, document) VALUES (?, ?, ?, ?, ?)")
                        .bind(hash)
                        .bind(link)
                        .bind(portal_of)
                        .bind(expires_at)
                        .bind(document)
                        .execute(db)
                        .await
                        .map_err(failed)?;
                    Ok(())
                })
            })
            .await
    }
}

#[async_trait]
impl Sessions for SqliteStore {
    async fn put_link(&self, hash: &PassHash, link: &Link) -> Result<(), StoreError> {
        self.put_pass(hash, true, &link.grant, link.expires_at, link).await
    }

    async fn take_link(&self, hash: &PassHash, now: Timestamp) -> Result<Option<Link>, StoreError> {
        let (hash, now) = (hash.to_vec(), now.as_millis());
        self.database
            .write(move |db| {
                Box::pin(async move {
                    let text: Option<String> = query_scalar(
                        "DELETE FROM passes WHERE hash = ? AND link = 1 AND expires_at > ? RETURNING document",
                    )
                    .bind(hash)
                    .bind(now)
                    .fetch_optional(db)
                    .await
                    .map_err(failed)?;
                    text.map(|text| documents::read("passes", &text)).transpose()
                })
            })
            .await
    }

    async fn put_session(&self, hash: &PassHash, session: &Session) -> Result<(), StoreError> {
        self.put_pass(hash, false, &session.grant, session.expires_at, session).await
    }

    async fn session(&self, hash: &PassHash, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let text: Option<String> =
            query_scalar("SELECT document FROM passes WHERE hash = ? AND link = 0 AND expires_at > ?")
                .bind(hash.to_vec())
                .bind(now.as_millis())
                .fetch_optional(self.database.read())
                .await
                .map_err(failed)?;
        text.map(|text| documents::read("passes", &text)).transpose()
    }

    async fn end_session(&self, hash: &PassHash) -> Result<(), StoreError> {
        let hash = hash.to_vec();
        self.database
            .write(move |db| {
                Box::pin(async move {
                    query("DELETE FROM passes WHERE hash = ? AND link = 0")
                        .bind(hash)
                        .execute(db)
                        .await
                        .map_err(failed)?;
                    Ok(())
                })
            })
            .await
    }

    async fn end_portal(&self, tenant: TenantNumber) -> Result<(), StoreError> {
        let tenant = i64::from(tenant.get());
        self.database
            .write(move |db| {
                Box::pin(async move {
                    query("DELETE FROM passes WHERE portal_of = ?").bind(tenant).execute(db).await.map_err(failed)?;
                    Ok(())
                })
            })
            .await
    }

    async fn forget_expired(&self, now: Timestamp) -> Result<(), StoreError> {
        let now = now.as_millis();
        self.database
            .write(move |db| {
                Box::pin(async move {
                    query("DELETE FROM passes WHERE expires_at <= ?").bind(now).execute(db).await.map_err(failed)?;
                    Ok(())
                })
            })
            .await
    }
}
