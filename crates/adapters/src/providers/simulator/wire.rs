//! The simulator's own JSON: what its webhooks carry and its look-ups answer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A call as the simulator tells of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Its own id, see `reference.rs`.
    pub id: String,
    /// Ours.
    pub attempt_id: String,
    /// `queued ringing in_progress`, or an end.
    pub status: String,
    /// Said so far.
    pub turns: Vec<Turn>,
    /// Whole seconds of the script, once it is over.
    pub duration_s: Option<u32>,
    /// One of our words.
    pub ended_reason: Option<String>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
}

/// One turn of the conversation, in milliseconds of the script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// `agent` or `user`.
    pub role: String,
    /// What is said.
    pub text: String,
    /// After the answer.
    pub start_ms: u64,
    /// After the answer; not known while it is being said.
    pub end_ms: Option<u64>,
}
