//! The small values: words, ids, reasons, plans, pacing, the schedule of looks, and what was said.

use std::collections::HashMap;
use std::time::Duration;

use callgate_domain::model::call::conversation::{MAX_TRANSCRIPT, role_of, turns_of};
use callgate_domain::model::call::{Looks, Role, Transcript, TranscriptStatus, Turn};
use callgate_domain::model::holds::OnHold;
use callgate_domain::model::pacing::{Live, Pick, Room, Space};
use callgate_domain::model::provider::Pace;
use callgate_domain::model::{
    AgentKey, Asked, AttemptId, Call, CallId, CallState, Deadline, EndedBy, EndedReason, Evidence, ProviderCallId, RetryPlan,
    Route, Secret, Seen, Source, Status, Terms,
};
use jiff::Timestamp;

use crate::made::{Steps, accepted, at, connection, in_state, queued, seen, terms};

// --- reasons and words -----------------------------------------------------------------------------------------------

#[test]
fn the_words_of_providers_become_ours() {
    use EndedReason as R;
    for (word, expected) in [
        ("callee_hangup", R::UserHangup),
        ("customer_hangup", R::UserHangup),
        ("silence_timeout", R::Silence),
        ("rejected", R::Declined),
        ("carrier_error", R::CarrierRejected),
        ("carrier_rejected", R::CarrierRejected),
        ("carrier_", R::CarrierRejected),
        ("blocked", R::CarrierRejected),
        ("not_allowed", R::CarrierRejected),
        ("billing", R::ProviderError),
        ("billing_failed", R::ProviderError),
        ("config_error", R::ProviderError),
        ("concurrency_limit", R::ProviderError),
        ("insufficient_balance", R::ProviderError),
        ("transferred", R::AgentHangup),
        ("ivr", R::AgentHangup),
        ("api_hangup", R::CanceledByClient),
        ("operator_hangup", R::CanceledByClient),
        ("do_not_call", R::Suppressed),
        ("", R::Unknown),
        ("User_Hangup", R::Unknown),
        ("carrier", R::Unknown),
        ("something else", R::Unknown),
    ] {
        assert_eq!(EndedReason::from_theirs(word), expected, "{word}");
    }
    for ours in EndedReason::ALL {
        assert_eq!(EndedReason::from_theirs(ours.as_str()), *ours);
        assert_eq!(ours.usually_by() == EndedBy::Unknown, *ours == R::Unknown, "{ours}");
    }
}

#[test]
fn the_closed_lists_are_those_of_the_api_page() {
    let reasons: Vec<_> = EndedReason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(
        reasons.join(" "),
        "user_hangup agent_hangup max_duration silence voicemail declined no_answer busy unreachable invalid_number \
         carrier_rejected canceled_by_client queue_timeout schedule_expired suppressed limit_reached outside_calling_hours \
         destination_not_allowed provider_error provider_timeout agent_error gateway_error outcome_unknown unknown"
    );
    let statuses: Vec<_> = Status::ALL.iter().map(|status| status.as_str()).collect();
    assert_eq!(
        statuses.join(" "),
        "scheduled queued dialing ringing in_progress processing completed no_answer busy failed canceled expired blocked"
    );
    let words: Vec<_> = TranscriptStatus::ALL.iter().map(|status| status.as_str()).collect();
    assert_eq!(words.join(" "), "pending available partial unavailable erased");
    let who: Vec<_> = EndedBy::ALL.iter().map(|by| by.as_str()).collect();
    assert_eq!(who.join(" "), "user agent carrier provider client gateway unknown");
}

#[test]
fn every_state_is_one_status_and_only_the_ended_ones_are_terminal() {
    for state in CallState::ALL {
        assert!(state.status().states().any(|one| one == *state));
        assert_eq!(state.status().is_terminal(), state.is_terminal(), "{state}");
        assert_eq!(state.as_str().parse(), Ok(*state));
        assert_eq!(in_state(*state).state, *state);
    }
    assert!(CallState::ALL.is_sorted_by_key(|state| state.rank()));
}

