//! Request headers that mean something to us.

use actix_web::http::header::{HeaderMap, HeaderName, IF_NONE_MATCH};

use super::error::{Code, Problem};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header that names a request, in and out.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The id of the last event that a resumed stream has seen.
pub const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The `Idempotency-Key`: 1 to 255 visible ASCII characters, bare or as a quoted string, which are the same key.
///
/// # Errors
/// 400 when it is anything else, or stands there twice.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let refused = |detail| Err(Problem::new(Code::InvalidHeader, detail));
    let mut given = headers.get_all(IDEMPOTENCY_KEY);
    let (Some(one), second) = (given.next(), given.next()) else { return Ok(None) };
    if second.is_some() {
        return refused("The header Idempotency-Key stands there twice. Send it once.");
    }
    match one.to_str().ok().and_then(unquoted) {
        Some(key) if (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Some(key)),
        _ => refused("The header Idempotency-Key must hold 1 to 255 visible ASCII characters and no space."),
    }
}

/// What stands between quotes (a string of RFC 9651), or the text as it is; `None` when a quote is not closed.
fn unquoted(text: &str) -> Option<String> {
    let Some(rest) = text.strip_prefix('"') else { return Some(text.to_owned()) };
    let mut key = String::with_capacity(rest.len());
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => break,
            '\\' => key.push(chars.next().filter(|c| matches!(c, '"' | '\\'))?),
            c => key.push(c),
        }
    }
    chars.next().is_none().then_some(key)
}

/// The entity tag of a revision.
pub fn etag(revision: u32) -> String {
    format!("\"{revision}\"")
}

/// Whether the client has this entity already: `If-None-Match` names it, or anything at all.
pub fn has_already(headers: &HeaderMap, etag: &str) -> Option<bool> {
    let mut given = headers.get_all(IF_NONE_MATCH).peekable();
    given.peek()?;
    let names =
        |list: &str| list.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag);
    Some(given.any(|value| value.to_str().is_ok_and(names)))
}

/// A request id that may be echoed: 1 to 64 of `A-Za-z0-9_-`.
pub fn request_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get(X_REQUEST_ID)?.to_str().ok()?;
    let fits = (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    fits.then_some(id)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderValue};

    use super::*;

    fn with(name: HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    fn check_key(values: &[&str], expected: Result<Option<&str>, ()>) {
        let key = idempotency_key(&with(IDEMPOTENCY_KEY, values));
        assert_eq!(key.as_ref().map(|key| key.as_deref()).map_err(|_problem| ()), expected, "{values:?}");
    }

    #[test]
    fn a_key_is_bare_or_quoted_and_the_same_either_way() {
        check_key(&[], Ok(None));
        check_key(&["order-7"], Ok(Some("order-7")));
        check_key(&["\"order-7\""], Ok(Some("order-7")));
        check_key(&["\"a\\\"b\\\\\""], Ok(Some("a\"b\\")));
        check_key(&[&"k".repeat(255)], Ok(Some(&"k".repeat(255))));
    }

    #[test]
    fn no_other_key_is_taken() {
        for values in [&[""][..], &["a b"], &["\"\""], &["\"a b\""], &["\"a"], &["\"a\"b"], &["\"a\\n\""], &["ключ"], &["a", "a"]]
        {
            check_key(values, Err(()));
        }
        check_key(&[&"k".repeat(256)], Err(()));
    }

    fn check_tag(values: &[&str], expected: Option<bool>) {
        assert_eq!(has_already(&with(IF_NONE_MATCH, values), &etag(6)), expected, "{values:?}");
    }

    #[test]
    fn an_entity_tag_is_found_in_lists_and_behind_w() {
        check_tag(&[], None);
        for values in [&["\"6\""][..], &["W/\"6\""], &["\"5\", \"6\""], &["\"5\"", "\"6\""], &["*"]] {
            check_tag(values, Some(true));
        }
        for values in [&["\"5\""][..], &["6"], &["\"66\""], &[""]] {
            check_tag(values, Some(false));
        }
    }

    #[test]
    fn only_a_harmless_request_id_is_echoed() {
        for (id, echoed) in [("req_1-A", true), ("", false), ("a b", false), ("a;b", false), ("\u{e9}", false)] {
            assert_eq!(request_id(&with(X_REQUEST_ID, &[id])).is_some(), echoed, "{id}");
        }
        assert!(request_id(&with(X_REQUEST_ID, &[&"a".repeat(65)])).is_none());
    }
}
