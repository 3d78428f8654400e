//! The system under load, and the tenants and webhooks that a case works with.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fanfare_cluster::Cluster;
use futures::{StreamExt, TryStreamExt};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::book::{Manner, Route};
use crate::context::Context;
use crate::meter::{self, Cpu};
use crate::publish::{Entrance, type_of};
use crate::random::Random;
use crate::receive::Receivers;
use crate::wal;

/// Room for what the cases keep: the services' own limits but larger, so that no case ends at them.
const FILE: &str = "[nats.bytes]\nevents = 8589934592\ndeliveries = 4294967296\njournal = 8589934592\n";
/// Calls at once while webhooks are made.
const MAKING: usize = 8;
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A system that uses less CPU than this in [`LOOK_EVERY`] rests.
const AT_REST: Duration = Duration::from_millis(40);

/// The system, one receiver for each webhook, and what has been made in it.
#[derive(Debug)]
pub(crate) struct System {
    pub(crate) cluster: Cluster,
    pub(crate) receivers: Receivers,
    pub(crate) entrance: Entrance,
    runs: u64,
}

/// Which tenants and webhooks there are to be.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) tenants: usize,
    /// How each of a tenant's webhooks answers.
    pub(crate) webhooks: Vec<Manner>,
    /// Whether each event goes to one of them, in turn, rather than to all.
    pub(crate) in_turn: bool,
}

/// Tenants and webhooks that are there.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) tenants: Arc<[String]>,
    /// By webhook, over all tenants.
    pub(crate) manners: Arc<[Manner]>,
    layout: Layout,
}

impl Layout {
    /// One tenant, whose events go to `webhooks` that take all.
    pub(crate) fn fan_out(webhooks: usize) -> Self {
        Self { tenants: 1, webhooks: vec![Manner::Takes; webhooks], in_turn: false }
    }

    fn all(&self) -> usize {
        self.tenants * self.webhooks.len()
    }
}

impl Stage {
    /// The way of `events` events.
    pub(crate) fn route(&self, events: usize) -> Route {
        let webhooks = self.layout.webhooks.len();
        match (self.layout.tenants, self.layout.in_turn) {
            (1, true) => Route::InTurn(webhooks),
            (1, false) => Route::Everyone(webhooks),
            (tenants, _) => {
                Route::Tenants { webhooks, of: (0..events).map(|event| by_power_law(event, tenants)).collect() }
            }
        }
    }
}

/// The tenant of an event: the k-th busiest has about 1/k of what the busiest has (Zipf's law).
fn by_power_law(event: usize, tenants: usize) -> u16 {
    let part = (Random::from(event as u64).next() >> 11) as f64 / (1_u64 << 53) as f64;
    let rank = ((tenants + 1) as f64).powf(part) as usize;
    u16::try_from(rank.clamp(1, tenants) - 1).unwrap_or(u16::MAX)
}

impl System {
    /// Starts the system with `layout` in it.
    ///
    /// # Errors
    /// What was refused.
    pub(crate) async fn start(context: &Context, layout: Layout) -> Result<(Self, Stage), String> {
        let receivers = Receivers::start(layout.all(), &context.receiving).await;
        let mut builder = Cluster::of(context.settings.backend.family()).as_deployed().file(FILE);
        if let Some(path) = &context.settings.config {
            builder =
                builder.file(&std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?);
        }
        let cluster = builder.start().await;
        if let Some(backends) = &cluster.backends {
            wal::fill_once(&backends.postgres.url()).await?;
        }
        let entrance = Entrance {
            grpc: cluster.grpc().to_owned(),
            rest: cluster.rest.base().to_owned(),
            key: cluster.operator_key().to_owned(),
            http: cluster.client(),
        };
        let system = Self { cluster, receivers, entrance, runs: 0 };
        let stage = system.set(layout).await?;
        system.cluster.in_force().await;
        Ok((system, stage))
    }

    async fn set(&self, layout: Layout) -> Result<Stage, String> {
        let tenants: Arc<[String]> = (0..layout.tenants).map(|tenant| format!("load-{tenant}")).collect();
        let making = futures::stream::iter(tenants.iter()).map(|id| self.make_tenant(id));
        making.buffer_unordered(MAKING).try_collect::<Vec<()>>().await?;
        let each = layout.webhooks.len();
        let making = futures::stream::iter(0..layout.all()).map(|webhook| {
            let tenant = tenants.get(webhook / each).map(String::as_str).unwrap_or_default();
            let slot = if layout.in_turn { 0 } else { webhook % each };
            self.make_webhook(tenant, self.settings(&layout, webhook, slot))
        });
        let secrets: Vec<Vec<u8>> = making.buffered(MAKING).try_collect().await?;
        self.receivers.know(secrets);
        let manners = layout.webhooks.iter().cycle().take(layout.all()).cloned().collect();
        Ok(Stage { tenants, manners, layout })
    }

