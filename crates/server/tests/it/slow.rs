//! Slow clients, on real sockets: each is cut off in time, and nobody else waits for them.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use callgate_domain::ports::Scope;

use crate::harness::{Answer, KEY, Server, key_of};

/// Headers have 5 seconds, a whole body has 10; a busy machine may take a little longer.
const HEADERS: Duration = Duration::from_millis(6_500);
const BODY: Duration = Duration::from_millis(12_500);
/// The head of a further request, whose first byte comes after a second.
const NEXT_HEAD: Duration = Duration::from_millis(7_500);
/// Whatever a client does, it is gone by then.
const LATEST: Duration = Duration::from_millis(15_500);
/// What is not wanted is waited for this long.
const UNWANTED: Duration = Duration::from_millis(3_000);

const BYTES: &str = "{                              ";
const CHUNKS: &str = "1\r\n{\r\n1\r\n \r\n1\r\n \r\n1\r\n \r\n";
const WHOLE: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";

/// What a slow client sends at once, and then a byte of the rest each second; then nothing more.
struct Slow {
    first: String,
    rest: String,
}

impl Slow {
    fn sends(first: impl Into<String>) -> Self {
        Self { first: first.into(), rest: String::new() }
    }

    fn then(self, rest: &str) -> Self {
        Self { rest: rest.to_owned(), ..self }
    }

    /// How long it was served, and what came back.
    async fn served(&self, server: &Server) -> (Duration, String) {
        let stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.expect("a connection");
        let started = Instant::now();
        let (mut from, mut to) = stream.into_split();
        to.write_all(self.first.as_bytes()).await.expect("sent");
        let sending = async {
            for byte in self.rest.bytes() {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if to.write_all(&[byte]).await.is_err() {
                    break;
                }
            }
            std::future::pending::<()>().await;
        };
        let mut answer = Vec::new();
        let reading = async {
            // A reset is an end as well.
            let _end = from.read_to_end(&mut answer).await;
        };
        tokio::select! {
            () = reading => {}
            () = sending => {}
            () = tokio::time::sleep(Duration::from_secs(18)) => {}
        }
        (started.elapsed(), String::from_utf8_lossy(&answer).into_owned())
    }
}

/// The client is cut off within `bound`; what came back last begins so.
async fn check(server: &Server, name: &str, slow: Slow, bound: Duration, last_answer: &str) {
    let (took, answers) = slow.served(server).await;
    assert!(took <= bound, "{name}: served for {took:?}; {answers}");
    let last = answers.rfind("HTTP/1.1 ").map_or("", |at| &answers[at..]);
    assert!(last.starts_with(last_answer) && last.is_empty() == last_answer.is_empty(), "{name}: {answers}");
}

/// A client that asks again after a while is answered on the same connection.
async fn check_idle(server: &Server) {
    let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.expect("a connection");
    for wait in [0, 7] {
        tokio::time::sleep(Duration::from_secs(wait)).await;
        stream.write_all(WHOLE.as_bytes()).await.expect("sent");
        let mut piece = [0; 4096];
        let read = timeout(Duration::from_secs(5), stream.read(&mut piece)).await.expect("in time").expect("an answer");
        assert!(piece[..read].starts_with(b"HTTP/1.1 200 "), "after {wait} s");
    }
}

