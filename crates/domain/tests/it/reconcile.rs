//! Asking about calls gone silent, and their deadlines.

use std::time::Duration;

use callgate_domain::model::call::{Looks, TranscriptStatus};
use callgate_domain::model::{Asked, Call, CallState, Deadline, EndedReason, Evidence, Placing, Seen, Source};
use callgate_domain::ports::provider::MockVoiceProvider;
use callgate_domain::ports::{CallStore, Found, ProviderError, Reader, Work};
use callgate_domain::usecases::reconcile::{HOLD, Step, step};

use crate::desk::{Desk, provider, provider_that};
use crate::made::{Steps, accepted, after, at, attempt, connection, id, in_state, in_state_under, terms, theirs, with_retry};

// --- what a call needs -----------------------------------------------------------------------------------------------

#[test]
fn each_state_needs_what_its_moment_asks_for() {
    use CallState as S;
    let look_up = |hang_up| Step::LookUp { hang_up };
    for (state, seconds, expected) in [
        (S::Scheduled, 99, Step::Nothing),
        (S::Scheduled, 100, Step::Due),
        (S::Scheduled, 1_000, Step::Pass(Deadline::Queue)),
        (S::Queued, 899, Step::Nothing),
        (S::Queued, 900, Step::Pass(Deadline::Queue)),
        (S::Claimed, 30, Step::Nothing),
        (S::Claimed, 31, Step::Release),
        (S::Sending, 36, Step::Nothing),
        (S::Sending, 37, Step::Release),
        (S::Unknown, 4, look_up(false)),
        (S::Placed, 4, look_up(false)),
        (S::Ringing, 4, look_up(false)),
        (S::InProgress, 604, look_up(false)),
        (S::InProgress, 605, look_up(true)),
        (S::Processing, 7, look_up(false)),
        (S::Processing, 606, Step::Pass(Deadline::Settle)),
        (S::Unknown, 2_447, Step::Pass(Deadline::Settle)),
        (S::Claimed, 99_999, Step::Pass(Deadline::Settle)),
        (S::Completed, 8, look_up(false)),
        (S::NoAnswer, 8, Step::Nothing),
        (S::Failed, 99_999, Step::Nothing),
        (S::Canceled, 8, Step::Nothing),
        (S::Expired, 99_999, Step::Nothing),
    ] {
        assert_eq!(step(&in_state(state), at(seconds)), expected, "{state} at {seconds}");
    }
    let looked = Call { looks: Looks { count: 6, absent: 0 }, ..in_state(S::Completed) };
    assert_eq!(step(&looked, at(8)), Step::Pass(Deadline::Words));
    let asked = after(&in_state(S::Ringing), &callgate_domain::model::CallEvent::CancelRequested, at(8));
    assert_eq!(step(&asked, at(9)), look_up(true));
}

// --- looking ---------------------------------------------------------------------------------------------------------

fn finds(mut found: impl FnMut() -> Result<Found, ProviderError> + Send + 'static) -> MockVoiceProvider {
    let mut provider = provider();
    provider.expect_look_up().returning(move |_| found());
    provider
}

async fn looks_after(desk: &Desk, state: CallState, seconds: u64) -> Call {
    let call = desk.keeps_at(accepted(Asked::default(), terms()), in_state(state)).await;
    desk.pass(seconds);
    desk.reconcile().look_after(call.clone()).await.unwrap();
    desk.read(call.id).await
}

fn told(what: Seen) -> Result<Found, ProviderError> {
    Ok(Found::Evidence(Box::new(Evidence::new(Source::LookUp).seen(what))))
}

fn a_candidate(name: &str) -> Evidence {
    Evidence { provider_call: Some(theirs(name)), ..Evidence::new(Source::LookUp).seen(Seen::Answered) }
}

#[tokio::test]
async fn what_is_found_is_learned_and_the_schedule_begins_anew_with_the_state() {
    let desk = Desk::with(finds(|| told(Seen::Answered)));
    let call = looks_after(&desk, CallState::Unknown, 5).await;
    assert_eq!((call.state, call.answered_at, call.looks), (CallState::InProgress, Some(at(5)), Looks::default()));
}

#[tokio::test]
async fn what_is_known_already_puts_the_next_look_off() {
    let desk = Desk::with(finds(|| told(Seen::Ringing)));
    let call = looks_after(&desk, CallState::Ringing, 10).await;
    assert_eq!((call.state, call.looks.count, call.revision), (CallState::Ringing, 1, in_state(CallState::Ringing).revision));
    let wait = call.look_at.unwrap().duration_since(at(10)).as_millis();
    assert!((3_200..=4_800).contains(&wait), "{wait}");
}

