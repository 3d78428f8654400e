//! Latencies at half of the most, and what receivers that hang or fail do to the others.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::book::Manner;
use crate::context::Context;
use crate::figures::Figures;
use crate::publish::Way;
use crate::run::{Load, medians, run, runs, warm_up};
use crate::system::{Layout, System};

/// Webhooks, of which one may be ill.
const WEBHOOKS: usize = 10;
const SECONDS: usize = 30;
const SECONDS_OF_HANGING: usize = 90;
/// Events that go through as fast as they can, where it is not known yet how fast that is.
const PROBE: usize = 30_000;
/// Few, so that little piles up at the receiver that hangs.
const WARM_UP: usize = 1_000;
const EVENTS_OF_FAILING: usize = 20_000;
/// Before the further attempts at the receiver that fails.
const DELAYS: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(4)];
/// With a receiver that hangs the system does not come to rest.
const SHORT_REST: Duration = Duration::from_secs(2);

fn layout(ill: Manner) -> Layout {
    let mut webhooks = vec![Manner::Takes; WEBHOOKS - 1];
    webhooks.push(ill);
    Layout { tenants: 1, webhooks, in_turn: true }
}

/// Events a second: what was asked for, or half of what `fanout1` managed.
async fn pace(context: &mut Context) -> Result<NonZeroU32, String> {
    if let Some(rate) = context.settings.rate {
        return Ok(rate);
    }
    if context.fastest.is_none() {
        let (mut system, stage) = System::start(context, Layout::fan_out(1)).await?;
        let load = Load::of(context.settings.scaled(PROBE, 2_000));
        warm_up(context, "probe", &mut system, &stage, &load).await?;
        let probe = run(context, "probe", &mut system, &stage, &load).await?;
        context.fastest = probe.get("deliveries_per_s");
    }
    let half = context.fastest.unwrap_or_default() / 2.0;
    NonZeroU32::new(half as u32).ok_or_else(|| "nothing was delivered, so there is no half of it".to_owned())
}

fn paced_load(rate: NonZeroU32, seconds: usize, rest_limit: Duration) -> Load {
    let events = rate.get() as usize * seconds;
    Load { way: Way::Paced(rate), rest_limit, ..Load::of(events) }
}

/// Every receiver answers.
pub(super) async fn paced(context: &mut Context) -> Result<Figures, String> {
    let rate = pace(context).await?;
    let seconds = context.settings.seconds(SECONDS, 2);
    let (mut system, stage) = System::start(context, layout(Manner::Takes)).await?;
    let load = paced_load(rate, seconds, SHORT_REST);
    let mut figures = runs(context, "paced", &mut system, &stage, &load).await?;
    figures.set("rate", rate.get().into());
    Ok(figures)
}

/// One receiver never answers. Each run has a system of its own, so that what piles up in one is not in the next.
pub(super) async fn hanging(context: &mut Context) -> Result<Figures, String> {
    let rate = pace(context).await?;
    let seconds = context.settings.seconds(SECONDS_OF_HANGING, 20);
    let mut all = Vec::new();
    for number in 1..=context.settings.runs.get() {
        let (mut system, stage) = System::start(context, layout(Manner::Hangs)).await?;
        run(context, "hanging warm-up", &mut system, &stage, &Load { rest_limit: SHORT_REST, ..Load::of(WARM_UP) })
            .await?;
        let load = paced_load(rate, seconds, SHORT_REST);
        all.push(run(context, &format!("hanging {number}"), &mut system, &stage, &load).await?);
    }
    let mut figures = medians(&all);
    figures.set("rate", rate.get().into());
    Ok(figures)
}

/// One receiver always fails, and each event goes to all.
pub(super) async fn failing(context: &mut Context) -> Result<Figures, String> {
    let layout = Layout { in_turn: false, ..layout(Manner::Fails(DELAYS.into())) };
    let (mut system, stage) = System::start(context, layout).await?;
    let load = Load::of(context.settings.scaled(EVENTS_OF_FAILING, 200));
    runs(context, "failing", &mut system, &stage, &load).await
}
