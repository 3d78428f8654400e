//! One run: events go in, deliveries come out, and what that took.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::Instant;

use crate::book::{Book, Manner};
use crate::context::Context;
use crate::disk::DiskWatch;
use crate::figures::{Figures, per};
use crate::meter::{Cpu, OwnCpu};
use crate::payload::Payload;
use crate::publish::{Events, Way, publish};
use crate::system::{Memory, Stage, System};

/// Longest time in which nothing at all arrives while something is missing.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(5);
const LOOK_AT_ALL_EVERY: Duration = Duration::from_millis(100);
/// How long the system is given to come to rest.
pub(crate) const REST_LIMIT: Duration = Duration::from_secs(90);
/// Events that go ahead of the measured ones, as a part of them.
const WARM_UP: usize = 10;
const LEAST_WARM_UP: usize = 500;

/// What is sent in a run.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) events: usize,
    pub(crate) size: usize,
    pub(crate) way: Way,
    /// How long the system is given to come to rest afterwards.
    pub(crate) rest_limit: Duration,
}

/// The size of an event where it does not matter, in bytes.
pub(crate) const USUAL_SIZE: usize = 400;

impl Load {
    /// Events of the usual size through one stream.
    pub(crate) const fn of(events: usize) -> Self {
        Self { events, size: USUAL_SIZE, way: Way::Stream, rest_limit: REST_LIMIT }
    }
}

/// What the processes had used before something, so that it can be told what they used for it.
#[derive(Debug)]
pub(crate) struct Before {
    cpu: Cpu,
    own: OwnCpu,
    pub(crate) memory: Memory,
}

impl Before {
    pub(crate) fn now(system: &System) -> Self {
        Self { cpu: system.cpu(), own: OwnCpu::read(), memory: system.watch_memory() }
    }

    /// Writes down what was used for `number` attempts until `after`.
    pub(crate) fn tell(&self, after: &Cpu, own: OwnCpu, number: u64, figures: &mut Figures) {
        figures.set_cpu("cpu_us_per_delivery", &after.since(&self.cpu), number);
        let own = own.since(self.own);
        figures.set("load_cpu_us_per_delivery.publisher", per(own.publisher, number));
        figures.set("load_cpu_us_per_delivery.receiver", per(own.receiver, number));
        for (process, mib) in self.memory.peaks() {
            figures.set(&format!("peak_memory_mib.{process}"), mib);
        }
    }
}

/// Runs `load` as often as is asked for, after a smaller one to warm up; gives the medians.
///
/// # Errors
/// Why a run could not be made.
pub(crate) async fn runs(
    context: &Context,
    title: &str,
    system: &mut System,
    stage: &Stage,
    load: &Load,
) -> Result<Figures, String> {
    warm_up(context, title, system, stage, load).await?;
    let mut runs = Vec::new();
    for number in 1..=context.settings.runs.get() {
        runs.push(run(context, &format!("{title} {number}"), system, stage, load).await?);
    }
    Ok(medians(&runs))
}

/// The medians, and how far the rates of deliveries lie apart.
pub(crate) fn medians(runs: &[Figures]) -> Figures {
    let mut figures = Figures::medians(runs);
    let rates = || runs.iter().filter_map(|run| run.get("deliveries_per_s"));
    figures.set("runs", runs.len() as f64);
    figures.set("deliveries_per_s_least", rates().fold(f64::INFINITY, f64::min));
    figures.set("deliveries_per_s_most", rates().fold(0.0, f64::max));
    figures
}

/// A run that is not counted.
pub(crate) async fn warm_up(
    context: &Context,
    title: &str,
    system: &mut System,
    stage: &Stage,
    load: &Load,
) -> Result<(), String> {
    let events = (load.events / WARM_UP).max(LEAST_WARM_UP.min(load.events));
    let way = if load.way == Way::Stream || matches!(load.way, Way::Paced(_)) { Way::Stream } else { load.way };
    let load = Load { events, way, ..load.clone() };
    run(context, &format!("{title} warm-up"), system, stage, &load).await.map(drop)
}

