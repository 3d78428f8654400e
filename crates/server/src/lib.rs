//! The binary `fanfare`: configuration, wiring, supervision and subcommands. The one place that knows both the services and
//! the adapters.

mod admin;
mod cli;
mod clients;
mod commands;
mod demo;
mod keys;
mod ports;
mod readiness;
mod services;
mod settings;
mod supervisor;
mod tls;

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
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Failure {
    fn run(context: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
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
    let mut message = format!("fanfare: {failure}");
    let mut source = std::error::Error::source(failure);
    while let Some(cause) = source {
        message.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    eprintln!("{message}");
    match failure {
        Failure::Settings(_) => ExitCode::from(WRONG_CONFIGURATION),
        Failure::Run { .. } => ExitCode::FAILURE,
    }
}
