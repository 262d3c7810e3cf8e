//! The row of `calls`.

use callgate_domain::model::call::{Asked, Attempt, CallResult, Hash, Lease, Looks};
use callgate_domain::model::{Call, CallId, Fence, Phone, Revision, WorkerId};
use diesel::prelude::*;

use super::{hash, instant, moment, number, terms, word, word_or_none};
use crate::store::error::Unreadable;
use crate::store::schema::calls;
use crate::store::types::{Id, Instant, JsonText};

/// A call without what the client sent along, what came out of it, and its attempt.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = calls, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct CallRow {
    pub id: Id,
    #[diesel(skip_update)]
    pub client: String,
    #[diesel(skip_update)]
    pub agent: String,
    #[diesel(skip_update)]
    pub phone: String,
    #[diesel(skip_update)]
    pub terms: JsonText,
    #[diesel(skip_update)]
    pub created_at: Instant,
    pub state: String,
    pub revision: i64,
    pub history_head: Vec<u8>,
    pub try_number: i32,
    pub try_due_at: Instant,
    pub due_at: Instant,
    pub refusals: Option<JsonText>,
    pub connection: Option<String>,
    pub fence: i64,
    pub lease_owner: Option<Id>,
    pub lease_until: Option<Instant>,
    pub attempt: Option<Id>,
    pub attempts: i32,
    pub look_at: Option<Instant>,
    pub looks: i32,
    pub looks_absent: i32,
    pub settles_by: Option<Instant>,
    pub cancel_requested_at: Option<Instant>,
    pub dialed_at: Option<Instant>,
    pub answered_at: Option<Instant>,
    pub ended_at: Option<Instant>,
    pub ended_reason: Option<String>,
    pub ended_by: Option<String>,
    pub resolved: Option<String>,
    pub transcript_status: String,
}

/// The row of a call that nothing has happened to: all other columns are `NULL`. It is inserted most, and each column that
/// need not be bound makes that cheaper.
#[derive(Insertable)]
#[diesel(table_name = calls, treat_none_as_default_value = false)]
pub struct FreshCallRow<'a> {
    id: Id,
    client: &'a str,
    agent: &'a str,
    phone: &'a str,
    terms: &'a JsonText,
    created_at: Instant,
    state: &'a str,
    revision: i64,
    history_head: &'a [u8],
    try_number: i32,
    try_due_at: Instant,
    due_at: Instant,
    fence: i64,
    attempts: i32,
    look_at: Option<Instant>,
    looks: i32,
    looks_absent: i32,
    settles_by: Option<Instant>,
    transcript_status: &'a str,
}

impl CallRow {
    /// Its short form, where it is a fresh call's.
    pub fn fresh(&self) -> Option<FreshCallRow<'_>> {
        // Everything is named, so that a new column cannot be forgotten here.
        let Self {
            ref client,
            ref agent,
            ref phone,
            ref terms,
            ref state,
            ref history_head,
            ref transcript_status,
            id,
            created_at,
            revision,
            try_number,
            try_due_at,
            due_at,
            fence,
            attempts,
            look_at,
            looks,
            looks_absent,
            settles_by,
            refusals: None,
            connection: None,
            lease_owner: None,
            lease_until: None,
            attempt: None,
            cancel_requested_at: None,
            dialed_at: None,
            answered_at: None,
            ended_at: None,
            ended_reason: None,
            ended_by: None,
            resolved: None,
        } = *self
        else {
            return None;
        };
        Some(FreshCallRow {
            id,
            client,
            agent,
            phone,
            terms,
            created_at,
            state,
            revision,
            history_head,
            try_number,
            try_due_at,
            due_at,
            fence,
            attempts,
            look_at,
            looks,
            looks_absent,
            settles_by,
            transcript_status,
        })
    }

    /// The row of a call.
    pub fn of(call: &Call) -> Self {
        Self {
            id: Id(call.id.as_uuid()),
            client: call.client.as_str().to_owned(),
            agent: call.agent.as_str().to_owned(),
            phone: call.phone.e164().to_owned(),
            terms: terms::terms_to_json(&call.terms),
            created_at: Instant(call.created_at),
            state: call.state.as_str().to_owned(),
            revision: call.revision.0.into(),
            history_head: call.history_head.0.to_vec(),
            try_number: call.try_number.into(),
            try_due_at: Instant(call.try_due_at),
            due_at: Instant(call.due_at),
            refusals: terms::refusals_to_json(&call.refusals),
            connection: call.connection.as_ref().map(|connection| connection.as_str().to_owned()),
            fence: call.fence.0.into(),
            lease_owner: call.lease.map(|lease| Id(lease.owner.as_uuid())),
            lease_until: call.lease.map(|lease| Instant(lease.until)),
            attempt: call.attempt.as_ref().map(|attempt| Id(attempt.id.as_uuid())),
            attempts: call.attempts.into(),
            look_at: instant(call.look_at),
            looks: call.looks.count.into(),
            looks_absent: call.looks.absent.into(),
            settles_by: instant(call.settles_by),
            cancel_requested_at: instant(call.cancel_requested_at),
            dialed_at: instant(call.dialed_at),
            answered_at: instant(call.answered_at),
            ended_at: instant(call.ended_at),
            ended_reason: call.ended_reason.map(|reason| reason.as_str().to_owned()),
            ended_by: call.ended_by.map(|by| by.as_str().to_owned()),
            resolved: call.resolved.map(|state| state.as_str().to_owned()),
            transcript_status: call.transcript_status.as_str().to_owned(),
        }
    }

    /// The call, with what stands in other tables.
    pub fn call(self, asked: Asked, result: CallResult, attempt: Option<Attempt>) -> Result<Call, Unreadable> {
        let lease = self.lease_owner.zip(self.lease_until);
        Ok(Call {
            id: CallId::from_uuid(self.id.0),
            client: word("calls.client", &self.client)?,
            agent: word("calls.agent", &self.agent)?,
            phone: Phone::from_stored(self.phone),
            asked,
            terms: terms::terms_from_json(&self.terms)?,
            created_at: self.created_at.0,
            state: word("calls.state", &self.state)?,
            revision: Revision(number("calls.revision", self.revision)?),
            history_head: Hash(hash("calls.history_head", &self.history_head)?),
            try_number: number("calls.try", self.try_number)?,
            try_due_at: self.try_due_at.0,
            due_at: self.due_at.0,
            refusals: terms::refusals_from_json(self.refusals.as_ref())?,
            connection: word_or_none("calls.connection", self.connection.as_deref())?,
            fence: Fence(number("calls.fence", self.fence)?),
            lease: lease.map(|(owner, until)| Lease { owner: WorkerId::from_uuid(owner.0), until: until.0 }),
            attempt,
            attempts: number("calls.attempts", self.attempts)?,
            look_at: moment(self.look_at),
            looks: Looks { count: number("calls.looks", self.looks)?, absent: number("calls.looks_absent", self.looks_absent)? },
            settles_by: moment(self.settles_by),
            cancel_requested_at: moment(self.cancel_requested_at),
            dialed_at: moment(self.dialed_at),
            answered_at: moment(self.answered_at),
            ended_at: moment(self.ended_at),
            ended_reason: word_or_none("calls.ended_reason", self.ended_reason.as_deref())?,
            ended_by: word_or_none("calls.ended_by", self.ended_by.as_deref())?,
            resolved: word_or_none("calls.resolved", self.resolved.as_deref())?,
            transcript_status: word("calls.transcript_status", &self.transcript_status)?,
            result,
        })
    }
}
