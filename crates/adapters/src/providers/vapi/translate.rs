//! What Vapi's answers and webhooks mean. Pure.

use std::time::Duration;

use anyhow::anyhow;
use callgate_domain::model::call::conversation::turns_of;
use callgate_domain::model::call::{Role, Turn};
use callgate_domain::model::moment::{earlier, elapsed, later};
use callgate_domain::model::provider::Health;
use callgate_domain::model::{AttemptId, ConnectionId, EndedReason, Evidence, Placing, ProviderCallId, Retry, Seen, Source};
use callgate_domain::ports::{AttemptRef, Found, ProviderError, Reading};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::Url;

use super::reasons::{self, End};
use super::wire::{Analysis, Artifact, Call, Envelope, Refusal, Said, Taken, Told};
use crate::providers::client::{Answer, wait_of};
use crate::providers::lenient::Lenient;
use crate::providers::setting::is_this_machine;
use crate::providers::theirs::{self, REFERENCE};

/// The longest list they give at once.
pub const LIMIT: usize = 1_000;
/// How long to wait where they say that there is no room, but not for how long.
const USUAL_WAIT: Duration = Duration::from_secs(5);
/// Their clock and ours may differ, and a request takes its time.
const BEFORE: Duration = Duration::from_mins(1);
const AFTER: Duration = Duration::from_mins(5);
/// The words of a talk are there seconds after its end. After so long none will come.
const WORDS_TAKE: Duration = Duration::from_mins(5);

/// A word of theirs that we do not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// Of a status: it says nothing.
    Status(String),
    /// Of an end.
    Reason(String),
}

impl Unknown {
    /// What it is, and the word.
    pub fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Status(word) => ("status", word),
            Self::Reason(word) => ("ended reason", word),
        }
    }
}

/// A look-up's answer, and what to tell the operator about it.
#[derive(Debug)]
pub struct LookedUp {
    /// For the caller.
    pub found: Found,
    /// For the log.
    pub unknown: Option<Unknown>,
}

/// A webhook, and what to tell the operator about it.
#[derive(Debug)]
pub struct Read {
    /// For the caller.
    pub reading: Reading,
    /// For the log.
    pub unknown: Option<Unknown>,
}

/// What became of the request to place a call. Everything that stands in no row here is unknown.
pub fn placing(answer: &Answer, now: Timestamp) -> Placing {
    if answer.is_success() {
        let id = object::<Taken>(answer).and_then(|taken| theirs::id(taken.id.as_deref()));
        return id.map_or_else(Placing::default, Placing::Dialed);
    }
    let Some(said) = refusal(answer) else { return Placing::default() };
    let wait = || Retry::After(wait_of(answer.retry_after.as_deref(), now).unwrap_or(USUAL_WAIT));
    let (reason, retry) = match answer.status {
        400 | 422 if is_about_the_number(&said) => (EndedReason::InvalidNumber, Retry::Never),
        // The same status says that too many calls are under way, and only the sentence tells it.
        400 if said.contains("concurren") || said.contains("daily") => (EndedReason::ProviderError, wait()),
        400..=404 | 422 => (EndedReason::ProviderError, Retry::Never),
        429 => (EndedReason::ProviderError, wait()),
        _ => return Placing::default(),
    };
    Placing::NotDialed { reason, retry }
}

/// The sentence of a refusal in its own shape, in lower case. A page of somebody between us is none.
fn refusal(answer: &Answer) -> Option<String> {
    let refusal: Refusal = object(answer)?;
    let said = refusal.message.said();
    let is_one = refusal.status_code == answer.status && refusal.id.is_none() && !said.trim().is_empty();
    is_one.then_some(said)
}

fn is_about_the_number(said: &str) -> bool {
    let names_it = ["customer.number", "customer number", "customer's number"].iter().any(|name| said.contains(name));
    names_it && ["valid", "e.164", "e164"].iter().any(|fault| said.contains(fault))
}

/// A body that is text, and a JSON object: a list would be read as one too.
fn object<T: DeserializeOwned>(answer: &Answer) -> Option<T> {
    let text = std::str::from_utf8(&answer.body).ok()?;
    text.trim_start().starts_with('{').then(|| serde_json::from_str(text).ok())?
}

/// From when to when a list asks for calls that were made around the send mark.
pub fn window(sent_at: Timestamp) -> (String, String) {
    (format!("{:.3}", earlier(sent_at, BEFORE)), format!("{:.3}", later(sent_at, AFTER)))
}

