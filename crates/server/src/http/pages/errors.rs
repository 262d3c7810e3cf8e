//! The catalogue of errors, where the `type` of a problem document leads.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get};
use askama::Template;

use super::{Frame, page};
use crate::http::error::{Code, Problem};

#[derive(Template)]
#[template(path = "errors.html")]
struct Errors {
    frame: Frame,
    groups: Vec<Group>,
}

/// All codes of one status.
struct Group {
    status: u16,
    reason: &'static str,
    codes: Vec<Code>,
}

/// The catalogue of errors.
#[get("/docs/errors")]
pub async fn errors() -> Result<HttpResponse, Problem> {
    let mut groups: BTreeMap<u16, Group> = BTreeMap::new();
    for code in Code::ALL {
        let status = code.status();
        let reason = status.canonical_reason().unwrap_or_default();
        let group = groups.entry(status.as_u16()).or_insert_with(|| Group { status: status.as_u16(), reason, codes: Vec::new() });
        group.codes.push(*code);
    }
    page(&Errors { frame: Frame::new(), groups: groups.into_values().collect() })
}
