//! Endpoints: added, listed, changed, removed.

use serde_json::{Value, json};

use super::{ENDPOINT, known, named};
use crate::cli::body::Body;
use crate::cli::client::Client;
use crate::cli::out::{Colour, Out, clean};
use crate::cli::table;
use crate::failure::{Exit, Failure};
use crate::hint;

const PATH: &str = "/v1/webhook-endpoints";
/// Pages of endpoints that are read at most.
const PAGES: u32 = 50;

/// Adds one and prints its secret.
pub async fn add(
    client: &Client,
    to: &str,
    events: &[String],
    description: Option<String>,
    flags: &str,
    out: &Out,
) -> Result<Exit, Failure> {
    let mut body = json!({"url": to});
    if let Value::Object(fields) = &mut body {
        if !events.is_empty() {
            fields.insert("events".to_owned(), json!(events));
        }
        if let Some(description) = description {
            fields.insert("description".to_owned(), json!(description));
        }
    }
    let answer = client.make(PATH, &body, "Adding the endpoint").await?;
    if out.json {
        out.answer(answer.text.trim_end());
    } else {
        show(&answer.body, out);
        let id = answer.body.text("id").unwrap_or_default();
        out.note(&format!(
            "Keep the secret: it is not shown again. Try it: {}",
            hint::command(&format!("webhooks test {id}{flags}"))
        ));
    }
    Ok(Exit::Done)
}

/// Lists all.
pub async fn list(client: &Client, flags: &str, out: &Out) -> Result<Exit, Failure> {
    if out.json {
        out.answer(client.get(&format!("{PATH}?limit=200")).await?.text.trim_end());
        return Ok(Exit::Done);
    }
    let endpoints = all(client).await?;
    if endpoints.is_empty() {
        let add = hint::command(&format!("webhooks add https://example.com/hooks/calls{flags}"));
        out.note(&format!("No webhook endpoints yet. Add one: {add}"));
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = endpoints.iter().map(|endpoint| row(endpoint, out)).collect();
    table::print(out, &["STATE", "EVENTS", "ENDPOINT", "URL"], &rows, &[]);
    Ok(Exit::Done)
}

/// All endpoints there are.
pub async fn all(client: &Client) -> Result<Vec<Value>, Failure> {
    let mut endpoints = Vec::new();
    let mut cursor = String::new();
    for _ in 0..PAGES {
        let page = client.get(&format!("{PATH}?limit=200{cursor}")).await?;
        endpoints.extend_from_slice(page.body.items("data"));
        let Some(next) = page.body.text("next_cursor") else { break };
        cursor = format!("&cursor={next}");
    }
    Ok(endpoints)
}

/// Gives one a new secret and prints it.
pub async fn rotate(client: &Client, endpoint: &str, out: &Out) -> Result<Exit, Failure> {
    let id = known(endpoint, ENDPOINT)?;
    let answer = client.make(&format!("{PATH}/{id}/rotate-secret"), &json!({}), "Making a new secret").await;
    let answer = answer.map_err(|failure| named(failure, &id, ENDPOINT))?;
    if out.json {
        out.answer(answer.text.trim_end());
        return Ok(Exit::Done);
    }
    show(&answer.body, out);
    let until = answer.body.text("previous_secret_until").map(|until| format!(" until {}", clean(until, false)));
    out.note(&format!("Keep the secret: it is not shown again. The one before signs as well{}.", until.unwrap_or_default()));
    Ok(Exit::Done)
}

/// Has one sent to, or not.
pub async fn switch(client: &Client, endpoint: &str, disabled: bool, out: &Out) -> Result<Exit, Failure> {
    let id = known(endpoint, ENDPOINT)?;
    let answer = client.change(&format!("{PATH}/{id}"), &json!({"disabled": disabled})).await;
    let answer = answer.map_err(|failure| named(failure, &id, ENDPOINT))?;
    match (out.json, disabled) {
        (true, _) => out.answer(answer.text.trim_end()),
        (false, true) => out.answer("disabled"),
        (false, false) => out.answer("enabled"),
    }
    Ok(Exit::Done)
}

/// Removes one.
pub async fn remove(client: &Client, endpoint: &str, out: &Out) -> Result<Exit, Failure> {
    let id = known(endpoint, ENDPOINT)?;
    client.remove(&format!("{PATH}/{id}")).await.map_err(|failure| named(failure, &id, ENDPOINT))?;
    if !out.json {
        out.answer("removed");
    }
    Ok(Exit::Done)
}

/// An endpoint for people, with its secret where there is one.
fn show(endpoint: &Value, out: &Out) {
    let text = |field: &str| endpoint.text(field).map(|text| clean(text, false));
    let lines = [
        ("endpoint", text("id")),
        ("url", text("url")),
        ("events", Some(events(endpoint))),
        ("description", text("description")),
        ("secret", text("secret")),
    ];
    let lines: Vec<String> = lines.into_iter().filter_map(|(name, value)| Some(format!("{name:<13}{}", value?))).collect();
    out.answer(&lines.join("\n"));
}

fn row(endpoint: &Value, out: &Out) -> Vec<String> {
    let text = |field: &str| clean(endpoint.text(field).unwrap_or_default(), false);
    let (word, colour) = match (endpoint.text("disabled_at"), endpoint.text("failing_since")) {
        (Some(_), _) => ("disabled", Colour::Red),
        (None, Some(_)) => ("failing", Colour::Orange),
        (None, None) => ("enabled", Colour::Green),
    };
    vec![out.coloured(word, colour), events(endpoint), text("id"), text("url")]
}

fn events(endpoint: &Value) -> String {
    let words: Vec<_> = endpoint.items("events").iter().filter_map(Value::as_str).map(|word| clean(word, false)).collect();
    words.join(",")
}
