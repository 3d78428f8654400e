//! The binary `fanfare`.

use std::process::ExitCode;

fn main() -> ExitCode {
    fanfare_server::main()
}
