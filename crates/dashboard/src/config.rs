//! What an operator may set.

use std::path::PathBuf;

use serde::Deserialize;

/// Settings of the dashboard, from `[dashboard]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What people see it called.
    pub name: String,
    /// A picture that is shown beside the name: SVG, PNG, JPEG or WebP.
    pub logo: Option<PathBuf>,
    /// The colour of buttons and links, such as `"#4c6ef5"`.
    pub accent: Option<String>,
    /// Origins whose pages may embed tenants' portals, such as `"https://app.example.com"`.
    pub frame_origins: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self { name: "Fanfare".to_owned(), logo: None, accent: None, frame_origins: Vec::new() }
    }
}
