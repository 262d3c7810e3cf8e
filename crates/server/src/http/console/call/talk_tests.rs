//! What stands between turns, and which turns were cut.

use super::*;

fn turn(role: Role, start_ms: Option<u64>, end_ms: Option<u64>) -> Turn {
    Turn { role, text: "word".to_owned(), start_ms, end_ms }
}

#[test]
fn a_turn_is_interrupted_where_another_speaker_begins_before_its_end() {
    let (agent, user) = (Role::Agent, Role::User);
    for (one, next, expected) in [
        (turn(agent, Some(0), Some(900)), turn(user, Some(899), None), true),
        (turn(agent, Some(0), Some(900)), turn(user, Some(900), None), false),
        (turn(agent, Some(0), Some(900)), turn(agent, Some(500), None), false),
        (turn(agent, Some(0), None), turn(user, Some(1), None), false),
        (turn(agent, None, None), turn(user, None, None), false),
    ] {
        assert_eq!(is_interrupted(&one, &next), expected, "{:?} {:?}", one.end_ms, next.start_ms);
    }
}

#[test]
fn only_a_long_silence_between_told_moments_is_marked() {
    let span = |start, end| Span { start, end };
    let (told, untold) = (turn(Role::User, Some(1), Some(2)), turn(Role::User, None, None));
    assert_eq!(silence(&told, &told, span(0, 1_000), span(9_000, 9_500)), None);
    assert_eq!(silence(&told, &told, span(0, 1_000), span(13_900, 14_000)), Some(12));
    assert_eq!(silence(&told, &told, span(0, 5_000), span(4_000, 6_000)), None);
    assert_eq!(silence(&untold, &told, span(0, 1_000), span(13_900, 14_000)), None);
    assert_eq!(silence(&told, &untold, span(0, 1_000), span(13_900, 14_000)), None);
}

#[test]
fn a_text_is_cut_where_it_is_too_long_once_it_is_escaped() {
    for (text, room, expected) in [
        ("hello", 5, ("hello", false)),
        ("hello", 4, ("hell", true)),
        ("a<b", 6, ("a<", true)),
        ("a<b", 5, ("a", true)),
        ("привет", 5, ("пр", true)),
        ("", 0, ("", false)),
    ] {
        assert_eq!(cut(text, room), expected, "{text} {room}");
    }
}
