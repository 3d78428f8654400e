//! The binary `fanfare`: configuration, wiring, supervision and subcommands. The one place that knows both the services and
//! the adapters.

mod admin;
mod cli;
mod clients;
mod commands;
mod demo;
mod keys;
mod measured;
mod metrics;
#[cfg(test)]
mod moved_clock;
mod ports;
mod profiles;
mod readiness;
mod services;
mod settings;
mod supervisor;
mod tls;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

/// The exit code for missing or wrong configuration.
const WRONG_CONFIGURATION: u8 = 2;

/// Why the program ended early.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The settings are wrong; the message says which and what to do.
    #[error(transparent)]
    Settings(#[from] settings::SettingsError),
    /// Something else went wrong.
    #[error("{context}")]
    Run {
        /// What was being done.
        context: String,
        /// What went wrong.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl Failure {
    fn run(context: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Run { context: context.into(), source: source.into() }
    }
}

/// Runs the program as its arguments and environment say.
#[must_use]
pub fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    // All of our TLS is rustls with ring; a provider can be installed once only, and this is the first time.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(&Failure::run("cannot start", error)),
    };
    let outcome = runtime.block_on(commands::run(cli));
    // What still runs in the background has had its time to end.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

fn report(failure: &Failure) -> ExitCode {
    match failure {
        // Its message says everything already.
        Failure::Settings(error) => {
            eprintln!("fanfare: {}", error.to_string().trim_end());
            ExitCode::from(WRONG_CONFIGURATION)
        }
        Failure::Run { .. } => {
            let causes = std::iter::successors(Error::source(failure), |cause| (*cause).source());
            let message: Vec<_> = std::iter::once(failure.to_string()).chain(causes.map(ToString::to_string)).collect();
            eprintln!("fanfare: {}", message.join(": "));
            ExitCode::FAILURE
        }
    }
}
