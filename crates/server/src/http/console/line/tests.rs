//! The line as a table: where turns, words and the post are.

use super::*;

fn turn(role: Role, text: &str, start_ms: Option<u64>, end_ms: Option<u64>) -> Turn {
    Turn { role, text: text.to_owned(), start_ms, end_ms }
}

fn told(turns: &[Turn], until_ms: u64, is_live: bool) -> Told<'_> {
    Told { rang_ms: Some(1_000), answered_ms: Some(5_000), until_ms, is_live, turns, shown: 0..turns.len() }
}

#[test]
fn turns_are_where_their_moments_say_and_else_in_order_by_their_words() {
    let check = |turns: &[(&str, Option<u64>, Option<u64>)], is_live, expected: &[(u64, u64)]| {
        let turns: Vec<Turn> = turns.iter().map(|(text, start, end)| turn(Role::Agent, text, *start, *end)).collect();
        let places: Vec<_> = told(&turns, 25_000, is_live).spans().iter().map(|span| (span.start, span.end)).collect();
        assert_eq!(places, expected, "{turns:?}");
    };
    let (one, two) = ("word", "two words");
    check(&[], false, &[]);
    check(&[(one, Some(0), Some(900)), (two, Some(700), Some(1_500))], false, &[(5_000, 5_900), (5_700, 6_500)]);
    // Without an end: until the next, or as long as the words take, or until now.
    check(&[(two, Some(0), None), (two, Some(300), None)], false, &[(5_000, 5_300), (5_300, 6_100)]);
    check(&[(two, Some(0), None)], true, &[(5_000, 25_000)]);
    // Without a beginning: they share what there is.
    check(&[(one, None, None), (two, None, None)], false, &[(5_000, 9_000), (13_000, 21_000)]);
    check(&[(one, None, None), (one, Some(4_000), Some(5_000))], false, &[(5_000, 7_000), (9_000, 10_000)]);
    // Moments that cannot be.
    check(&[(one, Some(u64::MAX), Some(0))], false, &[(spans::LONGEST_MS, spans::LONGEST_MS)]);
    check(&[(one, Some(30_000), None), (one, None, None)], false, &[(35_000, 35_400), (35_400, 35_800)]);
}

#[test]
fn a_word_is_a_tick_as_high_as_it_is_long_and_on_its_speakers_side() {
    let turns = [turn(Role::Agent, "a communicate", Some(0), Some(2_000)), turn(Role::User, "Алло?", Some(2_500), Some(3_000))];
    let line = Line::of(&told(&turns, 10_000, false));
    assert_eq!((line.agent.as_str(), line.user.as_str()), ("M27500 100V70M32500 100V0", "M38750 0V65"));
    let places: Vec<_> = line.parts.iter().map(|part| (part.bar.x.as_str(), part.bar.width.as_str())).collect();
    assert_eq!(places, [("50.00%", "20.00%"), ("75.00%", "5.00%")]);
    assert_eq!(line.parts.iter().map(|part| part.label.as_str()).collect::<Vec<_>>(), ["Agent at 0:05", "User at 0:07"]);
    let ring = line.ring.expect("it rang");
    assert_eq!((ring.x.as_str(), ring.end.as_str()), ("10.00%", "50.00%"));
    assert_eq!((line.now, line.words_a_tick), (None, 1));
}

#[test]
fn a_live_line_has_room_to_grow_and_a_long_one_scrolls() {
    for (until_s, is_live, width, span_s) in [
        (0, true, "100%", 30),
        (26, true, "100%", 30),
        (28, true, "100%", 45),
        (64, true, "100%", 90),
        (163, true, "100%", 180),
        (170, true, "1140", 190),
        (180, false, "100%", 180),
        (181, false, "1086", 181),
        (0, false, "100%", 1),
    ] {
        let line = Line::of(&told(&[], until_s * 1_000, is_live));
        assert_eq!((line.width.as_str(), line.span_ms, line.now.is_some()), (width, span_s * 1_000, is_live), "{until_s}");
        assert!(line.marks.len() <= 61 && line.marks.first().is_some_and(|mark| mark.text == "0:00"), "{until_s}");
    }
}

#[test]
fn a_line_is_bounded_whatever_was_said() {
    let text = "word ".repeat(300);
    let turns: Vec<Turn> =
        (0..2_000).map(|nth| turn(Role::User, &text, Some(nth * 10_000), Some(nth * 10_000 + 9_000))).collect();
    for is_live in [false, true] {
        let line = Line::of(&Told { shown: 0..3, ..told(&turns, 20_000_000, is_live) });
        let size = line.agent.len() + line.user.len();
        assert!(line.parts.len() == MOST_PARTS && size < 18_000 && line.marks.len() <= 61, "{size}");
        assert_eq!(line.rest.map(|rest| rest.turns), Some(2_000 - MOST_PARTS));
        assert_eq!(
            line.parts.first().map(|part| (part.number, part.is_linked)),
            Some(if is_live { (1_921, false) } else { (1, true) })
        );
    }
}
