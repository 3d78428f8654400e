//! The REST service: configuration, what happened, and what is done by hand. It owns the store's configuration and tells
//! the directory of each change.

mod api_keys;
mod audit;
mod auth;
mod body;
mod changes;
mod config;
mod context;
mod deliveries;
mod erasing;
mod event_types;
mod events;
mod guard;
mod guides;
mod live;
mod openapi;
mod path;
mod portal_links;
mod problem;
mod profiles;
mod query;
mod replays;
mod reserved;
mod service;
mod serving;
mod sessions;
mod shown;
mod stats;
mod subjects;
mod tenants;
mod trace;
mod webhooks;

pub use self::config::Config;
pub use self::openapi::openapi;
pub use self::service::{Api, ApiError, Dependencies};
pub use self::sessions::make_sign_in_link;
