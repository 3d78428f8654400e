use proptest::prelude::*;

use super::*;

const ENDED: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn policy(delays: &[u64], jitter: f64) -> RetryPolicy {
    RetryPolicy::new(delays.iter().copied().map(Duration::from_secs).collect(), jitter).expect("within limits")
}

fn wait(policy: &RetryPolicy, attempt: u16, retry_after: Option<u64>, random: f64) -> Option<f64> {
    let due = policy.due(attempt, ENDED, retry_after.map(Duration::from_secs), random)?;
    Some(due.since(ENDED).as_secs_f64())
}

#[test]
fn each_attempt_has_the_delay_of_its_place() {
    let policy = policy(&[0, 60, 300], 0.0);
    for random in [0.0, 0.5, 0.999] {
        assert_eq!(wait(&policy, 1, None, random), Some(0.0));
        assert_eq!(wait(&policy, 2, None, random), Some(60.0));
        assert_eq!(wait(&policy, 3, None, random), Some(300.0));
        assert_eq!(wait(&policy, 4, None, random), None);
        assert_eq!(wait(&policy, 0, None, random), None);
    }
}

#[test]
fn jitter_moves_both_ways() {
    let policy = policy(&[0, 100], 0.2);
    assert_eq!(wait(&policy, 2, None, 0.0), Some(80.0));
    assert_eq!(wait(&policy, 2, None, 0.5), Some(100.0));
    assert!(wait(&policy, 2, None, 0.999_999).is_some_and(|wait| (119.9..=120.0).contains(&wait)));
}

#[test]
fn a_receiver_can_postpone_but_not_hurry() {
    let policy = policy(&[0, 60, 300], 0.0);
    assert_eq!(wait(&policy, 2, Some(5), 0.5), Some(60.0));
    assert_eq!(wait(&policy, 2, Some(90), 0.5), Some(90.0));
    assert_eq!(wait(&policy, 2, Some(u64::MAX), 0.5), Some(300.0));
    assert_eq!(wait(&policy, 4, Some(90), 0.5), None);
}

#[test]
fn limits_are_checked() {
    let hours =
        |hours: &[u64], jitter| RetryPolicy::new(hours.iter().map(|h| Duration::from_secs(h * 3600)).collect(), jitter);
    assert_eq!(hours(&[], 0.0), Err(RetryPolicyError::Count(0)));
    assert_eq!(hours(&[0; 21], 0.0), Err(RetryPolicyError::Count(21)));
    assert!(hours(&[0; 20], 0.0).is_ok());
    assert!(hours(&[24, 24, 24, 24], 0.0).is_ok());
    assert!(matches!(hours(&[24, 24, 24, 24], 0.01), Err(RetryPolicyError::Total(_))));
    assert!(matches!(hours(&[1, 25], 0.0), Err(RetryPolicyError::TooLong { place: 2, .. })));
    for jitter in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert!(matches!(hours(&[1], jitter), Err(RetryPolicyError::Jitter(_))), "{jitter}");
    }
    let endless = RetryPolicy::new(vec![Duration::MAX; 20], 1.0);
    assert!(matches!(endless, Err(RetryPolicyError::TooLong { place: 1, .. })));
}

#[test]
fn a_schedule_is_readable_data() {
    let text = r#"{"delays":["0s","500ms","5s","1m 30s","2h","24h"],"jitter":0.2}"#;
    let policy: RetryPolicy = serde_json::from_str(text).expect("valid");
    assert_eq!(policy.longest(), MAX_DELAY);
    assert_eq!(serde_json::to_string(&policy).expect("serialisable"), text);
}

#[test]
fn a_refused_schedule_says_where_it_is_wrong() {
    for (text, message) in [
        (r#"{"delays":["0s","soon"]}"#, "delay 2 is \"soon\", not a duration"),
        (r#"{"delays":["25h"]}"#, "delay 1 is 25h, but no delay may be longer than 24h"),
        (r#"{"delays":["1s"],"jitter":2}"#, "jitter must be between 0 and 1, not 2"),
        (r#"{"delays":["24h","24h","24h","24h"],"jitter":0.2}"#, "may add up to 115h 12m"),
        (r#"{"delays":["1s"],"max":2}"#, "unknown field `max`"),
    ] {
        let error = serde_json::from_str::<RetryPolicy>(text).expect_err(text).to_string();
        assert!(error.contains(message), "{error}");
    }
}

proptest! {
    #[test]
    fn a_due_time_lies_within_the_jitter(delay in 0..86_400_u64, jitter in 0.0..=1.0, random in 0.0..1.0, asked in prop::option::of(0..200_000_u64)) {
        let policy = policy(&[delay, 0], jitter);
        let wait = wait(&policy, 1, asked, random).expect("the first attempt");
        let (delay, asked) = (delay as f64, asked.unwrap_or(0).min(delay) as f64);
        prop_assert!(wait >= (delay * (1.0 - jitter) - 0.001).max(asked));
        prop_assert!(wait <= (delay * (1.0 + jitter) + 0.001).max(asked));
        prop_assert!(wait <= MAX_WAIT.as_secs_f64());
    }
}
