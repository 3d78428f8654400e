//! What Fanfare is about, without how it is done: events, webhooks, deliveries, attempts, and the rules
//! that hold for them. Everything here is pure: no clock, no network, no disk, no randomness of its own.

pub mod attempt;
pub mod delivery;
pub mod event;
pub mod event_type;
pub mod header_list;
pub mod health;
pub mod ids;
pub mod journal;
pub mod json;
pub mod profile;
pub mod render;
pub mod retry;
pub mod sealed;
pub mod signature;
pub mod target;
pub mod tenant;
pub mod time;
pub mod webhook;
