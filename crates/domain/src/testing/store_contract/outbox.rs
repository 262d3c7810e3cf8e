//! The outbox: what ends a call tells its client, in the same commit and once; and what is told goes to every endpoint that
//! wants it, however slow another is.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::claims::{claim, room};
use super::{Trial, accepted, step};
use crate::model::call::{By, CallEvent};
use crate::model::moment::{earlier, later};
use crate::model::{
    Call, Delivery, DeliveryResult, Endpoint, EndpointChange, Erasure, NotSent, Notice, NoticeId, NoticeType, Quota, Secret, Sent,
};
use crate::ports::{DeliveryFilter, DeliveryPage, Errand, Reader, StoreError, Tried};
use crate::testing::builders::{ECHO, a_call, a_try, an_endpoint, change, client, unique, worker};

const LEASE: Duration = Duration::from_secs(30);
const OK: Sent = Sent::Answered { status: 204, retry_after: None };
const DOWN: Sent = Sent::Answered { status: 500, retry_after: None };
const GONE: Sent = Sent::Answered { status: 410, retry_after: None };

pub async fn what_ends_a_call_tells_its_client_in_the_same_commit(trial: &Trial) {
    let to = listen(trial, "default").await;
    let call = a_call().at(earlier(trial.now(), Duration::from_secs(5))).queued();
    trial.hold(&call).await;
    let ends = change(&call, &CallEvent::CancelRequested, trial.now());
    let notice = ends.notice.clone().expect("the end is told");
    trial.calls.save(ends.clone()).await.expect("the end");
    let told = all(trial, &Reader::All).await;
    assert_eq!(told, [Delivery::of(&notice, to.id, notice.created_at)]);
    assert_eq!((notice.kind, notice.call), (NoticeType::CallCompleted, Some(call.id)));
    let taken = take(trial, 10).await;
    assert_eq!(taken.iter().map(|errand| errand.delivery.notice).collect::<Vec<_>>(), [notice.id]);
}

pub async fn a_change_that_meets_another_tells_nothing(trial: &Trial) {
    listen(trial, "default").await;
    let call = a_call().at(earlier(trial.now(), Duration::from_secs(5))).queued();
    trial.hold(&call).await;
    let at = |seconds| later(trial.now(), Duration::from_secs(seconds));
    let ends: Vec<_> = (0..6).map(|nth| change(&call, &CallEvent::CancelRequested, at(nth))).collect();
    let saves = join_all(ends.into_iter().map(|ends| trial.calls.save(ends))).await;
    assert_eq!(saves.iter().filter(|saved| saved.is_ok()).count(), 1);
    assert_eq!(all(trial, &Reader::All).await.len(), 1);
}

pub async fn a_call_that_ends_in_a_claim_is_told_too(trial: &Trial) {
    let to = listen(trial, "default").await;
    let call = a_call().at(earlier(trial.now(), Duration::from_mins(16))).queued();
    trial.hold(&call).await;
    let ended = claim(trial, worker(), &room(&[("akylai", "simulator")], None), 10).await.pop().expect("the call");
    let told = all(trial, &Reader::All).await;
    let named: Vec<_> = told.iter().map(|one| (one.endpoint, one.call, one.kind)).collect();
    assert_eq!(named, [(to.id, Some(ended.id), NoticeType::CallCompleted)]);
}

pub async fn each_endpoint_is_told_what_it_wants_and_of_its_own_client(trial: &Trial) {
    let (both, updates, foreign) =
        (an_endpoint("default", trial.now()), an_endpoint("default", trial.now()), an_endpoint("other", trial.now()));
    let updates = Endpoint { events: vec![NoticeType::CallUpdated], ..updates };
    let off = Endpoint { disabled_at: Some(trial.now()), ..an_endpoint("default", trial.now()) };
    for endpoint in [&both, &updates, &foreign, &off] {
        assert!(trial.outbox.add(endpoint.clone(), 25).await.expect("an endpoint"));
    }
    end(trial, "default").await;
    assert_eq!(all(trial, &Reader::All).await.iter().map(|one| one.endpoint).collect::<Vec<_>>(), [both.id]);
}

