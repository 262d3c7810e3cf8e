//! `callgate agents`: whom you can call with.

use std::time::Duration;

use clap::Subcommand;
use serde_json::{Value, json};

use super::body::Body;
use super::client::Client;
use super::connections::print_routes;
use super::out::{Out, clean};
use super::{Global, refusal, table};
use crate::duration;
use crate::failure::{Exit, Failure};
use crate::hint;

/// See the agents
#[derive(Debug, Subcommand)]
#[command(before_help = "Example:\n  callgate agents list\n")]
pub enum Agents {
    /// Whom you can call with
    #[command(before_help = "Example:\n  callgate agents list --json\n")]
    List,
    /// Ask every provider whether its agents are there and can dial; rings nobody
    #[command(before_help = "Examples:\n  callgate agents check\n  callgate agents check akylai --timeout 10s\n")]
    Check {
        /// Which; all without it
        name: Option<String>,
        /// Give up after this long: 10s, 1m
        #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "30s")]
        timeout: Duration,
    },
}

impl Agents {
    /// Asks, and prints the answer.
    pub async fn run(self, global: &Global, out: &Out) -> Result<Exit, Failure> {
        let client = Client::new(global, out)?;
        if let Self::Check { name, timeout } = self {
            return check(&client, name.as_deref(), timeout, out).await;
        }
        let answer = client.get("/v1/agents").await?;
        if out.json {
            out.answer(answer.text.trim_end());
            return Ok(Exit::Done);
        }
        let agents = answer.body.items("data");
        if agents.is_empty() {
            out.note("No public agents. Add one to callgate.toml under [agents.<key>].");
            return Ok(Exit::Done);
        }
        let row = |agent: &Value| {
            let text = |field: &str| clean(agent.text(field).unwrap_or_default(), false);
            let state = match (agent.is_not("available"), agent.is("test")) {
                (true, _) => "unavailable",
                (_, true) => "simulated",
                _ => "ready",
            };
            let languages = agent.items("languages").iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
            vec![text("key"), text("name"), state.to_owned(), clean(&languages, false), text("description")]
        };
        let rows: Vec<Vec<String>> = agents.iter().map(row).collect();
        table::print(out, &["AGENT", "NAME", "STATE", "LANGUAGES", "DESCRIPTION"], &rows, &[]);
        Ok(Exit::Done)
    }
}

async fn check(client: &Client, name: Option<&str>, timeout: Duration, out: &Out) -> Result<Exit, Failure> {
    let late = |failure: Failure| match failure.exit {
        Exit::TimeRanOut => {
            Failure::new(Exit::TimeRanOut, format!("not all providers answered within {}", duration::write(timeout)))
                .then(format!("Give them longer with --timeout, or ask one alone: {}", hint::command("connections check ID")))
        }
        _ => failure,
    };
    let answer = client.ask_once("/v1/admin/agents/check", timeout).await.map_err(late)?;
    let all = answer.body.items("data");
    let wanted: Vec<Value> =
        all.iter().filter(|route| name.is_none_or(|name| route.text("agent") == Some(name))).cloned().collect();
    if let (true, Some(name)) = (wanted.is_empty(), name) {
        let keys: Vec<&str> = all.iter().filter_map(|route| route.text("agent")).collect();
        return Err(refusal::no_agent(name, &keys));
    }
    match (out.json, name) {
        (true, None) => out.answer(answer.text.trim_end()),
        (true, Some(_)) => out.answer(&json!({ "data": wanted }).to_string()),
        (false, _) => {}
    }
    Ok(print_routes(&wanted, out))
}
