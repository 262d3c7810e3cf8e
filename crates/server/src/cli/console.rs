//! `callgate console`.

use clap::Args;
use serde_json::json;

use super::Global;
use super::body::Body;
use super::client::Client;
use super::out::Out;
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
            open(url)?;
        }
        Ok(Exit::Done)
    }
}

/// Hands an address to the browser, and waits for nobody.
pub fn open(url: &str) -> Result<(), Failure> {
    let opener = std::env::var("BROWSER").unwrap_or_else(|_| SYSTEM_OPENER.to_owned());
    let started = std::process::Command::new(&opener)
        .arg(url)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    started.map(drop).map_err(|error| {
        Failure::new(Exit::Other, format!("no browser was opened: {opener}: {error}")).then(format!("Open it yourself: {url}"))
    })
}

#[cfg(target_os = "macos")]
const SYSTEM_OPENER: &str = "open";
#[cfg(not(target_os = "macos"))]
const SYSTEM_OPENER: &str = "xdg-open";
