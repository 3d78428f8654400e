//! Programs in other languages that are told what to do line by line.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use fanfare_cluster::{node, python};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// A running program. It ends when it is dropped: its input does, and it is killed.
pub(crate) struct Program {
    path: PathBuf,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Program {
    /// Runs the script at this path of the package, in the language that its ending names.
    pub(crate) fn start(path: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let mut command = match path.extension().and_then(|ending| ending.to_str()) {
            Some("py") => in_python(),
            Some("js") => in_node(),
            other => panic!("no language for {other:?}"),
        };
        command.arg(&path).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{} does not start: {error}", path.display()));
        let input = child.stdin.take().expect("piped");
        let output = BufReader::new(child.stdout.take().expect("piped")).lines();
        Self { path, input, output, _child: child }
    }

    /// Gives it a line.
    pub(crate) async fn tell(&mut self, line: &str) {
        let written = self.input.write_all(format!("{line}\n").as_bytes()).await;
        written.unwrap_or_else(|error| panic!("{} reads no more: {error}", self.path.display()));
    }

    /// The next line that it prints.
    pub(crate) async fn line(&mut self) -> String {
        let line = self.output.next_line().await.expect("it prints text");
        line.unwrap_or_else(|| panic!("{} has ended", self.path.display()))
    }
}

fn in_python() -> Command {
    let mut command = Command::new(python());
    // Where `serving` is.
    command.env("PYTHONPATH", Path::new(env!("CARGO_MANIFEST_DIR")).join("receivers"));
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn in_node() -> Command {
    let (program, packages) = node();
    let mut command = Command::new(program);
    if let Some(packages) = packages {
        command.env("NODE_PATH", packages);
    }
    command
}
