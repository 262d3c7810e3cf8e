//! Hints between processes that share a Postgres.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must say so at once")]

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use callgate_adapters::store::{self, News, Relay};
use callgate_adapters::testing::postgres;
use callgate_domain::model::{CallId, Revision};
use callgate_domain::ports::Work;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

const BOUND: Duration = Duration::from_secs(20);

/// One process's relay, and what it hears. It listens when this returns.
fn process(url: &str) -> (Relay, Receiver<News>) {
    let (hear, heard) = channel();
    let relay = store::relay(url, move |news| drop(hear.send(news))).unwrap().unwrap();
    assert_eq!(heard.recv_timeout(BOUND).unwrap().work, Work::ALL, "whatever was told before");
    (relay, heard)
}

/// Collects what is heard until there are so many moves.
fn moves(heard: &Receiver<News>, count: usize) -> Vec<(CallId, Revision)> {
    let mut moves = Vec::new();
    while moves.len() < count {
        moves.extend(heard.recv_timeout(BOUND).unwrap().moves);
    }
    moves
}

fn call(n: u128) -> CallId {
    CallId::from_uuid(uuid::Uuid::from_u128(n))
}

#[test]
fn what_one_process_tells_every_other_hears_and_itself_does_not() {
    let Some(url) = postgres::fresh_database() else { return };
    let ((one, one_hears), (two, two_hears), (_three, three_hears)) = (process(&url), process(&url), process(&url));
    one.tell_work(Work::Dispatch);
    for heard in [&two_hears, &three_hears] {
        assert_eq!(heard.recv_timeout(BOUND).unwrap(), News { work: vec![Work::Dispatch], moves: Vec::new() });
    }
    two.tell_move(call(7), Revision(3));
    for heard in [&one_hears, &three_hears] {
        assert_eq!(moves(heard, 1), [(call(7), Revision(3))]);
    }
    assert_eq!(two_hears.recv_timeout(Duration::from_millis(50)), Err(RecvTimeoutError::Timeout));
}

#[test]
fn what_is_told_within_a_moment_goes_out_together_in_its_order() {
    let Some(url) = postgres::fresh_database() else { return };
    let ((one, _), (_two, heard)) = (process(&url), process(&url));
    let told: Vec<_> = (0..900).map(|n| (call(n), Revision(2))).collect();
    for (call, revision) in &told {
        one.tell_move(*call, *revision);
        one.tell_work(Work::Dispatch);
    }
    let (mut moves, mut messages) = (Vec::new(), 0);
    while moves.len() < told.len() {
        moves.extend(heard.recv_timeout(BOUND).unwrap().moves);
        messages += 1;
    }
    assert_eq!(moves, told);
    assert!(messages <= 20, "{messages}");
}

#[test]
fn a_lost_connection_is_opened_again_and_everybody_looks_once() {
    let Some(url) = postgres::fresh_database() else { return };
    let ((one, _), (_two, heard)) = (process(&url), process(&url));
    let mut operator = PgConnection::establish(&url).unwrap();
    operator
        .batch_execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .unwrap();
    assert_eq!(heard.recv_timeout(BOUND).unwrap().work, Work::ALL);
    // The other one opens its own again in its own time; what it was told meanwhile is dropped.
    for _ in 0..1_000 {
        one.tell_move(call(1), Revision(2));
        if heard.recv_timeout(Duration::from_millis(20)).is_ok_and(|news| !news.moves.is_empty()) {
            return;
        }
    }
    panic!("nothing was heard");
}

#[test]
fn nothing_is_relayed_where_one_process_has_the_database_to_itself() {
    assert!(store::relay("sqlite:///tmp/callgate.db", |_| {}).unwrap().is_none());
    assert!(store::relay("mysql://h/db", |_| {}).is_err());
}
