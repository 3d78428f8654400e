//! What processes use, as the kernel counts it (`man 5 proc`): CPU of whole process trees, the children that have ended
//! included, and memory.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use crate::receive;

/// The kernel tells CPU time in hundredths of a second, whatever its own clock does.
const TICK: Duration = Duration::from_millis(10);
const PAGE_KIB: u64 = 4;

/// The CPU that each process has used since it started: its name, and the time by process id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cpu {
    by_process: BTreeMap<u32, (String, Duration)>,
}

impl Cpu {
    /// What the trees below these processes have used.
    pub(crate) fn read<'a>(processes: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        let used = |(name, pid): (&str, u32)| (pid, (name.to_owned(), tree(pid).into_iter().map(cpu_of).sum()));
        Self { by_process: processes.into_iter().map(used).collect() }
    }

    /// What was used since `earlier`, by name; a process that has started since has used all of it.
    pub(crate) fn since(&self, earlier: &Self) -> BTreeMap<String, Duration> {
        let mut used = BTreeMap::new();
        for (pid, (name, now)) in &self.by_process {
            let before = earlier.by_process.get(pid).map_or(Duration::ZERO, |(_, before)| *before);
            *used.entry(name.clone()).or_default() += now.saturating_sub(before);
        }
        used
    }

    pub(crate) fn sum_since(&self, earlier: &Self) -> Duration {
        self.since(earlier).values().sum()
    }
}

/// What this process has used: the receivers' threads, and everything else.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OwnCpu {
    pub(crate) receiver: Duration,
    pub(crate) publisher: Duration,
}

impl OwnCpu {
    pub(crate) fn read() -> Self {
        let whole = own_time(&fs::read_to_string("/proc/self/stat").unwrap_or_default());
        let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let receiver = threads
            .filter_map(|thread| fs::read_to_string(thread.path().join("stat")).ok())
            .filter(|stat| stat.contains(&format!("({})", receive::THREAD)))
            .map(|stat| own_time(&stat))
            .sum();
        Self { receiver, publisher: whole.saturating_sub(receiver) }
    }

    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            receiver: self.receiver.saturating_sub(earlier.receiver),
            publisher: self.publisher.saturating_sub(earlier.publisher),
        }
    }
}

/// A process and all below it.
fn tree(pid: u32) -> Vec<u32> {
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(&one) = found.get(next) {
        let children = fs::read_to_string(format!("/proc/{one}/task/{one}/children")).unwrap_or_default();
        found.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        next += 1;
    }
    found
}

/// The numbers of a `stat` file that come after the program's name, which may have blanks and brackets.
fn numbers(stat: &str) -> Vec<u64> {
    let (_, rest) = stat.rsplit_once(')').unwrap_or_default();
    rest.split_whitespace().map(|number| number.parse().unwrap_or(0)).collect()
}

fn ticks(stat: &str, fields: std::ops::Range<usize>) -> Duration {
    let sum: u64 = numbers(stat).get(fields).unwrap_or_default().iter().sum();
    TICK * u32::try_from(sum).unwrap_or(u32::MAX)
}

/// User and system time of the process alone.
fn own_time(stat: &str) -> Duration {
    ticks(stat, 11..13)
}

/// … and of its children that have ended.
fn time_with_ended(stat: &str) -> Duration {
    ticks(stat, 11..15)
}

fn cpu_of(pid: u32) -> Duration {
    time_with_ended(&fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default())
}

/// Lets the peak of a process's own memory begin anew, where we may.
pub(crate) fn reset_peak(pid: u32) {
    // Where it is refused, the peak since the process's start is told.
    let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
}

/// The most memory that the process itself has had, in MiB.
pub(crate) fn peak_mib(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().unwrap_or(0.0);
    kib / 1024.0
}

/// What a process and all below it have now, in MiB: the pages of each, and those that they share once.
pub(crate) fn tree_mib(pid: u32) -> f64 {
    let (mut private, mut shared) = (0, 0);
    for pid in tree(pid) {
        let text = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
        let mut pages = text.split_whitespace().skip(1).filter_map(|number| number.parse::<u64>().ok());
        let (all, of_them_shared) = (pages.next().unwrap_or(0), pages.next().unwrap_or(0));
        private += all.saturating_sub(of_them_shared);
        shared = shared.max(of_them_shared);
    }
    ((private + shared) * PAGE_KIB) as f64 / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_behind_a_name_with_blanks_and_brackets() {
        let stat = "7 (a) (b c) S 1 7 7 0 -1 4194304 10 20 0 0 150 50 7 3 20 0 1 0 100 1000 10";
        assert_eq!(own_time(stat), Duration::from_secs(2));
        assert_eq!(time_with_ended(stat), Duration::from_millis(2_100));
        assert_eq!(own_time(""), Duration::ZERO);
    }

    #[test]
    fn a_process_that_has_started_since_has_used_all_that_it_has() {
        let cpu = |processes: &[(u32, &str, u64)]| Cpu {
            by_process: processes
                .iter()
                .map(|(pid, name, millis)| (*pid, ((*name).to_owned(), Duration::from_millis(*millis))))
                .collect(),
        };
        let used = cpu(&[(1, "nats", 500), (3, "worker", 70)]).since(&cpu(&[(1, "nats", 200), (2, "worker", 900)]));
        assert_eq!(used["nats"], Duration::from_millis(300));
        assert_eq!(used["worker"], Duration::from_millis(70));
    }

    #[test]
    fn this_process_has_memory_and_is_its_own_tree() {
        let own = std::process::id();
        assert!(tree(own).contains(&own));
        assert!(peak_mib(own) > 1.0 && tree_mib(own) > 1.0);
    }
}
