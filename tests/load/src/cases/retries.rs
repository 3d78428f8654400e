//! A great many deliveries wait for their time and fall due evenly, in another order than they came. They get there as they do
//! in production: the receiver answers the first attempt with 503 and says in `Retry-After` when to come again.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::Instant;

use crate::book::{Book, Manner, Spread};
use crate::context::Context;
use crate::figures::Figures;
use crate::meter::OwnCpu;
use crate::publish::publish;
use crate::run::{Before, Load, REST_LIMIT, events, medians, open_book, rate, tell};
use crate::system::{Layout, Stage, System};

const ENTRIES: usize = 1_000_000;
const PER_SECOND: f64 = 2_000.0;
/// How long each run looks at what falls due.
const WINDOW: usize = 30;
/// From when the first fall due until it is looked at: the servers read what has lain for minutes into memory again.
const WARM_UP: Duration = Duration::from_secs(5);
/// Entries by which it is found out how fast they can be made.
const PROBE: usize = 10_000;
/// How much longer than the probe suggests all of them may take.
const SLOWER: f64 = 1.5;
const AT_LEAST: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(60);
/// Where the schedule keeps what waits for a time.
const DUE: &str = "{fanfare}:due";

pub(super) async fn retries(context: &Context) -> Result<Figures, String> {
    let soon = Spread { after: Duration::ZERO, per_second: f64::INFINITY, events: 1 };
    let layout = Layout { tenants: 1, webhooks: vec![Manner::Postpones(soon)], in_turn: false };
    let (mut system, stage) = System::start(context, layout).await?;
    let redis = system.cluster.backends.as_ref().map(|backends| backends.redis.url());
    let probe = Load::of(context.settings.scaled(PROBE, 1_000));
    let (book, took) = fill(context, "retries probe", &mut system, &stage, &probe, soon).await?;
    let made_per_second = rate(probe.events as f64, took.as_secs_f64());
    until_none(|| book.waiting()).await;
    system.rested(REST_LIMIT).await;

    let mut found = Figures::default();
    if let Some(url) = &redis {
        found.set("idle_redis_commands_per_s", idle_commands(url).await?);
    }
    let empty = schedule(redis.as_deref()).await?;
    let load = Load::of(context.settings.scaled(ENTRIES, 20_000));
    let after = Duration::from_secs_f64(load.events as f64 / made_per_second * SLOWER) + AT_LEAST;
    let spread = Spread { after, per_second: PER_SECOND, events: load.events };
    let (book, _) = fill(context, "retries filling", &mut system, &stage, &load, spread).await?;
    system.rested(REST_LIMIT).await;
    let full = schedule(redis.as_deref()).await?;
    found.set("waiting", book.waiting() as f64);
    if let (Some(empty), Some(full)) = (empty, full) {
        found.set("redis_entries", full.entries);
        found.set("redis_bytes_per_entry", rate(full.bytes - empty.bytes, full.entries));
    }
    let began = Duration::from_micros(book.now());
    tokio::time::sleep(after.saturating_sub(began) + WARM_UP).await;
    book.take_late();
    let mut windows = Vec::new();
    for number in 1..=context.settings.runs.get() {
        windows.push(window(context, &format!("retries {number}"), &system, &book).await);
    }
    let end = book.now();
    // Late is not lost.
    until_none(|| book.overdue(end)).await;
    let mut figures = tell(&book, &load);
    figures.set("lost", book.overdue(end) as f64);
    figures.add(&medians(&windows));
    figures.add(&found);
    context.compare(&mut figures);
    Ok(figures)
}

/// Publishes events whose first attempts are all postponed; returns when they are, and how long that took.
async fn fill(
    context: &Context,
    title: &str,
    system: &mut System,
    stage: &Stage,
    load: &Load,
    spread: Spread,
) -> Result<(Arc<Book>, Duration), String> {
    let began = Instant::now();
    let book = open_book(system, stage, load.events, [Manner::Postpones(spread)].into());
    let events = events(stage, load, &book);
    let work = async {
        publish(&system.entrance, load.way, &events).await?;
        until_none(|| (load.events as u64).saturating_sub(book.counts.refused.load(Relaxed))).await;
        Ok::<_, String>(())
    };
    context.progress.watch(title, &book, load.events as u64, work).await?;
    Ok((book, began.elapsed()))
}

/// Waits until nothing is missing, for as long as it becomes less.
async fn until_none(mut missing: impl FnMut() -> u64) {
    let mut least = (u64::MAX, Instant::now());
    loop {
        match missing() {
            0 => return,
            fewer if fewer < least.0 => least = (fewer, Instant::now()),
            _ if least.1.elapsed() > PATIENCE => return,
            _ => {}
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Looks at what falls due for a while.
async fn window(context: &Context, title: &str, system: &System, book: &Book) -> Figures {
    let seconds = context.settings.seconds(WINDOW, 3) as u64;
    let mut before = Before::now(system);
    let started = Instant::now();
    let waiting = tokio::time::sleep(Duration::from_secs(seconds));
    let length = seconds * PER_SECOND as u64;
    before.memory.during(system, context.progress.watch(title, book, length, waiting)).await;
    let took = started.elapsed().as_secs_f64();
    let late = book.take_late();
    let mut figures = Figures::default();
    figures.set("deliveries_per_s", rate(late.len() as f64, took));
    let number = late.len() as u64;
    figures.set_percentiles("late_ms", late);
    before.tell(&system.cpu(), OwnCpu::read(), number, &mut figures);
    figures
}

/// What Redis holds.
struct Held {
    entries: f64,
    bytes: f64,
}

async fn schedule(url: Option<&str>) -> Result<Option<Held>, String> {
    let Some(url) = url else { return Ok(None) };
    let failed = |error: redis::RedisError| error.to_string();
    let client = redis::Client::open(url).map_err(failed)?;
    let mut connection = client.get_multiplexed_async_connection().await.map_err(failed)?;
    let entries: f64 = redis::cmd("ZCARD").arg(DUE).query_async(&mut connection).await.map_err(failed)?;
    let memory: String = redis::cmd("INFO").arg("memory").query_async(&mut connection).await.map_err(failed)?;
    let bytes = memory.lines().find_map(|line| line.strip_prefix("used_memory:")?.trim().parse().ok());
    Ok(Some(Held { entries, bytes: bytes.ok_or("redis does not tell its memory")? }))
}

/// How many commands Redis is sent a second while nothing waits; what scripts do within it does not count.
async fn idle_commands(url: &str) -> Result<f64, String> {
    let address = url.strip_prefix("redis://").unwrap_or(url).to_owned();
    let counting = tokio::task::spawn_blocking(move || count_commands(&address));
    let counted = counting.await.map_err(|error| error.to_string())?;
    counted.map_err(|error| format!("redis cannot be listened to: {error}"))
}

fn count_commands(address: &str) -> std::io::Result<f64> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_millis(100)))?;
    stream.write_all(b"MONITOR\r\n")?;
    let mut lines = BufReader::new(stream);
    let began = std::time::Instant::now();
    let (mut count, mut line) = (0_u32, String::new());
    while began.elapsed() < IDLE {
        // What was read of a line before a time-out stays in it.
        match lines.read_line(&mut line) {
            Ok(0) => break,
            Ok(_) => {
                // `+1700000000.1 [0 127.0.0.1:1234] "EVALSHA" …`, and `[0 lua]` for what scripts do.
                count += u32::from(line.contains('[') && !line.contains(" lua]"));
                line.clear();
            }
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(f64::from(count) / began.elapsed().as_secs_f64())
}
