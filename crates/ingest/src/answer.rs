//! Outcomes as they go over the wire.

use std::time::Duration;

use fanfare_intake::{Accepted, AuthError, IntakeError};
use fanfare_proto::v1::{PublishError, PublishResponse};
use prost::Message;
use tonic::{Code, Status};

const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

/// `google.rpc.Status`, as it travels in `grpc-status-details-bin`
/// ([gRPC's richer error model](https://grpc.io/docs/guides/error/#richer-error-model)).
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<prost_types::Duration>,
}

/// The answer for one event of several.
pub(crate) fn one_of_many(outcome: Result<Accepted, IntakeError>) -> PublishResponse {
    match outcome {
        Ok(accepted) => accepted_as(accepted),
        Err(error) => failed(error.code().grpc(), error.to_string()),
    }
}

/// The answer for the only event of a call.
pub(crate) fn alone(outcome: Result<Accepted, IntakeError>) -> Result<PublishResponse, Status> {
    outcome.map(accepted_as).map_err(|error| {
        let code = Code::from(error.code().grpc());
        let message = error.to_string();
        match error.retry_after() {
            Some(delay) => Status::with_details(code, message.clone(), retry_details(code, message, delay).into()),
            None => Status::new(code, message),
        }
    })
}

/// An event of a stream whose caller is not known any more.
pub(crate) fn unknown_caller(error: &AuthError) -> PublishResponse {
    failed(error.code().grpc(), error.to_string())
}

/// A call whose caller is not known.
pub(crate) fn refused(error: &AuthError) -> Status {
    Status::new(Code::from(error.code().grpc()), error.to_string())
}

/// `RESOURCE_EXHAUSTED` for messages over their limit, as gRPC has it elsewhere; tonic says `OUT_OF_RANGE`, which nothing
/// else here says.
pub(crate) fn over_limit(status: Status) -> Status {
    if status.code() == Code::OutOfRange { Status::resource_exhausted(status.message()) } else { status }
}

/// [`over_limit`] for calls that fail before they reach us.
pub(crate) fn over_limit_in_headers<B>(mut response: http::Response<B>) -> http::Response<B> {
    const OUT_OF_RANGE: &str = "11";
    if let Some(code) = response.headers_mut().get_mut(Status::GRPC_STATUS)
        && code == OUT_OF_RANGE
    {
        *code = http::HeaderValue::from_static("8");
    }
    response
}

fn accepted_as(accepted: Accepted) -> PublishResponse {
    PublishResponse { id: accepted.id.to_string(), duplicate: accepted.duplicate, error: None }
}

fn failed(code: i32, message: String) -> PublishResponse {
    PublishResponse { error: Some(PublishError { code, message }), ..PublishResponse::default() }
}

fn retry_details(code: Code, message: String, delay: Duration) -> Vec<u8> {
    // Delays are far below what these numbers hold, and what does not fit is left out.
    let retry = RetryInfo { retry_delay: prost_types::Duration::try_from(delay).ok() };
    let details = vec![prost_types::Any { type_url: RETRY_INFO.to_owned(), value: retry.encode_to_vec() }];
    RpcStatus { code: code.into(), message, details }.encode_to_vec()
}
