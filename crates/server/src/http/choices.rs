//! A list of words out of a few, each at most once.

use super::error::Code;
use super::faults::{Faults, Wrong};
use super::json::Json;

/// What the list at `pointer` names. `words` says which there are, in a sentence; `empty` ends one about a list that names
/// none. Faults are added for each entry by itself.
pub fn each_once<T: PartialEq>(
    value: Json<'_>,
    pointer: &str,
    words: &str,
    empty: String,
    faults: &mut Faults,
    read: impl Fn(Json<'_>) -> Result<T, Wrong>,
) -> Option<Vec<T>> {
    let Json::List(entries) = value else {
        faults.add(pointer, Wrong::r#type(&format!("a list of {words}")));
        return None;
    };
    if entries.is_empty() {
        faults.add(pointer, Wrong::new(Code::Invalid, empty));
        return None;
    }
    let mut named = Vec::new();
    for (nth, entry) in entries.into_iter().enumerate() {
        let pointer = format!("{pointer}/{nth}");
        let Some(choice) = faults.keep(&pointer, read(entry)) else { continue };
        if named.contains(&choice) {
            faults.add(pointer, Wrong::new(Code::Invalid, "is named twice"));
        } else {
            named.push(choice);
        }
    }
    Some(named)
}
