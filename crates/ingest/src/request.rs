//! What came over the wire, as the intake wants it.

use fanfare_domain::event::TraceContext;
use fanfare_intake::{Draft, Moment, bearer_token, trace_context};
use fanfare_proto::v1::PublishRequest;
use fanfare_spans::{answer_call, carried, serve_call};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tracing::{Instrument, Span};

/// The service as spans name it.
const SERVICE: &str = "fanfare.v1.Publisher";

/// What a call's metadata tells.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) token: Option<String>,
    pub(crate) trace: TraceContext,
}

impl Call {
    pub(crate) fn of(metadata: &MetadataMap) -> Self {
        let text = |name: &str| metadata.get(name).and_then(|value| value.to_str().ok());
        Self {
            token: text("authorization").and_then(bearer_token).map(str::to_owned),
            trace: trace_context(text("traceparent"), text("tracestate")),
        }
    }

    /// The call as a span, and with the trace that its events go on with. A stream, which may last for days, is none: its events
    /// go on with the publisher's trace themselves.
    pub(crate) fn traced(mut self, method: &'static str) -> (Self, Span) {
        let span = serve_call(SERVICE, method, &self.trace);
        if let Some(trace) = carried(&span) {
            self.trace = trace;
        }
        (self, span)
    }

    /// The event that `request` asks for. Texts that are empty were not given: proto3 cannot tell the difference.
    pub(crate) fn draft(&self, request: PublishRequest) -> Draft {
        let given = |text: String| (!text.is_empty()).then_some(text);
        Draft {
            tenant: given(request.tenant),
            event_type: request.r#type,
            data: request.data,
            id: given(request.id),
            subject: given(request.subject),
            created: request.created.map(|time| Moment { seconds: time.seconds, nanos: time.nanos }),
            trace: self.trace.clone(),
        }
    }
}

/// The answer to the call that `span` is of.
pub(crate) async fn answer_within<T>(
    span: Span,
    answering: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    let answer = answering.instrument(span.clone()).await;
    answer_call(&span, answer.as_ref().err().map_or(Code::Ok, Status::code).into());
    answer
}
