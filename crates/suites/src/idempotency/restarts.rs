//! Backends that stop and go away.

use std::time::{Duration, Instant};

use fanfare_ports::idempotency::IdClaim::{Duplicate, Granted};

use super::{Fixture, ServerFixture, key};

/// An adapter finds its server again within this time.
const RECONNECT_LIMIT: Duration = Duration::from_secs(20);

/// A restart in good order forgets nothing.
pub async fn confirmed_ids_outlast_a_restart(fixture: &dyn Fixture) {
    let store = fixture.open().await;
    assert_eq!(store.claim(&[key("order-1")]).await.expect("answers"), [Granted]);
    store.confirm(&[key("order-1")]).await.expect("answers");
    drop(store);
    fixture.restart().await;

    let store = fixture.open().await;
    assert_eq!(store.claim(&[key("order-1")]).await.expect("answers"), [Duplicate]);
}

/// While the store is away nothing is granted; afterwards it goes on by itself.
pub async fn a_store_that_was_away_comes_back(fixture: &dyn ServerFixture) {
    let store = fixture.open().await;
    assert_eq!(store.claim(&[key("order-1")]).await.expect("answers"), [Granted]);
    store.confirm(&[key("order-1")]).await.expect("answers");
    fixture.take_away().await;
    store.claim(&[key("order-2")]).await.expect_err("nobody answers");
    store.confirm(&[key("order-2")]).await.expect_err("nobody answers");

    fixture.bring_back().await;
    let started = Instant::now();
    let claims = loop {
        match store.claim(&[key("order-1")]).await {
            Ok(claims) => break claims,
            Err(error) => assert!(started.elapsed() < RECONNECT_LIMIT, "{error:?}"),
        }
        // A refused connection fails at once, so there is nothing to await.
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(claims, [Duplicate]);
}
