//! The calls in the README, as they stand there.

use serde_json::Value;

const TEXT: &str = include_str!("../../README.md");

/// A call and the answer that is shown beneath it.
#[derive(Debug)]
pub(crate) struct Call {
    /// The line at which it begins.
    pub(crate) line: usize,
    /// What a shell runs.
    pub(crate) script: String,
    /// The status of the answer.
    pub(crate) status: u16,
    /// The answer's body as it stands there, if it has one.
    pub(crate) answer: Option<String>,
}

/// All calls in order: each is a block of `sh` that begins with `curl`, then `→` and a status, then maybe a block of `json`.
pub(crate) fn calls() -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut lines = (1..).zip(TEXT.lines());
    while let Some((line, text)) = lines.next() {
        match text {
            "```sh" => {
                let script = block(&mut lines);
                if script.starts_with("curl ") {
                    calls.push(Call { line, script, status: 0, answer: None });
                }
            }
            "```json" => open(&mut calls, line).answer = Some(block(&mut lines)),
            _ => {
                if let Some(status) = text.strip_prefix("→ ") {
                    let status = status.parse().unwrap_or_else(|_| panic!("line {line}: no status"));
                    open(&mut calls, line).status = status;
                }
            }
        }
    }
    for Call { line, status, answer, .. } in &calls {
        assert!(*status == 204 || (*status != 0 && answer.is_some()), "line {line}: a call without an answer");
    }
    calls
}

fn block<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>) -> String {
    lines.map(|(_, text)| text).take_while(|text| *text != "```").flat_map(|text| [text, "\n"]).collect()
}

fn open(calls: &mut [Call], line: usize) -> &mut Call {
    calls.last_mut().filter(|call| call.answer.is_none()).unwrap_or_else(|| panic!("line {line}: an answer to no call"))
}

/// Whether `found` is what is shown: `…` stands for any text, a time for any time, and a member `"…"` for further members.
pub(crate) fn matches(shown: &Value, found: &Value) -> bool {
    match (shown, found) {
        (Value::String(shown), Value::String(found)) => text_matches(shown, found),
        (Value::Array(shown), Value::Array(found)) => {
            shown.len() == found.len() && shown.iter().zip(found).all(|(shown, found)| matches(shown, found))
        }
        (Value::Object(shown), Value::Object(found)) => {
            let more = shown.contains_key("…");
            let as_shown = |(name, shown): (&String, &Value)| match (name.as_str(), found.get(name)) {
                ("…", _) => true,
                ("response_time_ms", Some(found)) => found.is_u64(),
                (_, Some(found)) => matches(shown, found),
                (_, None) => false,
            };
            (more || found.keys().all(|name| shown.contains_key(name))) && shown.iter().all(as_shown)
        }
        _ => shown == found,
    }
}

fn text_matches(shown: &str, found: &str) -> bool {
    if let Some((before, after)) = shown.split_once('…') {
        return found.len() > before.len() + after.len() && found.starts_with(before) && found.ends_with(after);
    }
    let form = |text: &str| text.replace(|character: char| character.is_ascii_digit(), "0");
    let is_time = form(shown).starts_with("0000-00-00T00:00:00") && shown.ends_with('Z');
    shown == found || (is_time && form(shown) == form(found))
}

#[test]
fn answers_are_compared_as_the_readme_says() {
    let shown =
        serde_json::json!({"id": "wh_…", "at": "2026-11-21T12:00:00Z", "hint": "my-s…", "rows": [{"a": 1, "…": "…"}]});
    let found = |text: &str| matches(&shown, &serde_json::from_str(text).expect("JSON"));
    assert!(found(r#"{"id":"wh_1","at":"2027-01-02T03:04:05Z","hint":"my-s…","rows":[{"a":1,"b":2}]}"#));
    for other in [
        r#"{"id":"wh_1","at":"2027-01-02T03:04:05Z","hint":"my-s…","rows":[{"a":1}],"more":0}"#,
        r#"{"id":"wh_1","at":"2027-01-02T03:04:05Z","rows":[{"a":1}]}"#,
        r#"{"id":"wh_","at":"2027-01-02T03:04:05Z","hint":"my-s…","rows":[{"a":1}]}"#,
        r#"{"id":"wh_1","at":"2027-01-02T03:04:05.678Z","hint":"my-s…","rows":[{"a":1}]}"#,
        r#"{"id":"wh_1","at":"2027-01-02T03:04:05Z","hint":"my-s…","rows":[{"a":2}]}"#,
        r#"{"id":"wh_1","at":"2027-01-02T03:04:05Z","hint":"my-s…","rows":[]}"#,
    ] {
        assert!(!found(other), "{other}");
    }
}
