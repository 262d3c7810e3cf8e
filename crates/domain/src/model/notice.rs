//! What clients are told: one notice per change of a call that matters to them, made with the change itself.
//!
//! A notice holds no body. What is sent is rendered when it is sent, from the call as it is then: so an erase reaches it,
//! words are stored once, and a late delivery tells the newest state. Where it goes is in [`super::endpoint`], how often it
//! is tried in [`super::delivery`].

use jiff::Timestamp;

use super::call::{Call, Entry, What};
use super::ids::{CallId, ClientId, NoticeId};

super::words::words! {
    /// What a notice tells.
    pub enum NoticeType {
        /// A call is over, at any terminal status. Once per call.
        CallCompleted = "call.completed",
        /// Something was learned of a call after its end.
        CallUpdated = "call.updated",
        /// Nothing happened: the client tries its endpoint.
        Test = "webhook.test",
    }
}

impl NoticeType {
    /// What an endpoint can choose; a test comes to every one that is asked for it.
    pub const CHOICES: &'static [Self] = &[Self::CallCompleted, Self::CallUpdated];
}

/// Something a client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The `webhook-id`: the same on every repeat.
    pub id: NoticeId,
    /// Who is told.
    pub client: ClientId,
    /// Of which call; `None` for a test.
    pub call: Option<CallId>,
    /// What.
    pub kind: NoticeType,
    /// When it happened.
    pub created_at: Timestamp,
}

impl Notice {
    /// What a change tells the client, if anything. Its id follows from the line of history, so it is the same whoever
    /// makes it, and however often. Before its first line a call was not there.
    #[must_use]
    pub fn of(before: Option<&Call>, after: &Call, entry: &Entry) -> Option<Self> {
        let kind = match before.filter(|before| before.state.is_terminal()) {
            // Whoever has something erased, or set how long it is kept, knows it: nothing is learned.
            _ if !after.state.is_terminal() || entry.what == What::Erased => return None,
            None => NoticeType::CallCompleted,
            Some(before) if facts(before) == facts(after) && words(before) == words(after) => return None,
            Some(_) => NoticeType::CallUpdated,
        };
        let mut own = [0; 10];
        own.iter_mut().zip(entry.hash.0).for_each(|(own, byte)| *own = byte);
        let id = NoticeId::new(entry.at, own);
        Some(Self { id, client: after.client.clone(), call: Some(after.id), kind, created_at: entry.at })
    }

    /// A test for a client.
    #[must_use]
    pub fn test(client: ClientId, at: Timestamp, chance: [u8; 10]) -> Self {
        Self { id: NoticeId::new(at, chance), client, call: None, kind: NoticeType::Test, created_at: at }
    }
}

/// What a client sees of a terminal call and what can still change, beside what was said. Its revision is not among it: a
/// line of history alone is nothing learned.
fn facts(call: &Call) -> impl PartialEq {
    let end = (call.state, call.ended_reason, call.ended_by, call.resolved, call.attempts, call.is_retryable());
    let moments = (call.dialed_at, call.answered_at, call.ended_at, call.cancel_requested_at);
    (end, moments, call.duration_s(), call.transcript_status, call.result.opt_out, call.phone.is_erased())
}

/// What was said, and what came out of it, as far as a client sees it.
fn words(call: &Call) -> impl PartialEq + use<'_> {
    let result = &call.result;
    let said = result.transcript.as_ref().map(|words| (&words.text, &words.turns));
    (said, &result.summary, &result.extracted, &result.recording)
}
