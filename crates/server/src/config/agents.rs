//! `[agents.<key>]`: what integrators call with, and which connections stand behind it.

use std::time::Duration;

use callgate_domain::model::call::transition::REQUESTS_PER_TRY;
use callgate_domain::model::nearest::nearest;
use callgate_domain::model::{Agent, AgentKey, ConnectionId, Phone, Route, Voicemail};
use serde_json::{Map, Value as Json};

use super::Calls;
use super::connections::{All, Read};
use super::general::TALK;
use super::section::Section;
use super::tree::{Node, Origin, Value};

/// The bounds of a call's own variables hold for an agent's too.
const MOST_VARIABLES: usize = 50;
const MOST_VARIABLE_BYTES: usize = 16 << 10;

/// All agents, in the order of their keys; the faults of those that cannot be read are noted.
pub fn read(all: &Section<'_>, connections: &All<'_>, calls: &Calls) -> Vec<Agent> {
    all.sections().filter_map(|(key, section)| one(key, section, connections, calls)).collect()
}

fn one(key: &str, section: Section<'_>, connections: &All<'_>, calls: &Calls) -> Option<Agent> {
    let key = match AgentKey::new(key) {
        Ok(key) => key,
        Err(error) => {
            section.fault(section.origin, format!("{}: {error}", section.path), None);
            return None;
        }
    };
    let name = section.text("name").unwrap_or_else(|| key.to_string());
    let description = section.text("description").unwrap_or_default();
    let languages = section.list("languages").unwrap_or_default();
    let public = section.truth("public").unwrap_or(true);
    let routes = routes(&key, &section, connections);
    let variables = section.read("variables", variables).unwrap_or_default();
    let voicemail =
        section.one_of("voicemail", [("hangup", Voicemail::Hangup), ("leave", Voicemail::Leave)]).unwrap_or(Voicemail::Hangup);
    section.not_yet("calling_hours", None);
    let reached: Vec<_> =
        routes.iter().filter_map(|route| connections.read.iter().find(|connection| connection.id == route.connection)).collect();
    let max_duration = max_duration(&section, &reached, calls);
    let test = reached.iter().all(|connection| connection.kind.is_test);
    if !test && reached.iter().any(|connection| connection.kind.is_test) {
        // A conversation that nobody had would look like one that somebody had.
        let then = "Keep those that dial, and give what is simulated an agent of its own";
        section.fault(
            section.origin,
            format!("{} mixes connections that dial with simulated ones", section.full("routes")),
            Some(then.to_owned()),
        );
    }
    if routes.len() > usize::from(REQUESTS_PER_TRY) {
        let what = format!("{} holds {}; no more than {REQUESTS_PER_TRY} are tried", section.full("routes"), routes.len());
        section.fault(section.origin, what, Some("Leave the others out".to_owned()));
    }
    section.finish();
    (!routes.is_empty()).then_some(Agent {
        key,
        name,
        description,
        languages,
        public,
        routes,
        variables,
        voicemail,
        max_duration,
        test,
    })
}

/// Its one connection, or its routes in order.
fn routes(key: &AgentKey, section: &Section<'_>, connections: &All<'_>) -> Vec<Route> {
    let from = section.read("from", |node| match &node.value {
        Value::Text(text) => Phone::parse(text).map_err(|error| format!("= {text:?} {error}; write it as \"+12025550199\"")),
        other => Err(format!("must be a phone number in quotes, not {}", other.sort())),
    });
    let route = |connection: ConnectionId, remote_id: Option<String>| Route {
        connection,
        remote_id: remote_id.unwrap_or_else(|| key.to_string()),
        from: from.clone(),
    };
    let known = |name: &str, origin: &Origin| known(name, origin, section, connections);
    match (section.node("connection"), section.node("routes")) {
        (Some(_), Some(both)) => {
            let then = "Leave one of them out: connection is the short way to write a single route";
            let what = format!("{} has both connection and routes", section.path);
            section.fault(&both.origin, what, Some(then.to_owned()));
            section.node("remote_id");
            Vec::new()
        }
        (None, None) => {
            let then = "Add it: connection = \"simulator\", or the name of one under [connections]";
            section.fault(section.origin, format!("{} is missing", section.full("connection")), Some(then.to_owned()));
            section.node("remote_id");
            Vec::new()
        }
        (Some(node), None) => {
            let remote_id = section.text("remote_id");
            let connection = section.text("connection").and_then(|name| known(&name, &node.origin));
            connection.map(|connection| route(connection, remote_id)).into_iter().collect()
        }
        (None, Some(node)) => {
            section.note("routes", &node.value, &node.origin);
            if let Some(beside) = section.node("remote_id") {
                let then = "Write it inside them: routes = [{ connection = \"…\", remote_id = \"…\" }]";
                section.fault(
                    &beside.origin,
                    format!("{} stands beside routes", section.full("remote_id")),
                    Some(then.to_owned()),
                );
            }
            let written = listed(node, section);
            written.into_iter().filter_map(|(name, remote_id, origin)| Some(route(known(&name, origin)?, remote_id))).collect()
        }
    }
}

