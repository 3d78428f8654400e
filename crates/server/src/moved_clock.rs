//! When attempts are made and webhooks switched off under each profile: every service runs here, on a clock that the tests move from
//! one due time to the next, and that stands still while an attempt is made. When the next one is due is exact to the
//! millisecond.

mod world;

use std::time::Duration;

use fanfare_cluster::{Answer, Log, Receiver, Tenant};
use fanfare_domain::time::Timestamp;
use serde_json::{Value, json};

use self::world::World;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

const GOVALID: [Duration; 4] = [MINUTE, MINUTE.saturating_mul(5), MINUTE.saturating_mul(15), HOUR];
const QR3: [Duration; 2] = [MINUTE, MINUTE.saturating_mul(5)];
const STANDARD: [Duration; 9] = [
    SECOND.saturating_mul(5),
    MINUTE.saturating_mul(5),
    MINUTE.saturating_mul(30),
    HOUR.saturating_mul(2),
    HOUR.saturating_mul(5),
    HOUR.saturating_mul(10),
    HOUR.saturating_mul(14),
    HOUR.saturating_mul(20),
    HOUR.saturating_mul(24),
];
const VOVEID: [Duration; 7] = [
    SECOND.saturating_mul(5),
    MINUTE.saturating_mul(5),
    MINUTE.saturating_mul(30),
    HOUR.saturating_mul(2),
    HOUR.saturating_mul(5),
    HOUR.saturating_mul(10),
    HOUR.saturating_mul(10),
];

/// An attempt is made when it is due, "to within a second". The clock stands still meanwhile, unless a service waits for it.
const LATEST: Duration = SECOND;

/// A webhook whose receiver refuses everything, and one of operators.
struct Scene {
    world: World,
    tenant: Tenant,
    webhook: String,
    receiver: Receiver,
    operators: Receiver,
}

/// A delivery from its beginning to its end, or until its webhook was switched off.
struct Course {
    /// When the event was accepted.
    accepted: Timestamp,
    attempts: Vec<Attempt>,
    status: String,
}

struct Attempt {
    /// When it was due, as REST said.
    due: Timestamp,
    started: Timestamp,
    ended: Timestamp,
}

impl Course {
    /// Checks that the first attempt was due at once and every other one exactly its delay after the end of the one before, give or
    /// take `jitter` of the delay; and that each was made when it was due.
    fn came_in_time(&self, delays: &[Duration], jitter: f64) {
        assert!(self.attempts.len() <= delays.len() + 1, "{} attempts", self.attempts.len());
        assert_eq!(self.attempts[0].due, self.accepted);
        for (pair, delay) in self.attempts.windows(2).zip(delays) {
            let waited = pair[1].due.since(pair[0].ended);
            // Times are whole milliseconds, rounded up so that nothing is early.
            let range = delay.mul_f64(1.0 - jitter)..=delay.mul_f64(1.0 + jitter) + Duration::from_micros(999);
            assert!(range.contains(&waited), "it was due after {waited:?} instead of {delay:?}");
        }
        for Attempt { due, started, .. } in &self.attempts {
            assert!(started >= due && started.since(*due) < LATEST, "it was due at {due} and made at {started}");
        }
    }

    fn first(&self) -> Timestamp {
        self.attempts[0].started
    }

    fn last(&self) -> Timestamp {
        self.attempts[self.attempts.len() - 1].started
    }
}

impl Scene {
    async fn with(profile: &str, more: Value) -> Self {
        let receiver = Receiver::answering([500]).await;
        let token = json!({"access_token": "t", "token_type": "Bearer", "expires_in": 3600}).to_string();
        receiver.answer_at("/token", [Answer::status(200).body(token)]);
        let operators = Receiver::start().await;
        let world = World::start().await;
        let told = json!({"url": operators.url(), "events": ["fanfare.webhook.disabled"]});
        world.webhook(&world.tenant_named("fanfare"), told).await;
        let tenant = world.tenant("acme").await;
        let mut settings = json!({"url": receiver.url(), "events": ["*"], "profile": profile});
        if let (Some(settings), Value::Object(more)) = (settings.as_object_mut(), more) {
            settings.extend(more);
        }
        if profile == "validas" {
            settings["auth"] = json!({
                "type": "oauth2_client_credentials", "token_url": receiver.url_at("/token"),
                "client_id": "fanfare", "client_secret": "secret",
            });
        }
        let webhook = world.webhook(&tenant, settings).await;
        Self { world, tenant, webhook, receiver, operators }
    }

