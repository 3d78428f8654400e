//! The operator's key and the key for secrets of a standalone data directory: made at the first start, kept with mode 0600.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const OPERATOR_KEY: &str = "operator.key";
const SECRETS_KEY: &str = "secrets.key";

/// Where the operator's key of a data directory lies.
pub(crate) fn operator_key_path(data_dir: &Path) -> PathBuf {
    data_dir.join(OPERATOR_KEY)
}

/// The operator's key of a data directory, made if there is none.
pub(crate) fn operator_key(data_dir: &Path) -> io::Result<String> {
    read_or_make(&operator_key_path(data_dir), || fanfare_intake::make_key(rand::random()))
}

/// The key for secrets of a data directory, made if there is none.
pub(crate) fn secrets_key(data_dir: &Path) -> io::Result<String> {
    read_or_make(&data_dir.join(SECRETS_KEY), || STANDARD.encode(rand::random::<[u8; 32]>()))
}

/// The operator's key of a data directory, if there is one.
pub(crate) fn find_operator_key(data_dir: &Path) -> Option<String> {
    read(&operator_key_path(data_dir)).ok()
}

fn read(path: &Path) -> io::Result<String> {
    Ok(fs::read_to_string(path)?.trim().to_owned())
}

fn read_or_make(path: &Path, make: impl FnOnce() -> String) -> io::Result<String> {
    match read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => return found,
    }
    let key = make();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // Written whole under another name first: half a key would lock everything out.
    let new = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    writeln!(file, "{key}")?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_key_is_made_once_and_kept_from_others() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(find_operator_key(folder.path()), None);
        let key = operator_key(folder.path()).expect("made");
        assert_eq!(operator_key(folder.path()).expect("read"), key);
        assert_eq!(find_operator_key(folder.path()), Some(key));
        let mode = fs::metadata(operator_key_path(folder.path())).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
