//! The vectors of the page, and everything that is not quite them.

use callgate_domain::model::Secret;

use super::*;
use crate::providers::keys::Sum;

const TOKEN: &str = "12345abcdeTESTtoken";
const STATUS: &str = "https://gw.example.com/webhooks/twilio/status?c=call_01";
const FORM: &str = "AccountSid=AC00000000000000000000000000000000&CallDuration=42&CallSid=CA11111111111111111111111111111111&CallStatus=completed&From=%2B15005550006&SequenceNumber=3&To=%2B14155550100";
const STATUS_SIGNED: &str = "BI27sJpRw76q8F4hx7aEfa+FWcg=";
const SHA: &str = "93a23971a914e5eacbf0a8d25154cda309c3c1c72fbb9914d47c60f3cb681588";

fn keys(tokens: &[&str]) -> Keys {
    let secrets: Vec<Secret> = tokens.iter().filter_map(|token| Secret::new(*token)).collect();
    Keys::new(Sum::Sha1, &secrets).unwrap()
}

fn verdict(tokens: &[&str], url: Option<&str>, body: &str, signatures: &[&str]) -> Result<(), WebhookError> {
    let headers = signatures.iter().map(|value| ("x-twilio-signature".to_owned(), (*value).to_owned())).collect();
    let webhook = RawWebhook { url: url.map(str::to_owned), headers, body: body.as_bytes().to_vec() };
    verify(&keys(tokens), &webhook).map(drop)
}

fn check(token: &str, url: &str, body: &str, signature: &str) {
    assert_eq!(verdict(&[token], Some(url), body, &[signature]), Ok(()), "{url} {body}");
    assert_eq!(verdict(&["new", token], Some(url), body, &[signature]), Ok(()), "{url} {body}");
    assert_eq!(sign(&keys(&[token]), url, body.as_bytes()), signature);
    let bad = Err(WebhookError::BadSignature);
    assert_eq!(verdict(&["new"], Some(url), body, &[signature]), bad);
    assert_eq!(verdict(&[token], None, body, &[signature]), bad);
    assert_eq!(verdict(&[token], Some(&format!("{url}x")), body, &[signature]), bad);
    assert_eq!(verdict(&[token], Some(url), &format!("{body}&More="), &[signature]), bad);
    assert_eq!(verdict(&[token], Some(url), body, &[signature, signature]), bad);
    assert_eq!(verdict(&[token], Some(url), body, &[]), bad);
    assert_eq!(verdict(&[token], Some(url), body, &[""]), bad);
}

#[test]
fn the_vectors_are_believed() {
    let sdk = "https://mycompany.com/myapp.php?foo=1&bar=2";
    let digits = "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309";
    check(TOKEN, STATUS, FORM, STATUS_SIGNED);
    check("12345", sdk, digits, "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
    check("12345", sdk, "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234", "IK+Dwps556ElfBT0I3Rgjkr1wJU=");
    check(TOKEN, "wss://gw.example.com/relay", "", "VlZ+3/Vw4kgMQM30M0hTFXyTsWY=");
    check(TOKEN, "wss://gw.example.com/relay/", "", "oQM/9mCOmdehZIbbk7EwMmG8ee4=");
}

#[test]
fn the_text_that_is_signed_is_that_of_the_vector() {
    assert_eq!(
        format!("{STATUS}{}", signed_fields(FORM.as_bytes())),
        "https://gw.example.com/webhooks/twilio/status?c=call_01AccountSidAC00000000000000000000000000000000CallDuration42CallSidCA11111111111111111111111111111111CallStatuscompletedFrom+15005550006SequenceNumber3To+14155550100"
    );
    assert_eq!(signed_fields(b"b=&a=2&a=1&a=2&B=x+y%2B"), "Bx y+a1a2b");
}

#[test]
fn a_body_that_is_no_form_is_covered_by_its_sum_or_not_at_all() {
    let url = format!("https://gw.example.com/webhooks/twilio/json?bodySHA256={SHA}");
    let signature = "gjTrSJ/9KzSc0qeOmalA0F8xLEk=";
    check(TOKEN, &url, r#"{"hello":"world"}"#, signature);
    let bad = Err(WebhookError::BadSignature);
    assert_eq!(verdict(&[TOKEN], Some(&url), r#"{"hello":"World"}"#, &[signature]), bad);
    // The address alone is signed: without the sum in it anybody could put any body there.
    let bare = "https://gw.example.com/webhooks/twilio/json";
    let signed = sign(&keys(&[TOKEN]), bare, b"");
    assert_eq!(verdict(&[TOKEN], Some(bare), "", &[&signed]), Ok(()));
    assert_eq!(verdict(&[TOKEN], Some(bare), r#"{"hello":"world"}"#, &[&signed]), bad);
    for odd in ["", "zz", "93a2"] {
        let url = format!("{bare}?bodySHA256={odd}");
        let signed = sign(&keys(&[TOKEN]), &url, b"");
        assert_eq!(verdict(&[TOKEN], Some(&url), "", &[&signed]), bad, "{odd}");
    }
}

#[test]
fn the_port_that_a_scheme_implies_may_be_named_or_not() {
    for (url, other) in [
        ("https://a.example/x?y=1", Some("https://a.example:443/x?y=1")),
        ("https://a.example:443/x", Some("https://a.example/x")),
        ("http://a.example?y", Some("http://a.example:80?y")),
        ("http://a.example:80", Some("http://a.example")),
        ("https://[::1]/x", Some("https://[::1]:443/x")),
        ("https://a.example:8443/x", None),
        ("http://a.example:443/x", None),
        ("nonsense", None),
    ] {
        let all: Vec<String> = [url].into_iter().chain(other).map(str::to_owned).collect();
        assert_eq!(addresses(url), all);
        if let Some(other) = other {
            let signed = sign(&keys(&[TOKEN]), other, FORM.as_bytes());
            assert_eq!(verdict(&[TOKEN], Some(url), FORM, &[&signed]), Ok(()), "{url}");
        }
    }
}
