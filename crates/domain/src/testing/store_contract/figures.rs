//! Figures: what is counted is what there is.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::Trial;
use crate::model::call::CallEvent;
use crate::model::moment::{earlier, later};
use crate::model::{Call, CallId, CallState, Delivery, Endpoint, NotSent, Notice, NoticeId, NoticeType, Seen, Sent, Status};
use crate::ports::figures::SPOKEN_OF;
use crate::ports::{Backlog, Deliveries, Failing, Middles, Progress, Pulse, Unsettled};
use crate::testing::builders::{a_call, a_parcel, a_try, after, agent, an_endpoint, client, evidence, unique};

const LEASE: Duration = Duration::from_secs(30);
const SECOND: Duration = Duration::from_secs(1);

pub async fn what_is_live_and_what_ended_last_is_found(trial: &Trial) {
    assert_eq!(pulse(trial).await, Pulse::default());
    let ago = |seconds| earlier(trial.now(), Duration::from_secs(seconds));
    let (oldest, newest, second) =
        (a_call().at(ago(9)).placed("theirs-1"), a_call().at(ago(7)).placed("theirs-2"), a_call().at(ago(8)).sending());
    for call in [&oldest, &newest, &second, &a_call().at(ago(6)).claimed(), &a_call().at(ago(5)).queued()] {
        trial.hold(call).await;
    }
    // Whichever ended last comes first, whenever it began.
    let mut ended = Vec::new();
    for (begun, ended_at) in [(30, 3), (20, 4), (10, 2)] {
        let call = a_call().at(ago(begun)).queued();
        let over = after(&call, &CallEvent::CancelRequested, ago(ended_at));
        trial.hold(&over).await;
        ended.push(over.id);
    }
    let [middle, first, last]: [CallId; 3] = ended.try_into().expect("three calls");
    let seen = trial.figures.pulse(trial.now(), 2, 2).await.expect("a pulse");
    assert_eq!(seen.live, 4, "claimed ones take up a place");
    assert_eq!(seen.newest_live, [newest.id, second.id], "the newest of those that were sent");
    assert_eq!(seen.ended_last, [last, middle]);
    assert_eq!((seen.unsettled, seen.settles_first, seen.overdue), (0, None, 0));
    assert_eq!(pulse(trial).await.ended_last, [last, middle, first]);
}

pub async fn calls_whose_end_is_not_known_are_counted(trial: &Trial) {
    let now = trial.now();
    let at = earlier(now, Duration::from_secs(20));
    let due = |call: Call, minutes: u64| Call { settles_by: Some(later(now, Duration::from_mins(minutes))), ..call };
    let unknown = due(a_call().at(at).over("first").unknown(), 9);
    let placed = a_call().at(at).placed("theirs-1");
    let talked = due(after(&placed, &evidence(&placed, Seen::Answered), now), 5);
    let mut asked = Call { state: CallState::Processing, ..due(a_call().at(at).placed("theirs-2"), 4) };
    let fresh = Call { state: CallState::Processing, ..due(a_call().at(at).placed("theirs-3"), 3) };
    asked.looks.count = 1;
    for call in [&unknown, &talked, &asked, &fresh] {
        trial.hold(call).await;
    }
    let seen = pulse(trial).await;
    assert_eq!((seen.unsettled, seen.overdue), (2, 0), "those that were asked about, or may have rung");
    let first = seen.settles_first.expect("one of them");
    let expected = Unsettled { call: asked.id, look_at: asked.look_at, settles_by: later(now, Duration::from_mins(4)) };
    assert_eq!(first, expected);
    let late = trial.figures.pulse(later(now, Duration::from_mins(5)), 9, 9).await.expect("a pulse");
    assert_eq!(late.overdue, 3);
}

