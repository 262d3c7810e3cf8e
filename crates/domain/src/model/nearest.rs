//! What somebody probably meant: the known word nearest to a mistyped one.

/// The known word nearest to `word`, when it is near enough to be meant: at most a third of its letters away.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer than any name: not worth comparing.
    if word.len() > 128 {
        return None;
    }
    let bound = (word.chars().count() / 3).max(1);
    let near = known.into_iter().map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate));
    let likeness = |candidate: &str| strsim::jaro_winkler(word, candidate);
    // Of two as near, the one with more of the same beginning.
    near.filter(|(far, _)| *far <= bound)
        .min_by(|(far, one), (farther, other)| far.cmp(farther).then(likeness(other).total_cmp(&likeness(one))))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    fn check(word: &str, expected: Option<&str>) {
        assert_eq!(nearest(word, ["akylai", "altai"]), expected, "{word}");
    }

    #[test]
    fn a_slip_of_the_finger_finds_the_word() {
        check("altay", Some("altai"));
        check("akilai", Some("akylai"));
        check("ltai", Some("altai"));
    }

    #[test]
    fn another_word_finds_nothing() {
        check("nobody", None);
        check("", None);
        check("zz", None);
    }
}
