//! Connections to Postgres, kept and handed out; broken ones are found and replaced.
//!
//! A connection is not tested when it is handed out (that costs a round trip each time). Instead, one that fails is
//! asked whether it still lives; if not, all that were opened before that moment are taken to be dead as well.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use callgate_domain::ports::StoreError;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};

use super::connection::{Address, AnyConnection, Purpose, on_backend};
use super::database::PATIENCE;
use super::error::{Failure, OpenError};

/// The pool.
#[derive(Clone)]
pub struct Pool {
    pool: r2d2::Pool<Opener>,
    /// How often a connection was found dead.
    losses: Arc<AtomicU64>,
}

/// A connection, and what is known of its health.
struct Pooled {
    db: AnyConnection,
    /// The losses when it was opened: it has outlived no later one.
    opened_after: u64,
    is_lost: bool,
}

struct Opener {
    address: Address,
    losses: Arc<AtomicU64>,
}

impl r2d2::ManageConnection for Opener {
    type Connection = Pooled;
    type Error = OpenError;

    fn connect(&self) -> Result<Pooled, OpenError> {
        let opened_after = self.losses.load(Ordering::Acquire);
        Ok(Pooled { db: self.address.connect(Purpose::Write)?, opened_after, is_lost: false })
    }

    fn is_valid(&self, _: &mut Pooled) -> Result<(), OpenError> {
        Ok(())
    }

    fn has_broken(&self, held: &mut Pooled) -> bool {
        held.is_lost
            || std::thread::panicking()
            || on_backend!(&mut held.db, c => AnsiTransactionManager::is_broken_transaction_manager(c))
    }
}

impl Pool {
    /// A pool of up to `size` connections. It opens them as they are needed.
    pub fn new(address: Address, size: u32) -> Self {
        let losses = Arc::new(AtomicU64::new(0));
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .connection_timeout(PATIENCE)
            .idle_timeout(Some(Duration::from_mins(5)))
            .test_on_check_out(false)
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(Opener { address, losses: Arc::clone(&losses) });
        Self { pool, losses }
    }

    /// Lends a connection to `work`. Blocks.
    pub fn with<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T, Failure>) -> Result<T, StoreError> {
        let mut held = self.take()?;
        let done = work(&mut held.db);
        if let Err(Failure(StoreError::Unavailable(_))) = &done
            && held.db.batch_execute("SELECT 1").is_err()
        {
            held.is_lost = true;
            self.losses.fetch_add(1, Ordering::AcqRel);
        }
        done.map_err(|Failure(error)| error)
    }

    /// Whether Postgres does not answer at this moment. Blocks for half a second at most.
    pub fn is_down(&self) -> bool {
        match self.pool.get_timeout(Duration::from_millis(500)) {
            Ok(mut held) => held.db.batch_execute("SELECT 1").is_err(),
            Err(_none_in_time) => true,
        }
    }

    fn take(&self) -> Result<r2d2::PooledConnection<Opener>, StoreError> {
        for _ in 0..=self.pool.max_size() {
            let mut held = self.pool.get().map_err(|error| StoreError::Unavailable(error.into()))?;
            if held.opened_after == self.losses.load(Ordering::Acquire) {
                let state = self.pool.state();
                metrics::gauge!("callgate_db_pool_connections", "state" => "idle").set(state.idle_connections);
                metrics::gauge!("callgate_db_pool_connections", "state" => "busy")
                    .set(state.connections.saturating_sub(state.idle_connections));
                return Ok(held);
            }
            held.is_lost = true;
        }
        Err(super::error::unavailable("every connection of the pool was lost"))
    }
}
