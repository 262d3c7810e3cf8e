//! `callgate connections`: accounts with providers.

use clap::Subcommand;
use serde_json::Value;

use super::body::Body;
use super::client::Client;
use super::out::{Out, clean};
use super::{Global, table};
use crate::failure::{Exit, Failure};
use crate::hint;

/// See and check the accounts with providers
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  callgate connections list\n  callgate connections check vapi\n  callgate connections rotate-url vapi\n"
)]
pub enum Connections {
    /// Their health, breaker, open calls, last errors and webhook URL
    #[command(before_help = "Example:\n  callgate connections list\n")]
    List,
    /// Ask the provider whether key and agents are good; rings nobody
    #[command(before_help = "Examples:\n  callgate connections check\n  callgate connections check vapi\n")]
    Check {
        /// Which; all without it
        id: Option<String>,
    },
    /// A new webhook URL; the old one works for 24 hours more
    #[command(before_help = "Example:\n  callgate connections rotate-url vapi\n")]
    RotateUrl {
        /// Which
        id: String,
    },
}

impl Connections {
    /// Asks, and prints the answer.
    pub async fn run(self, global: &Global, out: &Out) -> Result<Exit, Failure> {
        let client = Client::new(global, out)?;
        match self {
            Self::List => list(&client, out).await,
            Self::Check { id: Some(id) } => check(&client, &id, out).await,
            Self::Check { id: None } => {
                let answer = client.post("/v1/admin/agents/check").await?;
                if out.json {
                    out.answer(answer.text.trim_end());
                }
                Ok(print_routes(answer.body.items("data"), out))
            }
            Self::RotateUrl { id } => rotate(&client, &id, out).await,
        }
    }
}

async fn list(client: &Client, out: &Out) -> Result<Exit, Failure> {
    let answer = client.get("/v1/admin/connections").await?;
    if out.json {
        out.answer(answer.text.trim_end());
        return Ok(Exit::Done);
    }
    let connections = answer.body.items("data");
    let rows: Vec<Vec<String>> = connections.iter().map(row).collect();
    table::print(out, &["CONNECTION", "KIND", "HEALTH", "BREAKER", "OPEN", "LAST ERROR"], &rows, &[]);
    for (id, url) in connections.iter().filter_map(|held| Some((held.text("id")?, held.text("webhook_url")?))) {
        out.note(&format!("\nWebhooks of {}:\n  {}", clean(id, false), clean(url, false)));
    }
    if connections.iter().all(|held| held.text("webhook_url").is_none()) {
        out.note("\nWithout server.public_url no provider can reach this gateway: results come by asking.");
    }
    Ok(Exit::Done)
}

fn row(held: &Value) -> Vec<String> {
    let text = |field: &str| clean(held.text(field).unwrap_or_default(), false);
    let live = held.get("live").and_then(Value::as_u64).unwrap_or_default();
    let most = held.get("max_live").and_then(Value::as_u64).map_or_else(|| "no limit".to_owned(), |most| most.to_string());
    let last = held.items("recent_errors").first().map_or_else(
        || "-".to_owned(),
        |error| {
            let at = clean(error.text("at").unwrap_or_default(), false);
            format!("{} {at}", clean(error.text("reason").unwrap_or_default(), false))
        },
    );
    vec![text("id"), text("kind"), text("health"), text("breaker"), format!("{live} of {most}"), last]
}

async fn check(client: &Client, id: &str, out: &Out) -> Result<Exit, Failure> {
    let answer = client.post(&format!("/v1/admin/connections/{}/check", named(id)?)).await?;
    if out.json {
        out.answer(answer.text.trim_end());
    }
    let routes = answer.body.items("agents");
    if routes.is_empty() {
        out.note(&format!("No agent is reached over '{id}', so there is nothing to ask about."));
    }
    Ok(print_routes(routes, out))
}

/// One line a route; fails where one is not ready.
pub fn print_routes(routes: &[Value], out: &Out) -> Exit {
    let ready = |route: &Value| route.get("ready").and_then(Value::as_bool).unwrap_or_default();
    if !out.json {
        let row = |route: &Value| {
            let text = |field: &str| clean(route.text(field).unwrap_or_default(), false);
            let took = route.number("took_ms").map_or_else(|| "-".to_owned(), |took| format!("{took} ms"));
            let state = if ready(route) { "ready" } else { "failed" };
            vec![text("agent"), text("connection"), state.to_owned(), took, text("detail")]
        };
        let rows: Vec<Vec<String>> = routes.iter().map(row).collect();
        table::print(out, &["AGENT", "CONNECTION", "STATE", "TOOK", "DETAIL"], &rows, &[3]);
    }
    if routes.iter().all(ready) { Exit::Done } else { Exit::Configuration }
}

async fn rotate(client: &Client, id: &str, out: &Out) -> Result<Exit, Failure> {
    let answer = client.post(&format!("/v1/admin/connections/{}/rotate-url", named(id)?)).await?;
    if out.json {
        out.answer(answer.text.trim_end());
        return Ok(Exit::Done);
    }
    let text = |field: &str| clean(answer.body.text(field).unwrap_or_default(), false);
    out.answer(&text("webhook_url"));
    out.note(&format!("The old one works until {}. Put the new one in at the provider.", text("previous_works_until")));
    out.note(&format!("Other processes on this database learn it by: {}", hint::command("config reload")));
    Ok(Exit::Done)
}

/// An id as part of a path.
fn named(id: &str) -> Result<&str, Failure> {
    let fits = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if fits {
        return Ok(id);
    }
    Err(Failure::new(Exit::Usage, format!("'{}' is no connection's id", clean(id, false)))
        .then(format!("See them with: {}", hint::command("connections list"))))
}
