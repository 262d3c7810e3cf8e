//! What a client wishes an endpoint to be: the bodies of adding and changing one, every fault of them named.

use callgate_domain::model::endpoint::{LONGEST_DESCRIPTION, LONGEST_URL};
use callgate_domain::model::{EndpointUrl, NoticeType};
use callgate_domain::ports::UrlFault;

use crate::http::choices::each_once;
use crate::http::error::{Code, Problem};
use crate::http::faults::{Faults, Wrong, unknown};
use crate::http::json::{self, Json, escaped};

/// The events there are to choose from, in words.
pub const EVENTS: &str = "call.completed or call.updated";

/// What was written; the outer `None` is left out.
#[derive(Debug, Default)]
pub struct Wish {
    /// Where.
    pub url: Option<EndpointUrl>,
    /// What.
    pub events: Option<Vec<NoticeType>>,
    /// `null` takes it away.
    pub description: Option<Option<String>>,
    /// Whether nothing is to be sent.
    pub disabled: Option<bool>,
}

/// The wish in a body that may have these fields; those of `required` have to be there.
///
/// # Errors
/// 400 or 422 with every fault.
pub fn read(body: &[u8], fields: &'static [&'static str], required: &[&str]) -> Result<Wish, Problem> {
    let mut faults = Faults::default();
    let mut wish = Wish::default();
    let mut seen = Vec::new();
    for (nth, (name, value)) in json::object(body)?.into_iter().enumerate() {
        faults.enter(nth);
        let pointer = format!("/{}", escaped(&name));
        let Some(field) = fields.iter().copied().find(|field| *field == name) else {
            faults.add(pointer, Wrong::new(Code::UnknownField, unknown(&name, fields.iter().copied())));
            continue;
        };
        if seen.contains(&field) {
            faults.add(pointer, Wrong::new(Code::DuplicateField, "stands there twice"));
            continue;
        }
        seen.push(field);
        match field {
            "url" => wish.url = faults.keep("/url", url(value)),
            "events" if matches!(value, Json::Null) => {}
            "events" => wish.events = events(value, &mut faults),
            "description" => wish.description = faults.keep("/description", description(value)),
            _ => wish.disabled = faults.keep("/disabled", truth(&value)),
        }
    }
    faults.enter(usize::MAX);
    for needed in required.iter().filter(|needed| !seen.contains(needed)) {
        faults.add(format!("/{needed}"), Wrong::new(Code::Required, "is missing"));
    }
    if faults.is_empty() { Ok(wish) } else { Err(faults.into_problem()) }
}

fn url(value: Json<'_>) -> Result<EndpointUrl, Wrong> {
    let text = value.text()?;
    let fault = match text.len() {
        0 => UrlFault::Scheme,
        length if length > LONGEST_URL => UrlFault::TooLong,
        _ => UrlFault::Character,
    };
    EndpointUrl::new(text).ok_or_else(|| Wrong::new(Code::InvalidUrl, fault.to_string()))
}

fn events(value: Json<'_>, faults: &mut Faults) -> Option<Vec<NoticeType>> {
    let empty = format!("must name {EVENTS}, or both; left out it is both");
    each_once(value, "/events", EVENTS, empty, faults, event)
}

fn event(word: Json<'_>) -> Result<NoticeType, Wrong> {
    let word = word.text()?;
    let event = NoticeType::CHOICES.iter().copied().find(|event| event.as_str() == word);
    event.ok_or_else(|| Wrong::new(Code::Invalid, format!("must be {EVENTS}")))
}

fn description(value: Json<'_>) -> Result<Option<String>, Wrong> {
    if matches!(value, Json::Null) {
        return Ok(None);
    }
    let text = value.text()?;
    if text.chars().count() > LONGEST_DESCRIPTION {
        return Err(Wrong::new(Code::TooLong, format!("must not be longer than {LONGEST_DESCRIPTION} characters")));
    }
    Ok(Some(text.into_owned()))
}

fn truth(value: &Json<'_>) -> Result<bool, Wrong> {
    match value {
        Json::Bool(truth) => Ok(*truth),
        _ => Err(Wrong::r#type("true or false")),
    }
}
