//! The public pages: readable without a script and without a key, nothing from another host.
//!
//! What `/docs` says is written once, in `src/console/docs.md`, with samples that lie beside it and are run by tests.
//! [`source`] makes of it the Markdown for one reader, [`markdown`] reads that, and a template shows it.

pub mod docs;
pub mod errors;
pub mod explorer;
pub mod markdown;
mod paint;
pub mod source;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use askama::Template;

use super::console::assets::{self, CSS, DOCS, ICON, JS};
use super::console::page::page;
use super::error::Problem;
use super::{Http, table};

/// A page takes everything from here, and nothing in line.
pub const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// An asset may be kept: another one has another name.
const A_YEAR: &str = "public, max-age=31536000, immutable";

/// What all public pages need.
pub struct Frame {
    css: &'static str,
    docs: &'static str,
    js: &'static str,
    icon: &'static str,
    version: &'static str,
}

impl Frame {
    fn new() -> Self {
        Self { css: CSS.path(), docs: DOCS.path(), js: JS.path(), icon: ICON.path(), version: env!("CARGO_PKG_VERSION") }
    }
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
}

/// Where to go.
#[get("/")]
pub async fn home() -> Result<HttpResponse, Problem> {
    page(&Home { frame: Frame::new() })
}

/// The same for a program that reads: a title, a summary, links (llmstxt.org).
#[get("/llms.txt")]
pub async fn llms(http: Data<Http>, request: HttpRequest) -> HttpResponse {
    let text = include_str!("../console/llms.txt").replace(source::WRITTEN_FOR, &http.base(&request));
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/plain; charset=utf-8")).body(text)
}

/// What the pages need.
#[get("/assets/{file}")]
pub async fn asset(request: HttpRequest) -> Result<HttpResponse, Problem> {
    if let Some(asset) = assets::ALL.iter().find(|asset| asset.path() == request.path()) {
        let (text, may_be_kept) = asset.text();
        return Ok(HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, asset.content_type))
            .insert_header((CACHE_CONTROL, if may_be_kept { A_YEAR } else { "no-store" }))
            .body(text));
    }
    let asset = explorer::assets().iter().find(|asset| asset.path == request.path()).ok_or_else(table::nothing_here)?;
    let mut answer = HttpResponse::Ok();
    if asset.is_compressed {
        answer.insert_header((CONTENT_ENCODING, HeaderValue::from_static("gzip")));
    }
    Ok(answer.insert_header((CONTENT_TYPE, asset.content_type)).insert_header((CACHE_CONTROL, A_YEAR)).body(asset.bytes.clone()))
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
        host.filter(plain).map_or_else(|| source::WRITTEN_FOR.to_owned(), |host| format!("http://{host}"))
    }
}