#[test]
fn what_a_client_may_try_again_is_where_nobody_was_rung_or_nobody_answered() {
    use CallState as S;
    for (state, expected) in [
        (S::NoAnswer, true),
        (S::Busy, true),
        (S::Expired, true),
        (S::Completed, false),
        (S::Failed, false),
        (S::Canceled, false),
    ] {
        assert_eq!(in_state(state).is_retryable(), expected, "{state}");
    }
    let declined = Evidence { ended_reason: Some(EndedReason::Declined), ..seen(Seen::NoAnswer) };
    assert!(!in_state(S::Ringing).learns(declined, 9).is_retryable());
    assert!(!in_state(S::Ringing).is_retryable());
}

// --- ids -------------------------------------------------------------------------------------------------------------

#[test]
fn an_id_tells_its_moment_and_sorts_by_it() {
    let first = CallId::new(at(0), [255; 10]);
    let second = CallId::new(at(0) + Duration::from_millis(1), [0; 10]);
    assert!(first < second);
    assert_eq!(second.made_at(), Some(at(0) + Duration::from_millis(1)));
    assert_eq!((first.as_uuid().get_version_num(), first.to_string().len()), (7, 36));
    assert_eq!(first.to_string().parse(), Ok(first));
    assert_eq!(CallId::new(Timestamp::MIN, [0; 10]).made_at(), Some(Timestamp::UNIX_EPOCH));
    assert!("no uuid".parse::<CallId>().is_err() && "".parse::<AttemptId>().is_err());
}

#[test]
fn a_name_is_short_and_plain() {
    for good in ["a", "akylai", "vapi_eu", "7-up", &"x".repeat(64)] {
        assert!(AgentKey::new(good).is_ok(), "{good}");
    }
    for bad in ["", "A", "_x", "-x", "a b", "a.b", "ä", "a\n", &"x".repeat(65)] {
        assert!(AgentKey::new(bad).is_err(), "{bad}");
    }
    for (id, expected) in [("x", true), ("", false), ("a\nb", false), ("a b/ü:c", true)] {
        assert_eq!(ProviderCallId::new(id).is_some(), expected, "{id:?}");
    }
    assert!(ProviderCallId::new("x".repeat(256)).is_some() && ProviderCallId::new("x".repeat(257)).is_none());
}

#[test]
fn a_secret_is_itself_alone_and_never_prints() {
    let secret = Secret::new("correct horse").unwrap();
    assert!(secret.is(b"correct horse") && !secret.is(b"correct hors") && !secret.is(b""));
    assert_eq!(format!("{secret:?}"), "Secret(..)");
    assert!(Secret::new("").is_none());
}

// --- plans and pacing ------------------------------------------------------------------------------------------------

fn check_delays(max: u16, delays: &[u64], expected: &[u64]) {
    let plan = RetryPlan { on: vec![CallState::Busy], max, delays: delays.iter().map(|s| Duration::from_secs(*s)).collect() };
    let planned: Vec<_> = (1..10).map_while(|n| plan.delay_after(n)).map(|delay| delay.as_secs()).collect();
    assert_eq!(planned, expected, "{max} {delays:?}");
}

#[test]
fn the_last_delay_serves_for_all_tries_beyond_the_list() {
    check_delays(1, &[60], &[60]);
    check_delays(3, &[60, 300], &[60, 300, 300]);
    check_delays(2, &[1, 2, 3], &[1, 2]);
    check_delays(2, &[], &[0, 0]);
    check_delays(0, &[60], &[]);
}

pub fn room(spaces: &[(&str, Option<u32>, u32)]) -> Room {
    let spaces: Vec<_> = spaces.iter().map(|(id, max_live, may_send)| (connection(id), *max_live, *may_send)).collect();
    let route =
        |id: &callgate_domain::model::ConnectionId| Route { connection: id.clone(), remote_id: "x".to_owned(), from: None };
    let routes = spaces.iter().map(|(id, ..)| route(id)).collect();
    Room {
        connections: spaces
            .iter()
            .map(|(id, max_live, may_send)| {
                (
                    id.clone(),
                    Space { max_live: *max_live, max_per_second: None, may_send: *may_send, left_alone: false, dials: true },
                )
            })
            .collect(),
        agents: HashMap::from([(AgentKey::new("akylai").unwrap(), routes)]),
        max_live: Some(10),
        allow_numbers: None,
    }
}

