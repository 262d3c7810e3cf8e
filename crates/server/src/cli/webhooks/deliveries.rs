//! Deliveries: listed, sent again, and a sample of one.

use std::time::Duration;

use callgate_domain::model::moment::earlier;
use serde_json::Value;

use super::{DELIVERY, ENDPOINT, endpoints, known, named};
use crate::cli::body::Body;
use crate::cli::calls::{ago, now};
use crate::cli::client::Client;
use crate::cli::out::{Colour, Out, clean};
use crate::cli::table;
use crate::failure::{Exit, Failure};
use crate::hint;

const PATH: &str = "/v1/webhook-deliveries";
/// Pages of failed deliveries that one command sends again at most.
const PAGES: u32 = 100;
/// How often a sample is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Which deliveries are listed.
pub struct List {
    pub status: Option<String>,
    pub endpoint: Option<String>,
    pub call: Option<String>,
    pub limit: u32,
    pub cursor: Option<String>,
}

/// Lists deliveries.
pub async fn list(client: &Client, list: &List, flags: &str, out: &Out) -> Result<Exit, Failure> {
    let filters = [("status", &list.status), ("endpoint", &list.endpoint), ("call_id", &list.call)];
    let given: Vec<(&str, &str)> = filters.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(&given).append_pair("limit", &list.limit.to_string());
    query.extend_pairs(list.cursor.as_deref().map(|cursor| ("cursor", cursor)));
    let answer = client.get(&format!("{PATH}?{}", query.finish())).await?;
    if out.json {
        out.answer(answer.text.trim_end());
        return Ok(Exit::Done);
    }
    let deliveries = answer.body.items("data");
    if deliveries.is_empty() {
        out.note(&match (&list.cursor, given.is_empty()) {
            (Some(_), _) => "There are no more deliveries.".to_owned(),
            (None, false) => format!("No delivery matches. All of them: {}", hint::command(&format!("webhooks list{flags}"))),
            (None, true) => {
                format!("Nothing was sent yet. Send a sample: {}", hint::command(&format!("webhooks test{flags}")))
            }
        });
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = deliveries.iter().map(|delivery| row(delivery, out)).collect();
    table::print(out, &["RESULT", "TYPE", "TRIES", "LAST", "MADE", "DELIVERY", "CALL_ID"], &rows, &[2]);
    if let Some(cursor) = answer.body.text("next_cursor") {
        let again: String = given
            .iter()
            .map(|(name, value)| format!(" --{} {}", if *name == "call_id" { "call" } else { name }, hint::quoted(value)))
            .collect();
        let limit = list.limit;
        let more = hint::command(&format!("webhooks list{again} --limit {limit}{flags} --cursor {}", hint::quoted(cursor)));
        out.note(&format!("\nMore: {more}"));
    }
    Ok(Exit::Done)
}

/// Sends these again.
pub async fn resend(client: &Client, deliveries: &[String], out: &Out) -> Result<Exit, Failure> {
    let ids = deliveries.iter().map(|id| known(id, DELIVERY)).collect::<Result<Vec<_>, _>>()?;
    for id in ids {
        let answer = client.post(&format!("{PATH}/{id}/resend")).await.map_err(|failure| named(failure, &id, DELIVERY))?;
        out.answer(if out.json { answer.text.trim_end() } else { id.as_str() });
    }
    Ok(Exit::Done)
}

/// Sends everything again that failed; what goes to an endpoint that is disabled stays as it is.
pub async fn resend_failed(client: &Client, out: &Out) -> Result<Exit, Failure> {
    let (mut sent, mut left) = (0_u32, 0_u32);
    let mut cursor = String::new();
    for _ in 0..PAGES {
        let page = client.get(&format!("{PATH}?status=failed&limit=200{cursor}")).await?;
        for id in page.body.items("data").iter().filter_map(|delivery| delivery.text("id")) {
            match client.post(&format!("{PATH}/{id}/resend")).await {
                Ok(answer) => {
                    sent = sent.saturating_add(1);
                    out.answer(if out.json { answer.text.trim_end() } else { id });
                }
                Err(failure) if failure.is("endpoint_disabled") => left = left.saturating_add(1),
                Err(failure) => return Err(failure),
            }
        }
        let Some(next) = page.body.text("next_cursor") else { break };
        cursor = format!("&cursor={next}");
    }
    if sent == 0 {
        out.note("Nothing was sent again.");
    }
    if left > 0 {
        let endpoints = hint::command("webhooks endpoints");
        out.note(&format!("{left} go to endpoints that are disabled. Find and enable these first: {endpoints}"));
    }
    Ok(Exit::Done)
}

/// Sends a sample and waits for what becomes of it.
pub async fn test(
    client: &Client,
    endpoint: Option<String>,
    patience: Duration,
    flags: &str,
    out: &Out,
) -> Result<Exit, Failure> {
    let id = match endpoint {
        Some(endpoint) => known(&endpoint, ENDPOINT)?,
        None => only_one(client, flags).await?,
    };
    let sent = client.post(&format!("/v1/webhook-endpoints/{id}/test")).await;
    let sent = sent.map_err(|failure| named(failure, &id, ENDPOINT))?;
    let delivery = sent.body.text("id").unwrap_or_default();
    let tried = tokio::time::timeout(patience, tried(client, &id, delivery)).await;
    let tried = tried.unwrap_or_else(|_late| {
        let later = hint::command(&format!("webhooks list --endpoint {id}{flags}"));
        Err(Failure::new(Exit::TimeRanOut, "the sample is still on its way").then(format!("See later: {later}")))
    })?;
    let (body, text) = tried;
    if out.json {
        out.answer(&text);
    }
    if body.text("result") == Some("delivered") {
        if !out.json {
            out.answer(&format!("delivered: the receiver answered {}", last(&body)));
        }
        return Ok(Exit::Done);
    }
    let why = match body.number("last_status") {
        Some(status) => format!("the receiver answered {status}, and only 2xx counts"),
        None => last(&body),
    };
    let failure = Failure::new(Exit::Other, format!("the sample was not delivered: {why}")).id("delivery", delivery);
    Err(failure.then("It is tried again on its schedule. Check the receiver and its URL"))
}

/// Sends what an endpoint missed.
pub async fn recover(client: &Client, endpoint: &str, since: Duration, out: &Out) -> Result<Exit, Failure> {
    let id = known(endpoint, ENDPOINT)?;
    let since = earlier(now(), since);
    let answer = client.post(&format!("/v1/webhook-endpoints/{id}/recover?since={since}")).await;
    let answer = answer.map_err(|failure| named(failure, &id, ENDPOINT))?;
    if out.json {
        out.answer(answer.text.trim_end());
        return Ok(Exit::Done);
    }
    out.answer(&format!("{} on their way", answer.body.number("count").unwrap_or(0)));
    if answer.body.is_not("complete") {
        out.note("There is more: run this again.");
    }
    Ok(Exit::Done)
}

/// The endpoint, where there is one.
async fn only_one(client: &Client, flags: &str) -> Result<String, Failure> {
    let endpoints = endpoints::all(client).await?;
    let id = |endpoint: &Value| endpoint.text("id").map(str::to_owned);
    match endpoints.as_slice() {
        [one] => id(one).ok_or_else(|| Failure::new(Exit::Other, "the answer names no endpoint")),
        [] => Err(Failure::new(Exit::Missing, "there is no webhook endpoint")
            .then(format!("Add one: {}", hint::command(&format!("webhooks add https://example.com/hooks/calls{flags}"))))),
        several => {
            let named: Vec<_> = several.iter().filter_map(id).take(5).collect();
            Err(Failure::new(Exit::Usage, "there is more than one webhook endpoint")
                .then(format!("Name one: {}", hint::command(&format!("webhooks test {}{flags}", named.join(" | "))))))
        }
    }
}

/// The delivery once it was tried: its fields, and its JSON.
async fn tried(client: &Client, endpoint: &str, delivery: &str) -> Result<(Value, String), Failure> {
    loop {
        let page = client.get(&format!("{PATH}?endpoint={endpoint}&limit=50")).await?;
        let found = page.body.items("data").iter().find(|held| held.text("id") == Some(delivery));
        if let Some(found) = found.filter(|held| held.number("tries").is_some_and(|tries| tries > 0)) {
            return Ok((found.clone(), found.to_string()));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn row(delivery: &Value, out: &Out) -> Vec<String> {
    let text = |field: &str| clean(delivery.text(field).unwrap_or("-"), false);
    let colour = match delivery.text("result") {
        Some("delivered") => Colour::Green,
        Some("failed") => Colour::Red,
        _ => Colour::Orange,
    };
    let tries = delivery.number("tries").unwrap_or(0).to_string();
    let made = ago(delivery.text("created_at").unwrap_or_default());
    vec![out.coloured(&text("result"), colour), text("type"), tries, last(delivery), made, text("id"), text("call_id")]
}

/// What the last try came to.
fn last(delivery: &Value) -> String {
    let status = delivery.number("last_status").map(|status| status.to_string());
    status.or_else(|| delivery.text("last_fault").map(|fault| clean(fault, false))).unwrap_or_else(|| "-".to_owned())
}
