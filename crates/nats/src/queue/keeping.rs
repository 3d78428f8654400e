//! Keeping leases alive, apart from the work.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::Subject;
use bytes::Bytes;
use fanfare_ports::queue::{Consumer, LEASE, QueueError};
use futures::future::join_all;

use super::bookkeeping::{Kept, OpenPacks};
use crate::connection::Link;

/// All records of a message are finished.
pub(super) const FINISHED: Bytes = Bytes::from_static(b"+ACK");
/// A message is being worked on: its lease begins anew.
const IN_PROGRESS: Bytes = Bytes::from_static(b"+WPI");
/// How long the server may take to confirm.
const CONFIRMATION_LIMIT: Duration = Duration::from_secs(1);

/// Tells the server something about a message, without waiting for an answer.
pub(super) async fn tell(link: &Link, reply: Subject, what: Bytes) -> Result<(), QueueError> {
    match tokio::time::timeout(CONFIRMATION_LIMIT, link.client.publish(reply, what)).await {
        Ok(told) => told.map_err(|error| QueueError::Unavailable(error.into())),
        Err(late) => Err(QueueError::Unavailable(late.into())),
    }
}

/// Sends what the server was told and what still waits to be sent.
pub(super) async fn send_now(link: &Link) {
    if !matches!(tokio::time::timeout(CONFIRMATION_LIMIT, link.client.flush()).await, Ok(Ok(()))) {
        tracing::debug!("what the server was told may be lost");
    }
}

/// How often leases are renewed: one renewal may fail without any of them lapsing.
const RENEW_EVERY: Duration = Duration::from_millis(LEASE.as_millis() as u64 / 4);

/// Renews the leases of all open packs.
pub(super) async fn keep(link: Link, open: Arc<OpenPacks>) {
    loop {
        tokio::time::sleep(RENEW_EVERY).await;
        let mut by_consumer: HashMap<Consumer, Vec<Kept>> = HashMap::new();
        for kept in open.to_keep(link.clock.0.now()) {
            by_consumer.entry(kept.consumer).or_default().push(kept);
        }
        join_all(by_consumer.into_values().map(|leases| renew(&link, leases))).await;
    }
}

/// Renews leases of one consumer. The server works on what it is told about a consumer in order, so its answer to the last one
/// is an answer for all.
async fn renew(link: &Link, leases: Vec<Kept>) {
    let (began, made) = (link.clock.0.now(), link.number());
    let Some((last, others)) = leases.split_last() else { return };
    for lease in others {
        if let Err(error) = tell(link, lease.reply.clone(), IN_PROGRESS).await {
            tracing::debug!(%error, "leases are not renewed");
            return;
        }
    }
    let confirmed =
        tokio::time::timeout(CONFIRMATION_LIMIT, link.client.request(last.reply.clone(), IN_PROGRESS)).await;
    match confirmed {
        // Had the connection been made anew meanwhile, what was told before may be lost.
        Ok(Ok(_)) if link.number() == made => {}
        Ok(Ok(_)) => return,
        Ok(Err(error)) => return tracing::debug!(%error, "leases are not renewed"),
        Err(_) => return tracing::debug!("leases are not renewed in time"),
    }
    let (now, until) = (link.clock.0.now().as_millis(), began.plus(LEASE).as_millis());
    for lease in &leases {
        // An answer that comes after the lease's end proves nothing: another may have had it before we told.
        let _ = lease
            .ends
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |ends| (now < ends).then_some(ends.max(until)));
    }
}
