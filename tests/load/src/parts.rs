//! The parts alone: what one delivery costs at least, if every step is packed and synced as in production and no code of the
//! services runs. The README says what is in each figure.

mod hops;
mod posting;
mod records;
mod rows;

use std::time::Duration;

use fanfare_cluster::Backends;

use self::hops::{Hops, Kind};
use crate::context::Context;
use crate::figures::{Figures, per};
use crate::meter::{Cpu, OwnCpu};
use crate::run::USUAL_SIZE;

/// Records of each stream, posts and rows at full scale.
const RECORDS: usize = 200_000;
const POSTS: usize = 50_000;
const ROWS: usize = 100_000;
/// The same with large events.
const LARGE: usize = 256 * 1024;
const LARGE_EVENTS: usize = 400;
const LARGE_FAN_OUT: usize = 4;

/// What a part used for `number` of something.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used {
    pub(super) client: Duration,
    pub(super) server: Duration,
    pub(super) receiver: Duration,
    pub(super) number: usize,
}

impl Used {
    /// Measures `work` on `number` of something, with `server` (its name and process).
    pub(super) async fn by(
        number: usize,
        server: Option<(&str, u32)>,
        work: impl Future<Output = Result<(), String>>,
    ) -> Result<Self, String> {
        let (before, own) = (Cpu::read(server), OwnCpu::read());
        work.await?;
        let own = OwnCpu::read().since(own);
        let server = Cpu::read(server).sum_since(&before);
        Ok(Self { client: own.publisher, server, receiver: own.receiver, number })
    }

    /// Client and server, in microseconds for one of the number.
    fn each(&self) -> f64 {
        per(self.client + self.server, self.number as u64)
    }

    fn tell(&self, name: &str, figures: &mut Figures) {
        figures.set(&format!("by_part_us.{name}.client"), per(self.client, self.number as u64));
        figures.set(&format!("by_part_us.{name}.server"), per(self.server, self.number as u64));
    }
}

/// Measures all parts `runs` times; gives the medians.
///
/// # Errors
/// Why a part could not be measured.
pub(crate) async fn measure(context: &Context, runs: usize) -> Result<Figures, String> {
    let backends = Backends::start_as_deployed().await;
    let rows = rows::Rows::prepare(&backends).await?;
    let hops = Hops::prepare(&backends).await?;
    let mut all = Vec::new();
    // The first is to warm up.
    for number in 0..=runs {
        let figures = once(context, &backends, &hops, &rows).await?;
        if number > 0 {
            let sum = figures.get("cpu_us").unwrap_or_default();
            context.progress.say(&format!("{:16} {sum:.1} µs of CPU a delivery", format!("parts {number}")));
            all.push(figures);
        }
    }
    Ok(Figures::medians(&all))
}

async fn once(context: &Context, backends: &Backends, hops: &Hops, rows: &rows::Rows) -> Result<Figures, String> {
    hops.clear().await?;
    let mut figures = Figures::default();
    let scaled = |count: usize, least: usize| context.settings.scaled(count, least);
    let nats = backends.nats.server().pid().map(|pid| ("nats", pid));
    let postgres = backends.postgres.pid().map(|pid| ("postgres", pid));
    let mut sum = 0.0;
    for kind in Kind::ALL {
        let number = scaled(RECORDS, 20_000);
        let used = Used::by(number, nats, hops.through(kind, number)).await?;
        used.tell(kind.name(), &mut figures);
        sum += used.each();
    }
    let posting = posting::post(context, scaled(POSTS, 5_000), USUAL_SIZE).await?;
    posting.tell("posting", &mut figures);
    let number = scaled(ROWS, 10_000);
    let writing = Used::by(number, postgres, rows.write(number)).await?;
    writing.tell("rows", &mut figures);
    sum += posting.each() + writing.each();
    let receiver = per(posting.receiver, posting.number as u64);
    figures.set("cpu_us", sum);
    figures.set("receiver_us", receiver);
    figures.set("deliveries_per_s_allowed", cores() * 1e6 / (sum + receiver));
    large(context, hops, nats, &mut figures).await?;
    Ok(figures)
}

/// Events of 256 KiB that go to four webhooks: stored, routed, read once more by the worker, and posted four times.
async fn large(context: &Context, hops: &Hops, nats: Option<(&str, u32)>, figures: &mut Figures) -> Result<(), String> {
    let number = context.settings.scaled(LARGE_EVENTS, 50);
    let passing = Used::by(number, nats, hops.through_large(number)).await?;
    let posting = posting::post(context, number * LARGE_FAN_OUT, LARGE).await?;
    let cpu = passing.each() / LARGE_FAN_OUT as f64 + posting.each();
    let receiver = per(posting.receiver, posting.number as u64);
    figures.set("large.cpu_us", cpu);
    figures.set("large.receiver_us", receiver);
    figures.set("large.payload_mb_per_s_allowed", cores() * LARGE as f64 / (cpu + receiver));
    Ok(())
}

fn cores() -> f64 {
    std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64)
}
