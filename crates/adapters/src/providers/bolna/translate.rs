//! What Bolna's answers mean. Pure.

use std::time::Duration;

use anyhow::anyhow;
use callgate_domain::model::call::EndedBy;
use callgate_domain::model::provider::Health;
use callgate_domain::model::{ConnectionId, EndedReason, Evidence, Placing, ProviderCallId, Retry, Seen, Source};
use callgate_domain::ports::{AttemptRef, ProviderError, Reading};
use jiff::Timestamp;

use super::wire::{Agent, Execution, Page, Placed};
use crate::providers::client::{Answer, wait_of};
use crate::providers::theirs;

/// How long to wait where Bolna says that we ask too often, but not for how long not to.
const USUAL_WAIT: Duration = Duration::from_secs(5);

/// What became of the request to place a call. The table of refusals; everything that is not in it is unknown.
pub fn placing(answer: &Answer, now: Timestamp) -> Placing {
    let Some(placed) = Placed::read(&answer.body) else { return Placing::default() };
    if answer.is_success() {
        return placed.taken_on().map_or_else(Placing::default, Placing::Dialed);
    }
    let Some(text) = placed.refusal(answer.status) else { return Placing::default() };
    match answer.status {
        400 | 422 => {
            let reason = if is_about_the_number(&text) { EndedReason::InvalidNumber } else { EndedReason::ProviderError };
            Placing::NotDialed { reason, retry: Retry::Never }
        }
        401 | 403 | 404 => Placing::NotDialed { reason: EndedReason::ProviderError, retry: Retry::Never },
        429 => {
            let wait = wait_of(answer.retry_after.as_deref(), now).unwrap_or(USUAL_WAIT);
            Placing::NotDialed { reason: EndedReason::ProviderError, retry: Retry::After(wait) }
        }
        _ => Placing::default(),
    }
}

fn is_about_the_number(text: &str) -> bool {
    let text = text.to_lowercase();
    text.contains("recipient") && text.contains("number") && (text.contains("invalid") || text.contains("not valid"))
}

/// What became of the request to stop a call. Bolna stops only what waits; a call that rings or talks goes on.
pub fn canceled(answer: &Answer, now: Timestamp) -> Result<(), ProviderError> {
    match answer.status {
        200..=299 => match Placed::read(&answer.body).as_ref().and_then(Placed::status) {
            Some("stopped") => Ok(()),
            _ => Err(ProviderError::Failed(anyhow!("the answer does not say that the call was stopped"))),
        },
        404 => Err(ProviderError::Gone),
        400 | 409 => Err(ProviderError::Failed(anyhow!("a call is stopped only while it waits over there"))),
        _ => Err(answer.unusable(now)),
    }
}

/// The execution that was asked for; `None` where Bolna says that there is none.
pub fn execution(answer: &Answer, asked: &ProviderCallId, now: Timestamp) -> Result<Option<Execution>, ProviderError> {
    match answer.status {
        200 => {}
        404 if Placed::read(&answer.body).is_some_and(|said| said.refusal(404).is_some()) => return Ok(None),
        _ => return Err(answer.unusable(now)),
    }
    let told: Execution = answer.json().ok_or_else(|| ProviderError::Failed(anyhow!("the answer is no execution")))?;
    match told.id() {
        Some(id) if id == *asked && told.status.text().is_some() => Ok(Some(told)),
        Some(id) if id == *asked => Err(ProviderError::Failed(anyhow!("the answer has no status"))),
        _ => Err(ProviderError::Failed(anyhow!("the answer is about another call"))),
    }
}

/// A page of a list.
pub fn page(answer: &Answer, now: Timestamp) -> Result<Page, ProviderError> {
    if answer.status != 200 {
        return Err(answer.unusable(now));
    }
    answer.json().ok_or_else(|| ProviderError::Failed(anyhow!("the answer is no list of executions")))
}

/// What an execution says, and its status where that is none we know: then nothing is made of it.
pub struct Told {
    /// For the caller.
    pub evidence: Evidence,
    /// For the log.
    pub unknown_status: Option<String>,
    /// For the log: Bolna dials it again by itself.
    pub is_dialed_again: bool,
}

/// What an execution says.
pub fn told(execution: &Execution) -> Told {
    let bare = Evidence { provider_call: execution.id(), ..Evidence::new(Source::LookUp) };
    // The phone will ring again without us: an end that is told now would let somebody dial beside it.
    if execution.is_dialed_again() {
        return Told { evidence: bare.seen(Seen::Accepted), unknown_status: None, is_dialed_again: true };
    }
    let status = execution.status.text().unwrap_or_default();
    let Some((seen, ended_reason)) = seen(status, execution) else {
        return Told { evidence: bare, unknown_status: Some(status.to_owned()), is_dialed_again: false };
    };
    let evidence = match seen {
        Seen::Accepted | Seen::Ringing | Seen::Answered => bare.seen(seen),
        // What it tells of the talk by now may still grow, and the first duration told is the one that stays.
        Seen::Over => Evidence { turns: theirs::spoken(execution.transcript.text()), ..bare }.seen(seen),
        _ => Evidence { ended_reason, ..facts(bare, execution) }.seen(seen),
    };
    Told { evidence, unknown_status: None, is_dialed_again: false }
}

