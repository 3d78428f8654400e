//! Storing checked events: claim their publishers' ids, put them into the queue, confirm the ids.

use std::collections::HashMap;
use std::sync::Arc;

use fanfare_domain::event::Event;
use fanfare_domain::ids::EventId;
use fanfare_ports::idempotency::{IdClaim, Key};
use fanfare_ports::queue::{LARGEST_RECORD, PublishError, Topic};
use fanfare_proto::records::encode_event;
use fanfare_spans::{carried, fail, send_event};
use tracing::Span;

use crate::accepting::{Accepted, Intake};
use crate::error::{IntakeError, Unavailability};

/// An event that may be stored.
pub(crate) struct Candidate {
    pub(crate) event: Event,
    /// Whether its publisher gave the id, so that it must be accepted once only.
    pub(crate) own_id: bool,
}

impl Candidate {
    fn key(&self) -> Option<Key> {
        self.own_id.then(|| Key { tenant: self.event.tenant, event: self.event.id.clone() })
    }
}

pub(crate) type Outcome = Result<Accepted, IntakeError>;

/// Stores events; one outcome for each, in order.
pub(crate) async fn store(intake: Arc<Intake>, candidates: Vec<Candidate>) -> Vec<Outcome> {
    let keys: Vec<Option<Key>> = candidates.iter().map(Candidate::key).collect();
    let firsts = first_places(&keys);
    let asked: Vec<Key> = keys
        .iter()
        .enumerate()
        .filter_map(|(place, key)| key.as_ref().filter(|key| firsts.get(*key) == Some(&place)).cloned())
        .collect();
    let claims = claim(&intake, &asked).await;

    let mut outcomes: Vec<Option<Outcome>> = vec![None; candidates.len()];
    let mut granted = Vec::with_capacity(candidates.len());
    for (place, (candidate, key)) in candidates.into_iter().zip(&keys).enumerate() {
        let verdict = match key {
            Some(key) if firsts.get(key) != Some(&place) => continue,
            Some(key) => verdict(&claims, key, &candidate.event),
            None => None,
        };
        match verdict {
            Some(outcome) => settle(&mut outcomes, place, outcome),
            None => granted.push((place, candidate)),
        }
    }
    for (place, outcome) in put(&intake, granted).await {
        settle(&mut outcomes, place, outcome);
    }
    let repeated = |place: usize| {
        let first = keys.get(place)?.as_ref().and_then(|key| firsts.get(key))?;
        let outcome = outcomes.get(*first)?.clone()?;
        Some(outcome.map(|accepted| Accepted { duplicate: true, ..accepted }))
    };
    (0..outcomes.len())
        .map(|place| {
            let own = outcomes.get(place).cloned().flatten();
            own.or_else(|| repeated(place)).unwrap_or(Err(IntakeError::Unavailable(Unavailability::Queue)))
        })
        .collect()
}

fn settle(outcomes: &mut [Option<Outcome>], place: usize, outcome: Outcome) {
    if let Some(slot) = outcomes.get_mut(place) {
        *slot = Some(outcome);
    }
}

/// Where each key stands first.
fn first_places(keys: &[Option<Key>]) -> HashMap<Key, usize> {
    let mut firsts = HashMap::new();
    for (place, key) in keys.iter().enumerate() {
        if let Some(key) = key {
            firsts.entry(key.clone()).or_insert(place);
        }
    }
    firsts
}

/// Claims ids; `None` if they cannot be claimed now.
async fn claim(intake: &Intake, keys: &[Key]) -> Option<HashMap<Key, IdClaim>> {
    if keys.is_empty() {
        return Some(HashMap::new());
    }
    match intake.idempotency.claim(keys).await {
        Ok(claims) => Some(keys.iter().cloned().zip(claims).collect()),
        Err(error) => {
            tracing::warn!(%error, ids = keys.len(), "events with ids of their own are refused");
            None
        }
    }
}

