//! What every voice provider must do, whatever it is like inside.
//!
//! The adapters' tests bring a provider, the webhooks and answers recorded from it, and an [`Engine`] that answers its
//! requests; each function here is one sentence of the contract and panics where it is broken.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::model::moment::{earlier, later};
use crate::model::provider::{LookUpOrder, PlaceOrder};
use crate::model::{AgentKey, AttemptId, CallId, Evidence, Phone, Placing, ProviderCallId, Retry, Source, Voicemail};
use crate::ports::{Found, ProviderError, RawWebhook, Reading, VoiceProvider, WebhookError};

/// What an engine does with requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It answers.
    Is {
        /// 100 to 599.
        status: u16,
        /// Beside those HTTP itself needs.
        headers: Vec<(String, String)>,
        /// Byte for byte.
        body: String,
    },
    /// It takes the request and says nothing, for as long as anybody listens.
    Silence,
    /// It takes the request and hangs up.
    HangsUp,
    /// It hangs up in the middle of this answer.
    CutOff {
        /// A good one.
        status: u16,
        /// Promised whole, sent in part.
        body: String,
    },
    /// It answers with this, and blanks after it beyond 1 MiB.
    Endless {
        /// A good one.
        status: u16,
        /// A good one, before the blanks.
        body: String,
    },
}

impl Answer {
    /// An answer without headers of its own.
    #[must_use]
    pub fn is(status: u16, body: &str) -> Self {
        Self::Is { status, headers: Vec::new(), body: body.to_owned() }
    }
}

/// A request as an engine saw it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which connection it came over: the engine counts them, and keeps them open as long as it can.
    pub connection: usize,
    /// `POST`.
    pub method: String,
    /// With its query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Byte for byte.
    pub body: String,
}

/// Somebody who answers a provider's requests as told.
pub trait Engine: Send + Sync {
    /// Answers so from now on.
    fn answer(&self, answer: Answer);

    /// The requests since the last time this was asked.
    fn asked(&self) -> Vec<Asked>;
}

/// A webhook as it was recorded, and what it says.
#[derive(Debug)]
pub struct Recorded {
    /// For messages.
    pub name: String,
    /// As it came.
    pub webhook: RawWebhook,
    /// When.
    pub at: Timestamp,
    /// As [`shown_reading`] shows it.
    pub says: Value,
}

/// The attempt that all orders here are about.
///
/// # Panics
/// Never: the text is a UUID.
#[must_use]
pub fn the_attempt() -> AttemptId {
    AttemptId::from_uuid(uuid::uuid!("019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d"))
}

/// An order to call somebody.
///
/// # Panics
/// Never: the agent's key is one.
#[must_use]
pub fn an_order() -> PlaceOrder {
    let Ok(agent) = AgentKey::new("akylai") else { unreachable!("it is a name") };
    let mut variables = Map::new();
    variables.insert("name".to_owned(), json!("Aida"));
    variables.insert("parcels".to_owned(), json!(2));
    PlaceOrder {
        attempt: the_attempt(),
        call: CallId::new(Timestamp::UNIX_EPOCH, [9; 10]),
        phone: Phone::from_stored("+12025550199".to_owned()),
        agent,
        remote_id: "agent-over-there".to_owned(),
        from: None,
        variables,
        voicemail: Voicemail::Hangup,
        max_duration: Duration::from_mins(10),
        ring_timeout: Duration::from_secs(45),
    }
}

/// A look-up of the same call, by the provider's id where it is given.
#[must_use]
pub fn a_look_up(provider_call: Option<&str>) -> LookUpOrder {
    let order = an_order();
    LookUpOrder {
        attempt: order.attempt,
        provider_call: provider_call.and_then(ProviderCallId::new),
        phone: order.phone,
        remote_id: order.remote_id,
        sent_at: order.attempt.made_at().unwrap_or(Timestamp::UNIX_EPOCH),
    }
}

