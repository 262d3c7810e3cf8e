//! The vector, and everything that is not quite it.

use callgate_domain::model::Secret;

use super::*;
use crate::providers::keys::Sum;

const BODY: &str = r#"{"event":"participant_left","room":{"sid":"RM_test","name":"call-01"},"participant":{"sid":"PA_test","identity":"callee-01","kind":"SIP","attributes":{"sip.callID":"SCL_test","sip.callStatus":"hangup"},"disconnectReason":"CLIENT_INITIATED"},"id":"EV_test1","createdAt":"1767225600"}"#;
const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJBUEl0ZXN0S2V5MTIzIiwibmJmIjoxNzY3MjI1NjAwLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6MTc2NzIyNTkwMCwic2hhMjU2IjoiWWYxNHh6QkN5ZHl2UC95dTRNZmN6S3dXQitUeTg4Y0YyWDlEMTR4NmhhUT0ifQ.Txh8IJlos_7zJmV3E0akLmbiq1ySmIaQJpDgNKY1fMU";
const BEGINS: i64 = 1_767_225_600;
const ENDS: i64 = BEGINS + 300;
const SECRET: &str = "livekit-test-secret-0123456789abcdef";

fn secrets(texts: &[&str]) -> Vec<Secret> {
    texts.iter().filter_map(|text| Secret::new(*text)).collect()
}

fn verdict_with(keys: &[&str], with: &[&str], tokens: &[&str], body: &str, at: i64) -> Result<(), WebhookError> {
    let headers = tokens.iter().map(|token| ("authorization".to_owned(), (*token).to_owned())).collect();
    let webhook = RawWebhook { url: None, headers, body: body.as_bytes().to_vec() };
    let sums = Keys::new(Sum::Sha256, &secrets(with)).unwrap();
    verify(&secrets(keys), &sums, &webhook, Timestamp::from_second(at).unwrap()).map(drop)
}

fn verdict(token: &str, body: &str, at: i64) -> Result<(), WebhookError> {
    verdict_with(&["APItestKey123"], &[SECRET], &[token], body, at)
}

fn signed(claims: &str) -> String {
    let signed = format!("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{}", URL_SAFE_NO_PAD.encode(claims));
    let sum = Keys::new(Sum::Sha256, &secrets(&[SECRET])).unwrap().sum(&[signed.as_bytes()]);
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(sum))
}

#[test]
fn the_vector_is_believed_in_its_time_and_a_minute_around_it() {
    for at in [BEGINS - 60, BEGINS, BEGINS + 150, ENDS, ENDS + 60] {
        assert_eq!(verdict(TOKEN, BODY, at), Ok(()), "{at}");
    }
    for at in [0, BEGINS - 61, ENDS + 61, ENDS + 86_400] {
        assert_eq!(verdict(TOKEN, BODY, at), Err(WebhookError::TooOld), "{at}");
    }
}

#[test]
fn every_key_and_secret_that_is_good_verifies_and_no_other() {
    let keys = ["APInew", "APItestKey123"];
    assert_eq!(verdict_with(&keys, &["new", SECRET], &[TOKEN], BODY, BEGINS), Ok(()));
    let bad = Err(WebhookError::BadSignature);
    assert_eq!(verdict_with(&["APInew"], &[SECRET], &[TOKEN], BODY, BEGINS), bad);
    assert_eq!(verdict_with(&keys, &["new"], &[TOKEN], BODY, BEGINS), bad);
    assert_eq!(verdict_with(&keys, &[SECRET], &[TOKEN, TOKEN], BODY, BEGINS), bad);
    assert_eq!(verdict_with(&keys, &[SECRET], &[], BODY, BEGINS), bad);
}

#[test]
fn what_is_no_token_about_this_body_is_not_believed() {
    let (head, sum) = TOKEN.rsplit_once('.').unwrap();
    let bearer = format!("Bearer {TOKEN}");
    let cut = &TOKEN[..TOKEN.len() - 1];
    for token in ["", ".", "..", "a.b.c", head, sum, cut, &format!("{head}."), &format!("{TOKEN}="), &bearer] {
        assert_eq!(verdict(token, BODY, BEGINS), Err(WebhookError::BadSignature), "{token}");
    }
    assert_eq!(verdict(TOKEN, &BODY.replace("callee-01", "callee-02"), BEGINS), Err(WebhookError::BadSignature));
}

/// Clients of a project hold tokens of the same key: none of them may speak as a webhook.
#[test]
fn a_token_for_something_else_is_no_webhook() {
    let sha = "Yf14xzBCydyvP/yu4MfczKwWB+Ty88cF2X9D14x6haQ=";
    assert_eq!(verdict(&signed(&format!(r#"{{"iss":"APItestKey123","exp":{ENDS},"sha256":"{sha}"}}"#)), BODY, BEGINS), Ok(()));
    for claims in [
        format!(r#"{{"iss":"APItestKey123","exp":{ENDS},"video":{{"room":"call-01"}}}}"#),
        format!(r#"{{"iss":"APItestKey123","sha256":"{sha}"}}"#),
        format!(r#"{{"exp":{ENDS},"sha256":"{sha}"}}"#),
        format!(r#"{{"iss":"APItestKey123","exp":"{ENDS}","sha256":"{sha}"}}"#),
        format!(r#"{{"iss":"APItestKey123","exp":{},"sha256":"{sha}"}}"#, i64::MAX),
        format!(r#"{{"iss":"APItestKey123","exp":{ENDS},"sha256":""}}"#),
        format!(r#"{{"iss":"APItestKey123","exp":{ENDS},"sha256":"Yf14"}}"#),
        "[]".to_owned(),
        String::new(),
    ] {
        assert_eq!(verdict(&signed(&claims), BODY, BEGINS), Err(WebhookError::BadSignature), "{claims}");
    }
}
