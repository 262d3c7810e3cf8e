//! `callgate keys`: make, see, replace and end API keys. A key goes to stdout once, alone, and is never shown again.

use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::body::Body;
use super::calls::now;
use super::client::{Answer, Client};
use super::out::{Out, clean};
use super::{Global, table};
use crate::failure::{Exit, Failure};
use crate::{duration, hint};

/// Keys on one page of the API.
const PAGE: u32 = 200;
/// More pages than this are not read.
const MOST_PAGES: usize = 50;

/// Make, see, replace and end API keys
#[derive(Debug, Subcommand)]
#[command(
    before_help = "Examples:\n  callgate keys create --client shop --expires 90d\n  callgate keys list\n  callgate keys rotate 019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d --grace 1h\n"
)]
pub enum Keys {
    /// Make a key and print it, once
    #[command(before_help = "Example:\n  export CALLGATE_KEY=$(callgate keys create --client shop)\n")]
    Create(Create),
    /// Every key: whose it is and what it may do, never the key itself
    #[command(before_help = "Example:\n  callgate keys list\n")]
    List,
    /// Replace a key by a new one, printed once; the old one works a while longer
    #[command(before_help = "Example:\n  callgate keys rotate 019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d --grace 1h\n")]
    Rotate {
        /// Its id, from keys list
        id: String,
        /// So long the old key still works, 7d at most
        #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = duration::parse)]
        grace: Duration,
    },
    /// End a key, within five seconds everywhere
    #[command(before_help = "Example:\n  callgate keys revoke 019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d\n")]
    Revoke {
        /// Its id, from keys list
        id: String,
    },
}

/// A key as it is wished for.
#[derive(Debug, Args)]
pub struct Create {
    /// Whose calls it makes and sees
    #[arg(long, value_name = "NAME", default_value = "default")]
    client: String,
    /// What it may do; repeat it for several [default: calls:write calls:read agents:read]
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// It stops working after this: 90d, or a time like 2026-12-31T00:00:00Z
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    expires: Option<Timestamp>,
}

impl Keys {
    /// Asks, and prints the answer.
    pub async fn run(self, global: &Global, out: &Out) -> Result<Exit, Failure> {
        let client = Client::new(global, out)?;
        match self {
            Self::Create(wish) => create(&client, wish, out).await,
            Self::List => list(&client, out).await,
            Self::Rotate { id, grace } => rotate(&client, &id, grace, out).await,
            Self::Revoke { id } => revoke(&client, &id, out).await,
        }
    }
}

async fn create(client: &Client, wish: Create, out: &Out) -> Result<Exit, Failure> {
    let mut body = Map::from_iter([("client".to_owned(), json!(wish.client))]);
    if !wish.scope.is_empty() {
        body.insert("scopes".to_owned(), json!(wish.scope));
    }
    if let Some(at) = wish.expires {
        body.insert("expires_at".to_owned(), json!(at));
    }
    let body = Value::Object(body);
    let answer = client.make("/v1/admin/keys", &body, "Waiting for the key").await?;
    show_once(&answer, out)?;
    let scopes = scopes(&answer.body);
    out.note(&format!(
        "Key {} of client {}: {scopes}. It is shown this once.",
        told(&answer.body, "id"),
        told(&answer.body, "client")
    ));
    if let Some(at) = answer.body.text("expires_at") {
        out.note(&format!("It works until {}.", clean(at, false)));
    }
    Ok(Exit::Done)
}

async fn rotate(client: &Client, id: &str, grace: Duration, out: &Out) -> Result<Exit, Failure> {
    let path = format!("/v1/admin/keys/{}/rotate", named(id)?);
    let answer = client.make(&path, &json!({ "grace_s": grace.as_secs() }), "Waiting for the key").await?;
    show_once(&answer, out)?;
    let old = answer.body.get("replaces").cloned().unwrap_or_default();
    out.note(&format!(
        "Key {} takes the place of {}, which works until {}. It is shown this once.",
        told(&answer.body, "id"),
        told(&old, "id"),
        told(&old, "expires_at")
    ));
    Ok(Exit::Done)
}

async fn revoke(client: &Client, id: &str, out: &Out) -> Result<Exit, Failure> {
    let answer = client.post(&format!("/v1/admin/keys/{}/revoke", named(id)?)).await?;
    if out.json {
        out.answer(answer.text.trim_end());
        return Ok(Exit::Done);
    }
    out.answer("revoked");
    out.note(&format!("No process takes it five seconds after {}.", told(&answer.body, "revoked_at")));
    Ok(Exit::Done)
}

