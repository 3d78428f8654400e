//! Arguments. A flag beats an environment variable, which beats the configuration file.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::services::Service;

/// Delivers webhooks: takes events over gRPC, fans them out, signs, posts, retries, and accounts for every delivery.
#[derive(Debug, Parser)]
#[command(name = "fanfare", version, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) flags: Flags,
}

/// Settings that can be given as flags.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Flags {
    /// A TOML file with settings.
    #[arg(long, global = true, value_name = "FILE", env = "FANFARE_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Where REST is served [default: 127.0.0.1:8080].
    #[arg(long, global = true, value_name = "ADDR", env = "FANFARE_HTTP_ADDR")]
    pub(crate) http_addr: Option<SocketAddr>,
    /// Where gRPC is served [default: 127.0.0.1:8081].
    #[arg(long, global = true, value_name = "ADDR", env = "FANFARE_GRPC_ADDR")]
    pub(crate) grpc_addr: Option<SocketAddr>,
    /// Where health, readiness, metrics and the log level are served [default: 127.0.0.1:8082].
    #[arg(long, global = true, value_name = "ADDR", env = "FANFARE_ADMIN_ADDR")]
    pub(crate) admin_addr: Option<SocketAddr>,
    /// Where standalone keeps everything [default: ./fanfare-data].
    #[arg(long, global = true, value_name = "DIR", env = "FANFARE_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Every service in one process, on embedded storage.
    Standalone {
        /// Also start a receiver, publish one event to it and show its delivery.
        #[arg(long)]
        demo: bool,
    },
    /// Takes events over gRPC.
    Ingest,
    /// Finds the webhooks that each event is for.
    Router,
    /// Posts to receivers.
    Worker,
    /// Brings up what is due again.
    Scheduler,
    /// Writes down what happened.
    Logs,
    /// Serves REST.
    Api,
    /// Prepares Postgres and the streams; safe to repeat, and beside the version before.
    Migrate,
    /// Publishes an event to a receiver of its own on the running system and shows its delivery.
    Demo,
    /// Prints the description of the REST interface.
    Openapi,
    /// Profiles: the rules that webhooks are delivered under.
    #[command(subcommand)]
    Profiles(ProfilesCommand),
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ProfilesCommand {
    /// Names the built-in profiles and those of the configuration file.
    List,
    /// Prints a profile's description, to start one's own from, and a request that a receiver gets under it.
    Show {
        /// Its name.
        name: String,
    },
    /// Checks descriptions of profiles and prints a request that a receiver gets under each.
    Check {
        /// A TOML file with what would stand under [profiles.NAME] in the configuration file, or that file itself.
        file: PathBuf,
    },
}

impl Command {
    /// The service that this runs by itself.
    pub(crate) const fn service(&self) -> Option<Service> {
        match self {
            Self::Ingest => Some(Service::Ingest),
            Self::Router => Some(Service::Router),
            Self::Worker => Some(Service::Worker),
            Self::Scheduler => Some(Service::Scheduler),
            Self::Logs => Some(Service::Logs),
            Self::Api => Some(Service::Api),
            Self::Standalone { .. } | Self::Migrate | Self::Demo | Self::Openapi | Self::Profiles(_) => None,
        }
    }
}