    /// Publishes an event and moves the clock from one attempt to the next, until the delivery has ended or its webhook is
    /// switched off.
    async fn follow(&self) -> Course {
        self.world.settle().await;
        let accepted = self.world.now();
        let mut due = accepted;
        let mut attempted = answered(&self.receiver.log());
        let event = self.tenant.publish("order.paid", &json!({})).await;
        let mut dues = Vec::new();
        loop {
            dues.push(due);
            attempted += 1;
            self.world
                .stand(self.receiver.until("the attempt", World::PATIENCE, |log| answered(log) >= attempted))
                .await;
            self.world.worked().await;
            self.world.settle().await;
            let shown =
                self.tenant.rest.get(&format!("/v1/webhooks/{}/deliveries?limit=1", self.webhook)).await.expect(200);
            let row = &shown["data"][0];
            assert_eq!((&row["event_id"], &row["attempt"]), (&json!(event), &json!(dues.len())));
            match row["next_attempt_at"].as_str().map(time) {
                Some(next) if self.is_active().await => due = next,
                _ => break,
            }
            self.world.stand_at(due).await;
        }
        let delivery = self.tenant.event_with(&event, 1, &["retrying", "failed"]).await["deliveries"][0].clone();
        let delivery = self.tenant.delivery(delivery["id"].as_str().expect("an id")).await;
        let rows = delivery["attempts"].as_array().expect("a list");
        assert_eq!(rows.len(), dues.len());
        let attempts = dues.into_iter().zip(rows).map(|(due, row)| {
            let started = time(row["started_at"].as_str().expect("a time"));
            let took = Duration::from_millis(row["response_time_ms"].as_u64().expect("a number"));
            Attempt { due, started, ended: started.plus(took) }
        });
        let status = delivery["status"].as_str().unwrap_or_default().to_owned();
        Course { accepted, attempts: attempts.collect(), status }
    }

    async fn is_active(&self) -> bool {
        self.tenant.webhook_now(&self.webhook).await["is_active"] == true
    }

    /// Checks that the webhook is switched off for `reason` after so many failures in a row, and that operators are told once.
    async fn is_disabled(&self, reason: &str, failures: usize, first: Timestamp) {
        let webhook = self.tenant.webhook_now(&self.webhook).await;
        assert_eq!((&webhook["is_active"], &webhook["health"]["disabled_reason"]), (&json!(false), &json!(reason)));
        let told = self.world.pass(self.operators.arrival()).await.json();
        assert_eq!(told["type"], "fanfare.webhook.disabled");
        let data = &told["data"];
        assert_eq!((&data["tenant"], &data["webhook_id"]), (&json!("acme"), &json!(self.webhook)));
        assert_eq!((&data["url"], &data["reason"]), (&json!(self.receiver.url()), &json!(reason)));
        assert_eq!((&data["consecutive_failures"], &data["first_failure_at"]), (&json!(failures), &json!(first)));
        self.world.settle().await;
        assert_eq!(self.operators.log().arrivals().len(), 1);
    }
}

