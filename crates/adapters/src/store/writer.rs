//! SQLite's single writer: many changes, one commit.
//!
//! A durable commit costs a disk flush, so changes share it. One thread takes what waits, opens one transaction, runs each
//! change inside a savepoint of its own, commits once, and only then answers all of them. A change that fails leaves the
//! others alone; a commit that fails fails all of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use callgate_domain::ports::StoreError;
use diesel::result::QueryResult;
use tokio::sync::{mpsc, oneshot};

use super::connection::{Address, AnyConnection, Purpose};
use super::database::PATIENCE;
use super::dialect;
use super::error::{Failure, OpenError, repeated, unavailable};
use super::waiting::Since;

/// Changes that may wait; more are refused after a while.
const QUEUE: usize = 4096;
/// Changes that share one commit.
const TOGETHER: usize = 512;

/// The queue in front of the writing thread. The thread ends when the queue is dropped.
pub struct Writer {
    queue: mpsc::Sender<Box<dyn Job>>,
}

/// A change in the queue, whatever it yields.
trait Job: Send {
    /// Whether somebody still waits for it, and not for too long already.
    fn is_wanted(&self) -> bool;
    /// Runs it; says whether what it did shall be kept.
    fn run(&mut self, db: &mut AnyConnection) -> bool;
    /// Tells whoever waits; `committed` is the fate of the whole transaction.
    fn answer(self: Box<Self>, committed: Result<(), &StoreError>);
}

struct Change<T, F> {
    work: Option<F>,
    done: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
    since: Since,
}

impl Writer {
    /// Starts the thread, which writes over `db` and opens another one should it fail.
    pub fn start(address: Address, db: AnyConnection) -> Result<Self, OpenError> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        thread::Builder::new()
            .name("callgate-writer".to_owned())
            .spawn(move || run(&address, db, waiting))
            .map_err(|error| OpenError::Unreachable(error.into()))?;
        Ok(Self { queue })
    }

    /// Runs `work` in the next transaction; returns once that is durable.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, Failure> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Box<dyn Job> = Box::new(Change { work: Some(work), done: None, reply, since: Since::now() });
        if let Err(mpsc::error::TrySendError::Full(job)) = self.queue.try_send(job) {
            let sent = tokio::time::timeout(PATIENCE, self.queue.send(job)).await;
            if !matches!(sent, Ok(Ok(()))) {
                return Err(unavailable("too many changes wait for the database"));
            }
        }
        answer.await.unwrap_or_else(|_gone| Err(unavailable("the writing thread has ended")))
    }
}

fn run(address: &Address, db: AnyConnection, mut waiting: mpsc::Receiver<Box<dyn Job>>) {
    let mut db = Some(db);
    while let Some(first) = waiting.blocking_recv() {
        let mut jobs = vec![first];
        while jobs.len() < TOGETHER
            && let Ok(job) = waiting.try_recv()
        {
            jobs.push(job);
        }
        let (mut jobs, late): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.is_wanted());
        late.into_iter().for_each(|job| job.answer(Err(&unavailable("the database was busy for too long"))));
        let committed = write_together(address, &mut db, &mut jobs);
        if let Err(error) = &committed {
            tracing::error!(error = %format!("{error:?}"), changes = jobs.len(), "write failed");
            // Whatever state it is in: a new connection is not in it.
            db = None;
        }
        jobs.into_iter().for_each(|job| job.answer(committed.as_ref().map(|()| ())));
    }
}

fn write_together(address: &Address, db: &mut Option<AnyConnection>, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    let db = match db {
        Some(db) => db,
        None => db.insert(address.connect(Purpose::Write).map_err(|error| StoreError::Unavailable(error.into()))?),
    };
    let done = match jobs {
        [] => Ok(()),
        [job] => write_one(db, job.as_mut()),
        jobs => write_many(db, jobs),
    };
    done.map_err(|error| StoreError::Unavailable(error.into()))
}

/// The transaction itself is its savepoint.
fn write_one(db: &mut AnyConnection, job: &mut dyn Job) -> QueryResult<()> {
    dialect::begin(db)?;
    if job.run(db) { dialect::commit(db) } else { dialect::rollback(db) }
}

fn write_many(db: &mut AnyConnection, jobs: &mut [Box<dyn Job>]) -> QueryResult<()> {
    dialect::begin(db)?;
    for job in jobs {
        dialect::begin_inside(db)?;
        // After an I/O error or a full disk SQLite may have undone the whole transaction. Then undoing the savepoint
        // fails, and with it the batch: nothing after that point runs outside of a transaction.
        if job.run(db) { dialect::commit(db)? } else { dialect::rollback(db)? }
    }
    dialect::commit(db)
}

impl<T, F> Job for Change<T, F>
where
    T: Send,
    F: FnOnce(&mut AnyConnection) -> Result<T, Failure> + Send,
{
    fn is_wanted(&self) -> bool {
        self.since.waited() < PATIENCE && !self.reply.is_closed()
    }

    fn run(&mut self, db: &mut AnyConnection) -> bool {
        let Some(work) = self.work.take() else { return false };
        // A panic is a mistake of ours; it must not take the only writer with it.
        let done = catch_unwind(AssertUnwindSafe(|| work(db)));
        let done = done.unwrap_or_else(|_panic| Err(Failure(unavailable("a change panicked"))));
        self.done.insert(done.map_err(|Failure(error)| error)).is_ok()
    }

    fn answer(self: Box<Self>, committed: Result<(), &StoreError>) {
        let answer = match (committed, self.done) {
            (Ok(()), Some(done)) => done,
            (Ok(()), None) => Err(unavailable("a change was not run")),
            (Err(error), _) => Err(repeated(error)),
        };
        // Nobody waits any more: then nobody was promised anything either.
        let _ = self.reply.send(answer);
    }
}
