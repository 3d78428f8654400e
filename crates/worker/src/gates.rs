//! How many attempts a webhook may have in the air, so that no receiver can slow another.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fanfare_domain::ids::WebhookId;
use fanfare_domain::time::Timestamp;
use tokio::sync::oneshot;

/// A receiver that has not answered yet has so many attempts in flight: one that never does takes no more of the places.
const FIRST_LIMIT: u32 = 16;
/// A receiver that answers, but slowly, keeps at least so many attempts in flight (or its limit, if that is less).
const SLOW_LIMIT: u32 = 8;
/// What is answered within this time may wait, however much it is: it would take longer to park it.
const MOMENT: Duration = Duration::from_millis(200);
/// The span over which a webhook's pace is measured.
const PACE_SPAN: Duration = Duration::from_secs(5);
/// Less than this is too short to tell a pace from.
const LEAST_SPAN: Duration = Duration::from_millis(100);

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

/// Attempts that were answered in the span under way and in the one before.
#[derive(Clone, Copy, Debug)]
struct Pace {
    began: Timestamp,
    answered: u32,
    answered_before: u32,
    span_before: Duration,
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
    /// Gates at each of which up to `waiting_limit` deliveries wait, or as many as its webhook answers in a
    /// moment.
    pub(crate) fn new(waiting_limit: usize) -> Arc<Self> {
        Arc::new(Self { webhooks: Mutex::default(), waiting_limit })
    }

    /// Asks to have one more attempt of `webhook` in flight, which may have `most` at once.
    pub(crate) fn enter(self: &Arc<Self>, webhook: WebhookId, most: u32, now: Timestamp) -> Admission {
        let mut webhooks = self.lock();
        let gate = webhooks.entry(webhook).or_insert_with(|| Gate {
            in_flight: 0,
            limit: most.min(FIRST_LIMIT),
            waiting: VecDeque::new(),
            pace: Pace::from(now),
        });
        gate.limit = gate.limit.min(most);
        if gate.in_flight < gate.limit {
            gate.in_flight += 1;
            drop(webhooks);
            return Admission::Entered(self.pass(webhook, most));
        }
        // Parking takes longer than what this webhook will have answered in a moment.
        let soon = gate.pace.answered_per_second(now) * MOMENT.as_secs_f64();
        let waiting_limit = self.waiting_limit.max(soon as usize);
        if gate.waiting.len() >= waiting_limit {
            gate.waiting.retain(|waiting| !waiting.is_closed());
        }
        if gate.waiting.len() >= waiting_limit {
            return Admission::Full;
        }
        let (sender, turn) = oneshot::channel();
        gate.waiting.push_back(sender);
        Admission::Waiting(Ticket { turn, gates: Arc::clone(self), webhook, most })
    }

    /// What `webhook`, which may have `most` in flight, has been managing lately, in attempts a second; at least one.
    pub(crate) fn pace(&self, webhook: WebhookId, most: u32, now: Timestamp) -> f64 {
        let fresh = || Pace::from(now).per_second(most, now);
        self.lock().get(&webhook).map_or_else(fresh, |gate| gate.pace.per_second(gate.limit, now)).max(1.0)
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
            if pass.answered != Answered::Never {
                gate.pace.count(now);
            }
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
    const fn from(now: Timestamp) -> Self {
        Self { began: now, answered: 0, answered_before: 0, span_before: Duration::ZERO }
    }

    fn count(&mut self, now: Timestamp) {
        self.turn(now);
        self.answered = self.answered.saturating_add(1);
    }

    fn turn(&mut self, now: Timestamp) {
        let age = now.since(self.began);
        if age >= PACE_SPAN {
            self.answered_before = if age < PACE_SPAN * 2 { self.answered } else { 0 };
            self.span_before = age.min(PACE_SPAN * 2);
            self.answered = 0;
            self.began = now;
        }
    }

    /// What was answered in the time that is looked at, for each second of it.
    fn answered_per_second(mut self, now: Timestamp) -> f64 {
        self.turn(now);
        let answered = u64::from(self.answered) + u64::from(self.answered_before);
        answered as f64 / self.span(now).as_secs_f64()
    }

    fn span(&self, now: Timestamp) -> Duration {
        (self.span_before + now.since(self.began)).max(LEAST_SPAN)
    }

    /// What was answered in the time that is looked at, and what may be in flight now as if it were answered this moment:
    /// so a webhook of which little is known is taken to be quick, and less so the longer nothing is heard of it.
    fn per_second(mut self, limit: u32, now: Timestamp) -> f64 {
        self.turn(now);
        let answered = u64::from(self.answered) + u64::from(self.answered_before) + u64::from(limit);
        answered as f64 / self.span(now).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEBHOOK: WebhookId = WebhookId::from_bytes([1; 16]);

    const fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000_000 + millis)
    }

