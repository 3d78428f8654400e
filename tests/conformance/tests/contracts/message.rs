//! A message as it was delivered, to be posted once more, untouched or not.

use fanfare_cluster::Arrival;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The headers and the body of a delivery.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What a receiver answered: its status, and what it says it verified or why it refuses.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl From<&Arrival> for Message {
    fn from(arrival: &Arrival) -> Self {
        Self { headers: arrival.headers.clone(), body: arrival.body.to_vec() }
    }
}

impl Message {
    /// The value of a header, whatever its name's case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The first of these headers that it has.
    pub(crate) fn header_of(&self, names: &[&str]) -> &str {
        names.iter().find_map(|name| self.header(name)).unwrap_or_else(|| panic!("none of {names:?}: {self:?}"))
    }

    /// The same with another value of a header that it has.
    pub(crate) fn with_header(mut self, names: &[&str], value: &str) -> Self {
        let mut headers = self.headers.iter_mut();
        let found = headers.find(|(found, _)| names.iter().any(|name| found.eq_ignore_ascii_case(name)));
        found.unwrap_or_else(|| panic!("none of {names:?}")).1 = value.to_owned();
        self
    }

    /// The same with `from` replaced in the body.
    pub(crate) fn with_body(mut self, from: &str, to: &str) -> Self {
        let text = String::from_utf8(self.body).expect("UTF-8");
        assert!(text.contains(from), "{from} is not in {text}");
        self.body = text.replace(from, to).into_bytes();
        self
    }

    /// Posts it with its header names as they are, which no client library would leave alone.
    pub(crate) async fn post(&self, base: &str, path: &str) -> Answered {
        let address = base.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.expect("the receiver listens");
        let mut head = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
        let own = ["host", "connection", "content-length"];
        for (name, value) in self.headers.iter().filter(|(name, _)| !own.contains(&&*name.to_ascii_lowercase())) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", self.body.len()));
        stream.write_all(head.as_bytes()).await.expect("the receiver reads");
        stream.write_all(&self.body).await.expect("the receiver reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("the receiver answers");
        Answered::read(&String::from_utf8_lossy(&answer))
    }
}

impl Answered {
    fn read(answer: &str) -> Self {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Self { status: status.unwrap_or_else(|| panic!("no status: {head}")), body: body.to_owned() }
    }

    /// Checks that it was accepted.
    pub(crate) fn accepted(&self, what: &str, event: &str) {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        assert_eq!((self.status, body["verified"].as_str()), (200, Some(event)), "{what}: {self:?}");
    }

    /// Checks that it was refused, for this reason.
    pub(crate) fn refused(&self, what: &str, why: &str) {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let said = body["error"].as_str().unwrap_or_default();
        assert!((400..500).contains(&self.status) && said.contains(why), "{what}, {why:?}: {self:?}");
    }
}
