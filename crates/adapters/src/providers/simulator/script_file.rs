//! Reads an operator's own scenarios from a TOML file, and names the line of a fault.

use std::ops::Range;
use std::time::Duration;

use callgate_domain::model::call::conversation::{Role, role_of};
use callgate_domain::model::{EndedReason, Seen};
use serde::Deserialize;
use toml::Spanned;

use super::script::{Delivery, Line, RINGS, Scenario, usual_talk};
use callgate_domain::model::nearest::nearest;

const MAX_FILE: u64 = 1024 * 1024;
const MAX_SCENARIOS: usize = 1_000;
const MAX_TURNS: usize = 1_000;
const MAX_RING_S: f64 = 600.0;
const MAX_TURN_S: f64 = 3_600.0;
const USUAL_TURN_S: f64 = 3.0;
const STATUSES: [(&str, Seen); 6] = [
    ("completed", Seen::Completed),
    ("voicemail", Seen::Completed),
    ("no_answer", Seen::NoAnswer),
    ("busy", Seen::Busy),
    ("canceled", Seen::Canceled),
    ("failed", Seen::Failed),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    scenario: Vec<Spanned<Written>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    ends: Spanned<String>,
    status: Option<Spanned<String>>,
    ended_reason: Option<Spanned<String>>,
    ring_s: Option<Spanned<f64>>,
    turns: Option<Vec<Spanned<WrittenTurn>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTurn {
    role: Spanned<String>,
    text: Spanned<String>,
    seconds: Option<Spanned<f64>>,
}

/// What is wrong, and where in the text.
type Fault = (Range<usize>, String);

/// The scenarios of a file.
///
/// # Errors
/// `<file>:<line>: <fault>`.
pub fn read(path: &str) -> Result<Vec<Scenario>, String> {
    let size = std::fs::metadata(path).map_err(|error| format!("{path} cannot be read: {error}"))?.len();
    if size > MAX_FILE {
        return Err(format!("{path} is longer than {MAX_FILE} bytes"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
    parse(&text).map_err(|(place, fault)| {
        let line = text.get(..place.start).unwrap_or(&text).matches('\n').count() + 1;
        format!("{path}:{line}: {fault}")
    })
}

fn parse(text: &str) -> Result<Vec<Scenario>, Fault> {
    let file: File = toml::from_str(text).map_err(|error| {
        let first_line = error.message().lines().next().unwrap_or_default().to_owned();
        (error.span().unwrap_or_default(), first_line)
    })?;
    let mut scenarios: Vec<Scenario> = Vec::new();
    for written in file.scenario {
        let place = written.span();
        let ends = written.get_ref().ends.span();
        let scenario = scenario(written.into_inner())?;
        if scenarios.iter().any(|other| other.ends == scenario.ends) {
            return Err((ends, format!("a scenario for numbers that end in {} is there already", scenario.ends)));
        }
        if scenarios.len() == MAX_SCENARIOS {
            return Err((place, format!("there are more than {MAX_SCENARIOS} scenarios")));
        }
        scenarios.push(scenario);
    }
    Ok(scenarios)
}

fn scenario(written: Written) -> Result<Scenario, Fault> {
    let (place, ends) = (written.ends.span(), written.ends.into_inner());
    if ends.is_empty() || ends.len() > 15 || !ends.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err((place, "ends must be 1 to 15 digits, as ends = \"0201\"".to_owned()));
    }
    let (status, seen) = match &written.status {
        Some(word) => status(word)?,
        None => ("completed", Seen::Completed),
    };
    let turns = match written.turns {
        Some(turns) if seen != Seen::Completed && !turns.is_empty() => {
            let place = turns.first().map(Spanned::span).unwrap_or_default();
            return Err((place, format!("nobody speaks in a call that ends {status}; remove turns")));
        }
        Some(turns) if turns.len() > MAX_TURNS => return Err((place, format!("has more than {MAX_TURNS} turns"))),
        Some(turns) => turns.into_iter().map(|turn| line(turn.into_inner())).collect::<Result<_, _>>()?,
        None if status == "completed" => usual_talk(),
        None => Vec::new(),
    };
    let usual_reason = (status == "voicemail").then_some(EndedReason::Voicemail);
    let ended_reason = written.ended_reason.as_ref().map(reason).transpose()?.or(usual_reason);
    let rings = written.ring_s.map_or(Ok(RINGS), |seconds| pause(&seconds, "ring_s", MAX_RING_S))?;
    Ok(Scenario { ends, status, seen, ended_reason, rings, turns, delivery: Delivery::AsItGoes })
}

fn status(word: &Spanned<String>) -> Result<(&'static str, Seen), Fault> {
    let known = STATUSES.iter().find(|(status, _)| status == word.get_ref());
    known.copied().ok_or_else(|| not_one_of("status", word, &STATUSES.map(|(status, _)| status)))
}

fn reason(word: &Spanned<String>) -> Result<EndedReason, Fault> {
    let known: Vec<&str> = EndedReason::ALL.iter().map(|reason| reason.as_str()).collect();
    word.get_ref().parse().map_err(|_unknown| not_one_of("ended_reason", word, &known))
}

fn line(turn: WrittenTurn) -> Result<Line, Fault> {
    let role = role_of(turn.role.get_ref())
        .ok_or_else(|| not_one_of("role", &turn.role, &Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>()))?;
    if turn.text.get_ref().contains('\0') {
        return Err((turn.text.span(), "text has a NUL character".to_owned()));
    }
    let usual = Duration::from_secs_f64(USUAL_TURN_S);
    let lasts = turn.seconds.map_or(Ok(usual), |seconds| pause(&seconds, "seconds", MAX_TURN_S))?;
    Ok(Line { role, text: turn.text.into_inner(), lasts })
}

fn pause(seconds: &Spanned<f64>, field: &str, most: f64) -> Result<Duration, Fault> {
    if (0.0..=most).contains(seconds.get_ref()) {
        Ok(Duration::from_secs_f64(*seconds.get_ref()))
    } else {
        Err((seconds.span(), format!("{field} must be 0 to {most} seconds")))
    }
}

fn not_one_of(field: &str, word: &Spanned<String>, known: &[&str]) -> Fault {
    let meant = nearest(word.get_ref(), known.iter().copied());
    let hint = meant.map_or_else(|| format!("take one of: {}", known.join(", ")), |meant| format!("did you mean '{meant}'?"));
    (word.span(), format!("{field} is '{}'; {hint}", word.get_ref()))
}

#[cfg(test)]
#[path = "script_tests.rs"]
mod tests;
