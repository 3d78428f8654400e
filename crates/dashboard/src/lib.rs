//! The web application for people: `/dashboard/` for those who sign in with a key, `/portal/` for a tenant's own people. It is a
//! client of the REST interface like any other; this crate holds it and serves its files.
//!
//! `web/` is the application, `web/dist` what is built of it (`make dashboard`). A build without it serves a page that says so.

mod brand;
mod config;
mod document;
mod files;
mod policy;
mod serving;

pub use self::brand::DashboardError;
pub use self::config::Config;
pub use self::serving::router;
