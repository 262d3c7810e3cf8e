//! What is sent, and what becomes of it whatever the other side does.

use std::time::Duration;

use callgate_domain::model::exchange::KEPT_BODY;
use callgate_domain::model::{Answer, NotSent, Sent};
use callgate_domain::ports::outbox::SEND_TIMEOUT;
use futures_util::future::join_all;
use standardwebhooks::Webhook as Oracle;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::bench::{BODY, SECRETS, Script, Trap, message, reply, send, sender};
use crate::providers::peer::{Act, Peer, full};

/// Only this one address: others on loopback are as blocked as anywhere.
const LISTED: &str = "127.0.0.1";

const fn answered(status: u16) -> Sent {
    Sent::Answered { status, retry_after: None }
}

async fn sent_to(address: &str) -> Sent {
    let sender = sender(LISTED, &Script::of(&[]));
    let bound = SEND_TIMEOUT + Duration::from_secs(1);
    timeout(bound, send(&sender, &format!("http://{address}/hooks?a=b"))).await.expect("within the bound")
}

fn say(text: &str) -> Act {
    Act::Say(text.as_bytes().to_vec())
}

/// What sending comes to when the other side does this; it is asked once.
async fn check(name: &str, acts: Vec<Act>, expected: Sent) {
    let peer = Peer::that(acts).await;
    assert_eq!(sent_to(&peer.address).await, expected, "{name}");
    assert_eq!(peer.connections(), 1, "{name}");
}

#[tokio::test]
async fn a_notice_arrives_as_it_is_signed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(BODY.as_bytes()) {
            let mut chunk = [0; 4096];
            let read = stream.read(&mut chunk).await.unwrap();
            request.extend_from_slice(&chunk[..read]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        String::from_utf8(request).unwrap()
    });
    assert_eq!(sent_to(&address).await, answered(200));
    let request = heard.await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<&str> = head.lines().collect();
    assert_eq!(lines.remove(0), "POST /hooks?a=b HTTP/1.1");
    lines.sort_unstable();
    let message = message();
    let signature = |secret: &str| {
        Oracle::new(secret).unwrap().sign(&message.id.to_string(), message.at.as_second(), BODY.as_bytes()).unwrap()
    };
    let expected = [
        "accept: */*".to_owned(),
        format!("content-length: {}", BODY.len()),
        "content-type: application/json".to_owned(),
        format!("host: {address}"),
        format!("user-agent: callgate/{}", env!("CARGO_PKG_VERSION")),
        format!("webhook-id: {}", message.id),
        format!("webhook-signature: {} {}", signature(SECRETS[0]), signature(SECRETS[1])),
        format!("webhook-timestamp: {}", message.at.as_second()),
    ];
    assert_eq!((lines, body), (expected.iter().map(String::as_str).collect(), BODY));
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let trap = Trap::default();
    let elsewhere = trap.set("127.0.0.2:0").await.unwrap();
    let same = trap.set("127.0.0.1:0").await.unwrap();
    for status in 300..=308 {
        for to in
            [format!("http://{elsewhere}/"), format!("https://{elsewhere}/"), format!("//{same}/"), format!("http://{same}/")]
        {
            let head =
                format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {to}\r\nrefresh: 0; url={to}\r\ncontent-length: 0\r\n\r\n");
            check(&format!("{status} {to}"), vec![Act::Read, say(&head)], answered(status)).await;
        }
    }
    assert_eq!(trap.caught(), 0);
}

