//! A private postgres server.
