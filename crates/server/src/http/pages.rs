//! The plain pages: readable without a script, nothing from another host, and honest about what is not built yet.

use std::fmt::Write as _;
use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use sha2::{Digest, Sha256};

use super::error::{Code, Problem};
use super::{Http, table};

const FRAME: &str = include_str!("pages/frame.html");
const HOME: &str = include_str!("pages/home.html");
const DOCS: &str = include_str!("pages/docs.html");
const CONSOLE: &str = include_str!("pages/console.html");
const CSS: &str = include_str!("pages/pages.css");
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// Shown where nothing else is known.
const DEFAULT_BASE: &str = "http://127.0.0.1:8010";

/// The stylesheet's name holds its hash, so that it can be kept for a year.
static CSS_NAME: LazyLock<String> = LazyLock::new(|| {
    let hash: String = Sha256::digest(CSS).iter().take(6).fold(String::new(), |mut hash, byte| {
        // Writing to a string cannot fail.
        let _written = write!(hash, "{byte:02x}");
        hash
    });
    format!("pages-{hash}.css")
});

/// Where to go.
#[get("/")]
pub async fn home() -> HttpResponse {
    page("Home", HOME)
}

/// The console's place.
#[get("/console")]
pub async fn console() -> HttpResponse {
    page("Console", CONSOLE)
}

/// A call's place in the console: what the command line points at.
#[get("/console/calls/{call_id}")]
pub async fn console_call() -> HttpResponse {
    page("Console", CONSOLE)
}

/// The contract on one page.
#[get("/docs")]
pub async fn docs(http: Data<Http>, request: HttpRequest) -> HttpResponse {
    let base = base(&http, &request);
    let cards: String = http.gateway.agents.list().iter().fold(String::new(), |mut cards, held| {
        let agent = &held.agent;
        let phone = if agent.test { "+12025550101" } else { "+996700000000" };
        let test = if agent.test { "Simulated: no phone rings." } else { "This dials a real phone." };
        let _written = write!(
            cards,
            "<section class=\"card\"><h3>{name}</h3><p>{description} {test}</p><pre tabindex=\"0\"><code>curl -X POST {base}/v1/calls \\\n  \
             -H \"Authorization: Bearer $CALLGATE_KEY\" \\\n  -H \"Content-Type: application/json\" \\\n  \
             -d '{{ \"phone\": \"{phone}\", \"agent\": \"{key}\" }}'</code></pre></section>",
            name = escaped(&agent.name),
            description = escaped(&agent.description),
            key = escaped(agent.key.as_str()),
        );
        cards
    });
    page("Docs", &DOCS.replace("{{cards}}", &cards).replace("{{base}}", &base))
}

/// The catalogue of errors.
#[get("/docs/errors")]
pub async fn errors() -> HttpResponse {
    let mut rows = String::new();
    for code in Code::ALL {
        let (word, status, title, advice) = (code.as_str(), code.status().as_u16(), code.title(), code.advice());
        let _written = writeln!(
            rows,
            "<tr id=\"{word}\"><th scope=\"row\"><code>{word}</code></th><td>{status}</td><td>{title}. {advice}</td></tr>",
            title = escaped(title),
            advice = escaped(advice),
        );
    }
    let content = format!(
        "<h1>Errors</h1>\n<p>Every error is a problem document (RFC 9457). A program goes by <code>code</code>, which never changes \
         its meaning; <code>detail</code> is for a person.</p>\n<table><caption>Every code, the status it comes with, and what to \
         do</caption><thead><tr><th scope=\"col\">Code</th><th scope=\"col\">Status</th><th scope=\"col\">What it means</th></tr></thead>\
         <tbody>\n{rows}</tbody></table>"
    );
    page("Errors", &content)
}

/// What the pages need.
#[get("/assets/{file}")]
pub async fn asset(request: HttpRequest) -> Result<HttpResponse, Problem> {
    if request.match_info().get("file") != Some(CSS_NAME.as_str()) {
        return Err(table::nothing_here());
    }
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/css; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(CSS))
}

fn page(title: &str, content: &str) -> HttpResponse {
    let page = FRAME
        .replace("{{title}}", title)
        .replace("{{css}}", &CSS_NAME)
        .replace("{{version}}", env!("CARGO_PKG_VERSION"))
        .replace("{{content}}", content);
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(page)
}

/// The address that the reader used, or the configured one.
fn base(http: &Http, request: &HttpRequest) -> String {
    if let Some(public) = &http.gateway.facts.public_url {
        return escaped(public);
    }
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let plain =
        |host: &&str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':' | b'-' | b'[' | b']'));
    host.filter(plain).map_or_else(|| DEFAULT_BASE.to_owned(), |host| format!("http://{host}"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
