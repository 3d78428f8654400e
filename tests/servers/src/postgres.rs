//! A private Postgres server, set up as `deploy/postgres/postgresql.conf` sets it up, but for what only makes it slower.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{Server, ServerError, binary, free_port};

const READY_LIMIT: Duration = Duration::from_secs(30);
const USER: &str = "fanfare";
const PASSWORD: &str = "password";
const DATA: &str = "data";

/// How large a server is made.
#[derive(Clone, Copy)]
struct Size {
    shared_buffers: &'static str,
    /// Of one segment of the write-ahead log.
    segment_mib: u8,
}

const SMALL: Size = Size { shared_buffers: "shared_buffers=32MB", segment_mib: 1 };
const DEPLOYED: Size = Size { shared_buffers: "shared_buffers=128MB", segment_mib: 16 };

/// A Postgres server whose data last as long as this value.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
    port: u16,
    password: String,
    data: PathBuf,
    _home: TempDir,
}

impl Postgres {
    /// Starts an empty server. It syncs nothing, so a killed server keeps its data and a machine that lost power would not.
    ///
    /// # Errors
    /// [`ServerError`] if Postgres is not installed or does not start.
    pub fn start() -> Result<Self, ServerError> {
        Self::start_with(&["fsync=off", "full_page_writes=off", "synchronous_commit=off"], SMALL)
    }

    /// Starts an empty server that syncs each commit, as in production.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_synced() -> Result<Self, ServerError> {
        Self::start_with(&[], SMALL)
    }

    /// Starts an empty server that is set up as `deploy/postgres/postgresql.conf` sets it up, for those who measure: it syncs
    /// each commit, and has the buffers and the log segments of a server that is to keep up.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_as_deployed() -> Result<Self, ServerError> {
        Self::start_with(&["max_wal_size=1GB", "min_wal_size=1GB"], DEPLOYED)
    }

    fn start_with(settings: &[&str], size: Size) -> Result<Self, ServerError> {
        let programs = Programs::find()?;
        let home = private_folder()?;
        programs.give_to_owner(home.path())?;
        let data = home.path().join(DATA);
        let template = programs.template(size.segment_mib)?;
        run(Command::new("cp").arg("-a").arg(template.join(DATA)).arg(&data))?;
        let password = fs::read_to_string(template.join(PASSWORD)).map_err(in_files)?;

        let port = free_port();
        let mut command = programs.as_owner(home.path(), "postgres");
        command.extend([OsString::from("-D"), data.clone().into()]);
        let always = [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            size.shared_buffers,
            "dynamic_shared_memory_type=mmap",
            "jit=off",
            "timezone=UTC",
        ];
        let port_setting = format!("port={port}");
        for setting in always.iter().chain(settings).copied().chain([port_setting.as_str()]) {
            command.extend(["-c", setting].map(OsString::from));
        }
        let server = Server::start(command, port, &home.path().join("postgres.log"))?;
        let postgres = Self { server, port, password, data, _home: home };
        postgres.wait_until_ready()?;
        Ok(postgres)
    }

    /// Where clients connect: the database `postgres`, as a superuser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://{USER}:{}@127.0.0.1:{}/postgres", self.password, self.port)
    }

    /// Kills the server at once; its data stay.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Ends the server at once but in good order; its data stay.
    pub fn stop(&mut self) {
        self.server.stop("-INT");
    }

    /// The id of the server's main process, while it runs; the others are its children.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.server.pid()
    }

    /// Sends `signal` to the server's main process.
    pub fn signal(&self, signal: &str) {
        self.server.signal(signal);
    }

    /// Starts the server again on its data and port, and waits until it has recovered.
    ///
    /// # Errors
    /// [`ServerError::Failed`] if it does not come up.
    pub fn start_again(&mut self) -> Result<(), ServerError> {
        // Where the server was killed it refuses to start until the last of its children has noticed.
        let asked = Instant::now();
        while let Err(error) = self.server.start_again() {
            if asked.elapsed() > READY_LIMIT {
                return Err(error);
            }
            pause();
        }
        self.wait_until_ready()
    }

    /// A server that listens may still be recovering; its pid file says when it is ready.
    fn wait_until_ready(&self) -> Result<(), ServerError> {
        let asked = Instant::now();
        while asked.elapsed() < READY_LIMIT {
            let status = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
            if status.lines().last().is_some_and(|line| line.trim() == "ready") {
                return Ok(());
            }
            pause();
        }
        Err(ServerError::Failed("postgres listens, but does not get ready".to_owned()))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Its children would outlive a main process that is killed, and write into the folder that goes next.
        self.server.stop("-QUIT");
    }
}

/// Where Postgres is installed, and as whom it runs.
struct Programs {
    folder: PathBuf,
    /// `nobody`, where we are root: Postgres refuses to run as root.
    owner: Option<(u32, u32)>,
    user: u32,
}

