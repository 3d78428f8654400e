//! What the disk does meanwhile, seen from outside: every event waits for it, whatever the system is like.

use std::fs::{self, File};
use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Often enough to see what holds an event up for longer. `paced` syncs several times as often itself.
const EVERY: Duration = Duration::from_millis(10);
const LINE: [u8; 512] = [b'.'; 512];

/// Writes a line to a file of its own and syncs it, again and again, as long as it lives.
#[derive(Debug)]
pub(crate) struct DiskWatch {
    end: Sender<()>,
    watching: JoinHandle<io::Result<Vec<u64>>>,
}

impl DiskWatch {
    /// Begins, on the disk where the servers' data are.
    ///
    /// # Errors
    /// If there can be no file or thread.
    pub(crate) fn start() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("fanfare-disk-{}", std::process::id()));
        let file = File::create_new(&path)?;
        // It goes when it is closed, whatever ends the benchmark.
        fs::remove_file(&path)?;
        let (end, ended) = mpsc::channel();
        let watching = thread::Builder::new().name("disk-watch".to_owned()).spawn(move || watch(&file, &ended))?;
        Ok(Self { end, watching })
    }

    /// How long syncing a line took, in microseconds, for whoever had begun at each of many even times.
    ///
    /// # Errors
    /// If the file could not be written.
    pub(crate) fn end(self) -> io::Result<Vec<u64>> {
        drop(self.end);
        self.watching.join().map_err(|_| io::Error::other("the disk's watch ended early"))?
    }
}

fn watch(mut file: &File, ended: &Receiver<()>) -> io::Result<Vec<u64>> {
    let mut waited = Vec::new();
    let mut next = Instant::now();
    while ended.recv_timeout(next.saturating_duration_since(Instant::now())) == Err(RecvTimeoutError::Timeout) {
        // At the end, as a stream's messages are: a file that grows takes more of the disk than one that does not.
        file.write_all(&LINE)?;
        file.sync_data()?;
        next = note(&mut waited, next, Instant::now());
    }
    Ok(waited)
}

/// Notes who has waited until `now`: not only the one line, but whoever would have begun while the disk was held up by it. Gives
/// the time of the next line.
fn note(waited: &mut Vec<u64>, mut next: Instant, now: Instant) -> Instant {
    while next <= now {
        waited.push(u64::try_from((now - next).as_micros()).unwrap_or(u64::MAX));
        next += EVERY;
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_is_held_up_holds_up_whoever_comes_meanwhile() {
        let began = Instant::now();
        let mut waited = Vec::new();
        let next = note(&mut waited, began, began + Duration::from_millis(25));
        let next = note(&mut waited, next, next + Duration::from_micros(50));
        assert_eq!((waited, next), (vec![25_000, 15_000, 5_000, 50], began + EVERY * 4));
    }

    #[test]
    fn it_ends_when_it_is_asked_to() {
        let watch = DiskWatch::start().expect("there is a folder for temporary files");
        watch.end().expect("the file can be written");
    }
}
