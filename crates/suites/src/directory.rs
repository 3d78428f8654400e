//! What every [`Directory`] must pass.

pub mod entries;
pub mod watching;

mod samples;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use fanfare_ports::directory::{Directory, Entry, EntryKey, Write};

/// How long a case waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A directory with nothing in it, made for one case.
#[async_trait]
pub trait Fixture: Send + Sync + 'static {
    /// Opens the directory as a process would. Where several processes can share it, each call is another process; where only
    /// one can have it, further calls give the same one.
    async fn open(&self) -> Arc<dyn Directory>;

    /// Ends everything at once, servers too, and starts the servers again with the data that they had. `directories` are
    /// all that are open.
    async fn restart(&self, directories: Vec<Arc<dyn Directory>>);

    /// Kills the directory's server under the processes that use it; false if there is no server of its own.
    async fn take_server_away(&self) -> bool {
        false
    }

    /// Starts the server again.
    async fn bring_server_back(&self) {}
}

/// Makes each case a test of the directory that the expression gives: `directory_suite!(MyFixture::start().await);`
#[macro_export]
macro_rules! directory_suite {
    ($fixture:expr) => {
        $crate::directory_suite! { @cases $fixture; entries;
            every_kind_of_entry_reads_back_as_it_was_written
            what_was_never_written_is_gone
            what_is_deleted_is_gone_until_it_is_written_again
            alike_names_are_kept_apart
            an_entry_of_256_kib_passes_unchanged
            every_change_moves_the_revision
            many_writes_at_once_end_as_the_last_says
            after_a_restart_every_entry_is_there
            while_the_server_is_away_nothing_is_gone
        }
        $crate::directory_suite! { @cases $fixture; watching;
            an_empty_directory_catches_up_at_once
            a_watch_tells_what_there_is_and_then_what_changes
            changes_come_in_the_order_of_their_revisions
            one_process_sees_what_another_writes
            what_was_deleted_before_is_not_told_as_there
            a_watch_whose_server_comes_back_misses_nothing
            a_second_watch_after_a_first_tells_everything_again
        }
    };
    (@cases $fixture:expr; $module:ident; $($case:ident)+) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $case() {
            let fixture = $fixture;
            $crate::directory::$module::$case(&fixture).await;
        }
    )+};
}

fn put(entry: Entry) -> Write {
    Write { key: entry.key(), entry: Some(entry) }
}

fn deletion(key: EntryKey) -> Write {
    Write { key, entry: None }
}

async fn write(directory: &dyn Directory, writes: &[Write]) {
    directory.write(writes).await.expect("the entries are stored");
}

async fn get(directory: &dyn Directory, key: &EntryKey) -> Option<Entry> {
    directory.get(key).await.expect("the directory is there")
}

async fn revision(directory: &dyn Directory) -> u64 {
    directory.revision().await.expect("the directory is there")
}

/// Writes until the directory takes it, as an outbox does.
async fn write_in_the_end(directory: &dyn Directory, writes: &[Write]) {
    let began = Instant::now();
    while let Err(error) = directory.write(writes).await {
        assert!(began.elapsed() < PATIENCE, "written in the end: {error}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
