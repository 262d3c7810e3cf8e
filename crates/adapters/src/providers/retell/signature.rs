//! `X-Retell-Signature: v=<milliseconds>,d=<hex>`: HMAC-SHA256 over the body and the digits of the moment after it, with an
//! API key of the account.

use std::time::Duration;

use callgate_domain::ports::{Authentic, RawWebhook, WebhookError};
use jiff::Timestamp;

use crate::providers::keys::{Keys, digits, from_hex, is_fresh, only};

pub const HEADER: &str = "x-retell-signature";
const TOLERANCE: Duration = Duration::from_mins(5);

/// Whether these bytes are theirs. The header has one form, and nothing beside it counts.
pub fn verify(keys: &Keys, webhook: &RawWebhook, now: Timestamp) -> Result<Authentic, WebhookError> {
    let parts = only(webhook, HEADER)?.strip_prefix("v=").and_then(|rest| rest.split_once(",d="));
    let (date, sum) = parts.ok_or(WebhookError::BadSignature)?;
    let theirs =
        from_hex(sum).filter(|_| !sum.bytes().any(|byte| byte.is_ascii_uppercase())).ok_or(WebhookError::BadSignature)?;
    keys.agree(&[&webhook.body, date.as_bytes()], &[theirs])?;
    let signed_at = digits(date).and_then(|millis| Timestamp::from_millisecond(millis).ok()).ok_or(WebhookError::BadSignature)?;
    is_fresh(signed_at, now, TOLERANCE)?;
    Ok(Authentic::verified(webhook.clone()))
}

#[cfg(test)]
mod tests {
    use callgate_domain::model::Secret;

    use super::*;
    use crate::providers::keys::Sum;

    /// The vector of the provider's page, checked there against their own SDK. Its last value is not ASCII.
    const KEY: &str = "key_test_0123456789abcdef";
    const BODY: &str = r#"{"event":"call_ended","call":{"call_id":"call_abc123","call_type":"phone_call","call_status":"not_connected","disconnection_reason":"dial_no_answer","metadata":{"gateway_call_id":"gw_42"},"note":"é"}}"#;
    const SUM: &str = "ee192ff6ce31bc516191520aa4f4aad315a765caf5ced0a2dae38f3d9f492559";
    const AT: i64 = 1_767_225_600_123;

    fn verdict_with(secrets: &[&str], headers: &[&str], body: &str, at: i64) -> Result<(), WebhookError> {
        let secrets: Vec<Secret> = secrets.iter().filter_map(|secret| Secret::new(*secret)).collect();
        let keys = Keys::new(Sum::Sha256, &secrets).unwrap();
        let headers = headers.iter().map(|value| (HEADER.to_owned(), (*value).to_owned())).collect();
        let webhook = RawWebhook { url: None, headers, body: body.as_bytes().to_vec() };
        verify(&keys, &webhook, Timestamp::from_millisecond(at).unwrap()).map(drop)
    }

    fn verdict(header: &str, at: i64) -> Result<(), WebhookError> {
        verdict_with(&[KEY], &[header], BODY, at)
    }

    #[test]
    fn the_vector_of_the_page_verifies() {
        assert_eq!(BODY.len(), 201);
        assert_eq!(verdict(&format!("v={AT},d={SUM}"), AT), Ok(()));
        assert_eq!(verdict_with(&["new", "other", KEY], &[&format!("v={AT},d={SUM}")], BODY, AT), Ok(()));
    }

    #[test]
    fn the_body_is_taken_as_it_came() {
        let escaped = BODY.replace('é', "\\u00e9");
        assert_eq!(verdict_with(&[KEY], &[&format!("v={AT},d={SUM}")], &escaped, AT), Err(WebhookError::BadSignature));
    }

    #[test]
    fn five_minutes_off_is_the_limit_both_ways() {
        let header = format!("v={AT},d={SUM}");
        for (off, expected) in [(300_000, Ok(())), (300_001, Err(WebhookError::TooOld))] {
            assert_eq!(verdict(&header, AT + off), expected, "{off}");
            assert_eq!(verdict(&header, AT - off), expected, "-{off}");
        }
    }

    #[test]
    fn anything_else_is_not_theirs() {
        let good = format!("v={AT},d={SUM}");
        for odd in [
            String::new(),
            SUM.to_owned(),
            format!("d={SUM},v={AT}"),
            format!("v={AT}"),
            format!("v={AT},d="),
            format!("v={AT}, d={SUM}"),
            format!(" v={AT},d={SUM}"),
            format!("v={AT},d={SUM},d={SUM}"),
            format!("v={AT},d={}", SUM.to_uppercase()),
            format!("v={AT},d={}", &SUM[..62]),
            format!("v={},d={SUM}", AT + 1),
            format!("v=0{AT},d={SUM}"),
            "v=é,d=é".to_owned(),
        ] {
            assert_eq!(verdict(&odd, AT), Err(WebhookError::BadSignature), "{odd}");
        }
        assert_eq!(verdict_with(&[KEY], &[&good, &good], BODY, AT), Err(WebhookError::BadSignature));
        assert_eq!(verdict_with(&["other"], &[&good], BODY, AT), Err(WebhookError::BadSignature));
    }

    /// A date that is none can be signed too.
    #[test]
    fn a_signed_date_must_be_one() {
        let keys = Keys::new(Sum::Sha256, &Vec::from_iter(Secret::new(KEY))).unwrap();
        for date in ["soon", "-1", "", "99999999999999999999", "9999999999999999"] {
            let sum: String = keys.sum(&[BODY.as_bytes(), date.as_bytes()]).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(verdict(&format!("v={date},d={sum}"), AT), Err(WebhookError::BadSignature), "{date}");
        }
    }
}
