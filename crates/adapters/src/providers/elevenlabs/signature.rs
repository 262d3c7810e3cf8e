//! `ElevenLabs-Signature: t=<seconds>,v0=<hex>`: HMAC-SHA256 over `<t>.<body>` with the secret as it was given.

use std::time::Duration;

use callgate_domain::ports::{Authentic, RawWebhook, WebhookError};
use jiff::Timestamp;

use crate::providers::keys::{Keys, digits, from_hex, is_fresh, only};

pub const HEADER: &str = "elevenlabs-signature";
const TOLERANCE: Duration = Duration::from_mins(30);

/// Whether these bytes are theirs. Several `v0` are a rotation; entries of other names are not ours to judge.
pub fn verify(keys: &Keys, webhook: &RawWebhook, now: Timestamp) -> Result<Authentic, WebhookError> {
    let entries: Vec<(&str, &str)> = only(webhook, HEADER)?.split(',').filter_map(|entry| entry.trim().split_once('=')).collect();
    let all = |wanted: &'static str| entries.iter().filter(move |(name, _)| *name == wanted).map(|(_, value)| *value);
    let dates: Vec<&str> = all("t").collect();
    let [date] = dates.as_slice() else { return Err(WebhookError::BadSignature) };
    let theirs: Vec<Vec<u8>> = all("v0").filter_map(from_hex).collect();
    keys.agree(&[date.as_bytes(), b".", &webhook.body], &theirs)?;
    let signed_at = digits(date).and_then(|seconds| Timestamp::from_second(seconds).ok()).ok_or(WebhookError::BadSignature)?;
    is_fresh(signed_at, now, TOLERANCE)?;
    Ok(Authentic::verified(webhook.clone()))
}

#[cfg(test)]
mod tests {
    use callgate_domain::model::Secret;

    use super::*;
    use crate::providers::keys::Sum;

    /// The vector of the provider's page, checked there against their own SDK.
    const SECRET: &str = "wsec_test_0123456789abcdef";
    const BODY: &str = r#"{"type":"call_initiation_failure","event_timestamp":1767225600,"data":{"agent_id":"agent_1","conversation_id":"conv_1","failure_reason":"busy","metadata":{"type":"sip","body":{"from_number":"+15550100001","to_number":"+15550100002","sip_status_code":486,"error_reason":"Busy here","call_sid":"sid-1"}}}}"#;
    const SUM: &str = "d7c29a3c95103a1c086ddca76ab9124217875421fbd4d211572a60fa90682ae6";
    const AT: i64 = 1_767_225_600;

    fn verdict_with(secrets: &[&str], headers: &[&str], at: i64) -> Result<(), WebhookError> {
        let secrets: Vec<Secret> = secrets.iter().filter_map(|secret| Secret::new(*secret)).collect();
        let keys = Keys::new(Sum::Sha256, &secrets).unwrap();
        let headers = headers.iter().map(|value| (HEADER.to_owned(), (*value).to_owned())).collect();
        let webhook = RawWebhook { url: None, headers, body: BODY.as_bytes().to_vec() };
        verify(&keys, &webhook, Timestamp::from_second(at).unwrap()).map(drop)
    }

    fn verdict(header: &str, at: i64) -> Result<(), WebhookError> {
        verdict_with(&[SECRET], &[header], at)
    }

    #[test]
    fn the_vector_of_the_page_verifies() {
        assert_eq!(BODY.len(), 303);
        assert_eq!(verdict(&format!("t={AT},v0={SUM}"), AT), Ok(()));
    }

    #[test]
    fn one_of_several_signatures_and_one_of_several_secrets_is_enough() {
        let other = "0".repeat(64);
        assert_eq!(verdict(&format!("t={AT},v0={other},v0={SUM}"), AT), Ok(()));
        assert_eq!(verdict(&format!("v1={other}, v0={SUM}, t={AT}"), AT), Ok(()));
        assert_eq!(verdict_with(&["new", SECRET], &[&format!("t={AT},v0={SUM}")], AT), Ok(()));
    }

    #[test]
    fn half_an_hour_off_is_the_limit_both_ways() {
        let header = format!("t={AT},v0={SUM}");
        for (off, expected) in [(1_800, Ok(())), (1_801, Err(WebhookError::TooOld))] {
            assert_eq!(verdict(&header, AT + off), expected, "{off}");
            assert_eq!(verdict(&header, AT - off), expected, "-{off}");
        }
    }

    #[test]
    fn anything_else_is_not_theirs() {
        let good = format!("t={AT},v0={SUM}");
        for odd in [
            String::new(),
            SUM.to_owned(),
            format!("v0={SUM}"),
            format!("t={AT}"),
            format!("t={AT},v0="),
            format!("t={AT},v1={SUM}"),
            format!("t={},v0={SUM}", AT + 1),
            format!("t=0{AT},v0={SUM}"),
            format!("t={AT},t={AT},v0={SUM}"),
            format!("t={AT},v0={}", &SUM[..63]),
            format!("t={AT},v0={}00", SUM),
            format!("t={AT};v0={SUM}"),
            "t=é,v0=é".to_owned(),
        ] {
            assert_eq!(verdict(&odd, AT), Err(WebhookError::BadSignature), "{odd}");
        }
        assert_eq!(verdict_with(&[SECRET], &[&good, &good], AT), Err(WebhookError::BadSignature));
        assert_eq!(verdict_with(&["other"], &[&good], AT), Err(WebhookError::BadSignature));
    }

    /// A date that is none can be signed too.
    #[test]
    fn a_signed_date_must_be_one() {
        let keys = Keys::new(Sum::Sha256, &Vec::from_iter(Secret::new(SECRET))).unwrap();
        for date in ["soon", "-1", "99999999999999999999", "9999999999999"] {
            let sum: String =
                keys.sum(&[date.as_bytes(), b".", BODY.as_bytes()]).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(verdict(&format!("t={date},v0={sum}"), AT), Err(WebhookError::BadSignature), "{date}");
        }
    }
}
