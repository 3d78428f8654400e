//! What came over the wire, as the intake wants it.

use fanfare_domain::event::TraceContext;
use fanfare_intake::{Draft, Moment, bearer_token, trace_context};
use fanfare_proto::v1::PublishRequest;
use tonic::metadata::MetadataMap;

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
