//! A JSON body as it was written: fields in their order, repeated ones twice, texts borrowed from the body.
//!
//! It says what the body is; what it should be is the reader's business.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use super::error::{Code, Problem};
use super::faults::{Faults, Wrong};

/// A JSON value.
#[derive(Debug)]
pub enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Json<'a>>),
    /// An object, in the order it was written.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// The fields of a body that is a JSON object.
///
/// # Errors
/// 400 when it is no JSON, 422 when it is no object.
pub fn object(body: &[u8]) -> Result<Vec<(Cow<'_, str>, Json<'_>)>, Problem> {
    let text = std::str::from_utf8(body).map_err(|error| {
        Problem::new(Code::MalformedJson, format!("The body is not UTF-8: byte {} begins no character.", error.valid_up_to()))
    })?;
    match serde_json::from_str(text) {
        Ok(Json::Object(fields)) => Ok(fields),
        Ok(_) => {
            let mut faults = Faults::default();
            faults.add("", Wrong::r#type("a JSON object"));
            Err(faults.into_problem())
        }
        Err(_) if text.trim_ascii().is_empty() => {
            Err(Problem::new(Code::MalformedJson, "The body is empty. Send a JSON object."))
        }
        Err(error) => Err(Problem::new(Code::MalformedJson, format!("The body is not JSON: {error}."))),
    }
}

impl<'a> Json<'a> {
    /// A text without NUL, which no database column can be relied on to hold.
    pub fn text(self) -> Result<Cow<'a, str>, Wrong> {
        match self {
            Self::Text(text) if text.contains('\0') => Err(Wrong::new(Code::Nul, "has a NUL character")),
            Self::Text(text) => Ok(text),
            _ => Err(Wrong::r#type("a string")),
        }
    }

    /// A whole number, described as `wanted`: 60.0 is one too. What is below zero is 0 and what is too large the largest, so
    /// that bounds can be told from it.
    pub fn whole(&self, wanted: &str) -> Result<u64, Wrong> {
        let Self::Number(number) = self else { return Err(Wrong::r#type(wanted)) };
        if let Some(whole) = number.as_u64() {
            return Ok(whole);
        }
        match number.as_f64() {
            Some(value) if value.fract() == 0.0 => Ok(value as u64),
            _ => Err(Wrong::r#type(wanted)),
        }
    }

    /// The same as a plain value; `None` for lists and objects.
    pub fn scalar(self) -> Option<Result<Value, Wrong>> {
        match self {
            Self::Null | Self::List(_) | Self::Object(_) => None,
            Self::Bool(it) => Some(Ok(Value::Bool(it))),
            Self::Number(number) => Some(Ok(Value::Number(number))),
            text @ Self::Text(_) => Some(text.text().map(|text| Value::String(text.into_owned()))),
        }
    }
}

/// A name as a JSON pointer writes it (RFC 6901).
pub fn escaped(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/']) { Cow::Owned(name.replace('~', "~0").replace('/', "~1")) } else { Cow::Borrowed(name) }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsWritten)
    }
}

struct AsWritten;

impl<'de> Visitor<'de> for AsWritten {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(it))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json<'de>, E> {
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json<'de>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some((Name(name), value)) = map.next_entry()? {
            fields.push((name, value));
        }
        Ok(Json::Object(fields))
    }
}

struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowed;
        impl<'de> Visitor<'de> for Borrowed {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrowed)
    }
}
