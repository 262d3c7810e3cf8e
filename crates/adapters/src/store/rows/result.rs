//! What came out of a call, apart from the hot row: transcripts are long.

use callgate_domain::model::call::conversation::MAX_TRANSCRIPT;
use callgate_domain::model::call::{Call, CallResult, CallState, Role, Transcript, Turn};
use callgate_domain::ports::StoreError;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::details::{object, unless_empty};
use super::{count, maybe_word, word};
use crate::store::error::unreadable;
use crate::store::schema::results;
use crate::store::types::{Id, Json};

/// What `transcript_extent` says of words that are all there will be.
const FINAL: &str = "final";
/// What it says of words that may still grow.
const PARTIAL: &str = "partial";
/// What `opt_out` says: who asked not to be called again.
const BY_USER: &str = "user";

/// A row of `results`.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = results, treat_none_as_null = true)]
pub struct ResultRow {
    pub call_id: Id,
    pub transcript: Option<String>,
    pub turns: Option<Json>,
    pub transcript_extent: Option<String>,
    pub transcript_source: Option<String>,
    pub transcript_cut_at: Option<i32>,
    pub duration_s: Option<i32>,
    pub summary: Option<String>,
    pub extracted: Option<Json>,
    pub opt_out: Option<String>,
    pub recording: Option<String>,
    pub resolved: Option<String>,
}

/// The same without transcript and turns: what lists show.
#[derive(Queryable, Selectable)]
#[diesel(table_name = results)]
pub struct ListedResult {
    pub call_id: Id,
    pub duration_s: Option<i32>,
    pub summary: Option<String>,
    pub extracted: Option<Json>,
    pub opt_out: Option<String>,
    pub recording: Option<String>,
    pub resolved: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct TurnJson {
    role: String,
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end_ms: Option<u64>,
}

impl ResultRow {
    /// What came out of a call; nothing while nothing has.
    pub fn of(call: &Call) -> Option<Self> {
        let result = &call.result;
        if *result == CallResult::default() && call.resolved.is_none() {
            return None;
        }
        let words = result.transcript.as_ref();
        Some(Self {
            call_id: Id(call.id.as_uuid()),
            transcript: words.map(|words| words.text.clone()),
            turns: words.and_then(|words| write_turns(&words.turns)),
            transcript_extent: words.map(|words| if words.is_final { FINAL } else { PARTIAL }.to_owned()),
            transcript_source: words.map(|words| words.source.to_string()),
            transcript_cut_at: words.filter(|words| words.truncated).map(|_| count(MAX_TRANSCRIPT)),
            duration_s: result.duration_s.map(count),
            summary: result.summary.clone(),
            extracted: unless_empty(&result.extracted),
            opt_out: result.opt_out.then(|| BY_USER.to_owned()),
            recording: result.recording.clone(),
            resolved: call.resolved.map(|state| state.to_string()),
        })
    }

    /// As the model has it, with what later evidence showed.
    pub fn read(self) -> Result<(CallResult, Option<CallState>), StoreError> {
        let resolved = maybe_word(self.resolved.as_deref(), "a state")?;
        let transcript = match self.transcript {
            None => None,
            Some(text) => Some(Transcript {
                text,
                turns: read_turns(self.turns)?,
                is_final: self.transcript_extent.as_deref() == Some(FINAL),
                source: word(self.transcript_source.as_deref().unwrap_or_default(), "a source")?,
                truncated: self.transcript_cut_at.is_some(),
            }),
        };
        let result = CallResult {
            transcript,
            duration_s: self.duration_s.map(count),
            summary: self.summary,
            extracted: object(self.extracted),
            opt_out: self.opt_out.is_some(),
            recording: self.recording,
        };
        Ok((result, resolved))
    }
}

impl From<ListedResult> for ResultRow {
    fn from(held: ListedResult) -> Self {
        let ListedResult { call_id, duration_s, summary, extracted, opt_out, recording, resolved } = held;
        Self {
            call_id,
            transcript: None,
            turns: None,
            transcript_extent: None,
            transcript_source: None,
            transcript_cut_at: None,
            duration_s,
            summary,
            extracted,
            opt_out,
            recording,
            resolved,
        }
    }
}

fn write_turns(turns: &[Turn]) -> Option<Json> {
    let turns: Vec<_> = turns
        .iter()
        .map(|turn| TurnJson {
            role: turn.role.to_string(),
            text: turn.text.clone(),
            start_ms: turn.start_ms,
            end_ms: turn.end_ms,
        })
        .collect();
    (!turns.is_empty()).then(|| Json(serde_json::to_value(turns).unwrap_or_default()))
}

fn read_turns(json: Option<Json>) -> Result<Vec<Turn>, StoreError> {
    let Some(Json(json)) = json else { return Ok(Vec::new()) };
    let turns: Vec<TurnJson> = serde_json::from_value(json).map_err(|_shape| unreadable("turns"))?;
    let read = |turn: TurnJson| -> Result<Turn, StoreError> {
        let role: Role = word(&turn.role, "a role")?;
        Ok(Turn { role, text: turn.text, start_ms: turn.start_ms, end_ms: turn.end_ms })
    };
    turns.into_iter().map(read).collect()
}
