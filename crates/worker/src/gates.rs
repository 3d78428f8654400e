//! How many attempts a webhook may have in the air, so that no receiver can slow another.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fanfare_domain::ids::WebhookId;
use fanfare_domain::time::Timestamp;
use tokio::sync::oneshot;

/// A receiver that answers, but slowly, keeps at least so many attempts in flight (or its limit, if that is less).
const SLOW_LIMIT: u32 = 8;
/// The span over which a webhook's pace is measured.
const PACE_SPAN: Duration = Duration::from_secs(5);

/// How an attempt went, as far as it says something about how much the receiver can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    /// Within a second, or refused at once.
    Promptly,
    /// After a second or more.
    Slowly,
    /// Not at all.
    Never,
}

/// Whether a delivery may go.
pub(crate) enum Admission {
    /// At once.
    Entered(Pass),
    /// When an attempt before it ends.
    Waiting(Ticket),
    /// Too many wait already.
    Full,
}

/// All webhooks' gates in this process.
#[derive(Debug)]
pub(crate) struct Gates {
    webhooks: Mutex<HashMap<WebhookId, Gate>>,
    waiting_limit: usize,
}

#[derive(Debug)]
struct Gate {
    in_flight: u32,
    /// Between 1 and what the webhook may have; falls when it does not answer.
    limit: u32,
    waiting: VecDeque<oneshot::Sender<()>>,
    pace: Pace,
}

/// Attempts that ended in the span under way and in the one before.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    began: Timestamp,
    ended: u32,
    ended_before: u32,
}

/// The right to have one attempt in flight; ends when it is dropped.
pub(crate) struct Pass {
    gates: Arc<Gates>,
    webhook: WebhookId,
    most: u32,
    answered: Answered,
    ended_at: Option<Timestamp>,
}

/// A place in a webhook's local queue.
pub(crate) struct Ticket {
    turn: oneshot::Receiver<()>,
    gates: Arc<Gates>,
    webhook: WebhookId,
    most: u32,
}

impl Gates {
    /// Gates at each of which up to `waiting_limit` deliveries wait.
    pub(crate) fn new(waiting_limit: usize) -> Arc<Self> {
        Arc::new(Self { webhooks: Mutex::default(), waiting_limit })
    }

    /// Asks to have one more attempt of `webhook` in flight, which may have `most` at once.
    pub(crate) fn enter(self: &Arc<Self>, webhook: WebhookId, most: u32) -> Admission {
        let mut webhooks = self.lock();
        let gate = webhooks.entry(webhook).or_insert_with(|| Gate {
            in_flight: 0,
            limit: most,
            waiting: VecDeque::new(),
            pace: Pace::default(),
        });
        gate.limit = gate.limit.min(most);
        if gate.in_flight < gate.limit {
            gate.in_flight += 1;
            drop(webhooks);
            return Admission::Entered(self.pass(webhook, most));
        }
        gate.waiting.retain(|waiting| !waiting.is_closed());
        if gate.waiting.len() >= self.waiting_limit {
            return Admission::Full;
        }
        let (sender, turn) = oneshot::channel();
        gate.waiting.push_back(sender);
        Admission::Waiting(Ticket { turn, gates: Arc::clone(self), webhook, most })
    }

    /// What `webhook` has been managing lately, in attempts a second; at least one.
    pub(crate) fn pace(&self, webhook: WebhookId, now: Timestamp) -> f64 {
        self.lock().get(&webhook).map_or(1.0, |gate| gate.pace.per_second(now)).max(1.0)
    }

    fn pass(self: &Arc<Self>, webhook: WebhookId, most: u32) -> Pass {
        Pass { gates: Arc::clone(self), webhook, most, answered: Answered::Promptly, ended_at: None }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<WebhookId, Gate>> {
        self.webhooks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, pass: &Pass) {
        let mut webhooks = self.lock();
        let Some(gate) = webhooks.get_mut(&pass.webhook) else { return };
        gate.in_flight = gate.in_flight.saturating_sub(1);
        if let Some(now) = pass.ended_at {
            gate.pace.count(now);
            gate.limit = next_limit(gate.limit, pass.most, pass.answered);
        }
        while gate.in_flight < gate.limit
            && let Some(next) = gate.waiting.pop_front()
        {
            if next.send(()).is_ok() {
                gate.in_flight += 1;
            }
        }
        // A gate that differs in nothing from a new one need not be kept.
        if gate.in_flight == 0 && gate.waiting.is_empty() && gate.limit >= pass.most {
            webhooks.remove(&pass.webhook);
        }
    }
}

fn next_limit(limit: u32, most: u32, answered: Answered) -> u32 {
    let floor = SLOW_LIMIT.min(most);
    match answered {
        Answered::Promptly => limit.saturating_add(1).min(most),
        Answered::Slowly if limit < floor => limit + 1,
        Answered::Slowly => (limit / 2).max(floor),
        Answered::Never => (limit / 2).max(1),
    }
}

impl Pass {
    /// Notes how the attempt went and when it ended.
    pub(crate) fn note(&mut self, answered: Answered, now: Timestamp) {
        self.answered = answered;
        self.ended_at = Some(now);
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.gates.leave(self);
    }
}

impl Ticket {
    /// Waits for its turn; dropping this gives the place, or a turn that has just come, to the next.
    pub(crate) async fn wait(mut self) -> Option<Pass> {
        (&mut self.turn).await.ok()?;
        Some(self.gates.pass(self.webhook, self.most))
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.turn.close();
        // A turn that came and was not taken up ends here.
        if self.turn.try_recv().is_ok() {
            drop(self.gates.pass(self.webhook, self.most));
        }
    }
}

impl Pace {
    fn count(&mut self, now: Timestamp) {
        self.turn(now);
        self.ended = self.ended.saturating_add(1);
    }

