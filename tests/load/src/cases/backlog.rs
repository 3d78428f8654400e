//! Events are accepted while there are no workers; then they come back.

use std::sync::Arc;
use std::time::Duration;

use fanfare_cluster::Service;

use crate::context::Context;
use crate::figures::Figures;
use crate::meter::OwnCpu;
use crate::publish::publish;
use crate::run::{Before, Load, REST_LIMIT, arrive, attempts, events, medians, open_book, rate, tell, warm_up};
use crate::system::{Layout, Stage, System};

/// Sizes that are compared; the last is the case itself.
const EVENTS: [usize; 2] = [50_000, 500_000];
const STOP_LIMIT: Duration = Duration::from_secs(40);

pub(super) async fn backlog(context: &Context) -> Result<Figures, String> {
    let (mut system, stage) = System::start(context, Layout::fan_out(1)).await?;
    let mut sizes = Vec::new();
    for events in EVENTS {
        let load = Load::of(context.settings.scaled(events, 1_000));
        if sizes.is_empty() {
            warm_up(context, "backlog", &mut system, &stage, &load).await?;
        }
        let mut all = Vec::new();
        for number in 1..=context.settings.runs.get() {
            let title = format!("backlog {events} {number}");
            all.push(drain(context, &title, &mut system, &stage, &load).await?);
        }
        sizes.push(medians(&all));
    }
    let large = sizes.pop().unwrap_or_default();
    let small = sizes.pop().unwrap_or_default();
    let mut figures = large.clone();
    if let (Some(small), Some(large)) = (small.get("cpu_us_sum"), large.get("cpu_us_sum")) {
        figures.set("cost_at_ten_times", large / small);
    }
    figures.add_group("by_events.a_tenth", &small);
    Ok(figures)
}

async fn drain(
    context: &Context,
    title: &str,
    system: &mut System,
    stage: &Stage,
    load: &Load,
) -> Result<Figures, String> {
    system.cluster.process(Service::Worker).terminate(STOP_LIMIT).await;
    let book = open_book(system, stage, load.events, Arc::clone(&stage.manners));
    let all = events(stage, load, &book);
    let mut before = Before::now(system);
    let accepting = async {
        publish(&system.entrance, load.way, &all).await?;
        // Until the routers are through.
        system.rested(REST_LIMIT).await;
        Ok::<_, String>(())
    };
    before.memory.during(system, accepting).await?;
    system.cluster.start_again(Service::Worker).await;
    let draining = async {
        arrive(&book).await;
        let own = OwnCpu::read();
        (system.rested(load.rest_limit).await, own)
    };
    let watched = context.progress.watch(title, &book, load.events as u64, draining);
    let (after, own) = before.memory.during(system, watched).await;
    let mut figures = tell(&book, load);
    let taken = figures.get("deliveries").unwrap_or_default();
    // From the first delivery on: how long a worker takes to start is not how fast it is.
    figures.set("deliveries_per_s", rate(taken, book.draining_took()));
    before.tell(&after, own, attempts(&book), &mut figures);
    context.compare(&mut figures);
    Ok(figures)
}
