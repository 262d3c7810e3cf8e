//! `/v1/agents`: whom a client may call with.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use callgate_domain::usecases::agents::PublicAgent;
use serde::Serialize;
use utoipa::ToSchema;

use super::Http;
use super::auth::Caller;
use super::calls::json;
use super::error::{Code, Problem};
use super::query::{NOTHING, Query};

/// The public agents.
#[derive(Serialize, ToSchema)]
#[schema(as = AgentList)]
pub struct AgentPage<'a> {
    /// In the order of their keys.
    data: Vec<AgentView<'a>>,
}

/// Somebody who can hold a conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = Agent, example = json!({"key": "akylai", "name": "AkylAI", "description": "…", "languages": ["ky", "ru"], "available": true, "test": true}))]
pub struct AgentView<'a> {
    /// What `agent` of a new call holds.
    key: &'a str,
    /// What people call it.
    name: &'a str,
    /// What it is for.
    description: &'a str,
    /// The languages it speaks.
    languages: &'a [String],
    /// Whether calls with it can be placed now.
    available: bool,
    /// Simulated: never dials.
    test: bool,
}

/// List agents.
#[utoipa::path(
    operation_id = "listAgents",
    tag = "Agents",
    responses((status = 200, description = "The public agents.", body = AgentPage<'static>)),
)]
#[get("/v1/agents")]
pub async fn list_agents(http: Data<Http>, _caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Query::of(&request, &NOTHING)?;
    let agents = http.gateway.agents.list();
    Ok(json(StatusCode::OK, &AgentPage { data: agents.iter().map(shown).collect() }))
}

/// Read an agent.
#[utoipa::path(
    operation_id = "getAgent",
    tag = "Agents",
    params(("key" = String, Path, description = "The agent's key.", example = "akylai")),
    responses(
        (status = 200, description = "The agent.", body = AgentView<'static>),
        (status = 404, description = "No such public agent."),
    ),
)]
#[get("/v1/agents/{key}")]
pub async fn get_agent(http: Data<Http>, _caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Query::of(&request, &NOTHING)?;
    let key = request.match_info().get("key").unwrap_or_default();
    let Some(agent) = http.gateway.agents.get(key) else {
        return Err(Problem::new(Code::NotFound, "There is no agent with this key. GET /v1/agents lists those there are."));
    };
    Ok(json(StatusCode::OK, &shown(&agent)))
}

fn shown(held: &PublicAgent) -> AgentView<'_> {
    let agent = &held.agent;
    AgentView {
        key: agent.key.as_str(),
        name: &agent.name,
        description: &agent.description,
        languages: &agent.languages,
        available: held.available,
        test: agent.test,
    }
}
