//! Webhooks: kept, then matched and applied, or parked.

use std::time::Duration;

use callgate_domain::model::{Asked, Call, CallState};
use callgate_domain::ports::provider::MockVoiceProvider;
use callgate_domain::ports::{Authentic, CallStore, Clock, Progress, WebhookError, Work};
use callgate_domain::usecases::intake::{ArriveError, HOLD, KeptReport};

use crate::desk::{Desk, provider, read, webhook};
use crate::made::{Steps, accepted, at, attempt, connection, id, in_state, terms};

async fn with_call(state: CallState) -> (Desk, Call) {
    let desk = Desk::with_all(vec![("one", provider()), ("two", provider())]);
    let call = desk.keeps_at(accepted(Asked::default(), terms()), in_state(state)).await;
    (desk, call)
}

/// Takes what waits and handles it: what became of each.
async fn works(desk: &Desk) -> Vec<Progress> {
    let intake = desk.intake();
    let mut became = Vec::new();
    for kept in intake.take(10).await.unwrap() {
        became.push(intake.handle(kept).await.unwrap());
    }
    became
}

fn progress(desk: &Desk) -> Vec<Progress> {
    desk.memory.all_webhooks().iter().map(|kept| kept.progress).collect()
}

/// A provider's webhook arrives over connection `over` and is handled.
async fn check_native(state: CallState, over: &str, text: &str, expected: Progress, then: CallState) {
    let (desk, call) = with_call(state).await;
    desk.intake().arrive(&connection(over), &webhook(text)).await.unwrap();
    assert!(desk.signals.work().contains(&Work::Intake));
    assert_eq!(works(&desk).await, [expected], "{text}");
    assert_eq!(progress(&desk), [expected], "{text}");
    assert_eq!(desk.read(call.id).await.state, then, "{text}");
}

#[tokio::test]
async fn a_webhook_is_applied_to_the_call_it_speaks_of() {
    use CallState as S;
    check_native(S::Placed, "one", "theirs-1 ringing", Progress::Applied, S::Ringing).await;
    check_native(S::Sending, "one", &format!("attempt:{} completed", attempt(1)), Progress::Applied, S::Completed).await;
    check_native(S::Ringing, "one", "theirs-1 ringing", Progress::Duplicate, S::Ringing).await;
    check_native(S::InProgress, "one", "theirs-1 ringing", Progress::Duplicate, S::InProgress).await;
    check_native(S::Completed, "one", "theirs-1 busy", Progress::Ignored, S::Completed).await;
    check_native(S::Placed, "one", "theirs-1 something", Progress::Ignored, S::Placed).await;
    check_native(S::Placed, "one", "completed", Progress::Ignored, S::Placed).await;
}

#[tokio::test]
async fn another_connections_id_never_matches() {
    check_native(CallState::Placed, "two", "theirs-1 completed", Progress::Parked, CallState::Placed).await;
    let ours = format!("attempt:{} completed", attempt(1));
    check_native(CallState::Placed, "two", &ours, Progress::Parked, CallState::Placed).await;
    let lies = format!("attempt:{} @one completed", attempt(1));
    check_native(CallState::Placed, "two", &lies, Progress::Parked, CallState::Placed).await;
}

#[tokio::test]
async fn a_hint_makes_us_ask_now() {
    let (desk, call) = with_call(CallState::Placed).await;
    desk.intake().arrive(&connection("one"), &webhook("ask theirs-1")).await.unwrap();
    assert_eq!(works(&desk).await, [Progress::Applied]);
    assert_eq!(desk.read(call.id).await.look_at, Some(at(0)));
    assert!(desk.signals.work().contains(&Work::Reconcile));
}

#[tokio::test]
async fn what_is_not_authentic_is_not_kept() {
    let mut forged = MockVoiceProvider::new();
    forged.expect_verify().returning(|_, _| Err(WebhookError::BadSignature));
    forged.expect_read().never();
    let desk = Desk::with(forged);
    let refused = desk.intake().arrive(&connection("one"), &webhook("theirs-1 completed")).await;
    assert!(matches!(refused, Err(ArriveError::NotAuthentic(WebhookError::BadSignature))));
    let nowhere = desk.intake().arrive(&connection("nowhere"), &webhook("theirs-1 completed")).await;
    assert!(matches!(nowhere, Err(ArriveError::UnknownConnection)));
    assert_eq!(progress(&desk), []);
}

