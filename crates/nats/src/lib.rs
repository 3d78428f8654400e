//! [`Queue`](fanfare_ports::queue::Queue) and [`Directory`](fanfare_ports::directory::Directory) on NATS JetStream.
//!
//! A message of a stream is a pack of records. [`migrate`] alone makes streams, consumers and the bucket; what runs expects
//! them to be there, and says so if they are not.

mod api;
mod connection;
mod directory;
mod migrate;
mod names;
mod queue;
mod settings;
mod storing;

pub use self::connection::{ConnectError, Nats, connect};
pub use self::directory::NatsDirectory;
pub use self::migrate::{MigrateError, migrate};
pub use self::queue::NatsQueue;
pub use self::settings::{NatsSettings, StreamBytes};
