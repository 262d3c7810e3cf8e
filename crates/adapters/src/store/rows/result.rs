//! The row of `results`: what came out of a call. There is none until something did.

use callgate_domain::model::Call;
use callgate_domain::model::call::{CallResult, Role, Transcript, Turn};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{map, number, storable, storable_json, word};
use crate::store::error::Unreadable;
use crate::store::schema::results;
use crate::store::types::{Id, Json};

const FINAL: &str = "final";
const PARTIAL: &str = "partial";
const WHOLE: &str = "whole";
const CUT: &str = "cut";
const ASKED: &str = "asked";

/// What came out of a call.
#[derive(Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = results,
    primary_key(call_id),
    treat_none_as_null = true,
    treat_none_as_default_value = false
)]
pub struct ResultRow {
    pub call_id: Id,
    pub transcript: Option<String>,
    pub turns: Option<Json>,
    pub transcript_state: Option<String>,
    pub transcript_source: Option<String>,
    pub transcript_extent: Option<String>,
    pub duration_s: Option<i64>,
    pub summary: Option<String>,
    pub extracted: Option<Json>,
    pub opt_out: Option<String>,
    pub recording: Option<String>,
}

/// The same as a list shows it: without the words.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = results)]
pub struct ShortResultRow {
    pub duration_s: Option<i64>,
    pub summary: Option<String>,
    pub extracted: Option<Json>,
    pub opt_out: Option<String>,
    pub recording: Option<String>,
}

/// A turn as it is kept: short names, since there are many.
#[derive(Serialize, Deserialize)]
struct TurnJson {
    r: String,
    t: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    s: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    e: Option<u64>,
}

impl ResultRow {
    /// The row of a call, where it needs one.
    pub fn of(call: &Call) -> Option<Self> {
        let result = &call.result;
        if *result == CallResult::default() {
            return None;
        }
        let words = result.transcript.as_ref();
        let text = |text: &Option<String>| text.as_deref().map(|text| storable(text).into_owned());
        Some(Self {
            call_id: Id(call.id.as_uuid()),
            transcript: words.map(|words| storable(&words.text).into_owned()),
            turns: words.map(|words| turns_to_json(&words.turns)),
            transcript_state: words.map(|words| if words.is_final { FINAL } else { PARTIAL }.to_owned()),
            transcript_source: words.map(|words| words.source.as_str().to_owned()),
            transcript_extent: words.map(|words| if words.truncated { CUT } else { WHOLE }.to_owned()),
            duration_s: result.duration_s.map(i64::from),
            summary: text(&result.summary),
            extracted: (!result.extracted.is_empty()).then(|| Json(storable_json(&Value::Object(result.extracted.clone())))),
            opt_out: result.opt_out.then(|| ASKED.to_owned()),
            recording: text(&result.recording),
        })
    }

    /// What came out.
    pub fn result(self) -> Result<CallResult, Unreadable> {
        let transcript = match (self.transcript, self.transcript_source) {
            (Some(text), Some(source)) => Some(Transcript {
                text,
                turns: turns_from_json(self.turns)?,
                is_final: self.transcript_state.as_deref() == Some(FINAL),
                source: word("results.transcript_source", &source)?,
                truncated: self.transcript_extent.as_deref() == Some(CUT),
            }),
            _ => None,
        };
        let rest = ShortResultRow {
            duration_s: self.duration_s,
            summary: self.summary,
            extracted: self.extracted,
            opt_out: self.opt_out,
            recording: self.recording,
        };
        Ok(CallResult { transcript, ..rest.result()? })
    }
}

impl ShortResultRow {
    /// What came out, without the words.
    pub fn result(self) -> Result<CallResult, Unreadable> {
        Ok(CallResult {
            transcript: None,
            duration_s: self.duration_s.map(|s| number("results.duration_s", s)).transpose()?,
            summary: self.summary,
            extracted: map("results.extracted", self.extracted)?,
            opt_out: self.opt_out.is_some(),
            recording: self.recording,
        })
    }
}

fn turns_to_json(turns: &[Turn]) -> Json {
    let turns = turns.iter().map(|turn| TurnJson {
        r: turn.role.as_str().to_owned(),
        t: storable(&turn.text).into_owned(),
        s: turn.start_ms,
        e: turn.end_ms,
    });
    // Words and numbers always are JSON.
    Json(Value::Array(turns.map(|turn| serde_json::to_value(turn).unwrap_or(Value::Null)).collect()))
}

fn turns_from_json(json: Option<Json>) -> Result<Vec<Turn>, Unreadable> {
    const COLUMN: &str = "results.turns";
    let Some(Json(json)) = json else { return Ok(Vec::new()) };
    let turns: Vec<TurnJson> =
        serde_json::from_value(json).map_err(|error| Unreadable { column: COLUMN, fault: error.to_string() })?;
    turns
        .into_iter()
        .map(|turn| {
            let role: Role = word(COLUMN, &turn.r)?;
            Ok(Turn { role, text: turn.t, start_ms: turn.s, end_ms: turn.e })
        })
        .collect()
}