pub async fn deliveries_that_come_to_nothing_are_counted(trial: &Trial) {
    let now = trial.now();
    let [down, fine, off, gone] = [
        an_endpoint("default", now),
        an_endpoint("default", now),
        Endpoint { disabled_at: Some(now), ..an_endpoint("default", now) },
        an_endpoint("other", now),
    ];
    for endpoint in [&down, &fine, &off, &gone] {
        assert!(trial.outbox.add(endpoint.clone(), 25).await.expect("an endpoint"));
    }
    let (old, new) = (earlier(now, Duration::from_mins(9)), earlier(now, Duration::from_mins(2)));
    tried(trial, &down, old, Sent::Answered { status: 502, retry_after: None }).await;
    tried(trial, &fine, old, Sent::Answered { status: 204, retry_after: None }).await;
    tried(trial, &gone, new, Sent::Answered { status: 410, retry_after: None }).await;
    announced(trial, &down, new).await;
    announced(trial, &off, new).await;
    let seen = pulse(trial).await;
    assert_eq!((seen.retrying, seen.retrying_since), (1, Some(old)), "what was not tried is no retry");
    let since = seen.failing.as_ref().map(|failing| failing.since).expect("one fails");
    let expected = Failing { url: down.url.clone(), since, last_status: Some(502), last_fault: None };
    assert_eq!(seen.failing, Some(expected));
    assert_eq!((seen.failed, seen.given_up), (1, 1), "the one that is gone");
    let days_later = trial.figures.pulse(later(now, SPOKEN_OF), 9, 9).await.expect("a pulse");
    assert_eq!((days_later.failed, days_later.retrying), (0, 1));
    trial.outbox.remove(down.id, &crate::ports::Reader::All).await.expect("removed");
    let seen = pulse(trial).await;
    assert_eq!((seen.retrying, seen.failing), (0, None));
}

pub async fn webhooks_that_were_left_over_are_spoken_of_for_a_day(trial: &Trial) {
    let now = trial.now();
    for (key, progress) in
        [("1", Progress::Quarantined), ("2", Progress::Orphaned), ("3", Progress::Applied), ("4", Progress::Ignored)]
    {
        let parcel = a_parcel(Some("simulator"), key, now);
        trial.inbox.keep(parcel.clone()).await.expect("kept");
        trial.inbox.settle(parcel.id, progress, None, None).await.expect("settled");
    }
    assert_eq!(pulse(trial).await.left_over, 2);
    let days_later = trial.figures.pulse(later(now, SPOKEN_OF + SECOND), 9, 9).await.expect("a pulse");
    assert_eq!(days_later.left_over, 0);
}

pub async fn what_waits_is_counted_whole(trial: &Trial) {
    let now = trial.now();
    let before = earlier(now, Duration::from_mins(1));
    let none = trial.figures.backlog(now).await.expect("a backlog");
    assert_eq!(none, Backlog::default());
    for call in [a_call().at(before).queued(), a_call().at(before).queued(), a_call().at(before).claimed()] {
        trial.hold(&call).await;
    }
    trial.hold(&after(&a_call().at(before).queued(), &CallEvent::CancelRequested, before)).await;
    let parcel = a_parcel(Some("simulator"), "parked", now);
    trial.inbox.keep(parcel.clone()).await.expect("kept");
    let waits = trial.figures.backlog(now).await.expect("a backlog");
    // A call that is claimed is queued, as clients read it, and due no more.
    assert_eq!((waits.open, waits.overdue, waits.due), (BTreeMap::from([(Status::Queued, 3)]), 0, 2));
    assert_eq!((waits.webhooks, waits.parked, waits.deliveries, waits.oldest), (1, 0, 0, None));
    trial.inbox.settle(parcel.id, Progress::Parked, None, None).await.expect("parked");
    let (to, off) = (an_endpoint("default", before), an_endpoint("default", before));
    for endpoint in [&to, &Endpoint { disabled_at: Some(now), ..off.clone() }] {
        assert!(trial.outbox.add(endpoint.clone(), 25).await.expect("an endpoint"));
        announced(trial, endpoint, before).await;
    }
    let waits = trial.figures.backlog(now).await.expect("a backlog");
    assert_eq!((waits.webhooks, waits.parked, waits.deliveries, waits.oldest), (0, 1, 1, Some(before)));
    let late = trial.figures.backlog(later(now, Duration::from_hours(24))).await.expect("a backlog");
    assert_eq!((late.overdue, late.looks), (3, 3));
}