fn live(counts: &[(&str, u32)]) -> Live {
    Live { by_connection: counts.iter().map(|(id, count)| (connection(id), *count)).collect(), holds: Vec::new() }
}

#[test]
fn a_call_is_taken_over_its_first_open_route_when_there_is_room() {
    let take = |id: &str| Pick::Take(connection(id));
    let (two, call) = (room(&[("one", Some(2), 5), ("two", None, 5)]), queued());
    assert_eq!(two.pick(&call, &live(&[("one", 1)]), at(1)), take("one"));
    assert_eq!(two.pick(&call, &live(&[("one", 2)]), at(1)), Pick::Leave, "the second is for what the first refused");
    assert_eq!(two.pick(&call, &live(&[("two", 10)]), at(1)), Pick::Leave, "full in all");
    let mut refused = call.clone();
    refused.refusals.closed.push(connection("one"));
    assert_eq!(two.pick(&refused, &live(&[("one", 2)]), at(1)), take("two"));
    refused.refusals.closed.push(connection("two"));
    assert_eq!(two.pick(&refused, &live(&[]), at(1)), Pick::Leave);
    assert_eq!(room(&[("one", None, 0)]).pick(&call, &live(&[]), at(1)), Pick::Leave, "too fast");
    assert_eq!(Room::default().pick(&call, &live(&[]), at(1)), Pick::Leave, "an agent that is not known here");
}

#[test]
fn a_connection_that_is_left_alone_is_passed_over_where_there_is_another() {
    let take = |id: &str| Pick::Take(connection(id));
    let leave_alone = |room: &mut Room, id: &str| room.connections.get_mut(&connection(id)).unwrap().left_alone = true;
    let (call, akylai) = (queued(), AgentKey::new("akylai").unwrap());
    let mut three = room(&[("one", None, 0), ("two", Some(1), 5), ("three", None, 5)]);
    leave_alone(&mut three, "one");
    assert_eq!(three.pick(&call, &live(&[]), at(1)), take("two"));
    assert_eq!(three.free_agents(&live(&[])), (vec![&akylai], vec![]));
    assert_eq!(three.pick(&call, &live(&[("two", 1)]), at(1)), Pick::Leave, "one that is full is waited for");
    assert_eq!(three.free_agents(&live(&[("two", 1)])), (vec![], vec![&akylai]), "but for what it refused");
    let mut held = live(&[]);
    held.holds = vec![OnHold::Connection(connection("one"))];
    assert_eq!(three.pick(&call, &held, at(1)), Pick::Leave, "an operator's hold is waited for");
    held.holds = vec![OnHold::Connection(connection("two"))];
    assert_eq!(three.pick(&call, &held, at(1)), Pick::Leave);

    leave_alone(&mut three, "two");
    assert_eq!(three.pick(&call, &live(&[]), at(1)), take("two"), "the one that tries it out");
    three.connections.get_mut(&connection("two")).unwrap().may_send = 0;
    assert_eq!(three.pick(&call, &live(&[]), at(1)), take("three"));
    leave_alone(&mut three, "three");
    three.connections.get_mut(&connection("three")).unwrap().may_send = 0;
    assert_eq!(three.pick(&call, &live(&[]), at(1)), Pick::Leave, "all are left alone");

    let mut alone = room(&[("one", None, 0)]);
    leave_alone(&mut alone, "one");
    assert_eq!(alone.pick(&call, &live(&[]), at(1)), Pick::Leave);
    let mut refused = call.clone();
    refused.refusals.closed.push(connection("two"));
    let mut two = room(&[("one", None, 0), ("two", None, 5)]);
    leave_alone(&mut two, "one");
    assert_eq!(two.pick(&refused, &live(&[]), at(1)), Pick::Leave, "it is not asked again because another is left alone");
}

#[test]
fn what_was_accepted_as_simulated_never_rings_and_what_was_to_ring_is_never_simulated() {
    let simulated = accepted(Asked::default(), Terms { test: true, ..terms() }).0;
    let real = queued();
    let mut room = room(&[("one", None, 5)]);
    room.allow_numbers = Some(Vec::new());
    assert_eq!(room.pick(&simulated, &live(&[]), at(1)), Pick::Leave, "though its number may not be called");
    assert_eq!(room.pick(&real, &live(&[]), at(1)), Pick::Refuse(EndedReason::DestinationNotAllowed));
    room.allow_numbers = None;
    assert_eq!(room.pick(&simulated, &live(&[]), at(1)), Pick::Leave);
    room.connections.get_mut(&connection("one")).unwrap().dials = false;
    assert_eq!(room.pick(&simulated, &live(&[]), at(1)), Pick::Take(connection("one")));
    assert_eq!(room.pick(&real, &live(&[]), at(1)), Pick::Leave);
}

