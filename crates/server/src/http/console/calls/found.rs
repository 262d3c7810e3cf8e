//! Finding a page of the list: fifty rows at most, the live ones on top of its beginning and nowhere else.

use callgate_domain::model::{Call, CallId, Status};
use callgate_domain::ports::{CallFilter, Listed, Page, Reader, StoreError};

use super::wanted::{LIVE, Place, Shown, Wanted};
use crate::http::Http;

/// Rows on a page.
const PAGE: u32 = 50;
/// Of these, live ones on top at most.
const ON_TOP: u32 = 25;
/// Calls are counted so far: who has more wants to find one and not to read a number.
pub const COUNTED: u32 = 1_000;

/// A page of the list.
#[derive(Debug, Default)]
pub struct Found {
    /// Under way, newest first; only at the beginning of the list.
    pub live: Vec<Listed>,
    /// There are more of them.
    pub more_live: bool,
    /// The others, newest first; where live ones were asked for, these are they.
    pub calls: Vec<Listed>,
    /// So many there are, live ones among them; [`COUNTED`] and one more where there are more.
    pub count: u32,
    /// Where newer ones are.
    pub newer: Option<Place>,
    /// Where older ones are.
    pub older: Option<Place>,
}

impl Found {
    /// All of the page, as they are shown.
    pub fn all(&self) -> impl Iterator<Item = &Call> {
        self.live.iter().chain(&self.calls).map(|listed| &listed.0)
    }
}

/// The page that is wanted.
///
/// # Errors
/// `Unavailable`.
pub async fn find(http: &Http, reader: &Reader, wanted: &Wanted) -> Result<Found, StoreError> {
    if let Some(id) = wanted.call() {
        return match http.gateway.calls.get(id, reader).await {
            Ok(call) => Ok(Found { calls: vec![Listed(call)], count: 1, ..Found::default() }),
            Err(StoreError::NotFound) => Ok(Found::default()),
            Err(error) => Err(error),
        };
    }
    let (filter, count) = meant(http, reader, wanted).await?;
    if count == 0 {
        return Ok(Found::default());
    }
    let is_split = wanted.shown == Shown::Any;
    let rest = CallFilter { statuses: if is_split { not_live() } else { filter.statuses.clone() }, ..filter.clone() };
    let found = match wanted.place {
        Place::Above(call) => above(http, reader, &rest, call).await?,
        Place::Below(call) => Some(below(http, reader, &rest, Some(call), PAGE).await?),
        Place::Top => None,
    };
    if let Some(found) = found {
        return Ok(Found { count, ..found });
    }
    let mut live = Vec::new();
    if is_split {
        let statuses = LIVE.to_vec();
        let page = Page { before: None, limit: ON_TOP + 1 };
        live = http.gateway.calls.list(reader, &CallFilter { statuses, ..filter }, page).await?;
    }
    let more_live = live.len() > ON_TOP as usize;
    live.truncate(ON_TOP as usize);
    let room = PAGE.saturating_sub(u32::try_from(live.len()).unwrap_or(PAGE));
    Ok(Found { live, more_live, count, ..below(http, reader, &rest, None, room).await? })
}

/// What was typed means the first thing that finds anything.
async fn meant(http: &Http, reader: &Reader, wanted: &Wanted) -> Result<(CallFilter, u32), StoreError> {
    let mut last = (CallFilter::default(), 0);
    for filter in wanted.meanings(http.gateway.clock.now()) {
        let count = http.gateway.calls.count(reader, &filter, COUNTED + 1).await?;
        last = (filter, count);
        if count > 0 {
            break;
        }
    }
    Ok(last)
}

async fn below(http: &Http, reader: &Reader, filter: &CallFilter, call: Option<CallId>, limit: u32) -> Result<Found, StoreError> {
    // One more than is shown: whether there is another page.
    let mut calls = http.gateway.calls.list(reader, filter, Page { before: call, limit: limit + 1 }).await?;
    let more = calls.len() > limit as usize;
    calls.truncate(limit as usize);
    let older = calls.last().filter(|_| more).map(|last| Place::Below(last.0.id));
    let newer = call.map(|call| calls.first().map_or(Place::Above(call), |first| Place::Above(first.0.id)));
    Ok(Found { calls, older, newer, ..Found::default() })
}

/// `None` where the beginning of the list is nearer than a page: live ones stand there.
async fn above(http: &Http, reader: &Reader, filter: &CallFilter, call: CallId) -> Result<Option<Found>, StoreError> {
    let mut calls = http.gateway.calls.list_above(reader, filter, call, PAGE + 1).await?;
    if calls.len() <= PAGE as usize {
        return Ok(None);
    }
    calls.remove(0);
    let newer = calls.first().map(|first| Place::Above(first.0.id));
    let older = calls.last().map(|last| Place::Below(last.0.id));
    Ok(Some(Found { calls, newer, older, ..Found::default() }))
}

fn not_live() -> Vec<Status> {
    Status::ALL.iter().copied().filter(|status| !LIVE.contains(status)).collect()
}
