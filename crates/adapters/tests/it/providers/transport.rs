//! What becomes of the one request that can ring when the connection misbehaves, over real sockets.

use std::sync::atomic::Ordering;
use std::time::Duration;

use callgate_adapters::providers::{ConnectionSettings, install_crypto, kind};
use callgate_domain::testing::provider_contract::{Answer, Engine, an_order, shown_placing};
use futures_util::future::join_all;
use jiff::Timestamp;

use super::bench::{open, settings};
use super::engine::{LocalEngine, nobody};
use super::peer::{Act, Peer, full, nobody_trusts};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Nothing left: it may be tried again.
const NOT_SENT: &str = "not_dialed provider_error backoff";
const REFUSED: &str = "not_dialed provider_error never";
const DIALED: &str = "dialed eng-1";
/// It may have arrived.
const UNKNOWN: &str = "unknown outcome_unknown";
const TIMED_OUT: &str = "unknown provider_timeout";

const ID: &str = r#"{"provider_call_id":"eng-1"}"#;
const REFUSAL: &str = r#"{"dialed":false}"#;

async fn placed(base_url: &str, request_timeout: Duration) -> String {
    let settings = settings(kind("http").unwrap(), base_url, &[], &[("secret", &[SECRET])]);
    let settings = ConnectionSettings { request_timeout, ..settings };
    let provider = open(kind("http").unwrap(), &settings, Timestamp::UNIX_EPOCH);
    shown_placing(&provider.place(&an_order()).await)
}

/// What a peer that does this to the connection makes of it. There is one connection, whatever happens on it.
async fn check(name: &str, acts: Vec<Act>, expected: &str) {
    let peer = Peer::that(acts).await;
    // Only where it is waited for may it come soon: a busy machine must not bring it, nor may it pass while the clients of
    // the cases beside it are made.
    let timeout = Duration::from_secs(if expected == TIMED_OUT { 5 } else { 20 });
    let placing = placed(&format!("http://{}", peer.address), timeout).await;
    assert_eq!(placing, expected, "{name}");
    assert_eq!(peer.connections(), 1, "{name}: sent once");
}

/// The request is read, and this comes back before the end of the connection.
async fn check_answer(answer: impl Into<Vec<u8>>, expected: &str) {
    let answer = answer.into();
    let name = String::from_utf8_lossy(&answer[..answer.len().min(120)]).into_owned();
    check(&name, vec![Act::Read, Act::Say(answer)], expected).await;
}

fn answer(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} Because\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn what_breaks_off_after_the_connection_stands_is_unknown() {
    let say = |text: &str| Act::Say(text.as_bytes().to_vec());
    let half = answer(201, "", &format!("{ID}    "));
    let half = half.trim_end();
    let head = "HTTP/1.1 201 Created\r\ncontent-length: 28\r\n";
    let chunked = "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n1c\r\n{\"provider_call_id\":\"eng-1\"}\r\n";
    let cases = [
        ("reset at once", vec![Act::Reset], UNKNOWN),
        ("closed at once", vec![], UNKNOWN),
        ("reset before the request is read", vec![Act::Await, Act::Reset], UNKNOWN),
        ("closed before the request is read", vec![Act::Await], UNKNOWN),
        ("reset after it is read", vec![Act::Read, Act::Reset], UNKNOWN),
        ("closed after it is read", vec![Act::Read], UNKNOWN),
        ("closed within the first line", vec![Act::Read, say("HTTP/1.1 20")], UNKNOWN),
        ("closed within the headers", vec![Act::Read, say(head)], UNKNOWN),
        ("reset within the headers", vec![Act::Read, say(head), Act::Reset], UNKNOWN),
        ("closed before the body", vec![Act::Read, say(head), say("\r\n")], UNKNOWN),
        ("closed within the body, which is good JSON by then", vec![Act::Read, say(half)], UNKNOWN),
        ("reset within the body", vec![Act::Read, say(half), Act::Reset], UNKNOWN),
        ("closed between chunks", vec![Act::Read, say(chunked)], UNKNOWN),
        ("closed within the last chunk", vec![Act::Read, say(chunked), say("0\r\n")], UNKNOWN),
        ("never reads", vec![Act::Await, Act::Wait], TIMED_OUT),
        ("never answers", vec![Act::Read, Act::Wait], TIMED_OUT),
        ("stops within the headers", vec![Act::Read, say(head), Act::Wait], TIMED_OUT),
        ("stops within the body", vec![Act::Read, say(half), Act::Wait], TIMED_OUT),
        ("stops between chunks", vec![Act::Read, say(chunked), Act::Wait], TIMED_OUT),
        ("answers before it reads, with an id", vec![say(&answer(201, "", ID)), Act::Wait], DIALED),
        ("answers before it reads, with nothing", vec![say(&answer(413, "", "")), Act::Wait], UNKNOWN),
    ];
    join_all(cases.map(|(name, acts, expected)| check(name, acts, expected))).await;
}

