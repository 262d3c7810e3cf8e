//! The hot row of a call.

use callgate_domain::model::call::{Hash, Lease, Looks};
use callgate_domain::model::{Call, CallId, ClientId, ConnectionId, Fence, Phone, Revision, WorkerId};
use callgate_domain::ports::StoreError;
use diesel::prelude::*;

use super::attempt::AttemptRow;
use super::details::DetailsRow;
use super::result::ResultRow;
use super::{count, instant, maybe_word, moment, terms, word};
use crate::store::error::unreadable;
use crate::store::schema::calls;
use crate::store::types::{Id, Instant, Json};

/// A row of `calls`: 30 of the 32 columns a table may have.
#[derive(Queryable, Selectable, Insertable, AsChangeset, Identifiable)]
#[diesel(table_name = calls, treat_none_as_null = true)]
pub struct CallRow {
    pub id: Id,
    pub client: String,
    pub agent: String,
    pub phone: String,
    pub state: String,
    pub revision: i32,
    pub history_head: Vec<u8>,
    pub try_number: i16,
    pub try_due_at: Instant,
    pub due_at: Instant,
    pub refusals: Option<Json>,
    pub connection: Option<String>,
    pub fence: i32,
    pub lease_owner: Option<Id>,
    pub lease_until: Option<Instant>,
    pub attempt_id: Option<Id>,
    pub attempts: i16,
    pub look_at: Option<Instant>,
    pub looks: i16,
    pub absences: i16,
    pub settles_by: Option<Instant>,
    pub cancel_requested_at: Option<Instant>,
    pub dialed_at: Option<Instant>,
    pub answered_at: Option<Instant>,
    pub ended_at: Option<Instant>,
    pub ended_reason: Option<String>,
    pub ended_by: Option<String>,
    pub transcript_status: String,
    pub terms: Json,
    pub created_at: Instant,
}

/// A call's rows together.
pub type WholeCall = (CallRow, DetailsRow, Option<ResultRow>, Option<AttemptRow>);

impl CallRow {
    /// The hot part of a call.
    pub fn of(call: &Call) -> Self {
        Self {
            id: Id(call.id.as_uuid()),
            client: call.client.to_string(),
            agent: call.agent.to_string(),
            phone: call.phone.e164().to_owned(),
            state: call.state.to_string(),
            revision: count(call.revision.0),
            history_head: call.history_head.0.to_vec(),
            try_number: count(call.try_number),
            try_due_at: Instant(call.try_due_at),
            due_at: Instant(call.due_at),
            refusals: terms::write_refusals(&call.refusals).map(Json),
            connection: call.connection.as_ref().map(ToString::to_string),
            fence: count(call.fence.0),
            lease_owner: call.lease.map(|lease| Id(lease.owner.as_uuid())),
            lease_until: instant(call.lease.map(|lease| lease.until)),
            attempt_id: call.attempt.as_ref().map(|attempt| Id(attempt.id.as_uuid())),
            attempts: count(call.attempts),
            look_at: instant(call.look_at),
            looks: count(call.looks.count),
            absences: count(call.looks.absent),
            settles_by: instant(call.settles_by),
            cancel_requested_at: instant(call.cancel_requested_at),
            dialed_at: instant(call.dialed_at),
            answered_at: instant(call.answered_at),
            ended_at: instant(call.ended_at),
            ended_reason: call.ended_reason.map(|reason| reason.to_string()),
            ended_by: call.ended_by.map(|by| by.to_string()),
            transcript_status: call.transcript_status.to_string(),
            terms: Json(terms::write_terms(&call.terms)),
            created_at: Instant(call.created_at),
        }
    }

    fn lease(&self) -> Option<Lease> {
        let (owner, until) = (self.lease_owner?, self.lease_until?);
        Some(Lease { owner: WorkerId::from_uuid(owner.0), until: until.0 })
    }
}

/// Puts a call together from its rows.
pub fn call_of((row, details, result, attempt): WholeCall) -> Result<Call, StoreError> {
    let hash: [u8; 32] = row.history_head.as_slice().try_into().map_err(|_length| unreadable("a history hash"))?;
    let (result, resolved) = result.map(ResultRow::read).transpose()?.unwrap_or_default();
    Ok(Call {
        id: CallId::from_uuid(row.id.0),
        client: word::<ClientId>(&row.client, "a client")?,
        agent: word(&row.agent, "an agent")?,
        phone: Phone::from_stored(row.phone.clone()),
        asked: details.read(),
        terms: terms::read_terms(&row.terms.0)?,
        created_at: row.created_at.0,
        state: word(&row.state, "a state")?,
        revision: Revision(count(row.revision)),
        history_head: Hash(hash),
        try_number: count(row.try_number),
        try_due_at: row.try_due_at.0,
        due_at: row.due_at.0,
        refusals: terms::read_refusals(row.refusals.as_ref().map(|json| &json.0))?,
        connection: maybe_word::<ConnectionId>(row.connection.as_deref(), "a connection")?,
        fence: Fence(count(row.fence)),
        lease: row.lease(),
        attempt: attempt.map(AttemptRow::read).transpose()?,
        attempts: count(row.attempts),
        look_at: moment(row.look_at),
        looks: Looks { count: count(row.looks), absent: count(row.absences) },
        settles_by: moment(row.settles_by),
        cancel_requested_at: moment(row.cancel_requested_at),
        dialed_at: moment(row.dialed_at),
        answered_at: moment(row.answered_at),
        ended_at: moment(row.ended_at),
        ended_reason: maybe_word(row.ended_reason.as_deref(), "an ended_reason")?,
        ended_by: maybe_word(row.ended_by.as_deref(), "an ended_by")?,
        resolved,
        transcript_status: word(&row.transcript_status, "a transcript_status")?,
        result,
    })
}