/// What a look-up says of the call that was asked for.
pub fn found(answer: &Answer, asked: &ProviderCallId, base: &Url, now: Timestamp) -> Result<LookedUp, ProviderError> {
    match answer.status {
        200 => Ok(looked_up(&the_call(answer, asked)?, asked.clone(), base, now)),
        404 if refusal(answer).is_some() => Ok(LookedUp { found: Found::Absent { complete: true }, unknown: None }),
        _ => Err(answer.unusable(now)),
    }
}

/// The same of the attempt, whose call stands in a list if there is one.
pub fn listed(answer: &Answer, attempt: AttemptId, base: &Url, now: Timestamp) -> Result<LookedUp, ProviderError> {
    if answer.status != 200 {
        return Err(answer.unusable(now));
    }
    let calls: Vec<Call> = answer.json().ok_or_else(|| ProviderError::Failed(anyhow!("the answer is no list of calls")))?;
    let ours = calls.iter().find(|call| references(call).any(|reference| reference == attempt));
    let Some(call) = ours else {
        let complete = calls.len() < LIMIT;
        return Ok(LookedUp { found: Found::Absent { complete }, unknown: None });
    };
    let id = theirs::id(call.id.text()).ok_or_else(|| ProviderError::Failed(anyhow!("our call has no id")))?;
    Ok(looked_up(call, id, base, now))
}

fn the_call(answer: &Answer, asked: &ProviderCallId) -> Result<Call, ProviderError> {
    let call: Call = object(answer).ok_or_else(|| ProviderError::Failed(anyhow!("the answer is no call")))?;
    if theirs::id(call.id.text()).as_ref() == Some(asked) {
        Ok(call)
    } else {
        Err(ProviderError::Failed(anyhow!("the answer is about another call")))
    }
}

fn looked_up(call: &Call, id: ProviderCallId, base: &Url, now: Timestamp) -> LookedUp {
    let told = Ended {
        reason: call.ended_reason.text(),
        artifact: call.artifact.get(),
        analysis: call.analysis.get(),
        started_at: theirs::moment(call.started_at.text()),
        ended_at: theirs::moment(call.ended_at.text()),
    };
    let last = told.ended_at.or_else(|| theirs::moment(call.updated_at.text()));
    let is_settled = told.has_words() || last.is_some_and(|last| elapsed(last, now) > WORDS_TAKE);
    let (evidence, unknown) = evidence(call.status.text(), &told, is_settled, &id, base, Source::LookUp);
    LookedUp { found: Found::Evidence(Box::new(evidence)), unknown }
}

/// How the end of a call can be asked for.
#[derive(Debug)]
pub struct WayToEnd {
    /// The call's own address.
    pub control: Option<Url>,
    /// It waits over there: nothing of it would be lost.
    pub has_not_begun: bool,
}

/// How this call can be ended.
pub fn way_to_end(answer: &Answer, id: &ProviderCallId, base: &Url, now: Timestamp) -> Result<WayToEnd, ProviderError> {
    match answer.status {
        200 => {}
        404 if refusal(answer).is_some() => return Err(ProviderError::Gone),
        _ => return Err(answer.unusable(now)),
    }
    let call = the_call(answer, id)?;
    let status = call.status.text();
    if matches!(status, Some("ended" | "not-found")) {
        return Err(ProviderError::Gone);
    }
    let told = call.monitor.get().and_then(|monitor| monitor.control_url.text());
    let control = told.map(|told| theirs_alone(told, base)).transpose()?;
    Ok(WayToEnd { control, has_not_begun: matches!(status, Some("scheduled" | "queued")) })
}

/// An address that an answer names is believed where it leads to them: we are no one's way to somebody else's network.
fn theirs_alone(told: &str, base: &Url) -> Result<Url, ProviderError> {
    let fault = || ProviderError::Failed(anyhow!("the call's control address leads elsewhere"));
    let url = Url::parse(told).ok().ok_or_else(fault)?;
    let is_bare = url.username().is_empty() && url.password().is_none();
    let is_known = url.host_str().is_some_and(|host| host == "vapi.ai" || host.ends_with(".vapi.ai"));
    let is_base = url.origin() == base.origin() && (base.scheme() == "https" || is_this_machine(base));
    if is_bare && (is_base || (is_known && url.scheme() == "https")) { Ok(url) } else { Err(fault()) }
}

