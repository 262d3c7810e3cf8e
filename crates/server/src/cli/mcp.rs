//! `callgate mcp`: the API as tools for AI clients, over stdin and stdout (Model Context Protocol).
//!
//! It is a client of a running gateway like every other command here: it has a key and no other way in. Reading is marked as
//! such. Placing a call says what it does, has to carry what makes repeating it safe, and dials no real phone unless whoever
//! started this said so.

use std::time::Duration;

use callgate_domain::model::CallId;
use clap::Args;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ContentBlock, Implementation, ServerCapabilities, ServerConfig};
use rmcp::{ServerHandler, ServiceExt, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::Global;
use super::body::Body;
use super::client::{Answer, Client, call_id};
use super::follow::Following;
use super::out::{Out, clean};
use super::refusal;
use crate::NAME;
use crate::failure::{Exit, Failure};

/// So long a call is waited for where nothing is said, and at most: clients give up on a tool some time.
const WAIT_S: u64 = 60;
const LONGEST_WAIT_S: u64 = 600;

/// Said to every client, before it uses anything.
const INSTRUCTIONS: &str = "Places phone calls in which a voice agent talks, and reads how they went. List the agents first. \
    An agent with test: true is simulated and rings nobody; any other dials a real person's phone, which cannot be taken back \
    and may cost money: place such a call only when the user has asked for exactly this call. Placing returns a call_id at \
    once; wait for the call, or read it later. A status in terminal: true is final.";

const REFUSED: &str = "This agent dials a real phone, and this server was started without --allow-real-calls. Nothing was \
    dialed. Ask whoever runs it to start it as `callgate mcp --allow-real-calls`, or use an agent with test: true.";

/// Offer the API as tools to an AI client, over stdin and stdout
#[derive(Debug, Args)]
#[command(before_help = "Example, as an AI client starts it:\n  callgate mcp\n")]
pub struct Mcp {
    /// Let the client dial real phones, not only simulated agents
    #[arg(long)]
    allow_real_calls: bool,
}

impl Mcp {
    /// Serves until the client closes stdin.
    pub async fn run(self, global: &Global, out: &Out) -> Result<Exit, Failure> {
        let tools = Tools { client: Client::new(global, out)?, allow_real_calls: self.allow_real_calls };
        let broken = |error: &(dyn std::error::Error + 'static)| Failure::new(Exit::Other, "the client was lost").because(error);
        match tools.serve(rmcp::transport::stdio()).await {
            Ok(served) => served.waiting().await.map(|_why| Exit::Done).map_err(|error| broken(&error)),
            Err(error) => Err(broken(&error).then("It speaks the Model Context Protocol; people use the other commands")),
        }
    }
}

struct Tools {
    client: Client,
    allow_real_calls: bool,
}

/// Which call.
#[derive(Debug, Deserialize, JsonSchema)]
struct OneCall {
    /// What create_call returned.
    call_id: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct CreateCall {
    /// An international phone number: +12025550101.
    phone: String,
    /// The key of an agent, as list_agents shows it.
    agent: String,
    /// A fresh UUID for each call that is meant; the same one when the same call is asked for again, which then places no
    /// second one. 1 to 255 visible ASCII characters.
    idempotency_key: String,
    /// What the agent may speak of, as names and values.
    #[serde(default)]
    variables: Option<Map<String, Value>>,
    /// The user's own id of what the call is about.
    #[serde(default)]
    reference: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct WaitForCall {
    /// What create_call returned.
    call_id: String,
    /// For how long at most: 1 to 600. After that the call is returned as it is then.
    #[serde(default)]
    seconds: Option<u64>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct ListCalls {
    /// Only of this status: queued, in_progress, completed, no_answer, busy, failed, ...
    #[serde(default)]
    status: Option<String>,
    /// Only of this agent.
    #[serde(default)]
    agent: Option<String>,
    /// So many: 1 to 200.
    #[serde(default)]
    limit: Option<u32>,
    /// next_cursor of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

#[tool_router]
impl Tools {
    #[tool(
        description = "Who can talk in a call: keys, names, descriptions, and whether an agent is simulated (test: true).",
        annotations(title = "List agents", read_only_hint = true, open_world_hint = false)
    )]
    async fn list_agents(&self) -> CallToolResult {
        shown(self.client.get("/v1/agents").await)
    }

    #[tool(
        description = "Places a phone call: unless the agent is simulated it DIALS A REAL PERSON'S PHONE and may cost money. \
            It cannot be taken back. Returns a call_id at once; nothing is known of the call yet.",
        annotations(
            title = "Place a call",
            read_only_hint = false,
            destructive_hint = true,
            idempotent_hint = true,
            open_world_hint = true
        )
    )]
    async fn create_call(&self, Parameters(wish): Parameters<CreateCall>) -> CallToolResult {
        shown(self.place(wish).await)
    }

    #[tool(
        description = "A call as it is now: status, transcript, duration, how it ended.",
        annotations(title = "Read a call", read_only_hint = true, open_world_hint = false)
    )]
    async fn get_call(&self, Parameters(OneCall { call_id }): Parameters<OneCall>) -> CallToolResult {
        shown(self.read(&call_id).await)
    }

    #[tool(
        description = "Waits until a call is over, and returns it with its transcript. Returns it as it is when the time is \
            over first: then terminal is false, and it can be waited for again.",
        annotations(title = "Wait for a call", read_only_hint = true, open_world_hint = false)
    )]
    async fn wait_for_call(&self, Parameters(wish): Parameters<WaitForCall>) -> CallToolResult {
        let patience = Duration::from_secs(wish.seconds.unwrap_or(WAIT_S).clamp(1, LONGEST_WAIT_S));
        // First it is asked whether there is such a call: one that is missing is not waited for.
        if let Err(failure) = self.read(&wish.call_id).await {
            return shown(Err(failure));
        }
        match timeout(patience, Following::new(&self.client, &wish.call_id, true).until_over(|_| {})).await {
            Ok(ended) => shown(ended),
            Err(_elapsed) => shown(self.read(&wish.call_id).await),
        }
    }

    #[tool(
        description = "Calls, the newest first, without their transcripts.",
        annotations(title = "List calls", read_only_hint = true, open_world_hint = false)
    )]
    async fn list_calls(&self, Parameters(wish): Parameters<ListCalls>) -> CallToolResult {
        let limit = wish.limit.map(|limit| limit.to_string());
        let filters = [("status", wish.status), ("agent", wish.agent), ("limit", limit), ("cursor", wish.cursor)];
        let given = filters.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
        shown(self.client.get(&format!("/v1/calls?{query}")).await)
    }
}

