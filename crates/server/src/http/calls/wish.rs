//! The body of `POST /v1/calls`, read field by field in the order it was written, so that every fault is named at once.

mod retry;

use std::borrow::Cow;
use std::time::Duration;

use callgate_domain::model::call::Asked;
use callgate_domain::model::phone::InvalidPhone;
use callgate_domain::model::{ClientId, KeyId, Phone, RetryPlan};
use callgate_domain::usecases::Calls;
use callgate_domain::usecases::calls::{Objection, PlaceCall};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::http::error::{Code, Problem};
use crate::http::faults::{Faults, Wrong, shown, unknown};
use crate::http::json::{Json, escaped, object};
use crate::http::moment;

const FIELDS: [&str; 8] = ["phone", "agent", "reference", "variables", "metadata", "schedule", "retry", "max_duration"];
const SCHEDULE_FIELDS: [&str; 2] = ["not_before", "expires_at"];
const MOST_ENTRIES: usize = 50;
const MOST_BYTES: usize = 16 * 1024;
const LONGEST_REFERENCE: usize = 128;
const SHORTEST_CALL_S: u64 = 10;

/// What was read so far.
#[derive(Default)]
struct Draft {
    phone: Option<Phone>,
    agent: Option<String>,
    asked: Asked,
    max_duration: Option<Duration>,
    retry: Option<RetryPlan>,
    order: Order,
}

/// A body without a fault of its own.
pub struct Sound {
    phone: Phone,
    agent: String,
    asked: Asked,
    max_duration: Option<Duration>,
    retry: Option<RetryPlan>,
    order: Order,
}

/// A client's wish, and where in the body its parts stood.
pub struct Wish {
    /// For the use case.
    pub place: PlaceCall,
    /// For faults found later.
    pub order: Order,
}

