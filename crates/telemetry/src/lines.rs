//! Log lines on their way to standard error. Each attempt is a line, and a call of the system for each took a tenth of the
//! worker's CPU: so lines of everyday are gathered for a moment. Warnings and errors leave at once, with all before them.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line waits for others at most.
const GATHERED_FOR: Duration = Duration::from_millis(10);
/// So many bytes leave at once.
const ENOUGH: usize = 64 * 1024;

/// Gathers lines. Clones share what is gathered.
pub(crate) struct Lines<W>(Arc<Shared<W>>);

struct Shared<W> {
    gathered: Mutex<Gathered<W>>,
    /// Told when the first line is there, and at the end.
    news: Condvar,
}

struct Gathered<W> {
    text: Vec<u8>,
    to: W,
    /// Nobody writes what is gathered any more, so nothing is.
    has_ended: bool,
}

impl<W> Clone for Lines<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write + Send + 'static> Lines<W> {
    /// Starts the thread that writes what is gathered. Without one, as where the system has no room for it, nothing is gathered.
    pub(crate) fn to(to: W) -> Self {
        let gathered = Mutex::new(Gathered { text: Vec::with_capacity(ENOUGH), to, has_ended: false });
        let lines = Self(Arc::new(Shared { gathered, news: Condvar::new() }));
        let writing = lines.clone();
        if thread::Builder::new().name("log-lines".to_owned()).spawn(move || writing.write_on()).is_err() {
            lines.gathered().has_ended = true;
        }
        lines
    }

    /// Writes what is gathered; later lines are written one by one.
    pub(crate) fn end(&self) {
        let mut gathered = self.gathered();
        gathered.has_ended = true;
        gathered.write();
        self.0.news.notify_all();
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered<W>> {
        // At worst, a line is cut short by the panic that it was to tell of.
        self.0.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_on(&self) {
        let mut gathered = self.gathered();
        while !gathered.has_ended {
            if gathered.text.is_empty() {
                gathered = self.0.news.wait(gathered).unwrap_or_else(PoisonError::into_inner);
            } else {
                let waited = self.0.news.wait_timeout(gathered, GATHERED_FOR);
                gathered = waited.unwrap_or_else(PoisonError::into_inner).0;
                gathered.write();
            }
        }
    }

    fn add(&self, line: &[u8], is_urgent: bool) {
        let mut gathered = self.gathered();
        let was_empty = gathered.text.is_empty();
        gathered.text.extend_from_slice(line);
        if is_urgent || gathered.has_ended || gathered.text.len() >= ENOUGH {
            gathered.write();
        } else if was_empty {
            self.0.news.notify_one();
        }
    }
}

impl<W: Write> Gathered<W> {
    fn write(&mut self) {
        // Nobody could be told that a log cannot be written.
        let _ = self.to.write_all(&self.text).and_then(|()| self.to.flush());
        self.text.clear();
    }
}

/// Takes one line, whole.
pub(crate) struct Line<'a, W> {
    lines: &'a Lines<W>,
    is_urgent: bool,
}

impl<W: Write + Send + 'static> Write for Line<'_, W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.lines.add(line, self.is_urgent);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a, W: Write + Send + 'static> MakeWriter<'a> for Lines<W> {
    type Writer = Line<'a, W>;

    fn make_writer(&'a self) -> Self::Writer {
        Line { lines: self, is_urgent: true }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Self::Writer {
        Line { lines: self, is_urgent: *metadata.level() <= Level::WARN }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Tells of each call.
    struct Calls(mpsc::Sender<String>);

    impl Write for Calls {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.send(String::from_utf8_lossy(text).into_owned()).map_err(io::Error::other)?;
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines() -> (Lines<Calls>, mpsc::Receiver<String>) {
        let (sender, calls) = mpsc::channel();
        (Lines::to(Calls(sender)), calls)
    }

    #[test]
    fn lines_of_everyday_leave_together_and_soon() {
        let (lines, calls) = lines();
        // Nobody is told of the first one, so that it is still there when the second one comes.
        lines.gathered().text.extend_from_slice(b"one\n");
        lines.add(b"two\n", false);
        lines.0.news.notify_one();
        assert_eq!(calls.recv().expect("it is written"), "one\ntwo\n");
        lines.add(b"three\n", false);
        assert_eq!(calls.recv().expect("it is written"), "three\n");
    }

    #[test]
    fn a_warning_leaves_at_once_with_all_before_it() {
        let (lines, calls) = lines();
        lines.gathered().text.extend_from_slice(b"before\n");
        lines.add(b"warning\n", true);
        assert_eq!(calls.try_recv().expect("it is written"), "before\nwarning\n");
    }

    #[test]
    fn much_leaves_at_once() {
        let (lines, calls) = lines();
        lines.add(&[b'x'; ENOUGH], false);
        assert_eq!(calls.try_recv().expect("it is written").len(), ENOUGH);
    }

    #[test]
    fn nothing_is_left_at_the_end_nor_after_it() {
        let (lines, calls) = lines();
        lines.gathered().text.extend_from_slice(b"last\n");
        lines.end();
        assert_eq!(calls.try_recv().expect("it is written"), "last\n");
        lines.add(b"after\n", false);
        assert_eq!(calls.try_recv().expect("it is written"), "after\n");
    }
}
