//! The committed description is that of the code, and tells of everything that is served.

use std::collections::BTreeSet;

use serde_json::Value;

const COMMITTED: &str = include_str!("../openapi.json");

/// What the interfaces promise.
const PROMISED: [(&str, &str); 41] = [
    ("get", "/openapi.json"),
    ("post", "/v1/events"),
    ("get", "/v1/events"),
    ("get", "/v1/events/{id}"),
    ("get", "/v1/subjects"),
    ("post", "/v1/webhooks"),
    ("get", "/v1/webhooks"),
    ("get", "/v1/webhooks/{id}"),
    ("patch", "/v1/webhooks/{id}"),
    ("delete", "/v1/webhooks/{id}"),
    ("post", "/v1/webhooks/{id}/ping"),
    ("post", "/v1/webhooks/{id}/test"),
    ("post", "/v1/webhooks/{id}/secret/rotate"),
    ("get", "/v1/webhooks/{id}/deliveries"),
    ("post", "/v1/webhooks/{id}/replay"),
    ("get", "/v1/replays/{id}"),
    ("get", "/v1/deliveries/{id}"),
    ("post", "/v1/deliveries/{id}/retry"),
    ("put", "/v1/event-types/{name}"),
    ("get", "/v1/event-types/{name}"),
    ("delete", "/v1/event-types/{name}"),
    ("get", "/v1/event-types"),
    ("put", "/v1/tenants/{id}"),
    ("get", "/v1/tenants/{id}"),
    ("delete", "/v1/tenants/{id}"),
    ("get", "/v1/tenants"),
    ("post", "/v1/api-keys"),
    ("get", "/v1/api-keys"),
    ("delete", "/v1/api-keys/{id}"),
    ("get", "/v1/audit"),
    // For the dashboard.
    ("post", "/v1/session"),
    ("get", "/v1/session"),
    ("delete", "/v1/session"),
    ("get", "/v1/stats"),
    ("get", "/v1/stats/failing"),
    ("get", "/v1/stats/tenants"),
    ("get", "/v1/live"),
    ("get", "/v1/profiles"),
    ("post", "/v1/profiles/{name}/sample"),
    ("post", "/v1/tenants/{id}/portal-links"),
    ("delete", "/v1/tenants/{id}/portal-links"),
];

#[test]
fn the_committed_description_is_that_of_the_code() {
    let same = COMMITTED.trim_end() == fanfare_api::openapi().trim_end();
    assert!(same, "crates/api/openapi.json is not what the code describes: run `make openapi` and commit it");
}

#[test]
fn everything_that_is_promised_is_described_and_nothing_else() {
    let document: Value = serde_json::from_str(&fanfare_api::openapi()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let described: BTreeSet<(String, String)> = paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().into_iter().flat_map(|item| item.keys()).map(|method| (method.clone(), path.clone()))
        })
        .collect();
    let promised = PROMISED.map(|(method, path)| (method.to_owned(), path.to_owned())).into_iter().collect();
    assert_eq!(described, promised);
}

#[test]
fn every_operation_says_what_it_is_for_who_may_and_what_may_go_wrong() {
    let document: Value = serde_json::from_str(&fanfare_api::openapi()).expect("JSON");
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let name = format!("{method} {path}");
            assert!(operation["summary"].is_string(), "{name} has a summary");
            assert!(operation["operationId"].is_string(), "{name} has an id");
            let responses = operation["responses"].as_object().expect("responses");
            assert!(responses.keys().any(|status| status.starts_with('2')), "{name} may succeed");
            if path.starts_with("/v1/") {
                assert!(operation["security"].is_array(), "{name} needs a key, or says that it needs none");
                for status in ["400", "401", "403", "503"] {
                    assert!(responses.contains_key(status), "{name} may answer {status}");
                }
            }
        }
    }
}
