//! What stands around every page: the way to the others, and in one sentence how the gateway is.

use std::time::Duration;

use callgate_domain::ports::StoreError;

use super::assets::{CSS, ICON, JS};
use super::attention::{self, CLOCK_OFF, cut};
use super::words;
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

/// In one sentence how the gateway is.
pub struct Health {
    /// `bad`, `wait` or nothing: a class of the stylesheet.
    pub tone: &'static str,
    /// The sentence.
    pub words: String,
    /// Where more of it stands.
    pub href: String,
}

/// The frame of a page.
pub struct Frame {
    /// Before the program's name.
    pub title: String,
    /// Which page it is.
    pub here: Here,
    /// Calls that are not over and with a connection.
    pub live: u32,
    /// Deliveries that come to nothing.
    pub failing: u32,
    /// The worst thing that is true now.
    pub health: Health,
    /// What is wrong with how the gateway is set up; nothing else is said here.
    pub banners: Vec<String>,
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
        let now = http.gateway.figures.now().await?;
        let health = Health::of(attention::now(http, &now).await?.first());
        let database = if http.gateway.facts.database == "postgres" { "Postgres" } else { "SQLite" };
        Ok(Self {
            title: title.into(),
            here,
            live: now.pulse.live,
            failing: now.pulse.retrying.saturating_add(now.pulse.failed),
            health,
            banners: banners(http, now.clocks_apart),
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

impl Health {
    fn of(worst: Option<&attention::Trouble>) -> Self {
        match worst {
            Some(worst) => Self { tone: worst.tone, words: worst.title.clone(), href: worst.href().to_owned() },
            None => Self { tone: "", words: "Nothing needs you".to_owned(), href: "/console".to_owned() },
        }
    }
}

/// What is wrong with how the gateway is set up.
fn banners(http: &Http, clocks_apart: Duration) -> Vec<String> {
    let gateway = &http.gateway;
    let mut all = Vec::new();
    if let Some(why) = gateway.reload.rejected() {
        all.push(format!("The settings were read again and rejected; those from before are in force. {}", cut(&why, 400)));
    }
    if gateway.facts.is_open && gateway.facts.public_url.is_none() {
        let way = "Set it to the address that providers and browsers use, then start the gateway again.";
        all.push(format!("This gateway listens beyond its machine, but server.public_url is not set. {way}"));
    }
    if let Some(apart) = gateway.their_clocks.apart().filter(|apart| *apart > CLOCK_OFF) {
        let apart = words::took(apart);
        all.push(format!("The clock of this machine is {apart} off: every provider's says so. Set it by a time server."));
    }
    if clocks_apart > CLOCK_OFF {
        let apart = words::took(clocks_apart);
        all.push(format!("The clocks of this machine and of the database are {apart} apart. Set them by the same time server."));
    }
    all
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
