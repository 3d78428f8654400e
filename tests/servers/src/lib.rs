//! Private servers for tests: each is started on a free port with its own data, and stopped when it is dropped. Servers that
//! already run on the machine are never touched.

pub mod collector;
pub mod nats;
pub mod postgres;
pub mod redis;

mod port;
mod process;

pub use self::port::free_port;
pub use self::process::{Server, ServerError, binary};
