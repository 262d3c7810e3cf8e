//! Hints between the processes that share one Postgres, by its LISTEN and NOTIFY: a call accepted by one is picked up by
//! another at once, and a stream of one sees what another moves. Losing all of them costs at most a polling interval.
//!
//! One thread with a connection of its own speaks and listens. It never speaks inside a transaction that does something,
//! since those with a NOTIFY commit one after the other, whatever else they do; and what is told within a moment goes out
//! together. diesel does not lend out the socket, so the thread looks for what has come in, which costs no round trip.

mod payload;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use callgate_domain::model::{CallId, Revision};
use callgate_domain::ports::Work;
use diesel::QueryResult;

use super::connection::{Address, AnyConnection, Purpose};
use super::dialect;
use super::error::OpenError;

pub use payload::News;

/// How often the thread looks for what others tell. It speaks at most every third time.
const LOOK: Duration = Duration::from_millis(10);
/// After so many looks at which there was nothing to say it asks whether the connection still lives: half a minute.
const PING_AFTER: u32 = 3_000;
/// How soon it opens a lost connection again; twice as long each time that fails.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(30);
/// Moves that may wait to be told; more are dropped.
const MOST_MOVES: usize = 1_000;

/// Tells other processes. They stop hearing from this one when it is dropped.
pub struct Relay {
    shared: Arc<Shared>,
}

struct Shared {
    outbox: Mutex<Outbox>,
    bell: Condvar,
}

#[derive(Default)]
struct Outbox {
    news: News,
    closed: bool,
}

/// Starts to relay where the database at `url` is one that processes share; `hear` gets what others tell, and is called by
/// a thread. Nobody waits for a connection: until there is one, nothing is relayed.
///
/// # Errors
/// The URL is none, or there is no thread.
pub fn relay(url: &str, hear: impl Fn(News) + Send + 'static) -> Result<Option<Relay>, OpenError> {
    let address = match Address::parse(url)? {
        Address::Sqlite(_) => return Ok(None),
        postgres @ Address::Postgres(_) => postgres,
    };
    let shared = Arc::new(Shared { outbox: Mutex::default(), bell: Condvar::new() });
    let theirs = Arc::clone(&shared);
    thread::Builder::new()
        .name("callgate-relay".to_owned())
        .spawn(move || run(&address, &theirs, &hear))
        .map_err(|error| OpenError::Unreachable(error.into()))?;
    Ok(Some(Relay { shared }))
}

impl Relay {
    /// There is something to do for a worker, in whichever process.
    pub fn tell_work(&self, work: Work) {
        self.tell(|news| {
            if !news.work.contains(&work) {
                news.work.push(work);
            }
        });
    }

    /// A call has a new revision.
    pub fn tell_move(&self, call: CallId, revision: Revision) {
        self.tell(|news| {
            if news.moves.len() < MOST_MOVES {
                news.moves.push((call, revision));
            }
        });
    }

    fn tell(&self, add: impl FnOnce(&mut News)) {
        let mut outbox = self.shared.outbox();
        let was_empty = outbox.news.is_empty();
        add(&mut outbox.news);
        drop(outbox);
        if was_empty {
            self.shared.bell.notify_one();
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.outbox().closed = true;
        self.shared.bell.notify_one();
    }
}

impl Shared {
    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        // A panic while this was held left it whole: what is added is added at once.
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be told, as soon as there is anything, or nothing after `at_most`. `None` when nobody tells any more.
    fn next(&self, at_most: Duration) -> Option<News> {
        let idle = |outbox: &mut Outbox| outbox.news.is_empty() && !outbox.closed;
        let waited = self.bell.wait_timeout_while(self.outbox(), at_most, idle);
        let (mut outbox, _) = waited.unwrap_or_else(PoisonError::into_inner);
        (!outbox.closed).then(|| std::mem::take(&mut outbox.news))
    }

    /// Lets time pass, unless nobody tells any more.
    fn rest(&self, time: Duration) {
        let waited = self.bell.wait_timeout_while(self.outbox(), time, |outbox| !outbox.closed);
        drop(waited);
    }
}

fn run(address: &Address, shared: &Shared, hear: &dyn Fn(News)) {
    let mut retry = FIRST_RETRY;
    loop {
        let ended = open(address).and_then(|mut db| {
            if retry > FIRST_RETRY {
                tracing::info!("hints between processes are relayed again");
            }
            retry = FIRST_RETRY;
            // Whatever was told while nobody listened.
            hear(News { work: Work::ALL.to_vec(), moves: Vec::new() });
            converse(&mut db, shared, hear).map_err(|error| OpenError::Unreachable(error.into()))
        });
        let Err(error) = ended else { return };
        if retry == FIRST_RETRY {
            tracing::warn!(%error, "hints between processes are lost for now: each finds its work by looking");
        }
        shared.rest(retry);
        retry = retry.saturating_mul(2).min(LAST_RETRY);
        // What waited is old by now, and everybody has looked.
        if shared.next(Duration::ZERO).is_none() {
            return;
        }
    }
}

fn open(address: &Address) -> Result<AnyConnection, OpenError> {
    let mut db = address.connect(Purpose::Write)?;
    dialect::listen(&mut db).map_err(|error| OpenError::Unreachable(error.into()))?;
    Ok(db)
}

/// Speaks and listens, until nobody tells any more.
fn converse(db: &mut AnyConnection, shared: &Shared, hear: &dyn Fn(News)) -> QueryResult<()> {
    let own = dialect::process(db)?;
    let mut silent: u32 = 0;
    while let Some(news) = shared.next(LOOK) {
        listen(db, own, hear)?;
        silent = silent.saturating_add(1);
        if !news.is_empty() {
            dialect::notify(db, &payload::write(&news))?;
            // What is told meanwhile goes out together.
            for _ in 0..2 {
                shared.rest(LOOK);
                listen(db, own, hear)?;
            }
            silent = 0;
        } else if silent >= PING_AFTER {
            dialect::process(db)?;
            silent = 0;
        }
    }
    Ok(())
}

fn listen(db: &mut AnyConnection, own: i32, hear: &dyn Fn(News)) -> QueryResult<()> {
    for payload in dialect::heard(db, own)? {
        let news = payload::read(&payload);
        if !news.is_empty() {
            hear(news);
        }
    }
    Ok(())
}
