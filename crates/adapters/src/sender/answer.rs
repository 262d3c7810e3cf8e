//! What a receiver answers, as far as it is read.
//!
//! Its sender can finish what is short; what is long, or slow, is cut. Nothing is decided by it.

use std::time::Duration;

use callgate_domain::model::Answer;
use callgate_domain::model::exchange::{KEPT_BODY, KEPT_HEADERS};
use reqwest::Response;
use reqwest::header::{HeaderMap, SET_COOKIE};
use tokio::time::timeout;

/// The headers, and what comes of the body within a time.
pub async fn read(mut response: Response, within: Duration) -> Answer {
    let (headers, more_headers) = headers(response.headers());
    let mut body = Vec::new();
    let whole = timeout(within, async {
        while let Some(chunk) = response.chunk().await.ok()? {
            body.extend_from_slice(chunk.get(..KEPT_BODY - body.len()).unwrap_or(&chunk));
            if body.len() >= KEPT_BODY {
                return None;
            }
        }
        Some(())
    })
    .await;
    let is_cut = more_headers || whole.ok().flatten().is_none();
    Answer { headers, body: shown(&body), is_cut }
}

/// As text. A letter that was cut in two is left out.
fn shown(body: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(body).into_owned();
    if body.len() >= KEPT_BODY && text.ends_with(char::REPLACEMENT_CHARACTER) {
        text.pop();
    }
    text
}

/// Names and values as far as there is room for them, and whether there are more. Cookies are for nobody.
fn headers(all: &HeaderMap) -> (Vec<(String, String)>, bool) {
    let mut room = KEPT_HEADERS;
    let mut kept = Vec::new();
    for (name, value) in all.iter().filter(|(name, _)| **name != SET_COOKIE) {
        let Some(left) = room.checked_sub(name.as_str().len() + value.len()) else { return (kept, true) };
        room = left;
        kept.push((name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    }
    (kept, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_that_was_cut_is_left_out() {
        let whole = "\u{1F44B}".repeat(KEPT_BODY / 4 + 1);
        assert_eq!(shown(&whole.as_bytes()[..KEPT_BODY]), whole[..KEPT_BODY]);
        let shifted = format!("a{whole}");
        assert_eq!(shown(&shifted.as_bytes()[..KEPT_BODY]), shifted[..KEPT_BODY - 3]);
        assert_eq!(shown(b"\xff"), "\u{FFFD}");
    }

    #[test]
    fn cookies_and_what_is_too_much_are_not_kept() {
        let mut all = HeaderMap::new();
        all.insert("server", "x".parse().unwrap());
        all.insert(SET_COOKIE, "s=1".parse().unwrap());
        assert_eq!(headers(&all), (vec![("server".to_owned(), "x".to_owned())], false));
        all.insert("long", "y".repeat(KEPT_HEADERS).parse().unwrap());
        assert!(headers(&all).1);
    }
}
