//! Reading whole calls: one statement over the call, what was asked, what came out, and its newest attempt.

use callgate_domain::model::call::{Asked, CallResult};
use callgate_domain::model::{Call, CallId};
use diesel::prelude::*;

use crate::store::connection::{AnyConnection, on_backend};
use crate::store::error::{Failure, Unreadable};
use crate::store::rows::attempt::AttemptRow;
use crate::store::rows::call::CallRow;
use crate::store::rows::details::DetailsRow;
use crate::store::rows::result::ResultRow;
use crate::store::schema::{attempts, call_details, calls, results};
use crate::store::types::Id;

/// What one row of [`whole!`] holds.
pub type WholeRow = (CallRow, Option<DetailsRow>, Option<ResultRow>, Option<AttemptRow>);

/// The select of whole calls; a macro, since each database compiles it for itself.
macro_rules! whole {
    () => {
        calls::table
            .left_join(call_details::table)
            .left_join(results::table)
            .left_join(attempts::table.on(calls::attempt.eq(attempts::id.nullable())))
            .select((
                CallRow::as_select(),
                Option::<DetailsRow>::as_select(),
                Option::<ResultRow>::as_select(),
                Option::<AttemptRow>::as_select(),
            ))
    };
}

/// One call, or `NotFound`.
pub fn load(db: &mut AnyConnection, id: CallId) -> Result<Call, Failure> {
    // No `first`: its LIMIT is for nothing here and costs a statement of its own.
    let row: WholeRow = on_backend!(db, c => whole!().filter(calls::id.eq(Id(id.as_uuid()))).get_result(c))?;
    Ok(call(row)?)
}

/// These calls, in this order. One that cannot be read is reported and left out, so that it does not stop the others.
pub fn load_all(db: &mut AnyConnection, ids: &[Id]) -> Result<Vec<Call>, Failure> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows: Vec<WholeRow> = on_backend!(db, c => whole!().filter(calls::id.eq_any(ids)).load(c))?;
    rows.sort_by_key(|(row, ..)| ids.iter().position(|id| *id == row.always.id));
    Ok(rows.into_iter().filter_map(readable).collect())
}

fn readable(row: WholeRow) -> Option<Call> {
    let id = row.0.always.id.0;
    call(row).inspect_err(|error| tracing::error!(call_id = %id, %error, "call unreadable")).ok()
}

fn call((row, details, result, attempt): WholeRow) -> Result<Call, Unreadable> {
    let asked = details.map_or_else(|| Ok(Asked::default()), DetailsRow::asked)?;
    let result = result.map_or_else(|| Ok(CallResult::default()), ResultRow::result)?;
    row.call(asked, result, attempt.map(AttemptRow::attempt).transpose()?)
}
