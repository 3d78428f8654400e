//! A private OpenTelemetry collector that keeps what it is sent where a test can read it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::{Server, ServerError, binary, free_port};

/// A [rotel](https://github.com/rotel-dev/rotel) collector, which takes OTLP over gRPC and prints it.
#[derive(Debug)]
pub struct Collector {
    _server: Server,
    port: u16,
    log: PathBuf,
    _folder: TempDir,
}

/// A span as it was collected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectedSpan {
    /// Who made it, such as `fanfare-worker`.
    pub service: String,
    /// Its trace's id, in hexadecimal digits.
    pub trace: String,
    /// Its parent's id; empty if it has none.
    pub parent: String,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Such as `SPAN_KIND_CLIENT`.
    pub kind: String,
    /// Such as `STATUS_CODE_ERROR`.
    pub status: String,
    /// Its attributes, each with its type, such as `Int(200)`.
    pub attributes: BTreeMap<String, String>,
    /// The traces and spans that it is linked to.
    pub links: Vec<(String, String)>,
}

impl Collector {
    /// Starts a collector.
    ///
    /// # Errors
    /// [`ServerError`] if it is not installed or does not start.
    pub fn start() -> Result<Self, ServerError> {
        let folder = tempfile::tempdir().map_err(|error| ServerError::Failed(error.to_string()))?;
        let (port, http) = (free_port(), free_port());
        let mut command: Vec<OsString> =
            vec![binary("OTLP_COLLECTOR", "rotel-agent")?.into_os_string(), "start".into()];
        for (flag, value) in [
            ("--otlp-grpc-endpoint", format!("127.0.0.1:{port}")),
            ("--otlp-http-endpoint", format!("127.0.0.1:{http}")),
            ("--exporter", "blackhole".to_owned()),
            ("--debug-log", "traces".to_owned()),
            ("--debug-log", "metrics".to_owned()),
            ("--debug-log", "logs".to_owned()),
            ("--debug-log-verbosity", "detailed".to_owned()),
        ] {
            command.extend([flag.into(), value.into()]);
        }
        let log = folder.path().join("collected.txt");
        let server = Server::start(command, port, &log)?;
        Ok(Self { _server: server, port, log, _folder: folder })
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` has to be.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Everything that was collected, as the collector prints it.
    #[must_use]
    pub fn printed(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// The spans that were collected.
    #[must_use]
    pub fn spans(&self) -> Vec<CollectedSpan> {
        read_spans(&self.printed())
    }
}

/// Where in the collector's text the reader is.
enum Within {
    Resource,
    Span,
    Link,
    Elsewhere,
}

fn read_spans(text: &str) -> Vec<CollectedSpan> {
    let mut spans: Vec<CollectedSpan> = Vec::new();
    let mut service = String::new();
    let mut within = Within::Elsewhere;
    for line in text.lines() {
        let words = line.trim();
        match words {
            "Resource attributes:" => within = Within::Resource,
            _ if words.starts_with("Span #") => {
                within = Within::Span;
                spans.push(CollectedSpan { service: service.clone(), ..CollectedSpan::default() });
            }
            _ if words.starts_with("SpanLink #") => {
                within = Within::Link;
                if let Some(span) = spans.last_mut() {
                    span.links.push((String::new(), String::new()));
                }
            }
            _ if words.starts_with("ResourceLog #") || words.starts_with("ResourceMetric") => {
                within = Within::Elsewhere;
            }
            _ => match (&within, spans.last_mut()) {
                (Within::Resource, _) => {
                    if let Some(name) = words.strip_prefix("-> service.name: Str(") {
                        service = name.trim_end_matches(')').to_owned();
                    }
                }
                (Within::Span, Some(span)) => read_line(span, words),
                (Within::Link, Some(span)) => read_link(span, words),
                _ => {}
            },
        }
    }
    spans
}

fn read_line(span: &mut CollectedSpan, words: &str) {
    if let Some((name, value)) = words.strip_prefix("-> ").and_then(|pair| pair.split_once(": ")) {
        span.attributes.insert(name.to_owned(), value.to_owned());
    } else if let Some((name, value)) = words.split_once(':') {
        let value = value.trim().to_owned();
        match name.trim() {
            "Trace ID" => span.trace = value,
            "Parent ID" => span.parent = value,
            "ID" => span.id = value,
            "Name" => span.name = value,
            "Kind" => span.kind = value,
            "Status code" => span.status = value,
            _ => {}
        }
    }
}

fn read_link(span: &mut CollectedSpan, words: &str) {
    let (Some((name, value)), Some((trace, id))) = (words.split_once(':'), span.links.last_mut()) else { return };
    match name.trim().trim_start_matches("-> ") {
        "Trace ID" => *trace = value.trim().to_owned(),
        "ID" | "Span ID" => *id = value.trim().to_owned(),
        _ => {}
    }
}