impl Programs {
    #[expect(clippy::disallowed_methods, reason = "tests are told by the environment where servers are installed")]
    fn find() -> Result<Self, ServerError> {
        let named = std::env::var_os("POSTGRES_BIN").map(PathBuf::from);
        let debian =
            fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|one| one.path().join("bin"));
        let on_path = binary("POSTGRES_BIN", "initdb").ok().and_then(|initdb| Some(initdb.parent()?.to_owned()));
        let folder = named
            .into_iter()
            .chain(debian)
            .chain(on_path)
            .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
            .ok_or_else(|| ServerError::Missing("postgres (or the folder $POSTGRES_BIN)".to_owned()))?;
        let user = id(&["-u"])?;
        let owner = if user == 0 { Some((id(&["-u", "nobody"])?, id(&["-g", "nobody"])?)) } else { None };
        Ok(Self { folder, owner, user })
    }

    /// The beginning of a command that runs `program` as the owner, who works in `home`.
    fn as_owner(&self, home: &Path, program: &str) -> Vec<OsString> {
        let program = self.folder.join(program);
        let Some((user, group)) = self.owner else { return vec![program.into()] };
        let mut command = vec![OsString::from("setpriv")];
        command.extend(
            [format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()].map(Into::into),
        );
        let may_enter = |path: &Path| run(command_of(&command).args(["test", "-x"]).arg(path)).is_ok();
        if !(may_enter(home) && may_enter(&program)) {
            // The owner may have to pass through folders that only root enters.
            command.extend(["--inh-caps=+dac_override", "--ambient-caps=+dac_override"].map(OsString::from));
        }
        command.push(program.into());
        command
    }

    fn give_to_owner(&self, path: &Path) -> Result<(), ServerError> {
        match self.owner {
            Some((user, group)) => std::os::unix::fs::chown(path, Some(user), Some(group)).map_err(in_files),
            None => Ok(()),
        }
    }

    /// A folder with an empty cluster and its password, which is made once for each version, user and size of segments:
    /// making one takes longer than most tests.
    fn template(&self, segment_mib: u8) -> Result<PathBuf, ServerError> {
        let version = run(Command::new(self.folder.join("postgres")).arg("--version"))?;
        // It says `postgres (PostgreSQL) 15.18 (…)`.
        let version = version.split_whitespace().nth(2).unwrap_or("unknown");
        let template = std::env::temp_dir().join(format!("fanfare-postgres-{version}-{segment_mib}m-{}", self.user));
        let owner = self.owner.map_or(self.user, |(user, _)| user);
        let is_ours =
            |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_dir() && found.uid() == owner);
        if is_ours(&template) {
            return Ok(template);
        }
        let made = private_folder()?;
        self.give_to_owner(made.path())?;
        let password = password()?;
        let file = made.path().join(PASSWORD);
        fs::write(&file, &password).map_err(in_files)?;
        self.give_to_owner(&file)?;

        let initdb = self.as_owner(made.path(), "initdb");
        let mut command = command_of(&initdb);
        // The password goes over loopback as it is: a hash made by a debug build takes longer than most tests.
        command.args(["--auth=password", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]);
        command.arg(format!("--wal-segsize={segment_mib}"));
        command.args(["--username", USER, "--pwfile"]).arg(&file);
        run(command.arg("--pgdata").arg(made.path().join(DATA)))?;
        let made = made.keep();
        if fs::rename(&made, &template).is_err() {
            // Another process was faster.
            fs::remove_dir_all(&made).map_err(in_files)?;
        }
        if is_ours(&template) {
            Ok(template)
        } else {
            Err(ServerError::Failed(format!("{} is not ours", template.display())))
        }
    }
}

fn private_folder() -> Result<TempDir, ServerError> {
    let mode = fs::Permissions::from_mode(0o700);
    tempfile::Builder::new().permissions(mode).tempdir().map_err(in_files)
}

fn command_of(words: &[OsString]) -> Command {
    let mut words = words.iter();
    let mut command = Command::new(words.next().map_or(OsStr::new(""), OsString::as_os_str));
    command.args(words);
    command
}

/// What `command` prints, once it has ended well.
fn run(command: &mut Command) -> Result<String, ServerError> {
    let output = command.output().map_err(|error| ServerError::Failed(format!("{command:?}: {error}")))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(ServerError::Failed(format!("{command:?} ended with {}: {said}", output.status)))
    }
}

fn id(arguments: &[&str]) -> Result<u32, ServerError> {
    let text = run(Command::new("id").args(arguments))?;
    text.parse().map_err(|_| ServerError::Failed(format!("id {arguments:?} said {text:?}")))
}

/// A superuser may run programs, so not even a test's server goes without a password.
fn password() -> Result<String, ServerError> {
    use std::io::Read as _;
    let mut random = [0; 16];
    fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut random)).map_err(in_files)?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn in_files(error: io::Error) -> ServerError {
    ServerError::Failed(format!("data of postgres: {error}"))
}

#[expect(clippy::disallowed_methods, reason = "tests wait for a process that tells nobody when it is ready")]
fn pause() {
    std::thread::sleep(Duration::from_millis(5));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_killed_server_starts_again_on_its_port() {
        let mut postgres = Postgres::start().expect("starts");
        let url = postgres.url();
        postgres.kill();
        postgres.start_again().expect("starts again");
        assert_eq!(postgres.url(), url);
    }

    #[test]
    fn a_server_as_deployed_syncs_and_has_segments_of_the_usual_size() {
        let postgres = Postgres::start_as_deployed().expect("starts");
        let options = fs::read_to_string(postgres.data.join("postmaster.opts")).expect("it notes how it was started");
        assert!(options.contains("shared_buffers=128MB") && !options.contains("fsync"), "{options}");
        let segment = fs::read_dir(postgres.data.join("pg_wal")).expect("it has a log").flatten();
        assert!(segment.flat_map(|file| file.metadata()).any(|file| file.is_file() && file.len() == 16 << 20));
        assert!(postgres.pid().is_some());
    }
}
