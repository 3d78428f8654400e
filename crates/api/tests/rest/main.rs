//! The REST service over real sockets, on the embedded ports.

mod access;
mod bad_input;
mod connections;
mod deliveries;
mod event_types;
mod events;
mod guides;
mod harness;
mod replays;
mod routes;
mod secrecy;
mod sessions;
mod stats;
mod tenants;
mod webhooks;
