//! Who can be called with: what stands behind each agent, how it is, and a way to try it.
//!
//! This is the operator's place, so connections have their names here. Agents are changed in the configuration file.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use askama::Template;
use callgate_domain::model::{Agent, AgentKey, Status};
use callgate_domain::ports::{AuditAction, Chance};
use callgate_domain::usecases::checks::Listed;
use jiff::Timestamp;

use super::frame::{Frame, Here};
use super::gate::to;
use super::page::page;
use super::place::once;
use super::words;
use crate::figures::Day;
use crate::hint;
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::error::Problem;
use crate::http::query::{Known, NOTHING, Query, invalid};

const QUERY: Known = Known { now: &["after", "done"], later: &[] };
const PATH: &str = "/console/agents";
/// Cards on a page.
const PAGE: usize = 12;
/// A number of the simulator that is answered.
const SIMULATED: &str = "+12025550101";
/// As in the docs.
const EXAMPLE: &str = "+996700000000";

/// What the last digits of a number do in a simulated call.
const OUTCOMES: [(&str, &str); 9] = [
    ("0101", "Answered, three turns, completed"),
    ("0102", "No answer, after 2 s of ringing"),
    ("0103", "Busy"),
    ("0104", "Declined"),
    ("0105", "The request to call times out, and the call happens: found out, never dialed again"),
    ("0106", "The result comes twice, one event goes out"),
    ("0107", "The result comes before the request is answered"),
    ("0108", "The result never comes: the gateway asks"),
    ("0109", "A status that nobody knows: ignored, and settled by asking"),
];

#[derive(Template)]
#[template(path = "agents.html")]
struct Page {
    frame: Frame,
    base: String,
    cards: Vec<Card>,
    outcomes: &'static [(&'static str, &'static str)],
    /// Configured, and not for clients.
    private: Vec<String>,
    /// What was just done.
    said: Option<&'static str>,
    /// More of them.
    next: Option<String>,
    /// Not the first of them.
    is_later: bool,
    /// Reads the file again.
    reload: String,
}

/// One agent.
struct Card {
    key: String,
    name: String,
    description: String,
    test: bool,
    routes: Vec<RouteLine>,
    /// A number for the request that is shown.
    example: &'static str,
    /// A number to begin with; none where a real phone would ring.
    phone: &'static str,
    /// Before a real phone is dialed: who does it and who bills.
    bills: String,
    /// The same form sent twice is one call.
    once: String,
    /// Calls accepted today, and what part of those that are over was answered.
    today: u32,
    answered: String,
    /// Its numbers are shown here.
    has_outcomes: bool,
}

/// One way to reach an agent, as its last check found it.
#[derive(Debug, PartialEq, Eq)]
struct RouteLine {
    connection: String,
    /// A class of the dot.
    tone: &'static str,
    state: String,
    /// When it was checked, for machines and for people.
    checked: Option<(String, String)>,
}

/// The agents.
#[get("/console/agents")]
pub async fn agents(http: Data<Http>, _caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, &QUERY)?;
    let after = query.get("after").filter(|after| !after.is_empty());
    let after = after.map(|key| AgentKey::new(key).map_err(|_not_one| invalid("after", "is no key of an agent"))).transpose()?;
    let said = match query.get("done") {
        None => None,
        Some("checked") => Some("Connections checked. What was found stands with each agent."),
        Some(_) => return Err(invalid("done", "is nothing that was done here")),
    };
    let gateway = &http.gateway;
    let (public, private): (Vec<_>, Vec<_>) = gateway.agents.catalog.all().into_iter().partition(|agent| agent.public);
    let mut rest: Vec<_> = public.into_iter().filter(|agent| after.as_ref().is_none_or(|after| agent.key > *after)).collect();
    let more = rest.len() > PAGE;
    rest.truncate(PAGE);
    let next = rest.last().filter(|_| more).map(|last| format!("{PATH}?after={}", last.key));
    let (listed, now) = (gateway.checks.list().await?, gateway.clock.now());
    let day = gateway.figures.day().await?;
    let mut cards: Vec<_> = rest.iter().map(|agent| card(agent, &listed, &day, &*gateway.chance, now)).collect();
    if let Some(first) = cards.iter_mut().find(|card| card.test) {
        first.has_outcomes = true;
    }
    page(&Page {
        frame: Frame::of(&http, Here::Agents, "Agents").await?,
        base: http.base(&request),
        cards,
        outcomes: &OUTCOMES,
        private: private.iter().map(|agent| agent.key.to_string()).take(PAGE).collect(),
        said,
        next,
        is_later: after.is_some(),
        reload: hint::command("config reload"),
    })
}

/// Asks every provider how it is. Rings nobody.
#[post("/console/agents/check")]
pub async fn check_agents(http: Data<Http>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Query::of(&request, &NOTHING)?;
    http.gateway.checks.agents().await;
    http.audit(&caller, AuditAction::ConnectionChecked, "all agents", &Ok::<_, Problem>(())).await;
    Ok(to(&format!("{PATH}?done=checked")))
}

fn card(agent: &Agent, listed: &[Listed], day: &Day, chance: &dyn Chance, now: Timestamp) -> Card {
    let of = |is_one: fn(Status) -> bool| day.of(|key, status| *key == agent.key && is_one(status));
    let routes: Vec<_> = agent.routes.iter().map(|route| route.connection.as_str()).collect();
    let bills = format!("{} dials a real phone through {}, which bills the call.", agent.key, routes.join(" or "));
    Card {
        key: agent.key.to_string(),
        name: agent.name.clone(),
        description: agent.description.clone(),
        test: agent.test,
        routes: routes.iter().map(|connection| line(agent, connection, listed, now)).collect(),
        example: if agent.test { SIMULATED } else { EXAMPLE },
        phone: if agent.test { SIMULATED } else { "" },
        bills,
        once: once(chance),
        today: of(|_| true),
        answered: words::share(of(|status| status == Status::Completed), of(Status::is_terminal)),
        has_outcomes: false,
    }
}

fn line(agent: &Agent, connection: &str, listed: &[Listed], now: Timestamp) -> RouteLine {
    let listed = listed.iter().find(|listed| listed.connection.id.as_str() == connection);
    let checked = listed.and_then(|listed| listed.checked.as_ref());
    let health =
        checked.and_then(|checked| checked.routes.iter().find(|route| route.agent == agent.key)).map(|route| &route.health);
    let (tone, state) = match (listed, health) {
        (None, _) => ("bad", "There is no such connection".to_owned()),
        (Some(_), None) => ("none", "Not checked yet".to_owned()),
        (Some(_), Some(health)) if health.ready => ("", "Ready".to_owned()),
        (Some(_), Some(health)) => ("bad", format!("Not ready: {}", health.detail)),
    };
    let checked = checked.filter(|_| health.is_some()).map(|checked| (words::exact(checked.at), words::ago(checked.at, now)));
    RouteLine { connection: connection.to_owned(), tone, state, checked }
}
