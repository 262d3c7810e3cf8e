//! Names that stand for one thing when they are looked at and for another when they are called.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use callgate_adapters::sender::{HttpSender, Lookup};
use callgate_domain::model::{EndpointUrl, NotSent, Sent};
use callgate_domain::ports::{NoticeSender, UrlFault};

use super::bench::{Script, Trap, guard, send, sender};
use crate::providers::peer::{Act, Peer};

const PUBLIC: &str = "93.184.216.34";
const BLOCKED: Sent = Sent::Not(NotSent::Blocked);

/// What calling a name comes to that is answered so, and that nobody comes to the trap on loopback.
async fn check(allow_private: &str, url: &str, answer: &str, expected: Sent) {
    let trap = Trap::default();
    let port = trap.set("127.0.0.1:0").await.unwrap().port();
    trap.set("127.0.0.1:443").await;
    let url = url.replace("{port}", &port.to_string());
    assert_eq!(send(&sender(allow_private, &Script::of(&[answer])), &url).await, expected, "[{allow_private}] {url} {answer}");
    assert_eq!(trap.caught(), 0, "[{allow_private}] {url} {answer}");
}

#[tokio::test]
async fn a_name_that_is_bound_anew_between_check_and_call_is_not_called() {
    let trap = Trap::default();
    trap.set("127.0.0.1:443").await;
    for second in ["127.0.0.1", "::1", "0.0.0.0", "::ffff:127.0.0.1", "169.254.169.254", "10.0.0.1 93.184.216.34"] {
        let names = Script::of(&[PUBLIC, second]);
        let sender = sender("", &names);
        assert_eq!(sender.check(&EndpointUrl::new("https://rebound.example/").unwrap()).await, Ok(()));
        assert_eq!(send(&sender, "https://rebound.example/").await, BLOCKED, "{second}");
        assert_eq!(names.asked(), 2, "{second}");
    }
    assert_eq!(trap.caught(), 0);
}

#[tokio::test]
async fn what_is_checked_is_what_is_dialed() {
    let peer = Peer::that(vec![Act::Read, Act::Say(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())]).await;
    let port = peer.address.rsplit(':').next().unwrap();
    // Asked once, the name stands for the peer; whoever asked again would get what may not be reached.
    let names = Script::of(&["127.0.0.1", "10.0.0.1"]);
    let sent = send(&sender("127.0.0.0/8", &names), &format!("http://receiver.example:{port}/")).await;
    assert_eq!(sent, Sent::Answered { status: 204, retry_after: None });
    assert_eq!((names.asked(), peer.connections()), (1, 1));
}

#[tokio::test]
async fn one_blocked_address_in_an_answer_refuses_all_of_it() {
    for answer in [
        "127.0.0.1 93.184.216.34",
        "93.184.216.34 127.0.0.1",
        "93.184.216.34 2606:4700::1111 ::1",
        "93.184.216.34 169.254.169.254",
        "93.184.216.34 ::ffff:10.0.0.1",
        "64:ff9b::7f00:1 93.184.216.34",
        "0.0.0.0",
    ] {
        check("", "https://mixed.example/", answer, BLOCKED).await;
        check("172.16.0.0/12", "https://mixed.example/", answer, BLOCKED).await;
        check("172.16.0.0/12", "http://mixed.example:{port}/", answer, BLOCKED).await;
    }
    // Only what is listed may be reached otherwise than by https on 443, and by the names of a local network.
    for answer in ["93.184.216.34", "172.16.0.1 93.184.216.34", "172.16.0.1 127.0.0.1"] {
        for url in ["http://mixed.example/", "https://mixed.example:{port}/", "https://receiver/", "http://a.internal:{port}/"] {
            check("172.16.0.0/12", url, answer, BLOCKED).await;
        }
    }
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_no_connection_and_no_fault_of_its_url() {
    check("", "https://nowhere.example/", "", Sent::Not(NotSent::NoConnection)).await;
    let unknown = sender("", &Script::of(&[]));
    assert_eq!(send(&unknown, "https://nowhere.example/").await, Sent::Not(NotSent::NoConnection));
    assert_eq!(unknown.check(&EndpointUrl::new("https://nowhere.example/").unwrap()).await, Ok(()));
}

#[tokio::test]
async fn a_name_that_may_not_be_reached_is_refused_without_saying_what_it_stands_for() {
    let check = async |answer: &str, expected: UrlFault| {
        let fault = sender("", &Script::of(&[answer])).check(&EndpointUrl::new("https://inside.example/").unwrap()).await;
        assert_eq!(fault, Err(expected.clone()), "{answer}");
        assert!(!expected.to_string().contains(answer), "{expected}");
    };
    check("10.0.0.7", UrlFault::Blocked).await;
    check("169.254.169.254", UrlFault::Never(None)).await;
}

/// Never answers.
struct Silent;

#[async_trait]
impl Lookup for Silent {
    async fn lookup(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_resolver_that_never_answers_is_not_waited_for() {
    let sender = HttpSender::new(guard(""), Arc::new(Silent)).unwrap();
    assert_eq!(send(&sender, "https://silent.example/").await, Sent::Not(NotSent::TimedOut));
    assert_eq!(sender.check(&EndpointUrl::new("https://silent.example/").unwrap()).await, Ok(()));
}
