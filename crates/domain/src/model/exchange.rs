//! One request to a receiver and what it answered, as far as somebody may want to read it again.
//!
//! What was sent is the call as it was then, and is not kept a second time. What came back is kept where the notice did not
//! come through: nobody reads what a receiver says when all is well. It may repeat what it was sent, so it does not print, and
//! goes with the call's content.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

/// So many bytes of an answer's body are kept.
pub const KEPT_BODY: usize = 4_096;
/// So many bytes of its headers, names and values together.
pub const KEPT_HEADERS: usize = 2_048;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// When it was sent: the `webhook-timestamp`, but for fractions of a second.
    pub began_at: Timestamp,
    /// Until its answer was there, or was given up.
    pub took: Duration,
    /// What came back instead of 2xx.
    pub answer: Option<Answer>,
}

/// An answer.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Names and values, in their order, up to [`KEPT_HEADERS`].
    pub headers: Vec<(String, String)>,
    /// The beginning of its body, up to [`KEPT_BODY`].
    pub body: String,
    /// There was more than is kept, or it did not come in time.
    pub is_cut: bool,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}
