//! Claiming: no call for two, no limit passed, nobody held up by those who cannot be taken.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::Trial;
use crate::model::call::{Looks, Refusals};
use crate::model::moment::{earlier, elapsed, later};
use crate::model::pacing::{Room, Space};
use crate::model::{Call, CallId, CallState, EndedReason, Fence, Quota, Route, WorkerId};
use crate::ports::Change;
use crate::testing::builders::{a_call, agent, change, connection, send_mark, worker};

const LEASE: Duration = Duration::from_secs(30);

pub async fn a_claim_takes_what_is_due_and_waits_longest(trial: &Trial) {
    let ago = |s| earlier(trial.now(), Duration::from_secs(s));
    let (old, older) = (a_call().at(ago(10)).queued(), a_call().at(ago(20)).queued());
    let later = a_call().at(later(trial.now(), Duration::from_mins(10))).queued();
    let done = a_call().at(ago(30)).placed("theirs");
    for call in [&old, &older, &later, &done] {
        trial.hold(call).await;
    }
    let room = room(&[("akylai", "simulator")], None);
    assert_eq!(ids(&claim(trial, worker(), &room, 1).await), [older.id]);
    assert_eq!(ids(&claim(trial, worker(), &room, 10).await), [old.id]);
    assert!(claim(trial, worker(), &room, 10).await.is_empty());
}

pub async fn a_claimed_call_carries_route_fence_and_lease(trial: &Trial) {
    let call = a_call().at(trial.now()).queued();
    trial.hold(&call).await;
    let (by, before) = (worker(), trial.now());
    let taken = claim(trial, by, &room(&[("akylai", "simulator")], None), 10).await.pop().expect("a claimed call");
    assert_eq!((taken.state, taken.fence), (CallState::Claimed, Fence(1)));
    assert_eq!(taken.connection, Some(connection("simulator")));
    let lease = taken.lease.expect("a lease");
    assert_eq!(lease.owner, by);
    // By the store's own clock, which is near ours.
    assert!(lease.until > later(before, LEASE - Duration::from_secs(5)));
    assert!(lease.until < later(before, LEASE + Duration::from_secs(60)));
    assert_eq!(taken.look_at, Some(lease.until));
    assert_eq!(trial.read(&call).await, taken);
    assert_eq!(trial.calls.history(call.id, call.revision, 10).await.expect("its history").len(), 1);
}

pub async fn concurrent_claims_share_no_call(trial: &Trial) {
    crowd(trial, "akylai", 40).await;
    let room = room(&[("akylai", "simulator")], None);
    let claims = join_all((0..8).map(|_| claim(trial, worker(), &room, 7))).await;
    let taken: Vec<_> = claims.iter().flat_map(|claim| ids(claim)).collect();
    assert_eq!(taken.len(), taken.iter().collect::<HashSet<_>>().len());
    assert!(claims.iter().all(|claim| claim.len() <= 7));
    // Nothing that was left is lost.
    let rest: usize = join_all((0..8).map(|_| claim(trial, worker(), &room, 7))).await.iter().map(Vec::len).sum();
    assert_eq!(taken.len() + rest, 40);
}

pub async fn concurrent_claims_never_pass_a_limit(trial: &Trial) {
    crowd(trial, "akylai", 30).await;
    let room = room(&[("akylai", "simulator")], Some(5));
    let claims = join_all((0..8).map(|_| claim(trial, worker(), &room, 3))).await;
    assert_eq!(claims.iter().map(Vec::len).sum::<usize>(), 5);
    assert!(claim(trial, worker(), &room, 10).await.is_empty());
}

pub async fn concurrent_claims_never_pass_the_limit_of_all(trial: &Trial) {
    crowd(trial, "akylai", 10).await;
    crowd(trial, "altai", 10).await;
    let mut one = room(&[("akylai", "simulator")], None);
    let mut other = room(&[("altai", "second")], None);
    (one.max_live, other.max_live) = (Some(7), Some(7));
    let claims = join_all((0..8).map(|nth| claim(trial, worker(), if nth % 2 == 0 { &one } else { &other }, 4))).await;
    assert_eq!(claims.iter().map(Vec::len).sum::<usize>(), 7);
}