/// A good webhook is believed, and says what is expected.
pub fn a_good_webhook_says_what_is_expected(provider: &dyn VoiceProvider, recorded: &Recorded) {
    let authentic = provider.verify(&recorded.webhook, recorded.at);
    let read = authentic.map(|authentic| shown_reading(&provider.read(&authentic)));
    assert_same(&read.unwrap_or_else(|fault| json!(fault.to_string())), &recorded.says, &recorded.name);
}

/// What was read is what a fixture says, both as the JSON of fixtures.
///
/// # Panics
/// When it is not.
#[track_caller]
pub fn assert_same(read: &Value, expected: &Value, name: &str) {
    assert!(read == expected, "{name}\n is read as {read}\n and should be {expected}");
}

/// One changed byte of the body, and the webhook is not believed.
pub fn one_changed_byte_is_refused(provider: &dyn VoiceProvider, recorded: &Recorded) {
    for position in 0..recorded.webhook.body.len() {
        let mut webhook = recorded.webhook.clone();
        if let Some(byte) = webhook.body.get_mut(position) {
            *byte ^= 1;
        }
        let verdict = provider.verify(&webhook, recorded.at).map(drop);
        assert_eq!(verdict, Err(WebhookError::BadSignature), "{}, byte {position}", recorded.name);
    }
}

/// Without its headers, or with none of their values, a webhook is not believed.
pub fn no_signature_is_refused(provider: &dyn VoiceProvider, recorded: &Recorded) {
    let bare = RawWebhook { headers: Vec::new(), ..recorded.webhook.clone() };
    let mut emptied = recorded.webhook.clone();
    emptied.headers.iter_mut().for_each(|(_, value)| value.clear());
    for webhook in [bare, emptied] {
        let verdict = provider.verify(&webhook, recorded.at).map(drop);
        assert_eq!(verdict, Err(WebhookError::BadSignature), "{}", recorded.name);
    }
}

/// A webhook that nobody can prove to be theirs is kept, and says nothing of its own: it is a hint to ask.
pub fn what_is_not_proven_only_makes_us_ask(provider: &dyn VoiceProvider, recorded: &Recorded) {
    let read = provider.verify(&recorded.webhook, recorded.at).map(|authentic| provider.read(&authentic));
    assert!(!matches!(read, Ok(Reading::Says { .. })), "{} believes what anybody may have sent", recorded.name);
}

/// A webhook that was signed long ago, or will be, is not believed. For providers that date their signatures.
pub fn an_old_webhook_is_refused(provider: &dyn VoiceProvider, recorded: &Recorded) {
    let day = Duration::from_hours(24);
    for now in [later(recorded.at, day), earlier(recorded.at, day)] {
        let verdict = provider.verify(&recorded.webhook, now).map(drop);
        assert_eq!(verdict, Err(WebhookError::TooOld), "{}", recorded.name);
    }
}

/// An answer to the request to place a call means what is expected; it is one request, and carries our reference. `name`
/// is for messages.
pub async fn an_answer_means(
    (provider, engine): (&dyn VoiceProvider, &dyn Engine),
    name: &str,
    answer: Answer,
    expected: &str,
) -> Asked {
    engine.answer(answer.clone());
    engine.asked();
    let placing = shown_placing(&provider.place(&an_order()).await);
    assert_eq!(placing, expected, "{name}: what `place` makes of {answer:?}, and what it means");
    let mut asked = engine.asked();
    assert_eq!(asked.len(), 1, "{name}: a request that can ring is sent once; others beside it are answered by `asides`");
    let asked = asked.remove(0);
    let reference = the_attempt().to_string();
    let carried = asked.body.contains(&reference) || asked.headers.iter().any(|(_, value)| *value == reference);
    assert!(carried, "{name}: the order's attempt, {reference}, is the reference sent; this was: {}", asked.body);
    asked
}

