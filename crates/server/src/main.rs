//! The binary `fanfare`.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Records, headers and futures of some hundred bytes come and go all the time, mostly on another thread than the one that made
/// them: this takes 3 to 7 µs of CPU a delivery less than the C library's does, for 20 to 40 MiB more in each process.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    fanfare_server::main()
}
