//! What the figures were measured on.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::settings::{Backend, Settings};

/// One line: commit, machine, and how busy it was before.
pub(crate) fn describe(settings: &Settings) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")).unwrap_or_default();
    let memory: u64 = memory.trim().trim_end_matches(" kB").parse().unwrap_or(0);
    let backend = match settings.backend {
        Backend::Distributed => "distributed",
        Backend::Standalone => "standalone",
    };
    format!(
        "{backend}, commit {}, {cores} cores ({}), {} GiB, Linux {}, load before {}, scale {}, {} runs",
        commit(),
        processor(),
        memory / (1024 * 1024),
        line_of("/proc/sys/kernel/osrelease"),
        line_of("/proc/loadavg").split_whitespace().next().unwrap_or_default(),
        settings.scale,
        settings.runs,
    )
}

/// Whether the folder for temporary files, where the servers' data go, is not on a disk.
pub(crate) fn keeps_files_in_memory() -> bool {
    let folder = std::env::temp_dir();
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    is_in_memory(&mounts, &folder.canonicalize().unwrap_or(folder))
}

fn is_in_memory(mounts: &str, folder: &Path) -> bool {
    let lines = mounts.lines().filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        Some((words.next()?, words.next()?))
    });
    // Of several on one place the last is seen.
    let holding = lines.filter(|(place, _)| folder.starts_with(place)).max_by_key(|(place, _)| place.len());
    holding.is_some_and(|(_, kind)| matches!(kind, "tmpfs" | "ramfs"))
}

fn line_of(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let named = info.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(": "));
    named.map_or("unknown", |(_, name)| name).to_owned()
}

/// The commit that is checked out, with a mark if something was changed; the binary may be another's.
fn commit() -> String {
    let described = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    let text = described.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.ok().filter(|text| !text.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_where_the_longest_mount_is() {
        let mounts = "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/vdb /tmp/disk ext4 rw 0 0\n";
        let found =
            ["/var/tmp", "/tmp/a", "/tmp/disk/a", "/tmpfs"].map(|folder| is_in_memory(mounts, Path::new(folder)));
        assert_eq!(found, [false, true, false, false]);
    }
}