impl Tools {
    async fn read(&self, call_id: &str) -> Result<Answer, Failure> {
        self.client.get(&path(call_id)?).await
    }

    async fn place(&self, wish: CreateCall) -> Result<Answer, Failure> {
        if !self.allow_real_calls && !self.is_simulated(&wish.agent).await? {
            return Err(Failure::new(Exit::Refused, REFUSED));
        }
        let mut body = Map::from_iter([("phone".to_owned(), wish.phone.into()), ("agent".to_owned(), wish.agent.into())]);
        body.extend(wish.variables.map(|variables| ("variables".to_owned(), variables.into())));
        body.extend(wish.reference.map(|reference| ("reference".to_owned(), reference.into())));
        let placed = self.client.create("/v1/calls", &body.into(), &wish.idempotency_key).await?;
        call_id(&placed).map(|_id| placed)
    }

    /// Whether an agent is known to ring nobody.
    async fn is_simulated(&self, agent: &str) -> Result<bool, Failure> {
        let agents = self.client.get("/v1/agents").await?.body;
        let agents = agents.items("data");
        let keys: Vec<&str> = agents.iter().filter_map(|one| one.text("key")).collect();
        let found = agents.iter().find(|one| one.text("key") == Some(agent));
        found.map(|one| one.is("test")).ok_or_else(|| refusal::no_agent(agent, &keys))
    }
}

#[tool_handler]
impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        let mut about = Implementation::new(NAME, env!("CARGO_PKG_VERSION"));
        about.title = Some("Callgate".to_owned());
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(about)
            .with_instructions(INSTRUCTIONS)
    }
}

/// The path of a call. What is no id is the id of no call.
fn path(call_id: &str) -> Result<String, Failure> {
    let id: Result<CallId, _> = call_id.parse();
    id.map(|id| format!("/v1/calls/{id}"))
        .map_err(|_no_id| Failure::new(Exit::Missing, format!("there is no call '{}'", clean(call_id, false))))
}

/// The API's body, or what is wrong and what to do.
fn shown(answer: Result<Answer, Failure>) -> CallToolResult {
    match answer {
        Ok(answer) => CallToolResult::structured(answer.body),
        Err(failure) => CallToolResult::error(vec![ContentBlock::text(failure.text(false))]),
    }
}
