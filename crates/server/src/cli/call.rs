//! `callgate call`: places a call, prints its id, and follows it where that is wanted.

use std::io::Write;

use callgate_domain::model::Phone;
use clap::Args;
use serde_json::{Value, json};

use super::Global;
use super::body::Body;
use super::client::Client;
use super::follow;
use super::out::Out;
use crate::failure::{Exit, Failure};
use crate::hint;

const EXAMPLES: &str = "\
Examples:
  callgate call +12025550101 --agent akylai --watch
  id=$(callgate call +12025550101 --agent akylai)
";

/// Place a call, and print its call_id
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub struct Call {
    /// An international number: +12025550101
    phone: String,
    /// Who talks; needed where there is more than one agent
    #[arg(long)]
    agent: Option<String>,
    /// Follow it on the screen until it ends
    #[arg(long, conflicts_with = "wait")]
    watch: bool,
    /// Wait until it ends, then print it
    #[arg(long)]
    wait: bool,
    /// Makes sending it again safe; a fresh one where you give none
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Do not ask before a real phone is dialed
    #[arg(long)]
    yes: bool,
}

impl Call {
    pub async fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let client = Client::new(global)?;
        let agents = client.get("/v1/agents").await?.body;
        let agent = self.agent(&agents)?;
        let known = agents.items("data").iter().find(|known| known.text("key") == Some(agent.as_str()));
        if known.is_some_and(|known| known.is_not("test")) {
            self.confirm(&agent, out).await?;
        }
        let key = self.idempotency_key.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let body = json!({ "phone": self.phone, "agent": agent });
        let placed = client.post("/v1/calls", Some(&body), Some(&key)).await?;
        let id = placed.body.text("call_id").unwrap_or_default().to_owned();
        if self.watch {
            if !out.json {
                out.answer(&format!("{id}\n"));
            }
            return follow::watch(&client, &id, out).await;
        }
        if !self.wait {
            out.answer(if out.json { placed.text.trim_end() } else { &id });
            return Ok(Exit::Done);
        }
        if !out.json {
            out.answer(&id);
        }
        let call = follow::wait(&client, &id, out).await?;
        if out.json {
            out.answer(&call.to_string());
        } else {
            super::calls::show(&call, out);
        }
        Ok(follow::exit_of(&call))
    }

    fn agent(&self, agents: &Value) -> Result<String, Failure> {
        let keys: Vec<&str> = agents.items("data").iter().filter_map(|agent| agent.text("key")).collect();
        match (&self.agent, keys.as_slice()) {
            (Some(agent), _) => Ok(agent.clone()),
            (None, [only]) => Ok((*only).to_owned()),
            (None, []) => Err(Failure::new(Exit::Usage, "there is no agent to call with").then("Add one to callgate.toml")),
            (None, several) => {
                let then = format!("Say which: --agent {}", several.join(", or --agent "));
                Err(Failure::new(Exit::Usage, "there is more than one agent").then(then))
            }
        }
    }

    /// A real phone is never dialed by surprise.
    async fn confirm(&self, agent: &str, out: &Out) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        if out.no_input {
            return Err(Failure::new(Exit::Usage, format!("{agent} dials a real phone, and nobody can be asked here"))
                .then("Add --yes to call it"));
        }
        let phone = Phone::parse(&self.phone).map_or_else(|_| self.phone.clone(), |phone| phone.e164().to_owned());
        let question = format!("{agent} dials a real phone, which may cost money. Call {phone}? [y/N] ");
        let _shown = std::io::stderr().write_all(question.as_bytes());
        let asked = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).map(|_| line)
        });
        let answered = tokio::select! {
            answer = asked => answer.ok().and_then(Result::ok).unwrap_or_default(),
            _ = tokio::signal::ctrl_c() => {
                out.note("\nNo call was placed.");
                // The reading thread waits for a line that never comes; the process ends without it.
                std::process::exit(i32::from(Exit::Interrupted as u8));
            }
        };
        if matches!(answered.trim(), "y" | "Y" | "yes" | "Yes") {
            return Ok(());
        }
        Err(Failure::new(Exit::Other, "no call was placed")
            .then(format!("Place it: {} --yes", hint::command(&format!("call {phone} --agent {agent}")))))
    }
}
