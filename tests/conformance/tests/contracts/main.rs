//! The vendors' published contracts, looked at from their readers' side: receivers and calls as the guides have them, run
//! against the real binary.

mod bodies;
mod json_text;
mod managing;
mod message;
mod payloads;
mod program;
mod readme;
mod receivers;
mod restringify;
mod rotating;
mod shapes;
mod verifying;
