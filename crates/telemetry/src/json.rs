//! Log lines as JSON: one object a line, with the event's own fields at its top level.
//!
//! Each attempt is a line, so what `tracing-subscriber` takes for one was a twentieth of the worker's CPU. This
//! writes the text once, and knows of spans only what leads to their trace.

use std::fmt::{self, Write};

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::registry::LookupSpan;

/// A usual line is shorter than this.
const USUAL_LENGTH: usize = 512;

/// Writes `{"timestamp": …, "level": …, the fields, "target": …}`, and `trace_id` and `span_id` where a trace is made.
pub(crate) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        // What comes through the `log` crate has its own idea of level and target.
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        let mut line = String::with_capacity(USUAL_LENGTH);
        line.push_str("{\"timestamp\":\"");
        SystemTime.format_time(&mut Writer::new(&mut line))?;
        line.push_str("\",\"level\":\"");
        line.push_str(metadata.level().as_str());
        line.push('"');
        let mut fields = Fields { line, outcome: Ok(()) };
        event.record(&mut fields);
        let Fields { mut line, outcome } = fields;
        outcome?;
        line.push_str(",\"target\":");
        write_string(&mut line, metadata.target())?;
        Context::map_current(|context| write_trace(&mut line, context))?;
        line.push_str("}\n");
        writer.write_str(&line)
    }
}

fn write_trace(line: &mut String, context: &Context) -> fmt::Result {
    if !context.has_active_span() {
        return Ok(());
    }
    let span = context.span();
    let of = span.span_context();
    write!(line, ",\"trace_id\":\"{}\",\"span_id\":\"{}\"", of.trace_id(), of.span_id())
}

/// Writes each field as a member.
struct Fields {
    line: String,
    outcome: fmt::Result,
}

impl Fields {
    fn member(&mut self, field: &Field, write: impl FnOnce(&mut String) -> fmt::Result) {
        let name = field.name();
        // The fields that the `log` crate's bridge adds are in the metadata.
        if name.starts_with("log.") || self.outcome.is_err() {
            return;
        }
        self.line.push(',');
        self.outcome = write_string(&mut self.line, name.strip_prefix("r#").unwrap_or(name)).and_then(|()| {
            self.line.push(':');
            write(&mut self.line)
        });
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.member(field, |line| write_string(line, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.member(field, |line| {
            line.push('"');
            write!(Escaping(line), "{value:?}")?;
            line.push('"');
            Ok(())
        });
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, |line| write!(line, "{value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, |line| write!(line, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, |line| write!(line, "{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no other numbers.
        self.member(field, |line| if value.is_finite() { write!(line, "{value}") } else { line.write_str("null") });
    }
}

fn write_string(line: &mut String, text: &str) -> fmt::Result {
    line.push('"');
    Escaping(line).write_str(text)?;
    line.push('"');
    Ok(())
}

/// Escapes what must not stand in a JSON string as it is ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259#section-7),
/// section 7).
struct Escaping<'a>(&'a mut String);

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let needs_escape = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
        // Nearly all text is plain. To look at every byte without stopping takes a few instructions for sixteen of them.
        if !text.bytes().fold(false, |found, byte| found | needs_escape(byte)) {
            self.0.push_str(text);
            return Ok(());
        }
        let mut rest = text;
        while let Some(at) = rest.bytes().position(needs_escape) {
            let (plain, others) = rest.split_at(at);
            self.0.push_str(plain);
            match others.as_bytes().first() {
                Some(b'"') => self.0.push_str("\\\""),
                Some(b'\\') => self.0.push_str("\\\\"),
                Some(b'\n') => self.0.push_str("\\n"),
                Some(control) => write!(self.0, "\\u{control:04x}")?,
                None => {}
            }
            // All of these are one byte long.
            rest = others.get(1..).unwrap_or_default();
        }
        self.0.push_str(rest);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex, PoisonError};

    use serde_json::{Value, json};
    use tracing_subscriber::fmt;
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
        let layer = fmt::layer().event_format(JsonLines).with_writer(move || writer.clone());
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
