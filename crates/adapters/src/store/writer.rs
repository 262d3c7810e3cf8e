//! One thread that writes: many changes, one commit.
//!
//! A durable commit costs a disk flush. The writer takes what waits, opens one transaction, runs each change inside a
//! savepoint of its own (one that fails leaves the others alone), commits once, and only then answers all of them.
//! SQLite's every write goes this way; on Postgres what comes in crowds does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use callgate_domain::ports::StoreError;
use tokio::sync::{mpsc, oneshot};

use super::connection::{Address, AnyConnection};
use super::dialect;

/// Changes that may wait; a further one waits outside, under the caller's timeout.
const QUEUE: usize = 2_048;
/// Changes that share one commit at most.
const BATCH: usize = 256;
/// How long a change may wait for its place in the queue and for its commit.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells a change's caller what became of it, once it is known whether the commit held.
type Answer = Box<dyn FnOnce(Commit) + Send>;
/// A change: runs in the transaction, and returns its answer.
type Job = Box<dyn FnOnce(&mut AnyConnection) -> Outcome + Send>;

struct Outcome {
    /// The change did not hold, but the transaction is whole: back to the savepoint.
    undo: bool,
    /// The database itself failed: nothing of this transaction can be relied on.
    broken: bool,
    answer: Answer,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Commit {
    Held,
    Failed,
}

/// The queue to the writing thread. The thread ends when the last of these is dropped.
#[derive(Clone)]
pub struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    /// Starts the thread. `connection` is used until it fails; then `address` is opened again.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(address: Address, connection: AnyConnection) -> std::io::Result<Self> {
        let (jobs, waiting) = mpsc::channel(QUEUE);
        let thread = Thread { address, connection: Some(connection), waiting };
        std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || thread.run())?;
        Ok(Self { jobs })
    }

    /// Runs a change; returns when its commit is durable, or when it is certain that nothing of it is.
    ///
    /// # Errors
    /// The change's own, or `Unavailable` when the queue is full for too long or the commit failed.
    pub async fn write<T, F>(&self, change: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |db| run(db, change, tell));
        let queued = self.jobs.send_timeout(job, PATIENCE).await;
        queued.map_err(|error| StoreError::Unavailable(anyhow::anyhow!("the writer's queue: {error}")))?;
        // A change that is in the queue will be written, so its end is awaited whatever it takes.
        told.await.unwrap_or_else(|_| Err(StoreError::Unavailable(anyhow::anyhow!("the writer stopped"))))
    }
}

fn run<T, F>(db: &mut AnyConnection, change: F, tell: oneshot::Sender<Result<T, StoreError>>) -> Outcome
where
    T: Send + 'static,
    F: FnOnce(&mut AnyConnection) -> Result<T, StoreError>,
{
    let result = catch_unwind(AssertUnwindSafe(|| change(db)))
        .unwrap_or_else(|_| Err(StoreError::Unavailable(anyhow::anyhow!("a change panicked"))));
    let undo = result.is_err();
    let broken = matches!(result, Err(StoreError::Unavailable(_)));
    let answer: Answer = Box::new(move |commit| {
        let result = match (commit, result) {
            (Commit::Failed, Ok(_)) => Err(StoreError::Unavailable(anyhow::anyhow!("the commit failed"))),
            (_, result) => result,
        };
        // A caller that went away has no use for the answer; its change stands all the same.
        let _gone = tell.send(result);
    });
    Outcome { undo, broken, answer }
}

struct Thread {
    address: Address,
    connection: Option<AnyConnection>,
    waiting: mpsc::Receiver<Job>,
}

impl Thread {
    fn run(mut self) {
        while let Some(first) = self.waiting.blocking_recv() {
            let mut jobs = vec![first];
            while jobs.len() < BATCH {
                let Ok(job) = self.waiting.try_recv() else { break };
                jobs.push(job);
            }
            self.write(jobs);
        }
    }

    fn write(&mut self, jobs: Vec<Job>) {
        let Some(mut db) = self.connection.take().or_else(|| self.reopen()) else {
            // Dropping a job drops its caller's channel, which reads as `Unavailable`.
            return;
        };
        let mut answers = Vec::with_capacity(jobs.len());
        let commit = match transact(&mut db, jobs, &mut answers) {
            Ok(()) => Commit::Held,
            Err(error) => {
                tracing::error!(error = %error, cause = ?std::error::Error::source(&error).map(ToString::to_string), "a write failed");
                let _already = dialect::execute(&mut db, "rollback");
                Commit::Failed
            }
        };
        if commit == Commit::Held {
            self.connection = Some(db);
        }
        answers.into_iter().for_each(|answer| answer(commit));
    }

    fn reopen(&self) -> Option<AnyConnection> {
        let opened = self.address.open();
        opened.inspect_err(|error| tracing::error!(%error, "the database cannot be opened")).ok()
    }
}

/// All jobs in one transaction. An error means that nothing of it holds.
fn transact(db: &mut AnyConnection, jobs: Vec<Job>, answers: &mut Vec<Answer>) -> Result<(), StoreError> {
    dialect::begin(db)?;
    let alone = jobs.len() == 1;
    for job in jobs {
        if !alone {
            dialect::execute(db, "savepoint change")?;
        }
        let Outcome { undo, broken, answer } = job(db);
        answers.push(answer);
        if broken {
            return Err(StoreError::Unavailable(anyhow::anyhow!("a statement failed; its transaction was given up")));
        }
        match (undo, alone) {
            // A failed change that was alone leaves nothing to commit.
            (true, true) => return dialect::execute(db, "rollback"),
            (true, false) => dialect::execute(db, "rollback to change; release change")?,
            (false, true) => {}
            (false, false) => dialect::execute(db, "release change")?,
        }
    }
    dialect::execute(db, "commit")
}
