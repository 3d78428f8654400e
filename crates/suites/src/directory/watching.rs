//! Whoever watches ends up with what is there, and never misses a change without being told.

use std::collections::BTreeMap;
use std::sync::Arc;

use fanfare_ports::directory::{Directory, DirectoryError, Entry, EntryKey, Notice};
use futures::StreamExt;
use futures::stream::BoxStream;

use super::samples::{event_type, tenant, webhook};
use super::{Fixture, PATIENCE, deletion, put, revision, write, write_in_the_end};

type Notices = BoxStream<'static, Result<Notice, DirectoryError>>;

async fn next(notices: &mut Notices) -> Option<Result<Notice, DirectoryError>> {
    tokio::time::timeout(PATIENCE, notices.next()).await.expect("something is told, or the watch ends")
}

/// Reads up to the notice that all has been told; the entries that there were, and the revision.
async fn first_reading(notices: &mut Notices) -> (BTreeMap<EntryKey, Entry>, u64) {
    let mut entries = BTreeMap::new();
    loop {
        match next(notices).await.expect("the watch goes on").expect("nothing was missed") {
            Notice::Changed { write, .. } => apply(&mut entries, write.key, write.entry),
            Notice::CaughtUp { revision } => return (entries, revision),
        }
    }
}

fn apply(entries: &mut BTreeMap<EntryKey, Entry>, key: EntryKey, entry: Option<Entry>) {
    match entry {
        Some(entry) => entries.insert(key, entry),
        None => entries.remove(&key),
    };
}

/// Reads one change.
async fn change(notices: &mut Notices) -> (u64, EntryKey, Option<Entry>) {
    loop {
        match next(notices).await.expect("the watch goes on").expect("nothing was missed") {
            Notice::Changed { revision, write } => return (revision, write.key, write.entry),
            Notice::CaughtUp { .. } => {}
        }
    }
}

fn of(entries: impl IntoIterator<Item = Entry>) -> BTreeMap<EntryKey, Entry> {
    entries.into_iter().map(|entry| (entry.key(), entry)).collect()
}

/// Without an entry there is nothing to wait for.
pub async fn an_empty_directory_catches_up_at_once(fixture: &dyn Fixture) {
    let directory = fixture.open().await;
    let mut notices = directory.watch().await.expect("the directory is there");
    let (entries, at) = first_reading(&mut notices).await;
    assert_eq!((entries, at), (BTreeMap::new(), revision(&*directory).await));

    write(&*directory, &[put(tenant(1, 1))]).await;
    let (at, key, entry) = change(&mut notices).await;
    assert_eq!((at, key, entry), (revision(&*directory).await, tenant(1, 1).key(), Some(tenant(1, 1))));
}

/// The revision with which it catches up is the directory's.
pub async fn a_watch_tells_what_there_is_and_then_what_changes(fixture: &dyn Fixture) {
    let directory = fixture.open().await;
    let there = [tenant(1, 3), webhook(1, 1), event_type(1, "order.paid", "An order was paid.")];
    write(&*directory, &[put(tenant(1, 1)), put(tenant(1, 2))]).await;
    write(&*directory, &there.clone().map(put)).await;
    let mut notices = directory.watch().await.expect("the directory is there");
    assert_eq!(first_reading(&mut notices).await, (of(there), revision(&*directory).await));

    write(&*directory, &[put(webhook(1, 2)), deletion(tenant(1, 1).key())]).await;
    let (first, key, entry) = change(&mut notices).await;
    assert_eq!((key, entry), (webhook(1, 2).key(), Some(webhook(1, 2))));
    let (second, key, entry) = change(&mut notices).await;
    assert_eq!((key, entry), (tenant(1, 1).key(), None));
    assert!(first < second && second == revision(&*directory).await);
}

/// Many in a row, under the same names.
pub async fn changes_come_in_the_order_of_their_revisions(fixture: &dyn Fixture) {
    let directory = fixture.open().await;
    let mut notices = directory.watch().await.expect("the directory is there");
    first_reading(&mut notices).await;
    let changes: Vec<_> = (1..=100).flat_map(|version| [put(tenant(1, version)), put(webhook(1, version))]).collect();
    write(&*directory, &changes).await;
    let mut before = 0;
    let mut entries = BTreeMap::new();
    while before < revision(&*directory).await {
        let (at, key, entry) = change(&mut notices).await;
        assert!(at > before, "{at} after {before}");
        before = at;
        apply(&mut entries, key, entry);
    }
    assert_eq!(entries, of([tenant(1, 100), webhook(1, 100)]));
}

