//! Signing in, with a key or by a link that works once, and out.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::SET_COOKIE;
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, get, post};
use askama::Template;
use callgate_domain::model::Secret;
use callgate_domain::ports::Scope;
use callgate_domain::usecases::SignIn;
use url::form_urlencoded;

use super::assets::{CSS, ICON, JS};
use super::gate::{COOKIE_NAME, elsewhere, is_from_here, to};
use super::page::page_with;
use crate::hint;
use crate::http::auth::Caller;
use crate::http::body::{SMALL, Unread};
use crate::http::edge::RequestId;
use crate::http::error::{Code, Problem};
use crate::http::{Http, address};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page<'a> {
    css: &'a str,
    js: &'a str,
    icon: &'a str,
    /// What was wrong with the last try.
    fault: Option<&'a str>,
    /// Where to go then.
    next: &'a str,
    /// The command that makes a link.
    command: String,
}

/// Asks for a key.
#[get("/console/sign-in")]
pub async fn ask(request: HttpRequest) -> Result<HttpResponse, Problem> {
    shown(StatusCode::OK, None, &field(request.query_string().as_bytes(), "next"))
}

/// Takes a key.
#[post("/console/sign-in")]
pub async fn with_key(http: Data<Http>, request: HttpRequest, body: Unread) -> Result<HttpResponse, Problem> {
    if !is_from_here(request.headers(), http.gateway.facts.public_url.as_deref()) {
        return Err(elsewhere());
    }
    let body = body.bytes(SMALL).await?;
    let (key, next) = (field(&body, "key"), field(&body, "next"));
    let id = request_id(&request);
    let from = address::of_request(&request, &http.options.trusted_proxies);
    match http.auth.admit_typed(key.trim(), from, Scope::Admin, &id).await.caller {
        Ok(caller) => {
            let session = http.gateway.sign_in.with_key(caller.key(), id.as_ref().to_owned()).await?;
            Ok(welcome(&http, &session, &next))
        }
        Err(problem) => match problem.code {
            Code::InvalidToken => shown(StatusCode::FORBIDDEN, Some("This server does not know that key."), &next),
            Code::InsufficientScope => {
                let fault = "That key works for the API but not for the console; it needs the scope admin.";
                shown(StatusCode::FORBIDDEN, Some(fault), &next)
            }
            _ => Err(problem),
        },
    }
}

/// Follows a link.
#[get("/console/enter")]
pub async fn with_link(http: Data<Http>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let code = field(request.query_string().as_bytes(), "code");
    let id = request_id(&request);
    if let Some(session) = http.gateway.sign_in.with_link(&code, id.as_ref().to_owned()).await? {
        return Ok(welcome(&http, &session, ""));
    }
    http.auth.wrong_link(address::of_request(&request, &http.options.trusted_proxies), &id)?;
    let fault = format!("That link was used or is older than 10 minutes. Run `{}` for another.", hint::command("console"));
    shown(StatusCode::FORBIDDEN, Some(&fault), "")
}

/// Signs out.
#[post("/console/sign-out")]
pub async fn out(http: Data<Http>, caller: Caller) -> Result<HttpResponse, Problem> {
    if let Some(session) = caller.session() {
        http.gateway.sign_in.out(session).await?;
        http.auth.signed_out(session);
    }
    let mut response = to("/console/sign-in");
    give_cookie(&http, &mut response, "", 0);
    Ok(response)
}

fn shown(status: StatusCode, fault: Option<&str>, next: &str) -> Result<HttpResponse, Problem> {
    let (css, js, icon) = (CSS.path(), JS.path(), ICON.path());
    page_with(status, &Page { css, js, icon, fault, next: inside(next), command: hint::command("console") })
}

/// On to the page that was wanted, with a session.
fn welcome(http: &Http, session: &Secret, next: &str) -> HttpResponse {
    let mut response = to(inside(next));
    give_cookie(http, &mut response, session.expose(), SignIn::SESSION.as_secs());
    response
}

fn give_cookie(http: &Http, response: &mut HttpResponse, value: &str, seconds: u64) {
    let secure = http.gateway.facts.public_url.as_ref().is_some_and(|url| url.starts_with("https://"));
    let secure = if secure { "; Secure" } else { "" };
    let cookie = format!("{COOKIE_NAME}={value}; Path=/console; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    if let Ok(cookie) = cookie.try_into() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

/// A page of the console and nothing else: nobody is led away from here.
fn inside(next: &str) -> &str {
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_plain && (next.starts_with("/console/") || next.starts_with("/console?")) { next } else { super::PATH }
}

/// A field of a form or a query; the empty text where there is none.
fn field(form: &[u8], name: &str) -> String {
    form_urlencoded::parse(form).find(|(held, _)| held == name).map(|(_, value)| Cow::into_owned(value)).unwrap_or_default()
}

fn request_id(request: &HttpRequest) -> Arc<str> {
    request.extensions().get::<RequestId>().map_or_else(|| Arc::from(""), |id| Arc::clone(&id.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_away_from_the_console() {
        for (next, expected) in [
            ("/console/calls?status=failed", "/console/calls?status=failed"),
            ("/console", "/console"),
            ("", "/console"),
            ("https://evil.example", "/console"),
            ("//evil.example", "/console"),
            ("/consolex", "/console"),
            ("/console/\\evil", "/console"),
            ("/console/\r\nx: y", "/console"),
        ] {
            assert_eq!(inside(next), expected, "{next:?}");
        }
    }
}
