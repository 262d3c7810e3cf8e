//! Statements whose prepared form is kept.
//!
//! diesel prepares every `UPDATE` anew, since its text depends on which values are given. Ours always set the same
//! columns, so each is named by a type of its own and prepared once per connection. Conditions that a partial index has
//! stand here as literals: behind a bind parameter neither database recognizes them.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::query_builder::{AsChangeset, AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::Bool;
use diesel::{QuerySource, RunQueryDsl};

/// `UPDATE … SET … WHERE …`, prepared once per connection under the name `N` and the shape of `W`.
///
/// One name MUST always go with one set of columns.
pub struct KeptUpdate<N, T, C, W> {
    name: PhantomData<N>,
    table: T,
    changes: C,
    only: W,
}

/// An update named `N` of the rows that meet `only`.
pub fn update<N, C, W>(
    table: C::Target,
    changes: C,
    only: W,
) -> KeptUpdate<N, <C::Target as QuerySource>::FromClause, C::Changeset, W>
where
    C: AsChangeset,
    W: Expression + AppearsOnTable<C::Target>,
{
    KeptUpdate { name: PhantomData, table: table.from_clause(), changes: changes.as_changeset(), only }
}

impl<N: 'static, T, C, W: QueryId> QueryId for KeptUpdate<N, T, C, W> {
    type QueryId = KeptUpdate<N, (), (), W::QueryId>;

    const HAS_STATIC_QUERY_ID: bool = W::HAS_STATIC_QUERY_ID;
}

impl<DB, N, T, C, W> QueryFragment<DB> for KeptUpdate<N, T, C, W>
where
    DB: Backend,
    T: QueryFragment<DB>,
    C: QueryFragment<DB>,
    W: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        self.table.walk_ast(out.reborrow())?;
        out.push_sql(" SET ");
        self.changes.walk_ast(out.reborrow())?;
        out.push_sql(" WHERE ");
        self.only.walk_ast(out)
    }
}

impl<N, T, C, W, Connection> RunQueryDsl<Connection> for KeptUpdate<N, T, C, W> {}

macro_rules! condition {
    ($(#[$meta:meta])* $name:ident = $sql:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, QueryId, ValidGrouping)]
        pub struct $name;

        impl Expression for $name {
            type SqlType = Bool;
        }

        impl<DB: Backend> QueryFragment<DB> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
                out.push_sql($sql);
                Ok(())
            }
        }

        impl<T> AppearsOnTable<T> for $name {}
        impl<T> SelectableExpression<T> for $name {}
    };
}

condition!(
    /// A call that waits to be claimed: the condition of the index `calls_due`.
    IsQueued = "calls.state = 'queued'"
);
condition!(
    /// A call that is claimed and not sent: the condition of the index `calls_leased`.
    IsClaimed = "calls.state = 'claimed'"
);
condition!(
    /// A call that takes up a place on its connection: the condition of the index `calls_live`.
    IsLive = "calls.state IN ('claimed', 'sending', 'unknown', 'placed', 'ringing', 'in_progress', 'processing')"
);
condition!(
    /// A delivery that failed for good: the condition of the index `deliveries_failed`.
    HasFailed = "deliveries.result = 'failed'"
);
condition!(
    /// A webhook that no call has the id of yet: the condition of the index `inbox_parked`.
    IsParked = "inbox.progress = 'parked'"
);
condition!(
    /// A webhook that was left over, for nobody or for an operator: the condition of the index `inbox_left`.
    IsLeft = "inbox.progress IN ('orphaned', 'quarantined')"
);
condition!(
    /// A webhook that has come to its end and is still whole: the condition of the index `inbox_raw`.
    IsRaw = "inbox.body IS NOT NULL AND inbox.again_at IS NULL"
);
condition!(
    /// A call that still has content, or may: the condition of the index `calls_to_forget`.
    HasContent = "calls.ended_at IS NOT NULL AND calls.transcript_status <> 'erased'"
);

#[cfg(test)]
mod tests {
    use callgate_domain::model::CallState;
    use diesel::debug_query;
    use diesel::sqlite::Sqlite;

    use super::*;

    #[test]
    fn live_are_exactly_the_states_that_the_model_calls_live() {
        let live: Vec<_> = CallState::ALL.iter().filter(|state| state.is_live()).map(|state| format!("'{state}'")).collect();
        assert_eq!(debug_query::<Sqlite, _>(&IsLive).to_string(), format!("calls.state IN ({}) -- binds: []", live.join(", ")));
    }
}