/// The routes as written: connection, remote id, and where.
fn listed<'a>(node: &'a Node, section: &Section<'_>) -> Vec<(String, Option<String>, &'a Origin)> {
    const SHAPE: &str =
        "Write: routes = [{ connection = \"one\", remote_id = \"…\" }, { connection = \"other\", remote_id = \"…\" }]";
    let fault = |origin: &Origin, what: &str| {
        section.fault(origin, format!("{} {what}", section.full("routes")), Some(SHAPE.to_owned()));
    };
    let Value::List(items) = &node.value else {
        fault(&node.origin, "must be a list of routes");
        return Vec::new();
    };
    if items.is_empty() {
        fault(&node.origin, "must hold at least one route");
    }
    let routes = items.iter().filter_map(|item| {
        let Value::Table(route) = &item.value else {
            fault(&item.origin, "must hold routes");
            return None;
        };
        if let Some((name, _)) = route.iter().find(|(name, _)| !matches!(name.as_str(), "connection" | "remote_id")) {
            fault(&item.origin, &format!("holds {name}, which is no part of a route"));
        }
        let text = |name: &str| match route.get(name).map(|node| &node.value) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let Some(connection) = text("connection") else {
            fault(&item.origin, "holds a route without a connection");
            return None;
        };
        Some((connection, text("remote_id"), &item.origin))
    });
    routes.collect()
}

fn known(name: &str, origin: &Origin, section: &Section<'_>, connections: &All<'_>) -> Option<ConnectionId> {
    if connections.names.contains(&name) {
        // One that could not be read has a fault of its own.
        return connections.read.iter().find(|connection| connection.id.as_str() == name).map(|found| found.id.clone());
    }
    let then = match nearest(name, connections.names.iter().copied()) {
        Some(meant) => format!("Did you mean \"{meant}\"?"),
        None => format!("Define it as [connections.{name}], or use one of: {}", connections.names.join(", ")),
    };
    section.fault(origin, format!("{} names the connection {name:?}, and there is none", section.path), Some(then));
    None
}

/// Its own limit, which no connection of it and not the gateway's may be under; else the lowest of those.
fn max_duration(section: &Section<'_>, reached: &[&Read<'_>], calls: &Calls) -> Duration {
    let over = reached.iter().filter_map(|connection| {
        let limit = connection.config.max_duration?;
        Some((limit, format!("connections.{}.max_duration", connection.id)))
    });
    let (lowest, whose) =
        over.fold(
            (calls.max_duration, "calls.max_duration".to_owned()),
            |lowest, next| {
                if next.0 < lowest.0 { next } else { lowest }
            },
        );
    let Some(own) = section.duration("max_duration", TALK) else { return lowest };
    if own > lowest
        && let Some(node) = section.node("max_duration")
    {
        let limit = crate::duration::write(lowest);
        let what = format!("{} is more than {whose}, which is {limit}", section.full("max_duration"));
        section.fault(&node.origin, what, Some(format!("Write {limit} or less, or raise {whose}")));
    }
    own
}

fn variables(node: &Node) -> Result<Map<String, Json>, String> {
    let Value::Table(table) = &node.value else {
        return Err("must be a section of names and values".to_owned());
    };
    let mut variables = Map::new();
    for (name, node) in table {
        let value = match &node.value {
            Value::Text(text) => Json::from(text.as_str()),
            Value::Whole(number) => Json::from(*number),
            Value::Real(number) => Json::from(*number),
            Value::Truth(truth) => Json::from(*truth),
            Value::List(_) | Value::Table(_) => return Err(format!("holds {name}, which is no string, number, true or false")),
        };
        variables.insert(name.clone(), value);
    }
    if variables.len() > MOST_VARIABLES || Json::Object(variables.clone()).to_string().len() > MOST_VARIABLE_BYTES {
        return Err(format!("must be at most {MOST_VARIABLES} variables and {} KiB", MOST_VARIABLE_BYTES >> 10));
    }
    Ok(variables)
}