/// How many attempts have been answered.
fn answered(log: &Log) -> usize {
    log.arrivals().iter().filter(|one| one.path != "/token" && one.answered.is_some()).count()
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

#[tokio::test(flavor = "multi_thread")]
async fn govalid_tries_five_times_and_switches_off() {
    let scene = Scene::with("govalid", json!({"secret": "your_webhook_secret"})).await;
    let course = scene.follow().await;
    course.came_in_time(&GOVALID, 0.0);
    assert_eq!((course.attempts.len(), course.status.as_str()), (5, "failed"));
    scene.is_disabled("delivery_exhausted", 5, course.first()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn qr3_tries_three_times_and_switches_off_at_the_tenth_failure_in_a_row() {
    let scene = Scene::with("qr3", json!({"secret": "my-secret-key-min-16-chars"})).await;
    let mut first = None;
    for _ in 0..3 {
        let course = scene.follow().await;
        course.came_in_time(&QR3, 0.0);
        assert_eq!((course.attempts.len(), course.status.as_str()), (3, "failed"));
        assert!(scene.is_active().await);
        first.get_or_insert(course.first());
    }
    let course = scene.follow().await;
    course.came_in_time(&QR3, 0.0);
    assert_eq!(course.attempts.len(), 1);
    scene.is_disabled("failures_in_a_row", 10, first.expect("there was one")).await;
}

/// Five days of failures switch a webhook off with the first attempt that fails after them, whichever event that is for.
async fn is_switched_off_after_five_days(profile: &str, delays: &[Duration], jitter: f64) {
    let scene = Scene::with(profile, json!({})).await;
    let mut courses = Vec::new();
    while courses.is_empty() || scene.is_active().await {
        let course = scene.follow().await;
        course.came_in_time(delays, jitter);
        courses.push(course);
    }
    let (last, whole) = courses.split_last().expect("there is one");
    for course in whole {
        assert_eq!((course.attempts.len(), course.status.as_str()), (delays.len() + 1, "failed"));
    }
    let first = courses[0].first();
    let failed_for = |course: &Course| course.last().since(first);
    assert!(failed_for(last) >= DAY * 5, "{:?}", failed_for(last));
    let before = courses.iter().flat_map(|course| &course.attempts).rev().nth(1).expect("there are more");
    assert!(before.started.since(first) < DAY * 5, "{}", before.started);
    let failures = courses.iter().map(|course| course.attempts.len()).sum();
    scene.is_disabled("failing_for", failures, first).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_tries_ten_times_and_switches_off_after_five_days_of_failures() {
    is_switched_off_after_five_days("standard", &STANDARD, 0.2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cloudevents_tries_ten_times_and_switches_off_after_five_days_of_failures() {
    is_switched_off_after_five_days("cloudevents", &STANDARD, 0.2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn voveid_tries_eight_times_and_switches_off_after_five_days_of_failures() {
    is_switched_off_after_five_days("voveid", &VOVEID, 0.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn validas_tries_ten_times_and_never_switches_off() {
    let scene = Scene::with("validas", json!({})).await;
    let mut failed_for = Duration::ZERO;
    let mut first = None;
    while failed_for < DAY * 6 {
        let course = scene.follow().await;
        course.came_in_time(&STANDARD, 0.2);
        assert_eq!((course.attempts.len(), course.status.as_str()), (10, "failed"));
        failed_for = course.last().since(*first.get_or_insert(course.first()));
        assert!(scene.is_active().await);
    }
    assert_eq!(scene.operators.log().arrivals().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_410_switches_off_at_once_where_the_profile_has_it_so() {
    for profile in ["standard", "cloudevents"] {
        let scene = Scene::with(profile, json!({})).await;
        scene.receiver.answer([410]);
        let course = scene.follow().await;
        course.came_in_time(&STANDARD, 0.2);
        assert_eq!((course.attempts.len(), course.status.as_str()), (1, "failed"), "{profile}");
        scene.is_disabled("gone", 1, course.first()).await;
    }
    let scene = Scene::with("govalid", json!({"secret": "your_webhook_secret"})).await;
    scene.receiver.answer([410]);
    let course = scene.follow().await;
    course.came_in_time(&GOVALID, 0.0);
    assert_eq!(course.attempts.len(), 5, "to GoValid's guide it is a failure like any other");
    scene.is_disabled("delivery_exhausted", 5, course.first()).await;
}