/// What became of the request to take back a call that waits.
pub fn deleted(answer: &Answer, now: Timestamp) -> Result<(), ProviderError> {
    match answer.status {
        200..=299 => Ok(()),
        404 => Err(ProviderError::Gone),
        _ => Err(answer.unusable(now)),
    }
}

/// What a webhook says.
pub fn read(body: &[u8], base: &Url, connection: &ConnectionId, source: Source) -> Read {
    let nothing = Read { reading: Reading::Nothing, unknown: None };
    let envelope: Option<Envelope> = serde_json::from_slice(body).ok();
    let Some(told) = envelope.and_then(|envelope| envelope.message.0) else { return nothing };
    let call = told.call.0.as_ref();
    let Some(id) = theirs::id(call.and_then(|call| call.id.text())) else { return nothing };
    let about = AttemptRef {
        attempt: call.and_then(|call| references(call).next()),
        provider_call: Some(id.clone()),
        connection: Some(connection.clone()),
    };
    let (status, is_report) = match told.kind.text() {
        Some("status-update") => (told.status.text(), false),
        Some("end-of-call-report") => (Some("ended"), true),
        _ => return nothing,
    };
    let (evidence, unknown) = evidence(status, &ended(&told, is_report), is_report, &id, base, source);
    if evidence.seen.is_none() {
        return Read { unknown, ..nothing };
    }
    Read { reading: Reading::Says { about, evidence: Box::new(evidence) }, unknown }
}

/// What a webhook says of an end. Only the report has the words.
fn ended(told: &Told, is_report: bool) -> Ended<'_> {
    let call = told.call.get();
    let within = |field: fn(&Call) -> &Lenient<String>| call.and_then(|call| field(call).text());
    Ended {
        reason: told.ended_reason.text().or_else(|| within(|call| &call.ended_reason)),
        artifact: told.artifact.get().or_else(|| call?.artifact.get()).filter(|_| is_report),
        analysis: told.analysis.get().or_else(|| call?.analysis.get()).filter(|_| is_report),
        started_at: theirs::moment(told.started_at.text().or_else(|| within(|call| &call.started_at))),
        ended_at: theirs::moment(told.ended_at.text().or_else(|| within(|call| &call.ended_at))),
    }
}

/// Our reference, from wherever it comes back.
fn references(call: &Call) -> impl Iterator<Item = AttemptId> {
    let metadata = call.assistant_overrides.get().and_then(|echoed| echoed.metadata.get());
    let ours = metadata.and_then(|metadata| metadata.get(REFERENCE)).and_then(Value::as_str);
    let external = call.customer.get().and_then(|customer| customer.external_id.text());
    [ours, external, call.name.text()].into_iter().filter_map(theirs::reference)
}

/// What is told of a call that may have ended.
struct Ended<'a> {
    reason: Option<&'a str>,
    artifact: Option<&'a Artifact>,
    analysis: Option<&'a Analysis>,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
}

impl Ended<'_> {
    fn turns(&self) -> Vec<Turn> {
        let Some(artifact) = self.artifact else { return Vec::new() };
        let spoken = theirs::turns(artifact.messages.0.iter().map(turn));
        if spoken.is_empty() {
            // Lines that begin with `AI:` and `User:`.
            let text = theirs::text(artifact.transcript.text()).unwrap_or_default();
            theirs::turns(turns_of(&text).into_iter().map(Some))
        } else {
            spoken
        }
    }

    fn has_words(&self) -> bool {
        !self.turns().is_empty()
    }

    fn seconds(&self) -> Option<u32> {
        let talk = elapsed(self.started_at?, self.ended_at?);
        u32::try_from(talk.saturating_add(Duration::from_millis(500)).as_secs()).ok()
    }

    fn extracted(&self) -> Map<String, Value> {
        let mut all = theirs::extracted(self.analysis.and_then(|analysis| analysis.structured_data.get()));
        let outputs = self.artifact.and_then(|artifact| artifact.structured_outputs.get());
        for output in outputs.into_iter().flat_map(Map::values) {
            if let (Some(name), Some(result)) = (output.get("name").and_then(Value::as_str), output.get("result")) {
                all.entry(name).or_insert_with(|| result.clone());
            }
        }
        theirs::extracted(Some(&Value::Object(all)))
    }

    /// Their addresses of the audio are private, or good for minutes only: the one that asks for a new one is kept.
    fn recording(&self, id: &ProviderCallId, base: &Url) -> Option<String> {
        let artifact = self.artifact?;
        let told = [&artifact.recording_url, &artifact.stereo_recording_url, &artifact.presigned_mono_url];
        let is_there =
            told.iter().any(|url| url.text().is_some()) || artifact.recording.get().is_some_and(|held| !held.is_empty());
        let mut url = base.clone();
        url.path_segments_mut().ok()?.pop_if_empty().extend(["call", id.as_str(), "mono-recording"]);
        is_there.then(|| url.into())
    }
}

