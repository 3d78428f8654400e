//! What the published guides promise to those who call the management interface.

mod govalid;
mod qr3;
mod validas;

use serde_json::Value;

/// The names of an object's members.
fn members(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// A time in whole seconds, such as `2025-01-29T12:00:00Z`.
fn is_in_seconds(value: &Value) -> bool {
    value.as_str().is_some_and(|time| time.len() == 20 && time.ends_with('Z'))
}
