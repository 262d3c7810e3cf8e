//! The notices that a stream of calls stands for: a call that is over is one, and what is learned of it later another.

use std::fmt::Write as _;

use callgate_domain::model::moment::to_micros;
use callgate_domain::model::{CallId, NoticeId, NoticeType, Revision};
use jiff::Timestamp;

use crate::cli::body::Body;
use crate::cli::client::Answer;
use crate::recent::Recent;

/// Calls that are remembered, so that a stream that repeats them makes no second notice.
const REMEMBERED: usize = 16_384;

/// What would be sent.
pub struct Notice {
    /// Its `webhook-id`: the same however often the same state of a call comes.
    pub id: String,
    /// What it tells.
    pub kind: NoticeType,
    /// The call as it came.
    pub call: Answer,
    /// As it is sent.
    pub body: String,
}

/// Makes notices of calls.
pub struct Notices {
    began: Timestamp,
    told: Recent,
}

impl Notices {
    /// For somebody who listens since `began`.
    pub fn from(began: Timestamp) -> Self {
        Self { began, told: Recent::of(REMEMBERED) }
    }

    /// The notice of a call as it is now; `None` while it goes on, and for what was told.
    pub fn of(&mut self, call: &Answer, now: Timestamp) -> Option<Notice> {
        if !call.body.is("terminal") {
            return None;
        }
        let id: CallId = call.body.text("call_id")?.parse().ok()?;
        let revision = Revision(call.body.number("revision")?.try_into().ok()?);
        let ended_at: Option<Timestamp> = call.body.text("ended_at").and_then(|at| at.parse().ok());
        let was_told = self.told.knows_any(id) || ended_at.is_some_and(|at| at < self.began);
        if !self.told.meet(id, revision) {
            return None;
        }
        let kind = if was_told { NoticeType::CallUpdated } else { NoticeType::CallCompleted };
        let id = NoticeId::new(ended_at.unwrap_or(now), own_bytes(call.body.text("history_head").unwrap_or_default()));
        Some(Notice { id: id.to_string(), kind, call: call.clone(), body: body(kind, to_micros(now), &call.line()) })
    }
}

/// The shape of a notice's body: `{"type","timestamp","data"}`, the call exactly as it came.
fn body(kind: NoticeType, at: Timestamp, call: &str) -> String {
    let mut body = String::with_capacity(call.len().saturating_add(96));
    let _infallible = write!(body, "{{\"type\":\"{kind}\",\"timestamp\":\"{at}\",\"data\":{call}}}");
    body
}

/// The first ten bytes of `sha256:…`.
fn own_bytes(hash: &str) -> [u8; 10] {
    let digits = hash.strip_prefix("sha256:").unwrap_or_default().as_bytes();
    let mut own = [0; 10];
    for (own, pair) in own.iter_mut().zip(digits.chunks_exact(2)) {
        *own = std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()).unwrap_or(0);
    }
    own
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(revision: u32, terminal: bool) -> Answer {
        let call = json!({
            "call_id": "019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d", "status": if terminal { "completed" } else { "ringing" },
            "terminal": terminal, "revision": revision, "ended_at": "2026-01-02T15:55:11Z",
            "history_head": format!("sha256:{}", "0a".repeat(32)),
        });
        Answer::of(call.to_string())
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_call_that_is_over_is_told_once_and_what_is_learned_later_as_an_update() {
        let now = at("2026-01-02T15:55:12.5Z");
        let mut notices = Notices::from(at("2026-01-02T15:00:00Z"));
        let mut kinds = Vec::new();
        for (revision, terminal) in [(4, false), (5, true), (5, true), (6, true), (5, true)] {
            kinds.extend(notices.of(&call(revision, terminal), now).map(|notice| notice.kind));
        }
        assert_eq!(kinds, [NoticeType::CallCompleted, NoticeType::CallUpdated]);
        let mut later = Notices::from(at("2026-01-02T16:00:00Z"));
        assert_eq!(later.of(&call(6, true), now).unwrap().kind, NoticeType::CallUpdated, "it had ended before");
    }

    #[test]
    fn a_notice_is_the_same_each_time_and_holds_the_call_as_it_came() {
        let made = || Notices::from(at("2026-01-02T15:00:00Z")).of(&call(5, true), at("2026-01-02T15:55:12.5Z")).unwrap();
        let (one, other) = (made(), made());
        assert_eq!((&one.id, &one.body), (&other.id, &other.body));
        let call = call(5, true).text;
        assert_eq!(one.body, format!(r#"{{"type":"call.completed","timestamp":"2026-01-02T15:55:12.5Z","data":{call}}}"#));
    }
}