#[tokio::test]
async fn an_absence_counts_when_it_is_complete_and_late_enough() {
    // The send mark is at 2 s, a request leaves within 5 s of it, and a list may lag 180 s behind.
    for (seconds, complete, counted) in [(186, true, 0), (187, true, 1), (187, false, 0), (1_000, true, 1)] {
        let desk = Desk::with(finds(move || Ok(Found::Absent { complete })));
        let call = looks_after(&desk, CallState::Unknown, seconds).await;
        assert_eq!((call.looks.count, call.looks.absent), (1, counted), "{seconds} s, complete: {complete}");
        assert_eq!(call.state, CallState::Unknown, "never dialed again");
    }
    for trouble in
        [|| ProviderError::Failed(anyhow::anyhow!("gone")), || ProviderError::Busy { retry_after: None }, || ProviderError::Gone]
    {
        let desk = Desk::with(finds(move || Err(trouble())));
        let call = looks_after(&desk, CallState::Unknown, 1_000).await;
        assert_eq!((call.looks.count, call.looks.absent), (1, 0), "not to be able to ask is no absence");
    }
}

#[tokio::test]
async fn of_calls_that_could_be_ours_exactly_one_unclaimed_is() {
    for (names, expected) in [
        (vec!["theirs-9"], CallState::InProgress),
        (vec!["theirs-9", "theirs-8"], CallState::Unknown),
        (vec!["theirs-taken", "theirs-9"], CallState::InProgress),
        (vec!["theirs-taken"], CallState::Unknown),
        (vec![], CallState::Unknown),
    ] {
        let found = names.clone();
        let desk = Desk::with(finds(move || Ok(Found::Candidates(found.iter().map(|name| a_candidate(name)).collect()))));
        another_has(&desk, "theirs-taken").await;
        let call = looks_after(&desk, CallState::Unknown, 1_000).await;
        assert_eq!(call.state, expected, "{names:?}");
        let absent = u16::from(expected == CallState::Unknown && !names.contains(&"theirs-8"));
        assert_eq!(call.looks.absent, absent, "{names:?}: several that could be it are no absence");
    }
}

#[tokio::test]
async fn while_another_attempt_could_have_made_it_a_call_is_given_to_neither() {
    // When the other one was marked; ours was at 2 s. A day before is too long for a call that is listed now, and a night is
    // not: its process may have stood still before it sent.
    let sent = [0, 500, -400, -80_000].map(|sent| (sent, CallState::Unknown));
    for (sent, expected) in sent.into_iter().chain([(-86_500, CallState::InProgress)]) {
        let desk = Desk::with(finds(|| Ok(Found::Candidates(vec![a_candidate("theirs-9")]))));
        let (mut rival, entry) = accepted(Asked::default(), terms());
        rival.id = callgate_domain::model::CallId::from_uuid(id(77));
        let unknown = rival.claimed(sent).marked(88, sent).placed(Placing::default(), false, sent);
        let rival = desk.keeps_at((rival, entry), unknown).await;
        let call = looks_after(&desk, CallState::Unknown, 1_000).await;
        assert_eq!((call.state, call.looks.absent), (expected, 0), "sent at {sent}: it is no absence either");
        if expected == CallState::Unknown {
            // Its webhook came first, with another id: what is left is ours.
            desk.moves(&rival, rival.learns(a_candidate("theirs-8"), 1_001)).await;
            desk.reconcile().look_after(call.clone()).await.unwrap();
            assert_eq!(desk.read(call.id).await.state, CallState::InProgress);
        }
    }
}

/// Stores another call whose attempt has this id at the provider.
async fn another_has(desk: &Desk, name: &str) {
    let (mut call, entry) = accepted(Asked::default(), terms());
    call.id = callgate_domain::model::CallId::from_uuid(id(77));
    let dialed = call.claimed(0).marked(88, 0).placed(Placing::Dialed(theirs(name)), false, 0);
    desk.keeps_at((call, entry), dialed).await;
}

#[tokio::test]
async fn the_candidate_whose_id_we_know_is_ours_whatever_else_is_there() {
    let desk = Desk::with(finds(|| Ok(Found::Candidates(vec![a_candidate("theirs-8"), a_candidate("theirs-1")]))));
    let call = looks_after(&desk, CallState::Placed, 10).await;
    assert_eq!((call.state, call.newest().provider_call), (CallState::InProgress, Some(theirs("theirs-1"))));
    let desk = Desk::with(finds(|| Ok(Found::Candidates(vec![a_candidate("theirs-8")]))));
    assert_eq!(looks_after(&desk, CallState::Placed, 10).await.state, CallState::Placed, "another's id is not ours");
}

