//! Asking Helm and the schemas of Kubernetes, which Python packages bring.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fanfare_cluster::python;
use serde_json::{Value, json};

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).expect("the package lies in the repository").to_owned()
}

/// The text of a file of the repository.
pub(crate) fn text(path: &str) -> String {
    let path = repository().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The one document of a YAML file of the repository.
pub(crate) fn yaml(path: &str) -> Value {
    ask(json!({ "yaml": repository().join(path) }))["documents"][0].take()
}

/// What `charts.py` answers to one request.
pub(crate) fn ask(request: Value) -> Value {
    ask_all(vec![request]).swap_remove(0)
}

/// What `charts.py` answers to each request: loading Helm takes longer than most answers.
pub(crate) fn ask_all(requests: Vec<Value>) -> Vec<Value> {
    let mut asked = Command::new(python())
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("charts.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut input = asked.stdin.take().expect("piped");
    input.write_all(Value::Array(requests).to_string().as_bytes()).expect("it reads what it is asked");
    drop(input);
    let answer = asked.wait_with_output().expect("it ends");
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    serde_json::from_slice(&answer.stdout).expect("it answers in JSON")
}
