//! `callgate listen`: follows all calls, and sends each that is over to a local address, as a real notice would come.

mod follow;
mod notice;
mod receiver;

use clap::Args;
use serde_json::json;
use url::Url;

use self::follow::Following;
use self::notice::{Notice, Notices};
use self::receiver::{Received, Receiver};
use super::Global;
use super::body::Body;
use super::client::{Answer, Client};
use super::out::{Out, clean};
use crate::failure::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  callgate listen --forward-to http://localhost:3000/callgate
  callgate listen --print";

/// Send every call that ends to a local address, signed like a real notice
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub struct Listen {
    /// Where notices are posted; the secret they are signed with is shown at the start
    #[arg(long, value_name = "URL", value_parser = address, required_unless_present = "print")]
    forward_to: Option<Url>,
    /// Show their bodies
    #[arg(long)]
    print: bool,
}

impl Listen {
    /// Listens until it is stopped, or refused.
    pub async fn run(self, global: &Global, out: &Out) -> Result<Exit, Failure> {
        let client = Client::new(global, out)?;
        let receiver = self.forward_to.map(Receiver::new).transpose()?;
        let mut following = Following::begin(&client, out).await?;
        match &receiver {
            Some(receiver) => {
                out.note(&format!("Signing secret  {}", receiver.secret()));
                out.note(&format!("Calls of {} that end go to {}. Ctrl-C stops.", client.page(""), receiver.url()));
            }
            None => out.note(&format!("Calls of {} that end are shown. Ctrl-C stops.", client.page(""))),
        }
        let mut notices = Notices::from(super::calls::now());
        loop {
            let call = following.next().await?;
            let Some(notice) = notices.of(&call, super::calls::now()) else { continue };
            let received = match &receiver {
                Some(receiver) => Some(receiver.receive(&notice).await),
                None => None,
            };
            let shown =
                if out.json { as_json(&notice, received.as_ref(), self.print) } else { as_line(&notice, received.as_ref(), out) };
            out.answer(&shown);
            if self.print && !out.json {
                out.answer(&body(&notice));
            }
        }
    }
}

/// An address as people write it: `localhost:3000/hook` too.
fn address(text: &str) -> Result<Url, String> {
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let parsed = Url::parse(&whole).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    parsed.ok_or_else(|| "write an address like http://localhost:3000/callgate".to_owned())
}

/// `✓ completed  call.completed  019ab0c2-…  +1 202 ••• 0142  204 No Content`.
fn as_line(notice: &Notice, received: Option<&Received>, out: &Out) -> String {
    let call = &notice.call.body;
    let text = |field: &str| clean(call.text(field).unwrap_or("-"), false);
    let status = text("status");
    let fill = " ".repeat(9_usize.saturating_sub(status.chars().count()));
    let status = status.parse().map_or_else(|_| status.clone(), |status| out.status(status));
    let phone = call.text("phone").map_or_else(|| "-".to_owned(), |phone| out.masked(phone));
    let end = received.map(|received| format!("  {}", received.words())).unwrap_or_default();
    format!("{status}{fill}  {}  {}  {phone}{end}", notice.kind, text("call_id"))
}

fn as_json(notice: &Notice, received: Option<&Received>, with_body: bool) -> String {
    let mut line = json!({ "type": notice.kind.as_str(), "webhook_id": notice.id, "call_id": notice.call.body.text("call_id") });
    if let Some(fields) = line.as_object_mut() {
        if let Some(received) = received {
            fields.insert("status".to_owned(), received.status().into());
            fields.insert("error".to_owned(), received.error().into());
        }
        if with_body {
            fields.insert("body".to_owned(), Answer::of(notice.body.clone()).body);
        }
    }
    line.to_string()
}

/// The body, for a person to read.
fn body(notice: &Notice) -> String {
    let body = Answer::of(notice.body.clone()).body;
    clean(&serde_json::to_string_pretty(&body).unwrap_or_default(), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_as_people_write_it() {
        for (written, url) in [
            ("http://localhost:3000/hook", "http://localhost:3000/hook"),
            ("localhost:3000/hook", "http://localhost:3000/hook"),
            ("127.0.0.1:3000", "http://127.0.0.1:3000/"),
            ("https://dev.example.com", "https://dev.example.com/"),
        ] {
            assert_eq!(address(written).unwrap().as_str(), url);
        }
        for wrong in ["", "ftp://h/x", "http://", "http://h:x"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
