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
    /// Tells whoever waits; `failure` is why the whole transaction failed, where it did.
    fn answer(self: Box<Self>, failure: Option<&StoreError>);
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
        late.into_iter().for_each(|job| job.answer(Some(&unavailable("the database was busy for too long"))));
        let committed = write_together(address, &mut db, &mut jobs);
        if let Err(error) = &committed {
            tracing::error!(error = %format!("{error:?}"), changes = jobs.len(), "write failed");
            // Whatever state it is in: a new connection is not in it.
            db = None;
        }
        jobs.into_iter().for_each(|job| job.answer(committed.as_ref().err()));
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
    let keep = job.run(db);
    end(db, 1, keep)
}

/// Ends what a change was run in, which is `depth` deep. One that failed or panicked may have left savepoints of its own
/// open: were they left, whatever comes after it would be inside them, and the last commit would commit nothing.
fn end(db: &mut AnyConnection, depth: u32, keep: bool) -> QueryResult<()> {
    if keep && dialect::depth(db)? == depth {
        return dialect::commit(db);
    }
    while dialect::depth(db)? >= depth {
        dialect::rollback(db)?;
    }
    if keep { Err(diesel::result::Error::RollbackTransaction) } else { Ok(()) }
}

fn write_many(db: &mut AnyConnection, jobs: &mut [Box<dyn Job>]) -> QueryResult<()> {
    dialect::begin(db)?;
    for job in jobs {
        dialect::begin_inside(db)?;
        // After an I/O error or a full disk SQLite may have undone the whole transaction. Then undoing the savepoint
        // fails, and with it the batch: nothing after that point runs outside of a transaction.
        let keep = job.run(db);
        end(db, 2, keep)?;
    }
    end(db, 1, true)
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

    fn answer(self: Box<Self>, failure: Option<&StoreError>) {
        let answer = match failure {
            Some(error) => Err(repeated(error)),
            None => self.done.unwrap_or_else(|| Err(unavailable("a change was not run"))),
        };
        // Nobody waits any more: then nobody was promised anything either.
        let _ = self.reply.send(answer);
    }
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;
    use diesel::dsl::sql;
    use diesel::prelude::*;
    use diesel::sql_types::BigInt;
    use tempfile::TempDir;

    use super::*;
    use crate::store::connection::on_backend;

    fn writer(prepare: &str) -> (TempDir, Writer) {
        let folder = tempfile::tempdir().unwrap();
        let address = Address::Sqlite(folder.path().join("callgate.db").display().to_string());
        let mut db = address.connect(Purpose::Write).unwrap();
        db.batch_execute(&format!("CREATE TABLE things (id INTEGER PRIMARY KEY, body BLOB); {prepare}")).unwrap();
        (folder, Writer::start(address, db).unwrap())
    }

    fn run(statement: &'static str) -> impl FnOnce(&mut AnyConnection) -> Result<(), Failure> + Send + 'static {
        move |db| Ok(db.batch_execute(statement)?)
    }

    async fn count(writer: &Writer) -> i64 {
        let count = |db: &mut AnyConnection| {
            Ok(on_backend!(db, c => diesel::select(sql::<BigInt>("(SELECT count(*) FROM things)")).get_result(c))?)
        };
        writer.write(count).await.unwrap()
    }

    #[tokio::test]
    async fn a_change_that_fails_leaves_those_beside_it_alone() {
        let (_folder, writer) = writer("");
        let (one, twice, wrong, other) = tokio::join!(
            writer.write(run("INSERT INTO things (id) VALUES (1)")),
            writer.write(run("INSERT INTO things (id) VALUES (2); INSERT INTO things (id) VALUES (2)")),
            writer.write(run("nonsense")),
            writer.write(run("INSERT INTO things (id) VALUES (4)")),
        );
        assert!(one.is_ok() && other.is_ok());
        assert!(matches!(twice, Err(StoreError::Conflict)), "{twice:?}");
        assert!(matches!(wrong, Err(StoreError::Unavailable(_))), "{wrong:?}");
        assert_eq!(count(&writer).await, 2);
    }

    #[tokio::test]
    async fn a_change_that_panics_does_not_take_the_writer_with_it() {
        let (_folder, writer) = writer("");
        let panics = |db: &mut AnyConnection| -> Result<(), Failure> {
            db.batch_execute("INSERT INTO things (id) VALUES (1)")?;
            panic!("a mistake of ours")
        };
        let (panicked, beside) = tokio::join!(writer.write(panics), writer.write(run("INSERT INTO things (id) VALUES (2)")));
        assert!(matches!(panicked, Err(StoreError::Unavailable(_))));
        assert!(beside.is_ok());
        assert_eq!(count(&writer).await, 1);
    }

    #[tokio::test]
    async fn a_change_that_leaves_a_savepoint_open_takes_nothing_beside_it_along() {
        let folder = tempfile::tempdir().unwrap();
        let address = Address::Sqlite(folder.path().join("callgate.db").display().to_string());
        let mut db = address.connect(Purpose::Write).unwrap();
        db.batch_execute("CREATE TABLE things (id INTEGER PRIMARY KEY)").unwrap();
        let writer = Writer::start(address.clone(), db).unwrap();
        let fails = |db: &mut AnyConnection| -> Result<(), Failure> {
            dialect::begin_inside(db)?;
            db.batch_execute("INSERT INTO things (id) VALUES (1)")?;
            Err(Failure(unavailable("a page is not readable")))
        };
        let panics = |db: &mut AnyConnection| -> Result<(), Failure> {
            dialect::begin_inside(db)?;
            dialect::begin_inside(db)?;
            db.batch_execute("INSERT INTO things (id) VALUES (2)")?;
            panic!("a mistake of ours")
        };
        let (failed, panicked, beside) =
            tokio::join!(writer.write(fails), writer.write(panics), writer.write(run("INSERT INTO things (id) VALUES (3)")));
        assert!(failed.is_err() && panicked.is_err() && beside.is_ok());
        // Seen by somebody else: it is committed.
        let mut other = address.connect(Purpose::Write).unwrap();
        let kept = |db: &mut AnyConnection| -> QueryResult<i64> {
            on_backend!(db, c => diesel::select(sql::<BigInt>("(SELECT sum(id) FROM things)")).get_result(c))
        };
        assert_eq!(kept(&mut other), Ok(3));
        assert!(writer.write(fails).await.is_err());
        writer.write(run("INSERT INTO things (id) VALUES (4)")).await.unwrap();
        assert_eq!(kept(&mut other), Ok(7));
    }

    #[tokio::test]
    async fn a_full_disk_fails_what_shares_the_commit_and_nothing_after_it() {
        // The limit belongs to the first connection; the one that replaces it has none, as if room had been made.
        let (_folder, writer) = writer("PRAGMA max_page_count = 8");
        let (small, large) = tokio::join!(
            writer.write(run("INSERT INTO things (id) VALUES (1)")),
            writer.write(run("INSERT INTO things (id, body) VALUES (2, randomblob(1000000))")),
        );
        assert!(matches!(large, Err(StoreError::Unavailable(_))), "{large:?}");
        let kept = i64::from(small.is_ok());
        assert_eq!(count(&writer).await, kept);
        writer.write(run("INSERT INTO things (id, body) VALUES (3, randomblob(1000000))")).await.unwrap();
        assert_eq!(count(&writer).await, kept + 1);
    }

    #[tokio::test]
    async fn a_commit_that_fails_fails_every_change_in_it() {
        let (_folder, writer) = writer("CREATE TABLE parts (thing INTEGER REFERENCES things (id) DEFERRABLE INITIALLY DEFERRED)");
        let (one, orphan) = tokio::join!(
            writer.write(run("INSERT INTO things (id) VALUES (1)")),
            writer.write(run("INSERT INTO parts (thing) VALUES (9)")),
        );
        assert!(matches!(one, Err(StoreError::Unavailable(_))), "{one:?}");
        assert!(matches!(orphan, Err(StoreError::Unavailable(_))), "{orphan:?}");
        assert_eq!(count(&writer).await, 0);
    }
}
