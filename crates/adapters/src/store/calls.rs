//! [`CallStore`] over the database. Each file beside holds what one method does inside its transaction.

mod claim;
mod erase;
mod find;
mod insert;
mod list;
mod look;
mod quota;
mod rates;
mod save;
mod whole;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callgate_domain::model::call::{Entry, Looks};
use callgate_domain::model::moment::later;
use callgate_domain::model::pacing::Room;
use callgate_domain::model::{AttemptId, Call, CallId, ConnectionId, Phone, Quota, Revision, WorkerId};
use callgate_domain::ports::{
    AttemptRef, CallFilter, CallStore, Change, IdempotencyKey, Inserted, Listed, Match, Page, Reader, StoreError, Taken,
};
use jiff::Timestamp;

use super::connection::AnyConnection;
use super::crowd::Crowd;
use super::database::Database;
use super::error::{Failure, OpenError};
use super::types::Instant;
use insert::{NewCalls, insert_all};
use save::{Saving, save_all};

pub use erase::{is_erased, lock_and_ask};
pub use save::{append, save_move};
pub use whole::load_all;

/// Threads that insert on Postgres: while one waits for the disk the other builds the next statement.
const INSERTERS: u8 = 2;
/// Threads that save changes there: each change is a few statements, so more of them run beside one another.
const SAVERS: u8 = 4;

/// Calls in a database.
pub struct SqlCallStore {
    database: Arc<Database>,
    newcomers: Crowd<NewCalls, Inserted>,
    changes: Crowd<Saving, ()>,
}

impl SqlCallStore {
    /// The calls of `database`.
    pub(super) fn new(database: Arc<Database>) -> Result<Self, OpenError> {
        let newcomers = Crowd::start(&database, "inserts", INSERTERS, insert_all)?;
        let changes = Crowd::start(&database, "saves", SAVERS, save_all)?;
        Ok(Self { database, newcomers, changes })
    }

    /// Our own clock; what is compared with a lease on Postgres is the database's.
    fn clock_now(&self) -> Instant {
        Instant(self.database.clock().now())
    }
}

#[async_trait]
impl CallStore for SqlCallStore {
    async fn insert(
        &self,
        calls: Vec<(Call, Entry)>,
        key: Option<IdempotencyKey>,
        quota: &Quota,
    ) -> Result<Inserted, StoreError> {
        self.newcomers.join(NewCalls::new(calls, key.as_ref(), quota)).await
    }

    async fn replay(&self, key: &IdempotencyKey) -> Result<Option<CallId>, StoreError> {
        let (key, now) = (key.clone(), self.clock_now());
        self.database.read_by_key(move |db| insert::made_before(db, &key, now)).await
    }

    async fn get(&self, id: CallId, of: &Reader) -> Result<Call, StoreError> {
        let call = self.database.read_by_key(move |db| whole::load(db, id)).await?;
        if of.sees(&call.client) { Ok(call) } else { Err(StoreError::NotFound) }
    }

    async fn find(&self, attempt: &AttemptRef) -> Result<Match, StoreError> {
        let attempt = attempt.clone();
        self.database.read_by_key(move |db| find::find(db, &attempt)).await
    }

    async fn is_contested(
        &self,
        attempt: AttemptId,
        connection: &ConnectionId,
        phone: &Phone,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        let (connection, phone) = (connection.clone(), phone.clone());
        self.database.read_by_key(move |db| find::is_contested(db, attempt, &connection, &phone, Instant(since))).await
    }

    async fn list(&self, of: &Reader, filter: &CallFilter, page: Page) -> Result<Vec<Listed>, StoreError> {
        let (of, filter) = (of.clone(), filter.clone());
        self.database.read(move |db| list::list(db, &of, &filter, page)).await
    }

    async fn list_above(&self, of: &Reader, filter: &CallFilter, call: CallId, limit: u32) -> Result<Vec<Listed>, StoreError> {
        let (of, filter) = (of.clone(), filter.clone());
        self.database.read(move |db| list::list_above(db, &of, &filter, call, limit)).await
    }

    async fn count(&self, of: &Reader, filter: &CallFilter, at_most: u32) -> Result<u32, StoreError> {
        let (of, filter) = (of.clone(), filter.clone());
        self.database.read(move |db| list::count(db, &of, &filter, at_most)).await
    }

    async fn history(&self, id: CallId, after: Revision, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.database.read_by_key(move |db| list::history(db, id, after, limit)).await
    }

    async fn claim(&self, by: WorkerId, lease: Duration, room: &Room, limit: u32) -> Result<Taken, StoreError> {
        let (mut room, clock) = (room.clone(), Arc::clone(self.database.clock()));
        self.database.write(move |db| claim::claim(db, &*clock, by, lease, &mut room, limit)).await
    }

