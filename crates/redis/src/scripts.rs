//! The scripts, each of which changes the schedule as a whole.

use fanfare_ports::schedule::{MEASURED_GROWTH, MEASURED_LIMIT};
use redis::{Script, ScriptInvocation};

use crate::score::to_redis;
use crate::settings::TimeSource;

const KEYS: [&str; 7] = [
    "{fanfare}:due",
    "{fanfare}:gates",
    "{fanfare}:paces",
    "{fanfare}:resting",
    "{fanfare}:position",
    "{fanfare}:leader",
    "{fanfare}:anew",
];
const PARKED: &str = "{fanfare}:parked:";

/// Where entries that wait for a time are.
pub(crate) const DUE: &str = KEYS[0];
/// Where the position is.
pub(crate) const POSITION: &str = KEYS[4];

/// All scripts of the schedule.
pub(crate) struct Scripts {
    pub(crate) apply: Script,
    pub(crate) begin_anew: Script,
    pub(crate) claim: Script,
    pub(crate) finish: Script,
    pub(crate) lead: Script,
    pub(crate) look_up: Script,
    pub(crate) survey: Script,
    pub(crate) open_gate: Script,
    pub(crate) erase_queues: Script,
}

impl Scripts {
    pub(crate) fn new() -> Self {
        let numbers = format!("local MEASURED_GROWTH, MEASURED_LIMIT = {MEASURED_GROWTH}, {MEASURED_LIMIT}\n");
        let script = |own: &str| Script::new(&[&numbers, include_str!("scripts/shared.lua"), own].concat());
        Self {
            apply: script(include_str!("scripts/apply.lua")),
            begin_anew: script(include_str!("scripts/begin_anew.lua")),
            claim: script(include_str!("scripts/claim.lua")),
            finish: script(include_str!("scripts/finish.lua")),
            lead: script(include_str!("scripts/lead.lua")),
            look_up: script(include_str!("scripts/look_up.lua")),
            survey: script(include_str!("scripts/survey.lua")),
            open_gate: script(include_str!("scripts/open_gate.lua")),
            erase_queues: script(include_str!("scripts/erase_queues.lua")),
        }
    }
}

/// An invocation with the keys and arguments that all scripts have.
pub(crate) fn prepare<'a>(script: &'a Script, time: &TimeSource) -> ScriptInvocation<'a> {
    let mut invocation = script.prepare_invoke();
    for key in KEYS {
        invocation.key(key);
    }
    invocation.arg(PARKED);
    match time.given() {
        Some(now) => invocation.arg(to_redis(now)),
        None => invocation.arg(""),
    };
    invocation
}
