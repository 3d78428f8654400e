//! Publishing through one `PublishStream`: many in flight, answers in order.

use std::num::NonZeroU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures::StreamExt;
use tokio::time::Instant;
use tonic::Code;

use super::{AGAIN_AFTER, Entrance, Events, PATIENCE, is_open};

/// Publishes all events, at most `per_second` if that is given.
pub(super) async fn publish(
    entrance: &Entrance,
    events: &Events,
    per_second: Option<NonZeroU32>,
) -> Result<(), String> {
    let mut waiting: Vec<usize> = (0..events.book.events()).collect();
    let mut last_taken = Instant::now();
    loop {
        let before = waiting.len();
        let (left, why) = send(entrance, events, waiting, per_second).await?;
        waiting = left;
        if waiting.is_empty() {
            return Ok(());
        }
        events.book.counts.sent_again.fetch_add(waiting.len() as u64, Relaxed);
        if waiting.len() < before {
            last_taken = Instant::now();
        }
        if last_taken.elapsed() > PATIENCE {
            return Err(format!("none of {} events is accepted for {PATIENCE:?}: {why}", waiting.len()));
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

/// Sends events through one stream; gives those that must be sent again, and why the last of them.
async fn send(
    entrance: &Entrance,
    events: &Events,
    numbers: Vec<usize>,
    per_second: Option<NonZeroU32>,
) -> Result<(Vec<usize>, String), String> {
    let began = Instant::now();
    let all = events.clone();
    let requests = futures::stream::iter(numbers.clone().into_iter().enumerate()).then(move |(place, event)| {
        let due =
            per_second.map(|per_second| began + Duration::from_secs_f64(place as f64 / f64::from(per_second.get())));
        let all = all.clone();
        async move {
            if let Some(due) = due {
                tokio::time::sleep_until(due).await;
            }
            all.request(event)
        }
    });
    let mut again = Vec::new();
    let mut open = numbers.into_iter();
    let mut why = String::from("the stream ended");
    match entrance.client()?.publish_stream(entrance.request(requests)?).await {
        Err(status) if is_open(status.code()) => why = status.to_string(),
        Err(status) => return Err(format!("the stream is refused: {status}")),
        Ok(answers) => {
            let mut answers = answers.into_inner();
            loop {
                match tokio::time::timeout(PATIENCE, answers.message()).await {
                    Ok(Ok(Some(answer))) => {
                        let Some(event) = open.next() else { break };
                        match answer.error {
                            None => events.book.accepted(event),
                            Some(error) if is_open(Code::from(error.code)) => {
                                why = error.message;
                                again.push(event);
                            }
                            Some(error) => return Err(format!("event {event} is refused: {}", error.message)),
                        }
                    }
                    Ok(Ok(None)) => break,
                    Ok(Err(status)) => {
                        why = status.to_string();
                        break;
                    }
                    Err(_) => {
                        why = "no answer comes".to_owned();
                        break;
                    }
                }
            }
        }
    }
    again.extend(open);
    Ok((again, why))
}
