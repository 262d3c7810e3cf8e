//! Telling clients: what a change tells, how often it is tried, and what the use cases make of what came of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use callgate_domain::model::delivery::SCHEDULE;
use callgate_domain::model::endpoint::{FAILS_FOR, ROTATION};
use callgate_domain::model::moment::{elapsed, later};
use callgate_domain::model::{
    Call, CallEvent, Delivery, DeliveryResult, Endpoint, EndpointChange, EndpointUrl, NotSent, Notice, NoticeType, Secret, Sent,
    Verdict,
};
use callgate_domain::ports::{Message, NoticeSender, Outbox, Reader, Reply, Target, UrlFault, Work};
use callgate_domain::testing::builders::{a_call, an_endpoint, change, client};
use callgate_domain::usecases::endpoints::{EndpointError, NewEndpoint};
use callgate_domain::usecases::{Deliver, Endpoints};

use crate::desk::{Desk, provider};
use crate::made::at;

const OK: Sent = Sent::Answered { status: 200, retry_after: None };

/// A receiver that says what it is told to say, and keeps what it heard.
struct Receiver {
    says: Mutex<Vec<Sent>>,
    heard: Mutex<Vec<Message>>,
}

impl Receiver {
    fn that_says(says: &[Sent]) -> Arc<Self> {
        Arc::new(Self { says: Mutex::new(says.iter().rev().copied().collect()), heard: Mutex::default() })
    }
}

#[async_trait]
impl NoticeSender for Receiver {
    async fn check(&self, url: &EndpointUrl) -> Result<(), UrlFault> {
        if url.as_str().contains("private") { Err(UrlFault::Blocked) } else { Ok(()) }
    }

    async fn send(&self, _to: &Target, message: &Message) -> Reply {
        self.heard.lock().unwrap().push(message.clone());
        self.says.lock().unwrap().pop().unwrap_or(OK).into()
    }
}

fn deliver(desk: &Desk, receiver: &Arc<Receiver>) -> Deliver {
    Deliver {
        outbox: desk.memory.clone(),
        store: desk.store.clone(),
        sender: receiver.clone(),
        render: Arc::new(|notice, call| format!("{} {}", notice.kind, call.map_or(0, |call| call.revision.0)).into_bytes()),
        clock: desk.clock.clone(),
        chance: desk.chance.clone(),
    }
}

fn endpoints(desk: &Desk) -> Endpoints {
    Endpoints {
        outbox: desk.memory.clone(),
        sender: Receiver::that_says(&[]),
        clock: desk.clock.clone(),
        chance: desk.chance.clone(),
        signals: desk.signals.clone(),
    }
}

/// A call that has ended, before an endpoint that hears of it.
async fn ended(desk: &Desk) -> (Endpoint, Call) {
    let endpoint = an_endpoint("default", at(0));
    assert!(desk.memory.add(endpoint.clone(), 9).await.unwrap());
    let call = desk.keeps(a_call().at(at(0)).accepted()).await;
    let recorded = desk.recorder().record(call, &CallEvent::CancelRequested).await.unwrap();
    (endpoint, recorded.call())
}

#[test]
fn an_end_is_told_once_and_a_step_on_the_way_never() {
    let call = a_call().at(at(0)).queued();
    let ends = change(&call, &CallEvent::CancelRequested, at(5));
    let notice = Notice::of(Some(&call), &ends.call, &ends.entry).unwrap();
    assert_eq!((notice.kind, notice.call, notice.created_at), (NoticeType::CallCompleted, Some(call.id), at(5)));
    assert_eq!(Notice::of(Some(&call), &ends.call, &ends.entry), Some(notice), "the same, whoever makes it");
    assert_eq!(Notice::of(Some(&call), &call, &ends.entry), None);
    assert_eq!(Notice::of(Some(&ends.call), &ends.call, &ends.entry), None, "a line of history alone is nothing learned");
    let mut learned = ends.call.clone();
    learned.result.summary = Some("they agreed".to_owned());
    let update = Notice::of(Some(&ends.call), &learned, &ends.entry).map(|notice| notice.kind);
    assert_eq!(update, Some(NoticeType::CallUpdated));
}

