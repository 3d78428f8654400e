//! A server's process and how it is started, stopped and killed.

use std::env;
use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const START_LIMIT: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Why a server does not run.
#[derive(Debug)]
pub enum ServerError {
    /// Its program is not installed.
    Missing(String),
    /// It did not come up, or went away; the text has its log.
    Failed(String),
}

impl std::fmt::Display for ServerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(program) => {
                write!(f, "{program} is not installed: run deploy/servers/install, or `make test`, which does")
            }
            Self::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ServerError {}

/// The program that the environment variable `variable` names, or `name` on the path.
///
/// # Errors
/// [`ServerError::Missing`] if neither is there.
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment where servers are installed")]
pub fn binary(variable: &str, name: &str) -> Result<PathBuf, ServerError> {
    if let Some(path) = env::var_os(variable).map(PathBuf::from)
        && path.is_file()
    {
        return Ok(path);
    }
    env::split_paths(&env::var_os("PATH").unwrap_or_default())
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| ServerError::Missing(format!("{name} (or ${variable})")))
}

/// A server's process: its command can be run again on the same port and data.
#[derive(Debug)]
pub struct Server {
    command: Vec<std::ffi::OsString>,
    port: u16,
    log: PathBuf,
    child: Option<Child>,
}

impl Server {
    /// Starts `command`, which is to listen on `port` of 127.0.0.1, and waits until it does; what it prints goes to `log`.
    ///
    /// # Errors
    /// [`ServerError::Failed`] if it ends or does not listen within 30 s.
    pub fn start(command: Vec<std::ffi::OsString>, port: u16, log: &Path) -> Result<Self, ServerError> {
        let mut server = Self { command, port, log: log.to_owned(), child: None };
        server.start_again()?;
        Ok(server)
    }

    /// Starts the process once more, after [`Self::stop`] or [`Self::kill`].
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_again(&mut self) -> Result<(), ServerError> {
        let failed = |error: io::Error| ServerError::Failed(format!("{:?}: {error}", self.command));
        let (program, arguments) =
            self.command.split_first().ok_or_else(|| ServerError::Failed("no command".into()))?;
        let log = File::options().create(true).append(true).open(&self.log).map_err(failed)?;
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(failed)?)
            .stderr(log)
            .spawn()
            .map_err(failed)?;
        self.child = Some(child);
        self.wait_until_it_listens()
    }

    #[expect(clippy::disallowed_methods, reason = "a process of its own is waited for, outside of any runtime")]
    fn wait_until_it_listens(&mut self) -> Result<(), ServerError> {
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return Ok(());
            }
            if let Some(Ok(Some(status))) = self.child.as_mut().map(Child::try_wait) {
                return Err(self.failure(&format!("ended with {status}")));
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Err(self.failure("does not listen"))
    }

    fn failure(&self, what: &str) -> ServerError {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let start = log.len().saturating_sub(2000);
        let tail = log.get(start..).unwrap_or(&log);
        ServerError::Failed(format!("{:?} {what}; its log ends:\n{tail}", self.command.first()))
    }

    /// The process's id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Sends `signal` (such as `-TERM`, `-INT`, `-STOP`, `-CONT`) to the process.
    pub fn signal(&self, signal: &str) {
        if let Some(pid) = self.pid() {
            let _ = Command::new("kill").arg(signal).arg(pid.to_string()).status();
        }
    }

    /// Kills the process at once (SIGKILL) and waits until it is gone.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Asks the process to end with `signal`, waits up to 10 s, then kills it.
    #[expect(clippy::disallowed_methods, reason = "a process of its own is waited for, outside of any runtime")]
    pub fn stop(&mut self, signal: &str) {
        self.signal(signal);
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_secs(10) {
            match self.child.as_mut().map(Child::try_wait) {
                Some(Ok(None)) => std::thread::sleep(LOOK_EVERY),
                _ => break,
            }
        }
        self.kill();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
