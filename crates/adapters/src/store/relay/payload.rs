//! What processes tell one another, as text: `dispatch intake 019ab0c27f3e7a519d2c3f0d6a1b2c3d:7`.
//!
//! Words that are not understood are passed over, so that releases may differ while one replaces the other.

use callgate_domain::model::{CallId, Revision};
use callgate_domain::ports::Work;

/// Postgres takes up to 7,999 bytes.
const LONGEST: usize = 7_900;

/// What one process tells the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// There is something to do for these workers.
    pub work: Vec<Work>,
    /// These calls have a new revision.
    pub moves: Vec<(CallId, Revision)>,
}

impl News {
    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.work.is_empty() && self.moves.is_empty()
    }
}

/// The news in as few payloads as they fit in.
pub fn write(news: &News) -> Vec<String> {
    let work = news.work.iter().map(ToString::to_string);
    let moves = news.moves.iter().map(|(call, revision)| format!("{}:{}", call.as_uuid().simple(), revision.0));
    let mut payloads = Vec::new();
    let mut payload = String::new();
    for word in work.chain(moves) {
        if payload.len() + 1 + word.len() > LONGEST {
            payloads.push(std::mem::take(&mut payload));
        }
        if !payload.is_empty() {
            payload.push(' ');
        }
        payload.push_str(&word);
    }
    payloads.extend((!payload.is_empty()).then_some(payload));
    payloads
}

/// The news that a payload holds.
pub fn read(payload: &str) -> News {
    let mut news = News::default();
    for word in payload.split(' ') {
        if let Ok(work) = word.parse() {
            news.work.push(work);
        } else if let Some((call, revision)) = word.split_once(':')
            && let (Ok(call), Ok(revision)) = (call.parse(), revision.parse())
        {
            news.moves.push((call, Revision(revision)));
        }
    }
    news
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(moves: u128) -> News {
        let moves = (0..moves).map(|n| (CallId::from_uuid(uuid::Uuid::from_u128(n)), Revision(u32::MAX))).collect();
        News { work: vec![Work::Dispatch, Work::Reconcile], moves }
    }

    fn check(news: &News, payloads: usize) {
        let written = write(news);
        assert_eq!(written.len(), payloads);
        assert!(written.iter().all(|payload| payload.len() < 8_000));
        let mut read_back = News::default();
        for payload in &written {
            let part = read(payload);
            read_back.work.extend(part.work);
            read_back.moves.extend(part.moves);
        }
        assert_eq!(read_back, *news);
    }

    #[test]
    fn news_arrive_as_they_were_told_in_as_few_payloads_as_they_fit_in() {
        check(&News::default(), 0);
        check(&news(0), 1);
        check(&news(1), 1);
        check(&news(1_000), 6);
    }

    #[test]
    fn what_is_not_understood_is_passed_over() {
        let read = read("dispatch later: : x:7 019ab0c27f3e7a519d2c3f0d6a1b2c3d:-1  intake");
        assert_eq!(read, News { work: vec![Work::Dispatch, Work::Intake], moves: Vec::new() });
    }
}
