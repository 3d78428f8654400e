//! gRPC for publishers: takes events in, over the one intake that REST uses too.

mod answer;
mod config;
mod gathered;
mod health;
mod publisher;
mod request;
mod service;
mod stream;

pub use self::config::{Config, Tls};
pub use self::service::{Ingest, IngestError};
