//! Sessions, and links that open one.

#![expect(missing_docs, reason = "a case's name says what it holds adapters to")]

use fanfare_domain::ids::TenantNumber;
use fanfare_ports::store::{Access, Grant, Link, PassHash, Session, Sessions};

use super::Fixture;
use super::sample::{ACME, noon, seconds};

const HASH: PassHash = [1; 32];
const OTHER_HASH: PassHash = [2; 32];

fn portal(tenant: TenantNumber) -> Grant {
    Grant::Portal { tenant, access: Access::Manage, name: Some("Jo \u{0}\u{1F600}".to_owned()) }
}

fn session(grant: Grant) -> Session {
    Session { grant, expires_at: noon().plus(seconds(60)) }
}

fn link(grant: Grant) -> Link {
    Link { grant, expires_at: noon().plus(seconds(60)), session: seconds(3600) }
}

pub async fn a_session_is_found_until_it_ends(fixture: &impl Fixture) {
    let (one, two) = (fixture.open().await, fixture.open().await);
    let session = session(Grant::Key([9; 32]));
    one.put_session(&HASH, &session).await.expect("kept");
    assert_eq!(two.session(&HASH, noon()).await.expect("read"), Some(session.clone()));
    assert_eq!(two.session(&OTHER_HASH, noon()).await.expect("read"), None);
    assert_eq!(two.take_link(&HASH, noon()).await.expect("read"), None, "it is no link");
    two.end_session(&OTHER_HASH).await.expect("nothing to end");
    assert_eq!(one.session(&HASH, noon()).await.expect("read"), Some(session));
    two.end_session(&HASH).await.expect("ended");
    assert_eq!(one.session(&HASH, noon()).await.expect("read"), None);
}

pub async fn a_link_is_taken_once(fixture: &impl Fixture) {
    let (one, two) = (fixture.open().await, fixture.open().await);
    one.put_link(&HASH, &link(portal(ACME))).await.expect("kept");
    assert_eq!(one.session(&HASH, noon()).await.expect("read"), None, "it is no session");
    one.end_session(&HASH).await.expect("it is no session");
    let (first, second) = futures::join!(one.take_link(&HASH, noon()), two.take_link(&HASH, noon()));
    let mut taken = [first.expect("read"), second.expect("read")];
    taken.sort_by_key(Option::is_some);
    assert_eq!(taken, [None, Some(link(portal(ACME)))]);
}

pub async fn what_has_expired_is_gone(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let (session, link) = (session(portal(ACME)), link(Grant::Key([9; 32])));
    store.put_session(&HASH, &session).await.expect("kept");
    store.put_link(&OTHER_HASH, &link).await.expect("kept");
    let end = session.expires_at;
    assert_eq!(store.session(&HASH, end).await.expect("read"), None);
    assert_eq!(store.take_link(&OTHER_HASH, end).await.expect("read"), None);
    store.forget_expired(noon()).await.expect("forgotten");
    assert!(store.session(&HASH, noon()).await.expect("read").is_some(), "it had not expired");
    store.forget_expired(end).await.expect("forgotten");
    assert_eq!(store.session(&HASH, noon()).await.expect("read"), None);
    assert_eq!(store.take_link(&OTHER_HASH, noon()).await.expect("read"), None);
}

pub async fn a_portals_sessions_end_together(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let hash = |number: u8| [number; 32];
    store.put_session(&hash(1), &session(portal(ACME))).await.expect("kept");
    store.put_link(&hash(2), &link(portal(ACME))).await.expect("kept");
    store.put_session(&hash(3), &session(portal(TenantNumber::new(8)))).await.expect("kept");
    store.put_session(&hash(4), &session(Grant::Key([9; 32]))).await.expect("kept");
    store.end_portal(ACME).await.expect("ended");
    assert_eq!(store.session(&hash(1), noon()).await.expect("read"), None);
    assert_eq!(store.take_link(&hash(2), noon()).await.expect("read"), None);
    assert!(store.session(&hash(3), noon()).await.expect("read").is_some(), "another tenant's");
    assert!(store.session(&hash(4), noon()).await.expect("read").is_some(), "a key's");
}