pub async fn in_no_second_more_are_taken_than_the_rate_permits(trial: &Trial) {
    crowd(trial, "akylai", 60).await;
    let room = at_a_rate("simulator", 40);
    let (started, mut taken) = (trial.now(), Vec::new());
    // Where time stands still only the first forty are taken.
    for round in 0.. {
        let claims = join_all((0..4).map(|_| claim(trial, worker(), &room, 7))).await;
        taken.extend(claims.into_iter().flatten());
        let time = elapsed(started, trial.now());
        if taken.len() == 60 || time > Duration::from_secs(20) || (time.is_zero() && round > 20) {
            break;
        }
    }
    assert!(taken.len() == 60 || taken.len() == 40 && trial.now() == started, "{}", taken.len());
    // The lease tells when each was taken, by the store's own clock.
    let mut at: Vec<_> = taken.iter().map(|call| call.lease.expect("a lease").until).collect();
    at.sort_unstable();
    for (first, after) in at.iter().zip(at.iter().skip(40)) {
        assert!(elapsed(*first, *after) >= Duration::from_secs(1), "{first} {after}");
    }
    let last = trial.calls.claim(worker(), LEASE, &room, 1).await.expect("a claim");
    assert!(last.calls.is_empty() && last.opens_in.is_none_or(|wait| wait <= Duration::from_millis(1_020)), "{last:?}");
}

pub async fn a_connection_at_its_rate_does_not_hold_up_another(trial: &Trial) {
    crowd(trial, "akylai", 3).await;
    crowd(trial, "altai", 3).await;
    let mut room = room(&[("akylai", "slow"), ("altai", "free")], None);
    room.connections.insert(
        connection("slow"),
        Space { max_live: None, max_per_second: Some(1), may_send: 100, left_alone: false, dials: true },
    );
    let taken = trial.calls.claim(worker(), LEASE, &room, 10).await.expect("a claim");
    assert_eq!((taken.calls.len(), taken.is_full), (4, false));
    assert!(taken.opens_in.is_some_and(|wait| wait <= Duration::from_millis(1_020)), "{:?}", taken.opens_in);
    assert!(claim(trial, worker(), &room, 10).await.len() <= 1);
}

pub async fn a_pause_is_kept_by_all(trial: &Trial) {
    crowd(trial, "akylai", 3).await;
    trial.calls.pause(&connection("simulator"), Duration::from_secs(60)).await.expect("a pause");
    // A shorter one does not shorten it.
    trial.calls.pause(&connection("simulator"), Duration::ZERO).await.expect("a pause");
    let held = trial.calls.claim(worker(), LEASE, &at_a_rate("simulator", 100), 10).await.expect("a claim");
    assert!(held.calls.is_empty() && held.is_full);
    let opens_in = held.opens_in.expect("an end");
    assert!(opens_in > Duration::from_secs(30) && opens_in <= Duration::from_secs(60), "{opens_in:?}");
    crowd(trial, "altai", 1).await;
    assert_eq!(claim(trial, worker(), &room(&[("altai", "second")], None), 10).await.len(), 1, "another is not held");
}

pub async fn a_call_without_room_does_not_hold_up_those_behind_it(trial: &Trial) {
    crowd(trial, "akylai", 150).await;
    crowd(trial, "altai", 3).await;
    let mut room = room(&[("akylai", "full"), ("altai", "free")], None);
    room.connections.insert(
        connection("full"),
        Space { max_live: Some(0), max_per_second: None, may_send: 100, left_alone: false, dials: true },
    );
    let taken = claim(trial, worker(), &room, 10).await;
    assert_eq!(taken.len(), 3);
    assert!(taken.iter().all(|call| call.agent == agent("altai")));
}

pub async fn a_call_whose_routes_are_closed_does_not_hold_up_those_behind_it(trial: &Trial) {
    for _ in 0..100 {
        let call = a_call().at(earlier(trial.now(), Duration::from_secs(60))).queued();
        trial.hold(&refused(call)).await;
    }
    let open = a_call().at(earlier(trial.now(), Duration::from_secs(1))).queued();
    trial.hold(&open).await;
    let room = room(&[("akylai", "simulator")], None);
    assert_eq!(ids(&claim(trial, worker(), &room, 10).await), [open.id]);
}

