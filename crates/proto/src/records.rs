//! The queue's records as bytes: a format byte, then the message of `proto/fanfare/records/v1/records.proto`.
//!
//! Readers take every format up to [`NEWEST_READ`], writers write [`WRITTEN`], which a release raises only after the one
//! before could read it. A record of a newer format is handed back, for a newer process.

mod delivery;
mod event;
mod journal;

use bytes::Bytes;
use prost::Message;

pub use self::delivery::{decode_delivery, encode_delivery};
pub use self::event::{decode_event, encode_event};
pub use self::journal::{decode_journal, encode_journal};

/// The format that is written.
pub const WRITTEN: u8 = 1;
/// The newest format that is read.
pub const NEWEST_READ: u8 = 1;

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A newer version wrote it: hand it back.
    #[error("record of unknown format {0}")]
    UnknownFormat(u8),
    /// It is not what a writer of its format writes; names the field.
    #[error("damaged record: {0}")]
    Damaged(String),
}

fn damaged(what: impl std::fmt::Display) -> RecordError {
    RecordError::Damaged(what.to_string())
}

fn encode(message: &impl Message) -> Bytes {
    let mut bytes = Vec::with_capacity(message.encoded_len() + 1);
    bytes.push(WRITTEN);
    // A vector grows, so there is always room.
    let _ = message.encode(&mut bytes);
    bytes.into()
}

fn decode<M: Message + Default>(record: &Bytes) -> Result<M, RecordError> {
    match record.first() {
        Some(1..=NEWEST_READ) => M::decode(record.slice(1..)).map_err(damaged),
        Some(format) => Err(RecordError::UnknownFormat(*format)),
        None => Err(damaged("empty")),
    }
}

/// The 16 bytes of an id; the name is for the error.
fn id_bytes(name: &str, bytes: &[u8]) -> Result<[u8; 16], RecordError> {
    bytes.try_into().map_err(|_| damaged(format!("{name} has {} bytes instead of 16", bytes.len())))
}

/// Like [`id_bytes`], where no bytes mean none.
fn optional_id_bytes(name: &str, bytes: &[u8]) -> Result<Option<[u8; 16]>, RecordError> {
    if bytes.is_empty() { Ok(None) } else { id_bytes(name, bytes).map(Some) }
}