pub async fn couriers_share_no_delivery(trial: &Trial) {
    for _ in 0..8 {
        listen(trial, "default").await;
    }
    for _ in 0..4 {
        end(trial, "default").await;
    }
    let taken: Vec<_> = join_all((0..6).map(|_| take(trial, 10))).await.into_iter().flatten().collect();
    let ids: BTreeSet<_> = taken.iter().map(|errand| errand.delivery.id).collect();
    assert_eq!((taken.len(), ids.len()), (32, 32));
}

pub async fn five_are_in_the_air_to_one_endpoint_whoever_takes(trial: &Trial) {
    listen(trial, "default").await;
    for _ in 0..9 {
        end(trial, "default").await;
    }
    let taken: Vec<_> = join_all((0..4).map(|_| take(trial, 10))).await.into_iter().flatten().collect();
    assert_eq!(taken.len(), 5);
    let (first, second) = (taken.first().expect("the first"), taken.get(1).expect("the second"));
    record(trial, first, OK).await.expect("on record");
    assert_eq!(take(trial, 10).await.len(), 1, "one place is free");
    record(trial, second, DOWN).await.expect("on record");
    assert!(take(trial, 10).await.is_empty(), "where nothing comes through one tries for all");
}

pub async fn the_backlog_of_one_endpoint_does_not_hide_anothers(trial: &Trial) {
    listen(trial, "slow").await;
    for _ in 0..20 {
        end(trial, "slow").await;
    }
    let slow = take(trial, 10).await;
    assert_eq!(slow.len(), 5);
    let quick = listen(trial, "quick").await;
    end(trial, "quick").await;
    let taken = take(trial, 1).await;
    assert_eq!(taken.iter().map(|errand| errand.endpoint.id).collect::<Vec<_>>(), [quick.id], "its place is its own");
    for errand in &slow {
        record(trial, errand, OK).await.expect("on record");
    }
    end(trial, "quick").await;
    let taken: BTreeSet<_> = take(trial, 2).await.into_iter().map(|errand| errand.endpoint.id).collect();
    assert_eq!(taken.len(), 2, "one for each before a second for any");
}

pub async fn a_delivery_whose_courier_is_gone_is_taken_again(trial: &Trial) {
    listen(trial, "default").await;
    end(trial, "default").await;
    let lost = trial.outbox.take(Duration::ZERO, 10).await.expect("a take").pop().expect("an errand");
    let again = take(trial, 10).await.pop().expect("the same");
    assert_eq!(again.delivery.id, lost.delivery.id);
    let late = record(trial, &lost, DOWN).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "another's now: {late:?}");
    record(trial, &again, OK).await.expect("on record");
    assert!(take(trial, 10).await.is_empty());
    assert_eq!(trial.outbox.end_leases().await.expect("an answer"), 0);
}

pub async fn leases_of_a_life_before_end_at_once(trial: &Trial) {
    listen(trial, "default").await;
    end(trial, "default").await;
    assert_eq!(take(trial, 10).await.len(), 1);
    assert!(take(trial, 10).await.is_empty());
    assert_eq!(trial.outbox.end_leases().await.expect("an answer"), 1);
    assert_eq!(take(trial, 10).await.len(), 1);
}

pub async fn what_did_not_come_through_is_tried_at_its_moment_and_not_before(trial: &Trial) {
    let to = listen(trial, "default").await;
    end(trial, "default").await;
    let errand = take(trial, 10).await.pop().expect("an errand");
    let tried = record(trial, &errand, DOWN).await.expect("on record");
    assert!(take(trial, 10).await.is_empty());
    assert_eq!(trial.outbox.next_due().await.expect("a moment"), tried.next_at);
    assert_eq!(trial.outbox.delivery(tried.id, &Reader::All).await.expect("it"), tried);
    let failing = trial.outbox.endpoint(to.id, &Reader::All).await.expect("it");
    assert!(failing.failing_since.is_some());
    assert_eq!(trial.figures.backlog(trial.now()).await.expect("a count").deliveries, 1);
}

