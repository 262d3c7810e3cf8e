//! Many rows at once, written as each database takes them fastest.

use diesel::prelude::*;
use diesel::upsert::excluded;

use crate::store::connection::AnyConnection;
use crate::store::rows::idempotency::IdempotencyRow;
use crate::store::rows::inbox::ArrivedRow;
use crate::store::schema::{idempotency, inbox, results};
use crate::store::types::{Id, Instant};

/// From so many rows on Postgres takes them by COPY: one statement, whatever their number.
pub const COPY_FROM: usize = 4;
/// So many rows SQLite takes in one statement.
pub const AT_ONCE: usize = 8;

/// Inserts these rows on SQLite, in statements of [`AT_ONCE`] rows or one, which stay prepared; a statement of many opens each
/// tree once and goes on where it stands.
macro_rules! insert_on_sqlite {
    ($c:expr, $table:expr, $rows:expr) => {{
        let (many, rest) = $rows.as_chunks::<{ $crate::store::dialect::inserts::AT_ONCE }>();
        many.iter()
            .try_for_each(|rows| diesel::insert_into($table).values(rows).execute($c).map(drop))
            .and_then(|()| rest.iter().try_for_each(|row| diesel::insert_into($table).values(row).execute($c).map(drop)))
    }};
}
pub(crate) use insert_on_sqlite;

/// Inserts the rows of an iterator. On Postgres many at once, as each statement is a round trip.
macro_rules! insert_all {
    ($db:expr, $table:expr, $rows:expr) => {{
        let rows: Vec<_> = $rows.cloned().collect();
        match &mut *$db {
            $crate::store::connection::AnyConnection::Lite(c) => {
                $crate::store::dialect::inserts::insert_on_sqlite!(c, $table, rows)
            }
            $crate::store::connection::AnyConnection::Pg(c) if rows.len() >= $crate::store::dialect::inserts::COPY_FROM => {
                diesel::copy_from($table).from_insertable(rows).execute(c).map(drop)
            }
            $crate::store::connection::AnyConnection::Pg(c) => {
                rows.iter().try_for_each(|row| diesel::insert_into($table).values(row).execute(c).map(drop))
            }
        }
    }};
}
pub(crate) use insert_all;

/// Inserts many rows that are made of several parts, which COPY does not take.
#[cfg(feature = "testing")]
macro_rules! insert_wide {
    ($db:expr, $table:expr, $rows:expr) => {{
        let rows: Vec<_> = $rows;
        match &mut *$db {
            $crate::store::connection::AnyConnection::Lite(c) => {
                $crate::store::dialect::inserts::insert_on_sqlite!(c, $table, rows)
            }
            // Postgres takes 65,535 values in one statement.
            $crate::store::connection::AnyConnection::Pg(c) => {
                rows.chunks(1_000).try_for_each(|rows| diesel::insert_into($table).values(rows).execute(c).map(drop))
            }
        }
    }};
}
#[cfg(feature = "testing")]
pub(crate) use insert_wide;

/// Keeps idempotency keys that are new, or whose row is older than `stale_before`; returns the calls whose keys were
/// kept. A twin that is being written elsewhere is waited for.
pub fn keep_keys(db: &mut AnyConnection, rows: &[IdempotencyRow], stale_before: Instant) -> QueryResult<Vec<Id>> {
    use diesel::query_dsl::methods::FilterDsl;
    use idempotency::{call_id, client, created_at, fingerprint, key, operation};

    match db {
        AnyConnection::Pg(c) => diesel::insert_into(idempotency::table)
            .values(rows)
            .on_conflict((client, operation, key))
            .do_update()
            .set((fingerprint.eq(excluded(fingerprint)), call_id.eq(excluded(call_id)), created_at.eq(excluded(created_at))))
            .filter(created_at.lt(stale_before))
            .returning(call_id)
            .get_results(c),
        AnyConnection::Lite(c) => {
            let mut kept = Vec::new();
            for row in rows {
                let insert = diesel::insert_or_ignore_into(idempotency::table).values(row);
                let mut written = insert.execute(c)?;
                if written == 0 {
                    let old = idempotency::table.find((&row.client, &row.operation, &row.key));
                    written = diesel::update(FilterDsl::filter(old, created_at.lt(stale_before)))
                        .set((fingerprint.eq(&row.fingerprint), call_id.eq(row.call_id), created_at.eq(row.created_at)))
                        .execute(c)?;
                }
                kept.extend((written > 0).then_some(row.call_id));
            }
            Ok(kept)
        }
    }
}

/// Deletes the results of these calls, where they have any. On SQLite one by one: that statement stays prepared.
pub fn delete_results(db: &mut AnyConnection, of: Vec<Id>) -> QueryResult<()> {
    match db {
        AnyConnection::Pg(_) if of.is_empty() => Ok(()),
        AnyConnection::Pg(c) => diesel::delete(results::table.filter(results::call_id.eq_any(of))).execute(c).map(drop),
        AnyConnection::Lite(c) => of.into_iter().try_for_each(|id| diesel::delete(results::table.find(id)).execute(c).map(drop)),
    }
}

/// Keeps webhooks that are new; returns their ids.
pub fn keep_webhooks(db: &mut AnyConnection, rows: &[ArrivedRow]) -> QueryResult<Vec<Id>> {
    match db {
        AnyConnection::Pg(c) => {
            diesel::insert_into(inbox::table).values(rows).on_conflict_do_nothing().returning(inbox::id).get_results(c)
        }
        AnyConnection::Lite(c) => {
            let mut kept = Vec::new();
            for row in rows {
                let written = diesel::insert_or_ignore_into(inbox::table).values(row).execute(c)?;
                kept.extend((written > 0).then_some(row.kept.id));
            }
            Ok(kept)
        }
    }
}