#[tokio::test]
async fn an_answer_that_is_no_http_or_too_long_is_unknown() {
    let mebibyte = 1024 * 1024;
    let padded = |length: usize| format!("{ID}{}", " ".repeat(length - ID.len()));
    let in_chunks =
        format!("HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{}\r\n", mebibyte + 1, padded(mebibyte + 1));
    let cases = [
        ("eng-1".to_owned(), UNKNOWN),
        (ID.to_owned(), UNKNOWN),
        ("\r\n\r\n\r\n".to_owned(), UNKNOWN),
        (format!("HTTP/3.0 201 Created\r\n\r\n{ID}"), UNKNOWN),
        (format!("HTTP/1.1 2O1 Created\r\ncontent-length: 28\r\n\r\n{ID}"), UNKNOWN),
        (format!("HTTP/1.1 099 Early\r\ncontent-length: 28\r\n\r\n{ID}"), UNKNOWN),
        (format!("HTTP/1.1 201 Created\r\nno colon\r\ncontent-length: 28\r\n\r\n{ID}"), UNKNOWN),
        (format!("HTTP/1.1 201 Created\r\ncontent-length: -1\r\n\r\n{ID}"), UNKNOWN),
        (format!("HTTP/1.1 201 Created\r\ncontent-length: 28\r\ncontent-length: 29\r\n\r\n{ID} "), UNKNOWN),
        (format!("HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\nlots\r\n{ID}"), UNKNOWN),
        (format!("HTTP/1.1 201 {}", "a".repeat(mebibyte)), UNKNOWN),
        (answer(201, &format!("x: {}\r\n", "a".repeat(mebibyte)), ID), UNKNOWN),
        (answer(201, &"x: y\r\n".repeat(1_000), ID), UNKNOWN),
        (answer(201, "", &padded(mebibyte)), DIALED),
        (answer(201, "", &padded(mebibyte + 1)), UNKNOWN),
        (in_chunks + "0\r\n\r\n", UNKNOWN),
        // Without a length, the end of the connection is the end of the body.
        (format!("HTTP/1.0 201 Created\r\n\r\n{ID}"), DIALED),
        (format!("HTTP/1.0 201 Created\r\n\r\n{}", &ID[..20]), UNKNOWN),
        // Only the first of two answers is one.
        (answer(500, "", "") + &answer(201, "", ID), UNKNOWN),
    ];
    join_all(cases.map(|(bytes, expected)| check_answer(bytes, expected))).await;
}

#[tokio::test]
async fn what_comes_before_the_answer_is_none() {
    let (early, hints) = ("HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
    for before in [early.to_owned(), hints.to_owned(), hints.repeat(3), "HTTP/1.1 102 Processing\r\n\r\n".to_owned()] {
        check_answer(before.clone() + &answer(201, "", ID), DIALED).await;
        check_answer(before.clone() + &answer(422, "", REFUSAL), REFUSED).await;
        check_answer(before.clone() + &answer(500, "", REFUSAL), UNKNOWN).await;
        check_answer(before.clone(), UNKNOWN).await;
    }
    check("waits for more", vec![Act::Read, Act::Say(hints.into()), Act::Wait], TIMED_OUT).await;
    check_answer(format!("HTTP/1.1 101 Switching Protocols\r\n\r\n{ID}"), UNKNOWN).await;
    check_answer(format!("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n{REFUSAL}"), UNKNOWN)
        .await;
}

#[tokio::test]
async fn the_body_counts_and_not_what_it_is_called() {
    for content_type in ["", "content-type: application/json\r\n", "content-type: text/html\r\n", "content-type: a, b\r\n"] {
        check_answer(answer(201, content_type, ID), DIALED).await;
        check_answer(answer(422, content_type, REFUSAL), REFUSED).await;
        check_answer(answer(201, content_type, "<html></html>"), UNKNOWN).await;
    }
}

/// The pure table says what bodies mean; here it is that HTTP carries them so. Some statuses have no body.
#[tokio::test]
async fn every_status_means_the_same_over_a_real_connection() {
    let engine = LocalEngine::start().await;
    let settings = settings(kind("http").unwrap(), &engine.url, &[], &[("secret", &[SECRET])]);
    let provider = open(kind("http").unwrap(), &settings, Timestamp::UNIX_EPOCH);
    for status in 100..600 {
        for body in [ID, REFUSAL] {
            let expected = match (status, body) {
                (200 | 201 | 409, ID) => DIALED,
                (429, REFUSAL) => "not_dialed provider_error 5s",
                (400..=408 | 410..=499, REFUSAL) => REFUSED,
                _ => UNKNOWN,
            };
            engine.answer(Answer::is(status, body));
            assert_eq!(shown_placing(&provider.place(&an_order()).await), expected, "{status} {body}");
            assert_eq!(engine.asked().len(), 1, "{status} {body}");
        }
    }
}

#[tokio::test]
async fn where_no_connection_comes_about_nobody_was_rung() {
    install_crypto();
    let (whole, short) = (Duration::from_secs(20), Duration::from_secs(2));
    let check = async |name: &str, url: String, timeout: Duration, expected: &str| {
        assert_eq!(placed(&url, timeout).await, expected, "{name}");
    };
    let tls = async |name: &str, acts: Vec<Act>| {
        let peer = Peer::that(acts).await;
        check(name, format!("https://{}", peer.address), whole, NOT_SENT).await;
        assert_eq!(peer.connections(), 1, "{name}");
    };
    let (full, _waiting, _listener) = full().await;
    let (untrusted, heard) = nobody_trusts();
    tokio::join!(
        check("no such name", format!("http://{}.invalid", "a".repeat(64)), whole, NOT_SENT),
        check("refused", nobody().await, whole, NOT_SENT),
        check("no answer to connecting", format!("http://{full}"), whole, NOT_SENT),
        check("no answer to connecting, where a request has less time", format!("http://{full}"), short, NOT_SENT),
        tls("closed before the handshake", vec![]),
        tls("closed in the handshake", vec![Act::Await]),
        tls("reset in the handshake", vec![Act::Await, Act::Reset]),
        tls("no TLS", vec![Act::Await, Act::Say(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())]),
        tls("no answer to the handshake", vec![Act::Await, Act::Wait]),
        check("a certificate that nobody trusts", format!("https://{untrusted}"), whole, NOT_SENT),
        check("the same by name", format!("https://{}", untrusted.replace("127.0.0.1", "localhost")), whole, NOT_SENT),
    );
    assert_eq!(heard.load(Ordering::SeqCst), 0, "nothing of a request is sent to a stranger");
}
