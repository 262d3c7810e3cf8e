//! A report while it is read: each field on its own, so that one that is wrong does not hide the others.

use callgate_domain::model::call::conversation::{Turn, role_of};
use callgate_domain::model::{AttemptId, ConnectionId, EndedReason, Evidence, ProviderCallId, Source};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::fields::{Faults, Fields, Wrong, escaped, has_nul, text, whole};
use super::status::{Event, Status, Words};
use super::{Fault, Report, Unreadable};
use callgate_domain::model::nearest::nearest;

const MAX_WORD: usize = 64;
pub const MAX_SUMMARY: usize = 256 * 1024;
pub const MAX_EXTRACTED: usize = 256 * 1024;
pub const MAX_URL: usize = 4 * 1024;
/// The result webhook's body is bounded to this, so no text in it can be longer; a look-up's is cut by the model.
const MAX_TEXT: usize = 16 * 1024 * 1024;
pub const MAX_TURNS: usize = 10_000;
/// What both databases keep as an integer.
const MAX_DURATION: u32 = i32::MAX.unsigned_abs();

const EVENT_FIELD: &str = "event_type";
const REQUIRED: [&str; 2] = ["provider_call_id", "status"];
const FIELDS: [&str; 12] = [
    "provider_call_id",
    "status",
    "transcript",
    "duration",
    "ended_reason",
    "turns",
    "summary",
    "extracted",
    "opt_out",
    "recording_url",
    "connection",
    "attempt_id",
];
const TURN_FIELDS: [&str; 5] = ["role", "text", "start_ms", "end_ms", "index"];

/// What was read so far.
#[derive(Debug, Default)]
pub struct Draft {
    /// A webhook without an event we know says nothing, whatever else is in it.
    needs_event: bool,
    event: Option<Event>,
    /// Theirs, also where nothing else could be read.
    pub provider_call: Option<ProviderCallId>,
    status: Option<Status>,
    /// The status as it was written, where it is none we know.
    pub unknown_status: Option<String>,
    transcript: Option<String>,
    duration_s: Option<u32>,
    ended_reason: Option<EndedReason>,
    turns: Vec<Turn>,
    summary: Option<String>,
    extracted: Map<String, Value>,
    opt_out: bool,
    recording: Option<String>,
    connection: Option<ConnectionId>,
    attempt: Option<AttemptId>,
}

impl Draft {
    /// Reads a body: what could be read, and all that is wrong, in the order of the body, missing fields last.
    pub fn read(body: &[u8], words: Words) -> Result<(Self, Vec<Fault>), Unreadable> {
        let json = std::str::from_utf8(body).map_err(|_not_text| Unreadable::Malformed("is not UTF-8".to_owned()))?;
        // Syntax is a matter of the whole body: checked first, so that a fault of content is never taken for one of it.
        serde_json::from_str::<&RawValue>(json)
            .map_err(|error| Unreadable::Malformed(format!("is not JSON at line {}, column {}", error.line(), error.column())))?;
        let mut faults = Faults::default();
        let Some(fields) = Fields::of(json) else {
            faults.add("", ("wrong_type", "must be an object, its names valid text".to_owned()));
            return Err(Unreadable::Wrong(faults.0));
        };
        let mut draft = Self { needs_event: words != Words::LookUp, ..Self::default() };
        let mut given: Vec<String> = Vec::new();
        fields.each("", &mut faults, |name, at, value, faults| {
            if words != Words::LookUp && name == EVENT_FIELD {
                draft.event = faults.keep(at, event(value, words));
            } else if FIELDS.contains(&name) {
                draft.take(name, at, value, words, faults);
            } else {
                let known = FIELDS.into_iter().chain((words != Words::LookUp).then_some(EVENT_FIELD));
                faults.add(at, unknown_field(name, known));
                return;
            }
            given.push(name.to_owned());
        });
        let is_sign_of_life = draft.event.is_some_and(|event| event.seen().is_some());
        let required = (words != Words::LookUp).then_some(EVENT_FIELD).into_iter().chain(REQUIRED);
        for name in required.filter(|name| !(is_sign_of_life && *name == "status")) {
            if !given.iter().any(|given| given == name) {
                faults.add(format!("/{name}"), ("required", "is missing".to_owned()));
            }
        }
        Ok((draft, faults.0))
    }

