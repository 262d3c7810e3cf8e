//! What is going on now; before the first call, a welcome.

mod chart;
mod connections;
pub mod live;
pub mod parts;
mod welcome;

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use askama::Template;
use callgate_domain::ports::{CallFilter, Page as PageOf};
use jiff::Timestamp;

use self::parts::Parts;
use super::frame::{Frame, Here};
use super::page::page;
use super::place;
use crate::hint;
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::error::Problem;

#[derive(Template)]
#[template(path = "overview.html")]
struct Page {
    frame: Frame,
    parts: Arc<Parts>,
    /// `Monday 23 November`.
    day: String,
    /// How a practice call is placed; none where no agent is simulated.
    practice: Option<Practice>,
}

/// How a practice call is placed from elsewhere.
struct Practice {
    base: String,
    agent: String,
    command: String,
}

/// Overview, or Welcome until there is a call.
#[get("/console")]
pub async fn overview(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let one = PageOf { before: None, limit: 1 };
    let practice = practice(&http, &request);
    if http.gateway.calls.store.list(&caller.reader(), &CallFilter::default(), one).await?.is_empty() {
        return welcome::shown(&http, practice).await;
    }
    let parts = http.overview.now(&http).await?;
    let frame = Frame::of(&http, Here::Overview, "Overview").await?;
    page(&Page { frame, parts, day: day(http.gateway.clock.now()), practice })
}

fn practice(http: &Http, request: &HttpRequest) -> Option<Practice> {
    let agent = place::practice_agent(&http.gateway.agents)?;
    let command = hint::command(&format!("call {} --agent {agent} --watch", place::PRACTICE_PHONE));
    Some(Practice { base: http.base(request), agent, command })
}

fn day(at: Timestamp) -> String {
    at.strftime("%A %-d %B").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_said_without_its_year() {
        assert_eq!(day(Timestamp::from_second(1_763_856_000).unwrap_or_default()), "Sunday 23 November");
    }
}
