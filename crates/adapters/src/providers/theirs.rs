//! What providers send, made fit to keep: bounded, without NUL, which Postgres cannot hold, and in our types.

use std::collections::BTreeMap;

use callgate_domain::model::call::Turn;
use callgate_domain::model::call::conversation::{role_of, turns_of};
use callgate_domain::model::{AttemptId, ProviderCallId};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::report::{MAX_EXTRACTED, MAX_SUMMARY, MAX_TURNS, MAX_URL, has_nul};

/// The name under which our reference is sent to providers, and comes back from them.
pub const REFERENCE: &str = "attempt_id";

/// A provider's id of a call.
pub fn id(text: Option<&str>) -> Option<ProviderCallId> {
    text.filter(|text| !text.is_empty()).and_then(ProviderCallId::new)
}

/// Our reference, as it comes back.
pub fn reference(text: Option<&str>) -> Option<AttemptId> {
    text?.parse().ok()
}

/// Text without NUL; empty is none.
pub fn text(text: Option<&str>) -> Option<String> {
    let clean = text?.replace('\0', "");
    (!clean.trim().is_empty()).then_some(clean)
}

/// A summary, cut where it is longer than one is kept.
pub fn summary(told: Option<&str>) -> Option<String> {
    let clean = text(told)?;
    Some(clean.get(..clean.floor_char_boundary(MAX_SUMMARY)).unwrap_or_default().to_owned())
}

/// What the agent found out: an object that fits, or nothing.
pub fn extracted(told: Option<&Value>) -> Map<String, Value> {
    match told {
        Some(Value::Object(fields)) => {
            let kept: Map<String, Value> = fields
                .iter()
                .filter(|(name, value)| !value.is_null() && !name.contains('\0') && !has_nul(value))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            if Value::Object(kept.clone()).to_string().len() > MAX_EXTRACTED { Map::new() } else { kept }
        }
        _ => Map::new(),
    }
}

/// An address of audio on the web.
pub fn address(told: Option<&str>) -> Option<String> {
    let told = told.filter(|url| url.len() <= MAX_URL)?;
    url::Url::parse(told).is_ok_and(|url| matches!(url.scheme(), "http" | "https")).then(|| told.to_owned())
}

/// One turn, where its role is one of a conversation's and something is said.
pub fn turn(role: &str, said: Option<&str>, start_ms: Option<u64>, end_ms: Option<u64>) -> Option<Turn> {
    let text = text(said)?.trim().to_owned();
    let end_ms = end_ms.filter(|end| start_ms.is_none_or(|start| start <= *end));
    Some(Turn { role: role_of(role)?, text, start_ms, end_ms })
}

/// The turns of a transcript that comes as one text, whatever its lines call those who speak.
pub fn spoken(told: Option<&str>) -> Vec<Turn> {
    text(told).map(|told| turns_of(&told)).unwrap_or_default()
}

/// So many turns are kept.
pub fn turns(said: impl Iterator<Item = Option<Turn>>) -> Vec<Turn> {
    said.flatten().take(MAX_TURNS).collect()
}

/// A moment in RFC 3339, or the same without an offset, which is UTC then.
pub fn moment(text: Option<&str>) -> Option<Timestamp> {
    let text = text?.trim();
    text.parse().ok().or_else(|| format!("{text}Z").parse().ok())
}

/// Variables as text, for providers that take no other: numbers and truths as their JSON.
pub fn as_text(variables: &Map<String, Value>) -> BTreeMap<&str, String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    variables.iter().map(|(name, value)| (name.as_str(), text(value))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_postgres_cannot_hold_is_left_out() {
        assert_eq!(text(Some("a\0b")).as_deref(), Some("ab"));
        assert_eq!(text(Some(" \0")), None);
        assert_eq!(
            extracted(Some(&json!({"a": 1, "b": "x\0", "c": null, "d\0": 2}))),
            json!({"a": 1}).as_object().unwrap().clone()
        );
        assert_eq!(extracted(Some(&json!({"a": "x".repeat(MAX_EXTRACTED)}))), Map::new());
        assert_eq!(extracted(Some(&json!([1]))), Map::new());
    }

    #[test]
    fn a_summary_is_cut_at_a_character() {
        let long = "é".repeat(MAX_SUMMARY);
        assert!(summary(Some(&long)).is_some_and(|cut| cut.len() <= MAX_SUMMARY && cut.len() >= MAX_SUMMARY - 1));
    }

    #[test]
    fn moments_come_with_an_offset_or_are_utc() {
        let expected: Timestamp = "2026-01-01T10:00:00Z".parse().unwrap();
        for told in ["2026-01-01T10:00:00Z", "2026-01-01T12:00:00+02:00", "2026-01-01T10:00:00", "2026-01-01 10:00:00"] {
            assert_eq!(moment(Some(told)), Some(expected), "{told}");
        }
        for odd in ["", "yesterday", "10:00", "1767261600"] {
            assert_eq!(moment(Some(odd)), None, "{odd}");
        }
    }

    #[test]
    fn an_address_is_one_of_the_web() {
        assert_eq!(address(Some("https://a.example/1.wav")).as_deref(), Some("https://a.example/1.wav"));
        for odd in ["file:///etc/passwd", "1.wav", ""] {
            assert_eq!(address(Some(odd)), None, "{odd}");
        }
    }
}