/// Looked for once, having been found as `found`; how it stands then, with tries left.
async fn ends_with_tries_left(found: Found) -> (CallState, bool) {
    let desk = Desk::with(finds(move || Ok(found.clone())));
    let call = in_state_under(CallState::Unknown, with_retry());
    desk.keeps_at(accepted(Asked::default(), with_retry()), call.clone()).await;
    desk.pass(200);
    let call = desk.reconcile().look_after(call).await.unwrap().unwrap();
    (call.state, call.is_retryable())
}

#[tokio::test]
async fn a_guess_is_no_proof_for_a_further_try() {
    let rang_out = a_candidate("theirs-1").seen(Seen::NoAnswer);
    assert_eq!(ends_with_tries_left(Found::Candidates(vec![rang_out.clone()])).await, (CallState::NoAnswer, false));
    assert_eq!(ends_with_tries_left(Found::Evidence(Box::new(rang_out))).await, (CallState::Scheduled, false));
}

#[tokio::test]
async fn a_talk_that_is_too_long_is_asked_to_end_and_then_looked_for() {
    let mut provider = finds(|| told(Seen::Completed));
    let ours = |order: &callgate_domain::model::provider::LookUpOrder| order.provider_call == Some(theirs("theirs-1"));
    provider.expect_cancel().withf(ours).times(1).returning(|_| Ok(()));
    let desk = Desk::with(provider);
    assert_eq!(looks_after(&desk, CallState::InProgress, 605).await.state, CallState::Completed);
}

#[tokio::test]
async fn a_refused_hang_up_does_not_keep_it_from_looking_and_is_tried_at_the_next_look() {
    let mut provider = finds(|| told(Seen::Answered));
    provider.expect_cancel().times(2).returning(|_| Err(ProviderError::Gone));
    let desk = Desk::with(provider);
    let call = looks_after(&desk, CallState::InProgress, 605).await;
    let wait = call.look_at.unwrap().duration_since(at(605)).as_secs();
    assert!((240..=360).contains(&wait), "five minutes, after ten: {wait}");
    desk.pass(300);
    desk.reconcile().look_after(call).await.unwrap();
}

#[tokio::test]
async fn nobody_is_asked_to_hang_up_who_cannot_or_whose_id_is_not_known() {
    for (can, state) in [(false, CallState::InProgress), (true, CallState::Unknown)] {
        let mut provider = provider_that(can);
        provider.expect_cancel().never();
        provider.expect_look_up().times(1).returning(|_| Ok(Found::Absent { complete: false }));
        let desk = Desk::with(provider);
        let call = desk.keeps_at(accepted(Asked::default(), terms()), in_state(state)).await;
        let asked = desk.recorder().record(call, &callgate_domain::model::CallEvent::CancelRequested).await.unwrap().call();
        desk.reconcile().look_after(asked).await.unwrap();
    }
}

#[tokio::test]
async fn deadlines_end_what_is_still_open() {
    use CallState as S;
    for (state, seconds, expected, reason) in [
        (S::Queued, 900, S::Expired, EndedReason::QueueTimeout),
        (S::Unknown, 2_447, S::Failed, EndedReason::OutcomeUnknown),
        (S::Placed, 2_447, S::Failed, EndedReason::ProviderTimeout),
        (S::Ringing, 2_447, S::Failed, EndedReason::ProviderTimeout),
        (S::InProgress, 2_447, S::Completed, EndedReason::Unknown),
        (S::Processing, 606, S::Completed, EndedReason::Unknown),
    ] {
        let mut provider = provider();
        provider.expect_look_up().never();
        let desk = Desk::with(provider);
        let call = looks_after(&desk, state, seconds).await;
        assert_eq!((call.state, call.ended_reason, call.settles_by), (expected, Some(reason), None), "{state}");
    }
}

#[tokio::test]
async fn a_lease_that_ran_out_gives_a_claim_back_and_leaves_a_sent_call_unknown() {
    for (state, expected) in [(CallState::Claimed, CallState::Queued), (CallState::Sending, CallState::Unknown)] {
        let desk = Desk::with(provider());
        assert_eq!(looks_after(&desk, state, 60).await.state, expected);
    }
}