pub async fn calls_are_counted_where_they_were_accepted(trial: &Trial) {
    let noon = later(Timestamp::UNIX_EPOCH, Duration::from_hours(12));
    let [one, two] = [1, 2].map(|hours| later(noon, Duration::from_hours(hours)));
    for at in [earlier(noon, Duration::from_millis(1)), noon, earlier(one, Duration::from_millis(1)), one, two] {
        trial.hold(&a_call().at(at).queued()).await;
    }
    trial.hold(&a_call().at(noon).claimed()).await;
    trial.hold(&a_call().with("altai").at(noon).queued()).await;
    trial.hold(&after(&a_call().at(one).queued(), &CallEvent::CancelRequested, one)).await;
    let counted = trial.figures.accepted(&[(noon, one), (one, two), (two, two)]).await.expect("counts");
    // A call that is claimed is queued, as clients read it.
    let of = |key: &str, status| (agent(key), status);
    let expected = [
        BTreeMap::from([(of("akylai", Status::Queued), 3), (of("altai", Status::Queued), 1)]),
        BTreeMap::from([(of("akylai", Status::Queued), 1), (of("akylai", Status::Canceled), 1)]),
        BTreeMap::new(),
    ];
    assert_eq!(counted, expected);
}

pub async fn medians_are_of_what_was_answered_and_completed(trial: &Trial) {
    let from = earlier(trial.now(), Duration::from_hours(1));
    let to = later(from, Duration::from_mins(30));
    let none = trial.figures.middles(from, to).await.expect("none");
    assert_eq!(none, Middles::default());
    let mut put = Vec::new();
    for (minute, wait, length, state) in [
        (1, Some(3), Some(60), CallState::Completed),
        (2, Some(9), Some(100), CallState::Completed),
        (3, Some(5), None, CallState::Completed),
        (4, Some(7), Some(80), CallState::Completed),
        (5, None, Some(0), CallState::NoAnswer),
        (6, None, Some(1), CallState::Busy),
        // Outside of it.
        (30, Some(1), Some(1), CallState::Completed),
    ] {
        let at = later(from, Duration::from_mins(minute));
        let mut call = Call { state, dialed_at: Some(at), ..a_call().at(at).placed(&format!("theirs-{minute}")) };
        call.answered_at = wait.map(|wait| later(at, Duration::from_secs(wait)));
        call.result.duration_s = length;
        put.push(call);
    }
    for call in &put {
        trial.hold(call).await;
    }
    let middles = trial.figures.middles(from, to).await.expect("medians");
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(middles, Middles { answer: seconds(5), length: seconds(80) });
}

pub async fn only_what_came_through_at_once_was_delivered_at_the_first_try(trial: &Trial) {
    let now = trial.now();
    let to = an_endpoint("default", now);
    assert!(trial.outbox.add(to.clone(), 25).await.expect("an endpoint"));
    let at = earlier(now, Duration::from_mins(2));
    for sent in [204, 204, 500] {
        tried(trial, &to, at, Sent::Answered { status: sent, retry_after: None }).await;
    }
    tried(trial, &to, at, Sent::Not(NotSent::NoCall)).await;
    announced(trial, &to, at).await;
    let of = async |from, to| trial.figures.deliveries(from, to).await.expect("figures");
    assert_eq!(of(at, now).await, Deliveries { over: 3, at_first: 2 });
    assert_eq!(of(later(at, SECOND), now).await, Deliveries::default());
    assert_eq!(of(earlier(at, SECOND), at).await, Deliveries::default());
}

async fn pulse(trial: &Trial) -> Pulse {
    trial.figures.pulse(trial.now(), 9, 9).await.expect("a pulse")
}

async fn announced(trial: &Trial, to: &Endpoint, at: Timestamp) -> Delivery {
    let id = NoticeId::new(at, unique());
    let notice = Notice {
        id,
        client: client(to.client.as_str()),
        call: Some(CallId::new(at, unique())),
        kind: NoticeType::CallCompleted,
        created_at: at,
    };
    let delivery = Delivery::of(&notice, to.id, at);
    trial.outbox.announce(notice, delivery.clone()).await.expect("announced");
    delivery
}

/// A delivery that was tried once.
async fn tried(trial: &Trial, to: &Endpoint, at: Timestamp, sent: Sent) {
    announced(trial, to, at).await;
    let errand = trial.outbox.take(LEASE, 1).await.expect("a take").pop().expect("an errand");
    trial.outbox.record(a_try(&errand, sent, trial.now())).await.expect("recorded");
}