/// Bodies that stand in nobody's table.
pub const UNLISTED_BODIES: &[&str] = &[
    "",
    "{}",
    "[]",
    "null",
    "true",
    "<html><body>Bad gateway</body></html>",
    r#"{"error":"something went wrong"}"#,
    r#"{"message":"accepted"}"#,
    r#"{"dialed":tr"#,
    "\u{feff}{}",
];

/// Statuses of which somebody might think that they say enough.
const TELLING: &[u16] = &[200, 201, 202, 204, 301, 307, 400, 401, 402, 403, 404, 408, 409, 422, 425, 429, 500, 502, 503, 504];

/// Whatever stands in no table is unknown: every status, and the telling ones with every unlisted body, but those that
/// `is_listed` names.
pub async fn unlisted_answers_are_unknown(of: (&dyn VoiceProvider, &dyn Engine), name: &str, is_listed: &dyn Fn(u16) -> bool) {
    let name = format!("{name}: this stands in no table (where a status decides alone, it is one of `listed_statuses`)");
    for status in (100..600).filter(|status| !is_listed(*status)) {
        let bodies = if TELLING.contains(&status) { UNLISTED_BODIES } else { &["{}"] };
        for body in bodies {
            an_answer_means(of, &name, Answer::is(status, body), "unknown outcome_unknown").await;
        }
    }
}

/// Once the request has left, nothing that goes wrong proves anything. `good` is what would mean that it dialed.
pub async fn trouble_after_sending_is_unknown(of: (&dyn VoiceProvider, &dyn Engine), name: &str, good: &Answer) {
    let Answer::Is { status, body, .. } = good.clone() else { unreachable!("a good answer is one") };
    let unknown = "unknown outcome_unknown";
    an_answer_means(of, name, Answer::Silence, "unknown provider_timeout").await;
    an_answer_means(of, name, Answer::HangsUp, unknown).await;
    an_answer_means(of, name, Answer::CutOff { status, body: body.clone() }, unknown).await;
    an_answer_means(of, name, Answer::Endless { status, body: body.clone() }, unknown).await;
    for status in [301, 302, 303, 307, 308] {
        let headers = vec![("location".to_owned(), "/elsewhere".to_owned())];
        an_answer_means(of, name, Answer::Is { status, headers, body: body.clone() }, unknown).await;
    }
}

/// A request that can ring has a connection of its own: one that was used before may be dead, and then nobody knows
/// whether the request left.
pub async fn no_connection_is_used_twice(of: (&dyn VoiceProvider, &dyn Engine), name: &str, good: &Answer, expected: &str) {
    let first = an_answer_means(of, name, good.clone(), expected).await;
    let second = an_answer_means(of, name, good.clone(), expected).await;
    assert_ne!(first.connection, second.connection, "{name}");
}

/// Where no connection came about, nobody was rung; the provider's engine is not there.
pub async fn no_connection_is_not_dialed(provider: &dyn VoiceProvider) {
    assert_eq!(shown_placing(&provider.place(&an_order()).await), "not_dialed provider_error backoff");
}

/// Where no connection came about, nothing is known of a call: an error, not an absence.
pub async fn no_connection_is_no_absence(provider: &dyn VoiceProvider) {
    let found = provider.look_up(&a_look_up(None)).await;
    assert!(matches!(found, Err(ProviderError::Failed(_))), "{found:?}");
}

/// `dialed <id>`, `not_dialed <reason> never|backoff|<seconds>s` or `unknown <reason>`.
#[must_use]
pub fn shown_placing(placing: &Placing) -> String {
    match placing {
        Placing::Dialed(id) => format!("dialed {}", id.as_str()),
        Placing::NotDialed { reason, retry: Retry::Never } => format!("not_dialed {reason} never"),
        Placing::NotDialed { reason, retry: Retry::Backoff } => format!("not_dialed {reason} backoff"),
        Placing::NotDialed { reason, retry: Retry::After(wait) } => format!("not_dialed {reason} {}s", wait.as_secs()),
        Placing::Unknown { reason } => format!("unknown {reason}"),
    }
}