#[test]
fn a_wait_that_is_over_ends_the_call_whatever_room_there_is() {
    let window = accepted(Asked { expires_at: Some(at(60)), ..Asked::default() }, terms()).0;
    for (call, seconds, expected) in [
        (&window, 59, Pick::Leave),
        (&window, 60, Pick::Expire(Deadline::Window)),
        (&queued(), 899, Pick::Leave),
        (&queued(), 900, Pick::Expire(Deadline::Queue)),
    ] {
        assert_eq!(Room::default().pick(call, &live(&[]), at(seconds)), expected, "{seconds}");
    }
}

#[test]
fn a_number_that_may_not_be_dialed_any_more_is_refused_where_phones_ring_and_nowhere_else() {
    let refuse = Pick::Refuse(EndedReason::DestinationNotAllowed);
    let mut one = room(&[("one", Some(0), 0)]);
    for (prefixes, expected) in
        [(&["+1"][..], refuse.clone()), (&["+1", "+996"], Pick::Leave), (&["+"], Pick::Leave), (&[], refuse)]
    {
        one.allow_numbers = Some(prefixes.iter().map(|prefix| (*prefix).to_owned()).collect());
        assert_eq!(one.pick(&queued(), &live(&[("one", 10)]), at(1)), expected, "{prefixes:?}, whatever room there is");
    }
    one.allow_numbers = Some(Vec::new());
    one.connections.values_mut().for_each(|space| space.dials = false);
    assert_eq!(one.pick(&queued(), &live(&[]), at(1)), Pick::Leave, "simulated calls ring nobody");
    assert_eq!(one.pick(&queued(), &live(&[]), at(900)), Pick::Expire(Deadline::Queue));
}

#[test]
fn what_is_taken_counts_at_once() {
    let (mut room, mut counts) = (room(&[("one", Some(2), 5)]), live(&[]));
    for expected in [Pick::Take(connection("one")), Pick::Take(connection("one")), Pick::Leave] {
        let pick = room.pick(&queued(), &counts, at(1));
        assert_eq!(pick, expected);
        if let Pick::Take(id) = pick {
            room.take(&id, &mut counts);
        }
    }
    assert!(!room.is_full() && Room::default().is_full());
}

#[test]
fn what_is_live_is_counted_where_a_limit_asks_for_it() {
    let mut room = room(&[("one", None, 5), ("two", Some(1), 5)]);
    assert_eq!(room.counted(), None, "all, as all together have a limit");
    room.max_live = None;
    assert_eq!(room.counted(), Some(vec![&connection("two")]));
    room.connections.remove(&connection("two"));
    assert_eq!(room.counted(), Some(Vec::new()));
}

// --- when to look ----------------------------------------------------------------------------------------------------

/// The waits between looks of a call that stays in its state, from `at(start)` until it is looked at for its own moment.
fn waits(call: &Call, pace: Pace, start: i64) -> Vec<u64> {
    let (mut call, mut now, mut waits) = (call.clone(), at(start), Vec::new());
    while waits.len() < 400 {
        let Some(next) = call.looks_next(pace, 0.0, now) else { break };
        waits.push(next.duration_since(now).as_secs().unsigned_abs());
        if call.settles_by.is_some_and(|settles_by| next >= settles_by) {
            break;
        }
        now = next;
        call.looks = Looks { count: call.looks.count + 1, absent: 0 };
    }
    waits
}

#[test]
fn an_unknown_call_is_looked_for_often_then_each_minute_then_each_five() {
    let waits = waits(&in_state(CallState::Unknown), Pace::every(Duration::from_secs(9)), 3);
    assert_eq!(&waits[..7], [2, 5, 10, 20, 40, 60, 60]);
    let minutes = waits.iter().filter(|wait| **wait == 60).count();
    assert!((13..=15).contains(&minutes), "{minutes} times a minute: to fifteen minutes");
    assert!(waits[5 + minutes..waits.len() - 1].iter().all(|wait| *wait == 300), "{waits:?}");
    assert!(waits.last().unwrap() <= &300, "the last look is at settles_by");
}

