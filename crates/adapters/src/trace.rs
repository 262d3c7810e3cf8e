//! How whoever is asked for a call can add to its trace.

use callgate_domain::model::CallId;

/// The header of W3C Trace Context.
pub const TRACEPARENT: &str = "traceparent";

/// What stands in that header of a request that is made for a call; `None` where calls are not traced. Who traces them says.
pub type Trace = fn(CallId) -> Option<String>;

/// Calls are not traced.
#[must_use]
pub fn untraced(_: CallId) -> Option<String> {
    None
}
