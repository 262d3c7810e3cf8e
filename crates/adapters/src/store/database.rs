//! The only door to the database: [`Database::read`], [`Database::read_by_key`] and [`Database::write`].
//!
//! diesel is synchronous; it is kept off the executor here and nowhere else. Waiting is bounded and happens in async land;
//! who waits too long is told `Unavailable`, which becomes a 503.

use std::sync::Arc;
use std::time::Duration;

use callgate_domain::ports::{Clock, StoreError};

use super::connection::{Address, AnyConnection, Purpose};
use super::error::{Failure, OpenError};
use super::pool::Pool;
use super::readers::Readers;
use super::threads::Threads;
use super::writer::Writer;
use super::{dialect, migrations};

/// How long anything waits for its turn at the database.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// A database, opened and up to date.
pub struct Database {
    engine: Engine,
    threads: Threads,
    clock: Arc<dyn Clock>,
    /// Where it is, on SQLite.
    file: Option<String>,
}

enum Engine {
    Sqlite { writer: Writer, readers: Arc<Readers> },
    Postgres { pool: Pool },
}

impl Database {
    /// Opens the database at `url`, proves that its settings are safe, and brings its tables up to date. Blocks.
    pub fn open(url: &str, pool: u32, clock: Arc<dyn Clock>) -> Result<Arc<Self>, OpenError> {
        let address = Address::parse(url)?;
        let pool = pool.max(1);
        let mut db = address.connect(Purpose::Write)?;
        migrations::run(&mut db)?;
        let file = if let Address::Sqlite(path) = &address { Some(path.clone()) } else { None };
        let (engine, threads) = match address {
            Address::Sqlite(_) => {
                let writer = Writer::start(address.clone(), db)?;
                (Engine::Sqlite { writer, readers: Arc::new(Readers::new(address)) }, pool.min(readers_of_a_file()))
            }
            Address::Postgres(_) => (Engine::Postgres { pool: Pool::new(address, pool) }, pool),
        };
        let threads = Threads::start(usize::try_from(threads).unwrap_or(1))?;
        Ok(Arc::new(Self { engine, threads, clock, file }))
    }

    /// The clock that moments come from where the database's own is not asked.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The database's file, on SQLite.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The pool, on Postgres.
    pub fn pool(&self) -> Option<&Pool> {
        match &self.engine {
            Engine::Postgres { pool } => Some(pool),
            Engine::Sqlite { .. } => None,
        }
    }

    /// Runs a query on one of the database's threads.
    pub async fn read<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, Failure> + Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite { readers, .. } => {
                let readers = Arc::clone(readers);
                self.threads.run(move || readers.with(query)).await
            }
            Engine::Postgres { pool } => {
                let pool = pool.clone();
                self.threads.run(move || pool.with(query)).await
            }
        }
    }

    /// The same for a query that finds a handful of rows by an index: on SQLite it runs in place, which is faster than
    /// the way to another thread.
    pub async fn read_by_key<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, Failure> + Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite { readers, .. } => readers.with(query),
            Engine::Postgres { .. } => self.read(query).await,
        }
    }

    /// Runs a change inside one transaction: all or nothing, and durable when this returns.
    pub async fn write<T, F>(&self, change: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, Failure> + Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite { writer, .. } => writer.write(change).await,
            Engine::Postgres { pool } => {
                let pool = pool.clone();
                self.threads.run(move || pool.with(|db| in_transaction(db, change))).await
            }
        }
    }
}

/// Enough for the processors, and for a few queries that take long beside those that do not.
fn readers_of_a_file() -> u32 {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    u32::try_from(processors.saturating_mul(2).max(8)).unwrap_or(u32::MAX)
}

/// Runs `change` between begin and commit; undoes it when it fails.
pub fn in_transaction<T>(
    db: &mut AnyConnection,
    change: impl FnOnce(&mut AnyConnection) -> Result<T, Failure>,
) -> Result<T, Failure> {
    dialect::begin(db)?;
    match change(db) {
        Ok(done) => {
            dialect::commit(db)?;
            Ok(done)
        }
        Err(failure) => match dialect::rollback(db) {
            Ok(()) => Err(failure),
            Err(error) => Err(Failure(StoreError::Unavailable(error.into()))),
        },
    }
}
