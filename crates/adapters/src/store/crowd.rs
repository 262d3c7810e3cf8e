//! Changes that come in crowds, new calls and kept webhooks: whoever waits at the same moment shares one commit.
//!
//! On SQLite the writer does that for every change. On Postgres a few threads each take what waits and make of it a
//! handful of statements in one transaction. When that fails, each is tried alone, so that one cannot spoil the others.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use callgate_domain::ports::StoreError;
use tokio::sync::{mpsc, oneshot};

use super::connection::AnyConnection;
use super::database::{Database, PATIENCE, in_transaction};
use super::dialect;
use super::error::{Failure, OpenError, repeated, unavailable};
use super::pool::Pool;
use super::waiting::Since;

/// Changes that may wait; more are refused after a while.
const QUEUE: usize = 4096;
/// Changes that share one commit.
const TOGETHER: usize = 256;

/// Makes many changes inside one transaction, and says for each what became of it.
pub type Make<I, O> = fn(&mut AnyConnection, &[I]) -> Result<Vec<Result<O, StoreError>>, Failure>;

/// A crowd of `I`s, each answered with an `O`.
pub struct Crowd<I, O> {
    make: Make<I, O>,
    way: Way<I, O>,
}

enum Way<I, O> {
    /// Whoever comes while nobody gathers sends the writer a change that takes all who wait by then.
    Writer(Arc<Database>, Arc<Mutex<Vec<Waiting<I, O>>>>),
    Threads(mpsc::Sender<Waiting<I, O>>),
}

struct Waiting<I, O> {
    item: I,
    reply: oneshot::Sender<Result<O, StoreError>>,
    since: Since,
}

