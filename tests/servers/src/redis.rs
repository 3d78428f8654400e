//! A private Redis server, set up as `deploy/redis/redis.conf` sets it up.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{Server, ServerError, binary, free_port};

/// What Redis calls the folder of its append-only file.
const APPEND_ONLY: &str = "appendonlydir";
const READY_LIMIT: Duration = Duration::from_secs(30);
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// A Redis server whose data last as long as this value.
#[derive(Debug)]
pub struct Redis {
    server: Server,
    port: u16,
    data: TempDir,
}

/// A copy of a Redis server's data.
#[derive(Debug)]
pub struct Snapshot {
    copy: TempDir,
}

impl Redis {
    /// Starts a server of its own, without any data.
    ///
    /// # Errors
    /// [`ServerError`] if Redis is not installed or does not start.
    pub fn start() -> Result<Self, ServerError> {
        let data = tempfile::tempdir().map_err(in_files)?;
        let port = free_port();
        let mut command: Vec<OsString> = vec![binary("REDIS_SERVER", "redis-server")?.into_os_string()];
        command.extend(
            [
                "--bind",
                "127.0.0.1",
                "--appendonly",
                "yes",
                "--appendfsync",
                "everysec",
                "--maxmemory-policy",
                "noeviction",
            ]
            .map(OsString::from),
        );
        command.extend(["--save", "", "--daemonize", "no"].map(OsString::from));
        command.extend([OsString::from("--port"), port.to_string().into()]);
        command.extend([OsString::from("--dir"), data.path().into()]);
        let server = Server::start(command, port, &data.path().join("redis.log"))?;
        let redis = Self { server, port, data };
        redis.wait_until_ready()?;
        Ok(redis)
    }

    /// Where clients connect.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills the server at once; its data stay.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Ends the server in good order; its data stay.
    pub fn stop(&mut self) {
        self.server.stop("-TERM");
    }

    /// The id of the server's process, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.server.pid()
    }

    /// Sends `signal` to the server's process; `-STOP` makes it hang and `-CONT` lets it go on.
    pub fn signal(&self, signal: &str) {
        self.server.signal(signal);
    }

    /// Starts the server again on its data and port, and waits until it has read them.
    ///
    /// # Errors
    /// [`ServerError::Failed`] if it does not come up.
    pub fn start_again(&mut self) -> Result<(), ServerError> {
        self.server.start_again()?;
        self.wait_until_ready()
    }

    /// Copies the server's data, for which it is stopped and started again.
    ///
    /// # Errors
    /// [`ServerError::Failed`] if the data cannot be copied or the server does not come up again.
    pub fn snapshot(&mut self) -> Result<Snapshot, ServerError> {
        let copy = tempfile::tempdir().map_err(in_files)?;
        self.stop();
        copy_files(&self.data.path().join(APPEND_ONLY), copy.path()).map_err(in_files)?;
        self.start_again()?;
        Ok(Snapshot { copy })
    }

    /// Puts the server's data back to what they were in `snapshot`.
    ///
    /// # Errors
    /// [`ServerError::Failed`] if the data cannot be copied or the server does not come up again.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<(), ServerError> {
        self.stop();
        let folder = self.data.path().join(APPEND_ONLY);
        fs::remove_dir_all(&folder).map_err(in_files)?;
        copy_files(snapshot.copy.path(), &folder).map_err(in_files)?;
        self.start_again()
    }

    /// A server that listens may still be reading its data, and says so to every command.
    fn wait_until_ready(&self) -> Result<(), ServerError> {
        let started = Instant::now();
        let mut last = String::from("nothing");
        while started.elapsed() < READY_LIMIT {
            match self.ping() {
                Ok(answer) if answer.starts_with("+PONG") => return Ok(()),
                Ok(answer) => last = answer,
                Err(error) => last = error.to_string(),
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "tests wait for a process that tells nobody when it is ready"
            )]
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(ServerError::Failed(format!("redis is not ready; it last said: {last}")))
    }

    fn ping(&self) -> io::Result<String> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        connection.set_read_timeout(Some(ANSWER_LIMIT))?;
        connection.write_all(b"PING\r\n")?;
        let mut answer = [0; 128];
        let length = connection.read(&mut answer)?;
        Ok(String::from_utf8_lossy(answer.get(..length).unwrap_or_default()).into_owned())
    }
}

fn in_files(error: io::Error) -> ServerError {
    ServerError::Failed(format!("data of redis: {error}"))
}

/// Redis keeps its append-only file in one flat folder.
fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for file in fs::read_dir(from)? {
        let file = file?;
        fs::copy(file.path(), to.join(file.file_name()))?;
    }
    Ok(())
}
