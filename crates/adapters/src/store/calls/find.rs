//! Which call a webhook or a look-up speaks of, and which others it could speak of as well.

use callgate_domain::model::call::{Attempt, Outcome};
use callgate_domain::model::{AttemptId, ConnectionId, Phone, ProviderCallId};
use callgate_domain::ports::{AttemptRef, Match};
use diesel::prelude::*;

use super::whole::load;
use crate::store::connection::{AnyConnection, on_backend};
use crate::store::error::Failure;
use crate::store::rows::attempt::AttemptRow;
use crate::store::schema::{attempts, calls};
use crate::store::types::{Id, Instant};

/// By our id first, then by theirs. A reference that names a connection never matches another's attempt.
pub fn find(db: &mut AnyConnection, about: &AttemptRef) -> Result<Match, Failure> {
    let of = about.connection.as_ref();
    if let Some(id) = about.attempt
        && let Some(attempt) = by_id(db, Id(id.as_uuid()))?
        && of.is_none_or(|connection| *connection == attempt.connection)
    {
        return one(db, attempt);
    }
    let Some(id) = &about.provider_call else { return Ok(Match::None) };
    let found = by_provider_call(db, id, of)?;
    let mut connections = found.iter().map(|attempt| &attempt.connection);
    let first = connections.next();
    if connections.any(|connection| Some(connection) != first) {
        return Ok(Match::Ambiguous);
    }
    match found.into_iter().next() {
        Some(attempt) => one(db, attempt),
        None => Ok(Match::None),
    }
}

/// Calls to one number are few, so they lead to its attempts.
pub fn is_contested(
    db: &mut AnyConnection,
    attempt: AttemptId,
    connection: &ConnectionId,
    phone: &Phone,
    since: Instant,
) -> Result<bool, Failure> {
    let rivals = calls::table
        .inner_join(attempts::table.on(attempts::call_id.eq(calls::id)))
        .filter(calls::phone.eq(phone.e164()))
        .filter(attempts::id.ne(Id(attempt.as_uuid())))
        .filter(attempts::connection.eq(connection.as_str()))
        .filter(attempts::provider_call.is_null())
        .filter(attempts::outcome.ne(Outcome::NotDialed.as_str()))
        .filter(attempts::sent_mark_at.ge(since))
        .select(attempts::id)
        .limit(1);
    let rival: Option<Id> = on_backend!(db, c => rivals.get_result(c).optional())?;
    Ok(rival.is_some())
}

fn one(db: &mut AnyConnection, attempt: Attempt) -> Result<Match, Failure> {
    let call = load(db, attempt.call)?;
    // Read with its call, the newest attempt is of the same moment as the call.
    let attempt = call.attempt.clone().filter(|newest| newest.id == attempt.id).unwrap_or(attempt);
    Ok(Match::One(Box::new(call), attempt))
}

fn by_id(db: &mut AnyConnection, id: Id) -> Result<Option<Attempt>, Failure> {
    let query = attempts::table.filter(attempts::id.eq(id));
    let row: Option<AttemptRow> = on_backend!(db, c => query.select(AttemptRow::as_select()).get_result(c).optional())?;
    Ok(row.map(AttemptRow::attempt).transpose()?)
}

/// Newest first: should a provider use an id twice, the newer attempt is meant.
fn by_provider_call(db: &mut AnyConnection, id: &ProviderCallId, of: Option<&ConnectionId>) -> Result<Vec<Attempt>, Failure> {
    let query = attempts::table.filter(attempts::provider_call.eq(id.as_str())).order(attempts::id.desc());
    let rows: Vec<AttemptRow> = match of {
        Some(of) => {
            let query = query.filter(attempts::connection.eq(of.as_str()));
            on_backend!(db, c => query.select(AttemptRow::as_select()).load(c))
        }
        None => on_backend!(db, c => query.select(AttemptRow::as_select()).load(c)),
    }?;
    Ok(rows.into_iter().map(AttemptRow::attempt).collect::<Result<_, _>>()?)
}
