//! Holds: what is held is not claimed, at once and everywhere, and nothing else is kept waiting.

use std::time::Duration;

use futures_util::future::{join, join_all};

use super::Trial;
use super::claims::{claim, crowd, ids, refused, room};
use crate::model::call::Refusals;
use crate::model::moment::earlier;
use crate::model::{Call, Hold, OnHold, Route};
use crate::testing::builders::{a_call, agent, connection, worker};

pub async fn a_hold_is_listed_until_it_is_lifted(trial: &Trial) {
    let second = OnHold::Connection(connection("second"));
    for what in [second.clone(), OnHold::Agent(agent("altai")), OnHold::Everything, OnHold::Agent(agent("akylai"))] {
        put(trial, what).await;
    }
    let again = Hold { what: OnHold::Everything, reason: "another".to_owned(), created_at: trial.now() };
    trial.holds.put(again).await.expect("the same once more");
    let listed = trial.holds.list().await.expect("a list");
    let named: Vec<_> = listed.iter().map(|hold| (hold.what.to_string(), hold.reason.as_str())).collect();
    let expected = ["all", "agent:akylai", "agent:altai", "connection:second"];
    assert_eq!(named, expected.map(|what| (what.to_owned(), "a test")));

    assert!(trial.holds.lift(&second).await.expect("an answer"));
    assert!(!trial.holds.lift(&second).await.expect("an answer"), "it was lifted already");
    assert_eq!(trial.holds.list().await.expect("a list").len(), 3);
}

pub async fn a_hold_stops_what_it_names_and_nothing_else(trial: &Trial) {
    let room = room(&[("akylai", "simulator"), ("altai", "second")], None);
    for (what, expected) in [
        (OnHold::Agent(agent("akylai")), vec!["altai"]),
        (OnHold::Connection(connection("second")), vec!["akylai"]),
        (OnHold::Agent(agent("stranger")), vec!["akylai", "altai"]),
        (OnHold::Everything, vec![]),
    ] {
        crowd(trial, "akylai", 1).await;
        crowd(trial, "altai", 1).await;
        put(trial, what.clone()).await;
        assert_eq!(agents(&claim(trial, worker(), &room, 10).await), expected, "{what}");
        trial.holds.lift(&what).await.expect("lifted");
        let rest = claim(trial, worker(), &room, 10).await;
        assert_eq!(rest.len() + expected.len(), 2, "what was held goes on: {what}");
    }
}

pub async fn a_call_whose_first_route_is_held_waits_for_it(trial: &Trial) {
    let mut room = room(&[("akylai", "first"), ("altai", "second")], None);
    let over = |id: &str| Route { connection: connection(id), remote_id: "remote".to_owned(), from: None };
    room.agents.insert(agent("akylai"), vec![over("first"), over("second")]);
    let waits = a_call().at(earlier(trial.now(), Duration::from_secs(9))).queued();
    let refused = refused_by("first", a_call().at(earlier(trial.now(), Duration::from_secs(5))).queued());
    for call in [&waits, &refused] {
        trial.hold(call).await;
    }
    put(trial, OnHold::Connection(connection("first"))).await;
    let taken = claim(trial, worker(), &room, 10).await;
    assert_eq!(ids(&taken), [refused.id], "only what the held one refused before goes over the other");
    assert_eq!(taken.first().and_then(|call| call.connection.clone()), Some(connection("second")));
}

pub async fn what_is_held_does_not_hold_up_those_behind_it(trial: &Trial) {
    let mut room = room(&[("akylai", "first"), ("altai", "second"), ("third", "first")], None);
    let over = |id: &str| Route { connection: connection(id), remote_id: "remote".to_owned(), from: None };
    room.agents.insert(agent("akylai"), vec![over("first"), over("second")]);
    // More than one claim looks at, and older than what can be taken.
    crowd(trial, "akylai", 600).await;
    crowd(trial, "third", 600).await;
    let free = a_call().with("altai").at(trial.now()).queued();
    trial.hold(&free).await;
    put(trial, OnHold::Connection(connection("first"))).await;
    assert_eq!(ids(&claim(trial, worker(), &room, 10).await), [free.id]);
}

pub async fn a_held_call_whose_wait_is_over_is_still_looked_at(trial: &Trial) {
    let over = a_call().at(earlier(trial.now(), Duration::from_mins(16))).queued();
    trial.hold(&over).await;
    put(trial, OnHold::Everything).await;
    assert!(claim(trial, worker(), &room(&[("akylai", "simulator")], None), 10).await.is_empty());
    let taken = trial.calls.to_reconcile(&[], Duration::from_mins(2), 10, trial.now()).await.expect("a look");
    assert_eq!(ids(&taken), [over.id]);
}

pub async fn after_a_hold_was_put_no_claim_goes_past_it(trial: &Trial) {
    let room = room(&[("akylai", "simulator")], None);
    crowd(trial, "akylai", 60).await;
    let claims = join_all((0..12).map(|_| claim(trial, worker(), &room, 2)));
    let pause = async {
        put(trial, OnHold::Everything).await;
        // What a claim that is still under way takes would be seen by a later one as gone.
        let seen = join_all((0..4).map(|_| claim(trial, worker(), &room, 60))).await;
        (seen.iter().map(Vec::len).sum::<usize>(), trial.calls.to_reconcile(&[], Duration::ZERO, 100, far(trial)).await)
    };
    let (claims, (later, waiting)) = join(claims, pause).await;
    assert_eq!(later, 0, "claimed after the pause");
    let before: usize = claims.iter().map(Vec::len).sum();
    assert_eq!(waiting.expect("a look").len(), 60 - before, "a claim was committed after the pause had returned");
}

pub(super) async fn put(trial: &Trial, what: OnHold) {
    let hold = Hold { what, reason: "a test".to_owned(), created_at: trial.now() };
    trial.holds.put(hold).await.expect("a hold");
}

fn refused_by(id: &str, call: Call) -> Call {
    let call = refused(call);
    Call { refusals: Refusals { closed: vec![connection(id)], ..call.refusals.clone() }, ..call }
}

fn agents(calls: &[Call]) -> Vec<&str> {
    let mut agents: Vec<_> = calls.iter().map(|call| call.agent.as_str()).collect();
    agents.sort_unstable();
    agents
}

/// After every wait of every call is over.
fn far(trial: &Trial) -> jiff::Timestamp {
    crate::model::moment::later(trial.now(), Duration::from_hours(1))
}