async fn list(client: &Client, out: &Out) -> Result<Exit, Failure> {
    let mut answer = client.get(&format!("/v1/admin/keys?limit={PAGE}")).await?;
    if out.json && answer.body.text("next_cursor").is_none() {
        out.answer(answer.text.trim_end());
        return Ok(Exit::Done);
    }
    let mut keys = answer.body.items("data").to_vec();
    for _ in 1..MOST_PAGES {
        let Some(cursor) = answer.body.text("next_cursor") else { break };
        answer = client.get(&format!("/v1/admin/keys?limit={PAGE}&cursor={}", escaped(cursor))).await?;
        keys.extend_from_slice(answer.body.items("data"));
    }
    if out.json {
        out.answer(&json!({ "data": keys, "next_cursor": answer.body.get("next_cursor") }).to_string());
        return Ok(Exit::Done);
    }
    let rows: Vec<_> = keys.iter().map(row).collect();
    table::print(out, &["KEY", "CLIENT", "STATE", "SCOPES", "ID"], &rows, &[]);
    out.note(&format!("\nMake another: {}", hint::command("keys create --client NAME")));
    Ok(Exit::Done)
}

fn row(key: &Value) -> Vec<String> {
    let prefix = match key.text("prefix") {
        Some(prefix) => format!("{}...", clean(prefix, false)),
        None => "(first key)".to_owned(),
    };
    vec![prefix, told(key, "client"), state(key, now()), scopes(key), told(key, "id")]
}

/// Whether it works, and how long.
fn state(key: &Value, now: Timestamp) -> String {
    let day = |at: &str| clean(at.get(..10).unwrap_or(at), false);
    match (key.text("revoked_at"), key.text("expires_at")) {
        (Some(at), _) => format!("revoked {}", day(at)),
        (None, Some(at)) if at.parse::<Timestamp>().is_ok_and(|at| at <= now) => format!("expired {}", day(at)),
        (None, Some(at)) if key.text("replaced_by").is_some() => format!("replaced, until {}", day(at)),
        (None, Some(at)) => format!("until {}", day(at)),
        (None, None) => "works".to_owned(),
    }
}

/// The key alone, or the whole answer where JSON is wanted.
fn show_once(answer: &Answer, out: &Out) -> Result<(), Failure> {
    if out.json {
        out.answer(answer.text.trim_end());
        return Ok(());
    }
    let key = answer.body.text("key").ok_or_else(|| {
        Failure::new(Exit::Other, "the answer holds no key").then("Check that --url names a gateway, and not something else")
    })?;
    out.answer(&clean(key, false));
    Ok(())
}

fn scopes(key: &Value) -> String {
    let words = key.items("scopes").iter().filter_map(Value::as_str).map(|scope| clean(scope, false));
    words.collect::<Vec<_>>().join(" ")
}

fn told(of: &Value, field: &str) -> String {
    clean(of.text(field).unwrap_or("-"), false)
}

fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// An id as a part of a path. Whoever passes the key itself is told before it goes anywhere.
fn named(id: &str) -> Result<&str, Failure> {
    let fits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if fits {
        return Ok(id);
    }
    let way = hint::command("keys list");
    Err(Failure::new(Exit::Missing, "that is not the id of a key").then(format!("Keys are named by their ids: {way}")))
}

/// `90d` from now, or a moment.
fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let from_now = duration::parse(text).map_err(|_neither| "write it like 90d, 24h or 2026-12-31T00:00:00Z".to_owned())?;
    now().checked_add(from_now).map_err(|_too_late| "that is too far away".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keys_state_is_told_in_a_word_and_a_day() {
        let now: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        for (key, expected) in [
            (json!({}), "works"),
            (json!({"expires_at": "2026-07-01T09:30:00Z", "revoked_at": null}), "until 2026-07-01"),
            (json!({"expires_at": "2026-07-01T09:30:00Z", "replaced_by": "019"}), "replaced, until 2026-07-01"),
            (json!({"expires_at": "2026-06-01T00:00:00Z"}), "expired 2026-06-01"),
            (json!({"expires_at": "2026-07-01T09:30:00Z", "revoked_at": "2026-05-01T00:00:00Z"}), "revoked 2026-05-01"),
        ] {
            assert_eq!(state(&key, now), expected, "{key}");
        }
    }

    #[test]
    fn a_key_in_the_place_of_its_id_goes_nowhere() {
        assert!(named("019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d").is_ok());
        for wrong in ["", "cg_AbCdEfGh", "../calls", "019ab0c2?x"] {
            assert_eq!(named(wrong).unwrap_err().exit, Exit::Missing, "{wrong}");
        }
    }
}