#[test]
fn ten_tries_take_more_than_three_days_and_then_it_has_failed() {
    let notice = Notice::test(client("default"), at(0), [1; 10]);
    let mut delivery = Delivery::of(&notice, an_endpoint("default", at(0)).id, at(0));
    let down = Sent::Not(NotSent::NoConnection);
    for (nth, delay) in SCHEDULE.iter().enumerate().skip(1) {
        let due_at = delivery.next_at.unwrap();
        delivery = delivery.tried(down, 0.0, due_at);
        assert_eq!(delivery.next_at, Some(later(due_at, *delay)), "after try {nth}");
        for (spread, factor) in [(-1.0, 0.8), (1.0, 1.2)] {
            let mut spread_out = delivery.clone();
            spread_out.step -= 1;
            let wait = elapsed(due_at, spread_out.tried(down, spread, due_at).next_at.unwrap());
            assert_eq!(wait.as_secs(), delay.mul_f64(factor).as_secs());
        }
    }
    let last = delivery.next_at.unwrap();
    assert_eq!(elapsed(at(0), last), SCHEDULE.iter().sum::<Duration>());
    let failed = delivery.tried(down, 0.0, last);
    assert_eq!((failed.result, failed.next_at, failed.tries), (DeliveryResult::Failed, None, 10));
    let again = failed.resent(last);
    assert_eq!((again.result, again.next_at, again.step, again.notice), (DeliveryResult::Pending, Some(last), 0, notice.id));
}

#[test]
fn only_2xx_has_come_through_and_who_says_later_is_believed_for_a_day() {
    let notice = Notice::test(client("default"), at(0), [1; 10]);
    let delivery = Delivery::of(&notice, an_endpoint("default", at(0)).id, at(0));
    let hour = Duration::from_hours(1);
    let check = |status, asked: Option<Duration>, expected: Verdict, wait: Option<Duration>| {
        let sent = Sent::Answered { status, retry_after: asked };
        assert_eq!(sent.verdict(), expected, "{status}");
        let tried = delivery.tried(sent, 0.0, at(0));
        assert_eq!((tried.last_status, tried.next_at), (Some(status), wait.map(|wait| later(at(0), wait))), "{status}");
    };
    let soon = Some(Duration::from_secs(5));
    for status in [200, 202, 204, 299] {
        check(status, None, Verdict::Accepted, None);
    }
    for status in [100, 199, 301, 302, 307, 308, 400, 404, 500] {
        check(status, Some(hour), Verdict::Refused, soon);
    }
    for status in [429, 502, 503, 504] {
        check(status, Some(hour), Verdict::Refused, Some(hour));
        check(status, Some(Duration::from_secs(1)), Verdict::Refused, soon);
        check(status, Some(hour * 100), Verdict::Refused, Some(hour * 24));
    }
    check(410, Some(hour), Verdict::Gone, None);
}

#[test]
fn an_endpoint_is_disabled_by_gone_at_once_and_by_failing_without_a_break() {
    let mut endpoint = an_endpoint("default", at(0));
    endpoint.hear(Verdict::Refused, at(0));
    endpoint.hear(Verdict::Refused, later(at(0), FAILS_FOR - Duration::from_secs(1)));
    assert_eq!((endpoint.disabled_at, endpoint.failing_since, endpoint.at_once()), (None, Some(at(0)), 1));
    endpoint.hear(Verdict::Accepted, later(at(0), FAILS_FOR));
    assert_eq!((endpoint.failing_since, endpoint.at_once()), (None, 5));
    let later_on = later(at(0), FAILS_FOR * 2);
    endpoint.hear(Verdict::Refused, later_on);
    endpoint.hear(Verdict::Void, later(later_on, FAILS_FOR));
    assert_eq!(endpoint.disabled_at, None, "what was never sent says nothing");
    endpoint.hear(Verdict::Refused, later(later_on, FAILS_FOR));
    assert_eq!(endpoint.disabled_at, Some(later(later_on, FAILS_FOR)));
    let mut gone = an_endpoint("default", at(0));
    gone.hear(Verdict::Gone, at(7));
    assert_eq!(gone.disabled_at, Some(at(7)));
}

#[test]
fn a_secret_that_was_replaced_signs_for_a_day_more_and_five_sign_at_most() {
    let mut endpoint = an_endpoint("default", at(0));
    let signing = |endpoint: &Endpoint, now| endpoint.signing(now).map(|secret| secret.expose().to_owned()).collect::<Vec<_>>();
    let first = signing(&endpoint, at(0));
    endpoint = endpoint.changed(EndpointChange::Rotate(Secret::signing(&[9; 32])), at(10));
    let both = signing(&endpoint, at(10));
    assert_eq!(both, [Secret::signing(&[9; 32]).expose().to_owned(), first[0].clone()]);
    assert_eq!(signing(&endpoint, later(at(10), ROTATION)), both[..1], "the old one is over");
    for nth in 0..9 {
        endpoint = endpoint.changed(EndpointChange::Rotate(Secret::signing(&[nth; 32])), at(20));
    }
    assert_eq!(signing(&endpoint, at(20)).len(), 5);
}

