//! The list of calls: found by one field, live ones on top, newest first.
//!
//! The address holds the whole question (`calls/wanted.rs`), so a page can be kept and passed on. Showing whole numbers is a
//! form whose answer is the page itself, with its numbers, instead of the way to another: nothing is kept anywhere, so
//! whatever leaves the page leaves the numbers, and each time they are shown is a line of the audit log.

mod found;
mod row;
mod wanted;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use askama::Template;
use callgate_domain::model::Status;
use callgate_domain::ports::{AuditAction, AuditResult};

use self::found::{COUNTED, Found, find};
use self::row::Row;
use self::wanted::{Choice, Place, Wanted};
use super::frame::{Frame, Here};
use super::page::page;
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::error::Problem;

#[derive(Template)]
#[template(path = "calls.html")]
struct Page<'a> {
    frame: Frame,
    /// How many there are, in words.
    count: String,
    /// What was typed.
    q: &'a str,
    statuses: Vec<Choice>,
    agents: Vec<Choice>,
    times: Vec<Choice>,
    /// Something was asked for that leaves calls out.
    is_narrowed: bool,
    rows: Vec<Row>,
    /// There are more live calls than are shown on top.
    more_live: bool,
    /// Whether numbers are whole.
    whole: bool,
    /// This page.
    here: String,
    newer: Option<String>,
    older: Option<String>,
    /// How many are shown.
    showing: String,
}

/// The list, its numbers with their middle hidden.
#[get("/console/calls")]
pub async fn calls(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let wanted = Wanted::of(&request)?;
    let found = find(&http, &caller.reader(), &wanted).await?;
    shown(&http, &wanted, found, false).await
}

/// The list with whole numbers, once it is written down who saw them.
#[post("/console/calls")]
pub async fn calls_with_numbers(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let wanted = Wanted::of(&request)?;
    let found = find(&http, &caller.reader(), &wanted).await?;
    let ids: Vec<_> = found.all().map(|call| call.id).collect();
    let object = match (ids.iter().max(), ids.iter().min()) {
        (Some(newest), Some(oldest)) => format!("{} calls, {newest} to {oldest}", ids.len()),
        _ => "no calls".to_owned(),
    };
    // Before anything is shown: what nobody can look up afterwards is not shown.
    let log = &http.gateway.audit;
    log.record(log.line(caller.actor(), AuditAction::PhonesShown, &object, AuditResult::Done)).await?;
    shown(&http, &wanted, found, true).await
}

async fn shown(http: &Http, wanted: &Wanted, found: Found, whole: bool) -> Result<HttpResponse, Problem> {
    let now = http.gateway.clock.now();
    let keys: Vec<_> = http.gateway.agents.catalog.all().iter().map(|agent| agent.key.clone()).collect();
    let rows: Vec<_> = found.all().map(|call| Row::of(call, whole, now)).collect();
    let path = |place: Place| wanted.path(place);
    page(&Page {
        frame: Frame::of(http, Here::Calls, "Calls").await?,
        count: in_words(&found, wanted.is_narrowed()),
        q: &wanted.q,
        statuses: wanted.statuses(),
        agents: wanted.agents(keys),
        times: wanted.times(),
        is_narrowed: wanted.is_narrowed(),
        showing: showing(rows.len(), found.count),
        rows,
        more_live: found.more_live,
        whole,
        here: path(wanted.place),
        newer: found.newer.map(path),
        older: found.older.map(path),
    })
}

/// `139 calls, 2 talking, 1 ringing`.
fn in_words(found: &Found, is_narrowed: bool) -> String {
    let matching = if is_narrowed { " found" } else { "" };
    let count = match found.count {
        0 => return if is_narrowed { "No call found".to_owned() } else { "No calls yet".to_owned() },
        1 => format!("1 call{matching}"),
        count if count > COUNTED => format!("More than {COUNTED} calls{matching}"),
        count => format!("{count} calls{matching}"),
    };
    let live = live(found.live.iter().map(|listed| listed.0.status()));
    match (live.is_empty(), found.more_live) {
        (_, true) => format!("{count}, more than {} live", found.live.len()),
        (true, false) => count,
        (false, false) => format!("{count}, {live}"),
    }
}

fn showing(rows: usize, count: u32) -> String {
    if count > COUNTED { format!("Showing {rows}") } else { format!("Showing {rows} of {count}") }
}

/// `2 talking, 1 ringing`; nothing where nothing is live.
fn live(statuses: impl Iterator<Item = Status>) -> String {
    let statuses: Vec<_> = statuses.collect();
    let words = [
        (Status::InProgress, "talking"),
        (Status::Ringing, "ringing"),
        (Status::Dialing, "being dialed"),
        (Status::Processing, "waiting for a result"),
    ];
    let counted = words.map(|(status, word)| (statuses.iter().filter(|held| **held == status).count(), word));
    let said = counted.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    said.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use callgate_domain::ports::Listed;
    use callgate_domain::testing::builders::a_call;

    use super::*;

    #[test]
    fn the_count_is_said_in_words() {
        let check = |count, live: usize, more_live, is_narrowed, expected: &str| {
            let live = (0..live).map(|_| Listed(a_call().unknown())).collect();
            assert_eq!(in_words(&Found { count, live, more_live, ..Found::default() }, is_narrowed), expected);
        };
        check(0, 0, false, false, "No calls yet");
        check(0, 0, false, true, "No call found");
        check(1, 0, false, false, "1 call");
        check(139, 2, false, true, "139 calls found, 2 being dialed");
        check(1_000, 0, false, false, "1000 calls");
        check(1_001, 3, true, false, "More than 1000 calls, more than 3 live");
    }

    #[test]
    fn what_is_live_is_counted_by_what_goes_on() {
        let statuses = [Status::Ringing, Status::InProgress, Status::InProgress, Status::Processing, Status::Dialing];
        assert_eq!(live(statuses.into_iter()), "2 talking, 1 ringing, 1 being dialed, 1 waiting for a result");
        assert_eq!(live([Status::Completed].into_iter()), "");
    }
}
