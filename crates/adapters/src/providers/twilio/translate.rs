//! Twilio's words into ours. Pure.

use std::time::Duration;

use anyhow::anyhow;
use callgate_domain::model::moment::earlier;
use callgate_domain::model::provider::Health;
use callgate_domain::model::{AttemptId, EndedReason, Evidence, Placing, ProviderCallId, Retry, Seen, Source};
use callgate_domain::ports::ProviderError;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use url::{Url, form_urlencoded};

use super::wire::{Call, Form, Page, Placed, Refusal};
use crate::providers::client::{Answer, wait_of};
use crate::providers::keys::digits;
use crate::providers::theirs::{REFERENCE, address, reference};

/// How long to wait where nobody says for how long.
const USUAL_WAIT: Duration = Duration::from_secs(5);
/// Their clock may be so far behind ours.
const CLOCKS_DIFFER: Duration = Duration::from_secs(60);

/// What is text and JSON of this shape, or nothing.
fn read<T: DeserializeOwned>(answer: &Answer) -> Option<T> {
    std::str::from_utf8(&answer.body).ok().and_then(|text| serde_json::from_str(text).ok())
}

/// Their id of a call: `CA` and 32 digits in hex.
fn sid(text: Option<&str>) -> Option<ProviderCallId> {
    let text = text?;
    let digits = text.strip_prefix("CA")?;
    let is_one = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_one { ProviderCallId::new(text) } else { None }
}

/// The code of a refusal in Twilio's own shape; a proxy's page has none.
fn refused(answer: &Answer) -> Option<u32> {
    read::<Refusal>(answer).filter(|refusal| refusal.status == answer.status).map(|refusal| refusal.code)
}

/// What became of the request that rings. Whatever stands in no row of the table is unknown.
pub fn placing(answer: &Answer, now: Timestamp) -> Placing {
    if matches!(answer.status, 200 | 201) {
        let placed: Placed = read(answer).unwrap_or_default();
        return sid(placed.sid.as_deref()).map_or_else(Placing::default, Placing::Dialed);
    }
    let wait = || Retry::After(wait_of(answer.retry_after.as_deref(), now).unwrap_or(USUAL_WAIT));
    let (reason, retry) = match (answer.status, refused(answer)) {
        (400, Some(21211 | 21217 | 13224)) => (EndedReason::InvalidNumber, Retry::Never),
        (400, Some(21215 | 21216)) => (EndedReason::CarrierRejected, Retry::Never),
        (400, Some(21210 | 21212 | 21626)) | (401, Some(20003)) | (404, Some(20404)) => {
            (EndedReason::ProviderError, Retry::Never)
        }
        (429, Some(20429)) => (EndedReason::ProviderError, wait()),
        // The page does not name the status of these two.
        (400 | 403 | 429, Some(10004)) => (EndedReason::ProviderError, wait()),
        (400 | 403 | 429, Some(22005)) => (EndedReason::ProviderError, Retry::Never),
        _ => return Placing::default(),
    };
    Placing::NotDialed { reason, retry }
}

/// What became of the request to end a call.
pub fn canceled(answer: &Answer, now: Timestamp) -> Result<(), ProviderError> {
    match (answer.status, refused(answer)) {
        (200..=299, _) => Ok(()),
        (_, Some(21220)) | (404, Some(20404)) => Err(ProviderError::Gone),
        _ => Err(answer.unusable(now)),
    }
}

/// What they say of a call, and a word of theirs that we do not know.
pub struct Heard {
    pub evidence: Evidence,
    pub unknown: Option<String>,
}

impl Heard {
    /// Whether there is no fact in it but which call it is.
    pub const fn says_nothing(&self) -> bool {
        let Evidence { seen, ended_reason, recording, .. } = &self.evidence;
        seen.is_none() && ended_reason.is_none() && recording.is_none()
    }
}

