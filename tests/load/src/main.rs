//! The benchmark. `make bench` builds and starts it; `tests/load/README.md` says what it measures and how to read it.

mod book;
mod cases;
mod context;
mod disk;
mod figures;
mod machine;
mod meter;
mod parts;
mod payload;
mod progress;
mod publish;
mod random;
mod receive;
mod report;
mod run;
mod settings;
mod system;
mod wal;

use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::cases::Case;
use crate::context::Context;
use crate::progress::Progress;
use crate::report::Report;
use crate::settings::Settings;

/// As many threads as publish.
const PUBLISHERS: usize = 2;
/// What a shell says of a program that Ctrl-C has ended.
const INTERRUPTED: u8 = 130;
/// Runs of the parts where they are only measured to compare with.
const SHORT_RUNS: usize = 1;

fn main() -> ExitCode {
    let settings = Settings::parse();
    let receiving = runtime(receive::THREAD, 1);
    let publishing = runtime("publisher", PUBLISHERS);
    let context = Context::new(settings, receiving.handle().clone(), Progress::new());
    let code = publishing.block_on(async {
        tokio::select! {
            // What was started ends as this is dropped.
            () = interrupted() => ExitCode::from(INTERRUPTED),
            code = measure(context) => code,
        }
    });
    // A receiver may be waiting for a client that has gone.
    receiving.shutdown_background();
    code
}

fn runtime(name: &str, threads: usize) -> Runtime {
    let built = Builder::new_multi_thread().worker_threads(threads).thread_name(name).enable_all().build();
    built.expect("a runtime can be made")
}

async fn interrupted() {
    let listen = |kind| signal(kind).expect("signals can be listened to");
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt()), listen(SignalKind::terminate()));
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

async fn measure(mut context: Context) -> ExitCode {
    let mut report = Report::of(machine::describe(&context.settings));
    if machine::keeps_files_in_memory() {
        report.add_failure("TMPDIR", "is in memory, where syncing costs nothing: name a folder on a disk");
    }
    let cases = context.settings.chosen();
    if !cases.contains(&Case::Parts) {
        match parts::measure(&context, SHORT_RUNS).await {
            Ok(figures) => context.parts = figures.get("cpu_us"),
            Err(why) => report.add_failure("parts", &why),
        }
    }
    for case in cases {
        let name = case.name();
        if !case.is_for(context.settings.backend) {
            context.progress.say(&format!("{name:16} is not for this backend"));
            continue;
        }
        match case.measure(&mut context).await {
            Ok(figures) => report.add(name, figures),
            Err(why) => report.add_failure(&name, &why),
        }
        // After each case, so that what was measured is not lost with what was not.
        if let Some(path) = &context.settings.json
            && let Err(error) = report.write(path)
        {
            report.add_failure(&path.display().to_string(), &error.to_string());
        }
    }
    println!("{}", report.to_text());
    if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
