//! What whoever starts the benchmark chooses.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use fanfare_cluster::Family;

use crate::cases::Case;

/// Measures Fanfare as `tests/load/README.md` says. `FANFARE_BIN` names the binary.
#[derive(Clone, Debug, Parser)]
pub(crate) struct Settings {
    /// Cases to run, separated by commas; all, if none is named.
    #[arg(long, env = "CASES", value_delimiter = ',', value_enum)]
    pub(crate) cases: Vec<Case>,
    /// What the system stands on.
    #[arg(long, env = "BACKEND", value_enum, default_value = "distributed")]
    pub(crate) backend: Backend,
    /// Where the figures go as JSON.
    #[arg(long, env = "JSON")]
    pub(crate) json: Option<PathBuf>,
    /// How often each case is run; the figures are the medians.
    #[arg(long, env = "RUNS", default_value = "3")]
    pub(crate) runs: NonZeroUsize,
    /// What numbers of events and lengths of time are multiplied with, for a quick look.
    #[arg(long, env = "SCALE", default_value = "1", value_parser = positive)]
    pub(crate) scale: f64,
    /// Events a second of `paced` and `hanging`, in place of half of what `fanout1` managed.
    #[arg(long, env = "RATE")]
    pub(crate) rate: Option<NonZeroU32>,
    /// A file with further lines for the services' configuration.
    #[arg(long, env = "CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

/// What the system stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    /// One process a service, on NATS, Redis and Postgres.
    Distributed,
    /// One process on embedded storage.
    Standalone,
}

impl Backend {
    pub(crate) const fn family(self) -> Family {
        match self {
            Self::Distributed => Family::Distributed,
            Self::Standalone => Family::Embedded,
        }
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("must be a number above 0".to_owned()),
    }
}

impl Settings {
    /// The chosen cases, in the order in which they run.
    pub(crate) fn chosen(&self) -> Vec<Case> {
        Case::value_variants()
            .iter()
            .copied()
            .filter(|case| self.cases.is_empty() || self.cases.contains(case))
            .collect()
    }

    /// `count` at this scale, and at least `least`.
    pub(crate) fn scaled(&self, count: usize, least: usize) -> usize {
        // What is cut off does not matter: the numbers are round, and far below 2^53.
        ((count as f64 * self.scale).round() as usize).max(least)
    }

    /// `seconds` at this scale, and at least `least`.
    pub(crate) fn seconds(&self, seconds: usize, least: usize) -> usize {
        self.scaled(seconds, least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(arguments: &[&str]) -> Settings {
        Settings::try_parse_from(["load"].iter().chain(arguments)).expect("valid")
    }

    #[test]
    fn all_cases_run_unless_some_are_named_and_the_parts_come_first() {
        assert_eq!(settings(&[]).chosen().len(), Case::value_variants().len());
        assert_eq!(settings(&["--cases", "fanout1,parts"]).chosen(), [Case::Parts, Case::Fanout1]);
        Settings::try_parse_from(["load", "--cases", "fanout2"]).expect_err("no such case");
    }

    #[test]
    fn a_scale_shrinks_what_is_measured_but_not_to_nothing() {
        assert_eq!(settings(&["--scale", "0.1"]).scaled(100_000, 1_000), 10_000);
        assert_eq!(settings(&["--scale", "0.001"]).scaled(100_000, 1_000), 1_000);
        Settings::try_parse_from(["load", "--scale", "0"]).expect_err("nothing to measure");
    }
}
