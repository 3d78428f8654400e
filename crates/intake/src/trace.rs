//! The publisher's trace, as [W3C Trace Context](https://www.w3.org/TR/trace-context/) headers.

use fanfare_domain::event::TraceContext;

const LONGEST_STATE: usize = 512;

/// Takes over the headers if they are well-formed. A trace that is not is left out, as the standard asks: it never keeps an
/// event from being accepted.
#[must_use]
pub fn trace_context(parent: Option<&str>, state: Option<&str>) -> TraceContext {
    let Some(parent) = parent.filter(|parent| is_parent(parent)) else { return TraceContext::default() };
    let state = state.filter(|state| is_state(state));
    TraceContext { parent: Some(parent.into()), state: state.map(Into::into) }
}

fn is_parent(text: &str) -> bool {
    let mut parts = text.splitn(5, '-');
    let (Some(version), Some(trace), Some(span), Some(flags)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let rest = parts.next();
    is_hex(version, 2)
        && version != "ff"
        && is_hex(trace, 32)
        && trace.bytes().any(|b| b != b'0')
        && is_hex(span, 16)
        && span.bytes().any(|b| b != b'0')
        && is_hex(flags, 2)
        // Later versions may have more; this one may not.
        && (rest.is_none() || version != "00")
        && text.len() <= LONGEST_STATE
        && text.bytes().all(|b| b.is_ascii_graphic())
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_state(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_STATE && text.bytes().all(|b| matches!(b, b' '..=b'~' | b'\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn well_formed_headers_are_taken_over() {
        let trace = trace_context(Some(PARENT), Some("vendor=1"));
        assert_eq!(trace.parent.as_deref(), Some(PARENT));
        assert_eq!(trace.state.as_deref(), Some("vendor=1"));
        let later = PARENT.replacen("00", "01", 1) + "-more";
        assert!(trace_context(Some(&later), None).parent.is_some());
    }

    #[test]
    fn a_malformed_trace_is_left_out_whole() {
        let bad = [
            String::new(),
            "nonsense".to_owned(),
            PARENT.replacen("00", "ff", 1),
            PARENT.to_uppercase(),
            format!("{PARENT}-more"),
            PARENT.replace("b7ad6b7169203331", "0000000000000000"),
            PARENT.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
        ];
        for parent in &bad {
            assert_eq!(trace_context(Some(parent), Some("vendor=1")), TraceContext::default(), "{parent}");
        }
        assert_eq!(trace_context(Some(PARENT), Some("line\nbreak")).state, None);
    }
}
