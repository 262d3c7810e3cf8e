//! `[connections.<id>]`: what all kinds have in common, and the settings that each kind lists in the registry.

use std::collections::BTreeMap;
use std::time::Duration;

use callgate_adapters::providers::{BaseUrl, KINDS, Kind};
use callgate_domain::model::nearest::nearest;
use callgate_domain::model::{ConnectionId, ProviderId};
use serde_json::Value as Json;
use url::Url;

use super::ConnectionConfig;
use super::general::TALK;

use super::section::Section;
use super::tree::{Node, Origin, Value};

/// The connection that always exists, and its kind.
pub const SIMULATOR: &str = "simulator";
const SECOND: Duration = Duration::from_secs(1);
const DEFAULT_MAX_LIVE: u32 = 10;
const DEFAULT_MAX_PER_SECOND: u32 = 5;

/// One connection, and what the other sections need to know of it.
pub struct Read<'a> {
    /// Its name.
    pub id: ConnectionId,
    /// Its kind.
    pub kind: &'static Kind,
    /// Where it is written.
    pub origin: &'a Origin,
    /// What it is set to.
    pub config: ConnectionConfig,
}

/// What is written under `[connections]`.
pub struct All<'a> {
    /// Those that can be read; the faults of the others are noted.
    pub read: Vec<Read<'a>>,
    /// The names of all.
    pub names: Vec<&'a str>,
}

/// Reads every connection.
pub fn read<'a>(all: &Section<'a>) -> All<'a> {
    let mut names = Vec::new();
    let read = all.sections().filter_map(|(name, section)| {
        names.push(name);
        one(name, section)
    });
    All { read: read.collect(), names }
}

fn one<'a>(name: &str, section: Section<'a>) -> Option<Read<'a>> {
    let id = match ConnectionId::new(name) {
        Ok(id) => id,
        Err(error) => {
            section.fault(section.origin, format!("{}: {error}", section.path), None);
            return None;
        }
    };
    let kind = kind(&id, &section)?;
    let base_url = base_url(kind, &section);
    let config = ConnectionConfig {
        kind: ProviderId::new(kind.name).ok()?,
        base_url,
        max_live: limit(&section, "max_live", DEFAULT_MAX_LIVE),
        max_per_second: limit(&section, "max_per_second", DEFAULT_MAX_PER_SECOND),
        request_timeout: section.duration("request_timeout", SECOND..=Duration::from_mins(10)),
        poll_interval: section.duration("poll_interval", SECOND..=Duration::from_hours(24)),
        max_duration: section.duration("max_duration", TALK),
        values: BTreeMap::new(),
        secrets: BTreeMap::new(),
    };
    let origin = section.origin;
    let config = with_own_settings(config, kind, section);
    Some(Read { id, kind, origin, config })
}

fn kind(id: &ConnectionId, section: &Section<'_>) -> Option<&'static Kind> {
    let names = || KINDS.iter().map(|kind| kind.name);
    let written = section.text("kind");
    let origin = section.node("kind").map_or(section.origin, |node| &node.origin);
    let all = names().collect::<Vec<_>>().join(", ");
    let Some(word) = written else {
        if section.node("kind").is_none() {
            let then = format!("Add it: kind = \"http\". This release has: {all}");
            section.fault(origin, format!("{} is missing", section.full("kind")), Some(then));
        }
        return None;
    };
    let Some(kind) = KINDS.iter().find(|kind| kind.name == word) else {
        let meant = nearest(&word, names()).map(|meant| format!("Did you mean \"{meant}\"? ")).unwrap_or_default();
        let what = format!("{} = {word:?} is no kind of connection that this release has", section.full("kind"));
        section.fault(origin, what, Some(format!("{meant}It has: {all}")));
        return None;
    };
    if id.as_str() == SIMULATOR && kind.name != SIMULATOR {
        let then = format!("Give this one another name, such as [connections.my-{}]", kind.name);
        section.fault(origin, "connections.simulator always is the simulator, which never dials", Some(then));
        return None;
    }
    Some(kind)
}

fn base_url(kind: &Kind, section: &Section<'_>) -> Option<String> {
    if kind.base_url == BaseUrl::None {
        // Not asked for, so that writing one is an unknown setting.
        return None;
    }
    if kind.base_url == BaseUrl::Needed && section.node("base_url").is_none() {
        let then = "Add where its requests go: base_url = \"https://…\"";
        section.fault(section.origin, format!("{} is missing", section.full("base_url")), Some(then.to_owned()));
    }
    section.read("base_url", |node| {
        let Value::Text(text) = &node.value else {
            return Err(format!("must be a URL in quotes, not {}", node.value.sort()));
        };
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(text.clone()),
            Ok(_) => Err(format!("= {text:?} must begin with https:// or http://")),
            Err(error) => Err(format!("= {text:?} is no URL ({error}); write https://host or https://host/path")),
        }
    })
}

fn limit<'a>(section: &Section<'a>, name: &'a str, default: u32) -> Option<u32> {
    if section.node(name).is_none() {
        section.note(name, default, &Origin::Default);
        return Some(default);
    }
    section.limit(name)
}

fn with_own_settings<'a>(mut config: ConnectionConfig, kind: &'static Kind, section: Section<'a>) -> ConnectionConfig {
    for setting in kind.settings {
        match section.node(setting.name) {
            None if setting.needed => {
                let variable = super::secrets::variable_for(&section.path, setting.name);
                let example = if setting.secret { format!("{{ env = \"{variable}\" }}") } else { "\"…\"".to_owned() };
                let then = format!("Add it: {} = {example}", setting.name);
                let what = format!("{} is missing; kind \"{}\" needs it", section.full(setting.name), kind.name);
                section.fault(section.origin, what, Some(then));
            }
            None if !setting.secret => section.note(setting.name, "-", &Origin::Default),
            None => {}
            Some(_) if setting.secret => {
                if let Some(secrets) = section.secrets(setting.name) {
                    config.secrets.insert(setting.name.to_owned(), secrets);
                }
            }
            Some(_) => {
                if let Some(value) = section.read(setting.name, plain) {
                    config.values.insert(setting.name.to_owned(), value);
                }
            }
        }
    }
    section.finish();
    config
}

/// A plain value; what a variable says counts as the number or truth that it looks like.
fn plain(node: &Node) -> Result<Json, String> {
    let looks_like = |text: &str| match text.parse::<Json>() {
        Ok(value @ (Json::Number(_) | Json::Bool(_))) => value,
        _ => Json::from(text),
    };
    match &node.value {
        Value::Text(text) if node.origin.is_untyped() => Ok(looks_like(text)),
        Value::Text(text) => Ok(Json::from(text.as_str())),
        Value::Whole(number) => Ok(Json::from(*number)),
        Value::Real(number) => Ok(Json::from(*number)),
        Value::Truth(truth) => Ok(Json::from(*truth)),
        Value::List(_) | Value::Table(_) => Err(format!("must be one value, not {}", node.value.sort())),
    }
}