#[test]
fn a_live_call_is_asked_about_at_its_pace_and_after_ten_minutes_each_five() {
    let pace = Pace { ringing: Duration::from_secs(3), talking: Duration::from_secs(20) };
    for (state, expected) in [(CallState::Placed, 3), (CallState::Ringing, 3), (CallState::InProgress, 20)] {
        let call = in_state(state);
        let next = |seconds| call.looks_next(pace, 0.0, at(seconds)).unwrap().duration_since(at(seconds)).as_secs();
        assert_eq!([next(10), next(580), next(1_000)], [expected, expected, 300], "{state}");
    }
    let slow = Pace::every(Duration::from_secs(600));
    let next = in_state(CallState::Placed).looks_next(slow, 0.0, at(10)).unwrap();
    assert_eq!(next, at(610), "a slower pace stays");
}

#[test]
fn words_are_looked_for_from_half_a_minute_to_a_day_after_the_end() {
    let over = in_state(CallState::Completed);
    let mut moments = Vec::new();
    let (mut call, mut now) = (over.clone(), at(7));
    while let Some(next) = call.looks_next(Pace::every(Duration::from_secs(9)), 0.0, now) {
        moments.push(next.duration_since(at(7)).as_secs());
        now = next;
        call.looks.count += 1;
    }
    assert_eq!(moments, [30, 120, 600, 3_600, 21_600, 86_400]);
    let has_words = Evidence { transcript: Some("agent: Hi".to_owned()), words_final: true, ..Evidence::new(Source::LookUp) };
    assert_eq!(over.learns(has_words, 9).looks_next(Pace::every(Duration::from_secs(9)), 0.0, at(10)), None);
}

#[test]
fn jitter_moves_a_look_up_by_a_fifth_and_no_deadline() {
    let (unknown, pace) = (in_state(CallState::Unknown), Pace::every(Duration::from_secs(10)));
    let next = |spread| unknown.looks_next(pace, spread, at(10)).unwrap();
    assert_eq!([next(-1.0), next(1.0), next(9.0)].map(|at_| at_.duration_since(at(10)).as_millis()), [1_600, 2_400, 2_400]);
    assert_eq!(queued().looks_next(pace, 1.0, at(10)), Some(at(900)));
}

// --- what was said ---------------------------------------------------------------------------------------------------

fn check_turns(transcript: &str, expected: &[(Role, &str)]) {
    let turns = turns_of(transcript);
    let shown: Vec<_> = turns.iter().map(|turn| (turn.role, turn.text.as_str())).collect();
    assert_eq!(shown, expected, "{transcript:?}");
}

#[test]
fn lines_are_turns_of_whoever_speaks() {
    use Role::{Agent, User};
    check_turns("agent: Hello\nuser: Hi", &[(Agent, "Hello"), (User, "Hi")]);
    check_turns(
        "Assistant: a\nBOT: b\nai:c\nCustomer:  d \nhuman: e\ncaller: f",
        &[(Agent, "a"), (Agent, "b"), (Agent, "c"), (User, "d "), (User, "e"), (User, "f")],
    );
    check_turns("agent: Hello\nand welcome\nuser: Note: it rains", &[(Agent, "Hello\nand welcome"), (User, "Note: it rains")]);
    check_turns("Hello\nuser: Hi", &[(Agent, "Hello"), (User, "Hi")]);
    check_turns("\n\nuser: Hi\n\nthere", &[(User, "Hi\n\nthere")]);
    check_turns("robot: x", &[(Agent, "robot: x")]);
    check_turns("agent:\nuser:", &[(Agent, ""), (User, "")]);
    check_turns("agent: a\r\nuser: b\r\n", &[(Agent, "a"), (User, "b")]);
    check_turns("", &[]);
    assert_eq!([role_of(" Agent "), role_of("AI"), role_of("system"), role_of("")], [Some(Agent), Some(Agent), None, None]);
}

