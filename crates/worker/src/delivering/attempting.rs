//! One attempt: the request, the answer, and what follows.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::attempt::{Attempt, AttemptError};
use fanfare_domain::delivery::{Settlement, Turn};
use fanfare_domain::header_list::HeaderList;
use fanfare_domain::ids::AttemptId;
use fanfare_domain::journal::Follows;
use fanfare_domain::retry::parse_retry_after;
use fanfare_domain::time::Timestamp;
use fanfare_spans::{carried, posted};
use http::HeaderMap;
use http::header::{AUTHORIZATION, RETRY_AFTER};
use tracing::{Instrument, Span};

use super::{Courier, Job, number_of};
use crate::decision::{Outcome, Terms, follows};
use crate::egress::{Answer, Limit};
use crate::gates::{Answered, Pass};
use crate::prepared::Request;
use crate::recording::Task;
use crate::tokens::Client;

/// How long a record stays unfinished while its attempt is in the air.
const OPEN_LIMIT: Duration = Duration::from_secs(1);
/// An attempt is surely over so long after its limit.
const GUARD_MARGIN: Duration = Duration::from_secs(10);
/// An answer within this is prompt.
const PROMPT: Duration = Duration::from_secs(1);
const UNAUTHORIZED: u16 = 401;
/// Statuses with which a receiver can postpone the next attempt.
const POSTPONING: [u16; 2] = [429, 503];

impl Courier {
    pub(super) async fn attempt(&self, mut task: Box<Task>, mut job: Job, pass: Option<Pass>) {
        let started = self.clock.now();
        let resend = number_of(task.delivery.turn).saturating_sub(1);
        let span = job.span.in_scope(|| job.prepared.target.post_span(resend));
        if let Some(trace) = carried(&span) {
            job.event.trace = trace;
        }
        let job = &job;
        let request = match job.prepared.request(&job.event, started) {
            Ok(request) => request,
            Err(error) => {
                let why = format!("request cannot be made: {error}");
                return Box::pin(self.wait_undecided(task, &why)).instrument(job.span.clone()).await;
            }
        };
        if task.is_first_attempt() {
            self.metrics.first_attempt(started.since(job.event.accepted), task.lease.consumer);
        }
        let shown = job.prepared.shown(&request.headers);
        let answer = self.post(&mut task, job, request, started).instrument(span.clone()).await;
        let _within = job.span.enter();
        let ended = self.clock.now();
        let result = answer.and_then(|answer| {
            if job.prepared.takes(answer.status) { Ok(answer) } else { Err(Refusal::answered(answer, ended)) }
        });
        tell(&span, &result);
        drop(span);
        if let Some(mut pass) = pass {
            pass.note(how_answered(&result, ended.since(started)), ended);
            // The webhook's next attempt does not wait until this one is on record.
            drop(pass);
        }
        let follows = self.what_follows(&task, job, &result, ended);
        self.metrics.attempted(ended.since(started), result.as_ref().err().map(|refusal| &refusal.error));
        if result.is_ok() && task.is_of_first_run() {
            self.metrics.delivered(ended.since(job.event.accepted));
        }
        let attempt = attempt(&task, started, ended, shown, result);
        log(&task, job, &attempt, follows);
        self.recorder.attempted(task, Some(&job.event), Some(attempt), follows);
    }

    /// Posts. When that takes longer than a record may stay unfinished, an entry in the schedule takes its place.
    async fn post(&self, task: &mut Task, job: &Job, request: Request, started: Timestamp) -> Result<Answer, Refusal> {
        let length = job.prepared.timeout;
        let open_for = task.taken.plus(OPEN_LIMIT).since(started);
        let scheduled = task.scheduled();
        // One timer at a time is enough: until the first is over, the later one need not run.
        let watched = AtomicBool::new(scheduled.is_none() || length <= open_for);
        let mut posting = std::pin::pin!(self.exchange(job, request, Limit::once(length, &watched)));
        let answer = match scheduled {
            // The schedule cannot take a manual attempt up again: its record stays open instead.
            None => posting.await,
            Some(number) => tokio::select! {
                biased;
                answer = &mut posting => answer,
                () = self.clock.sleep(open_for) => {
                    watched.store(true, Ordering::Relaxed);
                    let guarding = Box::pin(self.recorder.guard(task, number, started.plus(length + GUARD_MARGIN)));
                    tokio::join!(posting, guarding).0
                }
            },
        };
        answer.map_err(|error| Refusal { error, answer: None, retry_after: None })
    }

    /// Posts, with a token if the receiver wants one.
    async fn exchange(&self, job: &Job, request: Request, limit: Limit<'_>) -> Result<Answer, AttemptError> {
        let Request { headers, body } = request;
        match &job.prepared.client {
            None => self.poster.post(&job.prepared.target, headers, body, limit).await,
            Some(client) => Box::pin(self.exchange_with_token(job, client, headers, body)).await,
        }
    }

