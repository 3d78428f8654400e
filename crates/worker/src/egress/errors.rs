//! Which part failed, told from the types of the errors underneath.

use std::error::Error;
use std::io;

use fanfare_domain::attempt::AttemptError;

use super::resolver::ResolveError;

/// What a client's error means for an attempt; `is_connect` says whether it came before there was a connection.
pub(super) fn classify(error: &(dyn Error + 'static), is_connect: bool) -> AttemptError {
    if let Some(resolve) = find::<ResolveError>(error) {
        return match resolve {
            ResolveError::NotFound(why) => AttemptError::Dns(why.clone()),
            ResolveError::NotAllowed { .. } => AttemptError::AddressNotAllowed(resolve.to_string()),
        };
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return AttemptError::Tls(tls.to_string());
    }
    let deepest = deepest(error);
    if is_connect { AttemptError::Connect(deepest) } else { AttemptError::Http(deepest) }
}

/// The first error of type `E` underneath. An `io::Error` hides the one that it wraps from `source`, so it is opened.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(found) = current.downcast_ref() {
            return Some(found);
        }
        if let Some(wrapped) = current.downcast_ref::<io::Error>().and_then(io::Error::get_ref)
            && let Some(found) = find::<E>(wrapped)
        {
            return Some(found);
        }
        next = current.source();
    }
    None
}

fn deepest(error: &dyn Error) -> String {
    let mut current: &dyn Error = error;
    while let Some(source) = current.source() {
        current = source;
    }
    current.to_string()
}
