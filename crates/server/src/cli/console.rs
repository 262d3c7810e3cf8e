//! `callgate console`.

use clap::Args;
use serde_json::json;

use super::Global;
use super::body::Body;
use super::client::Client;
use super::out::Out;
use crate::browser;
use crate::failure::{Exit, Failure};

/// Print a link that signs in to the console once, within 10 minutes
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  callgate console\n  callgate console --open\n")]
pub struct Console {
    /// Open it in the browser: $BROWSER, or what this system opens links with
    #[arg(long)]
    open: bool,
}

impl Console {
    /// Asks, and prints the link.
    pub async fn run(self, global: &Global, out: &Out) -> Result<Exit, Failure> {
        let client = Client::new(global, out)?;
        let answer = client.tell("/v1/admin/console-links", &json!({})).await?;
        let url = answer.body.text("url").unwrap_or_default();
        if out.json {
            out.answer(answer.text.trim_end());
        } else {
            out.answer(url);
            out.note("Works once, for 10 minutes.");
        }
        if self.open {
            browser::open(url)?;
        }
        Ok(Exit::Done)
    }
}
