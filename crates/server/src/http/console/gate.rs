//! Who may see the console: whoever carries the cookie of a session, and sends what changes something from our own pages.
//!
//! The cookie is `HttpOnly` and `SameSite=Strict`. A request that changes something must also say that it comes from here, by
//! `Sec-Fetch-Site` or `Origin`, which every browser of today sends with a form.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{ACCEPT, COOKIE, HOST, HeaderMap, HeaderName, LOCATION, ORIGIN};
use actix_web::http::{Method, StatusCode};
use url::form_urlencoded;

use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::error::{Code, Problem};

/// The cookie's name.
pub const COOKIE_NAME: &str = "callgate_session";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whoever is signed in; everybody else is shown the way to sign in, or refused where no page is awaited.
pub async fn admit(http: &Http, request: &ServiceRequest, request_id: &Arc<str>) -> Result<Caller, HttpResponse> {
    let refused = |problem: Problem| HttpResponse::from_error(problem);
    if *request.method() != Method::GET && !is_from_here(request.headers(), http.gateway.facts.public_url.as_deref()) {
        return Err(refused(elsewhere()));
    }
    if let Some(secret) = cookie(request.headers()) {
        match http.auth.signed_in(secret, request_id).await {
            Ok(Some(caller)) => return Ok(caller),
            Ok(None) => {}
            Err(problem) => return Err(refused(problem)),
        }
    }
    if !wants_page(request.headers()) {
        return Err(refused(Problem::new(Code::MissingCredentials, "Nobody is signed in here. Sign in at /console.")));
    }
    Err(to(&sign_in_path(request)))
}

/// The session's secret, where the browser sent one.
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(COOKIE).filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('='))
}

/// Whether a form was sent by one of our own pages.
pub fn is_from_here(headers: &HeaderMap, public_url: Option<&str>) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(SEC_FETCH_SITE) {
        return matches!(site, "same-origin" | "none");
    }
    let Some((_, origin)) = text(ORIGIN).and_then(|origin| origin.split_once("://")) else { return false };
    let public = public_url.and_then(|url| url.split_once("://")).map(|(_, host)| host.split('/').next().unwrap_or(host));
    Some(origin) == text(HOST) || Some(origin) == public
}

/// A request that changes something and does not come from our own pages.
pub fn elsewhere() -> Problem {
    Problem::new(Code::CrossSite, "This request does not come from the console's own pages. Open the console and do it there.")
}

/// The way to another page.
pub fn to(path: &str) -> HttpResponse {
    HttpResponse::build(StatusCode::SEE_OTHER).insert_header((LOCATION, path)).finish()
}

/// Whether a page is awaited, and no program reads the answer.
pub fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// The sign-in page, which leads on to what was asked for.
fn sign_in_path(request: &ServiceRequest) -> String {
    let (path, query) = (request.path(), request.query_string());
    if *request.method() != Method::GET || path == super::PATH {
        return "/console/sign-in".to_owned();
    }
    let wanted = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let next: String = form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
    format!("/console/sign-in?next={next}")
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        for (line, expected) in [
            ("callgate_session=abc", Some("abc")),
            ("a=b; callgate_session=abc; c=d", Some("abc")),
            ("a=callgate_session=abc", None),
            ("xcallgate_session=abc", None),
            ("callgate_session_=abc", None),
            ("", None),
        ] {
            assert_eq!(cookie(&headers(&[("cookie", line)])), expected, "{line}");
        }
    }

    #[test]
    fn only_our_own_pages_change_something() {
        let check = |pairs: &[(&'static str, &'static str)], expected| {
            assert_eq!(is_from_here(&headers(pairs), Some("https://calls.example.com/gate")), expected, "{pairs:?}");
        };
        check(&[("sec-fetch-site", "same-origin")], true);
        check(&[("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:8010"), ("host", "127.0.0.1:8010")], false);
        check(&[("sec-fetch-site", "same-site")], false);
        check(&[("origin", "http://127.0.0.1:8010"), ("host", "127.0.0.1:8010")], true);
        check(&[("origin", "https://calls.example.com"), ("host", "127.0.0.1:8010")], true);
        check(&[("origin", "https://evil.example"), ("host", "127.0.0.1:8010")], false);
        check(&[("origin", "null"), ("host", "127.0.0.1:8010")], false);
        check(&[("host", "127.0.0.1:8010")], false);
    }
}
