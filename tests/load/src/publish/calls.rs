//! Publishing by calls of one event each, from many callers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{AGAIN_AFTER, CALLERS, CONNECTIONS, Entrance, Events, PATIENCE, event_type, is_open};

const CALL_LIMIT: Duration = Duration::from_secs(30);

/// Whether an event was accepted; else why it is to be sent again.
type Outcome = Result<Result<(), String>, String>;

pub(super) async fn unary(entrance: &Entrance, events: &Events) -> Result<(), String> {
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(entrance.client()?);
    }
    let authorization = entrance.authorization()?;
    from_all_callers(events, |caller| {
        // There is a client for each remainder.
        let client = clients.iter().cycle().nth(caller).cloned();
        let (events, authorization) = (events.clone(), authorization.clone());
        move |event| {
            let (client, authorization) = (client.clone(), authorization.clone());
            let mut request = tonic::Request::new(events.request(event));
            request.metadata_mut().insert("authorization", authorization);
            async move {
                let Some(mut client) = client else { return Err("there is no connection".to_owned()) };
                match client.publish(request).await {
                    Ok(_) => Ok(Ok(())),
                    Err(status) if is_open(status.code()) => Ok(Err(status.to_string())),
                    Err(status) => Err(format!("event {event} is refused: {status}")),
                }
            }
        }
    })
    .await
}

pub(super) async fn rest(entrance: &Entrance, events: &Events) -> Result<(), String> {
    let url = format!("{}/v1/events", entrance.rest);
    let mut headers = HeaderMap::new();
    let header = |text: &str| HeaderValue::from_str(text).map_err(|error| error.to_string());
    headers.insert(AUTHORIZATION, header(&format!("Bearer {}", entrance.key))?);
    headers.insert(CONTENT_TYPE, header("application/json")?);
    from_all_callers(events, |_| {
        let (client, url, headers, events) = (entrance.http.clone(), url.clone(), headers.clone(), events.clone());
        move |event| {
            let mut headers = headers.clone();
            if let Ok(tenant) = HeaderValue::from_str(events.tenant(event)) {
                headers.insert("fanfare-tenant", tenant);
            }
            let call = client.post(&url).headers(headers).timeout(CALL_LIMIT).body(body(&events, event));
            async move {
                match call.send().await {
                    Ok(answer) if answer.status() == StatusCode::ACCEPTED => {
                        // Read to its end, so that the connection can be used again.
                        let _ = answer.bytes().await;
                        Ok(Ok(()))
                    }
                    Ok(answer) if answer.status() == StatusCode::SERVICE_UNAVAILABLE => {
                        Ok(Err(answer.text().await.unwrap_or_default()))
                    }
                    Ok(answer) => {
                        let status = answer.status();
                        let text = answer.text().await.unwrap_or_default();
                        Err(format!("event {event} is refused: {status} {text}"))
                    }
                    Err(error) => Ok(Err(error.to_string())),
                }
            }
        }
    })
    .await
}

fn body(events: &Events, event: usize) -> bytes::Bytes {
    let data = events.data(event);
    events.book.sent(event);
    let mut body = BytesMut::with_capacity(data.len() + 64);
    body.put_slice(b"{\"type\":\"");
    body.put_slice(event_type(&events.book.route, event).as_bytes());
    body.put_slice(b"\",\"data\":");
    body.put_slice(&data);
    body.put_slice(b"}");
    body.freeze()
}

/// Lets all callers make calls, each the next one that nobody has made, until there are none.
async fn from_all_callers<C, F>(events: &Events, caller: impl Fn(usize) -> C) -> Result<(), String>
where
    C: Fn(usize) -> F + Send + 'static,
    F: Future<Output = Outcome> + Send,
{
    let next = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        let (next, book, call) = (Arc::clone(&next), Arc::clone(&events.book), caller(number));
        callers.spawn(async move {
            loop {
                let event = next.fetch_add(1, Relaxed);
                if event >= book.events() {
                    return Ok(());
                }
                let began = Instant::now();
                while let Err(why) = call(event).await? {
                    if began.elapsed() > PATIENCE {
                        return Err(format!("event {event} is not accepted for {PATIENCE:?}: {why}"));
                    }
                    book.counts.sent_again.fetch_add(1, Relaxed);
                    tokio::time::sleep(AGAIN_AFTER).await;
                }
                book.accepted(event);
            }
        });
    }
    while let Some(ended) = callers.join_next().await {
        ended.map_err(|error| error.to_string())??;
    }
    Ok(())
}
