//! What people watch the system with: dashboards, alert rules and runbooks name only what there is, and belong together. That the
//! list of figures is right is seen where a known load runs (`scenarios`, `measuring`).

mod alerts;
mod dashboards;
mod queries;
mod runbooks;

use std::path::{Path, PathBuf};

/// The folder of what is deployed.
fn deploy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(name)
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