/// In the order of writing, without being asked.
pub async fn one_process_sees_what_another_writes(fixture: &dyn Fixture) {
    let (writer, watcher) = (fixture.open().await, fixture.open().await);
    write(&*writer, &[put(tenant(1, 1))]).await;
    let mut notices = watcher.watch().await.expect("the directory is there");
    assert_eq!(first_reading(&mut notices).await.0, of([tenant(1, 1)]));
    write(&*writer, &[put(tenant(2, 1)), deletion(tenant(1, 1).key())]).await;
    assert_eq!(change(&mut notices).await.1, tenant(2, 1).key());
    assert_eq!(change(&mut notices).await.1, tenant(1, 1).key());
    assert_eq!(revision(&*writer).await, revision(&*watcher).await);
}

/// The catalogue takes what is not told before the watch has caught up as gone.
pub async fn what_was_deleted_before_is_not_told_as_there(fixture: &dyn Fixture) {
    let directory = fixture.open().await;
    write(&*directory, &[put(tenant(1, 1)), put(tenant(2, 1)), deletion(tenant(1, 1).key())]).await;
    let mut notices = directory.watch().await.expect("the directory is there");
    assert_eq!(first_reading(&mut notices).await, (of([tenant(2, 1)]), revision(&*directory).await));
}

/// A copy that watches again whenever its watch ends.
struct Copy {
    directory: Arc<dyn Directory>,
    entries: BTreeMap<EntryKey, Entry>,
    notices: Option<Notices>,
    at: u64,
}

impl Copy {
    async fn step(&mut self) {
        let Some(notices) = &mut self.notices else { return self.watch().await };
        match next(notices).await {
            Some(Ok(Notice::Changed { revision, write })) => {
                apply(&mut self.entries, write.key, write.entry);
                self.at = revision;
            }
            Some(Ok(Notice::CaughtUp { revision })) => self.at = revision,
            Some(Err(_)) | None => self.notices = None,
        }
    }

    async fn watch(&mut self) {
        match self.directory.watch().await {
            Ok(mut notices) => {
                // This reading may be cut short too: then there will be another one.
                self.entries.clear();
                while let Some(Ok(notice)) = next(&mut notices).await {
                    match notice {
                        Notice::Changed { write, .. } => apply(&mut self.entries, write.key, write.entry),
                        Notice::CaughtUp { revision } => {
                            (self.at, self.notices) = (revision, Some(notices));
                            return;
                        }
                    }
                }
            }
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
        }
    }
}

/// It goes on, or ends and is begun again: either way the copy is whole, with what was written meanwhile.
pub async fn a_watch_whose_server_comes_back_misses_nothing(fixture: &dyn Fixture) {
    let (writer, watcher) = (fixture.open().await, fixture.open().await);
    write(&*writer, &[put(tenant(1, 1)), put(tenant(2, 1))]).await;
    let mut copy = Copy { directory: watcher, entries: BTreeMap::new(), notices: None, at: 0 };
    for round in 2..5 {
        let before = revision(&*writer).await;
        let catching_up = async {
            while copy.at < before {
                copy.step().await;
            }
        };
        tokio::time::timeout(PATIENCE, catching_up).await.expect("the copy follows");
        let has_server = fixture.take_server_away().await;
        if has_server {
            fixture.bring_server_back().await;
        }
        write_in_the_end(&*writer, &[put(tenant(1, round)), deletion(tenant(2, 1).key()), put(tenant(3, round))]).await;
        let last = revision(&*writer).await;
        let catching_up = async {
            while copy.at < last {
                copy.step().await;
            }
        };
        tokio::time::timeout(PATIENCE, catching_up).await.expect("the copy follows");
        assert_eq!(copy.entries, of([tenant(1, round), tenant(3, round)]));
    }
}

/// Watching is free of what was watched before.
pub async fn a_second_watch_after_a_first_tells_everything_again(fixture: &dyn Fixture) {
    let directory = fixture.open().await;
    write(&*directory, &[put(tenant(1, 1)), put(tenant(2, 1))]).await;
    for _ in 0..3 {
        let mut notices = directory.watch().await.expect("the directory is there");
        assert_eq!(first_reading(&mut notices).await.0, of([tenant(1, 1), tenant(2, 1)]));
    }
}