pub async fn an_endpoint_that_is_gone_is_disabled_and_what_waits_waits_on(trial: &Trial) {
    let to = listen(trial, "default").await;
    end(trial, "default").await;
    end(trial, "default").await;
    let errand = take(trial, 1).await.pop().expect("an errand");
    assert!(trial.outbox.record(a_try(&errand, GONE, trial.now())).await.expect("on record").is_some(), "this disabled it");
    assert!(take(trial, 10).await.is_empty());
    assert_eq!(trial.outbox.next_due().await.expect("a moment"), None);
    let on = EndpointChange::Edit { url: None, events: None, description: None, disabled: Some(false) };
    let back = trial.outbox.change(to.id, &Reader::All, on, trial.now()).await.expect("enabled");
    assert_eq!((back.disabled_at, back.failing_since), (None, None));
    assert_eq!(take(trial, 10).await.len(), 1, "what failed is failed, what waited goes on");
}

pub async fn how_the_last_try_went_can_be_read_again(trial: &Trial) {
    listen(trial, "default").await;
    end(trial, "default").await;
    let errand = take(trial, 1).await.pop().expect("an errand");
    let id = errand.delivery.id;
    let exchange = || async { trial.outbox.exchange(id, &Reader::All).await.expect("it is known") };
    assert_eq!(exchange().await, None, "it was not tried yet");
    let tried = a_try(&errand, DOWN, trial.now());
    trial.outbox.record(tried.clone()).await.expect("on record");
    let refused = exchange().await.expect("it was tried");
    assert_eq!(refused, tried.exchange);
    assert_eq!(refused.answer.expect("an answer").body, ECHO);
    trial.outbox.resend(id, &Reader::All, trial.now()).await.expect("due again");
    assert!(exchange().await.is_some(), "until it is tried again");
    let again = take(trial, 1).await.pop().expect("an errand");
    record(trial, &again, OK).await.expect("on record");
    assert_eq!(exchange().await.expect("it was tried").answer, None);
    let foreign = trial.outbox.exchange(id, &Reader::Client(client("other"))).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)));
}

pub async fn what_a_receiver_answered_goes_with_the_calls_content(trial: &Trial) {
    listen(trial, "default").await;
    listen(trial, "default").await;
    let call = end(trial, "default").await;
    let mut errands = take(trial, 10).await;
    let (late, early) = (errands.pop().expect("an errand"), errands.pop().expect("another"));
    record(trial, &early, DOWN).await.expect("on record");
    let erased = change(&call, &CallEvent::Erased(Erasure { by: By::Client, person: false }), trial.now());
    trial.calls.save(erased).await.expect("erased");
    // It was on its way while the call was erased.
    record(trial, &late, DOWN).await.expect("on record");
    for errand in [early, late] {
        let exchange = trial.outbox.exchange(errand.delivery.id, &Reader::All).await.expect("it is known");
        assert_eq!(exchange.and_then(|exchange| exchange.answer), None);
    }
}

pub async fn what_is_sent_again_keeps_its_notice(trial: &Trial) {
    listen(trial, "default").await;
    end(trial, "default").await;
    let errand = take(trial, 10).await.pop().expect("an errand");
    let own = Reader::Client(client("default"));
    let in_the_air = trial.outbox.resend(errand.delivery.id, &own, trial.now()).await.expect("it");
    assert_eq!(in_the_air.tries, 0);
    assert!(take(trial, 10).await.is_empty(), "it is under way already");
    record(trial, &errand, OK).await.expect("on record");
    let foreign = trial.outbox.resend(errand.delivery.id, &Reader::Client(client("other")), trial.now()).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)));
    let again = trial.outbox.resend(errand.delivery.id, &own, trial.now()).await.expect("it");
    assert_eq!((again.result, again.tries, again.step), (DeliveryResult::Pending, 1, 0));
    let errand = take(trial, 10).await.pop().expect("an errand");
    assert_eq!((errand.delivery.id, errand.delivery.notice), (again.id, again.notice));
}

