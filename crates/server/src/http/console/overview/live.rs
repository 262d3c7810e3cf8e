//! `GET /console/live`: the parts of Overview that have changed, rendered, as server-sent events.
//!
//! An event holds elements with ids; the script puts each in the place of the one with its id. Its own id says what the whole
//! page was like then, so that a stream that goes on where another broke off sends nothing that is known. All streams share
//! what is rendered, once a second at most.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use bytes::Bytes;
use callgate_domain::model::{CallId, Revision};
use callgate_domain::ports::StoreError;
use url::form_urlencoded;

use super::parts::{Part, Parts, RENDERED_FOR};
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::error::Problem;
use crate::http::headers::LAST_EVENT_ID;
use crate::http::live::follow::{Followed, LOOK_EVERY, News, follow};
use crate::http::live::{For, push};

/// Streams what changes.
#[get("/console/live")]
pub async fn stream_parts(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let moves = http.gateway.hub.moves();
    let header = request.headers().get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).map(ToOwned::to_owned);
    // The page itself says what it shows.
    let seen = header.or_else(|| {
        let mut query = form_urlencoded::parse(request.query_string().as_bytes());
        query.find(|(name, _)| name == "after").map(|(_, seen)| seen.into_owned())
    });
    follow(http, caller, moves, For::Console, Follow { known: None, seen })
}

/// What a reader has of the page.
struct Follow {
    /// What was sent last, or is known to be there.
    known: Option<Arc<Parts>>,
    /// What the reader had when it came.
    seen: Option<String>,
}

impl Followed for Follow {
    // What is rendered is shared for so long, and holds all that comes meanwhile.
    const GATHERED_FOR: Duration = RENDERED_FOR;

    async fn news(&mut self, http: &Http) -> Result<News, StoreError> {
        // What cannot be shown is tried again with the next look.
        let parts = http.overview.now(http).await.ok();
        Ok(News { event: parts.and_then(|parts| self.since(parts)), is_last: false, look_in: LOOK_EVERY })
    }

    fn is_moved_by(&self, _: CallId, _: Revision) -> bool {
        true
    }
}

impl Follow {
    fn since(&mut self, parts: Arc<Parts>) -> Option<Bytes> {
        let had = self.seen.take().is_some_and(|seen| seen == parts.mark);
        let event = match &self.known {
            None if had => None,
            None => event(&parts.mark, parts.all.iter()),
            Some(known) => {
                let is_new = |(part, known): &(&Part, &Part)| part.still != known.still;
                event(&parts.mark, parts.all.iter().zip(&known.all).filter(is_new).map(|(part, _)| part))
            }
        };
        self.known = Some(parts);
        event
    }
}

/// Parts as one event; `None` where there are none.
fn event<'a>(mark: &str, parts: impl Iterator<Item = &'a Part>) -> Option<Bytes> {
    let still: Vec<&str> = parts.map(|part| part.still.as_str()).collect();
    let mut event = String::new();
    push(&mut event, mark, "part", &still.join("\n"));
    (!event.is_empty()).then(|| Bytes::from(event))
}