/// Where a call stands, and why it ended there.
fn seen(status: &str, told: &Execution) -> Option<(Seen, Option<EndedReason>)> {
    let why = Why::of(told);
    Some(match status {
        // A retry of their own, which operators are told to leave off, takes an execution back to `scheduled`: where the
        // execution did not say that it would, that is a step back, which the domain ignores.
        "scheduled" | "prepared" | "queued" | "rescheduled" | "initiated" => (Seen::Accepted, None),
        "ringing" => (Seen::Ringing, None),
        "in-progress" => (Seen::Answered, None),
        // The line is down; words and duration follow within minutes, with `completed`.
        "call-disconnected" => (Seen::Over, None),
        "completed" => completed(told, &why),
        "no-answer" => (Seen::NoAnswer, Some(why.unanswered())),
        "busy" => (Seen::Busy, Some(EndedReason::Busy)),
        "canceled" | "stopped" => (Seen::Canceled, None),
        "balance-low" => (Seen::Failed, Some(EndedReason::ProviderError)),
        "failed" | "error" => (Seen::Failed, Some(why.failed())),
        _ => return None,
    })
}

/// `completed` is no proof of a talk: the line and the words are.
fn completed(told: &Execution, why: &Why) -> (Seen, Option<EndedReason>) {
    let talked = told.duration_s().is_some_and(|seconds| seconds > 0) || told.transcript.text().is_some();
    if told.answered_by_voice_mail.get() == Some(&true) {
        return (Seen::Completed, Some(EndedReason::Voicemail));
    }
    if !talked && why.says(&["unanswered", "rejected"]) {
        return (Seen::NoAnswer, Some(why.unanswered()));
    }
    if !talked && why.says(&["busy"]) {
        return (Seen::Busy, Some(EndedReason::Busy));
    }
    (Seen::Completed, Some(why.talk_ended()))
}

fn facts(bare: Evidence, told: &Execution) -> Evidence {
    let turns = theirs::spoken(told.transcript.text());
    let duration_s = told.duration_s();
    let by_callee = Why::of(told).by == "callee";
    Evidence {
        // A talk without words: they may still come, so it is looked at again.
        words_final: !turns.is_empty() || duration_s == Some(0),
        ended_by: (by_callee && duration_s.is_some_and(|seconds| seconds > 0)).then_some(EndedBy::User),
        turns,
        duration_s,
        summary: theirs::summary(told.summary.text()),
        extracted: told.extracted(),
        recording: theirs::address(told.telephony().and_then(|line| line.recording_url.text())),
        ..bare
    }
}

/// Why it ended, in their words: a text that may say more than we know, and so is searched for what we do.
struct Why {
    by: String,
    reason: String,
    error: String,
}

impl Why {
    fn of(told: &Execution) -> Self {
        let line = told.telephony();
        let lower = |text: Option<&str>| text.unwrap_or_default().to_lowercase();
        Self {
            by: lower(line.and_then(|line| line.hangup_by.text())),
            reason: lower(line.and_then(|line| line.hangup_reason.text())),
            error: lower(told.error_message.text()),
        }
    }

    fn says(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.reason.contains(word))
    }

    fn unanswered(&self) -> EndedReason {
        if self.says(&["rejected"]) { EndedReason::Declined } else { EndedReason::NoAnswer }
    }

    fn talk_ended(&self) -> EndedReason {
        match () {
            () if self.says(&["llm_prompted_hangup"]) => EndedReason::AgentHangup,
            () if self.says(&["inactivity_timeout"]) => EndedReason::Silence,
            () if self.says(&["duration limit"]) => EndedReason::MaxDuration,
            () if self.by == "callee" || self.says(&["hung up", "hungup"]) => EndedReason::UserHangup,
            () => EndedReason::from_theirs(&self.reason),
        }
    }

    fn failed(&self) -> EndedReason {
        match () {
            () if self.says(&["number invalid"]) || self.error.contains("number invalid") => EndedReason::InvalidNumber,
            () if self.says(&["carrier declined"]) => EndedReason::CarrierRejected,
            () => EndedReason::ProviderError,
        }
    }
}

/// What a webhook is good for: it names a call to ask about. What it says of it anybody may have sent.
pub fn reading(body: &[u8], connection: &ConnectionId) -> Reading {
    let told: Execution = serde_json::from_slice(body).unwrap_or_default();
    told.id().map_or(Reading::Nothing, |id| {
        Reading::Ask(AttemptRef { attempt: told.reference(), provider_call: Some(id), connection: Some(connection.clone()) })
    })
}

/// Whether the agent is there and the key is good.
pub fn health(answer: &Answer, agent: &str) -> Health {
    let held: Option<Agent> = answer.json();
    let is_it = held.as_ref().and_then(|held| held.id.text()).is_some_and(|id| id.eq_ignore_ascii_case(agent));
    let is_seeding = held.is_some_and(|held| held.agent_status.text() == Some("seeding"));
    let (ready, detail) = match answer.status {
        200 if is_it && is_seeding => (false, "the agent is there but still being prepared; try again in a minute".to_owned()),
        200 if is_it => (true, "the key is good and the agent is there".to_owned()),
        200 => (false, "the answer shows another agent; is remote_id the agent's id?".to_owned()),
        401 | 403 => (false, format!("the key is refused ({}); is api_key this account's?", answer.status)),
        400 | 404 => (false, "this account has no such agent; is remote_id the agent's id?".to_owned()),
        status => (false, format!("GET /v2/agent is answered with {status}; nothing can be said of the agent")),
    };
    Health { ready, detail }
}

#[cfg(test)]
#[path = "translate_tests.rs"]
mod tests;
