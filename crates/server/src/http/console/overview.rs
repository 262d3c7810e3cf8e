//! What is going on now.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use askama::Template;

use super::frame::{Frame, Here};
use super::page::page;
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::error::Problem;

#[derive(Template)]
#[template(path = "overview.html")]
struct Page {
    frame: Frame,
}

/// Overview.
#[get("/console")]
pub async fn overview(http: Data<Http>, _caller: Caller) -> Result<HttpResponse, Problem> {
    page(&Page { frame: Frame::of(&http, Here::Overview, "Overview").await? })
}