    fn turn(&mut self, now: Timestamp) {
        let age = now.since(self.began);
        if age >= PACE_SPAN {
            self.ended_before = if age < PACE_SPAN * 2 { self.ended } else { 0 };
            self.ended = 0;
            self.began = now;
        }
    }

    fn per_second(mut self, now: Timestamp) -> f64 {
        self.turn(now);
        let so_far = now.since(self.began);
        f64::from(self.ended + self.ended_before) / (PACE_SPAN + so_far).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEBHOOK: WebhookId = WebhookId::from_bytes([1; 16]);

    fn entered(admission: Admission) -> Pass {
        match admission {
            Admission::Entered(pass) => pass,
            Admission::Waiting(_) | Admission::Full => panic!("not let in"),
        }
    }

    #[tokio::test]
    async fn one_more_than_allowed_waits_until_one_leaves() {
        let gates = Gates::new(1);
        let first = entered(gates.enter(WEBHOOK, 1));
        let Admission::Waiting(ticket) = gates.enter(WEBHOOK, 1) else { panic!("let in") };
        assert!(matches!(gates.enter(WEBHOOK, 1), Admission::Full));
        drop(first);
        assert!(ticket.wait().await.is_some());
        assert!(gates.lock().is_empty(), "nothing is left behind");
    }

    #[tokio::test]
    async fn who_stopped_waiting_takes_nobodys_turn() {
        let gates = Gates::new(4);
        let first = entered(gates.enter(WEBHOOK, 1));
        let Admission::Waiting(impatient) = gates.enter(WEBHOOK, 1) else { panic!("let in") };
        drop(impatient);
        drop(first);
        entered(gates.enter(WEBHOOK, 1));
    }

    #[tokio::test]
    async fn a_turn_that_came_too_late_goes_to_the_next() {
        let gates = Gates::new(4);
        let first = entered(gates.enter(WEBHOOK, 1));
        let Admission::Waiting(impatient) = gates.enter(WEBHOOK, 1) else { panic!("let in") };
        let Admission::Waiting(patient) = gates.enter(WEBHOOK, 1) else { panic!("let in") };
        drop(first);
        drop(impatient);
        assert!(patient.wait().await.is_some());
    }

    #[test]
    fn a_webhook_that_never_answers_is_left_with_one_attempt_and_recovers() {
        let mut limit = 64;
        for _ in 0..10 {
            limit = next_limit(limit, 64, Answered::Never);
        }
        assert_eq!(limit, 1);
        assert_eq!(next_limit(limit, 64, Answered::Slowly), 2);
        assert_eq!(next_limit(64, 64, Answered::Slowly), 32);
        assert_eq!(next_limit(9, 64, Answered::Slowly), 8);
        for _ in 0..63 {
            limit = next_limit(limit, 64, Answered::Promptly);
        }
        assert_eq!(limit, 64);
    }

    #[test]
    fn a_pace_is_what_was_managed_and_at_least_one_a_second() {
        let gates = Gates::new(0);
        let keep_open = entered(gates.enter(WEBHOOK, 10));
        assert!((gates.pace(WEBHOOK, Timestamp::from_millis(0)) - 1.0).abs() < f64::EPSILON);
        for second in 0..10 {
            for _ in 0..20 {
                let mut pass = entered(gates.enter(WEBHOOK, 10));
                pass.note(Answered::Promptly, Timestamp::from_millis(1_000_000 + second * 1_000));
            }
        }
        let pace = gates.pace(WEBHOOK, Timestamp::from_millis(1_009_999));
        assert!((18.0..=22.0).contains(&pace), "{pace}");
        drop(keep_open);
    }
}
