//! The row of `calls`.

use callgate_domain::model::call::{Asked, Attempt, CallResult, Hash, Lease, Looks};
use callgate_domain::model::{Call, CallId, Fence, Phone, Revision, WorkerId};
use diesel::prelude::*;

use super::{hash, instant, moment, number, terms, word, word_or_none};
use crate::store::error::Unreadable;
use crate::store::schema::calls;
use crate::store::types::{Id, Instant, JsonText};

/// A call without what the client sent along, what came out of it, and its attempt.
#[derive(Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = calls, treat_none_as_default_value = false)]
pub struct CallRow {
    #[diesel(embed)]
    pub always: AlwaysRow,
    #[diesel(embed)]
    pub later: LaterRow,
}

/// What every call has. It alone is bound for a call that nothing has happened to, and those are inserted most.
#[derive(Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = calls, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct AlwaysRow {
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
    pub fence: i64,
    pub attempts: i32,
    pub look_at: Option<Instant>,
    pub looks: i32,
    pub looks_absent: i32,
    pub settles_by: Option<Instant>,
    pub transcript_status: String,
}

/// What a call has once something has happened to it.
#[derive(Clone, Default, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = calls, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct LaterRow {
    pub refusals: Option<JsonText>,
    pub connection: Option<String>,
    pub lease_owner: Option<Id>,
    pub lease_until: Option<Instant>,
    pub attempt: Option<Id>,
    pub restored_at: Option<Instant>,
    pub cancel_requested_at: Option<Instant>,
    pub dialed_at: Option<Instant>,
    pub answered_at: Option<Instant>,
    pub ended_at: Option<Instant>,
    pub ended_reason: Option<String>,
    pub ended_by: Option<String>,
    pub resolved: Option<String>,
}

impl CallRow {
    /// Whether nothing has happened to it, so that what every call has is the whole row.
    pub fn is_fresh(&self) -> bool {
        self.later == LaterRow::default()
    }

    /// The row of a call.
    pub fn of(call: &Call) -> Self {
        Self {
            always: AlwaysRow {
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
                fence: call.fence.0.into(),
                attempts: call.attempts.into(),
                look_at: instant(call.look_at),
                looks: call.looks.count.into(),
                looks_absent: call.looks.absent.into(),
                settles_by: instant(call.settles_by),
                transcript_status: call.transcript_status.as_str().to_owned(),
            },
            later: LaterRow {
                refusals: terms::refusals_to_json(&call.refusals),
                connection: call.connection.as_ref().map(|connection| connection.as_str().to_owned()),
                lease_owner: call.lease.map(|lease| Id(lease.owner.as_uuid())),
                lease_until: call.lease.map(|lease| Instant(lease.until)),
                attempt: call.attempt.as_ref().map(|attempt| Id(attempt.id.as_uuid())),
                restored_at: instant(call.restored_at),
                cancel_requested_at: instant(call.cancel_requested_at),
                dialed_at: instant(call.dialed_at),
                answered_at: instant(call.answered_at),
                ended_at: instant(call.ended_at),
                ended_reason: call.ended_reason.map(|reason| reason.as_str().to_owned()),
                ended_by: call.ended_by.map(|by| by.as_str().to_owned()),
                resolved: call.resolved.map(|state| state.as_str().to_owned()),
            },
        }
    }

    /// The call, with what stands in other tables.
    pub fn call(self, asked: Asked, result: CallResult, attempt: Option<Attempt>) -> Result<Call, Unreadable> {
        let Self { always, later } = self;
        let lease = later.lease_owner.zip(later.lease_until);
        Ok(Call {
            id: CallId::from_uuid(always.id.0),
            client: word("calls.client", &always.client)?,
            agent: word("calls.agent", &always.agent)?,
            phone: Phone::from_stored(always.phone),
            asked,
            terms: terms::terms_from_json(&always.terms)?,
            created_at: always.created_at.0,
            state: word("calls.state", &always.state)?,
            revision: Revision(number("calls.revision", always.revision)?),
            history_head: Hash(hash("calls.history_head", &always.history_head)?),
            try_number: number("calls.try", always.try_number)?,
            try_due_at: always.try_due_at.0,
            due_at: always.due_at.0,
            refusals: terms::refusals_from_json(later.refusals.as_ref())?,
            connection: word_or_none("calls.connection", later.connection.as_deref())?,
            fence: Fence(number("calls.fence", always.fence)?),
            lease: lease.map(|(owner, until)| Lease { owner: WorkerId::from_uuid(owner.0), until: until.0 }),
            attempt,
            attempts: number("calls.attempts", always.attempts)?,
            look_at: moment(always.look_at),
            looks: Looks {
                count: number("calls.looks", always.looks)?,
                absent: number("calls.looks_absent", always.looks_absent)?,
            },
            settles_by: moment(always.settles_by),
            restored_at: moment(later.restored_at),
            cancel_requested_at: moment(later.cancel_requested_at),
            dialed_at: moment(later.dialed_at),
            answered_at: moment(later.answered_at),
            ended_at: moment(later.ended_at),
            ended_reason: word_or_none("calls.ended_reason", later.ended_reason.as_deref())?,
            ended_by: word_or_none("calls.ended_by", later.ended_by.as_deref())?,
            resolved: word_or_none("calls.resolved", later.resolved.as_deref())?,
            transcript_status: word("calls.transcript_status", &always.transcript_status)?,
            result,
        })
    }
}
