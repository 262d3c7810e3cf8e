//! `callgate dev`: for those who write or try a provider.

use callgate_adapters::clock::{SystemChance, SystemClock};
use callgate_adapters::providers::Outgoing;
use callgate_domain::model::provider::PlaceOrder;
use callgate_domain::model::{Agent, AttemptId, CallId, Phone, Route, Secret};
use callgate_domain::ports::{Chance, Clock};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Global;
use super::out::Out;
use crate::config::{Config, Environment, Given};
use crate::failure::{Exit, Failure};
use crate::hint;
use crate::wiring::{ConnectionPlan, Plan, on_paper};

/// A header whose value is, or may hold, a secret.
const SHOWN: [&str; 2] = ["content-type", "accept"];

/// Try a provider without ringing anybody
#[derive(Debug, Subcommand)]
#[command(before_help = "Example:\n  callgate dev place +12025550101 --agent akylai\n")]
pub enum Dev {
    /// Print the requests that would place a call; none is sent
    #[command(before_help = "Example:\n  callgate dev place +12025550101 --agent akylai --connection vapi\n")]
    Place(Place),
}

/// What to print.
#[derive(Debug, Args)]
pub struct Place {
    /// Whom it would call
    #[arg(required_unless_present = "to")]
    phone: Option<String>,
    /// The same, by name
    #[arg(long = "phone", id = "to", value_name = "PHONE", conflicts_with = "phone")]
    to: Option<String>,
    /// With which agent [default: the first that the connection reaches]
    #[arg(long, value_name = "KEY", required_unless_present = "connection")]
    agent: Option<String>,
    /// Over which connection [default: the agent's first route]
    #[arg(long, value_name = "ID")]
    connection: Option<String>,
}

impl Dev {
    /// Reads the configuration, and prints.
    pub async fn run(self, global: &Global, out: &Out) -> Result<Exit, Failure> {
        let Self::Place(place) = self;
        place.run(global, out).await
    }
}

impl Place {
    async fn run(self, global: &Global, out: &Out) -> Result<Exit, Failure> {
        let given = Given { config: global.config.clone(), ..Given::default() };
        let config = Config::load(&given, &Environment::of_process())?;
        let ring_timeout = config.calls.ring_timeout;
        let public_url = config.server.public_url.clone();
        let plan = Plan::of(config, true)?;
        let phone = self.phone.as_deref().or(self.to.as_deref()).unwrap_or_default();
        let phone = Phone::parse(phone)
            .map_err(|error| Failure::new(Exit::Usage, format!("'{phone}' {error}")).then("Write it as +12025550199"))?;
        let agent = self.agent(&plan)?;
        let route = self.route(agent)?;
        let Some(connection) = plan.connections.iter().find(|held| held.settings.id == route.connection) else {
            return Err(Failure::new(Exit::Configuration, format!("there is no connection '{}'", route.connection)));
        };
        let (now, chance) = (SystemClock::new().now(), &SystemChance as &dyn Chance);
        let order = PlaceOrder {
            attempt: AttemptId::new(now, chance.for_id()),
            call: CallId::new(now, chance.for_id()),
            phone,
            agent: agent.key.clone(),
            remote_id: route.remote_id.clone(),
            from: route.from.clone(),
            variables: agent.variables.clone(),
            voicemail: agent.voicemail,
            max_duration: agent.max_duration,
            ring_timeout,
        };
        let written = write_down(connection, &order, public_url.as_deref()).await?;
        if written.is_empty() {
            out.note(&format!("Connection '{}' sends no requests: it is simulated.", route.connection));
        }
        let secrets: Vec<&Secret> = connection.settings.secrets.values().flatten().collect();
        for request in &written {
            out.answer(&shown(request, &secrets, out.json));
        }
        out.note("Nothing was sent. Keys and secrets are hidden.");
        Ok(Exit::Done)
    }

    fn agent<'a>(&self, plan: &'a Plan) -> Result<&'a Agent, Failure> {
        let reaches = |agent: &&Agent| self.route(agent).is_ok();
        let wanted = |agent: &&Agent| self.agent.as_deref().is_none_or(|key| agent.key.as_str() == key);
        let found = plan.agents.iter().filter(wanted).find(|agent| self.agent.is_some() || reaches(agent));
        found.ok_or_else(|| {
            let keys = plan.agents.iter().map(|agent| agent.key.as_str()).collect::<Vec<_>>().join(", ");
            let what = match (&self.agent, &self.connection) {
                (None, Some(connection)) => format!("no agent is reached over '{connection}'"),
                (named, _) => format!("there is no agent '{}'", named.as_deref().unwrap_or_default()),
            };
            Failure::new(Exit::Usage, what).then(format!("There are: {keys}"))
        })
    }

    fn route<'a>(&self, agent: &'a Agent) -> Result<&'a Route, Failure> {
        let wanted = |route: &&Route| self.connection.as_deref().is_none_or(|id| route.connection.as_str() == id);
        agent.routes.iter().find(wanted).ok_or_else(|| {
            let ids = agent.routes.iter().map(|route| route.connection.as_str()).collect::<Vec<_>>().join(", ");
            let named = self.connection.clone().unwrap_or_default();
            Failure::new(Exit::Usage, format!("agent '{}' has no route over '{named}'", agent.key)).then(format!("It has: {ids}"))
        })
    }
}

/// The requests of a connection whose clients write down instead of sending.
async fn write_down(plan: &ConnectionPlan, order: &PlaceOrder, public_url: Option<&str>) -> Result<Vec<Outgoing>, Failure> {
    let (opened, paper) = on_paper(plan, public_url).map_err(|fault| {
        Failure::new(Exit::Configuration, fault.to_string()).then(format!("Mend that, then: {}", hint::command("config check")))
    })?;
    if !plan.kind.is_test {
        let _not_sent = opened.place(order).await;
    }
    Ok(paper.take())
}

fn shown(request: &Outgoing, secrets: &[&Secret], as_json: bool) -> String {
    let hide = |text: &str| secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "(hidden)"));
    let body = hide(&String::from_utf8_lossy(&request.body));
    let parsed = serde_json::from_str::<Value>(&body).ok();
    let headers = request.headers.iter().map(|(name, value)| {
        let hidden = if SHOWN.contains(name) { value.as_str() } else { "(hidden)" };
        (*name, hidden)
    });
    if as_json {
        let headers: serde_json::Map<String, Value> = headers.map(|(name, value)| (name.to_owned(), json!(value))).collect();
        let body = parsed.unwrap_or(Value::String(body));
        return json!({ "method": request.method.as_str(), "url": request.url.as_str(), "headers": headers, "body": body })
            .to_string();
    }
    let mut text = format!("{} {}\n", request.method, request.url);
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\n"));
    }
    let pretty = parsed.and_then(|parsed| serde_json::to_string_pretty(&parsed).ok()).unwrap_or(body);
    format!("{text}\n{pretty}\n")
}
