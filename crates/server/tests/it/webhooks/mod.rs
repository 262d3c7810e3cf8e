//! `/v1/webhooks`.

mod call_completed;
mod native;
