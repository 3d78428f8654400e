//! Asking the server for messages. No more are asked for than fit into what a caller wants, since a message's lease runs
//! from the moment it is sent; what comes after its caller has left waits for the next caller.

use std::collections::VecDeque;
use std::time::Duration;

use async_nats::{Message, StatusCode, Subject, Subscriber};
use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::{Consumer, LEASE, Leased, PACK_RECORDS, QueueError};
use futures::{FutureExt, StreamExt};
use serde::Serialize;
use tokio::time::Instant;

use super::bookkeeping::OpenPacks;
use super::opening::open_message;
use crate::api::{ANSWER_LIMIT, ApiError, consumer_info};
use crate::connection::Link;
use crate::names::{consumer_name, stream_name};

/// Messages in one request.
const MOST_MESSAGES: usize = 32;
/// Bytes in one request: more than the largest message has.
const MOST_BYTES: usize = 2 * 1024 * 1024;
/// How long the server keeps a request that it cannot serve yet. A lease is counted from the request, so this must be well
/// below its length.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// How much later than promised a request may end.
const GRACE: Duration = Duration::from_secs(1);
/// How soon a request may end with nothing before it is taken for a refusal.
const TOO_SOON: Duration = Duration::from_millis(5);
/// How often a connection that is away is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_millis(20);

/// What one consumer's messages come through.
#[derive(Debug)]
pub(super) struct Puller {
    consumer: Consumer,
    link: Link,
    mailbox: Option<Mailbox>,
    asked: Option<Asked>,
    heard: VecDeque<(Message, Timestamp)>,
    /// How many records a message has held lately, the largest counting most.
    typical: usize,
    /// How many more messages there are, as the last one told.
    more: usize,
}

/// Where messages arrive. Each request has a number, under which the server tells how it ended.
#[derive(Debug)]
struct Mailbox {
    name: String,
    requests: u64,
    messages: Subscriber,
    /// Under which connection it was opened.
    made: u64,
}

/// The request that is with the server.
#[derive(Debug)]
struct Asked {
    /// Where the server tells how the request ended.
    answers: Subject,
    at: Timestamp,
    since: Instant,
    until: Instant,
    /// How many of the messages that were asked for have not come.
    missing: usize,
    /// Whether the server keeps it until something comes.
    waits: bool,
}

#[derive(Serialize)]
struct Request {
    batch: usize,
    max_bytes: usize,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    no_wait: bool,
    /// In nanoseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<u128>,
}

impl Puller {
    pub(super) fn of(consumer: Consumer, link: Link) -> Self {
        Self { consumer, link, mailbox: None, asked: None, heard: VecDeque::new(), typical: PACK_RECORDS, more: 0 }
    }

    /// Gives what is there now, up to about `limit` records. Waits for nothing but the server's answer, and asks for nothing
    /// where the last message told that there was none behind it, unless it is to `look`.
    pub(super) async fn pull(
        &mut self,
        open: &OpenPacks,
        limit: usize,
        mut look: bool,
        mut give: impl FnMut(Vec<Leased>),
    ) -> Result<(), QueueError> {
        let mut given = self.give_heard(open, &mut give).await;
        while given < limit && self.link.is_connected() {
            if self.asked.as_ref().is_some_and(|asked| asked.waits) {
                self.hear_what_has_come().await?;
                let before = given;
                given += self.give_heard(open, &mut give).await;
                if self.asked.is_some() && given == before {
                    // The server has been asked already, and has nothing.
                    return Ok(());
                }
                continue;
            }
            let there = if std::mem::take(&mut look) { MOST_MESSAGES } else { self.more };
            if there == 0 {
                return Ok(());
            }
            let wanted = ((limit - given) / self.typical).clamp(1, there.min(MOST_MESSAGES));
            if self.asked.is_none() {
                self.ask(wanted, None).await?;
            }
            while self.asked.is_some() {
                self.hear(self.answer_due()).await?;
            }
            let messages = self.heard.len();
            given += self.give_heard(open, &mut give).await;
            if messages < wanted {
                self.more = 0;
            }
        }
        Ok(())
    }

