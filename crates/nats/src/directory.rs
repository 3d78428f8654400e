//! The directory: a bucket with one entry a key, each the JSON of its content.

mod keys;
mod watching;

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::kv;
use async_trait::async_trait;
use bytes::Bytes;
use fanfare_ports::directory::{Directory, DirectoryError, Entry, EntryKey, Notice, Write};
use futures::stream::BoxStream;

use crate::api::{self, ApiError, Which};
use crate::connection::Link;
use crate::names::{BUCKET, BUCKET_STREAM, BUCKET_SUBJECT};
use crate::storing::Outgoing;

/// How long a change may take to be in force in every process.
const FRESHNESS: Duration = Duration::from_secs(1);
/// Marks a message as the end of its key's entry, in the way of NATS' key-value buckets.
const OPERATION: &str = "KV-Operation";
const DELETED: &str = "DEL";
const WRITTEN: &str = "PUT";

/// The directory of a process.
#[derive(Clone, Debug)]
pub struct NatsDirectory {
    link: Link,
}

impl NatsDirectory {
    pub(crate) fn over(link: Link) -> Self {
        Self { link }
    }

    async fn write_one(&self, write: &Write) -> Result<(), DirectoryError> {
        let mut headers = HeaderMap::new();
        let payload = match &write.entry {
            Some(entry) => serde_json::to_vec(entry).map_err(|error| DirectoryError::Unavailable(error.into()))?.into(),
            None => {
                headers.insert(OPERATION, DELETED);
                Bytes::new()
            }
        };
        let subject = format!("{BUCKET_SUBJECT}{}", keys::encode(&write.key));
        let outgoing = Outgoing { stream: BUCKET_STREAM, subject, headers, payload };
        match self.link.store(&outgoing).await {
            Ok(_) => Ok(()),
            Err(error) => Err(DirectoryError::Unavailable(error.into())),
        }
    }

    async fn bucket(&self) -> Result<kv::Store, DirectoryError> {
        match tokio::time::timeout(api::ANSWER_LIMIT, self.link.context.get_key_value(BUCKET)).await {
            Ok(bucket) => bucket.map_err(|error| DirectoryError::Unavailable(error.into())),
            Err(late) => Err(DirectoryError::Unavailable(late.into())),
        }
    }
}

impl From<ApiError> for DirectoryError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Missing(_) => Self::NotSetUp(format!("bucket {BUCKET} is missing")),
            other => Self::Unavailable(other.into()),
        }
    }
}

#[async_trait]
impl Directory for NatsDirectory {
    async fn write(&self, writes: &[Write]) -> Result<(), DirectoryError> {
        // One after the other: what follows a write that failed must not be stored before it.
        for write in writes {
            self.write_one(write).await?;
        }
        Ok(())
    }

    async fn watch(&self) -> Result<BoxStream<'static, Result<Notice, DirectoryError>>, DirectoryError> {
        let state = api::stream_info(&self.link.context, BUCKET_STREAM).await?.state;
        let bucket = self.bucket().await?;
        let watching = tokio::time::timeout(api::ANSWER_LIMIT, bucket.watch_with_history(">")).await;
        match watching {
            Ok(Ok(entries)) => Ok(watching::notices(self.link.clone(), entries, &state)),
            Ok(Err(error)) => Err(DirectoryError::Unavailable(error.into())),
            Err(late) => Err(DirectoryError::Unavailable(late.into())),
        }
    }

    async fn get(&self, key: &EntryKey) -> Result<Option<Entry>, DirectoryError> {
        let subject = format!("{BUCKET_SUBJECT}{}", keys::encode(key));
        let Some(message) = api::message(&self.link.context, BUCKET_STREAM, Which::LastOn(&subject)).await? else {
            return Ok(None);
        };
        if message.headers.get(OPERATION).is_some_and(|operation| operation.as_str() != WRITTEN) {
            return Ok(None);
        }
        let entry =
            serde_json::from_slice(&message.payload).map_err(|error| DirectoryError::Unavailable(error.into()))?;
        Ok(Some(entry))
    }

    async fn revision(&self) -> Result<u64, DirectoryError> {
        Ok(api::stream_info(&self.link.context, BUCKET_STREAM).await?.state.last_seq)
    }

    fn freshness(&self) -> Duration {
        FRESHNESS
    }
}
