//! What a run shows while it lasts: a bar on a terminal, a line at the end of each step elsewhere.

use std::io::IsTerminal;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::book::Book;

const LOOK_EVERY: Duration = Duration::from_millis(100);
const STYLE: &str = "{prefix:20} {bar:32} {pos}/{len} {msg}";

/// Shows how far the benchmark is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    terminal: bool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal() }
    }

    /// Says something that lasts.
    pub(crate) fn say(self, what: &str) {
        eprintln!("{what}");
    }

    /// Shows how many attempts have been answered until `work` is done.
    pub(crate) async fn watch<T>(self, title: &str, book: &Book, length: u64, work: impl Future<Output = T>) -> T {
        let all = || book.counts.taken.load(Relaxed) + book.counts.refused.load(Relaxed);
        let before = all();
        let answered = || all() - before;
        let bar = if self.terminal { ProgressBar::new(length) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template(STYLE) {
            bar.set_style(style);
        }
        bar.set_prefix(title.to_owned());
        let began = Instant::now();
        let mut work = std::pin::pin!(work);
        let done = loop {
            tokio::select! {
                biased;
                done = &mut work => break done,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            bar.set_position(answered().min(length));
            let rate = answered() as f64 / began.elapsed().as_secs_f64();
            bar.set_message(format!("{} accepted, {rate:.0}/s", book.counts.accepted.load(Relaxed)));
        };
        bar.finish_and_clear();
        let took = began.elapsed().as_secs_f64();
        self.say(&format!("{title:20} {:>9} attempts, done after {took:.1} s", answered()));
        done
    }
}
