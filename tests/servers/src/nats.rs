//! A private `nats-server` with JetStream, which syncs each message to disk as production does.

use std::fs;

use tempfile::TempDir;

use crate::{Server, ServerError, binary, free_port};

/// A `nats-server`; `$NATS_SERVER` names its program, else it is looked for on the path.
#[derive(Debug)]
pub struct Nats {
    server: Server,
    port: u16,
    // Removed after the server, which is dropped first.
    _folder: TempDir,
}

impl Nats {
    /// Starts a server with nothing in it.
    ///
    /// # Errors
    /// [`ServerError`] if it is not installed or does not come up.
    pub fn start() -> Result<Self, ServerError> {
        // By itself it takes a part of what the disk has free for its limit, and tests would depend on that.
        Self::start_with("max_file_store: 64GB")
    }

    /// Starts a server whose `jetstream` block has further `settings`, such as `max_file_store: 64MB`.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(settings: &str) -> Result<Self, ServerError> {
        Self::start_configured(Some(settings), "")
    }

    /// Starts a server that lets in only who knows `user` and `password`.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_for(user: &str, password: &str) -> Result<Self, ServerError> {
        Self::start_configured(Some(""), &format!("authorization {{ user: \"{user}\", password: \"{password}\" }}\n"))
    }

    /// Starts a server without JetStream, whose part the test plays itself.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_without_jetstream() -> Result<Self, ServerError> {
        Self::start_configured(None, "")
    }

    fn start_configured(jetstream: Option<&str>, server: &str) -> Result<Self, ServerError> {
        let program = binary("NATS_SERVER", "nats-server")?;
        let folder = tempfile::tempdir().map_err(|error| ServerError::Failed(error.to_string()))?;
        let port = free_port();
        let configuration = folder.path().join("nats.conf");
        let store = folder.path().join("store");
        let jetstream = jetstream.map_or_else(String::new, |settings| {
            format!("jetstream {{\n  store_dir: \"{}\"\n  sync_interval: always\n  {settings}\n}}\n", store.display())
        });
        let text = format!("listen: \"127.0.0.1:{port}\"\nmax_payload: 1MB\n{server}{jetstream}");
        fs::write(&configuration, text).map_err(|error| ServerError::Failed(error.to_string()))?;
        let command = vec![program.into(), "-c".into(), configuration.into()];
        let server = Server::start(command, port, &folder.path().join("nats.log"))?;
        Ok(Self { server, port, _folder: folder })
    }

    /// Where clients connect.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Kills it at once (SIGKILL).
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(&mut self) {
        self.server.stop("-TERM");
    }

    /// Starts it again on the same port and data.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_again(&mut self) -> Result<(), ServerError> {
        self.server.start_again()
    }

    /// The process, to be sent signals.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }
}