#[tokio::test]
async fn the_status_alone_is_the_answer() {
    for status in [200, 201, 204, 299, 400, 401, 404, 410, 429, 500, 503, 599] {
        check("short", vec![Act::Read, say(&format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n"))], answered(status))
            .await;
    }
    let wait = |seconds| Some(Duration::from_secs(seconds));
    for (header, retry_after) in [("120", wait(120)), ("0", wait(1)), ("9999999", wait(86_400)), ("soon", None)] {
        let head = format!("HTTP/1.1 503 X\r\nretry-after: {header}\r\ncontent-length: 0\r\n\r\n");
        check(header, vec![Act::Read, say(&head)], Sent::Answered { status: 503, retry_after }).await;
    }
}

#[tokio::test]
async fn what_is_answered_instead_of_2xx_can_be_read_again() {
    let head = |status: u16, length: usize| format!("HTTP/1.1 {status} X\r\nserver: them\r\ncontent-length: {length}\r\n\r\n");
    let answer = |body: &str, is_cut, length: usize| {
        let headers = [("server", "them".to_owned()), ("content-length", length.to_string())];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Some(Answer { headers, body: body.to_owned(), is_cut })
    };
    let long = "x".repeat(KEPT_BODY);
    let cases = [
        ("all is well", 200, "ok", 2, None),
        ("an error", 500, "no such table", 13, answer("no such table", false, 13)),
        ("more than is kept", 500, long.as_str(), KEPT_BODY + 9, answer(&long, true, KEPT_BODY + 9)),
        ("what never comes", 500, "half", 8, answer("half", true, 8)),
        ("nothing", 410, "", 0, answer("", false, 0)),
    ];
    for (name, status, body, length, expected) in cases {
        let peer = Peer::that(vec![Act::Read, say(&head(status, length)), say(body), Act::Wait]).await;
        let sender = sender(LISTED, &Script::of(&[]));
        let reply = reply(&sender, &format!("http://{}/", peer.address)).await;
        assert_eq!((reply.sent, reply.answer), (answered(status), expected), "{name}");
    }
}

#[tokio::test]
async fn whoever_is_slow_or_never_ends_holds_nobody_up() {
    let not = |why| Sent::Not(why);
    let early = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
    let ok = "HTTP/1.1 200 OK\r\n";
    let cases = [
        ("never reads", vec![Act::Await, Act::Wait], not(NotSent::TimedOut)),
        ("never answers", vec![Act::Read, Act::Wait], not(NotSent::TimedOut)),
        ("stops within the headers", vec![Act::Read, say(ok), Act::Wait], not(NotSent::TimedOut)),
        ("headers byte by byte", vec![Act::Read, say(ok), Act::Drip(b"x: yyyyyyyyyyyyyy\r\n".to_vec())], not(NotSent::TimedOut)),
        ("headers without end", vec![Act::Read, say(ok), Act::Flood(b"x: y\r\n".to_vec())], not(NotSent::NoConnection)),
        (
            "one header without end",
            vec![Act::Read, say(ok), say("x: "), Act::Flood(vec![b'a'; 4096])],
            not(NotSent::NoConnection),
        ),
        ("hints without an answer", vec![Act::Read, say(&early.repeat(8)), Act::Wait], not(NotSent::TimedOut)),
        ("no HTTP", vec![Act::Read, Act::Flood(vec![0; 4096])], not(NotSent::NoConnection)),
        ("closed at once", vec![], not(NotSent::NoConnection)),
        ("reset at once", vec![Act::Reset], not(NotSent::NoConnection)),
        ("closed within the headers", vec![Act::Read, say(ok)], not(NotSent::NoConnection)),
        ("a body that stops", vec![Act::Read, say(ok), say("content-length: 9\r\n\r\nx"), Act::Wait], answered(200)),
        (
            "a body byte by byte",
            vec![Act::Read, say(ok), say("content-length: 99999\r\n\r\n"), Act::Drip(vec![b'a'])],
            answered(200),
        ),
        ("a body without end", vec![Act::Read, say(ok), say("\r\n"), Act::Flood(vec![b'a'; 4096])], answered(200)),
        ("a body that breaks off", vec![Act::Read, say(ok), say("content-length: 9\r\n\r\nx"), Act::Reset], answered(200)),
    ];
    let (full, _waiting, _listener) = full().await;
    let no_room = async { assert_eq!(sent_to(&full).await, not(NotSent::TimedOut), "no answer to connecting") };
    tokio::join!(join_all(cases.map(|(name, acts, expected)| check(name, acts, expected))), no_room);
}