#[tokio::test]
async fn the_same_bytes_are_kept_once_and_the_same_event_too() {
    let (desk, _) = with_call(CallState::Placed).await;
    for _ in 0..3 {
        desk.intake().arrive(&connection("one"), &webhook("theirs-1 ringing")).await.unwrap();
    }
    desk.intake().arrive(&connection("two"), &webhook("theirs-1 ringing")).await.unwrap();
    let mut became = works(&desk).await;
    became.sort();
    assert_eq!(became, [Progress::Parked, Progress::Applied]);

    let mut named = MockVoiceProvider::new();
    named.expect_verify().returning(|webhook, _| Ok(Authentic::verified(webhook.clone())));
    named.expect_event_id().returning(|_| Some("event-1".to_owned()));
    named.expect_read().returning(read);
    let desk = Desk::with(named);
    for text in ["theirs-1 ringing", "theirs-1 ringing again"] {
        desk.intake().arrive(&connection("one"), &webhook(text)).await.unwrap();
    }
    assert_eq!(progress(&desk).len(), 1);
}

#[tokio::test]
async fn what_is_parked_is_applied_when_its_id_appears() {
    let (desk, call) = with_call(CallState::Sending).await;
    desk.intake().arrive(&connection("one"), &webhook("theirs-1 completed")).await.unwrap();
    assert_eq!(works(&desk).await, [Progress::Parked]);
    assert_eq!(works(&desk).await, [], "not again before the sweep");
    let dialed = crate::dispatch::dialed(&call);
    desk.recorder().record(call.clone(), &dialed).await.unwrap();
    assert_eq!(works(&desk).await, [Progress::Applied]);
    assert_eq!(desk.read(call.id).await.state, CallState::Completed);
}

#[tokio::test]
async fn what_is_parked_is_swept_each_half_minute_whatever_is_missed() {
    let (desk, call) = with_call(CallState::Sending).await;
    desk.intake().arrive(&connection("one"), &webhook("theirs-1 completed")).await.unwrap();
    assert_eq!(works(&desk).await, [Progress::Parked]);
    desk.pass(29);
    assert_eq!(works(&desk).await, []);
    desk.moves(&call, call.dialed(3)).await;
    desk.pass(1);
    assert_eq!(works(&desk).await, [Progress::Applied]);
}

