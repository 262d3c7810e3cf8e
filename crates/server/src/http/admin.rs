//! `/v1/admin`: for operators, with a key that has the scope `admin`. Its answers name connections; none is public.

pub mod agents;
pub mod audit;
pub mod backup;
pub mod calls;
pub mod connections;
pub mod console_links;
pub mod erase;
pub mod inbox;
pub mod keys;
pub mod overview;
pub mod pause;
pub mod reload;

use super::error::{Code, Problem};
use super::faults::{Faults, Wrong, unknown};
use super::json::{Json, escaped, object};

/// The texts of a body that holds nothing else; null is the same as left out.
///
/// # Errors
/// 400 when it is no JSON, 422 with everything that is wrong with it.
fn texts<const N: usize>(body: &[u8], fields: [&'static str; N]) -> Result<[Option<String>; N], Problem> {
    let mut faults = Faults::default();
    let mut read = [const { None }; N];
    let mut seen = [false; N];
    for (place, (name, value)) in object(body)?.into_iter().enumerate() {
        faults.enter(place);
        let pointer = format!("/{}", escaped(&name));
        let nth = fields.iter().position(|field| *field == name);
        let Some((held, seen)) = nth.and_then(|nth| Some((read.get_mut(nth)?, seen.get_mut(nth)?))) else {
            faults.add(pointer, Wrong::new(Code::UnknownField, unknown(&name, fields)));
            continue;
        };
        if std::mem::replace(seen, true) {
            faults.add(pointer, Wrong::new(Code::DuplicateField, "stands there twice"));
        } else if !matches!(value, Json::Null) {
            *held = faults.keep(&pointer, value.text().map(std::borrow::Cow::into_owned));
        }
    }
    if faults.is_empty() { Ok(read) } else { Err(faults.into_problem()) }
}

/// One fault, told in a sentence of its own.
fn fault(pointer: &'static str, wrong: Wrong) -> Problem {
    let mut faults = Faults::default();
    faults.add(pointer, wrong);
    faults.into_problem()
}
