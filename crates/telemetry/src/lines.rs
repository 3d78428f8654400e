//! Log lines on their way to standard error. Each attempt is a line, and a call of the system for each took a tenth of the
//! worker's CPU: so lines of everyday are gathered for a moment. Warnings and errors leave at once, with all before them.
//!
//! Where they go may hold up whoever writes there: a file waits for its disk, and a pipe for its reader. So what is gathered is
//! written by a thread of its own, and who adds a line of everyday waits for it only where far too much is unwritten.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line waits for others at most.
const GATHERED_FOR: Duration = Duration::from_millis(10);
/// So many bytes are written without waiting for more.
const ENOUGH: usize = 64 * 1024;
/// Who adds a line to so many bytes waits until they are written: more of them come than can be.
const MOST: usize = 1024 * 1024;

/// Gathers lines. Clones share what is gathered.
pub(crate) struct Lines<W>(Arc<Shared<W>>);

struct Shared<W> {
    gathered_for: Duration,
    gathered: Mutex<Gathered>,
    /// Told when the first line is there, when there is enough, and at the end.
    news: Condvar,
    /// Who has it writes; what is gathered is taken only with it in hand, so that lines keep their order.
    out: Mutex<Out<W>>,
}

struct Gathered {
    text: Vec<u8>,
    /// Nobody writes what is gathered any more, so nothing is.
    has_ended: bool,
}

struct Out<W> {
    to: W,
    /// Room for what is gathered next.
    spare: Vec<u8>,
}

impl<W> Clone for Lines<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write + Send + 'static> Lines<W> {
    /// Starts the thread that writes what is gathered. Without one, as where the system has no room for it, nothing is gathered.
    pub(crate) fn to(to: W) -> Self {
        Self::gathering(to, GATHERED_FOR)
    }

    fn gathering(to: W, gathered_for: Duration) -> Self {
        let gathered = Mutex::new(Gathered { text: Vec::new(), has_ended: false });
        let out = Mutex::new(Out { to, spare: Vec::new() });
        let lines = Self(Arc::new(Shared { gathered_for, gathered, news: Condvar::new(), out }));
        let writing = lines.clone();
        if thread::Builder::new().name("log-lines".to_owned()).spawn(move || writing.write_on()).is_err() {
            lines.gathered().has_ended = true;
        }
        lines
    }

    /// Writes what is gathered; later lines are written one by one.
    pub(crate) fn end(&self) {
        self.gathered().has_ended = true;
        self.0.news.notify_all();
        self.write();
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        // At worst, a line is cut short by the panic that it was to tell of.
        self.0.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_on(&self) {
        while self.wait() {
            self.write();
        }
    }

    /// Waits until lines are to be written; `false` if none will be gathered any more.
    fn wait(&self) -> bool {
        let news = &self.0.news;
        let is_empty = |gathered: &mut Gathered| gathered.text.is_empty() && !gathered.has_ended;
        let is_little = |gathered: &mut Gathered| gathered.text.len() < ENOUGH && !gathered.has_ended;
        let gathered = news.wait_while(self.gathered(), is_empty).unwrap_or_else(PoisonError::into_inner);
        let waited = news.wait_timeout_while(gathered, self.0.gathered_for, is_little);
        !waited.unwrap_or_else(PoisonError::into_inner).0.has_ended
    }

    /// Writes all that is gathered, after what is being written.
    fn write(&self) {
        let mut out = self.0.out.lock().unwrap_or_else(PoisonError::into_inner);
        let Out { to, spare } = &mut *out;
        std::mem::swap(&mut self.gathered().text, spare);
        // Nobody could be told that a log cannot be written.
        let _ = to.write_all(spare).and_then(|()| to.flush());
        spare.clear();
    }

    fn add(&self, line: &[u8], is_urgent: bool) {
        let mut gathered = self.gathered();
        let before = gathered.text.len();
        gathered.text.extend_from_slice(line);
        let now = gathered.text.len();
        let cannot_wait = is_urgent || gathered.has_ended || now >= MOST;
        drop(gathered);
        if cannot_wait {
            self.write();
        } else if before == 0 || (before < ENOUGH && now >= ENOUGH) {
            self.0.news.notify_one();
        }
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
        gathering(GATHERED_FOR)
    }

    fn gathering(gathered_for: Duration) -> (Lines<Calls>, mpsc::Receiver<String>) {
        let (sender, calls) = mpsc::channel();
        (Lines::gathering(Calls(sender), gathered_for), calls)
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
    fn enough_does_not_wait_for_more() {
        let (lines, calls) = gathering(Duration::MAX);
        lines.add(b"first\n", false);
        lines.add(&[b'x'; ENOUGH], false);
        assert_eq!(calls.recv().expect("it is written").len(), ENOUGH + 6);
    }

    #[test]
    fn who_adds_a_line_waits_for_no_other_to_be_written_unless_there_are_too_many() {
        let (lines, calls) = gathering(Duration::ZERO);
        let writing = lines.0.out.lock().expect("not poisoned");
        lines.add(b"one\n", false);
        lines.add(b"two\n", false);
        let most = thread::spawn({
            let lines = lines.clone();
            move || lines.add(&[b'x'; MOST], false)
        });
        assert!(calls.try_recv().is_err());
        drop(writing);
        most.join().expect("it is added");
        let written: String = calls.try_iter().collect();
        assert_eq!((written.len(), &written[..8]), (MOST + 8, "one\ntwo\n"));
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
