//! Pages: of calls and of one call's history.

use std::time::Duration;

use super::Trial;
use super::calls::words;
use crate::model::moment::later;
use crate::model::{Asked, Call, CallEvent, CallId, Quota, Revision, Status};
use crate::ports::{CallFilter, Listed, Page, Reader};
use crate::testing::builders::{a_call, agent, change, client, object, phone};

const ALL: Page = Page { before: None, limit: 200 };

pub async fn a_list_is_newest_first_and_leaves_out_the_long_parts(trial: &Trial) {
    let asked = Asked {
        reference: Some("order-1".to_owned()),
        variables: object("name", "Aigul"),
        metadata: object("campaign", "spring"),
        ..Asked::default()
    };
    let mut full = a_call().at(trial.now()).asked(asked).placed("theirs");
    full.result.transcript = Some(words("agent: Hello", Vec::new()));
    full.result.summary = Some("They agreed.".to_owned());
    full.result.duration_s = Some(12);
    full.result.extracted = object("yes", true);
    trial.hold(&full).await;
    let newer = a_call().at(later(trial.now(), Duration::from_secs(1))).queued();
    trial.hold(&newer).await;

    let mut short = full;
    short.asked.variables.clear();
    short.result.transcript = None;
    let listed = trial.calls.list(&Reader::All, &CallFilter::default(), ALL).await.expect("a list");
    assert_eq!(listed, [Listed(newer), Listed(short)]);
}

pub async fn a_client_lists_its_own_calls_and_an_operator_all(trial: &Trial) {
    let ours = a_call().at(trial.now()).by("ours").queued();
    let theirs = a_call().at(trial.now()).by("theirs").queued();
    trial.hold(&ours).await;
    trial.hold(&theirs).await;
    let filter = CallFilter::default();
    assert_eq!(list(trial, &Reader::Client(client("ours")), &filter).await, [ours.id]);
    assert_eq!(list(trial, &Reader::Client(client("nobody")), &filter).await, []);
    assert_eq!(list(trial, &Reader::All, &filter).await, [theirs.id, ours.id]);
}

pub async fn pages_are_complete_and_repeat_nothing(trial: &Trial) {
    let calls = (0..23).map(|nth| a_call().at(later(trial.now(), Duration::from_millis(nth / 3))).accepted());
    let calls: Vec<_> = calls.collect();
    let mut expected: Vec<_> = calls.iter().map(|(call, _)| call.id).collect();
    expected.sort_unstable_by(|a, b| b.cmp(a));
    trial.calls.insert(calls, None, &Quota::default()).await.expect("new calls");

    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = Page { before, limit: 5 };
        let listed = trial.calls.list(&Reader::All, &CallFilter::default(), page).await.expect("a page");
        assert!(listed.len() <= 5);
        let Some(last) = listed.last() else { break };
        before = Some(last.0.id);
        seen.extend(listed.iter().map(|listed| listed.0.id));
    }
    assert_eq!(seen, expected);
}

pub async fn a_list_is_walked_both_ways(trial: &Trial) {
    let nth = |nth: u64| {
        let call = a_call().at(later(trial.now(), Duration::from_millis(nth / 3)));
        if nth.is_multiple_of(4) { call.with("altai").accepted() } else { call.accepted() }
    };
    let calls: Vec<_> = (0..23).map(nth).collect();
    let mut expected: Vec<_> = calls.iter().filter(|(call, _)| call.agent == agent("akylai")).map(|(call, _)| call.id).collect();
    expected.sort_unstable_by(|a, b| b.cmp(a));
    trial.calls.insert(calls, None, &Quota::default()).await.expect("new calls");
    let filter = CallFilter { agent: Some(agent("akylai")), ..CallFilter::default() };
    for of in [Reader::All, Reader::Client(client("default"))] {
        let above = async |call, limit| {
            let listed = trial.calls.list_above(&of, &filter, call, limit).await.expect("a page");
            listed.iter().map(|listed| listed.0.id).collect::<Vec<_>>()
        };
        for (place, id) in expected.iter().enumerate() {
            let nearest: Vec<_> = expected.iter().take(place).skip(place.saturating_sub(5)).copied().collect();
            assert_eq!(above(*id, 5).await, nearest, "{place}");
        }
    }
    let nobody = Reader::Client(client("nobody"));
    let oldest = *expected.last().expect("a call");
    assert_eq!(trial.calls.list_above(&nobody, &filter, oldest, 5).await.expect("a page"), []);
}

