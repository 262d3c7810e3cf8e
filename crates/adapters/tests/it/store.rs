//! The store against the contract, on both databases, and what is particular to one of them.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must say so at once")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use callgate_adapters::store::{self, OpenError, Stores};
use callgate_adapters::testing::postgres;
use callgate_domain::model::moment::to_micros;
use callgate_domain::model::{KeyId, Quota, Spending};
use callgate_domain::ports::{Clock, Inserted, Reader, StoreError};
use callgate_domain::testing::builders::a_call;
use callgate_domain::testing::store_contract::{self, Trial};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use jiff::Timestamp;
use tempfile::TempDir;

/// The machine's clock: Postgres goes by it too.
struct WallClock(Instant);

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "this clock stands for the machine's")]
    fn now(&self) -> Timestamp {
        to_micros(Timestamp::now())
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

#[expect(clippy::disallowed_methods, reason = "this clock stands for the machine's")]
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(WallClock(Instant::now()))
}

fn trial(stores: Stores) -> Trial {
    let Stores { calls, moves, inbox, outbox, keys, sessions, audit, settings, holds, copies, inspection, figures, retention } =
        stores;
    Trial {
        calls,
        moves,
        inbox,
        outbox,
        keys,
        sessions,
        audit,
        settings,
        holds,
        copies,
        inspection,
        figures,
        retention,
        clock: clock(),
    }
}

pub fn open(url: &str) -> Trial {
    trial(store::open(url, 8, clock()).unwrap())
}

pub fn sqlite_file() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("callgate.db").display());
    (folder, url)
}

mod on_sqlite {
    use super::*;

    macro_rules! on_sqlite {
        ($($promise:ident,)+) => {
            $(#[tokio::test]
            async fn $promise() {
                let (_folder, url) = sqlite_file();
                store_contract::$promise(&open(&url)).await;
            })+
        };
    }
    callgate_domain::store_promises!(on_sqlite);
}

mod on_postgres {
    use super::*;

    macro_rules! on_postgres {
        ($($promise:ident,)+) => {
            $(#[tokio::test]
            async fn $promise() {
                if let Some(url) = postgres::fresh_database() {
                    store_contract::$promise(&open(&url)).await;
                }
            })+
        };
    }
    callgate_domain::store_promises!(on_postgres);
}

#[test]
fn a_database_that_cannot_be_opened_is_refused_with_its_reason() {
    let refused = |url: &str| store::open(url, 1, clock()).err().unwrap();
    assert!(matches!(refused("mysql://h/db"), OpenError::UnsupportedScheme { scheme } if scheme == "mysql"));
    assert!(matches!(refused("callgate.db"), OpenError::UnsupportedScheme { .. }));
    assert!(matches!(refused("sqlite:///no/such/folder/callgate.db"), OpenError::Unreachable(_)));
    assert!(matches!(refused("postgres:///db?host=/no/such/folder"), OpenError::Unreachable(_)));
    let (folder, url) = sqlite_file();
    std::fs::write(folder.path().join("callgate.db"), "not a database, but long enough to look like one".repeat(99)).unwrap();
    assert!(matches!(refused(&url), OpenError::Unreachable(_)));
}

#[test]
fn a_database_of_a_newer_release_is_refused_and_not_changed() {
    let (_folder, url) = sqlite_file();
    check_newer(&url, |sql| SqliteConnection::establish(&url).unwrap().batch_execute(sql));
    if let Some(url) = postgres::fresh_database() {
        check_newer(&url, |sql| PgConnection::establish(&url).unwrap().batch_execute(sql));
    }
}

fn check_newer(url: &str, run: impl Fn(&str) -> diesel::QueryResult<()>) {
    assert_eq!(store::migrate(url).unwrap(), ["20260101000000", "20261128000000", "20261129000000"]);
    assert_eq!(store::migrate(url).unwrap(), [""; 0]);
    // As a newer release leaves it, with a table gone that this one would make again.
    run("INSERT INTO __diesel_schema_migrations (version) VALUES ('20990101000000')").unwrap();
    run("DELETE FROM __diesel_schema_migrations WHERE version = '20260101000000'; DROP TABLE settings").unwrap();
    for refused in [store::migrate(url).err().unwrap(), store::open(url, 1, clock()).err().unwrap()] {
        assert!(matches!(refused, OpenError::NewerDatabase { unknown } if unknown == ["20990101000000"]));
    }
    run("SELECT 1 FROM settings").unwrap_err();
}

#[tokio::test]
async fn what_was_stored_is_there_after_opening_again() {
    let (_folder, url) = sqlite_file();
    let urls = [Some(url), postgres::fresh_database()];
    for url in urls.into_iter().flatten() {
        let (call, entry) = a_call().accepted();
        open(&url).calls.insert(vec![(call.clone(), entry)], None, &Quota::default()).await.unwrap();
        assert_eq!(open(&url).calls.get(call.id, &Reader::All).await.unwrap(), call);
    }
}

