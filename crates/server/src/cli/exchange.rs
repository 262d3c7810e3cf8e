//! What was said to and by the server, for `-vv`: no key, and no number in full.

use std::time::Duration;

use reqwest::{Error, Response};

/// More than this of a body helps nobody.
const MOST: usize = 2_000;
/// Fewer digits are no phone number.
const PHONE: usize = 7;

/// A request and the first line of its answer.
pub fn shown(request: &str, sent: &Result<Response, Error>, took: Duration) -> String {
    let took_ms = took.as_millis();
    let answer = match sent {
        Ok(response) => {
            let id = response.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or("-");
            format!("< {} request={id} took_ms={took_ms}", response.status())
        }
        Err(error) => format!("< nothing ({error}) took_ms={took_ms}"),
    };
    format!("> {}\n{answer}", discreet(request))
}

/// What keys and secrets begin with.
const SECRETS: [&str; 2] = ["cg_", "whsec_"];
/// So much of one is shown.
const SHOWN: usize = 4;

/// A text without the middle of any phone number in it, and without the rest of any key.
pub fn discreet(text: &str) -> String {
    let text = SECRETS.iter().fold(text.to_owned(), |text, brand| without_secrets(&text, brand));
    without_numbers(&text)
}

fn without_secrets(text: &str, brand: &str) -> String {
    let mut parts = text.split(brand);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let length = part.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_+/=".contains(byte)).count();
        let (secret, rest) = part.split_at(length);
        shown.push_str(brand);
        shown.push_str(secret.get(..SHOWN).unwrap_or(secret));
        shown.push_str(if length > SHOWN { "***" } else { "" });
        shown.push_str(rest);
    }
    shown
}

fn without_numbers(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(MOST));
    let mut rest = text;
    let first = |text: &str| [text.find('+'), text.find("%2B")].into_iter().flatten().min();
    while let Some(at) = first(rest) {
        let sign = if rest.get(at..).is_some_and(|rest| rest.starts_with('+')) { 1 } else { 3 };
        let (before, number) = rest.split_at(at.saturating_add(sign));
        shown.push_str(before);
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, after) = number.split_at(digits);
        if digits.len() >= PHONE {
            shown.push('*');
            shown.push_str(digits.get(digits.len().saturating_sub(2)..).unwrap_or_default());
        } else {
            shown.push_str(digits);
        }
        rest = after;
    }
    shown.push_str(rest);
    match shown.char_indices().nth(MOST) {
        Some((end, _)) => format!("{} (and more)", shown.get(..end).unwrap_or_default()),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::discreet;

    #[test]
    fn keys_and_secrets_are_not_shown() {
        assert_eq!(
            discreet("{\"key\":\"cg_AbCdEfGhIjKl\",\"prefix\":\"cg_AbCd\"}"),
            "{\"key\":\"cg_AbCd***\",\"prefix\":\"cg_AbCd\"}"
        );
        assert_eq!(discreet("whsec_MDEyMzQ1Njc4+/=x"), "whsec_MDEy***");
    }

    #[test]
    fn numbers_lose_their_middle() {
        assert_eq!(discreet("{\"phone\":\"+12025550101\",\"n\":\"+1\"}"), "{\"phone\":\"+*01\",\"n\":\"+1\"}");
        assert_eq!(discreet("GET /v1/calls?phone=%2B996700000000&x=+1"), "GET /v1/calls?phone=%2B*00&x=+1");
        assert_eq!(discreet("nothing"), "nothing");
        assert_eq!(discreet(&"ä".repeat(2_001)).chars().count(), 2_000 + " (and more)".len());
    }
}