pub async fn a_list_is_counted_no_further_than_is_asked(trial: &Trial) {
    let calls: Vec<_> = (0..7).map(|_| a_call().at(trial.now()).accepted()).collect();
    trial.calls.insert(calls, None, &Quota::default()).await.expect("new calls");
    trial.hold(&a_call().at(trial.now()).with("altai").reference("order-1").unknown()).await;
    let count = async |of: &Reader, filter: &CallFilter, at_most| trial.calls.count(of, filter, at_most).await.expect("a number");
    let none = CallFilter::default;
    let live = CallFilter { statuses: vec![Status::Dialing, Status::InProgress], ..none() };
    let named = CallFilter { reference: Some("order-1".to_owned()), ..none() };
    for (filter, at_most, expected) in
        [(none(), 100, 8), (none(), 8, 8), (none(), 3, 3), (none(), 0, 0), (live, 100, 1), (named, 100, 1)]
    {
        assert_eq!(count(&Reader::All, &filter, at_most).await, expected, "{filter:?}");
        assert_eq!(count(&Reader::Client(client("default")), &filter, at_most).await, expected, "{filter:?}");
        assert_eq!(count(&Reader::Client(client("nobody")), &filter, at_most).await, 0, "{filter:?}");
    }
}

pub async fn each_filter_filters(trial: &Trial) {
    let base = trial.now();
    let at = |s| later(base, Duration::from_secs(s));
    let plain = a_call().at(at(0)).queued();
    let other_agent = a_call().at(at(1)).with("altai").queued();
    let other_phone = a_call().at(at(2)).to("+4930123456").queued();
    let named = a_call().at(at(3)).reference("order-1").queued();
    let ringing = a_call().at(at(4)).unknown();
    for call in [&plain, &other_agent, &other_phone, &named, &ringing] {
        trial.hold(call).await;
    }
    let none = CallFilter::default;
    check(trial, CallFilter { agent: Some(agent("altai")), ..none() }, &[&other_agent]).await;
    check(trial, CallFilter { phone: Some(phone("+4930123456")), ..none() }, &[&other_phone]).await;
    check(trial, CallFilter { reference: Some("order-1".to_owned()), ..none() }, &[&named]).await;
    check(trial, CallFilter { reference: Some("ORDER-1".to_owned()), ..none() }, &[]).await;
    check(trial, CallFilter { statuses: vec![Status::Dialing], ..none() }, &[&ringing]).await;
    let both = CallFilter { statuses: vec![Status::Dialing, Status::Queued], agent: Some(agent("akylai")), ..none() };
    check(trial, both, &[&ringing, &named, &other_phone, &plain]).await;
    check(trial, CallFilter { created_after: Some(at(3)), ..none() }, &[&ringing]).await;
    check(trial, CallFilter { created_before: Some(at(1)), ..none() }, &[&plain]).await;
    let between = CallFilter { created_after: Some(at(0)), created_before: Some(at(2)), ..none() };
    check(trial, between, &[&other_agent]).await;
}

pub async fn history_is_gapless_and_comes_in_pages(trial: &Trial) {
    let (call, first) = a_call().at(trial.now()).accepted();
    trial.hold(&call).await;
    let second = change(&call, &CallEvent::CancelRequested, trial.now());
    trial.calls.save(second.clone()).await.expect("a change");
    let page = async |after, limit| trial.calls.history(call.id, Revision(after), limit).await.expect("a page");
    assert_eq!(page(0, 10).await, [first.clone(), second.entry.clone()]);
    assert_eq!(page(0, 1).await, [first]);
    assert_eq!(page(1, 10).await, [second.entry]);
    assert_eq!(page(2, 10).await, []);
}

async fn list(trial: &Trial, of: &Reader, filter: &CallFilter) -> Vec<CallId> {
    let listed = trial.calls.list(of, filter, ALL).await.expect("a list");
    listed.iter().map(|listed| listed.0.id).collect()
}

async fn check(trial: &Trial, filter: CallFilter, expected: &[&Call]) {
    let expected: Vec<_> = expected.iter().map(|call| call.id).collect();
    assert_eq!(list(trial, &Reader::Client(client("default")), &filter).await, expected, "{filter:?}");
    assert_eq!(list(trial, &Reader::All, &filter).await, expected, "{filter:?}");
}
