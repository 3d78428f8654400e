//! A journey: a script that drives a browser through the dashboard of a running system.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use fanfare_cluster::{Cluster, node};
use fanfare_servers::binary;
use tokio::process::Command;

/// Longest time that a journey takes, with room for a busy machine.
const LIMIT: Duration = Duration::from_secs(240);

/// A script of `journeys/`, and what it is told by its environment.
#[derive(Debug)]
pub(crate) struct Journey {
    name: &'static str,
    environment: Vec<(&'static str, String)>,
}

impl Journey {
    /// The journey `journeys/<name>.mjs` through this system, with the operator's key.
    pub(crate) fn through(cluster: &Cluster, name: &'static str) -> Self {
        let journey = Self { name, environment: Vec::new() };
        journey.with("BASE_URL", cluster.rest.base()).with("OPERATOR_KEY", cluster.operator_key())
    }

    /// The same, told one thing more.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    /// Travels it; what it prints is printed.
    ///
    /// # Panics
    /// If it fails, or takes too long.
    pub(crate) async fn travel(self) {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let printed = folder.path().join("printed.txt");
        let ended = tokio::time::timeout(LIMIT, self.command(&printed).status()).await;

        let text = std::fs::read_to_string(&printed).expect("it was written");
        println!("{text}");
        match ended {
            Err(_) => panic!("the journey {} was not at its end within {LIMIT:?}", self.name),
            Ok(status) => {
                let status = status.expect("Node starts");
                assert!(status.success(), "the journey {} failed ({status}): what it printed says why", self.name);
            }
        }
    }

    fn command(&self, printed: &Path) -> Command {
        let (program, packages) = node();
        let chromium = binary("CHROMIUM", "chromium").unwrap_or_else(|error| panic!("{error}"));
        let output = std::fs::File::create(printed).expect("a file can be made");
        let errors = output.try_clone().expect("a file can be shared");

        let mut command = Command::new(program);
        command.arg(script(self.name)).env("CHROMIUM", chromium);
        command.envs(self.environment.iter().map(|(name, value)| (*name, value)));
        if let Some(packages) = packages {
            command.env("NODE_PATH", packages);
        }
        // When it is killed, its browser loses the pipe that it is told what to do through, and ends too.
        command.stdin(Stdio::null()).stdout(output).stderr(errors).kill_on_drop(true);
        command
    }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("journeys").join(name).with_extension("mjs")
}
