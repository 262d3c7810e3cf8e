//! Signatures, against the reference library as the oracle.

use standardwebhooks::Webhook as Oracle;

use super::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const BODY: &[u8] = br#"{"event_type":"call.completed"}"#;

fn secrets(texts: &[&str]) -> Vec<Secret> {
    texts.iter().filter_map(|text| Secret::new(*text)).collect()
}

fn keys(texts: &[&str]) -> StandardWebhooks {
    StandardWebhooks::new(&secrets(texts)).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn message(headers: &[(&str, &str)], body: &[u8]) -> RawWebhook {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    RawWebhook { url: None, headers, body: body.to_vec() }
}

fn signed(keys: &StandardWebhooks, second: i64) -> RawWebhook {
    let headers = keys.sign("msg_1", at(second), BODY);
    message(&headers.each_ref().map(|(name, value)| (*name, value.as_str())), BODY)
}

fn check(headers: &[(&str, &str)], expected: Result<(), WebhookError>) {
    assert_eq!(keys(&[SECRET]).verify(&message(headers, BODY), at(1_700_000_000)), expected, "{headers:?}");
}

#[test]
fn the_reference_library_signs_the_same() {
    for secret in [SECRET, OTHER] {
        let oracle = Oracle::new(secret).unwrap();
        for (id, second, body) in [("msg_1", 1_700_000_000, BODY), ("a", 0, b"".as_slice()), ("ы", 1, "ы\n".as_bytes())] {
            let ours = keys(&[secret]).sign(id, at(second), body);
            assert_eq!(ours[2].1, oracle.sign(id, second, body).unwrap());
        }
    }
}

#[test]
fn what_the_reference_library_signs_is_verified() {
    let signature = Oracle::new(SECRET).unwrap().sign("msg_1", 1_700_000_000, BODY).unwrap();
    check(&[(ID, "msg_1"), (TIMESTAMP, "1700000000"), (SIGNATURE, &signature)], Ok(()));
    let among = format!("v1a,AAAA v1,%%% {signature} v1,AAAA");
    check(&[(ID, "msg_1"), (TIMESTAMP, "1700000000"), (SIGNATURE, &among)], Ok(()));
}

#[test]
fn what_is_missing_twice_or_not_ours_is_refused() {
    let good = Oracle::new(SECRET).unwrap().sign("msg_1", 1_700_000_000, BODY).unwrap();
    let other = Oracle::new(OTHER).unwrap().sign("msg_1", 1_700_000_000, BODY).unwrap();
    let (id, time) = ((ID, "msg_1"), (TIMESTAMP, "1700000000"));
    let refused = Err(WebhookError::BadSignature);
    check(&[], refused);
    check(&[id, time], refused);
    check(&[time, (SIGNATURE, &good)], refused);
    check(&[id, (SIGNATURE, &good)], refused);
    check(&[id, time, (SIGNATURE, "")], refused);
    check(&[id, time, (SIGNATURE, &other)], refused);
    check(&[id, time, (SIGNATURE, good.trim_start_matches("v1,"))], refused);
    check(&[id, time, (SIGNATURE, &good.replace("v1,", "v2,"))], refused);
    check(&[id, time, (SIGNATURE, &good.replace("v1,", "v1, "))], refused);
    check(&[id, time, (SIGNATURE, &good), (SIGNATURE, &good)], refused);
    check(&[id, id, time, (SIGNATURE, &good)], refused);
    check(&[(ID, "msg_2"), time, (SIGNATURE, &good)], refused);
    check(&[(ID, ""), time, (SIGNATURE, &good)], refused);
    for other_time in ["1700000001", "+1700000000", "-1700000000", "1700000000.0", "", "now", "99999999999999999999"] {
        check(&[id, (TIMESTAMP, other_time), (SIGNATURE, &good)], refused);
    }
}

#[test]
fn every_changed_byte_of_body_and_signature_is_refused() {
    let keys = keys(&[SECRET]);
    let good = signed(&keys, 1_700_000_000);
    for position in 0..good.body.len() {
        let mut bad = good.clone();
        bad.body[position] ^= 1;
        assert_eq!(keys.verify(&bad, at(1_700_000_000)), Err(WebhookError::BadSignature), "byte {position}");
    }
    let longer = RawWebhook { body: [BODY, b" "].concat(), ..good.clone() };
    assert_eq!(keys.verify(&longer, at(1_700_000_000)), Err(WebhookError::BadSignature));
}

#[test]
fn five_minutes_either_way_are_the_bound() {
    let keys = keys(&[SECRET]);
    for (now, expected) in [
        (1_700_000_000, Ok(())),
        (1_700_000_300, Ok(())),
        (1_699_999_700, Ok(())),
        (1_700_000_301, Err(WebhookError::TooOld)),
        (1_699_999_699, Err(WebhookError::TooOld)),
    ] {
        assert_eq!(keys.verify(&signed(&keys, 1_700_000_000), at(now)), expected, "{now}");
    }
}

#[test]
fn an_old_secret_verifies_while_the_new_one_signs() {
    let (old, new, both) = (keys(&[SECRET]), keys(&[OTHER]), keys(&[OTHER, SECRET]));
    let now = at(1_700_000_000);
    assert_eq!(both.verify(&signed(&old, 1_700_000_000), now), Ok(()));
    assert_eq!(both.verify(&signed(&new, 1_700_000_000), now), Ok(()));
    assert_eq!(new.verify(&signed(&both, 1_700_000_000), now), Ok(()));
    assert_eq!(old.verify(&signed(&both, 1_700_000_000), now), Err(WebhookError::BadSignature));
}

#[test]
fn empty_short_malformed_or_too_many_secrets_are_refused() {
    for texts in [&[][..], &["whsec_"], &["whsec_AAAA"], &["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], &["whsec_%%"], &[SECRET; 4]] {
        assert!(StandardWebhooks::new(&secrets(texts)).is_err(), "{texts:?}");
    }
}
