//! A rendered template as the answer to a request.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use askama::Template;

use crate::http::error::Problem;
use crate::http::pages::POLICY;

/// The page.
///
/// # Errors
/// 500: a template that cannot be rendered is a mistake of ours.
pub fn page(template: &impl Template) -> Result<HttpResponse, Problem> {
    page_with(StatusCode::OK, template)
}

/// The page, with another status.
///
/// # Errors
/// 500.
pub fn page_with(status: StatusCode, template: &impl Template) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(rendered(template)?))
}

/// The text of a template, for a part of a page.
///
/// # Errors
/// 500.
pub fn rendered(template: &impl Template) -> Result<String, Problem> {
    template.render().map_err(|error| {
        tracing::error!(%error, "a page could not be rendered");
        Problem::internal()
    })
}
