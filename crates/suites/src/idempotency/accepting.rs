//! Which claims of an id are granted.

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::ids::TenantNumber;
use fanfare_ports::idempotency::IdClaim::{Busy, Duplicate, Granted};
use fanfare_ports::idempotency::{CLAIM, IdClaim, Idempotency, Key, REMEMBERED};
use futures::future::join_all;

use super::{Fixture, key, key_of};

/// More than a case takes on a slow machine.
const A_WHILE: Duration = Duration::from_secs(5);

async fn claim(store: &Arc<dyn Idempotency>, key: Key) -> Option<IdClaim> {
    let claims = store.claim(&[key]).await.expect("answers");
    assert_eq!(claims.len(), 1, "one answer for each key");
    claims.first().copied()
}

/// While a publish is under way, others of the same id wait.
pub async fn a_new_id_is_granted_once(fixture: &dyn Fixture) {
    let (store, other) = (fixture.open().await, fixture.open().await);
    assert_eq!(claim(&store, key("order-1")).await, Some(Granted));
    assert_eq!(claim(&store, key("order-1")).await, Some(Busy));
    assert_eq!(claim(&other, key("order-1")).await, Some(Busy));
    assert_eq!(claim(&other, key("order-2")).await, Some(Granted));
}

/// What is stored is a duplicate for everybody, also when it is confirmed twice.
pub async fn a_confirmed_id_is_a_duplicate(fixture: &dyn Fixture) {
    let (store, other) = (fixture.open().await, fixture.open().await);
    assert_eq!(claim(&store, key("order:1_a-B")).await, Some(Granted));
    for _ in 0..2 {
        store.confirm(&[key("order:1_a-B")]).await.expect("answers");
        assert_eq!(claim(&store, key("order:1_a-B")).await, Some(Duplicate));
        assert_eq!(claim(&other, key("order:1_a-B")).await, Some(Duplicate));
    }
}

/// A publisher that died does not hold an id for long.
pub async fn a_claim_that_is_not_confirmed_expires(fixture: &dyn Fixture) {
    let store = fixture.open().await;
    assert_eq!(claim(&store, key("order-1")).await, Some(Granted));
    fixture.advance(CLAIM.saturating_sub(A_WHILE)).await;
    assert_eq!(claim(&store, key("order-1")).await, Some(Busy));

    fixture.advance(A_WHILE).await;
    assert_eq!(claim(&store, key("order-1")).await, Some(Granted));
    assert_eq!(claim(&store, key("order-1")).await, Some(Busy), "the new claim lasts as long as the first");
}

/// An id is remembered for a day and can then be used again.
pub async fn an_id_is_remembered_for_its_time_and_then_forgotten(fixture: &dyn Fixture) {
    let store = fixture.open().await;
    assert_eq!(claim(&store, key("order-1")).await, Some(Granted));
    store.confirm(&[key("order-1")]).await.expect("answers");
    fixture.advance(REMEMBERED.saturating_sub(A_WHILE)).await;
    assert_eq!(claim(&store, key("order-1")).await, Some(Duplicate));

    fixture.advance(A_WHILE).await;
    assert_eq!(claim(&store, key("order-1")).await, Some(Granted));
}

/// An event that was certainly not stored may be sent again at once.
pub async fn a_released_id_can_be_claimed_again(fixture: &dyn Fixture) {
    let (store, other) = (fixture.open().await, fixture.open().await);
    assert_eq!(claim(&store, key("order-1")).await, Some(Granted));
    store.release(&[key("order-1"), key("never-claimed")]).await.expect("answers");
    assert_eq!(claim(&other, key("order-1")).await, Some(Granted));
}

/// Releasing takes back claims and nothing else.
pub async fn a_confirmed_id_is_not_released(fixture: &dyn Fixture) {
    let store = fixture.open().await;
    assert_eq!(claim(&store, key("order-1")).await, Some(Granted));
    store.confirm(&[key("order-1")]).await.expect("answers");
    store.release(&[key("order-1")]).await.expect("answers");
    assert_eq!(claim(&store, key("order-1")).await, Some(Duplicate));
}

