//! One process of the binary: how it is started, asked to end, and killed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use fanfare_servers::free_port;
use tokio::process::{Child, Command};

use crate::program::fanfare;
use crate::{HttpClient, Service, eventually};

const READY_LIMIT: Duration = Duration::from_secs(60);
const SHOWN_OF_LOG: usize = 6_000;

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    /// With which exit code or signal.
    pub status: ExitStatus,
    /// How long that took.
    pub took: Duration,
}

/// A process of the binary. It can be started again on the same addresses and data; dropping it kills it.
#[derive(Debug)]
pub struct Process {
    name: String,
    arguments: Vec<OsString>,
    environment: BTreeMap<String, String>,
    log: PathBuf,
    child: Option<Child>,
}

impl Process {
    /// Describes a process, which does not run yet; it sees `environment` and nothing else, and prints into `log`.
    #[must_use]
    pub fn new(name: &str, arguments: &[&str], environment: BTreeMap<String, String>, log: &Path) -> Self {
        let arguments = arguments.iter().map(OsString::from).collect();
        Self { name: name.to_owned(), arguments, environment, log: log.to_owned(), child: None }
    }

    /// Describes a process of a service, with addresses of its own and its log in `folder`.
    pub(crate) fn of(service: Service, number: usize, settings: &BTreeMap<String, String>, folder: &Path) -> Self {
        let mut environment = settings.clone();
        for name in ["FANFARE_HTTP_ADDR", "FANFARE_GRPC_ADDR", "FANFARE_ADMIN_ADDR"] {
            environment.insert(name.to_owned(), format!("127.0.0.1:{}", free_port()));
        }
        let name = format!("{}-{number}", service.name());
        let log = folder.join(format!("{name}.log"));
        Self::new(&name, &[service.name()], environment, &log)
    }

    /// Starts it.
    ///
    /// # Panics
    /// If it cannot be started, or runs already.
    pub fn start(&mut self) {
        assert!(self.child.is_none(), "{} runs already", self.name);
        let log = File::options().create(true).append(true).open(&self.log).expect("a log can be opened");
        let child = Command::new(fanfare())
            .args(&self.arguments)
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log can be shared"))
            .stderr(log)
            .kill_on_drop(true)
            .spawn();
        self.child = Some(child.unwrap_or_else(|error| panic!("{} cannot be started: {error}", self.name)));
    }

    /// Waits until its `/readyz` says that it can do its job.
    ///
    /// # Panics
    /// If it ends before that, or is not ready within a minute.
    pub async fn ready(&mut self, http: &HttpClient) {
        let url = format!("http://{}/readyz", self.setting("FANFARE_ADMIN_ADDR"));
        let began = Instant::now();
        let mut last = String::from("nothing");
        loop {
            match http.get(&url).timeout(Duration::from_secs(5)).send().await {
                Ok(answer) if answer.status().is_success() => return,
                Ok(answer) => last = answer.text().await.unwrap_or_default(),
                Err(_) => {}
            }
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten()) {
                panic!("{} ended with {status}; its log ends:\n{}", self.name, self.log_tail());
            }
            assert!(began.elapsed() < READY_LIMIT, "{} is not ready; it last said {last}", self.name);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The process's name, such as `worker-0`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the variable is set to in its environment.
    ///
    /// # Panics
    /// If it is not set.
    #[must_use]
    pub fn setting(&self, name: &str) -> &str {
        self.environment.get(name).unwrap_or_else(|| panic!("{} has no {name}", self.name))
    }

    /// Its id while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// Sends a signal, such as `-TERM` or `-STOP`.
    pub async fn signal(&self, signal: &str) {
        if let Some(pid) = self.pid() {
            let _ = Command::new("kill").arg(signal).arg(pid.to_string()).status().await;
        }
    }

    /// Kills it (SIGKILL) and waits until it is gone.
    pub async fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill().await;
        }
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    ///
    /// # Panics
    /// If it does not run, or has not ended within `limit`.
    pub async fn terminate(&mut self, limit: Duration) -> Ended {
        self.signal("-TERM").await;
        self.ended(limit).await
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// If it does not run, or has not ended within `limit`.
    pub async fn ended(&mut self, limit: Duration) -> Ended {
        let began = Instant::now();
        let mut child = self.child.take().unwrap_or_else(|| panic!("{} runs", self.name));
        let status = tokio::time::timeout(limit, child.wait()).await;
        let status = status.unwrap_or_else(|_| panic!("{} has not ended within {limit:?}", self.name));
        Ended { status: status.expect("a child can be waited for"), took: began.elapsed() }
    }

    /// Everything that it has printed.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read(&self.log).map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default()
    }

    /// Waits until its log has `text`.
    ///
    /// # Panics
    /// If it has not within `limit`.
    pub async fn says(&self, text: &str, limit: Duration) {
        eventually(&format!("{} says {text:?}", self.name), limit, || async {
            self.log().contains(text).then_some(())
        })
        .await;
    }

    /// The end of what it has printed.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let log = self.log();
        let cut = log.len().saturating_sub(SHOWN_OF_LOG);
        let start = log.get(cut..).map_or(0, |tail| cut + tail.find('\n').map_or(0, |end| end + 1));
        log.get(start..).unwrap_or(&log).to_owned()
    }
}
