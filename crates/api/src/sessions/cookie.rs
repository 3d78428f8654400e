//! The cookies that hold sessions.

use std::time::Duration;

use http::{HeaderMap, header};

use crate::problem::Problem;

/// The header by which our own pages say that they come with a session, and with which.
const HEADER: &str = "fanfare-session";

/// Which application a session is for. Each has a cookie of its own, so that an operator may look into a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    Dashboard,
    Portal,
}

impl Holder {
    /// The one that a request names; `None` if it names none.
    pub(crate) fn named(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        match headers.get(HEADER).map(|value| value.as_bytes()) {
            None => Ok(None),
            Some(b"dashboard") => Ok(Some(Self::Dashboard)),
            Some(b"portal") => Ok(Some(Self::Portal)),
            Some(_) => Err(Problem::bad_request("the header Fanfare-Session must be `dashboard` or `portal`")),
        }
    }

    const fn cookie_name(self) -> &'static str {
        match self {
            Self::Dashboard => "fanfare_dashboard",
            Self::Portal => "fanfare_portal",
        }
    }

    /// The secret in a request's cookies.
    pub(crate) fn token(self, headers: &HeaderMap) -> Option<&str> {
        let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        cookies
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find_map(|(name, value)| (name == self.cookie_name() && !value.is_empty()).then_some(value))
    }

    /// The cookie that holds `token`, as [RFC 6265](https://www.rfc-editor.org/rfc/rfc6265) has it; one that lasts no time is
    /// forgotten. Only a portal that other sites embed is sent where they are on top, which takes an encrypted connection, and
    /// then each of them has a jar of its own.
    pub(crate) fn cookie(self, token: &str, lasts: Duration, encrypted: bool, framed: bool) -> String {
        let (name, seconds) = (self.cookie_name(), lasts.as_secs());
        let site = match (self, encrypted, framed) {
            (Self::Portal, true, true) => "SameSite=None; Partitioned",
            (Self::Portal, false, true) => "SameSite=Lax",
            _ => "SameSite=Strict",
        };
        let secure = if encrypted { "; Secure" } else { "" };
        format!("{name}={token}; Path=/; Max-Age={seconds}; HttpOnly; {site}{secure}")
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn each_application_has_a_cookie_of_its_own() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=b; fanfare_portal=two"));
        headers.append(header::COOKIE, HeaderValue::from_static("fanfare_dashboard=one;fanfare_x=3"));
        assert_eq!(Holder::Dashboard.token(&headers), Some("one"));
        assert_eq!(Holder::Portal.token(&headers), Some("two"));
        assert_eq!(Holder::Portal.token(&HeaderMap::new()), None);
    }

    #[test]
    fn a_cookie_is_for_no_script_and_for_no_other_site() {
        let hour = Duration::from_secs(3600);
        let cookie = Holder::Dashboard.cookie("t", hour, false, true);
        assert_eq!(cookie, "fanfare_dashboard=t; Path=/; Max-Age=3600; HttpOnly; SameSite=Strict");
        let cookie = Holder::Dashboard.cookie("t", hour, true, true);
        assert_eq!(cookie, "fanfare_dashboard=t; Path=/; Max-Age=3600; HttpOnly; SameSite=Strict; Secure");
        let cookie = Holder::Portal.cookie("t", hour, true, true);
        assert_eq!(cookie, "fanfare_portal=t; Path=/; Max-Age=3600; HttpOnly; SameSite=None; Partitioned; Secure");
        assert!(Holder::Portal.cookie("t", hour, true, false).contains("SameSite=Strict"));
        assert!(Holder::Portal.cookie("", Duration::ZERO, false, false).contains("Max-Age=0"));
    }

    #[test]
    fn a_request_says_with_which_session_it_comes() {
        let named = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, HeaderValue::from_static(value));
            Holder::named(&headers)
        };
        assert_eq!(named("dashboard"), Ok(Some(Holder::Dashboard)));
        assert_eq!(named("portal"), Ok(Some(Holder::Portal)));
        assert_eq!(Holder::named(&HeaderMap::new()), Ok(None));
        assert!(named("other").is_err());
    }
}
