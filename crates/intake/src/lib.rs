//! What must be true of an event before it is accepted, and accepting it: the one way into the system, which gRPC, REST
//! and what Fanfare tells operators share.

mod accepting;
mod announcing;
mod caller;
mod check;
mod config;
mod draft;
mod error;
mod issued;
mod key;
mod metrics;
mod quota;
mod schema;
mod storing;
mod trace;

pub use self::accepting::{Accepted, Intake};
pub use self::announcing::Announcer;
pub use self::caller::{AuthError, Caller};
pub use self::config::Config;
pub use self::draft::{Draft, Moment};
pub use self::error::{Code, IntakeError, Unavailability};
pub use self::issued::{Issued, Trial};
pub use self::key::{OperatorKey, bearer_token, hash_key, make_key};
pub use self::schema::{ExampleError, LARGEST_SCHEMA, SchemaError, check_example, check_schema};
pub use self::trace::trace_context;