pub async fn what_an_endpoint_missed_is_recovered_and_nothing_else(trial: &Trial) {
    let first = listen(trial, "default").await;
    for _ in 0..3 {
        end(trial, "default").await;
    }
    end(trial, "other").await;
    for (errand, sent) in take(trial, 2).await.iter().zip([OK, Sent::Not(NotSent::NoCall)]) {
        record(trial, errand, sent).await.expect("on record");
    }
    assert_eq!(recover(trial, &first, 10).await, 1, "the one that failed; one waits, one came through");
    assert_eq!(recover(trial, &first, 10).await, 0);
    let second = listen(trial, "default").await;
    assert_eq!(recover(trial, &second, 2).await, 3, "it was told of none; in pages");
    let future = later(trial.now(), Duration::from_hours(1));
    let none = trial.outbox.recover(&second, future, None, 10, trial.now()).await.expect("a step");
    assert_eq!((none.count, none.last), (0, None));
}

pub async fn an_endpoint_is_changed_by_its_client_alone(trial: &Trial) {
    let endpoint = listen(trial, "default").await;
    let (own, foreign) = (Reader::Client(client("default")), Reader::Client(client("other")));
    let rotated = EndpointChange::Rotate(Secret::signing(&[7; 32]));
    for of in [&own, &Reader::All] {
        let same = trial.outbox.endpoint(endpoint.id, of).await.expect("it");
        assert_eq!(format!("{same:?}"), format!("{endpoint:?}"));
    }
    assert!(matches!(trial.outbox.endpoint(endpoint.id, &foreign).await, Err(StoreError::NotFound)));
    let refused = trial.outbox.change(endpoint.id, &foreign, rotated.clone(), trial.now()).await;
    assert!(matches!(refused, Err(StoreError::NotFound)));
    assert!(matches!(trial.outbox.remove(endpoint.id, &foreign).await, Err(StoreError::NotFound)));
    assert_eq!(trial.outbox.endpoints(&foreign, None, 10).await.expect("a list").len(), 0);

    trial.outbox.change(endpoint.id, &own, rotated, trial.now()).await.expect("rotated");
    let held = trial.outbox.endpoint(endpoint.id, &own).await.expect("it");
    let signing: Vec<_> = held.signing(trial.now()).map(Secret::expose).map(str::to_owned).collect();
    assert_eq!(signing.first().map(String::as_str), Some(Secret::signing(&[7; 32]).expose()));
    assert_eq!(signing.len(), 2, "the one before signs beside it");

    end(trial, "default").await;
    let delivery = all(trial, &own).await.pop().expect("a delivery");
    trial.outbox.remove(endpoint.id, &own).await.expect("gone");
    assert!(take(trial, 10).await.is_empty());
    assert!(matches!(trial.outbox.delivery(delivery.id, &own).await, Err(StoreError::NotFound)));
    assert!(all(trial, &Reader::All).await.is_empty());
}

pub async fn a_client_has_so_many_endpoints_and_no_more(trial: &Trial) {
    let adds = (0..8).map(|_| trial.outbox.add(an_endpoint("default", trial.now()), 3));
    let added = join_all(adds).await.into_iter().filter(|added| *added.as_ref().expect("an answer")).count();
    assert_eq!(added, 3);
    assert!(trial.outbox.add(an_endpoint("other", trial.now()), 3).await.expect("an answer"));
    let all = trial.outbox.endpoints(&Reader::All, None, 10).await.expect("a list");
    let page = trial.outbox.endpoints(&Reader::All, Some(all.get(1).expect("the second").id), 1).await.expect("a page");
    assert_eq!(page.first().map(|one| one.id), all.get(2).map(|one| one.id));
}

