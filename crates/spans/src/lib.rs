//! The spans of traces: what each is called, what it says about itself, and how traces travel in headers and records.
//!
//! Names and attributes are those of OpenTelemetry's semantic conventions for
//! [messaging](https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/),
//! [RPC](https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/),
//! [HTTP](https://opentelemetry.io/docs/specs/semconv/http/http-spans/) and
//! [databases](https://opentelemetry.io/docs/specs/semconv/database/database-spans/); our own begin with `fanfare.`. No span says what an
//! event holds, nor where in its URL a webhook points to, which may be a secret.
//!
//! ```text
//! publisher's span
//! └ fanfare.v1.Publisher/Publish     ingest, for a call that ends with its answer; a stream has none
//!   └ send events                    ingest or api: in the event's record from here on
//!     └ process events               router: in the delivery's record, if the event goes to few webhooks
//!       └ process deliveries         worker, first attempt
//!         └ POST                     in the request's header
//! process deliveries                 worker, any other attempt: a trace of its own that is linked to `send events`
//! └ POST
//! process journal                    logs: a batch, of many events
//! └ record                           what is asked of a database, within any of these and of the api's requests
//! ```
//!
//! Where no traces are wanted, nothing enables [`TARGET`], and making a span comes to looking at a flag.

mod calls;
mod messaging;
mod propagation;

pub use self::calls::{answer_call, answer_http, ask_database, post, posted, serve_call, serve_http};
pub use self::messaging::{FEW, fail, fanned_out, process_delivery, process_event, process_journal, send_event};
pub use self::propagation::carried;

/// The target of all spans here, and of those of the adapters.
pub const TARGET: &str = "fanfare::span";
