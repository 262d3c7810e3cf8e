//! JSON objects read field by field in the order they were written, with every fault named.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// More faults than this are not listed.
const MAX_FAULTS: usize = 100;
const MAX_NAME: usize = 64;

/// One thing that is wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A JSON pointer to it; empty for the body itself.
    pub pointer: String,
    /// `required`, `unknown_field`, `duplicate_field`, `wrong_type`, `nul`, `too_long`, `out_of_range` or `invalid`.
    pub code: &'static str,
    /// The end of a sentence that begins with the field.
    pub detail: String,
}

/// What is wrong with one value; its place is known to the caller.
pub type Wrong = (&'static str, String);

/// The faults of a body, in its order.
#[derive(Debug, Default)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    pub fn add(&mut self, pointer: impl Into<String>, (code, detail): Wrong) {
        if self.0.len() < MAX_FAULTS {
            self.0.push(Fault { pointer: pointer.into(), code, detail });
        }
    }

    /// The value, or a fault at `pointer` and nothing.
    pub fn keep<T>(&mut self, pointer: &str, read: Result<Option<T>, Wrong>) -> Option<T> {
        read.unwrap_or_else(|wrong| {
            self.add(pointer, wrong);
            None
        })
    }
}

/// The fields of an object, as they were written.
pub struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    /// `None` when `json` is no object.
    pub fn of(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// Each field once, with its value; a name that comes again is a fault.
    pub fn each(self, at: &str, faults: &mut Faults, mut take: impl FnMut(&str, &str, Value, &mut Faults)) {
        let mut seen = HashSet::new();
        for (name, raw) in self.0 {
            let pointer = format!("{at}/{}", escaped(&name));
            if seen.contains(&name) {
                faults.add(pointer, ("duplicate_field", "stands there twice".to_owned()));
                continue;
            }
            match serde_json::from_str(raw.get()) {
                Ok(value) => take(&name, &pointer, value, faults),
                Err(_unusable) => faults.add(pointer, ("invalid", "cannot be read".to_owned())),
            }
            seen.insert(name);
        }
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// A name as a JSON pointer writes it, shortened.
pub fn escaped(name: &str) -> String {
    let short: String = name.chars().take(MAX_NAME).collect();
    short.replace('~', "~0").replace('/', "~1")
}

/// A text of up to `most` bytes; `null` is none.
pub fn text(value: Value, most: usize) -> Result<Option<String>, Wrong> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.contains('\0') => Err(("nul", "has a NUL character".to_owned())),
        Value::String(text) if text.len() > most => Err(("too_long", format!("is longer than {most} bytes"))),
        Value::String(text) => Ok(Some(text)),
        _ => Err(("wrong_type", "must be a string".to_owned())),
    }
}

/// A number of `unit`s, not negative, rounded to the whole one; `null` is none.
pub fn whole(value: &Value, most: u32, unit: &str) -> Result<Option<u32>, Wrong> {
    let Value::Number(number) = value else {
        let is_none = value.is_null();
        return if is_none { Ok(None) } else { Err(("wrong_type", format!("must be a number of {unit}"))) };
    };
    let number = number.as_f64().unwrap_or(f64::INFINITY);
    if number < 0.0 {
        return Err(("out_of_range", "must not be negative".to_owned()));
    }
    if number.round() > f64::from(most) {
        return Err(("out_of_range", format!("must not be more than {most} {unit}")));
    }
    Ok(Some(number.round() as u32))
}

/// Whether a NUL stands anywhere in a value, names included: not every database can keep one.
pub fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}