pub async fn deliveries_come_in_pages_and_each_filter_filters(trial: &Trial) {
    let (one, other) = (listen(trial, "default").await, listen(trial, "default").await);
    let foreign = listen(trial, "other").await;
    let mut calls = Vec::new();
    for name in ["default", "other", "default", "default"] {
        calls.push(end(trial, name).await);
    }
    let everything = all(trial, &Reader::All).await;
    assert_eq!(everything.len(), 7);
    assert!(everything.is_sorted_by(|newer, older| newer.id > older.id));
    let own = Reader::Client(client("default"));
    let page = |before, limit| DeliveryPage { before, limit };
    let first = trial.outbox.deliveries(&own, &DeliveryFilter::default(), page(None, 4)).await.expect("a page");
    let rest =
        trial.outbox.deliveries(&own, &DeliveryFilter::default(), page(first.last().map(|one| one.id), 4)).await.expect("a page");
    let mine: Vec<_> = everything.iter().filter(|delivery| delivery.endpoint != foreign.id).cloned().collect();
    assert_eq!(first.into_iter().chain(rest).collect::<Vec<_>>(), mine);

    let done = take(trial, 1).await.pop().expect("an errand");
    record(trial, &done, OK).await.expect("on record");
    let call = calls.first().map(|call| call.id);
    for (filter, of, expected) in [
        (DeliveryFilter { endpoint: Some(one.id), ..DeliveryFilter::default() }, &own, 3),
        (DeliveryFilter { endpoint: Some(foreign.id), ..DeliveryFilter::default() }, &own, 0),
        (DeliveryFilter { endpoint: Some(foreign.id), ..DeliveryFilter::default() }, &Reader::All, 1),
        (DeliveryFilter { call, ..DeliveryFilter::default() }, &own, 2),
        (DeliveryFilter { call, endpoint: Some(other.id), ..DeliveryFilter::default() }, &Reader::All, 1),
        (DeliveryFilter { result: Some(DeliveryResult::Delivered), ..DeliveryFilter::default() }, &Reader::All, 1),
        (DeliveryFilter { result: Some(DeliveryResult::Failed), ..DeliveryFilter::default() }, &own, 0),
    ] {
        let found = trial.outbox.deliveries(of, &filter, page(None, 10)).await.expect("a page");
        assert_eq!(found.len(), expected, "{filter:?}");
    }
}

pub async fn a_test_goes_to_the_endpoint_that_was_asked_for(trial: &Trial) {
    let (asked, _other) = (listen(trial, "default").await, listen(trial, "default").await);
    let notice = Notice::test(client("default"), trial.now(), unique());
    let delivery = Delivery::of(&notice, asked.id, trial.now());
    trial.outbox.announce(notice, delivery.clone()).await.expect("announced");
    let taken = take(trial, 10).await;
    assert_eq!(taken.iter().map(|errand| errand.delivery.id).collect::<Vec<_>>(), [delivery.id]);
    assert_eq!(recover(trial, &asked, 10).await, 0, "a test is nothing that was missed");
}

async fn listen(trial: &Trial, name: &str) -> Endpoint {
    let endpoint = an_endpoint(name, trial.now());
    assert!(trial.outbox.add(endpoint.clone(), 25).await.expect("an endpoint"));
    endpoint
}

/// A call of this client that ends.
async fn end(trial: &Trial, name: &str) -> Call {
    let call = a_call().by(name).at(earlier(trial.now(), Duration::from_secs(5))).queued();
    let (first, entry) = accepted(&call);
    trial.calls.insert(vec![(first.clone(), entry)], None, &Quota::default()).await.expect("a new call");
    if call != first {
        trial.calls.save(step(&first, &call)).await.expect("its present state");
    }
    let ends = change(&call, &CallEvent::CancelRequested, trial.now());
    trial.calls.save(ends.clone()).await.expect("its end");
    ends.call
}

async fn take(trial: &Trial, limit: u32) -> Vec<Errand> {
    trial.outbox.take(LEASE, limit).await.expect("a take")
}

async fn record(trial: &Trial, errand: &Errand, sent: Sent) -> Result<Delivery, StoreError> {
    let delivery = errand.delivery.tried(sent, 0.0, trial.now());
    trial.outbox.record(Tried { delivery: delivery.clone(), ..a_try(errand, sent, trial.now()) }).await.map(|_disabled| delivery)
}

async fn recover(trial: &Trial, endpoint: &Endpoint, limit: u32) -> u32 {
    let since: Timestamp = earlier(trial.now(), Duration::from_hours(1));
    let (mut count, mut after): (u32, Option<NoticeId>) = (0, None);
    for _ in 0..10 {
        let step = trial.outbox.recover(endpoint, since, after, limit, trial.now()).await.expect("a step");
        count += step.count;
        after = step.last;
        if after.is_none() {
            break;
        }
    }
    count
}

async fn all(trial: &Trial, of: &Reader) -> Vec<Delivery> {
    trial.outbox.deliveries(of, &DeliveryFilter::default(), DeliveryPage { before: None, limit: 100 }).await.expect("a page")
}
