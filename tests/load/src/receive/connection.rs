//! A connection: reads posts, notes them, answers.

use std::io;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{SAMPLED, Shared, signature};
use crate::book::{Book, Reply};
use crate::payload::number_in;

const MOST_HEADERS: usize = 32;
const TAKEN: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const FAILED: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";

struct Head {
    length: usize,
    body: usize,
    slot: usize,
    webhook: usize,
}

pub(super) async fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut buffer = BytesMut::with_capacity(4 * 1024);
    loop {
        let Some(head) = read_head(&mut stream, &mut buffer).await? else { return Ok(()) };
        let whole = head.length + head.body;
        buffer.reserve(whole.saturating_sub(buffer.len()));
        while buffer.len() < whole {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let reply = note(shared, &head, buffer.get(..whole).unwrap_or_default());
        buffer.advance(whole);
        match reply {
            Reply::Taken => stream.write_all(TAKEN).await?,
            Reply::Failed => stream.write_all(FAILED).await?,
            Reply::Postponed(seconds) => {
                let answer =
                    format!("HTTP/1.1 503 Service Unavailable\r\nRetry-After: {seconds}\r\nContent-Length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).await?;
            }
            Reply::Nothing => {
                // Until the client gives up.
                while stream.read_buf(&mut buffer).await? > 0 {
                    buffer.clear();
                }
                return Ok(());
            }
        }
    }
}

async fn read_head(stream: &mut TcpStream, buffer: &mut BytesMut) -> io::Result<Option<Head>> {
    loop {
        if let Some(head) = parse(buffer)? {
            return Ok(Some(head));
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

fn parse(buffer: &[u8]) -> io::Result<Option<Head>> {
    if buffer.is_empty() {
        return Ok(None);
    }
    let mut space = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut space);
    let parsed = request.parse(buffer).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let httparse::Status::Complete(length) = parsed else { return Ok(None) };
    let number = |text: &str| text.parse::<usize>().ok();
    let body = header(request.headers, "content-length").and_then(|value| number(std::str::from_utf8(value).ok()?));
    let mut places = request.path.unwrap_or_default().rsplit('/').map(number);
    // A path that is none of ours is a stray wherever it points.
    let mut place = || places.next().flatten().unwrap_or(usize::MAX);
    let (webhook, slot) = (place(), place());
    Ok(Some(Head { length, body: body.unwrap_or(0), slot, webhook }))
}

fn header<'a>(headers: &[httparse::Header<'a>], name: &str) -> Option<&'a [u8]> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

/// Notes a post, of which `request` is the whole.
fn note(shared: &Shared, head: &Head, request: &[u8]) -> Reply {
    let book = shared.book.read().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(book) = book else { return Reply::Taken };
    let body = request.get(head.length..).unwrap_or_default();
    match number_in(body) {
        Some(number) if number.run == book.run => {
            if number.event.is_multiple_of(SAMPLED) {
                check_signature(shared, &book, head.webhook, request, body);
            }
            book.arrived(number.event, head.slot, head.webhook)
        }
        // Of a run before: whatever is still coming of it was counted there.
        Some(number) if number.run < book.run => Reply::Taken,
        _ => {
            book.counts.strays.fetch_add(1, Relaxed);
            Reply::Taken
        }
    }
}

fn check_signature(shared: &Shared, book: &Book, webhook: usize, request: &[u8], body: &[u8]) {
    let secrets = shared.secrets.read().unwrap_or_else(PoisonError::into_inner).clone();
    let mut space = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Request::new(&mut space);
    let good = parsed.parse(request).is_ok()
        && secrets.get(webhook).is_some_and(|secret| {
            let value = |name| header(parsed.headers, name).unwrap_or_default();
            let (id, time) = (value("webhook-id"), value("webhook-timestamp"));
            signature::is_good(secret, id, time, body, value("webhook-signature"))
        });
    book.counts.signatures.fetch_add(1, Relaxed);
    if !good {
        book.counts.bad_signatures.fetch_add(1, Relaxed);
    }
}