/// What a look-up shows; `None` where there is no such call.
pub fn found(
    answer: &Answer,
    asked: &ProviderCallId,
    result_within: Option<Duration>,
    now: Timestamp,
) -> Result<Option<Heard>, ProviderError> {
    if (answer.status, refused(answer)) == (404, Some(20404)) {
        return Ok(None);
    }
    if answer.status != 200 {
        return Err(answer.unusable(now));
    }
    let call: Call = read(answer).ok_or_else(|| ProviderError::Failed(anyhow!("the answer is no call")))?;
    if sid(call.sid.text()).as_ref() != Some(asked) {
        return Err(ProviderError::Failed(anyhow!("the answer is about another call")));
    }
    Ok(Some(shown(&call, result_within)))
}

/// A page of a list, with what it leaves to be asked.
pub struct Listed {
    /// Calls that could be meant.
    pub calls: Vec<Heard>,
    /// Where the next page is, where one could hold more of them.
    pub next: Option<String>,
    /// Some of it could not be read: what is missing here may be there.
    pub is_partly_unread: bool,
}

/// Of a page, newest first, the calls that we placed to this number since then.
pub fn listed(
    answer: &Answer,
    to: &str,
    sent_at: Timestamp,
    result_within: Option<Duration>,
    now: Timestamp,
) -> Result<Listed, ProviderError> {
    if answer.status != 200 {
        return Err(answer.unusable(now));
    }
    let page: Page = read(answer).ok_or_else(|| ProviderError::Failed(anyhow!("the answer is no list of calls")))?;
    let since = earlier(sent_at, CLOCKS_DIFFER);
    let mut listed = Listed { calls: Vec::new(), next: page.next_page_uri.text().map(str::to_owned), is_partly_unread: false };
    for call in &page.calls {
        match (moment(call.date_created.text()), sid(call.sid.text())) {
            // Those after it are older still.
            (Some(created), _) if created < since => listed.next = None,
            (Some(_), Some(_)) => {
                if call.to.text() == Some(to) && call.direction.text() == Some("outbound-api") {
                    listed.calls.push(shown(call, result_within));
                }
            }
            _ => listed.is_partly_unread = true,
        }
    }
    Ok(listed)
}

/// The next page, where it is one of the same list: an address of theirs is followed nowhere else.
pub fn next_page(list: &Url, next: &str) -> Option<Url> {
    let url = list.join(next).ok()?;
    (url.origin() == list.origin() && url.path() == list.path()).then_some(url)
}

fn shown(call: &Call, result_within: Option<Duration>) -> Heard {
    let told = Told {
        status: call.status.text(),
        answered_by: call.answered_by.text(),
        sip_code: None,
        duration: call.duration.get().and_then(|duration| duration.seconds()),
        ended_at: moment(call.end_time.text()),
    };
    let mut heard = told.heard(Source::LookUp, result_within);
    heard.evidence.provider_call = sid(call.sid.text());
    heard
}

/// Of which attempt, where its address names one, and of which call a webhook says what.
pub type Said = (Option<AttemptId>, ProviderCallId, Heard);

/// What a webhook says, where it is about a call.
pub fn webhook(url: Option<&str>, body: &[u8], result_within: Option<Duration>) -> Option<Said> {
    let form = Form::of(body);
    let id = sid(form.text("CallSid"))?;
    let told = Told {
        status: form.text("CallStatus"),
        answered_by: form.text("AnsweredBy"),
        sip_code: form.text("SipResponseCode").and_then(digits),
        duration: form.text("CallDuration").and_then(digits).and_then(|seconds| u32::try_from(seconds).ok()),
        ended_at: moment(form.text("Timestamp")),
    };
    let mut heard = told.heard(Source::Webhook, result_within);
    heard.evidence.provider_call = Some(id.clone());
    heard.evidence.recording = address(form.text("RecordingUrl"));
    Some((attempt(url), id, heard))
}