    async fn make_tenant(&self, id: &str) -> Result<(), String> {
        let reply = self.cluster.rest.put(&format!("/v1/tenants/{id}"), json!({})).await;
        if reply.status.is_success() { Ok(()) } else { Err(format!("tenant {id}: {} {}", reply.status, reply.body)) }
    }

    fn settings(&self, layout: &Layout, webhook: usize, slot: usize) -> Value {
        let events = if layout.in_turn { type_of(webhook) } else { "*".to_owned() };
        let mut settings = json!({ "url": self.receivers.url(webhook, slot), "events": [events] });
        let retries = match layout.webhooks.get(webhook % layout.webhooks.len()) {
            Some(Manner::Fails(delays)) => {
                let delays = delays.iter().map(|delay| format!("{}ms", delay.as_millis()));
                Some(["0s".to_owned()].into_iter().chain(delays).collect::<Vec<_>>())
            }
            // A receiver postpones by as much as the longest delay.
            Some(Manner::Postpones(_)) => Some(["0s", "1s", "24h"].map(str::to_owned).into()),
            Some(Manner::Takes | Manner::Hangs) | None => None,
        };
        if let Some(delays) = retries {
            settings["retry"] = json!({ "delays": delays, "jitter": 0.0 });
            // However much fails, it is not to be switched off.
            settings["disable"] = json!({});
        }
        settings
    }

    /// Gives the secret's bytes.
    async fn make_webhook(&self, tenant: &str, settings: Value) -> Result<Vec<u8>, String> {
        let reply = self.cluster.rest.for_tenant(tenant).post("/v1/webhooks", settings).await;
        if reply.status.as_u16() != 201 {
            return Err(format!("webhook of {tenant}: {} {}", reply.status, reply.body));
        }
        let secret = reply.body["secret"].as_str().and_then(|secret| secret.strip_prefix("whsec_"));
        secret.and_then(|secret| STANDARD.decode(secret).ok()).ok_or_else(|| "a webhook has no secret".to_owned())
    }

    /// The number of the next run.
    pub(crate) fn next_run(&mut self) -> u64 {
        self.runs += 1;
        self.runs
    }

    /// What all processes have used so far.
    pub(crate) fn cpu(&self) -> Cpu {
        Cpu::read(self.cluster.pids())
    }

    /// Waits until the system rests, up to `limit`: the journal is written, nothing is under way. Gives the CPU that it had used
    /// when its rest began.
    pub(crate) async fn rested(&self, limit: Duration) -> Cpu {
        let until = Instant::now() + limit;
        let mut before = self.cpu();
        let mut rest_began: Option<Cpu> = None;
        while Instant::now() < until {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = self.cpu();
            let rests = now.sum_since(&before) < AT_REST;
            match rest_began {
                Some(began) if rests => return began,
                _ => rest_began = rests.then(|| before.clone()),
            }
            before = now;
        }
        self.cpu()
    }

    /// Lets all peaks of memory begin anew.
    pub(crate) fn watch_memory(&self) -> Memory {
        self.cluster.pids().for_each(|(_, pid)| meter::reset_peak(pid));
        Memory::default()
    }
}

/// The most memory that each process has had, in MiB, by process id.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    by_process: BTreeMap<u32, (&'static str, f64)>,
}

impl Memory {
    /// Looks at all processes, those that were started meanwhile too.
    pub(crate) fn look(&mut self, system: &System) {
        for (name, pid) in system.cluster.pids() {
            let now = meter::tree_mib(pid).max(meter::peak_mib(pid));
            let peak = self.by_process.entry(pid).or_insert((name, 0.0));
            peak.1 = peak.1.max(now);
        }
    }

    /// Looks again and again, for as long as `work` lasts.
    pub(crate) async fn during<T>(&mut self, system: &System, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => {
                    self.look(system);
                    return done;
                }
                () = tokio::time::sleep(LOOK_EVERY) => self.look(system),
            }
        }
    }

    /// By name; the largest of a service's processes.
    pub(crate) fn peaks(&self) -> BTreeMap<&'static str, f64> {
        let mut peaks = BTreeMap::new();
        for (name, peak) in self.by_process.values() {
            let largest = peaks.entry(*name).or_insert(0.0_f64);
            *largest = largest.max(*peak);
        }
        peaks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_tenants_have_most_events_and_all_have_some() {
        let mut counts = vec![0; 1000];
        for event in 0..50_000 {
            counts[usize::from(by_power_law(event, 1000))] += 1;
        }
        // With 1,000 tenants the busiest has 1/log2(1001) of all.
        assert!((4_500..5_500).contains(&counts[0]), "{}", counts[0]);
        assert!((2_500..3_300).contains(&counts[1]), "{}", counts[1]);
        assert!(counts.iter().filter(|count| **count > 0).count() > 950);
        assert_eq!(counts.iter().sum::<i32>(), 50_000);
    }
}
