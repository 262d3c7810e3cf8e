//! The only door to the database: `read`, `write`, and two quicker ones for what is hot.
//!
//! diesel blocks, so queries run on blocking threads behind a gate as large as the pool; waiting for it is async and
//! bounded. On SQLite writes go to the single writer, and reads by key may run in place.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use callgate_domain::ports::{Clock, StoreError};
use r2d2::ManageConnection;
use tokio::sync::Semaphore;

use super::connection::{Address, AnyConnection};
use super::dialect::{self, Unsafe};
use super::migrate::{self, MigrateError};
use super::writer::Writer;

/// How long a query waits for a connection before it is `Unavailable`.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections that read a SQLite file from blocking threads; reads in place have one each per thread.
const LITE_READERS: u32 = 4;

static OPENED: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// This thread's reading connection, and to which database.
    static READER: RefCell<Option<(u64, AnyConnection)>> = const { RefCell::new(None) };
}

/// A database that is open and migrated.
pub struct Database {
    number: u64,
    address: Address,
    pool: r2d2::Pool<Opener>,
    gate: Arc<Semaphore>,
    writer: Writer,
    /// The process's clock; leases on Postgres go by the database's own.
    pub clock: Arc<dyn Clock>,
}

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Neither `sqlite://` nor `postgres://`.
    #[error("a database URL begins with sqlite:// or postgres://, not with '{scheme}'")]
    Scheme {
        /// What it begins with.
        scheme: String,
    },
    /// It does not answer, or refuses us.
    #[error("the database cannot be opened: {0:#}")]
    Unreachable(anyhow::Error),
    /// It is not set so that a 2xx would survive a power cut.
    #[error("the database's setting {} is '{}' and has to be '{}'", .0.setting, .0.is, .0.wanted)]
    Unsafe(Unsafe),
    /// Its tables cannot be brought up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
}

impl Database {
    /// Opens and migrates the database that `url` names; `pool` connections at most.
    ///
    /// # Errors
    /// [`OpenError`]; nothing is changed then.
    pub fn open(url: &str, pool: u32, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let address = Address::parse(url).map_err(|scheme| OpenError::Scheme { scheme })?;
        let mut connection = address.open().map_err(OpenError::Unreachable)?;
        match dialect::read_back(&mut connection) {
            Ok(None) => {}
            Ok(Some(bad)) => return Err(OpenError::Unsafe(bad)),
            Err(error) => return Err(OpenError::Unreachable(error.into())),
        }
        migrate::up(&mut connection)?;
        let size = if matches!(address, Address::Sqlite(_)) { LITE_READERS } else { pool.max(1) };
        let writer = Writer::start(address.clone(), connection).map_err(|error| OpenError::Unreachable(error.into()))?;
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .test_on_check_out(false)
            .connection_timeout(PATIENCE)
            .error_handler(Box::new(Quiet))
            .build_unchecked(Opener { address: address.clone() });
        let gate = Arc::new(Semaphore::new(usize::try_from(size).unwrap_or(1)));
        Ok(Self { number: OPENED.fetch_add(1, Ordering::Relaxed), address, pool, gate, writer, clock })
    }

    /// `sqlite` or `postgres`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.address.kind()
    }

    /// Runs a query on a blocking thread.
    ///
    /// # Errors
    /// The query's own, or `Unavailable` when no connection comes free in time.
    pub async fn read<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    {
        self.on_blocking_thread(query).await
    }

    /// Runs a query by key: on SQLite in place, since it takes less time than the way to another thread.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn read_by_key<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    {
        match self.address {
            Address::Postgres(_) => self.on_blocking_thread(query).await,
            Address::Sqlite(_) => self.in_place(query),
        }
    }

    /// Runs a change in one transaction: all or nothing, durable when this returns.
    ///
    /// # Errors
    /// The change's own, or `Unavailable`; nothing holds then.
    pub async fn write<T, F>(&self, change: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    {
        match self.address {
            Address::Postgres(_) => self.on_blocking_thread(|db| transact(db, change)).await,
            Address::Sqlite(_) => self.writer.write(change).await,
        }
    }

    /// The same for changes that come in crowds: they share a commit on Postgres too.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn write_in_crowd<T, F>(&self, change: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    {
        self.writer.write(change).await
    }

    async fn on_blocking_thread<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    {
        let permit = tokio::time::timeout(PATIENCE, Arc::clone(&self.gate).acquire_owned()).await;
        let Ok(Ok(permit)) = permit else {
            return Err(StoreError::Unavailable(anyhow::anyhow!("no connection came free")));
        };
        let pool = self.pool.clone();
        let ran = tokio::task::spawn_blocking(move || {
            // An abandoned request still counts until its query is done.
            let _permit = permit;
            let mut held = pool.get().map_err(|error| StoreError::Unavailable(error.into()))?;
            let result = query(&mut held.connection);
            held.failed = matches!(result, Err(StoreError::Unavailable(_)));
            result
        });
        ran.await.unwrap_or_else(|error| Err(StoreError::Unavailable(error.into())))
    }

    fn in_place<T>(&self, query: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        READER.with_borrow_mut(|reader| {
            let mut connection = match reader.take() {
                Some((number, connection)) if number == self.number => connection,
                _ => self.address.open_to_read().map_err(StoreError::Unavailable)?,
            };
            let result = query(&mut connection);
            if !matches!(result, Err(StoreError::Unavailable(_))) {
                *reader = Some((self.number, connection));
            }
            result
        })
    }
}

fn transact<T>(
    db: &mut AnyConnection,
    change: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    dialect::begin(db)?;
    let changed = change(db);
    match changed {
        Ok(value) => dialect::execute(db, "commit").map(|()| value),
        Err(error) => match dialect::execute(db, "rollback") {
            Ok(()) => Err(error),
            // The connection is lost, and with it the transaction.
            Err(lost) => Err(lost),
        },
    }
}

/// A pooled connection, and whether it failed us.
pub struct Held {
    connection: AnyConnection,
    failed: bool,
}

/// Opens connections for the pool.
struct Opener {
    address: Address,
}

impl ManageConnection for Opener {
    type Connection = Held;
    type Error = OpenFailed;

    fn connect(&self) -> Result<Held, OpenFailed> {
        let opened = match self.address {
            Address::Postgres(_) => self.address.open(),
            Address::Sqlite(_) => self.address.open_to_read(),
        };
        opened.map(|connection| Held { connection, failed: false }).map_err(OpenFailed)
    }

    fn is_valid(&self, held: &mut Held) -> Result<(), OpenFailed> {
        dialect::execute(&mut held.connection, "select 1").map_err(|error| OpenFailed(error.into()))
    }

    fn has_broken(&self, held: &mut Held) -> bool {
        held.failed
    }
}

/// Why a pooled connection could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("{0:#}")]
pub struct OpenFailed(anyhow::Error);

/// The caller is told; the pool need not log it as well.
#[derive(Debug)]
struct Quiet;

impl r2d2::HandleError<OpenFailed> for Quiet {
    fn handle_error(&self, _error: OpenFailed) {}
}
