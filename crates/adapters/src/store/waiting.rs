//! How long a change has waited for its turn, in real time.
//!
//! Not by the `Clock` port: a simulation's clock may leap while a real thread works, and a change must not be dropped for
//! that.

use std::time::{Duration, Instant};

/// Since when something waits.
#[derive(Debug, Clone, Copy)]
pub struct Since(Instant);

impl Since {
    /// From now on.
    #[expect(clippy::disallowed_methods, reason = "measures what a real thread does, whatever a simulated clock says")]
    pub fn now() -> Self {
        Self(Instant::now())
    }

    /// How long it has waited; also what `callgate_db_wait_seconds` shows.
    pub fn waited(self) -> Duration {
        let waited = self.0.elapsed();
        metrics::histogram!("callgate_db_wait_seconds").record(waited.as_secs_f64());
        waited
    }
}