    /// Returns when there is something to pull, at `until`, or earlier.
    pub(super) async fn wait(&mut self, until: Instant) -> Result<(), QueueError> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || !self.heard.is_empty() {
            return Ok(());
        }
        if !self.link.is_connected() {
            return self.wait_for_connection(until).await;
        }
        if self.asked.is_none() {
            self.ask(1, Some(left.clamp(Duration::from_millis(10), LONGEST_WAIT))).await?;
        }
        let since = self.asked.as_ref().map(|asked| asked.since);
        while self.heard.is_empty() && self.asked.is_some() && Instant::now() < until {
            self.hear(until).await?;
        }
        if self.heard.is_empty() && self.asked.is_none() && since.is_some_and(|since| since.elapsed() < TOO_SOON) {
            tokio::time::sleep_until((Instant::now() + PAUSE).min(until)).await;
        }
        Ok(())
    }

    async fn wait_for_connection(&mut self, until: Instant) -> Result<(), QueueError> {
        let mut made = self.link.made.clone();
        while !self.link.is_connected() {
            if Instant::now() >= until {
                return Err(QueueError::Unavailable("no connection to nats".into()));
            }
            // The connection may have been made just before this began to listen for it.
            let _ = tokio::time::timeout_at(until.min(Instant::now() + LOOK_AGAIN), made.changed()).await;
        }
        Ok(())
    }

    fn answer_due(&self) -> Instant {
        self.asked.as_ref().map_or_else(Instant::now, |asked| asked.until)
    }

    /// Asks for messages: those there are, or, if `keep` says how long, the next ones to come.
    async fn ask(&mut self, messages: usize, keep: Option<Duration>) -> Result<(), QueueError> {
        let request = Request {
            batch: messages,
            max_bytes: MOST_BYTES,
            no_wait: keep.is_none(),
            expires: keep.map(|keep| keep.as_nanos()),
        };
        let body = serde_json::to_vec(&request).map_err(|error| QueueError::Unavailable(error.into()))?;
        let answers = self.next_address().await?;
        let (stream, consumer) = (stream_name(self.consumer.stream()), consumer_name(self.consumer));
        let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}");
        let at = self.link.clock.0.now();
        let sending = self.link.client.publish_with_reply(subject, answers.clone(), body.into());
        match tokio::time::timeout(ANSWER_LIMIT, sending).await {
            Ok(sent) => sent.map_err(|error| QueueError::Unavailable(error.into()))?,
            Err(late) => return Err(QueueError::Unavailable(late.into())),
        }
        let since = Instant::now();
        let until = since + keep.map_or(ANSWER_LIMIT, |keep| keep + GRACE);
        self.asked = Some(Asked { answers, at, since, until, missing: messages, waits: keep.is_some() });
        Ok(())
    }

    /// Where the next request is to be answered.
    async fn next_address(&mut self) -> Result<Subject, QueueError> {
        let made = self.link.number();
        let mailbox = match self.mailbox.take().filter(|mailbox| mailbox.made == made) {
            Some(mailbox) => mailbox,
            None => self.open_mailbox(made).await?,
        };
        let mailbox = self.mailbox.insert(mailbox);
        mailbox.requests += 1;
        Ok(Subject::from(format!("{}.{}", mailbox.name, mailbox.requests)))
    }

    async fn open_mailbox(&self, made: u64) -> Result<Mailbox, QueueError> {
        let name = self.link.client.new_inbox();
        let opening = tokio::time::timeout(ANSWER_LIMIT, self.link.client.subscribe(format!("{name}.*"))).await;
        match opening {
            Ok(Ok(messages)) => Ok(Mailbox { name, requests: 0, messages, made }),
            Ok(Err(error)) => Err(QueueError::Unavailable(error.into())),
            Err(late) => Err(QueueError::Unavailable(late.into())),
        }
    }

    async fn hear_what_has_come(&mut self) -> Result<(), QueueError> {
        while let Some(message) = self.mailbox.as_mut().and_then(|mailbox| mailbox.messages.next().now_or_never()) {
            self.note(message).await?;
        }
        self.give_up_if_late()
    }

    /// Hears one message, waiting up to `until`.
    async fn hear(&mut self, until: Instant) -> Result<(), QueueError> {
        let until = until.min(self.answer_due());
        let mut made = self.link.made.clone();
        let Some(mailbox) = self.mailbox.as_mut() else {
            self.asked = None;
            return Ok(());
        };
        let opened = mailbox.made;
        let remade = async { made.wait_for(|made| *made > opened).await.map(drop) };
        let heard = tokio::select! {
            biased;
            message = mailbox.messages.next() => Some(message),
            Ok(()) = remade => {
                // The server has forgotten what it was asked over the connection before.
                self.forget();
                return Ok(());
            }
            () = tokio::time::sleep_until(until) => None,
        };
        if let Some(message) = heard {
            return self.note(message).await;
        }
        self.give_up_if_late()
    }

    async fn note(&mut self, message: Option<Message>) -> Result<(), QueueError> {
        let Some(message) = message else {
            self.forget();
            return Err(QueueError::Unavailable("the subscription has ended".into()));
        };
        match message.status {
            None => {
                let Some(asked) = self.asked.as_mut() else {
                    tracing::debug!(consumer = ?self.consumer, "message that nobody asked for is left to lapse");
                    return Ok(());
                };
                self.heard.push_back((message, asked.at));
                asked.missing -= 1;
                if asked.missing == 0 {
                    self.asked = None;
                }
                Ok(())
            }
            // How an earlier request ended, which had all that it asked for.
            Some(_) if self.asked.as_ref().is_none_or(|asked| asked.answers != message.subject) => Ok(()),
            Some(StatusCode::IDLE_HEARTBEAT) => Ok(()),
            Some(StatusCode::NO_RESPONDERS) => {
                self.asked = None;
                Err(self.why_nobody_answers().await)
            }
            Some(_) => {
                self.asked = None;
                Ok(())
            }
        }
    }

    async fn why_nobody_answers(&self) -> QueueError {
        let (stream, consumer) = (stream_name(self.consumer.stream()), consumer_name(self.consumer));
        match consumer_info(&self.link.context, stream, consumer).await {
            Ok(_) => QueueError::Unavailable("the consumer has no leader at the moment".into()),
            Err(ApiError::Missing(_)) => QueueError::NotSetUp(format!("stream {stream} has no consumer {consumer}")),
            Err(other) => other.into(),
        }
    }

    fn give_up_if_late(&mut self) -> Result<(), QueueError> {
        if self.asked.as_ref().is_some_and(|asked| Instant::now() >= asked.until) {
            self.forget();
            return Err(QueueError::Unavailable("the server did not answer in time".into()));
        }
        Ok(())
    }

    /// Whatever was asked for will not be heard any more.
    fn forget(&mut self) {
        self.asked = None;
        self.mailbox = None;
    }

    /// Opens what was heard; returns how many records that gave.
    async fn give_heard(&mut self, open: &OpenPacks, give: &mut impl FnMut(Vec<Leased>)) -> usize {
        let mut given = 0;
        while let Some((message, asked)) = self.heard.pop_front() {
            if self.link.clock.0.now().since(asked) > LEASE / 2 {
                tracing::debug!(consumer = ?self.consumer, "message lay too long and is left to lapse");
                continue;
            }
            if let Some(arrival) = open_message(&self.link, self.consumer, message, asked).await {
                self.more = arrival.more;
                let leased = open.open(arrival);
                self.typical = leased.len().max(self.typical - self.typical.div_ceil(8)).max(1);
                given += leased.len();
                give(leased);
            }
        }
        given
    }
}
