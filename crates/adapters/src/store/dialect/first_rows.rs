//! The first rows of an order, by a plan that is made once.

use diesel::RunQueryDsl;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;

/// Numbers of rows that stand in a text: few, so that few statements are prepared. One more than a page holds, mostly.
const SIZES: [i64; 3] = [21, 51, 101];

/// A query that yields its first rows.
///
/// For a number that is bound Postgres reckons with a tenth of the table. That makes a kept plan look bad, so it plans
/// anew each time, which takes longer than the query itself. So there the number stands in the text, rounded up: whoever loads it
/// drops what is too much. On SQLite it is bound: a plan does not depend on it.
pub struct FirstRows<Q> {
    query: Q,
    rows: i64,
}

impl<Q> FirstRows<Q> {
    /// The first rows of `query`, which has an order and no limit of its own.
    pub fn of(query: Q, rows: i64) -> Self {
        Self { query, rows }
    }
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for FirstRows<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(" LIMIT ");
        match SIZES.into_iter().find(|size| *size >= self.rows) {
            Some(size) => {
                out.push_sql(&size.to_string());
                Ok(())
            }
            None => out.push_bind_param::<BigInt, _>(&self.rows),
        }
    }
}

impl<Q: QueryFragment<Sqlite>> QueryFragment<Sqlite> for FirstRows<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(" LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.rows)
    }
}

impl<Q: Query> Query for FirstRows<Q> {
    type SqlType = Q::SqlType;
}

/// Kept by its text.
impl<Q> QueryId for FirstRows<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q, Connection> RunQueryDsl<Connection> for FirstRows<Q> {}
