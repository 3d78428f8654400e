//! As much as goes through: to one webhook, to many, for many tenants, and with larger events.

use crate::book::Manner;
use crate::context::Context;
use crate::figures::Figures;
use crate::publish::Way;
use crate::run::{Load, runs};
use crate::system::{Layout, System};

const EVENTS: usize = 100_000;
const LEAST: usize = 1_000;
/// Numbers of tenants that are compared; the last is the case itself.
const TENANTS: [usize; 2] = [100, 1_000];
const WEBHOOKS_A_TENANT: usize = 3;
const EVENTS_OF_TENANTS: usize = 50_000;
/// Webhooks that a large event goes to.
const FAN_OUT_OF_SIZES: usize = 4;
/// Name, bytes, events; the last is the case itself.
const SIZES: [(&str, usize, usize); 4] =
    [("1KiB", 1 << 10, 20_000), ("16KiB", 16 << 10, 5_000), ("64KiB", 64 << 10, 2_000), ("256KiB", 256 << 10, 1_000)];

/// One webhook; events come in by `way`.
pub(super) async fn through(context: &Context, title: &str, way: Way) -> Result<Figures, String> {
    let (mut system, stage) = System::start(context, Layout::fan_out(1)).await?;
    let load = Load { way, ..Load::of(context.settings.scaled(EVENTS, LEAST)) };
    runs(context, title, &mut system, &stage, &load).await
}

/// `webhooks` webhooks.
pub(super) async fn to(context: &Context, webhooks: usize, events: usize) -> Result<Figures, String> {
    let (mut system, stage) = System::start(context, Layout::fan_out(webhooks)).await?;
    let load = Load::of(context.settings.scaled(events, LEAST / webhooks + 10));
    runs(context, &format!("fanout{webhooks}"), &mut system, &stage, &load).await
}

/// Many tenants, of which few have most events.
pub(super) async fn tenants(context: &Context) -> Result<Figures, String> {
    let mut by_tenants = Figures::default();
    let mut last = Figures::default();
    for tenants in TENANTS {
        let layout = Layout { tenants, ..Layout::fan_out(WEBHOOKS_A_TENANT) };
        let (mut system, stage) = System::start(context, layout).await?;
        let load = Load::of(context.settings.scaled(EVENTS_OF_TENANTS, LEAST));
        last = runs(context, &format!("tenants {tenants}"), &mut system, &stage, &load).await?;
        by_tenants.add_group(&tenants.to_string(), &last);
    }
    let cost = |tenants: usize| by_tenants.get(&format!("{tenants}.cpu_us_sum"));
    if let [Some(fewer), Some(more)] = TENANTS.map(cost) {
        last.set("cost_at_ten_times", more / fewer);
    }
    last.add_group("by_tenants", &by_tenants);
    Ok(last)
}

/// Events of several sizes.
pub(super) async fn sizes(context: &Context) -> Result<Figures, String> {
    let layout = Layout { tenants: 1, webhooks: vec![Manner::Takes; FAN_OUT_OF_SIZES], in_turn: false };
    let (mut system, stage) = System::start(context, layout).await?;
    let mut by_size = Figures::default();
    let mut last = Figures::default();
    for (name, size, events) in SIZES {
        let load = Load { size, ..Load::of(context.settings.scaled(events, 50)) };
        last = runs(context, &format!("sizes {name}"), &mut system, &stage, &load).await?;
        by_size.add_group(name, &last);
    }
    last.add_group("by_size", &by_size);
    Ok(last)
}
