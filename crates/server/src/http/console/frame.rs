//! What stands around every page: the way to the others, and in one sentence how the gateway is.

use std::time::Duration;

use callgate_domain::ports::StoreError;

use super::assets::{CSS, ICON, JS};
use crate::http::Http;

/// Which page it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Here {
    /// Overview, or Welcome.
    Overview,
    /// The list of calls, and one call.
    Calls,
    /// Agents.
    Agents,
    /// Endpoints and deliveries.
    Webhooks,
}

/// The frame of a page.
pub struct Frame {
    /// Before the program's name.
    pub title: String,
    /// Which page it is.
    pub here: Here,
    /// Calls that are not over and with a connection.
    pub live: u32,
    /// SQLite or Postgres.
    pub database: &'static str,
    /// How long the process has been running.
    pub up: String,
    /// The program's version.
    pub version: &'static str,
    /// Assets.
    pub css: &'static str,
    /// Assets.
    pub js: &'static str,
    /// Assets.
    pub icon: &'static str,
}

impl Frame {
    /// The frame of a page as things are now.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn of(http: &Http, here: Here, title: impl Into<String>) -> Result<Self, StoreError> {
        let live = http.gateway.inspect.inspection.live().await?.values().sum();
        let database = if http.gateway.facts.database == "postgres" { "Postgres" } else { "SQLite" };
        Ok(Self {
            title: title.into(),
            here,
            live,
            database,
            up: long(http.gateway.clock.monotonic()),
            version: env!("CARGO_PKG_VERSION"),
            css: CSS.path(),
            js: JS.path(),
            icon: ICON.path(),
        })
    }

    /// Whether this is the page.
    pub fn is(&self, here: Here) -> bool {
        self.here == here
    }
}

/// `3 d 4 h`, `2 h 10 min`, `1 min`.
fn long(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    let (days, hours, rest) = (minutes / (24 * 60), minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) => format!("{rest} min"),
        (0, _) => format!("{hours} h {rest} min"),
        _ => format!("{days} d {hours} h"),
    }
}