impl<I: Send + Sync + 'static, O: Send + 'static> Crowd<I, O> {
    /// A crowd in front of `database`; on Postgres served by so many threads.
    pub fn start(database: &Arc<Database>, name: &str, threads: u8, make: Make<I, O>) -> Result<Self, OpenError> {
        let Some(pool) = database.pool() else {
            return Ok(Self { make, way: Way::Writer(Arc::clone(database), Arc::default()) });
        };
        let (queue, waiting) = mpsc::channel(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..threads {
            let (pool, waiting) = (pool.clone(), Arc::clone(&waiting));
            thread::Builder::new()
                .name(format!("callgate-{name}"))
                .spawn(move || serve(&pool, &waiting, make))
                .map_err(|error| OpenError::Unreachable(error.into()))?;
        }
        Ok(Self { make, way: Way::Threads(queue) })
    }

    /// Makes one change together with whatever else waits; returns once it is durable.
    pub async fn join(&self, item: I) -> Result<O, StoreError> {
        match &self.way {
            Way::Writer(database, waiting) => {
                let (reply, answer) = oneshot::channel();
                if enter(waiting, Waiting { item, reply, since: Since::now() }) {
                    self.gather(database, waiting);
                }
                answer.await.unwrap_or_else(|_gone| Err(unavailable("the database was busy for too long")))
            }
            Way::Threads(queue) => {
                let (reply, answer) = oneshot::channel();
                let waiting = Waiting { item, reply, since: Since::now() };
                if let Err(mpsc::error::TrySendError::Full(waiting)) = queue.try_send(waiting) {
                    let sent = tokio::time::timeout(PATIENCE, queue.send(waiting)).await;
                    if !matches!(sent, Ok(Ok(()))) {
                        return Err(unavailable("too many changes wait for the database"));
                    }
                }
                answer.await.unwrap_or_else(|_gone| Err(unavailable("the database was busy for too long")))
            }
        }
    }
}

impl<I: Send + Sync + 'static, O: Send + 'static> Crowd<I, O> {
    /// A task of its own, so that nobody's answer depends on whether the first of the crowd still waits for his.
    fn gather(&self, database: &Arc<Database>, waiting: &Arc<Mutex<Vec<Waiting<I, O>>>>) {
        let (database, waiting, make) = (Arc::clone(database), Arc::clone(waiting), self.make);
        tokio::spawn(async move {
            let taking = CalledFor { waiting, taken: AtomicBool::new(false) };
            let written = database.write(move |db| {
                let crowd = taking.take();
                let (items, replies): (Vec<_>, Vec<_>) =
                    crowd.into_iter().filter(Waiting::is_wanted).map(|one| (one.item, one.reply)).unzip();
                let answers = make_inside(db, &items, make)?;
                // The items go back as well: dropping them is no work for the only thread that writes.
                Ok((replies, answers, items))
            });
            // Where the commit failed the replies are gone with it, and whoever waits hears "unavailable".
            if let Ok((replies, answers, _items)) = written.await {
                for (reply, answer) in replies.into_iter().zip(answers) {
                    let _ = reply.send(answer);
                }
            }
        });
    }
}

/// A crowd that one change was called for. Should that change never run, its crowd goes with it instead of waiting for ever.
struct CalledFor<I, O> {
    waiting: Arc<Mutex<Vec<Waiting<I, O>>>>,
    taken: AtomicBool,
}

impl<I, O> CalledFor<I, O> {
    fn take(&self) -> Vec<Waiting<I, O>> {
        self.taken.store(true, Ordering::Release);
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<I, O> Drop for CalledFor<I, O> {
    fn drop(&mut self) {
        if !self.taken.load(Ordering::Acquire) {
            drop(self.take());
        }
    }
}

impl<I, O> Waiting<I, O> {
    fn is_wanted(&self) -> bool {
        self.since.waited() < PATIENCE && !self.reply.is_closed()
    }
}

/// Joins those who wait; says whether nobody else does, so that somebody has to call the writer.
fn enter<I, O>(waiting: &Mutex<Vec<Waiting<I, O>>>, one: Waiting<I, O>) -> bool {
    let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    waiting.push(one);
    waiting.len() == 1
}

/// All together inside a savepoint; each inside one of its own when that fails, so that one cannot spoil the others.
fn make_inside<I, O>(db: &mut AnyConnection, items: &[I], make: Make<I, O>) -> Result<Vec<Result<O, StoreError>>, Failure> {
    if let [_, _, ..] = items {
        dialect::begin_inside(db)?;
        match make(db, items) {
            Ok(answers) => {
                dialect::commit(db)?;
                return Ok(answers);
            }
            Err(Failure(StoreError::Unavailable(cause))) => return Err(Failure(StoreError::Unavailable(cause))),
            Err(_one_of_them) => dialect::rollback(db)?,
        }
    }
    items.iter().map(|item| one_inside(db, item, make)).collect()
}

fn one_inside<I, O>(db: &mut AnyConnection, item: &I, make: Make<I, O>) -> Result<Result<O, StoreError>, Failure> {
    dialect::begin_inside(db)?;
    match make(db, std::slice::from_ref(item)).and_then(|answers| Ok(only(answers)?)) {
        Ok(answer) => {
            dialect::commit(db)?;
            Ok(Ok(answer))
        }
        Err(Failure(StoreError::Unavailable(cause))) => Err(Failure(StoreError::Unavailable(cause))),
        Err(Failure(error)) => {
            dialect::rollback(db)?;
            Ok(Err(error))
        }
    }
}

fn serve<I, O>(pool: &Pool, waiting: &Mutex<mpsc::Receiver<Waiting<I, O>>>, make: Make<I, O>) {
    while let Some(crowd) = next(waiting) {
        let (items, replies): (Vec<_>, Vec<_>) = crowd.into_iter().map(|waiting| (waiting.item, waiting.reply)).unzip();
        let answers = make_all(pool, &items, make);
        for (reply, answer) in replies.into_iter().zip(answers) {
            // Nobody waits any more: then nobody was promised anything either.
            let _ = reply.send(answer);
        }
    }
}

/// Everybody who waits now; none when nobody will come any more.
fn next<I, O>(waiting: &Mutex<mpsc::Receiver<Waiting<I, O>>>) -> Option<Vec<Waiting<I, O>>> {
    let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    let mut crowd = vec![waiting.blocking_recv()?];
    while crowd.len() < TOGETHER
        && let Ok(one) = waiting.try_recv()
    {
        crowd.push(one);
    }
    // Who has gone, or waited for too long, hears "unavailable" when the reply is dropped.
    crowd.retain(Waiting::is_wanted);
    Some(crowd)
}

fn make_all<I, O>(pool: &Pool, items: &[I], make: Make<I, O>) -> Vec<Result<O, StoreError>> {
    if items.is_empty() {
        return Vec::new();
    }
    match pool.with(|db| in_transaction(db, |db| make(db, items))) {
        Ok(answers) => answers,
        Err(error) if items.len() == 1 => vec![Err(error)],
        Err(error @ StoreError::Unavailable(_)) if pool.is_down() => items.iter().map(|_| Err(repeated(&error))).collect(),
        Err(_) => items.iter().map(|item| make_alone(pool, item, make)).collect(),
    }
}

/// One by one, and without waiting long for anybody else: the rest of the crowd waits behind it.
fn make_alone<I, O>(pool: &Pool, item: &I, make: Make<I, O>) -> Result<O, StoreError> {
    pool.with(|db| {
        in_transaction(db, |db| {
            dialect::wait_briefly(db)?;
            Ok(only(make(db, std::slice::from_ref(item))?)?)
        })
    })
}

fn only<O>(answers: Vec<Result<O, StoreError>>) -> Result<O, StoreError> {
    answers.into_iter().next().unwrap_or_else(|| Err(unavailable("a change was not run")))
}