/// The known fields in the order of the body.
#[derive(Debug, Default)]
pub struct Order(Vec<(usize, &'static str)>);

impl Order {
    fn of(&self, field: &str) -> usize {
        self.0.iter().find(|(_, held)| *held == field).map_or(usize::MAX, |(place, _)| *place)
    }
}

/// Reads a body.
///
/// # Errors
/// 400 when it is no JSON, 422 with everything that is wrong with it.
pub fn read(body: &[u8], calls: &Calls) -> Result<Sound, Problem> {
    let mut faults = Faults::default();
    let mut draft = Draft::default();
    for (place, (name, value)) in object(body)?.into_iter().enumerate() {
        faults.enter(place);
        draft.take(place, &name, value, &mut faults);
    }
    faults.enter(usize::MAX);
    for field in ["phone", "agent"] {
        if draft.order.of(field) == usize::MAX {
            faults.add(format!("/{field}"), Wrong::new(Code::Required, "is missing"));
        }
    }
    match (draft.phone, draft.agent) {
        (Some(phone), Some(agent)) if faults.is_empty() => {
            let Draft { asked, max_duration, retry, order, .. } = draft;
            Ok(Sound { phone, agent, asked, max_duration, retry, order })
        }
        (_, agent) => {
            let objections = calls.objections(agent.as_deref(), &draft.asked, draft.max_duration, draft.retry.as_ref());
            Err(with_objections(faults, objections, &draft.order))
        }
    }
}

/// The faults of a body, and what the gateway has against what it asks for.
pub fn with_objections(mut faults: Faults, objections: Vec<Objection>, order: &Order) -> Problem {
    for objection in objections {
        let (field, pointer, wrong) = match objection {
            Objection::UnknownAgent { agent, nearest } => {
                let meant = nearest.map(|key| format!(" Did you mean '{key}'?")).unwrap_or_default();
                let sentence = format!("There is no agent '{}'.{meant}", shown(&agent));
                ("agent", "/agent", Wrong::new(Code::UnknownAgent, "see GET /v1/agents").saying(sentence))
            }
            Objection::WindowPassed => (
                "schedule",
                "/schedule/expires_at",
                Wrong::new(Code::WindowPassed, "lies in the past, so the call could never ring"),
            ),
            Objection::TooLong { limit } => {
                let detail = format!("must not be more than {} seconds, the limit of this agent", limit.as_secs());
                ("max_duration", "/max_duration", Wrong::new(Code::OutOfRange, detail))
            }
            Objection::TooManyTries { limit } => {
                let most = limit.saturating_sub(1);
                let detail = format!("must not be more than {most}, since a number may be called {limit} times within 24 hours");
                ("retry", "/retry/max", Wrong::new(Code::OutOfRange, detail))
            }
        };
        faults.enter(order.of(field));
        faults.add(pointer, wrong);
    }
    faults.into_problem()
}

impl Sound {
    /// The wish of `client`.
    pub fn into_wish(self, client: ClientId, key: KeyId, idempotency_key: Option<String>) -> Wish {
        let Self { phone, agent, asked, max_duration, retry, order } = self;
        Wish { place: PlaceCall { client, key, phone, agent, asked, max_duration, retry, idempotency_key }, order }
    }
}

impl Draft {
    fn take(&mut self, place: usize, name: &str, value: Json<'_>, faults: &mut Faults) {
        let Some(field) = FIELDS.into_iter().find(|field| *field == name) else {
            faults.add(format!("/{}", escaped(name)), Wrong::new(Code::UnknownField, unknown(name, FIELDS)));
            return;
        };
        if self.order.of(field) != usize::MAX {
            faults.add(format!("/{field}"), Wrong::new(Code::DuplicateField, "stands there twice"));
            return;
        }
        self.order.0.push((place, field));
        // What may be left out may also be null, which is the same.
        let optional = !matches!(field, "phone" | "agent");
        if optional && matches!(value, Json::Null) {
            return;
        }
        match field {
            "phone" => self.phone = faults.keep("/phone", phone(value)),
            "agent" => self.agent = faults.keep("/agent", value.text().map(Cow::into_owned)),
            "reference" => self.asked.reference = faults.keep("/reference", reference(value)),
            "variables" => {
                self.asked.variables = entries("variables", value, faults, |value| {
                    value.scalar().unwrap_or_else(|| Err(Wrong::r#type("a string, a number or true or false")))
                })
            }
            "metadata" => {
                self.asked.metadata =
                    entries("metadata", value, faults, |value| value.text().map(|text| Value::String(text.into_owned())))
            }
            "schedule" => self.schedule(value, faults),
            "retry" => self.retry = retry::read(value, faults),
            _ => self.max_duration = faults.keep("/max_duration", max_duration(&value)),
        }
    }

    fn schedule(&mut self, value: Json<'_>, faults: &mut Faults) {
        let Json::Object(fields) = value else {
            faults.add("/schedule", Wrong::r#type("an object"));
            return;
        };
        let mut given: [Option<Timestamp>; 2] = [None; 2];
        let mut seen = [false; 2];
        for (name, value) in fields {
            let Some(nth) = SCHEDULE_FIELDS.iter().position(|field| *field == name) else {
                let pointer = format!("/schedule/{}", escaped(&name));
                faults.add(pointer, Wrong::new(Code::UnknownField, unknown(&name, SCHEDULE_FIELDS)));
                continue;
            };
            let pointer = format!("/schedule/{name}");
            let (Some(held), Some(seen)) = (given.get_mut(nth), seen.get_mut(nth)) else { continue };
            if std::mem::replace(seen, true) {
                faults.add(pointer, Wrong::new(Code::DuplicateField, "stands there twice"));
            } else if !matches!(value, Json::Null) {
                *held = faults.keep(&pointer, time(value));
            }
        }
        let [not_before, expires_at] = given;
        if let (Some(not_before), Some(expires_at)) = (not_before, expires_at)
            && expires_at <= not_before
        {
            faults.add("/schedule/expires_at", Wrong::new(Code::Invalid, "must be after not_before"));
            // Otherwise the same window would be faulted twice.
            return;
        }
        self.asked.not_before = not_before;
        self.asked.expires_at = expires_at;
    }
}

fn phone(value: Json<'_>) -> Result<Phone, Wrong> {
    let text = value.text()?;
    Phone::parse(&text).map_err(|fault| {
        let way_out = match fault {
            InvalidPhone::NoCountryCode => " Write + and the country code before it, as in +996700000000.",
            InvalidPhone::Empty | InvalidPhone::Characters => " Write it as + and digits, as in +996700000000.",
            _ => "",
        };
        let sentence = match fault {
            InvalidPhone::Empty => format!("The phone number is empty.{way_out}"),
            fault => format!("'{}' {fault}.{way_out}", shown(&text)),
        };
        Wrong::new(Code::InvalidPhone, fault.to_string()).saying(sentence)
    })
}

fn reference(value: Json<'_>) -> Result<String, Wrong> {
    let text = value.text()?;
    if text.chars().count() > LONGEST_REFERENCE {
        return Err(Wrong::new(Code::TooLong, format!("is longer than {LONGEST_REFERENCE} characters")));
    }
    Ok(text.into_owned())
}

fn max_duration(value: &Json<'_>) -> Result<Duration, Wrong> {
    match value.whole("a whole number of seconds")? {
        seconds if seconds < SHORTEST_CALL_S => {
            Err(Wrong::new(Code::OutOfRange, format!("must not be less than {SHORTEST_CALL_S} seconds")))
        }
        seconds => Ok(Duration::from_secs(seconds)),
    }
}

fn time(value: Json<'_>) -> Result<Timestamp, Wrong> {
    let text = value.text()?;
    moment::parse(&text).ok_or_else(|| Wrong::new(Code::Invalid, "must be a time like 2026-01-31T09:30:00Z (RFC 3339)"))
}

/// A bounded object of simple values.
fn entries(
    field: &str,
    value: Json<'_>,
    faults: &mut Faults,
    read: impl Fn(Json<'_>) -> Result<Value, Wrong>,
) -> Map<String, Value> {
    let mut entries = Map::new();
    let Json::Object(fields) = value else {
        faults.add(format!("/{field}"), Wrong::r#type("an object"));
        return entries;
    };
    let count = fields.len();
    let mut bytes = 2;
    for (name, value) in fields {
        let pointer = |name: &str| format!("/{field}/{}", escaped(name));
        if name.contains('\0') {
            faults.add(pointer(&shown(&name)), Wrong::new(Code::Nul, "has a NUL character in its name"));
            continue;
        }
        let value = match read(value) {
            Ok(value) => value,
            Err(wrong) => {
                faults.add(pointer(&name), wrong);
                continue;
            }
        };
        bytes += name.len() + value.as_str().map_or(8, str::len) + 6;
        if entries.contains_key(name.as_ref()) {
            faults.add(pointer(&name), Wrong::new(Code::DuplicateField, "stands there twice"));
        } else {
            entries.insert(name.into_owned(), value);
        }
    }
    if count > MOST_ENTRIES {
        faults.add(format!("/{field}"), Wrong::new(Code::TooLong, format!("has more than {MOST_ENTRIES} entries")));
    }
    if bytes > MOST_BYTES {
        faults.add(format!("/{field}"), Wrong::new(Code::TooLong, format!("is longer than {} KiB", MOST_BYTES / 1024)));
    }
    entries
}