    fn take(&mut self, name: &str, at: &str, value: Value, words: Words, faults: &mut Faults) {
        match name {
            "provider_call_id" => self.provider_call = faults.keep(at, provider_call(value)),
            "status" => {
                let known = value.as_str().and_then(|word| words.status(word));
                self.unknown_status = value.as_str().filter(|_| known.is_none()).map(str::to_owned);
                self.status = faults.keep(at, status(&value, known, words));
            }
            "transcript" => self.transcript = faults.keep(at, text(value, MAX_TEXT)),
            "duration" => self.duration_s = faults.keep(at, whole(&value, MAX_DURATION, "seconds")),
            "ended_reason" => {
                let word = faults.keep(at, text(value, MAX_WORD));
                self.ended_reason = word.map(|word| EndedReason::from_theirs(&word));
            }
            "turns" => self.turns = turns(at, &value, faults),
            "summary" => self.summary = faults.keep(at, text(value, MAX_SUMMARY)),
            "extracted" => self.extracted = faults.keep(at, extracted(value)).unwrap_or_default(),
            "opt_out" => self.opt_out = faults.keep(at, yes_or_no(&value)).unwrap_or_default(),
            "recording_url" => self.recording = faults.keep(at, address(value)),
            "connection" => self.connection = faults.keep(at, name_of(value)),
            _ => self.attempt = faults.keep(at, attempt(value)),
        }
    }

    /// The report, where it says whom it is about and what happened.
    pub fn report(self, source: Source) -> Option<Report> {
        if self.needs_event && self.event.is_none() {
            return None;
        }
        let mut evidence = Evidence::new(source);
        evidence.provider_call.clone_from(&self.provider_call);
        match (self.event.and_then(Event::seen), self.status) {
            (Some(seen), _) => evidence.seen = Some(seen),
            (None, Some(status)) => {
                evidence.seen = Some(status.seen());
                evidence.transcript = self.transcript;
                evidence.turns = self.turns;
                evidence.extracted = self.extracted;
                evidence.opt_out = self.opt_out;
                if status.is_end() {
                    let has_words = evidence.transcript.as_ref().is_some_and(|text| !text.is_empty());
                    evidence.words_final = has_words || !evidence.turns.is_empty();
                    evidence.duration_s = self.duration_s;
                    evidence.summary = self.summary;
                    evidence.recording = self.recording;
                    let told = (status == Status::Voicemail).then_some(EndedReason::Voicemail);
                    evidence.ended_reason = told.or(self.ended_reason);
                }
            }
            (None, None) => return None,
        }
        let provider_call = self.provider_call?;
        Some(Report { provider_call, attempt: self.attempt, connection: self.connection, evidence })
    }
}

/// Whether a fault is one of a field that we know.
pub fn knows(fault: &Fault) -> bool {
    let field = fault.pointer.split('/').nth(1).unwrap_or_default();
    fault.code != "unknown_field" && (field == EVENT_FIELD || FIELDS.contains(&field))
}

fn event(value: Value, words: Words) -> Result<Option<Event>, Wrong> {
    let name = text(value, MAX_WORD)?.ok_or_else(|| ("wrong_type", "must be a string".to_owned()))?;
    words.event(&name).map(Some).ok_or_else(|| ("invalid", format!("must be one of: {}", words.event_names())))
}

fn status(value: &Value, known: Option<Status>, words: Words) -> Result<Option<Status>, Wrong> {
    match (value, known) {
        (_, Some(status)) => Ok(Some(status)),
        (Value::String(_), None) => Err(("invalid", format!("must be one of: {}", words.status_names()))),
        _ => Err(("wrong_type", "must be a string".to_owned())),
    }
}

fn provider_call(value: Value) -> Result<Option<ProviderCallId>, Wrong> {
    let id = text(value, 256)?.ok_or_else(|| ("wrong_type", "must be a string".to_owned()))?;
    if id.is_empty() {
        return Err(("invalid", "must not be empty".to_owned()));
    }
    ProviderCallId::new(id).map(Some).ok_or_else(|| ("invalid", "has a control character".to_owned()))
}