    async fn pause(&self, connection: &ConnectionId, wait: Duration) -> Result<(), StoreError> {
        let (connection, clock) = (connection.clone(), Arc::clone(self.database.clock()));
        self.database.write(move |db| rates::pause(db, &*clock, &connection, wait)).await
    }

    async fn beat(&self, by: WorkerId, lease: Duration, in_hand: &[CallId]) -> Result<(), StoreError> {
        if in_hand.is_empty() {
            return Ok(());
        }
        let (clock, in_hand) = (Arc::clone(self.database.clock()), in_hand.to_vec());
        self.database.write(move |db| claim::beat(db, &*clock, by, lease, &in_hand)).await
    }

    async fn end_leases_before(&self, by: WorkerId) -> Result<u32, StoreError> {
        let now = self.clock_now();
        self.database.write(move |db| claim::end_leases_before(db, by, now)).await
    }

    async fn save(&self, change: Change) -> Result<(), StoreError> {
        self.changes.join(Saving::new(&change, self.clock_now())).await
    }

    async fn to_reconcile(
        &self,
        known: &[ConnectionId],
        hold: Duration,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Call>, StoreError> {
        let known: Vec<_> = known.iter().map(|connection| connection.as_str().to_owned()).collect();
        let until = Instant(later(now, hold));
        self.database.write(move |db| look::take(db, &known, Instant(now), until, limit)).await
    }

    async fn look_later(&self, id: CallId, from: Revision, looks: Looks, at: Option<Timestamp>) -> Result<(), StoreError> {
        self.database.write(move |db| look::look_later(db, id, from, looks, at)).await
    }

    async fn next_moment(&self) -> Result<Option<Timestamp>, StoreError> {
        self.database.read_by_key(look::next_moment).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.database.read_by_key(ping).await
    }
}

fn ping(db: &mut AnyConnection) -> Result<(), Failure> {
    use diesel::connection::SimpleConnection;

    Ok(db.batch_execute("SELECT 1 FROM calls WHERE 1 = 0")?)
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use callgate_domain::model::call::By;
    use callgate_domain::model::pacing::Space;
    use callgate_domain::model::{CallEvent, Erasure, Hold, KeyId, OnHold, Route, Seen, Spending, Status};
    use callgate_domain::ports::{Clock, Mark};
    use callgate_domain::testing::builders::{
        a_call, agent, change, client, connection, evidence, phone, provider_call, send_mark, worker,
    };
    use diesel::connection::{Instrumentation, InstrumentationEvent};
    use diesel::prelude::*;
    use diesel::sql_query;
    use diesel::sql_types::Text;

    use super::*;
    use crate::store::connection::{Address, Purpose};
    use crate::store::copies;
    use crate::store::migrations;
    use crate::store::moves;
    use crate::store::retention;
    use crate::store::types::Id;

    /// The text of every statement that ran.
    static RAN: Mutex<Vec<String>> = Mutex::new(Vec::new());

    struct Listener;

    impl Instrumentation for Listener {
        fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                RAN.lock().unwrap_or_else(PoisonError::into_inner).push(query.to_string());
            }
        }
    }

    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    struct Noon(Timestamp);

    impl Clock for Noon {
        fn now(&self) -> Timestamp {
            self.0
        }

        fn monotonic(&self) -> Duration {
            Duration::ZERO
        }
    }

    fn everything_limited() -> Quota {
        let spending = Spending { by: KeyId::from_uuid(uuid::Uuid::from_u128(7)), calls: 9 };
        Quota { per_number: Some(9), spending: Some(spending), twin_within: Some(Duration::from_secs(30)) }
    }

    fn run_everything(db: &mut AnyConnection) -> Result<(), Failure> {
        let call = a_call().reference("r").queued();
        let (at, id) = (call.created_at, call.id);
        let (clock, now, by) = (Noon(at), Instant(at), worker());
        let route = Route { connection: connection("c"), remote_id: String::new(), from: None };
        let mut room = Room {
            connections: [(
                connection("c"),
                Space { max_live: Some(9), max_per_second: Some(9), may_send: 9, left_alone: false, dials: true },
            )]
            .into(),
            agents: [(agent("akylai"), vec![route.clone()]), (agent("altai"), vec![route.clone()])].into(),
            ..Room::default()
        };
        let known = ["c".to_owned(), "d".to_owned()];
        insert_all(db, &[NewCalls::new(vec![a_call().reference("r").accepted()], None, &everything_limited())])?;
        let claimed = claim::claim(db, &clock, by, Duration::from_secs(30), &mut room, 9)?.calls.pop().unwrap();
        let full = Route { connection: connection("full"), ..route.clone() };
        room.agents.insert(agent("third"), vec![full, route]);
        claim::claim(db, &clock, by, Duration::from_secs(30), &mut room, 9)?;
        rates::pause(db, &clock, &connection("c"), Duration::from_secs(1))?;
        claim::beat(db, &clock, by, Duration::from_secs(30), &[id])?;
        claim::end_leases_before(db, by, now)?;
        let marked = change(&claimed, &send_mark(at), at);
        save_all(db, &[Saving::new(&Change { claim: Some(claimed.fence), ..marked }, now)])?;
        look::take(db, &known, now, now, 9)?;
        look::look_later(db, id, call.revision, Looks::default(), None)?;
        look::next_moment(db)?;
        load_all(db, &[Id(id.as_uuid())])?;
        for of in [None, Some(connection("c"))] {
            let about = AttemptRef { attempt: None, provider_call: Some(provider_call("theirs")), connection: of };
            find::find(db, &about)?;
        }
        copies::stamp(db, at)?;
        let hold = Hold { what: OnHold::Everything, reason: String::new(), created_at: at };
        for _ in 0..2 {
            copies::take_in(db, &hold, 9)?;
        }
        retention::run_everything(db, &phone("+4930123456"), at)?;
        erase_one(db, at)?;
        list::history(db, id, Revision(0), 9)?;
        for of in [&Reader::Client(client("default")), &Reader::All] {
            moves::since(db, Mark { at, call: id, revision: Revision(1) }, of)?;
            moves::mark(db, id, Revision(2), of)?;
        }
        let client = Reader::Client(client("default"));
        let none = CallFilter::default;
        for filter in [
            none(),
            CallFilter { agent: Some(agent("akylai")), ..none() },
            CallFilter { phone: Some(phone("+4930123456")), ..none() },
            CallFilter { reference: Some("r".to_owned()), ..none() },
            CallFilter { statuses: vec![Status::Ringing, Status::InProgress], ..none() },
            CallFilter { statuses: vec![Status::Queued], created_after: Some(at), created_before: Some(at), ..none() },
        ] {
            for of in [&client, &Reader::All] {
                list::list(db, of, &filter, Page { before: Some(id), limit: 9 })?;
                list::list_above(db, of, &filter, id, 9)?;
                list::count(db, of, &filter, 9)?;
            }
        }
        Ok(())
    }

    fn erase_one(db: &mut AnyConnection, at: Timestamp) -> Result<(), Failure> {
        let call = a_call().reference("r").placed("theirs-12345");
        let ended = change(&call, &evidence(&call, Seen::Completed), at);
        let erased = change(&ended.call, &CallEvent::Erased(Erasure { by: By::Gateway, person: true }), at);
        let (mut first, entry) = a_call().reference("r").accepted();
        first.id = call.id;
        insert_all(db, &[NewCalls::new(vec![(first.clone(), entry)], None, &Quota::default())])?;
        let placed = Change { from: first.revision, claim: None, ..ended };
        save_all(db, &[Saving::new(&placed, Instant(at))])?;
        assert!(matches!(save_all(db, &[Saving::new(&erased, Instant(at))])?[..], [Ok(())]));
        let attempt = call.attempt.unwrap().id;
        assert!(lock_and_ask(db, attempt)?);
        Ok(())
    }

    fn is_indexed(step: &str) -> bool {
        step.contains("INDEX") || step.contains("PRIMARY KEY")
    }

    #[test]
    fn no_statement_reads_a_whole_table() {
        let folder = tempfile::tempdir().unwrap();
        let address = Address::Sqlite(folder.path().join("callgate.db").display().to_string());
        let mut db = address.connect(Purpose::Write).unwrap();
        migrations::run(&mut db).unwrap();
        db.set_instrumentation(Listener);
        run_everything(&mut db).map_err(|Failure(error)| error).unwrap();
        let ran: Vec<_> = std::mem::take(&mut *RAN.lock().unwrap_or_else(PoisonError::into_inner));
        assert!(ran.len() > 20);
        let AnyConnection::Lite(db) = &mut db else { panic!("it is SQLite") };
        for statement in ran.iter().filter_map(|ran| ran.split(" -- binds").next()) {
            let plan: Vec<Step> = sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load(db).unwrap();
            let plan: Vec<_> = plan.into_iter().map(|step| step.detail).collect();
            // Along an index it stops at its limit, or counts what is live; without one it reads everything.
            // Holds are a handful, and all of them are wanted.
            let reads = |step: &&String| (step.starts_with("SCAN") || step.starts_with("SEARCH")) && *step != "SCAN holds";
            let bare = plan.iter().filter(reads).any(|step| !is_indexed(step));
            let is_few = plan.iter().any(|step| step.contains("calls_live")) || statement.contains("FROM `attempts`");
            let sorted = plan.iter().any(|step| step.starts_with("USE TEMP B-TREE")) && !is_few;
            assert!(!bare && !sorted, "{statement}\n{plan:#?}");
            // However many calls a client has, those to one number are few.
            let by_number = statement.contains("`calls`.`phone` =");
            let goes_by_it = plan.iter().any(|step| step.contains("calls_by_phone"));
            assert!(!by_number || goes_by_it, "{statement}\n{plan:#?}");
        }
    }
}
