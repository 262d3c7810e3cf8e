//! What a refusal of the API means at the command line. Its words are the server's own.

use callgate_domain::model::nearest::nearest;
use reqwest::{Response, StatusCode};
use serde_json::Value;

use super::body::Body;
use crate::failure::{Exit, Failure};

/// The code of a create whose twin is still being written.
pub const IN_PROGRESS: &str = "idempotency_in_progress";

/// Who did what, the ids, and the server's own detail as what to do.
pub async fn of(response: Response) -> Failure {
    let status = response.status();
    // What is no problem document comes from something between us and the gateway.
    let problem: Value = response.json().await.unwrap_or_default();
    meant(status, &problem)
}

fn meant(status: StatusCode, problem: &Value) -> Failure {
    let code = problem.text("code").unwrap_or_default();
    let exit = match status {
        StatusCode::UNAUTHORIZED => Exit::Key,
        StatusCode::FORBIDDEN if code == "insufficient_scope" => Exit::Key,
        StatusCode::NOT_FOUND => Exit::Missing,
        _ if matches!(code, "unknown_agent" | "unknown_connection") => Exit::Missing,
        status if status.is_client_error() => Exit::Refused,
        _ => Exit::Other,
    };
    let who = if status.is_client_error() { "the gateway refused" } else { "the gateway could not" };
    let what = match problem.text("title") {
        Some(title) => format!("{who}: {}", in_a_sentence(title)),
        None => format!("{who}: it answered {status} without a word"),
    };
    let mut failure = Failure::new(exit, what).code(code);
    for (name, field) in [("call", "call_id"), ("request", "request_id")] {
        if let Some(id) = problem.text(field) {
            failure = failure.id(name, id);
        }
    }
    match problem.text("detail") {
        Some(detail) => failure.then(detail),
        None => failure.then("Check that --url, or CALLGATE_URL, names a gateway, and what stands before it"),
    }
}

/// `The key is not valid.` as the end of a sentence. Names keep their letters.
fn in_a_sentence(title: &str) -> String {
    let title = title.trim_end_matches('.');
    let mut letters = title.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain([second]).chain(letters).collect(),
        _ => title.to_owned(),
    }
}

/// There is no agent of this name among `keys`.
pub fn no_agent(agent: &str, keys: &[&str]) -> Failure {
    let then = match nearest(agent, keys.iter().copied()) {
        Some(meant) => format!("Did you mean --agent {meant}?"),
        None if keys.is_empty() => "There are no public agents; add one to callgate.toml".to_owned(),
        None => format!("There are: {}", keys.join(", ")),
    };
    Failure::new(Exit::Missing, format!("there is no agent '{agent}'")).then(then)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(status: u16, code: &str, exit: Exit) {
        let problem =
            json!({"title": "The call is over", "code": code, "detail": "Leave it.", "request_id": "req_1", "call_id": "019"});
        let failure = meant(StatusCode::from_u16(status).unwrap(), &problem);
        assert_eq!(failure.exit, exit, "{status} {code}");
        let who = if status < 500 { "refused" } else { "could not" };
        let expected = format!("error: the gateway {who}: the call is over\n  call     019\n  request  req_1\n  Leave it.");
        assert_eq!(failure.text(false), expected);
    }

    #[test]
    fn every_refusal_has_its_exit_code() {
        check(400, "invalid_query", Exit::Refused);
        check(401, "invalid_token", Exit::Key);
        check(403, "insufficient_scope", Exit::Key);
        check(403, "destination_not_allowed", Exit::Refused);
        check(404, "not_found", Exit::Missing);
        check(409, "already_terminal", Exit::Refused);
        check(422, "invalid_phone", Exit::Refused);
        check(422, "unknown_agent", Exit::Missing);
        check(422, "unknown_connection", Exit::Missing);
        check(429, "too_many_requests", Exit::Refused);
        check(500, "internal", Exit::Other);
        check(503, "unavailable", Exit::Other);
    }

    #[test]
    fn an_answer_without_words_is_told_by_its_status() {
        let failure = meant(StatusCode::BAD_GATEWAY, &Value::Null);
        assert_eq!(
            failure.text(false),
            "error: the gateway could not: it answered 502 Bad Gateway without a word\n  Check that --url, or CALLGATE_URL, names a gateway, and what stands before it"
        );
    }

    #[test]
    fn a_title_ends_a_sentence() {
        assert_eq!(in_a_sentence("The key is not valid."), "the key is not valid");
        assert_eq!(in_a_sentence("TLS is needed"), "TLS is needed");
        assert_eq!(in_a_sentence(""), "");
    }
}