    /// Posts with a token; one that the receiver refuses is fetched anew, once.
    async fn exchange_with_token(
        &self,
        job: &Job,
        client: &Client,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, AttemptError> {
        let Job { prepared, webhook, .. } = job;
        let of = (webhook.id, prepared.version);
        let limit = prepared.timeout;
        let both = async {
            let token = self.tokens.header(of, client, &self.poster, limit, None).await?;
            headers.insert(AUTHORIZATION, token.clone());
            let answer = self.poster.post(&prepared.target, headers.clone(), body.clone(), Limit::of(limit)).await?;
            if answer.status != UNAUTHORIZED {
                return Ok(answer);
            }
            let fresh = self.tokens.header(of, client, &self.poster, limit, Some(&token)).await?;
            headers.insert(AUTHORIZATION, fresh);
            self.poster.post(&prepared.target, headers, body, Limit::of(limit)).await
        };
        tokio::time::timeout(limit, both).await.unwrap_or(Err(AttemptError::TimedOut(limit)))
    }

    fn what_follows(&self, task: &Task, job: &Job, result: &Result<Answer, Refusal>, ended: Timestamp) -> Follows {
        let outcome = match result {
            Ok(_) => Outcome::Taken,
            Err(refusal) => Outcome::Refused { error: &refusal.error, retry_after: refusal.retry_after },
        };
        let terms = Terms {
            turn: task.delivery.turn,
            ended,
            policy: &job.prepared.retry,
            deadline: self.deadline(job.event.accepted),
            random: rand::random(),
        };
        follows(&outcome, &terms)
    }
}

/// An attempt that failed.
struct Refusal {
    error: AttemptError,
    answer: Option<Box<Answer>>,
    retry_after: Option<Duration>,
}

impl Refusal {
    fn answered(answer: Answer, now: Timestamp) -> Self {
        let asked = answer.headers.get(RETRY_AFTER).filter(|_| POSTPONING.contains(&answer.status));
        let retry_after = asked.and_then(|value| value.to_str().ok()).and_then(|value| parse_retry_after(value, now));
        Self { error: AttemptError::Rejected(answer.status), answer: Some(Box::new(answer)), retry_after }
    }
}

fn tell(span: &Span, result: &Result<Answer, Refusal>) {
    if span.is_disabled() {
        return;
    }
    match result {
        Ok(answer) => posted(span, Some(answer.status), None),
        Err(Refusal { error, answer, .. }) => {
            // The conventions ask for the status itself.
            let kind = match error {
                AttemptError::Rejected(status) => status.to_string(),
                other => other.kind().to_owned(),
            };
            let failure = (kind, error.to_string());
            posted(span, answer.as_ref().map(|answer| answer.status), Some(failure));
        }
    }
}

fn how_answered(result: &Result<Answer, Refusal>, took: Duration) -> Answered {
    match result {
        Err(Refusal { error: AttemptError::TimedOut(_), .. }) => Answered::Never,
        _ if took < PROMPT => Answered::Promptly,
        _ => Answered::Slowly,
    }
}

fn attempt(
    task: &Task,
    started: Timestamp,
    ended: Timestamp,
    request_headers: HeaderList,
    result: Result<Answer, Refusal>,
) -> Attempt {
    let (answer, error) = match result {
        Ok(answer) => (Some(Box::new(answer)), None),
        Err(refusal) => (refusal.answer, Some(refusal.error.to_string())),
    };
    let number = number_of(task.delivery.turn);
    let (id, manual) = match task.delivery.turn {
        Turn::Scheduled(number) => (AttemptId::derive(task.delivery.reference.id, number), false),
        Turn::Manual { id, .. } => (id, true),
    };
    Attempt {
        id,
        number,
        manual,
        started,
        duration: ended.since(started),
        status: answer.as_ref().map(|answer| answer.status),
        error,
        request_headers,
        response_headers: answer.as_ref().map(|answer| kept_headers(&answer.headers)).unwrap_or_default(),
        response_body: answer.map_or_else(Bytes::new, |answer| answer.body),
    }
}

/// Response headers are kept up to this many bytes.
const KEPT_HEADERS: usize = 8 * 1024;

fn kept_headers(headers: &HeaderMap) -> HeaderList {
    let mut bytes = 0;
    headers
        .iter()
        .take_while(|(name, value)| {
            bytes += name.as_str().len() + value.len();
            bytes <= KEPT_HEADERS
        })
        .collect()
}

/// One wide line for each attempt.
fn log(task: &Task, job: &Job, attempt: &Attempt, follows: Follows) {
    tracing::info!(
        target: "fanfare::attempt",
        tenant = job.event.tenant_id.as_str(),
        event = job.event.id.as_str(),
        event_type = job.event.event_type.as_str(),
        webhook = job.webhook.id.to_text().as_str(),
        delivery = task.delivery.reference.id.to_text().as_str(),
        attempt = attempt.number,
        manual = attempt.manual,
        status = attempt.status,
        duration_ms = u64::try_from(attempt.duration.as_millis()).unwrap_or(u64::MAX),
        late_ms = u64::try_from(attempt.started.since(task.delivery.due).as_millis()).unwrap_or(u64::MAX),
        error = attempt.error.as_deref(),
        follows = &*shown(follows),
        trace = job.event.trace.parent.as_deref(),
        "attempt made",
    );
}

/// What follows as it is logged. What nearly always does is not worth a formatting.
fn shown(follows: Follows) -> Cow<'static, str> {
    match follows {
        Follows::Settled(Settlement::Success) => Cow::Borrowed("Settled(Success)"),
        other => Cow::Owned(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_is_logged_as_all_else_that_follows() {
        let follows = Follows::Settled(Settlement::Success);
        assert_eq!(shown(follows), format!("{follows:?}"));
    }
}
