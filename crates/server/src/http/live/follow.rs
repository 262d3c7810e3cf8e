//! One open stream of one thing, which is read again whenever it may have changed.
//!
//! Hints save time and looking is the guarantee: another process may have moved a call, and some things are hinted at by
//! nobody. A stream ends when its thing is over, when whoever reads it may no longer, or when the process is to stop; while
//! the store cannot be used it stays open, since the next look may find it again.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Data;
use bytes::Bytes;
use callgate_domain::model::{CallId, Revision};
use callgate_domain::ports::StoreError;
use futures_util::stream;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep, timeout_at};

use super::{For, HEARTBEAT, KEY_CHECK_EVERY, Slot, answer};
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::error::Problem;

/// How long nothing is looked at unless something hints at it or asks for less.
pub const LOOK_EVERY: Duration = Duration::from_secs(3);

/// What a stream follows.
pub trait Followed: 'static {
    /// Hints that come within so long of the first are answered by one look.
    const GATHERED_FOR: Duration = Duration::ZERO;

    /// Looks, and says what is new since it was last asked.
    async fn news(&mut self, http: &Http) -> Result<News, StoreError>;

    /// Whether there may be something new because a call has moved.
    fn is_moved_by(&self, call: CallId, to: Revision) -> bool;
}

/// What a look has shown.
pub struct News {
    /// What is sent, if anything.
    pub event: Option<Bytes>,
    /// Nothing comes after this.
    pub is_last: bool,
    /// When it is looked at again at the latest.
    pub look_in: Duration,
}

/// The hints of this process from now on. Taken before the first reading, so that no change falls between.
pub type Moves = Receiver<(CallId, Revision)>;

/// Answers with a stream.
///
/// # Errors
/// 503 when too many are open.
pub fn follow(
    http: Data<Http>,
    caller: Caller,
    moves: Moves,
    whom: For,
    followed: impl Followed,
) -> Result<HttpResponse, Problem> {
    let slot = http.streams.open(whom)?;
    let now = Instant::now();
    let open = Open { http, caller, moves, followed, look: now, heartbeat: now + HEARTBEAT, is_over: false, _slot: slot };
    Ok(answer(stream::unfold(open, |mut open| async move { Some((open.next().await?, open)) })))
}

struct Open<F> {
    http: Data<Http>,
    /// Whoever reads; when the key or the session is over, so is the stream.
    caller: Caller,
    moves: Moves,
    followed: F,
    look: Instant,
    heartbeat: Instant,
    is_over: bool,
    _slot: Slot,
}

impl<F: Followed> Open<F> {
    /// What is sent next; `None` ends the stream.
    async fn next(&mut self) -> Option<Result<Bytes, StoreError>> {
        while !self.is_over {
            let news = match self.followed.news(&self.http).await {
                Ok(news) => news,
                Err(StoreError::Unavailable(_)) => News { event: None, is_last: false, look_in: LOOK_EVERY },
                // Whoever breaks off is asked no more, whatever asks.
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            };
            self.look = Instant::now() + news.look_in;
            self.is_over = news.is_last;
            let beat = (self.heartbeat <= Instant::now()).then_some(Bytes::from_static(b": still here\n\n"));
            if let Some(bytes) = news.event.or(beat) {
                self.heartbeat = Instant::now() + HEARTBEAT;
                return Some(Ok(bytes));
            }
            self.wait().await?;
        }
        None
    }

    /// Until there may be something to send; `None` when nothing will be.
    async fn wait(&mut self) -> Option<()> {
        loop {
            let until = self.heartbeat.min(self.look).min(Instant::now() + KEY_CHECK_EVERY);
            let is_hinted = tokio::select! {
                () = self.http.gateway.stopping.cancelled() => return None,
                hint = timeout_at(until, hint(&mut self.moves, |call, to| self.followed.is_moved_by(call, to))) => hint.is_ok(),
            };
            if is_hinted && !F::GATHERED_FOR.is_zero() {
                sleep(F::GATHERED_FOR).await;
                self.moves = self.moves.resubscribe();
            }
            if !self.http.auth.is_still_good(&self.caller).await {
                return None;
            }
            let now = Instant::now();
            if is_hinted || now >= self.look || now >= self.heartbeat {
                return Some(());
            }
        }
    }
}

/// Resolves when something that matters may have moved. Without a hint it never does: the caller looks too.
pub async fn hint(moves: &mut Moves, matters: impl Fn(CallId, Revision) -> bool) {
    loop {
        match moves.recv().await {
            Ok((call, to)) if matters(call, to) => return,
            Ok(_) => {}
            // Some hints were missed: one of them may have mattered.
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
#[path = "follow_tests.rs"]
mod tests;