pub async fn a_call_goes_past_a_connection_that_is_left_alone(trial: &Trial) {
    crowd(trial, "akylai", 70).await;
    crowd(trial, "altai", 1).await;
    let mut room = room(&[("akylai", "first"), ("altai", "first"), ("third", "second")], None);
    let over = |id: &str| Route { connection: connection(id), remote_id: "remote".to_owned(), from: None };
    room.agents.insert(agent("altai"), vec![over("first"), over("second")]);
    let sick = Space { max_live: None, max_per_second: None, may_send: 0, left_alone: true, dials: true };
    room.connections.insert(connection("first"), sick);
    let taken = claim(trial, worker(), &room, 10).await;
    let over: Vec<_> = taken.iter().map(|call| (call.agent.as_str(), call.connection.clone())).collect();
    assert_eq!(over, [("altai", Some(connection("second")))], "whoever has no other route waits, and holds up nobody");
}

pub async fn calls_that_wait_for_a_full_route_do_not_hold_up_another_agents(trial: &Trial) {
    // More than one claim looks at; `refused` says over which connection.
    for _ in 0..600 {
        let waits = refused(a_call().at(earlier(trial.now(), Duration::from_secs(60))).queued());
        trial.hold(&waits).await;
    }
    let free = a_call().with("altai").at(trial.now()).queued();
    trial.hold(&free).await;
    let mut room = room(&[("akylai", "simulator"), ("altai", "free"), ("third", "full")], None);
    let over = |id: &str| Route { connection: connection(id), remote_id: "remote".to_owned(), from: None };
    room.agents.insert(agent("akylai"), vec![over("simulator"), over("full")]);
    let full = Space { max_live: Some(0), max_per_second: None, may_send: 1_000, left_alone: false, dials: true };
    room.connections.insert(connection("full"), full);
    assert_eq!(ids(&claim(trial, worker(), &room, 10).await), [free.id]);
}

pub async fn a_call_of_an_unknown_agent_is_left(trial: &Trial) {
    crowd(trial, "stranger", 70).await;
    crowd(trial, "akylai", 1).await;
    let taken = claim(trial, worker(), &room(&[("akylai", "simulator")], None), 10).await;
    assert_eq!(taken.iter().map(|call| &call.agent).collect::<Vec<_>>(), [&agent("akylai")]);
}

pub async fn a_call_to_a_number_that_is_no_longer_allowed_is_blocked_in_the_claim(trial: &Trial) {
    let call = a_call().at(trial.now()).queued();
    trial.hold(&call).await;
    let mut narrowed = room(&[("akylai", "one")], None);
    narrowed.allow_numbers = Some(vec!["+1".to_owned()]);
    let taken = claim(trial, worker(), &narrowed, 10).await;
    assert_eq!(
        taken.iter().map(|call| (call.state, call.ended_reason)).collect::<Vec<_>>(),
        [(CallState::Blocked, Some(EndedReason::DestinationNotAllowed))]
    );
    assert_eq!(taken.first(), Some(&trial.read(&call).await));
}

pub async fn a_call_whose_wait_is_over_ends_in_the_claim(trial: &Trial) {
    let call = a_call().at(earlier(trial.now(), Duration::from_mins(16))).queued();
    trial.hold(&call).await;
    let ended = claim(trial, worker(), &room(&[("akylai", "simulator")], None), 10).await.pop().expect("the call");
    assert_eq!((ended.state, ended.ended_reason), (CallState::Expired, Some(EndedReason::QueueTimeout)));
    assert_eq!(trial.read(&call).await, ended);
}

pub async fn an_unknown_call_frees_its_place_after_three_absences(trial: &Trial) {
    let unknown = a_call().at(trial.now()).unknown();
    trial.hold(&unknown).await;
    crowd(trial, "akylai", 2).await;
    let room = room(&[("akylai", "simulator")], Some(1));
    for absent in 0..=3 {
        let looks = Looks { count: absent, absent };
        trial.calls.look_later(unknown.id, unknown.revision, looks, unknown.look_at).await.expect("a look");
        let expected = usize::from(absent == 3);
        assert_eq!(claim(trial, worker(), &room, 10).await.len(), expected, "after {absent} absences");
    }
}

