//! What is served, and what is not.

use serde_json::Value;

use crate::harness::Service;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_served_is_what_is_described() {
    let service = Service::start().await;
    let served = service.answer(service.request("GET", "/openapi.json")).await;
    assert_eq!(served.headers["content-type"], "application/json");
    let document = served.ok(200);
    assert_eq!(served.text, fanfare_api::openapi());
    for (path, item) in document["paths"].as_object().expect("paths") {
        let some = path.replace("{id}", "wh_00000000000000000000000000").replace("{name}", "a");
        for method in METHODS {
            let answer = service.answer(service.request(&method.to_uppercase(), &some)).await;
            let expected = match (item.get(method), path.starts_with("/v1/")) {
                // Whoever signs in has nothing to show yet.
                (Some(Value::Object(_)), true) if (path.as_str(), method) == ("/v1/session", "post") => 400,
                (Some(Value::Object(_)), true) => 401,
                (Some(Value::Object(_)), false) => 200,
                _ => 405,
            };
            assert_eq!(answer.status, expected, "{method} {path}");
            if expected == 405 {
                answer.problem(405);
                assert!(!answer.headers["allow"].is_empty());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_a_problem_too() {
    let service = Service::start().await;
    for path in ["/", "/v1", "/v1/", "/v1/nothing", "/v1/webhooks/", "/v2/webhooks", "/v1/webhooks/a/b/c"] {
        service.answer(service.request("GET", path)).await.problem(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_process_serves_beside_is_served() {
    let service = Service::start().await;
    let answer = service.answer(service.request("GET", "/healthz")).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "alive"));
    service.stop().await;
}
