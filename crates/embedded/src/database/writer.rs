//! The writer: one transaction for all that has queued up.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::future::BoxFuture;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use super::DatabaseError;
use super::checkpoints::{self, Checkpoints};
use super::lock::DirectoryLock;

/// Jobs in one transaction at most, so that no caller waits for very many others.
const JOBS_TOGETHER: usize = 256;

type Answer = Box<dyn FnOnce(Result<(), DatabaseError>) + Send>;

/// A job that has run and waits for the commit.
pub(super) struct Ran {
    succeeded: bool,
    answer: Answer,
}

/// Something to be written, and whom to tell.
pub(super) trait Job: Send {
    /// Whether it is undone alone when it fails.
    fn is_guarded(&self) -> bool;
    fn run(self: Box<Self>, connection: &mut SqliteConnection) -> BoxFuture<'_, Ran>;
    fn refuse(self: Box<Self>, error: DatabaseError);
}

/// A job that closures make.
pub(super) struct Write<T, E, F, A> {
    pub(super) guarded: bool,
    pub(super) job: F,
    pub(super) after: A,
    pub(super) caller: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F, A> Job for Write<T, E, F, A>
where
    T: Send + 'static,
    E: From<DatabaseError> + Send + 'static,
    F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    A: FnOnce(&T) + Send + 'static,
{
    fn is_guarded(&self) -> bool {
        self.guarded
    }

    fn run(self: Box<Self>, connection: &mut SqliteConnection) -> BoxFuture<'_, Ran> {
        let Self { job, after, caller, .. } = *self;
        Box::pin(async move {
            let result = job(connection).await;
            let succeeded = result.is_ok();
            let answer: Answer = Box::new(move |committed| {
                let result = match (result, committed) {
                    (Ok(value), Ok(())) => {
                        after(&value);
                        Ok(value)
                    }
                    (Ok(_), Err(error)) => Err(error.into()),
                    (Err(error), _) => Err(error),
                };
                // A caller that went away does not need the answer.
                let _ = caller.send(result);
            });
            Ran { succeeded, answer }
        })
    }

    fn refuse(self: Box<Self>, error: DatabaseError) {
        let _ = self.caller.send(Err(error.into()));
    }
}

/// Owns the writing connection.
pub(super) struct Writer {
    options: SqliteConnectOptions,
    /// `None` after a failure that may have left it in the middle of something.
    connection: Option<SqliteConnection>,
    /// Let go of last.
    _lock: Arc<DirectoryLock>,
}

impl Writer {
    pub(super) fn new(options: SqliteConnectOptions, connection: SqliteConnection, lock: Arc<DirectoryLock>) -> Self {
        Self { options, connection: Some(connection), _lock: lock }
    }

    /// Runs jobs until all senders are gone, then closes the connection and lets go of the directory.
    pub(super) async fn run(mut self, mut queued: mpsc::Receiver<Box<dyn Job>>) {
        let mut jobs = Vec::with_capacity(JOBS_TOGETHER);
        let checkpoints = Checkpoints::beside(self.options.clone());
        while queued.recv_many(&mut jobs, JOBS_TOGETHER).await > 0 {
            let mut unbegun = VecDeque::from(std::mem::take(&mut jobs));
            let mut answers = Vec::with_capacity(unbegun.len());
            let outcome = match self.transact(&mut unbegun, &mut answers).await {
                Ok(()) => Ok(()),
                Err(error) => {
                    tracing::error!(%error, "transaction failed");
                    self.connection = None;
                    Err(DatabaseError::NotCommitted(Arc::new(error)))
                }
            };
            for answer in answers {
                answer(outcome.clone());
            }
            match outcome {
                Ok(()) if checkpoints.committed() => self.shorten_log().await,
                Ok(()) => {}
                Err(error) => unbegun.into_iter().for_each(|job| job.refuse(error.clone())),
            }
        }
        checkpoints.end().await;
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "database was not closed cleanly");
        }
    }

    /// Brings what is left of the log into the file, so that it can begin anew.
    async fn shorten_log(&mut self) {
        if let Some(connection) = &mut self.connection
            && let Err(error) = checkpoints::checkpoint(connection).await
        {
            tracing::warn!(%error, "write-ahead log stays long");
        }
    }

    async fn transact(
        &mut self,
        jobs: &mut VecDeque<Box<dyn Job>>,
        answers: &mut Vec<Answer>,
    ) -> Result<(), sqlx::Error> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(SqliteConnection::connect_with(&self.options).await?),
        };
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let alone = jobs.len() == 1;
        while let Some(job) = jobs.pop_front() {
            if job.is_guarded() && !alone {
                let mut savepoint = transaction.begin().await?;
                let ran = job.run(&mut savepoint).await;
                answers.push(ran.answer);
                if ran.succeeded {
                    savepoint.commit().await?
                } else {
                    savepoint.rollback().await?
                }
                continue;
            }
            let ran = job.run(&mut transaction).await;
            answers.push(ran.answer);
            match (ran.succeeded, alone) {
                (true, _) => {}
                (false, true) => return transaction.rollback().await,
                (false, false) => {
                    return Err(sqlx::Error::Protocol("a job written together with others failed".to_owned()));
                }
            }
        }
        transaction.commit().await
    }
}
