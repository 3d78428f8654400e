//! Entries are what was last written under their names.

use fanfare_domain::ids::TenantNumber;
use fanfare_ports::directory::{Entry, EntryKey};
use futures::future::join_all;

use super::samples::{api_key, event_type, tenant, webhook};
use super::{Fixture, deletion, get, put, revision, write, write_in_the_end};

fn one_of_each() -> [Entry; 4] {
    [tenant(1, 1), webhook(1, 1), api_key(1), event_type(1, "order.paid", "An order was paid.")]
}

/// Nothing of it is lost or changed.
pub async fn every_kind_of_entry_reads_back_as_it_was_written(fixture: &dyn Fixture) {
    let directory = fixture.open().await;
    write(&*directory, &one_of_each().map(put)).await;
    for entry in one_of_each() {
        assert_eq!(get(&*directory, &entry.key()).await, Some(entry));
    }
    write(&*directory, &[put(tenant(1, 2))]).await;
    assert_eq!(get(&*directory, &tenant(1, 1).key()).await, Some(tenant(1, 2)), "the last one written");
}

/// Whatever name is asked for; a name that no entry can have is no error.
pub async fn what_was_never_written_is_gone(fixture: &dyn Fixture) {
    let directory = fixture.open().await;
    for entry in one_of_each() {
        assert_eq!(get(&*directory, &entry.key()).await, None);
    }
    for odd in ["", ".", "*", "a.>", "a b", "A", "größe", "a..b", "$KV.x"] {
        let key = EntryKey::EventType(TenantNumber::new(1), odd.to_owned());
        assert_eq!(get(&*directory, &key).await, None, "{odd:?}");
        write(&*directory, &[deletion(key)]).await;
    }
}

/// Deleting what is not there is harmless.
pub async fn what_is_deleted_is_gone_until_it_is_written_again(fixture: &dyn Fixture) {
    let directory = fixture.open().await;
    for entry in one_of_each() {
        let key = entry.key();
        write(&*directory, &[deletion(key.clone()), put(entry.clone()), deletion(key.clone())]).await;
        assert_eq!(get(&*directory, &key).await, None);
        write(&*directory, &[deletion(key.clone())]).await;
        write(&*directory, &[put(entry.clone())]).await;
        assert_eq!(get(&*directory, &key).await, Some(entry));
    }
}

/// Names that differ in one character, and tenants whose numbers begin alike.
pub async fn alike_names_are_kept_apart(fixture: &dyn Fixture) {
    let directory = fixture.open().await;
    let longest = "x".repeat(128);
    let names = ["a", "a.b", "a-b", "a_b", "a.b.c", "ab", "2e", "a.2e", longest.as_str()];
    let entries: Vec<Entry> = [1, 11, 12]
        .into_iter()
        .flat_map(|of| names.map(|name| event_type(of, name, &format!("{of} {name}"))))
        .collect();
    write(&*directory, &entries.iter().cloned().map(put).collect::<Vec<_>>()).await;
    for entry in &entries {
        assert_eq!(get(&*directory, &entry.key()).await.as_ref(), Some(entry));
    }
    write(&*directory, &[deletion(entries[1].key())]).await;
    for (place, entry) in entries.iter().enumerate() {
        assert_eq!(get(&*directory, &entry.key()).await.is_some(), place != 1, "{:?}", entry.key());
    }
}

/// A long JSON Schema.
pub async fn an_entry_of_256_kib_passes_unchanged(fixture: &dyn Fixture) {
    let directory = fixture.open().await;
    let large = event_type(1, "large", &"ü".repeat(128 * 1024));
    write(&*directory, &[put(large.clone())]).await;
    assert_eq!(get(&*directory, &large.key()).await, Some(large));
}

/// Also a deletion; reading moves nothing.
pub async fn every_change_moves_the_revision(fixture: &dyn Fixture) {
    let directory = fixture.open().await;
    let mut before = revision(&*directory).await;
    for change in [put(tenant(1, 1)), put(tenant(2, 1)), put(tenant(1, 2)), deletion(tenant(1, 2).key())] {
        write(&*directory, &[change]).await;
        let after = revision(&*directory).await;
        assert!(after > before, "{after} after {before}");
        before = after;
    }
    get(&*directory, &tenant(2, 1).key()).await;
    assert_eq!(revision(&*directory).await, before);
}

/// Calls of which each writes its entries in order.
pub async fn many_writes_at_once_end_as_the_last_says(fixture: &dyn Fixture) {
    let directory = fixture.open().await;
    let changes = |number| (1..=20).map(move |version| put(tenant(number, version))).collect::<Vec<_>>();
    join_all((1..=20).map(|number| {
        let directory = &directory;
        async move { write(&**directory, &changes(number)).await }
    }))
    .await;
    for number in 1..=20 {
        assert_eq!(get(&*directory, &tenant(number, 1).key()).await, Some(tenant(number, 20)));
    }
}

/// And revisions go on.
pub async fn after_a_restart_every_entry_is_there(fixture: &dyn Fixture) {
    let directory = fixture.open().await;
    write(&*directory, &one_of_each().map(put)).await;
    write(&*directory, &[deletion(api_key(1).key())]).await;
    let before = revision(&*directory).await;
    fixture.restart(vec![directory]).await;

    let directory = fixture.open().await;
    assert!(revision(&*directory).await >= before);
    for entry in one_of_each() {
        let expected = (entry.key() != api_key(1).key()).then_some(entry.clone());
        assert_eq!(get(&*directory, &entry.key()).await, expected);
    }
    write(&*directory, &[put(tenant(2, 1))]).await;
    assert!(revision(&*directory).await > before);
}

/// Who cannot ask the leader does not know.
pub async fn while_the_server_is_away_nothing_is_gone(fixture: &dyn Fixture) {
    let directory = fixture.open().await;
    write(&*directory, &[put(tenant(1, 1))]).await;
    if !fixture.take_server_away().await {
        return;
    }
    assert!(directory.get(&tenant(1, 1).key()).await.is_err());
    assert!(directory.get(&tenant(2, 1).key()).await.is_err());
    assert!(directory.revision().await.is_err());
    fixture.bring_server_back().await;
    write_in_the_end(&*directory, &[put(tenant(2, 1))]).await;
    for number in [1, 2] {
        assert_eq!(get(&*directory, &tenant(number, 1).key()).await, Some(tenant(number, 1)));
    }
}
