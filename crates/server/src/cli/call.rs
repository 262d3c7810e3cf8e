//! `callgate call`: places a call, prints its id, and follows it where that is wanted.

use std::time::Duration;

use callgate_domain::model::Phone;
use clap::Args;
use serde_json::{Value, json};

use super::body::Body;
use super::client::{Answer, Client, call_id};
use super::follow::exit_of;
use super::out::Out;
use super::watch::Watch;
use super::{Global, confirm, refusal};
use crate::failure::{Exit, Failure};
use crate::phone;
use crate::{duration, hint};

const EXAMPLES: &str = "\
Examples:
  callgate call +12025550101 --agent akylai --watch
  id=$(callgate call +12025550101 --agent akylai)";

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
    /// Stop following it after this long: 90s, 5m
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    timeout: Option<Duration>,
    /// Makes sending it again safe; a fresh one where you give none
    #[arg(long, value_name = "KEY", value_parser = idempotency_key)]
    idempotency_key: Option<String>,
    /// Do not ask before a real phone is dialed
    #[arg(long)]
    yes: bool,
}

impl Call {
    /// Places the call.
    pub async fn run(self, global: &Global, out: &Out) -> Result<Exit, Failure> {
        let client = Client::new(global, out)?;
        let flags = client.flag(global);
        let (agent, is_test) = self.agent(&client).await?;
        if !is_test && !self.yes {
            let phone = Phone::parse(&self.phone).map_or_else(|_| self.phone.clone(), |phone| phone::grouped(phone.e164()));
            confirm::real_call(&agent, &phone, &self.again(&agent, &flags, "--yes"), out).await?;
        }
        let placed = self.place(&client, &agent, &flags, out).await?;
        let id = call_id(&placed)?;
        let watch = Watch { client: &client, id: &id, is_new: true, patience: self.timeout, flags };
        match (self.watch, self.wait, out.json) {
            (true, _, true) => watch.show(out).await,
            (true, _, false) => {
                out.answer(&format!("{id}\n"));
                watch.show(out).await
            }
            (false, true, true) => {
                let call = watch.wait(out).await?;
                out.answer(call.text.trim_end());
                Ok(exit_of(&call))
            }
            (false, true, false) => {
                out.answer(&id);
                let call = watch.wait(out).await?;
                super::calls::show(&call.body, out);
                Ok(exit_of(&call))
            }
            (false, false, json) => {
                out.answer(if json { placed.text.trim_end() } else { &id });
                Ok(Exit::Done)
            }
        }
    }

    /// Whom to call with, and whether that is simulated. Where the key may not see the agents, nothing is taken for
    /// simulated.
    async fn agent(&self, client: &Client) -> Result<(String, bool), Failure> {
        let agents = match (client.get("/v1/agents").await, &self.agent) {
            (Ok(answer), _) => answer.body,
            (Err(failure), Some(agent)) if failure.is("insufficient_scope") => return Ok((agent.clone(), false)),
            (Err(failure), _) => return Err(failure),
        };
        let agents = agents.items("data");
        let keys: Vec<&str> = agents.iter().filter_map(|agent| agent.text("key")).collect();
        let wanted = match (self.agent.as_deref(), keys.as_slice()) {
            (Some(agent), _) => agent,
            (None, [only]) => only,
            (None, []) => {
                return Err(Failure::new(Exit::Missing, "there is no agent to call with").then("Add one to callgate.toml"));
            }
            (None, several) => {
                let then = format!("Say which: --agent {}", several.join(", or --agent "));
                return Err(Failure::new(Exit::Usage, "there is more than one agent").then(then));
            }
        };
        let known: Option<&Value> = agents.iter().find(|agent| agent.text("key") == Some(wanted));
        known.map(|agent| (wanted.to_owned(), agent.is("test"))).ok_or_else(|| refusal::no_agent(wanted, &keys))
    }

    async fn place(&self, client: &Client, agent: &str, flags: &str, out: &Out) -> Result<Answer, Failure> {
        let key = self.idempotency_key.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let body = json!({ "phone": self.phone, "agent": agent });
        let safely = || {
            let again = self.again(agent, flags, &format!("--idempotency-key {}", hint::quoted(&key)));
            format!("It may have been accepted. This asks for the same call and places no second one: {again}")
        };
        tokio::select! {
            biased;
            placed = client.create("/v1/calls", &body, &key) => placed.map_err(|failure| match failure.exit {
                Exit::Unreachable | Exit::TimeRanOut => failure.then(safely()),
                _ => failure,
            }),
            _ = tokio::signal::ctrl_c() => {
                out.note(&format!("\nStopped. {}", safely()));
                Err(Failure::interrupted())
            }
        }
    }

    /// The same command, with something more.
    fn again(&self, agent: &str, flags: &str, more: &str) -> String {
        let follows = if self.watch {
            " --watch"
        } else if self.wait {
            " --wait"
        } else {
            ""
        };
        hint::command(&format!("call {} --agent {agent}{follows}{flags} {more}", hint::quoted(&self.phone)))
    }
}

/// As the API takes one: 1 to 255 visible ASCII characters.
fn idempotency_key(text: &str) -> Result<String, String> {
    let fits = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(text.to_owned()) } else { Err("it needs 1 to 255 visible ASCII characters and no space".to_owned()) }
}
