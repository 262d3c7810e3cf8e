//! Words we do not know: which known one was meant, and telling an operator once.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

const MAX_WORDS: usize = 64;
const MAX_SHOWN: usize = 40;

/// The known word that was probably meant.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|other| (strsim::jaro_winkler(word, other), other))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, other)| other)
}

/// The unknown words a provider has used, so that each is logged once.
#[derive(Debug, Default)]
pub struct UnknownWords {
    heard: Mutex<HashSet<String>>,
}

impl UnknownWords {
    /// The word as it may be logged, the first time it is heard. After 64 different ones nothing is news any more.
    pub fn news(&self, word: &str) -> Option<String> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = shown(word);
        (heard.len() < MAX_WORDS && heard.insert(shown.clone())).then_some(shown)
    }
}

/// A provider's word may be anything, a transcript even: only what looks like a word is shown.
fn shown(word: &str) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_uppercase() || matches!(c, '_' | '-' | '.');
    word.chars().take(MAX_SHOWN).map(|c| if fits(c) { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_names_the_nearest_word_and_nonsense_names_none() {
        let known = ["transcript", "turns", "duration", "secret"];
        assert_eq!(nearest("transcipt", known), Some("transcript"));
        assert_eq!(nearest("durations", known), Some("duration"));
        assert_eq!(nearest("xyzzy", known), None);
    }

    #[test]
    fn a_word_is_news_once_and_shows_no_numbers() {
        let words = UnknownWords::default();
        assert_eq!(words.news("call +1202"), Some("call??????".to_owned()));
        assert_eq!(words.news("call +1202"), None);
    }

    #[test]
    fn the_memory_is_bounded() {
        let words = UnknownWords::default();
        let heard = (b'a'..=b'z').flat_map(|one| (b'a'..=b'z').map(move |two| [one, two]));
        let news = heard.filter(|word| words.news(std::str::from_utf8(word).unwrap()).is_some()).count();
        assert_eq!(news, MAX_WORDS);
    }
}
