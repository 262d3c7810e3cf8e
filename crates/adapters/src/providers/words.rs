//! Words of providers that we do not know: telling an operator once.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

const MAX_WORDS: usize = 64;
const MAX_SHOWN: usize = 40;

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
