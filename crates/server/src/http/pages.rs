//! The plain pages: readable without a script, nothing from another host, and honest about what is not built yet.

use std::fmt::Write as _;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

use super::console::assets;
use super::error::{Code, Problem};
use super::{Http, table};

const FRAME: &str = include_str!("pages/frame.html");
const HOME: &str = include_str!("pages/home.html");
const DOCS: &str = include_str!("pages/docs.html");
/// A page takes everything from here, and nothing in line.
pub const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// Shown where nothing else is known.
const DEFAULT_BASE: &str = "http://127.0.0.1:8010";

/// Where to go.
#[get("/")]
pub async fn home() -> HttpResponse {
    page("Home", HOME)
}

/// The contract on one page.
#[get("/docs")]
pub async fn docs(http: Data<Http>, request: HttpRequest) -> HttpResponse {
    let base = escaped(&http.base(&request));
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
    let asset = assets::ALL.iter().find(|asset| asset.path() == request.path()).ok_or_else(table::nothing_here)?;
    let (text, may_be_kept) = asset.text();
    let caching = if may_be_kept { "public, max-age=31536000, immutable" } else { "no-store" };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, asset.content_type))
        .insert_header((CACHE_CONTROL, caching))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(text))
}

fn page(title: &str, content: &str) -> HttpResponse {
    let page = FRAME
        .replace("{{title}}", title)
        .replace("/assets/{{css}}", assets::PAGES.path())
        .replace("{{version}}", env!("CARGO_PKG_VERSION"))
        .replace("{{content}}", content);
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(page)
}

impl Http {
    /// The address that the reader used, or the configured one; made of harmless characters.
    pub fn base(&self, request: &HttpRequest) -> String {
        if let Some(public) = &self.gateway.facts.public_url {
            return public.clone();
        }
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        let plain = |host: &&str| {
            host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':' | b'-' | b'[' | b']'))
        };
        host.filter(plain).map_or_else(|| DEFAULT_BASE.to_owned(), |host| format!("http://{host}"))
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
