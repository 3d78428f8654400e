//! Merge patches ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396)) of a webhook's settings.

use fanfare_domain::webhook::Webhook;
use serde_json::{Map, Value};

use super::settings::Settings;
use crate::body::parse_value;
use crate::problem::Problem;

/// The settings that a patch makes of a webhook's.
pub(super) fn patched(webhook: &Webhook, signing_is_open: bool, patch: &Value) -> Result<Settings, Problem> {
    let Value::Object(patch) = patch else {
        return Err(Problem::bad_request("the body must be a JSON object: a merge patch of the webhook's settings"));
    };
    if patch.contains_key("secret") {
        return Err(Problem::field("/secret", "is changed by POST /v1/webhooks/{id}/secret/rotate"));
    }
    let mut document = serde_json::to_value(Settings::of(webhook, signing_is_open)).map_err(|_| Problem::internal())?;
    if let Some(members) = document.as_object_mut() {
        // What is not set is not a member; null in a document is a value that patches leave alone.
        members.retain(|_, value| !value.is_null());
        drop_other_auth(members, patch);
        merge(members, patch);
    }
    parse_value(document)
}

/// Credentials of one type have nothing that those of another could keep.
fn drop_other_auth(document: &mut Map<String, Value>, patch: &Map<String, Value>) {
    let named = patch.get("auth").and_then(|auth| auth.get("type"));
    if named.is_some_and(|named| document.get("auth").and_then(|auth| auth.get("type")) != Some(named)) {
        document.remove("auth");
    }
}

fn merge(document: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                document.remove(name);
            }
            Value::Object(patch) => {
                let member = document.entry(name).or_insert_with(|| Value::Object(Map::new()));
                if !member.is_object() {
                    *member = Value::Object(Map::new());
                }
                if let Value::Object(member) = member {
                    merge(member, patch);
                }
            }
            other => {
                document.insert(name.clone(), other.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(document: Value, patch: Value) -> Value {
        let (Value::Object(mut document), Value::Object(patch)) = (document, patch) else { panic!("objects") };
        merge(&mut document, &patch);
        Value::Object(document)
    }

    #[test]
    fn members_merge_as_the_standard_shows() {
        for (document, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
            (json!({"a": "foo"}), json!({"a": {"b": 1}}), json!({"a": {"b": 1}})),
        ] {
            assert_eq!(merged(document, patch), result);
        }
    }

    #[test]
    fn credentials_of_another_type_replace_those_before() {
        let mut document = Map::from_iter([("auth".to_owned(), json!({"type": "bearer", "token": "…"}))]);
        let patch = json!({"auth": {"type": "basic", "username": "u"}});
        drop_other_auth(&mut document, patch.as_object().expect("an object"));
        assert!(document.is_empty());
    }

    #[test]
    fn credentials_of_the_same_type_keep_what_is_hidden() {
        let mut document = Map::from_iter([("auth".to_owned(), json!({"type": "bearer", "token": "…"}))]);
        let patch = json!({"auth": {"type": "bearer"}});
        drop_other_auth(&mut document, patch.as_object().expect("an object"));
        assert!(document.contains_key("auth"));
    }
}
