//! Pages of rows by plans that are made once.
//!
//! Postgres keeps a plan for a statement only where that looks no worse than one made for the values at hand. What stands here
//! makes the kept plan the good one, whatever the values are.

use diesel::RunQueryDsl;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel::sqlite::Sqlite;
use uuid::Uuid;

use crate::store::types::{Id, sql};

/// Numbers of rows that stand in a text: few, so that few statements are prepared. Each is one more than a page that is often asked
/// for; the longest is the API's.
const SIZES: [i64; 4] = [21, 51, 101, 201];

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

/// The calls of one client on one side of a call, to be ordered by client and id.
///
/// Behind an equality of clients a kept plan of Postgres goes along all calls and picks the client's, which for one with few calls
/// reads the whole table. As one place in the index of both columns there is no other way to the order.
#[derive(ValidGrouping)]
pub struct OfClient {
    client: String,
    id: Id,
    is_below: bool,
}

impl OfClient {
    /// Those older than a call; without one, all.
    pub fn below(client: &str, id: Option<Uuid>) -> Self {
        Self { client: client.to_owned(), id: Id(id.unwrap_or(Uuid::max())), is_below: true }
    }

    /// Those newer than a call.
    pub fn above(client: &str, id: Uuid) -> Self {
        Self { client: client.to_owned(), id: Id(id), is_below: false }
    }
}

impl Expression for OfClient {
    type SqlType = Bool;
}

impl QueryFragment<Pg> for OfClient {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(if self.is_below { "(calls.client, calls.id) < (" } else { "(calls.client, calls.id) > (" });
        out.push_bind_param::<Text, _>(&self.client)?;
        out.push_sql(", ");
        out.push_bind_param::<sql::Id, _>(&self.id)?;
        out.push_sql(if self.is_below { ") AND calls.client >= " } else { ") AND calls.client <= " });
        out.push_bind_param::<Text, _>(&self.client)
    }
}

impl QueryFragment<Sqlite> for OfClient {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("calls.client = ");
        out.push_bind_param::<Text, _>(&self.client)?;
        out.push_sql(if self.is_below { " AND calls.id < " } else { " AND calls.id > " });
        out.push_bind_param::<sql::Id, _>(&self.id)
    }
}

impl<T> AppearsOnTable<T> for OfClient {}
impl<T> SelectableExpression<T> for OfClient {}
