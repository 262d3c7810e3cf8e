//! The API description as a page where requests can be tried: Swagger UI, kept in the binary.
//!
//! Of what its crate brings, two files are served, compressed as they are kept, beside our own assets and under names with
//! their hash. The page and the script that starts it are ours.

use std::sync::LazyLock;

use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::{HttpResponse, get};
use askama::Template;
use bytes::Bytes;

use super::{Frame, page};
use crate::http::console::assets::EXPLORER;
use crate::http::error::Problem;

/// As everywhere, and pictures that stand in its stylesheet.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// One file of the explorer.
pub struct Asset {
    /// Where it is had from.
    pub path: String,
    /// What it is.
    pub content_type: &'static str,
    /// Its content.
    pub bytes: Bytes,
    /// Whether the content is compressed with gzip, which every browser takes.
    pub is_compressed: bool,
}

#[derive(Template)]
#[template(path = "reference.html")]
struct Reference<'a> {
    frame: Frame,
    /// Stylesheet, program, and the script that starts it; none in a build without them.
    explorer: Option<(&'a str, &'a str, &'a str)>,
}

/// The explorer.
#[get("/docs/reference")]
pub async fn reference() -> Result<HttpResponse, Problem> {
    let explorer = match assets() {
        [css, js, ..] => Some((css.path.as_str(), js.path.as_str(), EXPLORER.path())),
        _ => None,
    };
    let mut answer = page(&Reference { frame: Frame::new(), explorer })?;
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, actix_web::http::header::HeaderValue::from_static(POLICY));
    Ok(answer)
}

/// Its stylesheet and its program; nothing in a build without it.
pub fn assets() -> &'static [Asset] {
    static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(kept);
    &ASSETS
}

#[cfg(feature = "explorer")]
fn kept() -> Vec<Asset> {
    use std::borrow::Cow;
    use std::sync::Arc;

    use utoipa_swagger_ui::{Config, serve};

    use crate::http::console::assets::named;

    let config = Arc::new(Config::default());
    let files = [("swagger-ui.css", "text/css; charset=utf-8"), ("swagger-ui-bundle.js", "text/javascript; charset=utf-8")];
    let found = files.into_iter().filter_map(|(file, content_type)| {
        let found = serve(file, Arc::clone(&config)).ok()??;
        let bytes = match found.bytes {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        Some(Asset { path: named(file, &bytes), content_type, bytes, is_compressed: found.gzpipped })
    });
    found.collect()
}

#[cfg(not(feature = "explorer"))]
const fn kept() -> Vec<Asset> {
    Vec::new()
}
