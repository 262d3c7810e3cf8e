//! `callgate agents`: whom you can call with.

use clap::Subcommand;
use serde_json::Value;

use super::body::Body;
use super::client::Client;
use super::out::Out;
use super::{Global, table};
use crate::failure::{Exit, Failure};

/// See the agents
#[derive(Debug, Subcommand)]
#[command(before_help = "Example:\n  callgate agents list\n")]
pub enum Agents {
    /// Whom you can call with
    #[command(before_help = "Example:\n  callgate agents list --json\n")]
    List,
}

impl Agents {
    pub async fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let Self::List = self;
        let answer = Client::new(global)?.get("/v1/agents").await?;
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
            let text = |field: &str| agent.text(field).unwrap_or_default().to_owned();
            let state = match (agent.is_not("available"), agent.is("test")) {
                (true, _) => "unavailable",
                (_, true) => "simulated",
                _ => "ready",
            };
            vec![text("key"), text("name"), state.to_owned(), text("description")]
        };
        let rows: Vec<Vec<String>> = agents.iter().map(row).collect();
        table::print(out, &["AGENT", "NAME", "STATE", "DESCRIPTION"], &rows, &[]);
        Ok(Exit::Done)
    }
}
