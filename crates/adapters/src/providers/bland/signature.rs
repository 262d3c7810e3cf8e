//! Bland's signature: HMAC-SHA256 of the body in hex, keyed by the signing secret of the dashboard. It is not dated: what
//! repeats is known by its body.

use callgate_domain::ports::{Authentic, RawWebhook, WebhookError};

use crate::providers::keys::{Keys, from_hex, only};

/// In lower case, as names of headers are here.
const HEADER: &str = "x-webhook-signature";

/// Whether these bytes are Bland's.
pub fn verify(keys: &Keys, webhook: &RawWebhook) -> Result<Authentic, WebhookError> {
    let tag = from_hex(only(webhook, HEADER)?).ok_or(WebhookError::BadSignature)?;
    keys.agree(&[&webhook.body], &[tag])?;
    Ok(Authentic::verified(webhook.clone()))
}

#[cfg(test)]
mod tests {
    use callgate_domain::model::Secret;

    use super::*;
    use crate::providers::keys::Sum;

    const BODY: &str =
        r#"{"call_id":"5f0c1f1e-0f5a-4a53-9f0b-1f6f2b7c9a10","status":"completed","completed":true,"answered_by":"human"}"#;
    const TAG: &str = "a972083e03ea25f6843448708d13e94b489bb43799e994c4cb78f8457e07c7db";

    fn check(secrets: &[&str], headers: &[(&str, &str)], body: &str, expected: Result<(), WebhookError>) {
        let secrets: Vec<Secret> = secrets.iter().filter_map(|secret| Secret::new(*secret)).collect();
        let keys = Keys::new(Sum::Sha256, &secrets).unwrap();
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let webhook = RawWebhook { url: None, headers, body: body.as_bytes().to_vec() };
        assert_eq!(verify(&keys, &webhook).map(drop), expected, "{webhook:?}");
    }

    #[test]
    fn a_signature_is_the_one_of_the_facts() {
        assert_eq!(BODY.len(), 110);
        let ours = "bland_whsec_test_123";
        check(&[ours], &[(HEADER, TAG)], BODY, Ok(()));
        check(&["new", ours], &[(HEADER, TAG)], BODY, Ok(()));
        let bad = Err(WebhookError::BadSignature);
        check(&["new"], &[(HEADER, TAG)], BODY, bad);
        check(&[ours], &[(HEADER, TAG)], &format!("{BODY}\n"), bad);
        check(&[ours], &[], BODY, bad);
        check(&[ours], &[(HEADER, "")], BODY, bad);
        check(&[ours], &[(HEADER, TAG), (HEADER, TAG)], BODY, bad);
        check(&[ours], &[(HEADER, &TAG[..62])], BODY, bad);
        check(&[ours], &[(HEADER, &format!("sha256={TAG}"))], BODY, bad);
        // The widget's own header is for something else.
        check(&[ours], &[("x-bland-signature", TAG)], BODY, bad);
    }
}
