//! What new calls have to keep to, counted inside the transaction that stores them.
//!
//! Calls to a number are counted where they are kept; what a key spends stands in a table of its own, written only where
//! calls a day are limited. Where processes share a database, only one at a time counts for a number or a key.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use callgate_domain::model::moment::earlier;
use callgate_domain::model::quota::DAY;
use callgate_domain::model::{CallId, CallState, KeyId, Overrun, Quota, Spending};
use diesel::prelude::*;
use jiff::Timestamp;

use crate::store::connection::{AnyConnection, on_backend};
use crate::store::dialect;
use crate::store::error::Failure;
use crate::store::rows::call::AlwaysRow;
use crate::store::rows::terms::terms_from_json;
use crate::store::schema::{calls, spent};
use crate::store::types::{Id, Instant, JsonText};

/// An id is made for the moment its call is accepted; by so much the two may differ.
const ID_SLACK: Duration = Duration::from_mins(1);

/// One request, as far as it is counted.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// What it has to keep to.
    pub quota: &'a Quota,
    /// Whether it carries an idempotency key.
    pub keyed: bool,
    /// The rows of its calls.
    pub calls: &'a [AlwaysRow],
}

/// What is counted for the requests of one transaction, one after the other.
#[derive(Default)]
pub struct Ledger<'a> {
    /// The calls that will be stored, oldest first.
    admitted: Vec<&'a AlwaysRow>,
    keys: HashMap<KeyId, Spent>,
}

struct Spent {
    /// Calls of the last day.
    calls: u32,
    /// What will be stored.
    new: Vec<Id>,
    since: Id,
}

impl<'a> Ledger<'a> {
    /// Makes everybody else wait who would count the same.
    pub fn open(db: &mut AnyConnection, requests: impl Iterator<Item = Asked<'a>>) -> QueryResult<Self> {
        let mut names = Vec::new();
        for request in requests {
            if request.quota.looks_at_number() {
                names.extend(request.calls.iter().map(|call| format!("number {}", call.phone)));
            }
            names.extend(request.quota.spending.as_ref().map(|spending| format!("key {}", spending.by)));
        }
        if !names.is_empty() {
            dialect::lock(db, names)?;
        }
        Ok(Self::default())
    }

    /// Counts a request, or says why not.
    pub fn admit(&mut self, db: &mut AnyConnection, request: Asked<'a>) -> Result<Option<Overrun>, Failure> {
        let before = self.admitted.len();
        if !request.quota.is_none() {
            for call in request.calls {
                if let Some(overrun) = self.overrun(db, call, &request)? {
                    self.admitted.truncate(before);
                    return Ok(Some(overrun));
                }
                self.admitted.push(call);
            }
            if let Some(spent) = request.quota.spending.as_ref().and_then(|spending| self.keys.get_mut(&spending.by)) {
                spent.new.extend(request.calls.iter().map(|call| call.id));
            }
        }
        Ok(None)
    }

    /// Writes down what was spent, and forgets what is older than a day.
    pub fn close(self, db: &mut AnyConnection) -> QueryResult<()> {
        for (key, Spent { new, since, .. }) in self.keys {
            let rows: Vec<_> =
                new.into_iter().map(|call| (spent::key_id.eq(Id(key.as_uuid())), spent::call_id.eq(call))).collect();
            let old = spent::table.filter(spent::key_id.eq(Id(key.as_uuid()))).filter(spent::call_id.lt(since));
            on_backend!(db, c => {
                diesel::delete(old).execute(c)?;
                rows.into_iter().try_for_each(|row| diesel::insert_into(spent::table).values(row).execute(c).map(drop))
            })?;
        }
        Ok(())
    }

    fn overrun(&mut self, db: &mut AnyConnection, call: &AlwaysRow, request: &Asked<'a>) -> Result<Option<Overrun>, Failure> {
        let quota = request.quota;
        if let Some(within) = quota.twin_within.filter(|_| !request.keyed)
            && let Some((id, at)) = self.twin(db, call, within)?
        {
            return Ok(Some(Overrun::Twin { call: CallId::from_uuid(id.0), at: at.0 }));
        }
        if let Some(limit) = quota.per_number
            && let Some(overrun) = self.number_overrun(db, call, quota, limit)?
        {
            return Ok(Some(overrun));
        }
        match &quota.spending {
            Some(spending) => self.spending_overrun(db, call, spending, request.calls),
            None => Ok(None),
        }
    }