#[tokio::test]
async fn what_nobody_ever_had_is_an_orphan_after_three_days() {
    let (desk, _) = with_call(CallState::Placed).await;
    desk.intake().arrive(&connection("one"), &webhook("theirs-9 completed")).await.unwrap();
    let mut swept = 0;
    while swept < 10_000 {
        swept += 1;
        match works(&desk).await.as_slice() {
            [Progress::Parked] => desk.pass(30),
            [Progress::Orphaned] => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(swept, 72 * 120 + 1);
    desk.pass(1_000);
    assert_eq!(works(&desk).await, [], "for good");
}

#[tokio::test]
async fn what_could_not_be_handled_five_times_waits_for_an_operator() {
    let (desk, call) = with_call(CallState::Placed).await;
    desk.intake().arrive(&connection("one"), &webhook("theirs-1 completed")).await.unwrap();
    let intake = desk.intake();
    for nth in 1..=5 {
        // Taken, and then whoever took it died.
        let kept = intake.take(10).await.unwrap();
        assert_eq!(kept.len(), 1, "try {nth}");
        assert_eq!(intake.take(10).await.unwrap().len(), 0);
        desk.clock.pass(HOLD);
    }
    assert_eq!(works(&desk).await, [Progress::Quarantined]);
    desk.clock.pass(HOLD);
    assert_eq!((works(&desk).await, desk.read(call.id).await.state), (vec![], CallState::Placed));
}

#[tokio::test]
async fn what_a_process_that_is_gone_held_is_taken_at_once_and_what_came_since_is_not() {
    let (desk, _) = with_call(CallState::Placed).await;
    desk.intake().arrive(&connection("one"), &webhook("theirs-1 ringing")).await.unwrap();
    assert_eq!(desk.intake().take(10).await.unwrap().len(), 1);
    desk.clock.pass(Duration::from_secs(1));
    let started_at = desk.clock.now();
    let _kept = arrives(&desk, "theirs-1 completed").await.unwrap();
    assert_eq!(desk.intake().take_held(10, started_at).await.unwrap().len(), 1);
    assert_eq!(desk.intake().take_held(10, started_at).await.unwrap().len(), 0);
}

#[tokio::test]
async fn what_is_parked_and_kills_whoever_handles_it_does_not_go_on_for_ever() {
    let (desk, _) = with_call(CallState::Placed).await;
    desk.intake().arrive(&connection("one"), &webhook("theirs-9 completed")).await.unwrap();
    assert_eq!(works(&desk).await, [Progress::Parked]);
    for _ in 1..=5 {
        desk.clock.pass(HOLD);
        desk.intake().take(10).await.unwrap();
    }
    desk.clock.pass(HOLD);
    assert_eq!(works(&desk).await, [Progress::Quarantined]);
}

// --- the result webhook ----------------------------------------------------------------------------------------------

async fn arrives(desk: &Desk, text: &str) -> Result<KeptReport, ArriveError> {
    let authentic = Authentic::verified(webhook(text));
    let reading = read(&authentic);
    desk.intake().keep_report(authentic, reading).await
}

async fn reports(desk: &Desk, text: &str) -> Progress {
    let kept = arrives(desk, text).await.unwrap();
    desk.intake().handle_report(kept).await.unwrap()
}

#[tokio::test]
async fn a_result_without_a_call_is_parked_in_one_change_and_woken_by_its_id() {
    let (desk, call) = with_call(CallState::Sending).await;
    let _kept = arrives(&desk, "theirs-1 completed").await.unwrap();
    assert_eq!(progress(&desk), [Progress::Parked], "before anybody has handled it");
    desk.pass(29);
    assert_eq!(works(&desk).await, []);
    desk.recorder().record(call.clone(), &crate::dispatch::dialed(&call)).await.unwrap();
    assert_eq!(works(&desk).await, [Progress::Applied]);
    assert_eq!(desk.read(call.id).await.state, CallState::Completed);
}

#[tokio::test]
async fn an_id_that_appears_while_its_result_is_kept_is_seen_at_once() {
    let (desk, call) = with_call(CallState::Sending).await;
    let kept = arrives(&desk, "theirs-1 completed").await.unwrap();
    // Saved by another process, which looked for what is parked before this one was.
    desk.moves(&call, call.dialed(0)).await;
    assert_eq!(desk.intake().handle_report(kept).await.unwrap(), Progress::Parked);
    assert_eq!(works(&desk).await, [Progress::Applied]);
    assert_eq!(desk.read(call.id).await.state, CallState::Completed);
}

#[tokio::test]
async fn a_call_that_changes_while_its_result_is_kept_is_read_again() {
    let (desk, call) = with_call(CallState::Placed).await;
    let kept = arrives(&desk, "theirs-1 completed").await.unwrap();
    desk.intake().arrive(&connection("one"), &webhook("theirs-1 answered")).await.unwrap();
    assert_eq!(works(&desk).await, [Progress::Applied]);
    assert_eq!(desk.intake().handle_report(kept).await.unwrap(), Progress::Applied);
    let call = desk.read(call.id).await;
    assert_eq!((call.state, call.answered_at.is_some()), (CallState::Completed, true));
}

#[tokio::test]
async fn a_result_of_no_call_that_could_be_found_is_ignored() {
    let (desk, _) = with_call(CallState::Placed).await;
    assert_eq!(reports(&desk, "completed").await, Progress::Ignored);
    assert_eq!(progress(&desk), [Progress::Ignored]);
}

#[tokio::test]
async fn a_result_is_applied_once_and_then_a_duplicate() {
    let (desk, call) = with_call(CallState::Placed).await;
    assert_eq!(reports(&desk, "theirs-1 completed").await, Progress::Applied);
    assert_eq!(reports(&desk, "theirs-1 completed").await, Progress::Duplicate);
    assert_eq!(reports(&desk, " theirs-1  completed").await, Progress::Duplicate, "the same facts in other bytes");
    assert_eq!(reports(&desk, "theirs-1 busy").await, Progress::Ignored, "a contradiction changes nothing");
    assert_eq!(reports(&desk, "theirs-1 busy").await, Progress::Ignored);
    assert_eq!(reports(&desk, "theirs-1  busy").await, Progress::Ignored, "and is on record once");
    let call = desk.read(call.id).await;
    assert_eq!((call.state, call.is_contradicted()), (CallState::Completed, true));
}

#[tokio::test]
async fn a_result_that_came_too_early_is_parked_each_time_and_then_applied() {
    let (desk, call) = with_call(CallState::Sending).await;
    for _ in 0..3 {
        assert_eq!(reports(&desk, "theirs-1 no_answer").await, Progress::Parked);
    }
    desk.recorder().record(call.clone(), &crate::dispatch::dialed(&call)).await.unwrap();
    assert_eq!(reports(&desk, "theirs-1 no_answer").await, Progress::Applied);
    assert_eq!(desk.read(call.id).await.state, CallState::NoAnswer);
    assert_eq!(works(&desk).await, [], "the worker finds it done");
}

#[tokio::test]
async fn a_result_whose_id_is_known_under_several_connections_is_not_kept_unless_it_names_one() {
    let (desk, call) = with_call(CallState::Placed).await;
    let (mut other, entry) = accepted(Asked::default(), terms());
    other.id = callgate_domain::model::CallId::from_uuid(id(77));
    let claim = callgate_domain::model::CallEvent::Claimed {
        owner: crate::made::worker(1),
        connection: connection("two"),
        until: at(30),
    };
    let dialed = crate::made::after(&other, &claim, at(0)).marked(88, 0).dialed(1);
    desk.keeps_at((other, entry), dialed).await;
    let ambiguous = arrives(&desk, "theirs-1 completed").await;
    assert!(matches!(ambiguous, Err(ArriveError::Ambiguous)));
    assert_eq!(progress(&desk), []);
    assert_eq!(reports(&desk, "theirs-1 @one completed").await, Progress::Applied);
    assert_eq!(desk.read(call.id).await.state, CallState::Completed);
    assert_eq!(reports(&desk, &format!("theirs-1 attempt:{} busy", attempt(88))).await, Progress::Applied, "our id is enough");
}

#[tokio::test]
async fn a_webhook_for_an_attempt_before_the_newest_is_on_its_record_and_no_more() {
    let desk = Desk::with(provider());
    let first = accepted(Asked::default(), terms());
    let sending = first.0.claimed(0).marked(1, 0);
    desk.keeps_at(first, sending.clone()).await;
    let waits = desk.moves(&sending, sending.not_dialed(1)).await;
    let second = desk.moves(&waits, waits.claimed(2).marked(2, 3)).await;
    let text = format!("attempt:{} answered", attempt(1));
    desk.intake().arrive(&connection("one"), &webhook(&text)).await.unwrap();
    assert_eq!(works(&desk).await, [Progress::Ignored]);
    let attempts = desk.memory.all_attempts();
    let contradicted: Vec<_> = attempts.iter().filter(|one| one.contradicted_at.is_some()).map(|one| one.id).collect();
    assert_eq!(contradicted, [attempt(1)]);
    assert_eq!(desk.read(second.id).await.state, CallState::Sending);
    desk.intake().arrive(&connection("one"), &webhook(&format!("{text} again"))).await.unwrap();
    assert_eq!(works(&desk).await, [Progress::Ignored]);
    assert_eq!(desk.memory.history(second.id, second.revision, 10).await.unwrap().len(), 1);
}
