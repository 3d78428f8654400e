//! One process a data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::contents::Contents;
use super::{Database, OpenError};

const FILE: &str = "lock";
/// Versions before the first release kept everything in this one file.
const FILE_OF_OLD: &str = "fanfare.db";
/// A process that is just ending may still be letting go.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// A data directory that is this process's own, until this and the databases opened in it have ended.
#[derive(Clone, Debug)]
pub struct DataDirectory {
    path: PathBuf,
    lock: Arc<DirectoryLock>,
}

/// Held while the directory is open. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    _file: File,
}

impl DataDirectory {
    /// Takes the directory, making it if it is not there.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::InUse`] if another process has it, [`OpenError::Outdated`] if what it holds cannot be read.
    pub async fn take(path: &Path) -> Result<Self, OpenError> {
        let unusable = |source| OpenError::Directory { path: path.to_owned(), source };
        tokio::fs::create_dir_all(path).await.map_err(unusable)?;
        let lock = DirectoryLock::take(path).await?;
        if tokio::fs::try_exists(path.join(FILE_OF_OLD)).await.map_err(unusable)? {
            return Err(OpenError::Outdated { path: path.to_owned(), file: FILE_OF_OLD });
        }
        Ok(Self { path: path.to_owned(), lock: Arc::new(lock) })
    }

    /// Opens the database that holds `contents`, making it if it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// [`OpenError::Database`].
    pub async fn open(&self, contents: Contents) -> Result<Database, OpenError> {
        Database::open(self.path.join(contents.file()), contents, Arc::clone(&self.lock)).await
    }
}

impl DirectoryLock {
    async fn take(directory: &Path) -> Result<Self, OpenError> {
        let unusable = |source| OpenError::Directory { path: directory.to_owned(), source };
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(directory.join(FILE)).map_err(unusable)?;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(BETWEEN_TRIES).await,
                Err(TryLockError::Error(error)) => return Err(unusable(error)),
            }
        }
        Err(OpenError::InUse(directory.to_owned()))
    }
}
