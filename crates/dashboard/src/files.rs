//! The application's files, as the build left them.

use std::borrow::Cow;

use http::{HeaderMap, header};
use rust_embed::RustEmbed;

/// What `make dashboard` builds. A debug build reads it from its place when it is asked for.
#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Dist;

/// The application's document; `None` if this build has no application.
pub(crate) fn document() -> Option<Cow<'static, [u8]>> {
    Dist::get("index.html").map(|file| file.data)
}

/// A file, as a browser gets it.
pub(crate) struct File {
    pub(crate) bytes: Cow<'static, [u8]>,
    pub(crate) kind: &'static str,
    /// How it is compressed.
    pub(crate) encoding: Option<&'static str>,
    /// Whether what is in it decides its name, so that it never changes.
    pub(crate) is_immutable: bool,
}

/// Compressed copies that the build puts beside a file, the smaller first.
const ENCODINGS: [(&str, &str); 2] = [("br", "br"), ("gzip", "gz")];

/// The file at `path`, in a form that a browser which sent `headers` reads.
pub(crate) fn file(path: &str, headers: &HeaderMap) -> Option<File> {
    let kind = kind(path)?;
    let file = |bytes, encoding| File { bytes, kind, encoding, is_immutable: path.starts_with("assets/") };
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let accepted: Vec<&str> = accepted.flat_map(|value| value.split(',')).map(without_weight).collect();
    for (encoding, extension) in ENCODINGS {
        if accepted.contains(&encoding)
            && let Some(copy) = Dist::get(&format!("{path}.{extension}"))
        {
            return Some(file(copy.data, Some(encoding)));
        }
    }
    Some(file(Dist::get(path)?.data, None))
}

/// The encoding without its weight; nothing if the weight is zero.
fn without_weight(encoding: &str) -> &str {
    match encoding.split_once(';') {
        Some((_, weight)) if weight.trim().trim_start_matches("q=").trim_matches(['0', '.']).is_empty() => "",
        Some((name, _)) => name.trim(),
        None => encoding.trim(),
    }
}

/// What a file is, by its name; `None` is served to nobody.
fn kind(path: &str) -> Option<&'static str> {
    Some(match path.rsplit_once('.')?.1 {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_counts_unless_it_is_refused() {
        assert_eq!(without_weight(" br;q=0.9"), "br");
        assert_eq!(without_weight("gzip"), "gzip");
        assert_eq!(without_weight("br;q=0"), "");
        assert_eq!(without_weight("br;q=0.0"), "");
    }

    #[test]
    fn only_what_belongs_to_an_application_is_served() {
        assert_eq!(kind("assets/index-1.js"), Some("text/javascript; charset=utf-8"));
        for other in ["index.html", "assets/index-1.js.br", "assets/index.js.map", "none"] {
            assert_eq!(kind(other), None, "{other}");
        }
    }
}
