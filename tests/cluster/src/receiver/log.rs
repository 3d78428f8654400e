//! What a receiver has seen.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;

/// An attempt, as it arrived.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The path that it was posted to.
    pub path: String,
    /// Header names as they were sent, and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Bytes,
    /// When it had arrived, as [`crate::since_start`] tells time.
    pub at: Duration,
    /// When it was answered.
    pub answered: Option<Duration>,
    /// With what status.
    pub status: u16,
}

impl Arrival {
    /// The value of a header, whatever its name's case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The event's id, from `webhook-id`; empty if there is none.
    #[must_use]
    pub fn event(&self) -> &str {
        self.header("webhook-id").unwrap_or_default()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is not.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }
}

/// All arrivals, in order, and how often each delivery came.
#[derive(Debug, Default)]
pub struct Log {
    arrivals: Vec<Arrival>,
    /// By path and event: a webhook has a path of its own where a test tells webhooks apart.
    times: HashMap<(String, String), usize>,
}

impl Log {
    /// Everything that arrived.
    #[must_use]
    pub fn arrivals(&self) -> &[Arrival] {
        &self.arrivals
    }

    /// How many different deliveries arrived.
    #[must_use]
    pub fn deliveries(&self) -> usize {
        self.times.len()
    }

    /// How many arrivals repeated one before.
    #[must_use]
    pub fn repeats(&self) -> usize {
        self.arrivals.len() - self.times.len()
    }

    /// How often each event arrived at `path`.
    pub fn times_at<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'a str, usize)> {
        self.times.iter().filter(move |((at, _), _)| at == path).map(|((_, event), times)| (event.as_str(), *times))
    }

    /// How many different deliveries were answered with 2xx.
    #[must_use]
    pub fn succeeded(&self) -> usize {
        let good = self.arrivals.iter().filter(|arrival| (200..300).contains(&arrival.status));
        good.map(|arrival| (arrival.path.as_str(), arrival.event())).collect::<std::collections::HashSet<_>>().len()
    }

    /// Gives the arrival's place, and how many of the same delivery came before.
    pub(super) fn push(&mut self, arrival: Arrival) -> (usize, usize) {
        let times = self.times.entry((arrival.path.clone(), arrival.event().to_owned())).or_default();
        let before = *times;
        *times += 1;
        self.arrivals.push(arrival);
        (self.arrivals.len() - 1, before)
    }

    pub(super) fn answered(&mut self, place: usize, status: u16) {
        if let Some(arrival) = self.arrivals.get_mut(place) {
            arrival.answered = Some(crate::since_start());
            arrival.status = status;
        }
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} arrivals of {} deliveries", self.arrivals.len(), self.deliveries())
    }
}