fn head(target: &str, headers: &str) -> String {
    format!(
        "POST {target} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\ncontent-type: application/json\r\n{headers}\r\n\r\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_come_slowly_end_the_connection_and_idleness_does_not() {
    let server = Server::start().await;
    let slow = |first: &str| Slow::sends(first);
    let late = "HTTP/1.1 408 ";
    tokio::join!(
        check(&server, "nothing at all", slow(""), HEADERS, late),
        check(&server, "a byte a second", slow("").then(WHOLE), HEADERS, late),
        check(&server, "a part, then nothing", slow("GET /healthz HTTP/1.1\r\nhost: a\r\n"), HEADERS, late),
        check(
            &server,
            "one header after another",
            slow("GET /healthz HTTP/1.1\r\n").then("a:b\r\nc:d\r\ne:f\r\ng:h\r\n"),
            HEADERS,
            late
        ),
        check_idle(&server),
        // A first request that was good earns no more time for the next one.
        check(&server, "a second request, a byte a second", slow(WHOLE).then(WHOLE), NEXT_HEAD, "HTTP/1.1 200 "),
        check(&server, "a part of a second request", slow(WHOLE).then("G"), NEXT_HEAD, "HTTP/1.1 200 "),
        check(
            &server,
            "a part of a second request at once",
            Slow::sends(format!("{WHOLE}GET /")).then("aaaaaaaaaaaaaaaaaa"),
            NEXT_HEAD,
            "HTTP/1.1 200 "
        ),
        check(
            &server,
            "after a refusal",
            slow("GET /nothing HTTP/1.1\r\nhost: a\r\n\r\n").then(WHOLE),
            NEXT_HEAD,
            "HTTP/1.1 404 "
        ),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_come_slowly_end_the_connection() {
    let server = Server::start().await;
    let create = |headers: &str| Slow::sends(head("/v1/calls", headers));
    let late = "HTTP/1.1 408 ";
    let webhook = "POST /v1/webhooks/in/own/no-such-token HTTP/1.1\r\nhost: a\r\ncontent-length: 60\r\n\r\n";
    let bare = "POST /v1/calls HTTP/1.1\r\nhost: a\r\ncontent-length: 60\r\n\r\n";
    let read = "GET /v1/agents HTTP/1.1\r\nhost: a\r\ncontent-length: 60\r\n\r\n";
    tokio::join!(
        check(&server, "no body", create("content-length: 60"), BODY, late),
        check(&server, "a byte a second", create("content-length: 60").then(BYTES), BODY, late),
        check(&server, "in chunks, none", create("transfer-encoding: chunked"), BODY, late),
        check(&server, "in chunks, a byte a second", create("transfer-encoding: chunked").then(CHUNKS), BODY, late),
        check(&server, "asks first", create("expect: 100-continue\r\ncontent-length: 60"), BODY, late),
        check(
            &server,
            "a result",
            Slow::sends(head("/v1/webhooks/call-completed", "content-length: 60")).then(BYTES),
            BODY,
            late
        ),
        check(&server, "a webhook", Slow::sends(webhook).then(BYTES), BODY, "HTTP/1.1 40"),
        // What nobody reads is not waited for.
        check(&server, "without a key", Slow::sends(bare).then(BYTES), UNWANTED, "HTTP/1.1 401 "),
        check(&server, "without a body's use", Slow::sends(read).then(BYTES), UNWANTED, "HTTP/1.1 401 "),
        check(&server, "too long anyway", create("content-length: 70000").then(BYTES), UNWANTED, "HTTP/1.1 413 "),
        check(
            &server,
            "without a key, in chunks",
            Slow::sends("POST /v1/calls HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n").then(CHUNKS),
            BODY,
            "HTTP/1.1 401 "
        ),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn many_slow_clients_are_cut_off_and_nobody_else_waits_for_them() {
    let server = Server::start().await;
    let kinds = |nth: usize| match nth % 4 {
        0 => Slow::sends("GET /healthz HTTP/1.1\r\n").then("x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"),
        1 => Slow::sends(WHOLE).then(WHOLE),
        2 => Slow::sends(head("/v1/calls", "content-length: 60")).then(BYTES),
        _ => Slow::sends(head("/v1/calls", "transfer-encoding: chunked")).then(CHUNKS),
    };
    let slow = join_all((0..200).map(async |nth| kinds(nth).served(&server).await));
    let usual = async {
        let mut longest = Duration::ZERO;
        let until = Instant::now() + Duration::from_secs(9);
        let mut answered = 0;
        while Instant::now() < until {
            let asked = Instant::now();
            assert_eq!(Answer::of(server.get("/v1/agents")).await.status, 200);
            server.create(&serde_json::json!({"phone": "+12025550101", "agent": "akylai"})).await;
            longest = longest.max(asked.elapsed());
            answered += 2;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        (answered, longest)
    };
    let (slow, (answered, longest)) = tokio::join!(slow, usual);
    let latest = slow.iter().map(|(took, _)| *took).max().expect("some");
    assert!(latest <= LATEST, "{latest:?}");
    assert!(answered >= 100 && longest < Duration::from_secs(2), "{answered} answers, the longest in {longest:?}");
}

/// An answer that is not taken is given up after 15 seconds.
const UNTAKEN: Duration = Duration::from_secs(17);

/// Asks for more than lies between a server and a client that does not read, reads nothing for a while, and then what came.
async fn untaken(server: &Server, request: &str, times: usize) -> usize {
    let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.expect("a connection");
    stream.write_all(request.repeat(times).as_bytes()).await.expect("sent");
    tokio::time::sleep(UNTAKEN).await;
    let mut answers = Vec::new();
    // A reset is an end as well.
    let _end = timeout(Duration::from_secs(10), stream.read_to_end(&mut answers)).await.expect("it is cut off");
    String::from_utf8_lossy(&answers).matches("HTTP/1.1 200 OK").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_its_answers_is_cut_off() {
    let server = Server::start().await;
    let request = "GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n";
    let document = Answer::of(server.bare(reqwest::Method::GET, "/openapi.json")).await.text.len();
    // Many times what all buffers between us hold.
    let times = (64 << 20) / document;
    let answered = untaken(&server, request, times).await;
    assert!(answered > 0 && answered < times, "{answered} of {times} answers");
}

/// So many clients send headers slowly, and as many send bodies.
const CROWD: u64 = 2_000;
/// Requests a second of everybody else.
const USUAL: u64 = 50;
/// Below this a machine's own unrest is all there is to measure.
const QUICK: Duration = Duration::from_millis(25);

/// The time that all but one in a hundred of the usual requests took, sent evenly for so long, and how many there were.
async fn usual_requests(server: &Server, lasting: Duration) -> (Duration, usize) {
    let count = lasting.as_secs() * USUAL;
    let begun = Instant::now();
    let requests = (0..count).map(async |nth| {
        let due = begun + Duration::from_millis(nth * 1_000 / USUAL);
        tokio::time::sleep_until(due).await;
        let answer = if nth % 2 == 0 {
            Answer::of(server.get("/v1/calls?limit=10")).await
        } else {
            Answer::of(server.post("/v1/calls", &serde_json::json!({"phone": "+12025550101", "agent": "akylai"}))).await
        };
        assert!(answer.status < 300, "{}", answer.text);
        due.elapsed()
    });
    let mut took = join_all(requests).await;
    took.sort_unstable();
    (took[took.len() * 99 / 100], took.len())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes two minutes and 8,000 open files: just slow"]
async fn thousands_of_slow_clients_do_not_slow_down_the_others() {
    let server = Server::start().await;
    usual_requests(&server, Duration::from_secs(5)).await;
    let (baseline, _) = usual_requests(&server, Duration::from_secs(30)).await;
    let crowd = (0..CROWD * 2).map(async |nth| {
        tokio::time::sleep(Duration::from_millis(nth % 5_000)).await;
        let until = Instant::now() + Duration::from_secs(60);
        let (mut longest, mut times) = (Duration::ZERO, 0);
        while Instant::now() < until {
            let slow = match nth % 4 {
                0 => Slow::sends("GET /healthz HTTP/1.1\r\n").then("x: yyyyyyyyyyyyyyyy"),
                1 => Slow::sends(head("/v1/calls", "content-length: 60")).then(BYTES),
                2 => Slow::sends(WHOLE).then(WHOLE),
                _ => Slow::sends(head("/v1/calls", "transfer-encoding: chunked")).then(CHUNKS),
            };
            longest = longest.max(slow.served(&server).await.0);
            times += 1;
        }
        (longest, times)
    });
    let crowd = join_all(crowd);
    let usual = async {
        tokio::time::sleep(Duration::from_secs(6)).await;
        usual_requests(&server, Duration::from_secs(50)).await
    };
    let (crowd, (beside, answered)) = tokio::join!(crowd, usual);
    let latest = crowd.iter().map(|(longest, _)| *longest).max().expect("some");
    let cut_off: u32 = crowd.iter().map(|(_, times)| times).sum();
    println!(
        "{} slow clients at a time, cut off {cut_off} times, the last after {:.1} s (goal: 15)",
        CROWD * 2,
        latest.as_secs_f64()
    );
    let (was, is) = (baseline.as_secs_f64() * 1e3, beside.as_secs_f64() * 1e3);
    println!("{USUAL} requests a second: p99 {was:.1} ms alone, {is:.1} ms beside them, of {answered} (goal: twice)");
    assert!(latest <= LATEST, "{latest:?}");
    assert!(beside <= baseline * 2 || beside <= QUICK, "{beside:?} beside slow clients, {baseline:?} alone");
}

/// So many streams are open at one process.
const STREAMS: usize = 2_000;

/// Follows all calls of a client on a raw socket, until a text comes.
async fn follow(server: &Server, key: &str, open: &tokio::sync::Semaphore, wanted: &str) {
    let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.expect("a connection");
    let head = format!("GET /v1/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("sent");
    let (mut held, mut is_open) = (String::new(), false);
    let mut piece = [0; 4096];
    loop {
        let read = stream.read(&mut piece).await.expect("a piece");
        assert!(read > 0, "it broke off: {held}");
        held.push_str(&String::from_utf8_lossy(&piece[..read]));
        if !is_open && held.contains(": following") {
            is_open = true;
            open.add_permits(1);
        }
        if held.contains(wanted) {
            return;
        }
        if held.len() > 65_536 {
            held.drain(..held.len() - 8_192);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute and 4,000 open files: just slow"]
async fn thousands_of_streams_do_not_slow_down_requests_and_all_see_a_call_end() {
    let server = Server::start().await;
    usual_requests(&server, Duration::from_secs(5)).await;
    let (baseline, _) = usual_requests(&server, Duration::from_secs(20)).await;
    let key = key_of("other", &[Scope::CallsWrite, Scope::CallsRead]);
    let open = tokio::sync::Semaphore::new(0);
    let streams = join_all((0..STREAMS).map(|_| follow(&server, &key, &open, "event: call.completed")));
    let beside = async {
        let opening = Instant::now();
        let all = u32::try_from(STREAMS).expect("a number");
        open.acquire_many(all).await.expect("it is not closed").forget();
        let opened = opening.elapsed();
        let (beside, answered) = usual_requests(&server, Duration::from_secs(20)).await;
        let body = serde_json::json!({"phone": "+12025550101", "agent": "akylai"});
        let call = Answer::of(server.bare(reqwest::Method::POST, "/v1/calls").bearer_auth(&key).json(&body)).await.json();
        let id = call["call_id"].as_str().expect("an id").to_owned();
        let ending = Instant::now();
        Answer::of(server.bare(reqwest::Method::POST, &format!("/v1/calls/{id}/cancel")).bearer_auth(&key)).await;
        (opened, beside, answered, ending)
    };
    let both = async { tokio::join!(streams, beside) };
    let (_, (opened, beside, answered, ending)) = timeout(Duration::from_mins(3), both).await.expect("all see it");
    let (told, was, is) = (ending.elapsed(), baseline.as_secs_f64() * 1e3, beside.as_secs_f64() * 1e3);
    println!(
        "{STREAMS} streams opened in {:.1} s; all saw a call's end {:.2} s after it",
        opened.as_secs_f64(),
        told.as_secs_f64()
    );
    println!("{USUAL} requests a second: p99 {was:.1} ms alone, {is:.1} ms beside them, of {answered} (goal: twice)");
    assert!(told < Duration::from_secs(5), "{told:?}");
    assert!(beside <= baseline * 2 || beside <= QUICK, "{beside:?} beside streams, {baseline:?} alone");
}