/// Runs `load` once.
///
/// # Errors
/// Why it could not be run.
pub(crate) async fn run(
    context: &Context,
    title: &str,
    system: &mut System,
    stage: &Stage,
    load: &Load,
) -> Result<Figures, String> {
    let book = open_book(system, stage, load.events, Arc::clone(&stage.manners));
    let events = events(stage, load, &book);
    let disk = match load.way {
        Way::Paced(_) => Some(DiskWatch::start().map_err(unwatched)?),
        _ => None,
    };
    let mut before = Before::now(system);
    let work = async {
        publish(&system.entrance, load.way, &events).await?;
        arrive(&book).await;
        let own = OwnCpu::read();
        let syncs = disk.map(DiskWatch::end).transpose().map_err(unwatched)?;
        Ok::<_, String>((system.rested(load.rest_limit).await, own, syncs))
    };
    let length = (load.events * book.route.slots()) as u64;
    let watched = before.memory.during(system, context.progress.watch(title, &book, length, work));
    let (after, own, syncs) = watched.await?;
    let mut figures = tell(&book, load);
    if let Some(syncs) = syncs {
        figures.set_percentiles("disk_sync_ms", syncs);
    }
    before.tell(&after, own, attempts(&book), &mut figures);
    context.compare(&mut figures);
    Ok(figures)
}

fn unwatched(error: std::io::Error) -> String {
    format!("the disk cannot be watched: {error}")
}

/// A book for the next run, into which the receivers write from now on.
pub(crate) fn open_book(system: &mut System, stage: &Stage, events: usize, manners: Arc<[Manner]>) -> Arc<Book> {
    let book = Book::new(system.next_run(), events, stage.route(events), manners);
    system.receivers.write_into(Arc::clone(&book));
    book
}

pub(crate) fn events(stage: &Stage, load: &Load, book: &Arc<Book>) -> Events {
    Events { payload: Payload::of(load.size), tenants: Arc::clone(&stage.tenants), book: Arc::clone(book) }
}

/// Attempts that arrived.
pub(crate) fn attempts(book: &Book) -> u64 {
    book.counts.taken.load(Relaxed) + book.counts.refused.load(Relaxed)
}

/// Waits until all deliveries of accepted events have been taken, and further attempts of the others have come; no longer than
/// [`PATIENCE`] for the next one.
pub(crate) async fn arrive(book: &Book) {
    let expected = book.expected();
    let mut seen = (attempts(book), Instant::now());
    loop {
        let all_taken = book.counts.taken.load(Relaxed) >= expected;
        if all_taken && book.waiting() == 0 {
            return;
        }
        let now = attempts(book);
        if now != seen.0 {
            seen = (now, Instant::now());
        }
        if seen.1.elapsed() > PATIENCE {
            return;
        }
        tokio::time::sleep(if all_taken { LOOK_AT_ALL_EVERY } else { LOOK_EVERY }).await;
    }
}

/// What the book says of a run.
pub(crate) fn tell(book: &Book, load: &Load) -> Figures {
    let count = |count: &std::sync::atomic::AtomicU64| count.load(Relaxed) as f64;
    let counts = &book.counts;
    let mut figures = Figures::default();
    figures.set("events", count(&counts.accepted));
    figures.set("deliveries", count(&counts.taken));
    figures.set("accepted_per_s", rate(count(&counts.accepted), book.accepting_took()));
    let per_second = rate(count(&counts.taken), book.delivering_took());
    figures.set("deliveries_per_s", per_second);
    figures.set("payload_mb_per_s", per_second * load.size as f64 / 1e6);
    figures.set_percentiles("latency_ms", book.latencies());
    figures.set_percentiles("latency_from_sending_ms", book.latencies_from_sending());
    let late = book.take_late();
    if !late.is_empty() {
        figures.set_percentiles("late_ms", late);
    }
    figures.set("lost", (book.lost() + book.waiting()) as f64);
    figures.set("duplicates", count(&counts.repeats));
    figures.set("sent_again", count(&counts.sent_again));
    figures.set("strays", count(&counts.strays));
    figures.set("signatures.checked", count(&counts.signatures));
    figures.set("signatures.bad", count(&counts.bad_signatures));
    figures
}

pub(crate) fn rate(number: f64, seconds: f64) -> f64 {
    if seconds > 0.0 { number / seconds } else { 0.0 }
}