/// `"nothing"`, `{"ask": ..}` or `{"attempt", "provider_call", "says"}`.
#[must_use]
pub fn shown_reading(reading: &Reading) -> Value {
    match reading {
        Reading::Nothing => json!("nothing"),
        Reading::Ask(about) => json!({ "ask": {
            "attempt": about.attempt.map(|attempt| attempt.to_string()),
            "provider_call": about.provider_call.as_ref().map(ProviderCallId::as_str),
        }}),
        Reading::Says { about, evidence } => json!({
            "attempt": about.attempt.map(|attempt| attempt.to_string()),
            "provider_call": about.provider_call.as_ref().map(ProviderCallId::as_str),
            "says": shown_evidence(evidence, Source::Webhook),
        }),
    }
}

/// `"absent"`, `"absent, perhaps"`, `"unsupported"`, `"busy"`, `"gone"`, `"failed"`, `{"found": ..}` or
/// `{"candidates": [..]}`.
#[must_use]
pub fn shown_found(found: &Result<Found, ProviderError>) -> Value {
    match found {
        Ok(Found::Evidence(evidence)) => json!({ "found": shown_evidence(evidence, Source::LookUp) }),
        Ok(Found::Candidates(all)) => {
            json!({ "candidates": all.iter().map(|one| shown_evidence(one, Source::LookUp)).collect::<Vec<_>>() })
        }
        Ok(Found::Absent { complete: true }) => json!("absent"),
        Ok(Found::Absent { complete: false }) => json!("absent, perhaps"),
        Err(ProviderError::Unsupported) => json!("unsupported"),
        Err(ProviderError::Busy { .. }) => json!("busy"),
        Err(ProviderError::Gone) => json!("gone"),
        Err(ProviderError::Failed(_)) => json!("failed"),
    }
}

/// The facts that evidence states, and no others; it must come from `source`.
fn shown_evidence(evidence: &Evidence, source: Source) -> Value {
    assert_eq!(evidence.source, source, "evidence says where it comes from");
    let turns = evidence
        .turns
        .iter()
        .map(|turn| json!({ "role": turn.role.as_str(), "text": turn.text, "start_ms": turn.start_ms, "end_ms": turn.end_ms }));
    let mut shown = Map::new();
    let mut fact = |name: &str, value: Value| {
        if !(value.is_null() || value == json!(false) || value == json!([]) || value == json!({})) {
            shown.insert(name.to_owned(), value);
        }
    };
    // It is shown by no fixture, so that each may ask about its own call; the domain lets go of a candidate without it.
    if source == Source::LookUp && evidence.provider_call.is_none() {
        fact("provider_call", json!("is not set: what a look-up finds says which call it is"));
    }
    fact("seen", json!(evidence.seen.map(|seen| seen.as_str())));
    fact("ended_reason", json!(evidence.ended_reason.map(|reason| reason.as_str())));
    fact("ended_by", json!(evidence.ended_by.map(|by| by.as_str())));
    fact("answered_at", json!(evidence.answered_at.map(|at| at.to_string())));
    fact("ended_at", json!(evidence.ended_at.map(|at| at.to_string())));
    fact("transcript", json!(evidence.transcript));
    fact("turns", turns.collect());
    fact("words_final", json!(evidence.words_final));
    fact("duration_s", json!(evidence.duration_s));
    fact("measures_talk", json!(evidence.measures_talk));
    fact("result_within_s", json!(evidence.result_within.map(|wait| wait.as_secs())));
    fact("summary", json!(evidence.summary));
    fact("extracted", Value::Object(evidence.extracted.clone()));
    fact("opt_out", json!(evidence.opt_out));
    fact("recording", json!(evidence.recording));
    Value::Object(shown)
}
