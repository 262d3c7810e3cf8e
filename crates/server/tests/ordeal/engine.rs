//! An engine that counts: the judge of "nobody is rung twice".
//!
//! It speaks the small contract of `CONFIG.md`. Every request to place a call that arrives whole counts as a dial, even
//! when it says so to nobody. How it behaves is decided call by call; it ends with the test that started it.

mod book;
mod traffic;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use book::{Book, Dialed};
pub use traffic::read;

/// The secret of the connection.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// How the engine treats one call.
#[derive(Debug, Clone, Copy)]
pub struct Manners {
    /// What becomes of the request that dials.
    pub answer: Answer,
    /// How long the conversation takes.
    pub talk: Duration,
    /// How its result is told.
    pub told: Told,
    /// Whether look-ups are answered.
    pub looks_up: bool,
}

/// What becomes of a request that dials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// 201 with the call's id, after a while.
    After(Duration),
    /// 500.
    Fails,
    /// The connection ends without a word.
    HangsUp,
    /// Nothing at all comes, and the connection stays.
    Never,
}

/// How a result is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// To those who ask.
    WhenAsked,
    /// By `POST /v1/webhooks/call-completed`, until it is confirmed.
    ByResult,
    /// By a webhook of its own to the call's `callback_url`, signed, until it is confirmed.
    ByWebhook,
}

impl Default for Manners {
    fn default() -> Self {
        let answer = Answer::After(Duration::ZERO);
        Self { answer, talk: Duration::from_millis(200), told: Told::WhenAsked, looks_up: true }
    }
}

/// A running engine.
pub struct Engine {
    pub url: String,
    pub book: Arc<Book>,
    _stop: DropGuard,
}

impl Engine {
    /// Starts one that treats a call as `manners` says of its number.
    pub async fn start(manners: impl Fn(&str) -> Manners + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its number"));
        let stop = CancellationToken::new();
        let book = Arc::new(Book::new(Box::new(manners), stop.clone()));
        tokio::spawn(traffic::listen(listener, Arc::clone(&book), stop.clone()));
        Self { url, book, _stop: stop.drop_guard() }
    }

    /// The configuration of a gateway over this engine; `grace` is how long a result is awaited past a call's longest end.
    ///
    /// Its requests have long enough for a busy machine: one whose time runs out before it is read is unknown, and may
    /// belong to a call that was never dialed.
    pub fn config(&self, public_url: &str, grace: &str, poll_interval: &str) -> String {
        self.config_within(public_url, grace, poll_interval, "10s")
    }

    /// The same of a gateway whose requests have another time.
    pub fn config_within(&self, public_url: &str, grace: &str, poll_interval: &str, request_timeout: &str) -> String {
        format!(
            "[server]\npublic_url = \"{public_url}\"\n\
             [limits]\nfailed_auth_per_minute = 0\n\
             [calls]\nallow_numbers = [\"+996\"]\nring_timeout = \"1s\"\nmax_duration = \"10s\"\nsettle_grace = \"{grace}\"\n\
             [connections.dialer]\nkind = \"http\"\nbase_url = \"{}\"\nsecret = {{ env = \"DIALER_SECRET\" }}\n\
             max_live = 0\nmax_per_second = 0\nrequest_timeout = \"{request_timeout}\"\npoll_interval = \"{poll_interval}\"\n\
             [agents.akylai]\nconnection = \"dialer\"\nremote_id = \"assistant-7\"\n",
            self.url
        )
    }
}
