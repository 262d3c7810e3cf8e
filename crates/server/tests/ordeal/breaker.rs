//! An engine that fails again and again is left alone, seen in the metrics, and tried again with one call.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use callgate_adapters::providers::install_crypto;
use callgate_domain::model::breaker::FIRST_OPEN;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::engine::read;
use crate::process::Process;

/// An engine that answers 500 while it is sick.
#[derive(Default)]
struct Engine {
    is_well: AtomicBool,
    /// When each request to place a call came.
    placed: Mutex<Vec<Instant>>,
}

impl Engine {
    async fn start() -> (Arc<Self>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its number");
        let engine = Arc::new(Self::default());
        let running = Arc::clone(&engine);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                running.answer(stream).await;
            }
        });
        (engine, format!("http://{address}"))
    }

    async fn answer(&self, mut stream: TcpStream) {
        let Some(request) = read(&mut stream).await else { return };
        let (status, body) = if (request.method.as_str(), request.path.as_str()) != ("POST", "/calls") {
            ("404 Not Found", "{}".to_owned())
        } else {
            let mut placed = self.placed.lock().expect("no panic");
            placed.push(Instant::now());
            if self.is_well.load(Ordering::SeqCst) {
                ("201 Created", format!(r#"{{"provider_call_id":"theirs-{}"}}"#, placed.len()))
            } else {
                ("500 Internal Server Error", "{}".to_owned())
            }
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
        let _gone = stream.write_all(answer.as_bytes()).await;
    }

    /// How many requests to place a call came.
    fn asked(&self) -> usize {
        self.placed.lock().expect("no panic").len()
    }

    /// When each of them came, once there are so many.
    async fn placed(&self, wanted: usize) -> Vec<Instant> {
        for _ in 0..1200 {
            if self.asked() >= wanted {
                return self.placed.lock().expect("no panic").clone();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{wanted} requests did not come");
    }
}

/// A gateway over the connection `engine`, and over another where there is one.
async fn callgate(folder: &Path, base_url: &str, other: Option<&str>) -> Process {
    let over = |id: &str, base_url: &str| {
        format!(
            "[connections.{id}]\nkind = \"http\"\nbase_url = \"{base_url}\"\nmax_per_second = 0\nsecret = {{ env = \"SECRET\" }}\n"
        )
    };
    let others = other.map(|base_url| over("other", base_url)).unwrap_or_default();
    let route = if other.is_some() { ", { connection = \"other\" }" } else { "" };
    let config = format!(
        "[calls]\nallow_numbers = [\"+996\"]\n{}{others}[agents.akylai]\nroutes = [{{ connection = \"engine\" }}{route}]\n",
        over("engine", base_url)
    );
    std::fs::write(folder.join("callgate.toml"), config).expect("a configuration");
    Process::start(folder, &[("SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), ("CALLGATE_LOG", "info")]).await
}

/// Looks until the gauge stands so.
async fn gauge(callgate: &Process, wanted: u64) {
    let mut seen = None;
    for _ in 0..1200 {
        seen = Some(callgate.metric("callgate_connection_breaker_open", "connection=\"engine\"").await);
        if seen == Some(wanted) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the gauge stands at {seen:?}");
}

/// Five calls to an engine that is sick, of which nobody knows what became.
async fn fails_five_times(callgate: &Process) {
    gauge(callgate, 0).await;
    for n in 0..5 {
        let id = callgate.place(&format!("+99670000000{n}"), "akylai").await;
        callgate.when(&id, |call| call["status"] == "dialing").await;
    }
    gauge(callgate, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_fails_five_times_is_left_alone_until_one_call_finds_it_well_again() {
    install_crypto();
    let (engine, base_url) = Engine::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let callgate = callgate(folder.path(), &base_url, None).await;
    fails_five_times(&callgate).await;
    engine.is_well.store(true, Ordering::SeqCst);
    for n in 8..10 {
        callgate.place(&format!("+99670000000{n}"), "akylai").await;
    }
    gauge(&callgate, 0).await;
    let placed = engine.placed(7).await;
    assert_eq!(placed.len(), 7, "what may have rung before was not sent again");
    // That the fifth had failed was known a moment after it came.
    let left_alone = placed[5] - placed[4];
    assert!(left_alone >= FIRST_OPEN, "well, and asked after {left_alone:?} already");
    let log = std::fs::read_to_string(folder.path().join("log")).expect("a log");
    let turns = |words: &str| log.lines().filter(|line| line.contains(words) && line.contains("engine")).count();
    assert_eq!((turns("left alone"), turns("works again")), (1, 1), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_go_over_the_next_route_while_an_engine_is_left_alone_and_come_back() {
    install_crypto();
    let (engine, base_url) = Engine::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (other, other_url) = Engine::start().await;
    other.is_well.store(true, Ordering::SeqCst);
    let callgate = callgate(folder.path(), &base_url, Some(&other_url)).await;
    fails_five_times(&callgate).await;
    assert_eq!(other.asked(), 0, "what may have rung goes nowhere else");
    engine.is_well.store(true, Ordering::SeqCst);
    while engine.asked() == 5 {
        let before = other.asked();
        callgate.place("+996700000008", "akylai").await;
        becomes(|| engine.asked() + other.asked() > 5 + before).await;
    }
    let placed = engine.placed(6).await;
    let left_alone = placed[5] - placed[4];
    assert!(left_alone >= FIRST_OPEN, "asked after {left_alone:?} already");
    gauge(&callgate, 0).await;
    assert_eq!(engine.asked(), 6, "what may have rung before was not sent again");
    assert!(other.asked() > 5, "they waited for the first");
}

async fn becomes(wanted: impl Fn() -> bool) {
    for _ in 0..1200 {
        if wanted() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("a call waits that has another route");
}
