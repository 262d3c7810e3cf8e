//! Connections, each with one sentence of how it is.

use std::time::Duration;

use callgate_domain::model::moment::elapsed;
use callgate_domain::ports::StoreError;
use callgate_domain::usecases::checks::Listed;
use callgate_domain::usecases::dispatch::Mishap;

use super::super::attention::cut;
use super::super::words;
use crate::http::Http;

/// What went wrong is spoken of for so long.
const LATELY: Duration = Duration::from_mins(15);

/// One connection.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// Its id.
    pub id: String,
    /// `bad`, `wait` or nothing: a class of the stylesheet.
    pub tone: &'static str,
    /// In a word, for those who see no colour.
    pub word: &'static str,
    /// Calls with it that are not over.
    pub live: u32,
    /// What nineteen of the last twenty requests to place a call did not exceed.
    pub took: Option<String>,
    /// How it is.
    pub sentence: String,
}

/// All of them, in the order of their ids.
///
/// # Errors
/// `Unavailable`.
pub async fn lines(http: &Http) -> Result<Vec<Line>, StoreError> {
    let gateway = &http.gateway;
    let (now, pacing) = (gateway.clock.now(), &gateway.dispatch.pacing);
    let line = |listed: Listed| {
        let id = &listed.connection.id;
        let (is_open, mut mishaps) = (pacing.is_open(id), pacing.mishaps(id));
        mishaps.retain(|mishap| elapsed(mishap.at, now) <= LATELY);
        Line { took: gateway.latencies.of_most(id).map(words::took), ..line(&listed, is_open, &mishaps) }
    };
    Ok(gateway.checks.list().await?.into_iter().map(line).collect())
}

fn line(listed: &Listed, is_open: bool, mishaps: &[Mishap]) -> Line {
    let fault = listed.checked.iter().flat_map(|checked| &checked.routes).find(|route| !route.health.ready);
    let last = mishaps.first().map(|mishap| words::ended(mishap.reason));
    let (tone, word, sentence) = match (is_open, fault, last) {
        (true, _, Some(last)) => ("bad", "Left alone", format!("Left alone for a while. {last}")),
        (true, _, None) => ("bad", "Left alone", "Left alone for a while: requests came to nothing".to_owned()),
        (false, Some(fault), _) => ("wait", "Not ready", cut(&fault.health.detail, 160)),
        (false, None, Some(last)) => {
            let count = mishaps.len();
            let requests = if count == 1 { "request" } else { "requests" };
            ("wait", "Unsteady", format!("{count} {requests} came to nothing in 15 min. {last}"))
        }
        (false, None, None) if listed.connection.test => ("", "Normal", "Built in. Never dials a real phone".to_owned()),
        (false, None, None) if listed.checked.is_some() => ("", "Normal", "Ready when it was checked last".to_owned()),
        (false, None, None) => ("", "Normal", "No request came to nothing in 15 min".to_owned()),
    };
    Line { id: listed.connection.id.to_string(), tone, word, live: listed.live, took: None, sentence }
}
