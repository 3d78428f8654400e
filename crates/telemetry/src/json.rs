//! Log lines as JSON: one object a line, with the event's own fields at its top level.
//!
//! Each attempt is a line, so what `tracing-subscriber` takes for one was a twentieth of the worker's CPU. This
//! writes the text once, and knows of spans only what leads to their trace.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::time::{Duration, SystemTime};

use fanfare_domain::json::{write_string, write_within_string};
use fanfare_domain::time::Timestamp;
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer;

/// A usual line is shorter than this.
const USUAL_LENGTH: usize = 512;

/// Writes `{"timestamp": …, "level": …, the fields, "target": …}`, and `trace_id` and `span_id` where a trace is made, with one call
/// for each line.
pub(crate) struct JsonLines<M>(pub(crate) M);

impl<S, M> Layer<S> for JsonLines<M>
where
    S: Subscriber,
    M: for<'writer> MakeWriter<'writer> + 'static,
{
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        // What comes through the `log` crate has its own idea of level and target.
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        let mut line = Vec::with_capacity(USUAL_LENGTH);
        line.extend_from_slice(b"{\"timestamp\":\"");
        write_now(&mut line);
        line.extend_from_slice(b"\",\"level\":\"");
        line.extend_from_slice(metadata.level().as_str().as_bytes());
        line.push(b'"');
        let mut fields = Fields(line);
        event.record(&mut fields);
        let Fields(mut line) = fields;
        line.extend_from_slice(b",\"target\":");
        write_string(&mut line, metadata.target());
        Context::map_current(|context| write_trace(&mut line, context));
        line.extend_from_slice(b"}\n");
        // Nobody could be told that a log cannot be written.
        let _ = self.0.make_writer_for(metadata).write_all(&line);
    }
}

/// Writes the time in microseconds, which tell lines of one millisecond apart.
fn write_now(line: &mut Vec<u8>) {
    #[expect(clippy::disallowed_methods, reason = "a line tells when it was written, whatever time services go by")]
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let millis = Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX));
    line.extend_from_slice(millis.to_text().as_str().trim_end_matches('Z').as_bytes());
    let micros = since_epoch.subsec_micros() % 1_000;
    for power in [100, 10, 1] {
        line.push(b'0' + u8::try_from(micros / power % 10).unwrap_or(0));
    }
    line.push(b'Z');
}

fn write_trace(line: &mut Vec<u8>, context: &Context) {
    if !context.has_active_span() {
        return;
    }
    let span = context.span();
    let of = span.span_context();
    for (name, id) in [("trace_id", format_args!("{}", of.trace_id())), ("span_id", format_args!("{}", of.span_id()))] {
        line.push(b',');
        write_string(line, name);
        line.push(b':');
        write_shown(line, id);
    }
}

/// Writes each field as a member.
struct Fields(Vec<u8>);

impl Fields {
    fn member(&mut self, field: &Field, write: impl FnOnce(&mut Vec<u8>)) {
        let name = field.name();
        // The fields that the `log` crate's bridge adds are in the metadata.
        if name.starts_with("log.") {
            return;
        }
        self.0.push(b',');
        write_string(&mut self.0, name.strip_prefix("r#").unwrap_or(name));
        self.0.push(b':');
        write(&mut self.0);
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.member(field, |line| write_string(line, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.member(field, |line| write_shown(line, format_args!("{value:?}")));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, |line| line.extend_from_slice(if value { b"true" } else { b"false" }));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, |line| write_integer(line, value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, |line| write_integer(line, value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.member(field, |line| {
            // JSON has no other numbers.
            let shown = if value.is_finite() { value.to_string() } else { "null".to_owned() };
            line.extend_from_slice(shown.as_bytes());
        });
    }
}

fn write_integer(line: &mut Vec<u8>, value: impl itoa::Integer) {
    line.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Writes a string of what `shown` shows.
fn write_shown(line: &mut Vec<u8>, shown: fmt::Arguments<'_>) {
    line.push(b'"');
    // Where a value fails to show itself, the line has as much as it showed.
    let _ = WithinString(line).write_fmt(shown);
    line.push(b'"');
}

/// Writes parts of a string.
struct WithinString<'a>(&'a mut Vec<u8>);

impl fmt::Write for WithinString<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write_within_string(self.0, text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex, PoisonError};

    use serde_json::{Value, json};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What one event is written as, without its time.
    fn written(tell: impl FnOnce()) -> Value {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = JsonLines(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), tell);
        let bytes = lines.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let text = String::from_utf8(bytes).expect("text");
        assert_eq!(text.matches('\n').count(), 1, "one line: {text}");
        let mut line: Value = serde_json::from_str(&text).expect("JSON");
        let time = line.as_object_mut().and_then(|line| line.remove("timestamp")).expect("it has a time");
        assert!(time.as_str().is_some_and(|time| time.ends_with('Z')), "{time}");
        line
    }

    #[test]
    fn a_line_has_the_fields_of_its_event_with_their_types() {
        let line = written(|| {
            tracing::warn!(
                target: "fanfare::attempt",
                status = 200_u16,
                late_ms = -5_i64,
                share = 0.5,
                odd = f64::NAN,
                manual = false,
                error = None::<&str>,
                trace = Some("00-ab"),
                follows = ?Some(1),
                event = %"evt_1",
                "attempt made"
            );
        });
        let expected = json!({"level": "WARN", "status": 200, "late_ms": -5, "share": 0.5, "odd": null, "manual": false,
            "trace": "00-ab", "follows": "Some(1)", "event": "evt_1", "message": "attempt made",
            "target": "fanfare::attempt"});
        assert_eq!(line, expected);
    }

    #[test]
    fn what_others_wrote_stays_within_its_string() {
        let nasty = "\"}\n{\"level\":\"\\\u{0}\u{1b}\u{7f}é\u{202e}\u{2028}";
        let line = written(|| tracing::info!(shown = %nasty, quoted = nasty, debugged = ?nasty, "{nasty}"));
        assert_eq!(line["shown"], nasty);
        assert_eq!(line["quoted"], nasty);
        assert_eq!(line["debugged"], format!("{nasty:?}"));
        assert_eq!(line["message"], nasty);
        assert_eq!(line["level"], "INFO");
    }
}
