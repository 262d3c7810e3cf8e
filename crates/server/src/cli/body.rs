//! Reading the API's JSON: a field that is not there is not there, and never a panic.

use serde_json::Value;

/// Fields of a JSON object.
pub trait Body {
    /// A text.
    fn text(&self, field: &str) -> Option<&str>;
    /// A whole number.
    fn number(&self, field: &str) -> Option<i64>;
    /// Whether a field is exactly `true`.
    fn is(&self, field: &str) -> bool;
    /// Whether a field is exactly `false`.
    fn is_not(&self, field: &str) -> bool;
    /// The items of a list; none where there is no list.
    fn items(&self, field: &str) -> &[Value];
}

impl Body for Value {
    fn text(&self, field: &str) -> Option<&str> {
        self.get(field)?.as_str()
    }

    fn number(&self, field: &str) -> Option<i64> {
        self.get(field)?.as_i64()
    }

    fn is(&self, field: &str) -> bool {
        self.get(field) == Some(&Self::Bool(true))
    }

    fn is_not(&self, field: &str) -> bool {
        self.get(field) == Some(&Self::Bool(false))
    }

    fn items(&self, field: &str) -> &[Value] {
        self.get(field).and_then(Self::as_array).map(Vec::as_slice).unwrap_or_default()
    }
}