/// The instructions and the tools are messages too; they have roles of their own.
fn turn(said: &Said) -> Option<Turn> {
    let start = said.seconds_from_start.get().and_then(|seconds| seconds.millis());
    let length = said.end_time.get().zip(said.time.get()).map(|(end, begin)| end.0 - begin.0);
    let length = length.filter(|length| (0.0..1e9).contains(length)).map(|length| length.round() as u64);
    let end = start.zip(length).map(|(start, length)| start.saturating_add(length));
    theirs::turn(said.role.text()?, said.message.text(), start, end)
}

/// What a status says, and how the call ended where it did. `is_settled`: the words are here, or none will come.
fn evidence(
    status: Option<&str>,
    told: &Ended<'_>,
    is_settled: bool,
    id: &ProviderCallId,
    base: &Url,
    source: Source,
) -> (Evidence, Option<Unknown>) {
    let bare = Evidence { provider_call: Some(id.clone()), ..Evidence::new(source) };
    let seen = match status {
        Some("scheduled" | "queued") => Seen::Accepted,
        Some("ringing") => Seen::Ringing,
        Some("in-progress" | "forwarding") => Seen::Answered,
        Some("ended") => return over(bare, told, is_settled, id, base),
        // Of the data, not of the call.
        Some("not-found" | "deletion-failed") | None => return (bare, None),
        Some(word) => return (bare, Some(Unknown::Status(word.to_owned()))),
    };
    (Evidence { seen: Some(seen), ..bare }, None)
}

fn over(bare: Evidence, told: &Ended<'_>, is_settled: bool, id: &ProviderCallId, base: &Url) -> (Evidence, Option<Unknown>) {
    let turns = told.turns();
    let is_talk = turns.iter().any(|turn| turn.role == Role::User);
    let end = told.reason.and_then(reasons::of);
    let (seen, reason) = match end {
        Some(End::Is(seen, reason)) => (seen, reason),
        // Whether it was a talk is not told by the reason: the words say it, or, while they may come, nothing does.
        _ if is_talk || !is_settled => (Seen::Completed, EndedReason::Unknown),
        Some(End::Carried) => (Seen::NoAnswer, EndedReason::Unknown),
        None => (Seen::Failed, EndedReason::Unknown),
    };
    let seen = if seen == Seen::Completed && !is_settled { Seen::Over } else { seen };
    let was_answered = matches!(seen, Seen::Completed | Seen::Over) || is_talk;
    let nobody_was_there = matches!(seen, Seen::NoAnswer | Seen::Busy);
    let evidence = Evidence {
        seen: Some(seen),
        ended_reason: Some(reason),
        ended_at: told.ended_at,
        duration_s: told.seconds().filter(|_| was_answered),
        // What an agent says to a phone that nobody took is no conversation.
        turns: if nobody_was_there { Vec::new() } else { turns },
        words_final: is_settled,
        summary: theirs::summary(told.analysis.and_then(|analysis| analysis.summary.text())),
        extracted: told.extracted(),
        recording: told.recording(id, base),
        ..bare
    };
    let unknown = told.reason.filter(|_| end.is_none()).map(|word| Unknown::Reason(word.to_owned()));
    (evidence, unknown)
}

/// What is wrong with the key or with what was asked for; nothing where it is there.
pub fn ill(answer: &Answer, what: &str, setting: &str, now: Timestamp) -> Result<Option<Health>, ProviderError> {
    let detail = match answer.status {
        200 => return Ok(None),
        401 | 403 => format!("the key is refused ({}); is api_key the private one?", answer.status),
        400 | 404 => format!("{what} is not there ({}); is {setting} its id?", answer.status),
        _ => return Err(answer.unusable(now)),
    };
    Ok(Some(Health { ready: false, detail }))
}

#[cfg(test)]
#[path = "translate_tests.rs"]
mod tests;
