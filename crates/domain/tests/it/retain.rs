//! What is kept for how long, with a clock set by hand; and what an operator's erasing of a person tells.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use callgate_domain::model::call::{By, What};
use callgate_domain::model::{Call, CallId, Revision, Seen};
use callgate_domain::ports::retention::MockRetention;
use callgate_domain::ports::{CallStore, Inbox, Kept, Progress, Reader, Retention, StoreError, Swept};
use callgate_domain::testing::builders::{a_call, a_parcel, after, evidence, phone};
use callgate_domain::usecases::erase::{Erased, PersonErased};
use callgate_domain::usecases::retain::{Forgotten, KeepFor};
use callgate_domain::usecases::{Erase, Retain};

use crate::desk::{Desk, provider};
use crate::made::at;

const DAY: u64 = 86_400;
const HOUR: Duration = Duration::from_hours(1);

fn erase(desk: &Desk) -> Arc<Erase> {
    Arc::new(Erase {
        store: desk.store.clone(),
        retention: desk.memory.clone(),
        recorder: desk.recorder(),
        clock: desk.clock.clone(),
        stained: AtomicBool::new(false),
    })
}

fn retain(desk: &Desk) -> Retain {
    Retain {
        erase: erase(desk),
        retention: desk.memory.clone(),
        clock: desk.clock.clone(),
        terms: KeepFor { content: HOUR * 24 * 90, raw: HOUR * 24 * 7 },
        round: Mutex::default(),
    }
}

/// A call that is over since now.
async fn over(desk: &Desk) -> Call {
    let accepted = a_call().at(at(0)).to("+996700000001").accepted();
    let call = a_call().at(at(0)).to("+996700000001").placed("theirs-1");
    let call = Call { id: accepted.0.id, ..call };
    desk.keeps_at(accepted, after(&call, &evidence(&call, Seen::Completed), at(0))).await
}

#[tokio::test]
async fn content_goes_when_its_time_is_over_and_its_history_says_so() {
    let desk = Desk::with(provider());
    let (call, retain) = (over(&desk).await, retain(&desk));
    desk.pass(90 * DAY);
    assert_eq!(retain.sweep().await.unwrap().calls, 0);
    desk.pass(1);
    assert_eq!(retain.sweep().await.unwrap(), Forgotten { calls: 1, ..Forgotten::default() });
    assert!(desk.read(call.id).await.is_erased());
    let last = desk.store.history(call.id, Revision(0), 100).await.unwrap().pop().unwrap();
    assert_eq!((last.what, last.by), (What::Erased, By::Gateway));
    assert_eq!(retain.sweep().await.unwrap(), Forgotten::default());
}

#[tokio::test]
async fn what_was_handled_is_cleared_after_a_week_and_known_for_longer() {
    let desk = Desk::with(provider());
    let retain = retain(&desk);
    let parcel = a_parcel(Some("one"), "event-1", at(0));
    desk.memory.keep(parcel.clone()).await.unwrap();
    desk.memory.settle(parcel.id, Progress::Applied, Some(Default::default()), None).await.unwrap();
    let known = async || match desk.memory.keep(parcel.clone()).await.unwrap() {
        Kept::Seen(kept) => Some(kept.parcel.webhook.webhook().body.len()),
        Kept::New => None,
    };
    desk.pass(7 * DAY);
    retain.sweep().await.unwrap();
    assert_eq!(known().await, Some(parcel.webhook.webhook().body.len()));
    desk.pass(1);
    assert_eq!(retain.sweep().await.unwrap(), Forgotten { raw: 1, ..Forgotten::default() });
    assert_eq!(known().await, Some(0));
    desk.pass(83 * DAY);
    assert_eq!(retain.sweep().await.unwrap(), Forgotten { webhooks: 1, ..Forgotten::default() });
    assert_eq!(known().await, None);
}

#[tokio::test]
async fn keys_are_gone_through_in_pages_once_an_hour() {
    let desk = Desk::with(provider());
    let place = ("default".to_owned(), "POST /v1/calls".to_owned(), "k".to_owned());
    let mut mock = MockRetention::new();
    mock.expect_ended_before().returning(|_, _| Ok(Vec::new()));
    mock.expect_clear_raw().returning(|_, _| Ok(Swept::default()));
    mock.expect_drop_webhooks().returning(|_, _| Ok(Swept::default()));
    mock.expect_drop_notices().returning(|_, _| Ok(Swept::default()));
    mock.expect_drop_audit().returning(|_, _| Ok(Swept::default()));
    let (first, behind) = (place.clone(), place.clone());
    mock.expect_drop_keys().withf(|_, after, _| after.is_none()).times(2).returning(move |_, _, _| Ok(Some(first.clone())));
    mock.expect_drop_keys().withf(move |_, after, _| *after == Some(behind.clone())).times(2).returning(|_, _, _| Ok(None));
    let retain = Retain { retention: Arc::new(mock), ..retain(&desk) };
    let mut more = Vec::new();
    for _ in 0..3 {
        more.push(retain.sweep().await.unwrap().more);
    }
    desk.pass(3_600);
    for _ in 0..3 {
        more.push(retain.sweep().await.unwrap().more);
    }
    assert_eq!(more, [true, false, false, true, false, false]);
}

#[tokio::test]
async fn a_log_that_could_not_be_emptied_is_emptied_by_the_next_sweep() {
    let desk = Desk::with(provider());
    let call = over(&desk).await;
    let mut mock = MockRetention::new();
    let mut tries = 0;
    mock.expect_scrub().times(2).returning(move || {
        tries += 1;
        if tries == 1 { Err(StoreError::Conflict) } else { Ok(()) }
    });
    let retention: Arc<dyn Retention> = Arc::new(mock);
    let erase = Arc::new(Erase {
        store: desk.store.clone(),
        retention,
        recorder: desk.recorder(),
        clock: desk.clock.clone(),
        stained: AtomicBool::new(false),
    });
    assert_eq!(erase.content(call.id, &Reader::All).await.unwrap(), Erased::Done);
    let retain = Retain { erase, ..retain(&desk) };
    for _ in 0..3 {
        retain.sweep().await.unwrap();
    }
}

#[tokio::test]
async fn a_person_is_erased_whoever_called_and_open_calls_are_named() {
    let desk = Desk::with(provider());
    let mut open: Vec<CallId> = Vec::new();
    for nth in 0..150 {
        let made = a_call().at(at(nth)).to("+996700000001").by(if nth % 2 == 0 { "default" } else { "second" });
        if nth % 3 == 0 {
            open.push(desk.keeps(made.accepted()).await.id);
        } else {
            let accepted = made.clone().accepted();
            let canceled = after(&accepted.0, &callgate_domain::model::CallEvent::CancelRequested, at(200));
            desk.keeps_at(accepted, canceled).await;
        }
    }
    let other = desk.keeps(a_call().to("+996700000002").accepted()).await;
    let erase = erase(&desk);
    let number = phone("+996700000001");
    let told = erase.person(&number).await.unwrap();
    assert_eq!(told, PersonErased { erased: 100, open: open.clone(), more: false });
    assert_eq!(erase.person(&number).await.unwrap(), PersonErased { erased: 0, open, more: false });
    assert_eq!(desk.read(other.id).await, other);
}
