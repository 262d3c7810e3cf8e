//! The simulator's numbers as a client sees them: its evidence through the model, as dispatch, intake and look-ups do it.

use std::time::Duration;

use callgate_domain::model::call::{NewCall, TranscriptStatus};
use callgate_domain::model::moment::later;
use callgate_domain::model::{
    Asked, Call, CallEvent, CallId, CallState, ClientId, ConnectionId, EndedReason, Evidence, Placing, Status, Terms, Transition,
    WorkerId,
};
use callgate_domain::ports::Found;

use super::stage::{Stage, a_minute_passes, sent_at, stage};

const WORDS: &str = "agent: Hello, this is a practice call. How are you today?\nuser: Fine, thank you.\nagent: Good to hear. This call never left your machine. Goodbye.";

fn moved(call: &Call, event: &CallEvent) -> Call {
    match call.apply(event, sent_at()).unwrap() {
        Transition::Moved { call, .. } => *call,
        Transition::Ignored(_) => call.clone(),
    }
}

/// A call whose one request is about to leave.
fn sending(stage: &Stage) -> Call {
    let terms = Terms {
        max_duration: Duration::from_mins(60),
        ring_timeout: Duration::from_secs(45),
        queue_ttl: Duration::from_mins(15),
        settle_grace: Duration::from_mins(30),
        retry: None,
        test: true,
    };
    let new = NewCall {
        id: CallId::new(sent_at(), [1; 10]),
        client: ClientId::new("default").unwrap(),
        agent: stage.order.agent.clone(),
        phone: stage.order.phone.clone(),
        asked: Asked::default(),
        terms,
    };
    let (call, _) = Call::accept(new, sent_at());
    let (owner, connection) = (WorkerId::new(sent_at(), [2; 10]), ConnectionId::new("own").unwrap());
    let until = later(sent_at(), Duration::from_secs(30));
    let call = moved(&call, &CallEvent::Claimed { owner, connection, until });
    moved(&call, &CallEvent::SendMarked { attempt: stage.order.attempt, until })
}

fn learn(call: &Call, evidence: Evidence) -> Call {
    let attempt = call.attempt.clone().unwrap();
    moved(call, &CallEvent::Evidence { attempt, evidence: Box::new(evidence) })
}

async fn asked(stage: &Stage, call: &Call) -> Call {
    let id = call.attempt.as_ref().and_then(|attempt| attempt.provider_call.clone());
    match stage.provider.look_up(&stage.asking(id)).await {
        Ok(Found::Evidence(evidence)) => learn(call, *evidence),
        other => panic!("{other:?}"),
    }
}

/// The call when all that comes has come, and it was asked about once after that.
async fn settled(ends: &str) -> Call {
    let stage = stage(ends, &[]);
    let mut call = sending(&stage);
    let placing = stage.provider.place(&stage.order).await;
    // What is kept by now was there before the answer.
    for evidence in stage.told().into_iter().flatten() {
        call = learn(&call, evidence);
    }
    call = moved(&call, &CallEvent::Placed { attempt: stage.order.attempt, placing: placing.clone(), other_route: false });
    assert_eq!(call.state == CallState::Unknown, matches!(placing, Placing::Unknown { .. }));
    a_minute_passes().await;
    for evidence in stage.told().into_iter().flatten() {
        call = learn(&call, evidence);
    }
    asked(&stage, &call).await
}

async fn check(ends: &str, status: Status, reason: EndedReason, words: Option<&str>) {
    let call = settled(ends).await;
    assert_eq!((call.status(), call.ended_reason), (status, Some(reason)), "{ends}");
    assert_eq!(call.result.transcript.as_ref().map(|held| held.text.as_str()), words, "{ends}");
    assert_eq!(call.duration_s(), Some(if words.is_some() { 8 } else { 0 }), "{ends}");
    let expected = if words.is_some() { TranscriptStatus::Available } else { TranscriptStatus::Unavailable };
    assert_eq!((call.attempts, call.transcript_status), (1, expected), "{ends}");
    let attempt = call.attempt.unwrap();
    assert!(attempt.provider_call.is_some() && attempt.contradicted_at.is_none(), "{ends}");
}

#[tokio::test(start_paused = true)]
async fn every_number_ends_as_a_client_is_told() {
    for ends in ["0101", "0199", "0105", "0106", "0107", "0108", "0109"] {
        check(ends, Status::Completed, EndedReason::AgentHangup, Some(WORDS)).await;
    }
    check("0102", Status::NoAnswer, EndedReason::NoAnswer, None).await;
    check("0103", Status::Busy, EndedReason::Busy, None).await;
    check("0104", Status::NoAnswer, EndedReason::Declined, None).await;
}

#[tokio::test(start_paused = true)]
async fn asking_again_after_the_end_changes_nothing() {
    let stage = stage("0101", &[]);
    let mut call = sending(&stage);
    let placing = stage.provider.place(&stage.order).await;
    call = moved(&call, &CallEvent::Placed { attempt: stage.order.attempt, placing, other_route: false });
    a_minute_passes().await;
    let ended = asked(&stage, &call).await;
    let again = asked(&stage, &ended).await;
    assert_eq!(ended.revision, again.revision);
    assert_eq!(stage.told().into_iter().flatten().fold(again, |call, evidence| learn(&call, evidence)).revision, ended.revision);
}

#[tokio::test(start_paused = true)]
async fn a_call_ended_on_request_keeps_what_was_said_until_then() {
    for (after, status, words, duration) in
        [(1_500, Status::Canceled, None, 0), (7_000, Status::Completed, Some(WORDS.rsplit_once('\n').unwrap().0), 4)]
    {
        let stage = stage("0101", &[]);
        let mut call = sending(&stage);
        let placing = stage.provider.place(&stage.order).await;
        call = moved(&call, &CallEvent::Placed { attempt: stage.order.attempt, placing, other_route: false });
        tokio::time::sleep(Duration::from_millis(after)).await;
        call = moved(&call, &CallEvent::CancelRequested);
        let id = call.attempt.as_ref().and_then(|attempt| attempt.provider_call.clone());
        stage.provider.cancel(&stage.asking(id)).await.unwrap();
        call = stage.told().into_iter().flatten().fold(call, |call, evidence| learn(&call, evidence));
        assert_eq!((call.status(), call.ended_reason), (status, Some(EndedReason::CanceledByClient)));
        assert_eq!(call.result.transcript.as_ref().map(|held| held.text.as_str()), words);
        assert_eq!((call.duration_s(), call.attempts), (Some(duration), 1));
        let ended = call.clone();
        a_minute_passes().await;
        call = stage.told().into_iter().flatten().fold(call, |call, evidence| learn(&call, evidence));
        assert_eq!(call, ended, "what comes after the end changes nothing");
    }
}
