//! What Overview shows until the first call: how to place one that rings nobody, and where to go from there.

use actix_web::HttpResponse;
use askama::Template;

use super::super::frame::{Frame, Here};
use super::super::page::page;
use super::super::place;
use super::Practice;
use crate::hint;
use crate::http::Http;
use crate::http::error::Problem;

#[derive(Template)]
#[template(path = "welcome.html")]
struct Welcome {
    frame: Frame,
    practice: Option<Practice>,
    phone: &'static str,
    /// What makes the form one request, however often it is sent.
    once: String,
    check: String,
    listen: String,
}

/// The page.
///
/// # Errors
/// 503, or 500.
pub async fn shown(http: &Http, practice: Option<Practice>) -> Result<HttpResponse, Problem> {
    page(&Welcome {
        frame: Frame::of(http, Here::Overview, "Welcome").await?,
        practice,
        phone: place::PRACTICE_PHONE,
        once: place::once(&*http.gateway.chance),
        check: hint::command("agents check"),
        listen: hint::command("webhooks add \\\n  https://crm.example.com/calls"),
    })
}
