//! What erasing a call takes along in the same commit: what its client sent along, the raw webhooks about it, and what its
//! client's receivers answered.

use callgate_domain::model::{AttemptId, Call, CallId};
use diesel::prelude::*;

use crate::store::connection::{AnyConnection, on_backend};
use crate::store::dialect;
use crate::store::error::Failure;
use crate::store::rows::inbox::cleared;
use crate::store::schema::{attempts, call_details, calls, deliveries, inbox};
use crate::store::statements::IsLeft;
use crate::store::types::{Id, Json};

/// The word of `calls.transcript_status`.
const ERASED: &str = "erased";

/// A provider's id shorter than this may stand in a text by accident.
const TELLING: usize = 8;

/// A call that is erased by a change.
pub struct Erases {
    call: Id,
    /// Also what points to the person.
    person: bool,
}

impl Erases {
    /// What the erased `call` takes along.
    pub fn of(call: &Call) -> Self {
        Self { call: Id(call.id.as_uuid()), person: call.phone.is_erased() }
    }

    /// Takes it. The call's own row is held since its change was saved.
    pub fn run(&self, db: &mut AnyConnection) -> Result<(), Failure> {
        let told = deliveries::table.filter(deliveries::call_id.eq(self.call)).filter(deliveries::last_exchange.is_not_null());
        on_backend!(db, c => diesel::update(told).set(deliveries::last_exchange.eq(None::<String>)).execute(c))?;
        let details = call_details::table.find(self.call);
        let content = (call_details::variables.eq(None::<Json>), call_details::metadata.eq(None::<Json>));
        on_backend!(db, c => diesel::update(details).set(content).execute(c))?;
        if self.person {
            on_backend!(db, c => diesel::update(details).set(call_details::reference.eq(None::<String>)).execute(c))?;
            on_backend!(db, c => diesel::update(calls::table.find(self.call)).set(calls::phone.eq("")).execute(c))?;
        }
        self.clear_webhooks(db)
    }

    fn clear_webhooks(&self, db: &mut AnyConnection) -> Result<(), Failure> {
        let query = attempts::table.filter(attempts::call_id.eq(self.call)).select((
            attempts::id,
            attempts::connection,
            attempts::provider_call,
        ));
        let known: Vec<(Id, String, Option<String>)> = on_backend!(db, c => query.load(c))?;
        for (id, connection, provider_call) in known {
            // One that waits is cleared once it was handled.
            let about = inbox::table.filter(inbox::about_attempt.eq(id)).filter(inbox::again_at.is_null());
            on_backend!(db, c => diesel::update(about).set(cleared()).execute(c))?;
            dialect::clear_left_that_say(db, &id.0.to_string())?;
            let Some(theirs) = provider_call else { continue };
            let here = inbox::about_connection.is_null().or(inbox::about_connection.eq(connection));
            let left = inbox::table.filter(IsLeft).filter(inbox::about_provider_call.eq(&theirs)).filter(here);
            on_backend!(db, c => diesel::update(left).set(cleared()).execute(c))?;
            if theirs.len() >= TELLING {
                dialect::clear_left_that_say(db, &theirs)?;
            }
        }
        Ok(())
    }
}

/// Whether a call was erased. Its row is held as in [`lock_and_ask`].
pub fn is_erased(db: &mut AnyConnection, call: CallId) -> Result<bool, Failure> {
    let query = calls::table.find(Id(call.as_uuid())).select(calls::transcript_status);
    let status: Option<String> = dialect::share_row!(db, query)?;
    Ok(status.as_deref() == Some(ERASED))
}

/// Whether the call of an attempt was erased. Its row is held until the transaction ends: whoever erases it meanwhile waits,
/// and then finds what this transaction wrote.
pub fn lock_and_ask(db: &mut AnyConnection, attempt: AttemptId) -> Result<bool, Failure> {
    let of = attempts::table.filter(attempts::id.eq(Id(attempt.as_uuid()))).select(attempts::call_id);
    let query = calls::table.filter(calls::id.eq_any(of)).select(calls::transcript_status);
    let status: Option<String> = dialect::share_row!(db, query)?;
    Ok(status.as_deref() == Some(ERASED))
}