    fn entered(admission: Admission) -> Pass {
        match admission {
            Admission::Entered(pass) => pass,
            Admission::Waiting(_) | Admission::Full => panic!("not let in"),
        }
    }

    #[tokio::test]
    async fn one_more_than_allowed_waits_until_one_leaves() {
        let gates = Gates::new(1);
        let first = entered(gates.enter(WEBHOOK, 1, at(0)));
        let Admission::Waiting(ticket) = gates.enter(WEBHOOK, 1, at(0)) else { panic!("let in") };
        assert!(matches!(gates.enter(WEBHOOK, 1, at(0)), Admission::Full));
        drop(first);
        assert!(ticket.wait().await.is_some());
        assert!(gates.lock().is_empty(), "nothing is left behind");
    }

    #[test]
    fn as_many_wait_as_are_answered_in_a_moment() {
        let gates = Gates::new(2);
        let _keep_open = entered(gates.enter(WEBHOOK, 2, at(0)));
        for millis in 0..1_000 {
            let mut pass = entered(gates.enter(WEBHOOK, 2, at(millis)));
            pass.note(Answered::Promptly, at(millis));
        }
        let _busy = entered(gates.enter(WEBHOOK, 2, at(1_000)));
        let mut tickets = Vec::new();
        while let Admission::Waiting(ticket) = gates.enter(WEBHOOK, 2, at(1_000)) {
            tickets.push(ticket);
        }
        assert!((195..=205).contains(&tickets.len()), "{}", tickets.len());
    }

    #[tokio::test]
    async fn who_stopped_waiting_takes_nobodys_turn() {
        let gates = Gates::new(4);
        let first = entered(gates.enter(WEBHOOK, 1, at(0)));
        let Admission::Waiting(impatient) = gates.enter(WEBHOOK, 1, at(0)) else { panic!("let in") };
        drop(impatient);
        drop(first);
        entered(gates.enter(WEBHOOK, 1, at(0)));
    }

    #[tokio::test]
    async fn a_turn_that_came_too_late_goes_to_the_next() {
        let gates = Gates::new(4);
        let first = entered(gates.enter(WEBHOOK, 1, at(0)));
        let Admission::Waiting(impatient) = gates.enter(WEBHOOK, 1, at(0)) else { panic!("let in") };
        let Admission::Waiting(patient) = gates.enter(WEBHOOK, 1, at(0)) else { panic!("let in") };
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
    fn a_pace_is_what_was_managed() {
        let gates = Gates::new(0);
        let keep_open = entered(gates.enter(WEBHOOK, 10, at(0)));
        for second in 0..10 {
            for _ in 0..20 {
                let mut pass = entered(gates.enter(WEBHOOK, 10, at(second * 1_000)));
                pass.note(Answered::Promptly, at(second * 1_000));
            }
        }
        let pace = gates.pace(WEBHOOK, 10, at(9_999));
        assert!((18.0..=22.0).contains(&pace), "{pace}");
        drop(keep_open);
    }

    #[test]
    fn what_is_not_known_yet_is_taken_to_be_quick() {
        let gates = Gates::new(0);
        let first = entered(gates.enter(WEBHOOK, 64, at(0)));
        assert!(gates.pace(WEBHOOK, 64, at(5)) >= 64.0, "a burst is not parked for long");
        drop(first);
        assert!(gates.pace(WEBHOOK, 64, at(5)) >= 64.0, "nor is what comes to an idle webhook");
    }

    #[test]
    fn a_webhook_that_never_answers_slows_down_to_one_a_second() {
        let gates = Gates::new(0);
        let mut hanging: Vec<_> = (0..FIRST_LIMIT).map(|_| entered(gates.enter(WEBHOOK, 64, at(0)))).collect();
        assert!(gates.pace(WEBHOOK, 64, at(10_000)) < 15.0);
        for pass in &mut hanging {
            pass.note(Answered::Never, at(15_000));
        }
        drop(hanging);
        let pace = gates.pace(WEBHOOK, 64, at(15_001));
        assert!((pace - 1.0).abs() < f64::EPSILON, "{pace}");
    }
}