#[test]
fn a_signing_secret_is_32_bytes_in_base64() {
    let bytes: Vec<u8> = (0..32).collect();
    let secret = Secret::signing(bytes.as_slice().try_into().unwrap());
    assert_eq!(secret.expose(), "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    assert_eq!(Secret::signing(&[255; 32]).expose(), "whsec_//////////////////////////////////////////8=");
}

#[tokio::test]
async fn what_ended_is_hinted_at_and_sent_as_the_call_is_then() {
    let desk = Desk::with(provider());
    let (endpoint, call) = ended(&desk).await;
    assert!(desk.signals.work().contains(&Work::Deliver));
    let receiver = Receiver::that_says(&[Sent::Not(NotSent::TimedOut), OK]);
    let courier = deliver(&desk, &receiver);
    let errand = courier.take(9).await.unwrap().pop().unwrap();
    assert_eq!(courier.deliver(&errand).await.unwrap().result, DeliveryResult::Pending);
    desk.clock.pass(Duration::from_secs(7));
    let errand = courier.take(9).await.unwrap().pop().unwrap();
    let delivered = courier.deliver(&errand).await.unwrap();
    assert_eq!(
        (delivered.result, delivered.after, delivered.disabled),
        (DeliveryResult::Delivered, Duration::from_secs(7), None)
    );
    assert!(courier.take(9).await.unwrap().is_empty());
    let heard = receiver.heard.lock().unwrap();
    let told: Vec<_> =
        heard.iter().map(|message| (message.id, String::from_utf8(message.body.clone()).unwrap(), message.at)).collect();
    let body = format!("call.completed {}", call.revision.0);
    assert_eq!(told, [(errand.delivery.notice, body.clone(), at(0)), (errand.delivery.notice, body, at(7))]);
    assert_eq!(heard[0].secrets.len(), endpoint.secrets.len());
    assert!(!format!("{:?}", heard[0]).contains("whsec_"));
}

#[tokio::test]
async fn an_endpoint_is_made_with_a_fresh_secret_at_an_address_that_may_be_reached() {
    let desk = Desk::with(provider());
    let endpoints = endpoints(&desk);
    let new = |url: &str, events: Option<Vec<NoticeType>>| NewEndpoint {
        client: client("default"),
        url: EndpointUrl::new(url).unwrap(),
        events,
        description: None,
    };
    let made = endpoints.create(new("https://client.example/", None)).await.unwrap();
    assert_eq!(made.events, NoticeType::CHOICES);
    assert_eq!(made.secrets[0].secret.expose().len(), 6 + 44);
    assert!(matches!(endpoints.create(new("https://private.example/", None)).await, Err(EndpointError::Url(_))));
    for none in [vec![], vec![NoticeType::Test]] {
        assert!(matches!(endpoints.create(new("https://client.example/", Some(none))).await, Err(EndpointError::Events)));
    }
    for _ in 1..25 {
        endpoints.create(new("https://client.example/", None)).await.unwrap();
    }
    assert!(matches!(endpoints.create(new("https://client.example/", None)).await, Err(EndpointError::TooMany)));
    assert!(!format!("{made:?}").contains("whsec_"));
}

#[tokio::test]
async fn a_test_a_resend_and_a_recovery_make_something_due_unless_the_endpoint_is_disabled() {
    let desk = Desk::with(provider());
    let (endpoint, _) = ended(&desk).await;
    let (own, endpoints) = (Reader::Client(client("default")), endpoints(&desk));
    let courier = deliver(&desk, &Receiver::that_says(&[]));
    let send_all = async || {
        let errands = courier.take(9).await.unwrap();
        for errand in &errands {
            courier.deliver(errand).await.unwrap();
        }
        errands.len()
    };
    assert_eq!(send_all().await, 1);
    let tested = endpoints.test(endpoint.id, &own).await.unwrap();
    assert_eq!((tested.kind, send_all().await), (NoticeType::Test, 1));
    endpoints.resend(tested.id, &own).await.unwrap();
    assert_eq!(send_all().await, 1);
    let recovery = endpoints.recover(endpoint.id, &own, at(0)).await.unwrap();
    assert_eq!((recovery.count, recovery.is_complete), (0, true), "it missed nothing");
    let off = EndpointChange::Edit { url: None, events: None, description: None, disabled: Some(true) };
    endpoints.change(endpoint.id, &own, off).await.unwrap();
    assert!(matches!(endpoints.test(endpoint.id, &own).await, Err(EndpointError::Disabled)));
    assert!(matches!(endpoints.resend(tested.id, &own).await, Err(EndpointError::Disabled)));
    assert!(matches!(endpoints.recover(endpoint.id, &own, at(0)).await, Err(EndpointError::Disabled)));
}
