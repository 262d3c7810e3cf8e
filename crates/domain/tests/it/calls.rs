//! What clients do with calls: place, read, cancel.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use callgate_domain::model::call::By;
use callgate_domain::model::{Agent, Asked, Call, CallId, CallState, ClientId, KeyId, Phone, RetryPlan, Seen};
use callgate_domain::ports::store::MockCallStore;
use callgate_domain::ports::{CallStore, Inserted, Reader, StoreError, Work};
use callgate_domain::usecases::calls::{CallLimits, Canceled, Objection, PlaceCall, PlaceError, Placed};
use callgate_domain::usecases::record::RecordError;
use callgate_domain::usecases::{Agents, Calls};
use serde_json::json;

use crate::desk::{Desk, Fault, an_agent, catalog, provider, provider_that, route};
use crate::made::{Steps, accepted, at, id, in_state, seen, terms};

fn limits() -> CallLimits {
    CallLimits {
        ring_timeout: Duration::from_secs(45),
        queue_ttl: Duration::from_mins(15),
        settle_grace: Duration::from_mins(30),
        allow_numbers: None,
        per_number: None,
        spend: None,
        duplicate_guard: false,
    }
}

fn agents() -> Vec<Agent> {
    let mut simulated = an_agent("simulated", true, vec![route("one")]);
    simulated.test = true;
    vec![an_agent("akylai", true, vec![route("one")]), an_agent("hidden", false, vec![route("one")]), simulated]
}

fn calls_on(desk: &Desk, store: Arc<dyn CallStore>) -> Calls {
    Calls {
        store,
        agents: Arc::new(catalog(agents())),
        connections: desk.connections.clone(),
        recorder: desk.recorder(),
        clock: desk.clock.clone(),
        chance: desk.chance.clone(),
        signals: desk.signals.clone(),
        limits: limits(),
    }
}

fn a_wish() -> PlaceCall {
    PlaceCall {
        client: ClientId::new("default").unwrap(),
        key: KeyId::from_uuid(id(1)),
        phone: Phone::parse("+996700000000").unwrap(),
        agent: "akylai".to_owned(),
        asked: Asked::default(),
        max_duration: None,
        retry: None,
        idempotency_key: None,
    }
}

fn plan(on: &[CallState], max: u16, delay_s: u64) -> RetryPlan {
    RetryPlan { on: on.to_vec(), max, delays: vec![Duration::from_secs(delay_s)] }
}

fn keyed(key: &str) -> PlaceCall {
    PlaceCall { idempotency_key: Some(key.to_owned()), ..a_wish() }
}

// --- placing ---------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_call_is_durable_before_it_is_answered_and_told() {
    let desk = Desk::with(provider());
    let calls = calls_on(&desk, desk.store.clone());
    let placed = calls.place(a_wish()).await.unwrap();
    let call = desk.read(placed.call_id).await;
    assert_eq!((placed.replayed, call.state, call.created_at), (false, CallState::Queued, at(0)));
    assert_eq!(
        (call.terms.max_duration, call.terms.test, call.terms.queue_ttl),
        (Duration::from_mins(10), false, Duration::from_mins(15))
    );
    assert_eq!(desk.signals.moved(), [(CallState::Queued, CallState::Queued, By::Client)]);
    assert_eq!(desk.signals.work(), [Work::Dispatch]);
}

#[tokio::test]
async fn a_call_that_could_not_be_stored_is_not_told() {
    let desk = Desk::with(provider());
    for (error, expected) in [
        (StoreError::Unavailable(anyhow::anyhow!("full")), "the store is unavailable"),
        (StoreError::InProgress, "a request with this key is still running"),
        (StoreError::Duplicate, "the idempotency key was used with another body"),
    ] {
        let mut store = MockCallStore::new();
        let error = Mutex::new(Some(error));
        store.expect_insert().returning(move |_, _, _| Err(error.lock().unwrap().take().unwrap()));
        let refused = calls_on(&desk, Arc::new(store)).place(keyed("k")).await.unwrap_err();
        assert_eq!(refused.to_string(), expected);
        assert_eq!((desk.signals.moved(), desk.signals.work()), (vec![], vec![]));
    }
}