/// What is stored is stored, however long that took.
pub async fn a_confirmation_counts_after_its_claim_expired(fixture: &dyn Fixture) {
    let (store, other) = (fixture.open().await, fixture.open().await);
    assert_eq!(claim(&store, key("order-1")).await, Some(Granted));
    fixture.advance(CLAIM).await;
    store.confirm(&[key("order-1")]).await.expect("answers");
    assert_eq!(claim(&other, key("order-1")).await, Some(Duplicate));
}

/// Of equal ids in a batch the first is stored.
pub async fn equal_ids_in_one_call_are_granted_once(fixture: &dyn Fixture) {
    let store = fixture.open().await;
    let keys = ["a", "b", "a", "a", "b", "c"].map(key);
    assert_eq!(store.claim(&keys).await.expect("answers"), [Granted, Granted, Busy, Busy, Busy, Granted]);
}

/// Answers are told apart by their place.
pub async fn answers_are_in_the_order_of_the_keys(fixture: &dyn Fixture) {
    let store = fixture.open().await;
    assert_eq!(store.claim(&[]).await.expect("answers"), []);
    store.claim(&[key("stored"), key("open")]).await.expect("answers");
    store.confirm(&[key("stored")]).await.expect("answers");
    let claims = store.claim(&["new-1", "stored", "open", "new-2"].map(key)).await.expect("answers");
    assert_eq!(claims, [Granted, Duplicate, Busy, Granted]);
}

/// One process wins each id.
pub async fn of_processes_that_race_exactly_one_is_granted(fixture: &dyn Fixture) {
    let keys: Vec<_> = (0..100).map(|number| key(&format!("order-{number}"))).collect();
    let stores = join_all((0..4).map(|_| fixture.open())).await;
    let answers = join_all(stores.iter().map(|store| store.claim(&keys))).await;
    let mut granted = vec![0; keys.len()];
    for claims in answers {
        for (granted, claim) in granted.iter_mut().zip(claims.expect("answers")) {
            *granted += u32::from(claim == Granted);
            assert_ne!(claim, Duplicate);
        }
    }
    assert_eq!(granted, vec![1; keys.len()]);
}

/// The same id of another tenant is another id.
pub async fn tenants_have_ids_of_their_own(fixture: &dyn Fixture) {
    let store = fixture.open().await;
    for tenant in [1, 11, u32::MAX] {
        assert_eq!(claim(&store, key_of(tenant, "1:order")).await, Some(Granted));
    }
    assert_eq!(claim(&store, key_of(1, "1:1:order")).await, Some(Granted));
}

/// Large batches are answered whole.
pub async fn a_thousand_ids_are_one_call(fixture: &dyn Fixture) {
    let store = fixture.open().await;
    let long = "x".repeat(120);
    let keys: Vec<_> = (0..1000).map(|number| key(&format!("{long}{number}"))).collect();
    assert_eq!(store.claim(&keys).await.expect("answers"), vec![Granted; 1000]);
    let (confirmed, released) = keys.split_at(600);
    store.confirm(confirmed).await.expect("answers");
    store.release(released).await.expect("answers");
    let expected = [vec![Duplicate; 600], vec![Granted; 400]].concat();
    assert_eq!(store.claim(&keys).await.expect("answers"), expected);
}

/// A deleted tenant's ids are gone; nobody else's are, however alike the numbers look.
pub async fn erasing_a_tenant_leaves_the_others_alone(fixture: &dyn Fixture) {
    let store = fixture.open().await;
    let of = |tenant: u32| (0..500).map(move |number| key_of(tenant, &format!("order-{number}")));
    for tenant in [1, 11, 2] {
        let keys: Vec<_> = of(tenant).collect();
        assert_eq!(store.claim(&keys).await.expect("answers"), vec![Granted; keys.len()]);
        store.confirm(&keys).await.expect("answers");
    }

    store.erase(TenantNumber::new(1)).await.expect("answers");
    let expected = [(1, Granted), (11, Duplicate), (2, Duplicate)];
    for (tenant, answer) in expected {
        assert_eq!(store.claim(&of(tenant).collect::<Vec<_>>()).await.expect("answers"), vec![answer; 500]);
    }
}