    /// An open call of the same client, number and agent that is younger than that, if there is one.
    fn twin(&self, db: &mut AnyConnection, call: &AlwaysRow, within: Duration) -> QueryResult<Option<(Id, Instant)>> {
        let since = Instant(earlier(call.created_at.0, within));
        let beside = self.admitted.iter().rev().find(|one| {
            (&one.client, &one.phone, &one.agent) == (&call.client, &call.phone, &call.agent) && one.created_at > since
        });
        if let Some(twin) = beside {
            return Ok(Some((twin.id, twin.created_at)));
        }
        let over = CallState::ALL.iter().filter(|state| state.is_terminal()).map(|state| state.as_str());
        let query = calls::table
            .filter(calls::phone.eq(&call.phone))
            .filter(calls::id.ge(first_id(since.0)))
            // As expressions, so that no other index is taken for the better one: calls to one number are few.
            .filter(calls::client.concat("").eq(&call.client))
            .filter(calls::agent.concat("").eq(&call.agent))
            .filter(calls::created_at.gt(since))
            .filter(calls::state.ne_all(over))
            .order(calls::id.desc())
            .limit(1)
            .select((calls::id, calls::created_at));
        on_backend!(db, c => query.get_result(c).optional())
    }

    fn number_overrun(
        &self,
        db: &mut AnyConnection,
        call: &AlwaysRow,
        quota: &Quota,
        limit: u32,
    ) -> Result<Option<Overrun>, Failure> {
        let at = call.created_at;
        let since = Instant(earlier(at.0, DAY));
        // Each rings at least once, so these are enough.
        let query = calls::table
            .filter(calls::phone.eq(&call.phone))
            .filter(calls::id.ge(first_id(since.0)))
            .filter(calls::created_at.gt(since))
            .order(calls::id.desc())
            .limit(i64::from(limit))
            .select((calls::created_at, calls::terms));
        let mut before: Vec<(Instant, JsonText)> = on_backend!(db, c => query.load(c))?;
        let beside = self.admitted.iter().filter(|one| one.phone == call.phone);
        before.extend(beside.map(|one| (one.created_at, one.terms.clone())));
        before.sort_by_key(|(at, _)| Reverse(*at));
        let before: Vec<(Timestamp, u32)> = before
            .into_iter()
            .map(|(at, terms)| Ok((at.0, terms_from_json(&terms)?.most_rings())))
            .collect::<Result<_, Failure>>()?;
        Ok(quota.number_overrun(terms_from_json(&call.terms)?.most_rings(), at.0, before))
    }

    fn spending_overrun(
        &mut self,
        db: &mut AnyConnection,
        call: &AlwaysRow,
        spending: &Spending,
        together: &[AlwaysRow],
    ) -> Result<Option<Overrun>, Failure> {
        let since = Id(CallId::new(earlier(call.created_at.0, DAY), [u8::MAX; 10]).as_uuid());
        let mine = || spent::table.filter(spent::key_id.eq(Id(spending.by.as_uuid()))).filter(spent::call_id.gt(since));
        if let Entry::Vacant(unread) = self.keys.entry(spending.by) {
            let known: i64 = on_backend!(db, c => mine().count().get_result(c))?;
            let calls = u32::try_from(known).unwrap_or(u32::MAX);
            unread.insert(Spent { calls, new: Vec::new(), since });
        }
        let spent = self.keys.get(&spending.by);
        let nth = together.iter().position(|one| one.id == call.id).unwrap_or_default();
        let beside = spent.map_or(0, |spent| spent.new.len()).saturating_add(nth);
        let known = spent.map_or(0, |spent| spent.calls);
        let beside = u32::try_from(beside).unwrap_or(u32::MAX);
        if known.saturating_add(beside) < spending.calls {
            return Ok(None);
        }
        // The newest of those that have to be a day old first.
        let Some(behind) = spending.calls.checked_sub(beside.saturating_add(1)) else {
            return Ok(Some(spending.overrun(call.created_at.0)));
        };
        let query = mine().order(spent::call_id.desc()).offset(i64::from(behind)).limit(1).select(spent::call_id);
        let last: Option<Id> = on_backend!(db, c => query.get_result(c).optional())?;
        let last = last.and_then(|last| CallId::from_uuid(last.0).made_at()).unwrap_or(call.created_at.0);
        Ok(Some(spending.overrun(last)))
    }
}

/// The first id that a call accepted after this moment can have.
fn first_id(after: Timestamp) -> Id {
    Id(CallId::new(earlier(after, ID_SLACK), [0; 10]).as_uuid())
}
