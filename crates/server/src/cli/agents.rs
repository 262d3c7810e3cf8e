//! `callgate agents`: whom you can call with.

use clap::Subcommand;
use serde_json::Value;

use super::body::Body;
use super::client::Client;
use super::connections::print_routes;
use super::out::{Out, clean};
use super::{Global, table};
use crate::failure::{Exit, Failure};

/// See the agents
#[derive(Debug, Subcommand)]
#[command(before_help = "Example:\n  callgate agents list\n")]
pub enum Agents {
    /// Whom you can call with
    #[command(before_help = "Example:\n  callgate agents list --json\n")]
    List,
    /// Ask every provider whether its agents are there and can dial; rings nobody
    #[command(before_help = "Example:\n  callgate agents check\n")]
    Check,
}

impl Agents {
    /// Asks, and prints the answer.
    pub async fn run(self, global: &Global, out: &Out) -> Result<Exit, Failure> {
        let client = Client::new(global, out)?;
        if let Self::Check = self {
            let answer = client.post("/v1/admin/agents/check").await?;
            if out.json {
                out.answer(answer.text.trim_end());
            }
            return Ok(print_routes(answer.body.items("data"), out));
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
