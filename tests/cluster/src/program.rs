//! Where the programs are that tests run.

use std::env;
use std::path::PathBuf;

use fanfare_servers::binary;

/// The binary under test: `$FANFARE_BIN`, else the one that was built beside the running test.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment which binary to test")]
pub fn fanfare() -> PathBuf {
    if let Some(path) = env::var_os("FANFARE_BIN").filter(|path| !path.is_empty()) {
        return path.into();
    }
    let test = env::current_exe().expect("a process knows its program");
    test.ancestors()
        .map(|folder| folder.join("fanfare"))
        .find(|path| path.is_file())
        .expect("the binary is built: run `cargo build -p fanfare-server`, or name it with FANFARE_BIN")
}

/// The Python that has the packages of `tests/requirements.txt`.
#[must_use]
pub fn python() -> PathBuf {
    binary("PYTHON", "python3").expect("Python 3 is installed")
}

/// Node, and the folder of its packages where one is set.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment where Node's packages are")]
pub fn node() -> (PathBuf, Option<std::ffi::OsString>) {
    (binary("NODE", "node").expect("Node is installed"), env::var_os("NODE_PATH"))
}
