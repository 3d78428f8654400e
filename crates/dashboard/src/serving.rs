//! What is served where.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::brand::{self, Brand, DashboardError, LOGO, Logo};
use crate::config::Config;
use crate::{document, files, policy};

struct Served {
    brand: Brand,
    logo: Option<Logo>,
    frame_origins: Vec<String>,
}

type Shared = Arc<Served>;

/// The routes of the dashboard and of portals, without a fallback: `/`, `/dashboard/…` and `/portal/…`.
///
/// # Errors
/// [`DashboardError`] says what is wrong with the settings.
pub fn router(config: &Config) -> Result<Router, DashboardError> {
    policy::check_origins(&config.frame_origins)?;
    let (brand, logo) = brand::read(config)?;
    let served = Arc::new(Served { brand, logo, frame_origins: config.frame_origins.clone() });
    Ok(Router::new()
        .route("/", get(|| async { Redirect::temporary("/dashboard/") }))
        .route("/dashboard", get(|| async { Redirect::permanent("/dashboard/") }))
        .route("/portal", get(|| async { Redirect::permanent("/portal/") }))
        .route(LOGO, get(logo_of))
        .route("/dashboard/", get(dashboard))
        .route("/dashboard/{*path}", get(file_or_dashboard))
        .route("/portal/", get(portal))
        .route("/portal/{*path}", get(portal))
        .with_state(served))
}

async fn logo_of(State(served): State<Shared>) -> Response {
    let Some(logo) = &served.logo else { return StatusCode::NOT_FOUND.into_response() };
    let mut response = Body::from(logo.bytes.clone()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(logo.kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A picture that somebody opens by itself runs nothing either.
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    response
}

async fn dashboard(State(served): State<Shared>) -> Response {
    document_of(&served.brand, &[])
}

async fn portal(State(served): State<Shared>) -> Response {
    document_of(&served.brand, &served.frame_origins)
}

async fn file_or_dashboard(State(served): State<Shared>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    match files::file(&path, &headers) {
        Some(file) => response_of(file),
        None if path.starts_with("assets/") => StatusCode::NOT_FOUND.into_response(),
        None => document_of(&served.brand, &[]),
    }
}

fn response_of(file: files::File) -> Response {
    let body = match file.bytes {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    };
    let mut response = body.into_response();
    let cached = if file.is_immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cached));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.extend(file.encoding.map(|encoding| (header::CONTENT_ENCODING, HeaderValue::from_static(encoding))));
    response
}

fn document_of(brand: &Brand, frame_origins: &[String]) -> Response {
    let built = files::document();
    let built = built.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
    let document = built.map_or_else(document::of_missing_application, |built| document::of_application(built, brand));
    let policy = policy::content_security(document.nonce.as_deref(), frame_origins);
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    let mut response = (fixed, document.html).into_response();
    // Origins were checked, and a nonce is base64.
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

#[cfg(test)]
mod tests {
    use http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn get_from(config: &Config, path: &str) -> (http::response::Parts, String) {
        let router = router(config).expect("the settings are good");
        let request = Request::get(path).header("accept-encoding", "gzip, br").body(Body::empty()).expect("a request");
        let (parts, body) = router.oneshot(request).await.expect("an answer").into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        (parts, String::from_utf8_lossy(&body).into_owned())
    }

    fn header_of<'a>(parts: &'a http::response::Parts, name: &str) -> &'a str {
        parts.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    #[tokio::test]
    async fn every_page_is_the_document_under_a_strict_policy() {
        let config = Config { frame_origins: vec!["https://app.example.com".to_owned()], ..Config::default() };
        for path in ["/dashboard/", "/dashboard/t/acme/webhooks", "/portal/", "/portal/sign-in"] {
            let (parts, body) = get_from(&config, path).await;
            assert_eq!(parts.status, StatusCode::OK, "{path}");
            assert!(body.starts_with("<!doctype html>"), "{path}: {body}");
            let policy = header_of(&parts, "content-security-policy");
            assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe"), "{path}: {policy}");
            let framed = policy.ends_with("frame-ancestors 'self' https://app.example.com");
            assert_eq!(framed, path.starts_with("/portal/"), "{path}: {policy}");
            assert_eq!(header_of(&parts, "cache-control"), "no-store");
            assert!(!body.contains("__NONCE__") && !body.contains("__BRAND__"), "{path}");
        }
    }

    #[tokio::test]
    async fn the_way_in_leads_to_the_dashboard() {
        let (parts, _) = get_from(&Config::default(), "/").await;
        assert_eq!((parts.status.as_u16(), header_of(&parts, "location")), (307, "/dashboard/"));
        for path in ["/dashboard/assets/none.js", "/dashboard/logo"] {
            let (parts, _) = get_from(&Config::default(), path).await;
            assert_eq!(parts.status, StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn origins_are_checked_before_anything_is_served() {
        let config = Config { frame_origins: vec!["https://a; script-src *".to_owned()], ..Config::default() };
        assert!(router(&config).is_err());
    }
}
