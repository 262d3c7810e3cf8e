//! The bodies that ask for keys, read field by field, so that every fault is named at once.

use std::time::Duration;

use callgate_domain::model::ClientId;
use callgate_domain::model::nearest::nearest;
use callgate_domain::ports::Scope;
use callgate_domain::usecases::Keys;
use callgate_domain::usecases::keys::CreateKey;
use jiff::Timestamp;

use crate::http::error::{Code, Problem};
use crate::http::faults::{Faults, Wrong, shown, unknown};
use crate::http::json::{Json, escaped, object};
use crate::http::moment;

/// Whose a key is where nobody says.
const CLIENT: &str = "default";

/// `{client?, scopes?, expires_at?}`.
pub fn create(body: &[u8]) -> Result<CreateKey, Problem> {
    let mut faults = Faults::default();
    let (mut client, mut scopes, mut expires_at) = (None, None, None);
    read(body, &["client", "scopes", "expires_at"], &mut faults, |field, value, faults| match field {
        "client" => client = faults.keep("/client", a_client(value)),
        "scopes" => scopes = a_list_of_scopes(value, faults),
        _ => expires_at = faults.keep("/expires_at", a_moment(value)),
    })?;
    let client = match client {
        Some(client) => Some(client),
        None => ClientId::new(CLIENT).ok(),
    };
    match client {
        Some(client) if faults.is_empty() => {
            Ok(CreateKey { client, scopes: scopes.unwrap_or_else(|| Keys::USUAL.to_vec()), expires_at })
        }
        _ => Err(faults.into_problem()),
    }
}

/// `{grace_s?}`.
pub fn grace(body: &[u8]) -> Result<Option<Duration>, Problem> {
    let mut faults = Faults::default();
    let mut grace = None;
    read(body, &["grace_s"], &mut faults, |_, value, faults| grace = faults.keep("/grace_s", a_grace(&value)))?;
    if faults.is_empty() { Ok(grace) } else { Err(faults.into_problem()) }
}

/// Hands each known field that is not null to `take`; null is the same as left out.
fn read<'a>(
    body: &'a [u8],
    fields: &[&'static str],
    faults: &mut Faults,
    mut take: impl FnMut(&'static str, Json<'a>, &mut Faults),
) -> Result<(), Problem> {
    let mut seen = Vec::new();
    for (place, (name, value)) in object(body)?.into_iter().enumerate() {
        faults.enter(place);
        let pointer = format!("/{}", escaped(&name));
        let Some(field) = fields.iter().find(|field| **field == name) else {
            faults.add(pointer, Wrong::new(Code::UnknownField, unknown(&name, fields.iter().copied())));
            continue;
        };
        if seen.contains(field) {
            faults.add(pointer, Wrong::new(Code::DuplicateField, "stands there twice"));
            continue;
        }
        seen.push(*field);
        if !matches!(value, Json::Null) {
            take(field, value, faults);
        }
    }
    Ok(())
}

fn a_client(value: Json<'_>) -> Result<ClientId, Wrong> {
    let name = value.text()?;
    let wanted = "must be 1 to 64 of a-z, 0-9, '_' and '-', starting with a letter or digit";
    ClientId::new(name).map_err(|_invalid| Wrong::new(Code::Invalid, wanted))
}

fn a_list_of_scopes(value: Json<'_>, faults: &mut Faults) -> Option<Vec<Scope>> {
    let Json::List(values) = value else {
        faults.add("/scopes", Wrong::r#type("a list of scopes"));
        return None;
    };
    if values.is_empty() {
        faults.add("/scopes", Wrong::new(Code::Invalid, "must name at least one scope; leave it out for the usual ones"));
    }
    let scopes = values.into_iter().enumerate();
    Some(scopes.filter_map(|(nth, value)| faults.keep(&format!("/scopes/{nth}"), a_scope(value))).collect())
}

fn a_scope(value: Json<'_>) -> Result<Scope, Wrong> {
    let word = value.text()?;
    word.parse().map_err(|_unknown| {
        let known: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        let meant = match nearest(&word, known.iter().copied()) {
            Some(meant) => format!("Did you mean '{meant}'?"),
            None => format!("There are: {}.", known.join(", ")),
        };
        Wrong::new(Code::Invalid, "is no scope").saying(format!("There is no scope '{}'. {meant}", shown(&word)))
    })
}

fn a_moment(value: Json<'_>) -> Result<Timestamp, Wrong> {
    let wanted = || Wrong::new(Code::Invalid, "must be a time like 2026-01-31T09:30:00Z (RFC 3339)");
    moment::parse(&value.text()?).ok_or_else(wanted)
}

fn a_grace(value: &Json<'_>) -> Result<Duration, Wrong> {
    let longest = Keys::LONGEST_GRACE.as_secs();
    let wanted = format!("a whole number of seconds from 0 to {longest}");
    match value.whole(&wanted)? {
        seconds if seconds <= longest && !is_negative(value) => Ok(Duration::from_secs(seconds)),
        _ => Err(Wrong::new(Code::OutOfRange, format!("must be {wanted}"))),
    }
}

fn is_negative(value: &Json<'_>) -> bool {
    matches!(value, Json::Number(number) if number.as_f64().is_some_and(|value| value < 0.0))
}