/// Our reference in the address that was called, which the signature covers.
fn attempt(url: Option<&str>) -> Option<AttemptId> {
    let (_, query) = url?.split_once('?')?;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    reference(pairs.find(|(name, _)| name == REFERENCE).map(|(_, value)| value).as_deref())
}

/// The provider's own id of a webhook: its place among those of the call.
pub fn event_id(body: &[u8]) -> Option<String> {
    let form = Form::of(body);
    Some(format!("{}/{}", sid(form.text("CallSid"))?.as_str(), form.text("SequenceNumber").and_then(digits)?))
}

/// The facts of a look-up or of a webhook, which name them differently.
#[derive(Default)]
struct Told<'a> {
    status: Option<&'a str>,
    answered_by: Option<&'a str>,
    sip_code: Option<i64>,
    duration: Option<u32>,
    ended_at: Option<Timestamp>,
}

impl Told<'_> {
    fn heard(&self, source: Source, result_within: Option<Duration>) -> Heard {
        let is_machine = self.answered_by.is_some_and(|by| by.starts_with("machine_"));
        let voicemail = is_machine.then_some(EndedReason::Voicemail);
        let (seen, reason) = match self.status {
            Some("queued" | "initiated") => (Some(Seen::Accepted), None),
            Some("ringing") => (Some(Seen::Ringing), None),
            Some("in-progress") => (Some(Seen::Answered), voicemail),
            Some("completed") if self.answered_by == Some("fax") => (Some(Seen::Failed), Some(EndedReason::Unreachable)),
            Some("completed") => (Some(Seen::Completed), voicemail),
            Some("busy") => (Some(Seen::Busy), Some(EndedReason::Busy)),
            Some("no-answer") => (Some(Seen::NoAnswer), Some(EndedReason::NoAnswer)),
            Some("canceled") => (Some(Seen::Canceled), None),
            Some("failed") => (Some(Seen::Failed), Some(failure(self.sip_code))),
            // A verdict about who answered, or a recording: facts alone.
            None => (None, voicemail),
            Some(_) => (None, None),
        };
        let is_end = seen.is_some_and(|seen| !matches!(seen, Seen::Accepted | Seen::Ringing | Seen::Answered));
        let was_talk = seen == Some(Seen::Completed);
        let evidence = Evidence {
            seen,
            ended_reason: reason,
            ended_at: self.ended_at.filter(|_| is_end),
            duration_s: self.duration.filter(|_| was_talk),
            words_final: is_end,
            result_within: result_within.filter(|_| was_talk),
            ..Evidence::new(source)
        };
        let unknown = self.status.filter(|_| seen.is_none()).map(str::to_owned);
        Heard { evidence, unknown }
    }
}

/// Why a call failed, by what the far end answered. Not told in look-ups.
const fn failure(sip_code: Option<i64>) -> EndedReason {
    match sip_code {
        Some(404 | 410 | 484 | 604) => EndedReason::InvalidNumber,
        Some(403 | 603 | 607 | 608) => EndedReason::CarrierRejected,
        _ => EndedReason::ProviderError,
    }
}

/// A moment as Twilio writes it: `Thu, 01 Jan 2026 00:00:00 +0000`.
fn moment(text: Option<&str>) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text?).ok().map(|at| at.timestamp())
}

/// Whether the keys are good. Whether the agent's address answers is seen when it is called.
pub fn health(answer: &Answer) -> Health {
    let (ready, detail) = match (answer.status, read::<Page>(answer)) {
        (200, Some(_)) => (true, "the account answers; the agent's TwiML is asked for at each call".to_owned()),
        (401 | 403, _) => (false, "the account refuses us; check account_sid and auth_token, or the API key".to_owned()),
        (404, _) => (false, "there is no such account; check account_sid".to_owned()),
        (status, _) => (false, format!("the answer to the question for calls was {status}; check base_url")),
    };
    Health { ready, detail }
}

#[cfg(test)]
#[path = "translate_tests.rs"]
mod tests;
