//! What went wrong, on a page: the same words as the problem document, and a way on.

use askama::Template;

use super::assets::{CSS, JS};
use crate::http::error::Problem;

#[derive(Template)]
#[template(path = "failed.html")]
struct Failed<'a> {
    css: &'a str,
    js: &'a str,
    title: &'a str,
    detail: &'a str,
    code: &'a str,
    request_id: &'a str,
}

/// The page; `None` where even that cannot be rendered.
pub fn failed(problem: &Problem, request_id: &str) -> Option<String> {
    let (title, code) = (problem.code.title(), problem.code.as_str());
    let page = Failed { css: CSS.path(), js: JS.path(), title, detail: &problem.detail, code, request_id };
    page.render().ok()
}
