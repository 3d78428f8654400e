//! What a browser is told it may do with the document
//! ([Content Security Policy](https://www.w3.org/TR/CSP3/)): no script but ours, nothing from anybody else.

use crate::brand::DashboardError;

/// The policy of a document whose style elements bear `nonce`, if it has any, which `frames` may embed.
pub(crate) fn content_security(nonce: Option<&str>, frames: &[String]) -> String {
    let nonce = nonce.map(|nonce| format!(" 'nonce-{nonce}'")).unwrap_or_default();
    let frames = if frames.is_empty() { "'none'".to_owned() } else { format!("'self' {}", frames.join(" ")) };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'{nonce}; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {frames}"
    )
}

/// Checks that each is an origin, so that none adds anything else to the policy.
pub(crate) fn check_origins(origins: &[String]) -> Result<(), DashboardError> {
    match origins.iter().find(|origin| !is_origin(origin)) {
        Some(wrong) => Err(DashboardError::FrameOrigin(wrong.clone())),
        None => Ok(()),
    }
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
        !host.is_empty() && host.bytes().all(allowed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_our_own_is_allowed() {
        let policy = content_security(Some("abc"), &[]);
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self' 'nonce-abc';"), "{policy}");
        assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(content_security(None, &[]).contains("style-src 'self';"));
        let framed = content_security(Some("abc"), &["https://app.example.com".to_owned()]);
        assert!(framed.ends_with("frame-ancestors 'self' https://app.example.com"), "{framed}");
    }

    #[test]
    fn an_origin_is_nothing_but_an_origin() {
        for good in ["https://app.example.com", "http://localhost:3000", "https://[::1]:8443"] {
            assert!(check_origins(&[good.to_owned()]).is_ok(), "{good}");
        }
        for wrong in ["", "*", "app.example.com", "https://", "https://a.example/path", "https://a; script-src *"] {
            assert!(check_origins(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