async fn check_objections(change: impl FnOnce(&mut PlaceCall), expected: &[Objection]) {
    let desk = Desk::with(provider());
    let mut store = MockCallStore::new();
    store.expect_insert().never();
    let mut wish = a_wish();
    change(&mut wish);
    match calls_on(&desk, Arc::new(store)).place(wish).await {
        Err(PlaceError::Objections(objections)) => assert_eq!(objections, expected),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn all_that_is_wrong_is_said_at_once_and_nothing_is_stored() {
    let unknown = |agent: &str, nearest: Option<&str>| Objection::UnknownAgent {
        agent: agent.to_owned(),
        nearest: nearest.map(|key| key.parse().unwrap()),
    };
    check_objections(|wish| wish.agent = "akilai".to_owned(), &[unknown("akilai", Some("akylai"))]).await;
    check_objections(|wish| wish.agent = "nobody at all".to_owned(), &[unknown("nobody at all", None)]).await;
    check_objections(|wish| wish.agent = "hidden".to_owned(), &[unknown("hidden", None)]).await;
    check_objections(|wish| wish.agent = "hiddem".to_owned(), &[unknown("hiddem", None)]).await;
    check_objections(|wish| wish.agent = String::new(), &[unknown("", None)]).await;
    check_objections(|wish| wish.asked.expires_at = Some(at(0)), &[Objection::WindowPassed]).await;
    let limit = Duration::from_mins(10);
    check_objections(|wish| wish.max_duration = Some(Duration::from_secs(601)), &[Objection::TooLong { limit }]).await;
    let all = |wish: &mut PlaceCall| {
        wish.agent = "hidden".to_owned();
        wish.asked.expires_at = Some(at(-5));
        wish.max_duration = Some(Duration::from_hours(2));
    };
    check_objections(all, &[unknown("hidden", None), Objection::WindowPassed]).await;
}

#[tokio::test]
async fn a_window_that_still_is_open_and_the_agents_own_limit_are_fine() {
    let desk = Desk::with(provider());
    let calls = calls_on(&desk, desk.store.clone());
    let mut wish = a_wish();
    wish.asked = Asked { not_before: Some(at(60)), expires_at: Some(at(61)), ..Asked::default() };
    wish.max_duration = Some(Duration::from_mins(10));
    let call = desk.read(calls.place(wish).await.unwrap().call_id).await;
    assert_eq!((call.state, call.due_at), (CallState::Scheduled, at(60)));
}

#[tokio::test]
async fn only_permitted_destinations_are_accepted_but_for_agents_that_never_dial() {
    let desk = Desk::with(provider());
    for (prefixes, agent, allowed) in [
        (None, "akylai", true),
        (Some(vec!["+996"]), "akylai", true),
        (Some(vec!["+1", "+9967"]), "akylai", true),
        (Some(vec!["+1"]), "akylai", false),
        (Some(vec![]), "akylai", false),
        (Some(vec![]), "simulated", true),
    ] {
        let mut calls = calls_on(&desk, desk.store.clone());
        calls.limits.allow_numbers = prefixes.clone().map(|all| all.into_iter().map(str::to_owned).collect());
        let placed = calls.place(PlaceCall { agent: agent.to_owned(), ..a_wish() }).await;
        match placed {
            Ok(_) => assert!(allowed, "{prefixes:?} {agent}"),
            Err(PlaceError::DestinationNotAllowed) => assert!(!allowed, "{prefixes:?} {agent}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_limit_that_is_reached_says_when_to_try_again_and_a_repetition_is_answered_all_the_same() {
    let desk = Desk::with(provider());
    let mut calls = calls_on(&desk, desk.store.clone());
    calls.limits = CallLimits { per_number: Some(2), spend: Some(3), ..limits() };
    let day = Duration::from_hours(24);
    let first = calls.place(keyed("k")).await.unwrap();
    desk.pass(60);
    let twice = PlaceCall { retry: Some(plan(&[CallState::Busy], 1, 60)), ..a_wish() };
    let refused = calls.place(twice).await.unwrap_err();
    assert!(
        matches!(refused, PlaceError::NumberLimit { limit: 2, wait } if wait == day - Duration::from_secs(60)),
        "{refused:?}"
    );
    calls.place(a_wish()).await.unwrap();
    assert!(matches!(calls.place(a_wish()).await, Err(PlaceError::NumberLimit { .. })));
    let elsewhere = || PlaceCall { phone: Phone::parse("+996700000001").unwrap(), ..a_wish() };
    calls.place(elsewhere()).await.unwrap();
    let refused = calls.place(elsewhere()).await.unwrap_err();
    assert!(matches!(refused, PlaceError::SpendLimit { limit: 3, wait } if wait == day - Duration::from_secs(60)), "{refused:?}");
    assert_eq!(calls.place(keyed("k")).await.unwrap(), Placed { replayed: true, ..first });
    assert_eq!(desk.memory.all_calls().len(), 3, "nothing is stored of the others");
}

#[tokio::test]
async fn a_plan_with_more_tries_than_a_number_may_ring_is_an_objection() {
    let desk = Desk::with(provider());
    let mut calls = calls_on(&desk, desk.store.clone());
    calls.limits.per_number = Some(2);
    let wish = PlaceCall { retry: Some(plan(&[CallState::Busy], 2, 60)), ..a_wish() };
    match calls.place(wish).await {
        Err(PlaceError::Objections(objections)) => assert_eq!(objections, [Objection::TooManyTries { limit: 2 }]),
        other => panic!("{other:?}"),
    }
    let wish = PlaceCall { retry: Some(plan(&[CallState::Busy], 1, 60)), ..a_wish() };
    calls.place(wish).await.unwrap();
}

#[tokio::test]
async fn a_second_call_right_behind_the_first_is_refused_where_the_guard_stands_and_no_key_says_otherwise() {
    let desk = Desk::with(provider());
    let mut calls = calls_on(&desk, desk.store.clone());
    calls.limits.duplicate_guard = true;
    let first = calls.place(a_wish()).await.unwrap();
    desk.pass(29);
    match calls.place(a_wish()).await {
        Err(PlaceError::PossibleDuplicate { call, age }) => {
            assert_eq!((call, age), (first.call_id, Duration::from_secs(29)));
        }
        other => panic!("{other:?}"),
    }
    calls.place(keyed("meant")).await.unwrap();
    desk.pass(31);
    calls.place(a_wish()).await.unwrap();
}

#[tokio::test]
async fn a_repeated_key_gets_its_first_answer_even_when_the_wish_has_become_impossible() {
    let desk = Desk::with(provider());
    let mut calls = calls_on(&desk, desk.store.clone());
    let mut wish = keyed("k");
    wish.asked.expires_at = Some(at(60));
    let first = calls.place(wish.clone()).await.unwrap();
    let again = Placed { replayed: true, ..first };
    assert_eq!(calls.place(wish.clone()).await.unwrap(), again);
    desk.pass(61);
    assert_eq!(calls.place(wish.clone()).await.unwrap(), again, "its window is over");
    calls.agents = Arc::new(catalog(vec![]));
    assert_eq!(calls.place(wish.clone()).await.unwrap(), again, "its agent is gone");
    let other = PlaceCall { max_duration: Some(Duration::from_secs(11)), ..wish.clone() };
    assert!(matches!(calls.place(other).await, Err(PlaceError::KeyReused)), "another body is another body all the same");
    let stranger = PlaceCall { client: ClientId::new("other").unwrap(), ..wish };
    assert!(matches!(calls.place(stranger).await, Err(PlaceError::Objections(_))), "a key is its client's own");
    assert_eq!(desk.memory.all_calls().len(), 1);
}

#[tokio::test]
async fn a_key_stands_for_one_body_however_it_is_spelled() {
    let desk = Desk::with(provider());
    let calls = calls_on(&desk, desk.store.clone());
    let wish = |names: [&str; 2], phone: &str| {
        let mut wish = keyed("k");
        for name in names {
            wish.asked.variables.insert(name.to_owned(), json!(name));
            wish.asked.metadata.insert(name.to_owned(), json!(name));
        }
        wish.phone = Phone::parse(phone).unwrap();
        wish
    };
    let first = calls.place(wish(["a", "b"], "+996700000000")).await.unwrap();
    for again in [wish(["b", "a"], "+996700000000"), wish(["a", "b"], "00996 (700) 000-000")] {
        assert_eq!(calls.place(again).await.unwrap(), Placed { replayed: true, ..first });
    }
}

#[tokio::test]
async fn a_key_with_another_body_is_refused_whatever_differs() {
    let changes: Vec<fn(&mut PlaceCall)> = vec![
        |wish| wish.phone = Phone::parse("+996700000001").unwrap(),
        |wish| wish.agent = "simulated".to_owned(),
        |wish| wish.asked.reference = Some("r".to_owned()),
        |wish| wish.asked.not_before = Some(at(5)),
        |wish| wish.asked.expires_at = Some(at(5)),
        |wish| wish.max_duration = Some(Duration::from_secs(10)),
        |wish| wish.retry = Some(plan(&[CallState::Busy], 1, 60)),
        |wish| wish.retry = Some(plan(&[CallState::NoAnswer], 1, 60)),
        |wish| wish.retry = Some(plan(&[CallState::Busy], 2, 60)),
        |wish| wish.retry = Some(plan(&[CallState::Busy], 1, 61)),
        |wish| drop(wish.asked.variables.insert("a".to_owned(), json!(1))),
        |wish| drop(wish.asked.variables.insert("a".to_owned(), json!("1"))),
        |wish| drop(wish.asked.variables.insert("a".to_owned(), json!(true))),
        |wish| drop(wish.asked.variables.insert("a1".to_owned(), json!(""))),
        |wish| drop(wish.asked.metadata.insert("a".to_owned(), json!(1))),
    ];
    for one in 0..changes.len() {
        for other in 0..changes.len() {
            let desk = Desk::with(provider());
            let calls = calls_on(&desk, desk.store.clone());
            let (mut first, mut second) = (keyed("k"), keyed("k"));
            changes[one](&mut first);
            changes[other](&mut second);
            calls.place(first).await.unwrap();
            let placed = calls.place(second).await;
            assert_eq!(placed.is_ok(), one == other, "{one} {other}: {placed:?}");
        }
    }
}

#[tokio::test]
async fn without_a_key_each_wish_is_a_call_of_its_own() {
    let desk = Desk::with(provider());
    let calls = calls_on(&desk, desk.store.clone());
    let ids = [calls.place(a_wish()).await.unwrap().call_id, calls.place(a_wish()).await.unwrap().call_id];
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_replay_asks_nobody_and_tells_nobody() {
    let desk = Desk::with(provider());
    let mut store = MockCallStore::new();
    let before = CallId::from_uuid(id(5));
    store.expect_insert().times(1).returning(move |_, _, _| Ok(Inserted::Replayed(before)));
    let placed = calls_on(&desk, Arc::new(store)).place(keyed("k")).await.unwrap();
    assert_eq!(placed, Placed { call_id: before, replayed: true });
    assert_eq!((desk.signals.moved(), desk.signals.work()), (vec![], vec![]));
}

// --- canceling -------------------------------------------------------------------------------------------------------

fn said(canceled: &Canceled) -> &'static str {
    match canceled {
        Canceled::Done(_) => "done",
        Canceled::AskedFor(_) => "asked for",
        Canceled::AlreadyOver(_) => "already over",
    }
}

#[tokio::test]
async fn a_cancel_ends_what_waits_and_asks_for_the_end_of_what_may_have_been_sent() {
    use CallState as S;
    for state in S::ALL {
        let expected = match state {
            S::Queued | S::Claimed | S::Canceled => "done",
            S::Scheduled => continue,
            state if state.is_terminal() => "already over",
            _ => "asked for",
        };
        let desk = Desk::with(provider());
        let call = desk.keeps_at(accepted(Asked::default(), terms()), in_state(*state)).await;
        let calls = calls_on(&desk, desk.store.clone());
        for _ in 0..2 {
            let canceled = calls.cancel(call.id, &Reader::All).await.unwrap();
            assert_eq!(said(&canceled), expected, "{state}");
        }
        let after = desk.read(call.id).await;
        assert_eq!(after.cancel_requested_at.is_some(), !matches!(expected, "already over") && *state != S::Canceled, "{state}");
        assert_eq!(after.state == S::Canceled, expected == "done", "{state}");
    }
}

#[tokio::test]
async fn a_call_that_ends_while_its_cancel_is_on_the_way_says_how_it_ended() {
    let desk = Desk::with(provider());
    let ringing = desk.keeps_at(accepted(Asked::default(), terms()), in_state(CallState::Ringing)).await;
    let busy = ringing.learns(seen(Seen::Busy), 9);
    let change = callgate_domain::testing::builders::change(&ringing, &crate::made::about(&ringing, seen(Seen::Busy)), at(9));
    assert_eq!(change.call, busy);
    desk.store.fails([Fault::Overtaken(Box::new(change))]);
    let canceled = calls_on(&desk, desk.store.clone()).cancel(ringing.id, &Reader::All).await.unwrap();
    assert_eq!(said(&canceled), "already over");
}

#[tokio::test]
async fn nobody_cancels_or_reads_anothers_call() {
    let desk = Desk::with(provider());
    let call = desk.keeps(accepted(Asked::default(), terms())).await;
    let calls = calls_on(&desk, desk.store.clone());
    let stranger = Reader::Client(ClientId::new("other").unwrap());
    assert!(matches!(calls.cancel(call.id, &stranger).await, Err(RecordError::Store(StoreError::NotFound))));
    assert!(matches!(calls.get(call.id, &stranger).await, Err(StoreError::NotFound)));
    assert!(matches!(
        calls.history(call.id, &stranger, callgate_domain::model::Revision(0), 10).await,
        Err(StoreError::NotFound)
    ));
    let own = Reader::Client(ClientId::new("default").unwrap());
    assert_eq!(calls.history(call.id, &own, callgate_domain::model::Revision(0), 10).await.unwrap().len(), 1);
    assert_eq!(desk.read(call.id).await.state, CallState::Queued);
}

#[tokio::test]
async fn a_call_can_be_canceled_unless_it_is_with_somebody_who_cannot() {
    for (can, state, expected) in
        [(true, CallState::Placed, true), (false, CallState::Placed, false), (false, CallState::Queued, true)]
    {
        let desk = Desk::with(provider_that(can));
        let call: Call = in_state(state);
        assert_eq!(calls_on(&desk, desk.store.clone()).can_be_canceled(&call), expected, "{can} {state}");
    }
}

#[test]
fn clients_see_public_agents_only() {
    let desk = Desk::with(provider());
    let mut all = agents();
    all.push(an_agent("unreachable", true, vec![route("gone")]));
    let agents = Agents { catalog: Arc::new(catalog(all)), connections: desk.connections.clone() };
    let shown: Vec<_> = agents.list().into_iter().map(|seen| (seen.agent.key.to_string(), seen.available)).collect();
    let expected = [("akylai", true), ("simulated", true), ("unreachable", false)].map(|(key, is)| (key.to_owned(), is));
    assert_eq!(shown, expected);
    assert!(agents.get("akylai").is_some());
    for absent in ["hidden", "nobody", "AKYLAI", ""] {
        assert!(agents.get(absent).is_none(), "{absent}");
    }
}