#[tokio::test]
async fn a_call_that_its_worker_moved_on_meanwhile_keeps_its_new_lease() {
    let desk = Desk::with(provider());
    let claimed = desk.keeps_at(accepted(Asked::default(), terms()), in_state(CallState::Claimed)).await;
    desk.pass(32);
    // By this process's clock the lease ran out; by the store's own its worker was in time.
    let sending = after(&claimed, &callgate_domain::model::CallEvent::SendMarked { attempt: attempt(1), until: at(67) }, at(30));
    desk.moves(&claimed, sending).await;
    desk.reconcile().look_after(claimed.clone()).await.unwrap();
    let call = desk.read(claimed.id).await;
    assert_eq!(call.state, CallState::Sending);
    assert_eq!(call.not_dialed(33).state, CallState::Queued, "so that the answer may still prove that nobody was rung");
}

#[tokio::test]
async fn words_that_do_not_come_are_given_up_after_the_last_look() {
    let desk = Desk::with(finds(|| Ok(Found::Absent { complete: true })));
    let reconcile = desk.reconcile();
    let mut call = desk.keeps_at(accepted(Asked::default(), terms()), in_state(CallState::Completed)).await;
    call = desk
        .recorder()
        .record(
            call.clone(),
            &crate::made::about(&call, Evidence { summary: Some("s".to_owned()), ..Evidence::new(Source::LookUp) }),
        )
        .await
        .unwrap()
        .call();
    let mut looks = 0;
    while let Some(look_at) = call.look_at {
        assert_eq!(call.transcript_status, TranscriptStatus::Pending);
        looks += 1;
        let wait =
            Duration::try_from(look_at.duration_since(callgate_domain::ports::Clock::now(&*desk.clock))).unwrap_or_default();
        desk.clock.pass(wait);
        reconcile.look_after(call.clone()).await.unwrap();
        call = desk.read(call.id).await;
    }
    assert_eq!((looks, call.transcript_status, call.state), (7, TranscriptStatus::Unavailable, CallState::Completed));
    let after_end = callgate_domain::ports::Clock::now(&*desk.clock).duration_since(at(7)).as_hours();
    assert!((19..=29).contains(&after_end), "a day, more or less: {after_end}");
}

#[tokio::test]
async fn a_call_is_taken_by_one_process_and_by_another_when_the_hold_is_over() {
    let desk = Desk::with(provider());
    desk.keeps(accepted(Asked::default(), terms())).await;
    desk.pass(900);
    let reconcile = desk.reconcile();
    assert_eq!(reconcile.take(10).await.unwrap().len(), 1);
    assert_eq!(reconcile.take(10).await.unwrap().len(), 0);
    desk.clock.pass(HOLD);
    assert_eq!(reconcile.take(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_a_process_that_is_gone_held_is_taken_at_once_and_once() {
    let desk = Desk::with(provider());
    desk.keeps(accepted(Asked::default(), terms())).await;
    desk.pass(900);
    let reconcile = desk.reconcile();
    assert_eq!(reconcile.take(10).await.unwrap().len(), 1);
    let started_at = callgate_domain::ports::Clock::now(&*desk.clock);
    assert_eq!(reconcile.take_held(10, started_at).await.unwrap().len(), 1);
    assert_eq!(reconcile.take_held(10, started_at).await.unwrap().len(), 0);
    assert_eq!(reconcile.take(10).await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_call_of_a_connection_that_nobody_knows_any_more_ends_at_its_deadline() {
    let desk = Desk::with(provider());
    let first = accepted(Asked::default(), terms());
    let mut placed = first.0.claimed(0);
    placed.connection = Some(connection("gone"));
    let placed = placed.marked(1, 0).dialed(1);
    let call = desk.keeps_at(first, placed).await;
    desk.pass(600);
    assert_eq!(desk.reconcile().take(10).await.unwrap().len(), 0, "whoever knows it looks after it");
    desk.pass(10_000);
    for call in desk.reconcile().take(10).await.unwrap() {
        desk.reconcile().look_after(call).await.unwrap();
    }
    let call = desk.memory.get(call.id, &Reader::All).await.unwrap();
    assert_eq!((call.state, call.ended_reason), (CallState::Failed, Some(EndedReason::ProviderTimeout)));
}

#[tokio::test]
async fn a_call_that_falls_due_is_queued_and_told() {
    let desk = Desk::with(provider());
    let call = desk.keeps(accepted(Asked { not_before: Some(at(100)), ..Asked::default() }, terms())).await;
    desk.pass(100);
    desk.reconcile().look_after(call.clone()).await.unwrap();
    assert_eq!(desk.read(call.id).await.state, CallState::Queued);
    assert_eq!(desk.signals.work(), [Work::Dispatch, Work::Reconcile]);
}
