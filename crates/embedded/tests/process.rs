//! One process a data directory, and what is left of one that ended without a warning.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_embedded::{Contents, DataDirectory, DatabaseError, Embedded, EmbeddedSettings, OpenError, StreamLimits};
use fanfare_ports::clock::{SharedClock, SystemClock};
use fanfare_ports::directory::Directory;
use fanfare_ports::queue::{Consumer, PublishError, Queue, Stored, Stream, Topic};

fn clock() -> SharedClock {
    Arc::new(SystemClock)
}

async fn open(directory: &Path, limits: StreamLimits) -> Embedded {
    let settings = EmbeddedSettings { data_dir: directory.to_owned(), limits };
    Embedded::open(settings, clock()).await.expect("the data directory opens")
}

/// What a power cut would leave: the files as they are, while the process has them open.
fn copy_files(from: &Path, to: &Path) {
    for file in ["queue.db", "queue.db-wal", "store.db", "store.db-wal"] {
        std::fs::copy(from.join(file), to.join(file)).expect("the file is there");
    }
}

fn records(numbers: std::ops::Range<usize>) -> Vec<Bytes> {
    numbers.map(|number| Bytes::from(format!("record {number}"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_refused_until_the_first_has_ended() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = open(directory.path(), StreamLimits::default()).await;
    let settings = EmbeddedSettings { data_dir: directory.path().to_owned(), limits: StreamLimits::default() };
    let refused = Embedded::open(settings, clock()).await;
    let error = refused.err().expect("the directory is in use");
    assert!(matches!(error, OpenError::InUse(_)), "{error:?}");
    assert!(error.to_string().contains(&directory.path().display().to_string()), "{error}");

    first.close().await;
    open(directory.path(), StreamLimits::default()).await.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_whose_process_was_dropped_opens_again() {
    let directory = tempfile::tempdir().expect("a directory");
    for round in 0..3 {
        let embedded = open(directory.path(), StreamLimits::default()).await;
        let stored = embedded.queue().publish(Topic::Events, records(0..1)).await.expect("stored");
        assert_eq!(stored, [Position { sequence: round + 1, index: 0 }]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_the_way_is_said_to_be() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("file");
    std::fs::write(&file, b"").expect("written");
    let refused = DataDirectory::take(&file).await;
    assert!(matches!(refused, Err(OpenError::Directory { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_of_an_unreleased_version_is_refused_and_left_as_it_is() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("fanfare.db"), b"of old").expect("written");
    let refused = DataDirectory::take(directory.path()).await;
    let error = refused.expect_err("it cannot be read");
    assert!(matches!(error, OpenError::Outdated { .. }), "{error:?}");
    assert!(error.to_string().contains("name another directory"), "{error}");
    assert_eq!(std::fs::read(directory.path().join("fanfare.db")).expect("read"), b"of old");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_there_after_a_power_cut() {
    let (before, after) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let embedded = open(before.path(), StreamLimits::default()).await;
    let queue = embedded.queue();
    let stored = queue.publish(Topic::Events, records(0..600)).await.expect("stored");
    let taken = queue.take(Consumer::Router, 600, Duration::ZERO).await.expect("taken");
    assert_eq!(taken.len(), 600);
    let leases: Vec<_> = taken.iter().map(|one| one.lease.clone()).collect();
    queue.finish(&leases[..300]).await.expect("finished");
    // What is stored later is stored with it.
    queue.flush().await.expect("saved");
    copy_files(before.path(), after.path());

    let embedded = open(after.path(), StreamLimits::default()).await;
    let queue = embedded.queue();
    for (position, record) in stored.iter().zip(records(0..600)) {
        assert_eq!(queue.read(Stream::Events, *position).await.expect("read"), Stored::Found(record));
    }
    let again = queue.take(Consumer::Router, 600, Duration::ZERO).await.expect("taken");
    let again: Vec<Bytes> = again.into_iter().map(|one| one.record).collect();
    assert_eq!(again, records(300..600), "what was finished does not come again");
    let next = queue.publish(Topic::Events, records(0..1)).await.expect("stored");
    assert_eq!(next[0].sequence, stored[599].sequence + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_behind_memory_is_taken_from_disk() {
    let directory = tempfile::tempdir().expect("a directory");
    let body = |number: u8| Bytes::from(vec![number; 200 * 1024]);
    {
        let embedded = open(directory.path(), StreamLimits::default()).await;
        for number in 0..100 {
            embedded.queue().publish(Topic::Events, vec![body(number)]).await.expect("stored");
        }
        embedded.close().await;
    }
    let embedded = open(directory.path(), StreamLimits::default()).await;
    let mut taken = Vec::new();
    while taken.len() < 100 {
        let more = embedded.queue().take(Consumer::Router, 7, Duration::ZERO).await.expect("taken");
        assert!(!more.is_empty(), "{} came", taken.len());
        taken.extend(more);
    }
    assert!(taken.iter().zip(0..).all(|(one, number)| one.record == body(number)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_process_says_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let embedded = open(directory.path(), StreamLimits::default()).await;
    embedded.close().await;
    let refused = embedded.queue().publish(Topic::Events, records(0..1)).await;
    assert!(matches!(refused, Err(PublishError::Unavailable { .. })), "{refused:?}");
    assert!(embedded.directory().watch().await.is_err());
    embedded.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_is_undone_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let taken = DataDirectory::take(directory.path()).await.expect("taken");
    let database = taken.open(Contents::Queue).await.expect("open");
    let add = |revision: i64, fail: bool| {
        database.write(move |connection| {
            Box::pin(async move {
                sqlx::query("INSERT INTO directory_entries (key, revision, entry) VALUES (?, 0, '')")
                    .bind(revision.to_string())
                    .execute(&mut *connection)
                    .await?;
                if fail { Err(DatabaseError::Closed) } else { Ok(revision) }
            })
        })
    };
    let answers = futures::future::join_all((0..100).map(|number| add(number, number % 3 == 0))).await;
    for (answer, number) in answers.iter().zip(0..) {
        assert_eq!(answer.as_ref().ok(), (number % 3 != 0).then_some(&number));
    }
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM directory_entries").fetch_one(database.read()).await.expect("counted");
    assert_eq!(kept, 66);
    database.close().await;
}