pub async fn a_beat_prolongs_only_what_its_worker_has_in_hand(trial: &Trial) {
    crowd(trial, "akylai", 4).await;
    let room = room(&[("akylai", "simulator")], None);
    let (ours, theirs) = (worker(), worker());
    let held = claim(trial, ours, &room, 1).await.pop().expect("ours");
    let sent = claim(trial, ours, &room, 1).await.pop().expect("ours, to be sent");
    let foreign = claim(trial, theirs, &room, 1).await.pop().expect("theirs");
    let unheard = claim(trial, ours, &room, 1).await.pop().expect("ours, and the answer was lost");
    let marked = change(&sent, &send_mark(trial.now()), trial.now());
    trial.calls.save(Change { claim: Some(sent.fence), ..marked.clone() }).await.expect("the send mark");

    trial.calls.beat(ours, Duration::from_mins(5), &[held.id, sent.id, foreign.id]).await.expect("a beat");
    let beaten = trial.read(&held).await;
    let until = beaten.lease.expect("a lease").until;
    assert!(until > later(held.lease.expect("a lease").until, Duration::from_mins(4)));
    assert_eq!((beaten.look_at, beaten.revision), (Some(until), held.revision));
    assert_eq!(trial.read(&sent).await, marked.call);
    assert_eq!(trial.read(&foreign).await, foreign);
    assert_eq!(trial.read(&unheard).await, unheard);
}

pub async fn a_beat_does_not_revive_a_lease_that_ran_out(trial: &Trial) {
    crowd(trial, "akylai", 1).await;
    let by = worker();
    let room = room(&[("akylai", "simulator")], None);
    let lost = trial.calls.claim(by, Duration::ZERO, &room, 1).await.expect("a claim").calls.pop().expect("a claimed call");
    trial.calls.beat(by, LEASE, &[lost.id]).await.expect("a beat");
    assert_eq!(trial.read(&lost).await, lost);
}

/// Room for agents, each over one connection, for as many calls as told (`None`: without limit).
pub(super) fn room(agents: &[(&str, &str)], max_live: Option<u32>) -> Room {
    let route = |over: &str| Route { connection: connection(over), remote_id: "remote".to_owned(), from: None };
    Room {
        connections: agents
            .iter()
            .map(|(_, over)| {
                (connection(over), Space { max_live, max_per_second: None, may_send: 1_000, left_alone: false, dials: true })
            })
            .collect(),
        agents: agents.iter().map(|(key, over)| (agent(key), vec![route(over)])).collect(),
        ..Room::default()
    }
}

/// Room for `akylai` over one connection with this rate.
fn at_a_rate(over: &str, per_second: u32) -> Room {
    let mut room = room(&[("akylai", over)], None);
    let space = Space { max_live: None, max_per_second: Some(per_second), may_send: 1_000, left_alone: false, dials: true };
    room.connections.insert(connection(over), space);
    room
}

pub(super) async fn claim(trial: &Trial, by: WorkerId, room: &Room, limit: u32) -> Vec<Call> {
    trial.calls.claim(by, LEASE, room, limit).await.expect("a claim").calls
}

pub(super) async fn crowd(trial: &Trial, key: &str, size: u64) {
    let at = |nth| -> Timestamp { earlier(trial.now(), Duration::from_millis(5_000 - nth)) };
    let calls = (0..size).map(|nth| a_call().at(at(nth)).with(key).accepted()).collect();
    trial.calls.insert(calls, None, &Quota::default()).await.expect("new calls");
}

/// As after a refusal by the only connection there is.
pub(super) fn refused(call: Call) -> Call {
    let refusals = Refusals { counted: 1, closed: vec![connection("simulator")] };
    Call { refusals, revision: call.revision.next(), ..call }
}

pub(super) fn ids(calls: &[Call]) -> Vec<CallId> {
    calls.iter().map(|call| call.id).collect()
}
