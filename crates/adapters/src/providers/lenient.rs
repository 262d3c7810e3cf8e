//! Reading a provider's JSON without breaking on what it changes.
//!
//! A field of a type nobody expected is missing, and nothing else: the facts beside it still count. What decides whether a
//! call was placed is not read so, in each provider's own `wire.rs`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A field that counts where it is a `T`.
#[derive(Debug, Clone, PartialEq)]
pub struct Lenient<T>(pub Option<T>);

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Lenient<T> {
    /// What it holds.
    pub const fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl Lenient<String> {
    /// The text, where it says something.
    pub fn text(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(T::deserialize(Value::deserialize(deserializer)?).ok()))
    }
}

/// A list of which those items count that are a `T`.
#[derive(Debug, Clone, PartialEq)]
pub struct Items<T>(pub Vec<T>);

impl<T> Default for Items<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Items<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Value::Array(items) = Value::deserialize(deserializer)? else { return Ok(Self::default()) };
        Ok(Self(items.into_iter().filter_map(|item| T::deserialize(item).ok()).collect()))
    }
}

/// A number, written as one or as text: providers do both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number(pub f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = match Value::deserialize(deserializer)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        read.filter(|number: &f64| number.is_finite()).map(Self).ok_or_else(|| serde::de::Error::custom("no number"))
    }
}

impl Number {
    /// Seconds, rounded; `None` where it cannot be a duration.
    pub fn seconds(self) -> Option<u32> {
        let seconds = self.0.round();
        (0.0..=f64::from(i32::MAX)).contains(&seconds).then_some(seconds as u32)
    }

    /// Milliseconds of a number of seconds.
    pub fn millis(self) -> Option<u64> {
        let millis = (self.0 * 1_000.0).round();
        (0.0..=1e12).contains(&millis).then_some(millis as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Held {
        #[serde(default)]
        word: Lenient<String>,
        #[serde(default)]
        number: Lenient<Number>,
        #[serde(default)]
        items: Items<String>,
    }

    fn check(json: &str, word: Option<&str>, seconds: Option<u32>, items: &[&str]) {
        let held: Held = serde_json::from_str(json).unwrap();
        let found = (held.word.text(), held.number.get().and_then(|number| number.seconds()));
        assert_eq!(found, (word, seconds), "{json}");
        assert_eq!(held.items.0, items, "{json}");
    }

    #[test]
    fn what_is_of_another_type_is_missing_and_nothing_else_is() {
        check("{}", None, None, &[]);
        check(r#"{"word":"a","number":2,"items":["x"]}"#, Some("a"), Some(2), &["x"]);
        check(r#"{"word":7,"number":"2.5","items":["x",1,null,"y"]}"#, None, Some(3), &["x", "y"]);
        check(r#"{"word":{"a":1},"number":[],"items":{}}"#, None, None, &[]);
        check(r#"{"word":"","number":-1,"items":null}"#, None, None, &[]);
        check(r#"{"word":null,"number":"NaN"}"#, None, None, &[]);
        check(r#"{"number":"1e99"}"#, None, None, &[]);
    }
}