fn said(text: &str, change: impl FnOnce(&mut Evidence)) -> Option<Transcript> {
    let mut evidence = Evidence { transcript: Some(text.to_owned()), ..Evidence::new(Source::Webhook) };
    change(&mut evidence);
    Transcript::of(&evidence)
}

#[test]
fn a_transcript_stays_byte_for_byte_and_is_made_from_turns_where_there_is_none() {
    let odd = "agent:Hello \r\n\u{a0}user: Hi\n\n";
    assert_eq!(said(odd, |_| {}).unwrap().text, odd);
    let turn = |role, text: &str| Turn { role, text: text.to_owned(), start_ms: Some(1), end_ms: None };
    let turns = vec![turn(Role::Agent, "Hello"), turn(Role::User, "Hi")];
    let made = said("", |said| said.turns.clone_from(&turns)).unwrap();
    assert_eq!((made.text.as_str(), &made.turns), ("agent: Hello\nuser: Hi", &turns));
    assert!(said("", |_| {}).is_none());
    assert_eq!(format!("{made:?}"), "Transcript(21 bytes, final: false, webhook)");
    assert_eq!(format!("{:?}", turns[0]), "Turn(agent, 5 bytes)");
}

#[test]
fn a_long_transcript_is_cut_between_two_characters() {
    // Three bytes a character, and the limit is no multiple of three.
    let long = format!("user: {}", "ы\u{20ac}".repeat(MAX_TRANSCRIPT / 4));
    let cut = said(&long, |_| {}).unwrap();
    assert!(cut.truncated && cut.text.len() <= MAX_TRANSCRIPT && cut.text.len() > MAX_TRANSCRIPT - 4);
    assert!(long.starts_with(&cut.text));
    assert_eq!(cut.turns.len(), 1, "the turn that is cut is kept as far as it goes");
    assert_eq!(format!("user: {}", cut.turns[0].text), cut.text);
    let exact = said(&"x".repeat(MAX_TRANSCRIPT), |_| {}).unwrap();
    assert!(!exact.truncated && exact.text.len() == MAX_TRANSCRIPT);
}

#[test]
fn turns_told_apart_are_cut_with_their_transcript() {
    let turn = |text: String| Turn { role: Role::Agent, text, start_ms: None, end_ms: None };
    let turns: Vec<_> = (0..5).map(|n| turn("é".repeat(MAX_TRANSCRIPT / 4 + n))).collect();
    let cut = said("", |said| said.turns = turns).unwrap();
    let bytes: usize = cut.turns.iter().map(|turn| turn.text.len()).sum();
    assert!(cut.truncated && bytes <= MAX_TRANSCRIPT && bytes > MAX_TRANSCRIPT - 64, "{bytes}");
    assert_eq!(cut.turns.len(), 2);
}

#[test]
fn of_any_two_transcripts_the_same_one_stays_whichever_came_first() {
    let timed = vec![Turn { role: Role::Agent, text: "Hi".to_owned(), start_ms: Some(5), end_ms: None }];
    let words = [
        said("agent: Hi", |_| {}),
        said("agent: Hi", |said| said.turns = timed),
        said("agent: Ho", |_| {}),
        said("agent: Hi there", |_| {}),
        said("agent: Hi", |said| said.source = Source::LookUp),
        said("agent: Hi", |said| said.words_final = true),
        said("agent: Hi", |said| (said.words_final, said.source) = (true, Source::LookUp)),
        said(&"x".repeat(MAX_TRANSCRIPT), |_| {}),
        said(&"x".repeat(MAX_TRANSCRIPT + 1), |_| {}),
    ];
    for one in words.iter().flatten() {
        for other in words.iter().flatten() {
            assert_eq!(one.beats(other) || other.beats(one), one != other, "{one:?} and {other:?}");
            assert!(!(one.beats(other) && other.beats(one)));
        }
    }
    let [plain, ..] = &words;
    assert!(words[6].as_ref().unwrap().beats(words[5].as_ref().unwrap()), "a look-up's beat a webhook's");
    assert!(words[5].as_ref().unwrap().beats(words[3].as_ref().unwrap()), "final ones beat partial ones");
    assert!(words[1].as_ref().unwrap().beats(plain.as_ref().unwrap()), "turns that were told beat turns that were guessed");
}