fn attempt(value: Value) -> Result<Option<AttemptId>, Wrong> {
    let Some(id) = text(value, MAX_WORD)? else { return Ok(None) };
    id.parse().map(Some).map_err(|_not_one| ("invalid", "must be a UUID".to_owned()))
}

fn name_of(value: Value) -> Result<Option<ConnectionId>, Wrong> {
    let Some(name) = text(value, MAX_WORD)? else { return Ok(None) };
    ConnectionId::new(name).map(Some).map_err(|_not_one| ("invalid", "is not a connection's name".to_owned()))
}

fn address(value: Value) -> Result<Option<String>, Wrong> {
    let Some(url) = text(value, MAX_URL)? else { return Ok(None) };
    let is_web = url::Url::parse(&url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if is_web { Ok(Some(url)) } else { Err(("invalid", "must be an http or https URL".to_owned())) }
}

fn yes_or_no(value: &Value) -> Result<Option<bool>, Wrong> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(it) => Ok(Some(*it)),
        _ => Err(("wrong_type", "must be true or false".to_owned())),
    }
}

fn extracted(value: Value) -> Result<Option<Map<String, Value>>, Wrong> {
    if has_nul(&value) {
        return Err(("nul", "has a NUL character".to_owned()));
    }
    match value {
        Value::Null => Ok(None),
        Value::Object(_) if value.to_string().len() > MAX_EXTRACTED => {
            Err(("too_long", format!("is longer than {MAX_EXTRACTED} bytes")))
        }
        Value::Object(fields) => Ok(Some(fields)),
        _ => Err(("wrong_type", "must be an object".to_owned())),
    }
}

fn unknown_field<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Wrong {
    let meant = nearest(name, known).map(|meant| format!("; did you mean '{meant}'?")).unwrap_or_default();
    ("unknown_field", format!("is not a known field{meant}"))
}

/// The turns that can be read; a fault for each that cannot.
fn turns(at: &str, value: &Value, faults: &mut Faults) -> Vec<Turn> {
    let items = match value {
        Value::Null => return Vec::new(),
        Value::Array(items) => items,
        _ => {
            faults.add(at, ("wrong_type", "must be a list of turns".to_owned()));
            return Vec::new();
        }
    };
    if items.len() > MAX_TURNS {
        faults.add(at, ("too_long", format!("has more than {MAX_TURNS} turns")));
    }
    let read = items.iter().take(MAX_TURNS).enumerate();
    read.filter_map(|(index, item)| turn(&format!("{at}/{index}"), item, faults)).collect()
}

fn turn(at: &str, value: &Value, faults: &mut Faults) -> Option<Turn> {
    let Value::Object(fields) = value else {
        faults.add(at, ("wrong_type", "must be an object".to_owned()));
        return None;
    };
    for name in fields.keys().filter(|name| !TURN_FIELDS.contains(&name.as_str())) {
        faults.add(format!("{at}/{}", escaped(name)), unknown_field(name, TURN_FIELDS));
    }
    let mut needed = |name: &str, most| {
        let at = format!("{at}/{name}");
        match fields.get(name) {
            Some(Value::Null) => faults.keep(&at, Err(("wrong_type", "must be a string".to_owned()))),
            Some(value) => faults.keep(&at, text(value.clone(), most)),
            None => faults.keep(&at, Err(("required", "is missing".to_owned()))),
        }
    };
    let (role, text) = (needed("role", MAX_WORD), needed("text", MAX_TEXT));
    let role = role.and_then(|word| {
        let role = role_of(&word);
        faults.keep(&format!("{at}/role"), role.map(Some).ok_or_else(|| ("invalid", "must be agent or user".to_owned())))
    });
    let mut moment = |name: &str| {
        let value = fields.get(name).unwrap_or(&Value::Null);
        faults.keep(&format!("{at}/{name}"), whole(value, MAX_DURATION, "milliseconds")).map(u64::from)
    };
    let (start_ms, end_ms) = (moment("start_ms"), moment("end_ms"));
    Some(Turn { role: role?, text: text?, start_ms, end_ms })
}