#[tokio::test]
async fn processes_that_share_a_database_share_a_quota() {
    let Some(url) = postgres::fresh_database() else { return };
    let (one, other) = (open(&url), open(&url));
    let at = one.now();
    let by = KeyId::new(at, [1; 10]);
    for (number, quota, most) in [
        ("+996700000001", Quota { per_number: Some(7), ..Quota::default() }, 7),
        ("+996700000002", Quota { spending: Some(Spending { by, calls: 5 }), ..Quota::default() }, 5),
        ("+996700000003", Quota { twin_within: Some(Duration::from_secs(30)), ..Quota::default() }, 1),
    ] {
        let mut waiting = Vec::new();
        for trial in [&one, &other].into_iter().cycle().take(64) {
            let (calls, quota) = (Arc::clone(&trial.calls), quota.clone());
            waiting
                .push(tokio::spawn(async move { calls.insert(vec![a_call().at(at).to(number).accepted()], None, &quota).await }));
        }
        let mut accepted = 0;
        for done in waiting {
            match done.await.unwrap().unwrap() {
                Inserted::New => accepted += 1,
                Inserted::Refused(_) => {}
                Inserted::Replayed(id) => panic!("{id}"),
            }
        }
        assert_eq!(accepted, most, "{quota:?}");
    }
}

#[tokio::test]
async fn while_another_process_holds_the_file_changes_are_unavailable_and_reads_go_on() {
    let (_folder, url) = sqlite_file();
    let trial = open(&url);
    let held = a_call().accepted();
    trial.calls.insert(vec![held.clone()], None, &Quota::default()).await.unwrap();
    let mut other = SqliteConnection::establish(&url).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();

    let new = a_call().accepted();
    let quota = Quota::default();
    let insert = trial.calls.insert(vec![new.clone()], None, &quota);
    let read = trial.calls.get(held.0.id, &Reader::All);
    let (inserted, read) = tokio::join!(insert, read);
    assert!(matches!(inserted, Err(StoreError::Unavailable(_))), "{inserted:?}");
    assert_eq!(read.unwrap(), held.0);

    other.batch_execute("ROLLBACK").unwrap();
    trial.calls.insert(vec![new], None, &Quota::default()).await.unwrap();
}

#[tokio::test]
async fn when_postgres_ends_every_connection_the_pool_recovers_by_itself() {
    let Some(url) = postgres::fresh_database() else { return };
    let trial = open(&url);
    let call = a_call().queued();
    // All connections of the pool are in use once.
    futures(16, || trial.calls.ping()).await;
    let mut operator = PgConnection::establish(&url).unwrap();
    operator
        .batch_execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .unwrap();
    // Who meets a dead connection is told so; after that moment nobody meets another.
    let mut lost = false;
    for _ in 0..4 {
        let answers = futures(16, || trial.calls.get(call.id, &Reader::All)).await;
        let unavailable = answers.iter().any(|answer| matches!(answer, Err(StoreError::Unavailable(_))));
        assert!(!(lost && unavailable), "{answers:?}");
        lost |= unavailable;
    }
    trial.calls.insert(vec![a_call().accepted()], None, &Quota::default()).await.unwrap();
}

#[tokio::test]
async fn a_twin_that_another_process_writes_for_too_long_is_in_progress() {
    let Some(url) = postgres::fresh_database() else { return };
    let trial = open(&url);
    let mut other = PgConnection::establish(&url).unwrap();
    other
        .batch_execute(
            "BEGIN; INSERT INTO idempotency (client, operation, key, fingerprint, call_id, created_at) \
             VALUES ('default', 'POST /v1/calls', 'k', '', '019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d', now())",
        )
        .unwrap();
    let key = callgate_domain::ports::IdempotencyKey {
        client: callgate_domain::testing::builders::client("default"),
        operation: "POST /v1/calls",
        key: "k".to_owned(),
        fingerprint: [1; 32],
    };
    let twin = trial.calls.insert(vec![a_call().accepted()], Some(key.clone()), &Quota::default()).await;
    assert!(matches!(twin, Err(StoreError::InProgress)), "{twin:?}");
    // Others do not wait for it.
    trial.calls.insert(vec![a_call().accepted()], None, &Quota::default()).await.unwrap();
    other.batch_execute("ROLLBACK").unwrap();
    trial.calls.insert(vec![a_call().accepted()], Some(key), &Quota::default()).await.unwrap();
}

async fn futures<T, F: Future<Output = T>>(count: usize, make: impl Fn() -> F) -> Vec<T> {
    futures_util::future::join_all((0..count).map(|_| make())).await
}