/// The outcome of an event that will not be stored; `None` if it will.
fn verdict(claims: &Option<HashMap<Key, IdClaim>>, key: &Key, event: &Event) -> Option<Outcome> {
    let unavailable = |reason| Some(Err(IntakeError::Unavailable(reason)));
    let Some(claims) = claims else { return unavailable(Unavailability::Ids) };
    match claims.get(key) {
        Some(IdClaim::Granted) => None,
        Some(IdClaim::Duplicate) => Some(Ok(Accepted { id: event.id.clone(), duplicate: true })),
        Some(IdClaim::Busy) => unavailable(Unavailability::SameId),
        None => unavailable(Unavailability::Ids),
    }
}

/// Puts events into the queue and settles their claims.
async fn put(intake: &Intake, granted: Vec<(usize, Candidate)>) -> Vec<(usize, Outcome)> {
    let mut outcomes = Vec::with_capacity(granted.len());
    let (mut records, mut going, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for (place, mut candidate) in granted {
        let span = send_event(&candidate.event);
        if let Some(trace) = carried(&span) {
            candidate.event.trace = trace;
        }
        let record = encode_event(&candidate.event);
        // Canonical numbers can be longer than the published ones.
        if record.len() > LARGEST_RECORD {
            let too_large = IntakeError::TooLarge { size: candidate.event.data.len(), limit: LARGEST_RECORD };
            outcomes.push((place, Err(too_large)));
            refused.extend(candidate.key());
        } else {
            records.push(record);
            let key = candidate.key();
            going.push(Going { place, id: candidate.event.id, key, span });
        }
    }
    release(intake, &refused).await;
    if records.is_empty() {
        return outcomes;
    }
    let error = intake.queue.publish(Topic::Events, records).await.err();
    let stored = error.as_ref().map_or(going.len(), |error| error.stored().len());
    let rest = going.split_off(stored.min(going.len()));
    intake.metrics.stored(going.len());
    confirm(intake, &keys_of(&going)).await;
    outcomes.extend(going.into_iter().map(|Going { place, id, .. }| (place, Ok(Accepted { id, duplicate: false }))));
    if let Some(error) = error {
        tracing::warn!(%error, events = rest.len(), "events were not stored, or it is not known");
        let reason = match &error {
            PublishError::Full { .. } => Unavailability::Full,
            PublishError::TooLarge { .. } | PublishError::Unavailable { .. } => Unavailability::Queue,
        };
        // Where it is not known, the claims are kept until they expire: whoever sends the event again soon after must not
        // have it stored twice.
        if !matches!(error, PublishError::Unavailable { .. }) {
            release(intake, &keys_of(&rest)).await;
        }
        let refused = |one: Going| {
            fail(&one.span, "queue", &error);
            (one.place, Err(IntakeError::Unavailable(reason)))
        };
        outcomes.extend(rest.into_iter().map(refused));
    }
    outcomes
}

/// An event on its way into the queue.
struct Going {
    place: usize,
    id: EventId,
    key: Option<Key>,
    /// It ends when it is known what became of the event.
    span: Span,
}

fn keys_of(events: &[Going]) -> Vec<Key> {
    events.iter().filter_map(|event| event.key.clone()).collect()
}

/// Notes ids as accepted. If that fails, the events are accepted all the same; their ids may be accepted once more when
/// the claims have expired.
async fn confirm(intake: &Intake, keys: &[Key]) {
    if !keys.is_empty()
        && let Err(error) = intake.idempotency.confirm(keys).await
    {
        tracing::warn!(%error, ids = keys.len(), "ids of stored events could not be confirmed");
    }
}

/// Gives claims back. If that fails, they expire.
async fn release(intake: &Intake, keys: &[Key]) {
    if !keys.is_empty()
        && let Err(error) = intake.idempotency.release(keys).await
    {
        tracing::warn!(%error, ids = keys.len(), "claims of ids could not be given back");
    }
}
