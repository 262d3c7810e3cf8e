//! `callgate pause` and `callgate resume`.

use clap::Args;
use serde_json::{Value, json};

use super::Global;
use super::body::Body;
use super::client::Client;
use super::out::{Out, clean};
use crate::failure::{Exit, Failure};
use crate::hint;

/// Stop dialing at once, in every process; queued calls wait
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  callgate pause\n  callgate pause --agent akylai\n  callgate pause --connection retell\n")]
pub struct Pause {
    #[command(flatten)]
    what: What,
}

/// Let paused calls be dialed again
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  callgate resume\n  callgate resume --agent akylai\n")]
pub struct Resume {
    #[command(flatten)]
    what: What,
}

#[derive(Debug, Args)]
struct What {
    /// Only calls with this agent
    #[arg(long, value_name = "KEY", conflicts_with = "connection")]
    agent: Option<String>,
    /// Only calls that would go over this connection
    #[arg(long, value_name = "ID")]
    connection: Option<String>,
}

impl Pause {
    /// Asks, and prints what is paused now.
    pub async fn run(self, global: &Global, out: &Out) -> Result<Exit, Failure> {
        let client = Client::new(global, out)?;
        let answer = client.tell("/v1/admin/pause", &self.what.body()).await?;
        if out.json {
            out.answer(answer.text.trim_end());
            return Ok(Exit::Done);
        }
        out.answer(&paused(answer.body.items("data")));
        let way = hint::command(&format!("resume{}{}", self.what.flags(), client.flag(global)));
        out.note(&format!("Calls that were claimed before go on; new ones wait. To go on: {way}"));
        Ok(Exit::Done)
    }
}

impl Resume {
    /// Asks, and prints what is still paused.
    pub async fn run(self, global: &Global, out: &Out) -> Result<Exit, Failure> {
        let client = Client::new(global, out)?;
        let answer = client.tell("/v1/admin/resume", &self.what.body()).await?;
        if out.json {
            out.answer(answer.text.trim_end());
            return Ok(Exit::Done);
        }
        let holds = answer.body.items("data");
        out.answer(&if holds.is_empty() { "nothing is paused".to_owned() } else { format!("still {}", paused(holds)) });
        if let Some(hold) = holds.first() {
            let flags = What::of(hold).flags();
            out.note(&format!("To let that go on too: {}", hint::command(&format!("resume{flags}{}", client.flag(global)))));
        }
        Ok(Exit::Done)
    }
}

impl What {
    fn of(hold: &Value) -> Self {
        let text = |field: &str| hold.text(field).map(|text| clean(text, false));
        Self { agent: text("agent"), connection: text("connection") }
    }

    fn body(&self) -> Value {
        match (&self.agent, &self.connection) {
            (Some(key), _) => json!({ "agent": key }),
            (None, Some(id)) => json!({ "connection": id }),
            (None, None) => json!({}),
        }
    }

    fn flags(&self) -> String {
        match (&self.agent, &self.connection) {
            (Some(key), _) => format!(" --agent {}", hint::quoted(key)),
            (None, Some(id)) => format!(" --connection {}", hint::quoted(id)),
            (None, None) => String::new(),
        }
    }
}

/// `paused: everything (restored from a backup of …), agent akylai`.
fn paused(holds: &[Value]) -> String {
    let named = holds.iter().map(|hold| {
        let what = match What::of(hold) {
            What { agent: Some(key), .. } => format!("agent {key}"),
            What { connection: Some(id), .. } => format!("connection {id}"),
            What { .. } => "everything".to_owned(),
        };
        match hold.text("reason") {
            Some(reason) => format!("{what} ({})", clean(reason, false)),
            None => what,
        }
    });
    format!("paused: {}", named.collect::<Vec<_>>().join(", "))
}
