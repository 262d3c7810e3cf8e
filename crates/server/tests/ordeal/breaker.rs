//! An engine that fails again and again is left alone, seen in the metrics, and tried again with one call.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use callgate_adapters::providers::install_crypto;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::process::Process;

/// An engine that answers 500 while it is sick.
#[derive(Default)]
struct Engine {
    is_well: AtomicBool,
    placed: AtomicUsize,
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
        let mut buffer = vec![0; 16 * 1024];
        let read = stream.read(&mut buffer).await.unwrap_or(0);
        let (status, body) = if !buffer[..read].starts_with(b"POST /calls ") {
            ("404 Not Found", "{}".to_owned())
        } else {
            let nth = self.placed.fetch_add(1, Ordering::SeqCst);
            if self.is_well.load(Ordering::SeqCst) {
                ("201 Created", format!(r#"{{"provider_call_id":"theirs-{nth}"}}"#))
            } else {
                ("500 Internal Server Error", "{}".to_owned())
            }
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
        let _gone = stream.write_all(answer.as_bytes()).await;
    }

    fn placed(&self) -> usize {
        self.placed.load(Ordering::SeqCst)
    }
}

async fn callgate(folder: &Path, base_url: &str) -> Process {
    let config = format!(
        "[calls]\nallow_numbers = [\"+996\"]\n\
         [connections.engine]\nkind = \"http\"\nbase_url = \"{base_url}\"\nmax_per_second = 0\nsecret = {{ env = \"SECRET\" }}\n\
         [agents.akylai]\nconnection = \"engine\"\n"
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

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_fails_five_times_is_left_alone_until_one_call_finds_it_well_again() {
    install_crypto();
    let (engine, base_url) = Engine::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let callgate = callgate(folder.path(), &base_url).await;
    gauge(&callgate, 0).await;
    for n in 0..5 {
        let id = callgate.place(&format!("+99670000000{n}"), "akylai").await;
        callgate.when(&id, |call| call["status"] == "dialing").await;
    }
    gauge(&callgate, 1).await;
    engine.is_well.store(true, Ordering::SeqCst);
    let (one, other) = (callgate.place("+996700000008", "akylai").await, callgate.place("+996700000009", "akylai").await);
    assert_eq!((&callgate.call(&one).await["status"], engine.placed()), (&"queued".into(), 5), "well, but not asked yet");

    gauge(&callgate, 0).await;
    for id in [&one, &other] {
        callgate.when(id, |call| call["status"] == "dialing").await;
    }
    assert_eq!(engine.placed(), 7, "what may have rung before was not sent again");
    let log = std::fs::read_to_string(folder.path().join("log")).expect("a log");
    let turns = |words: &str| log.lines().filter(|line| line.contains(words) && line.contains("engine")).count();
    assert_eq!((turns("left alone"), turns("works again")), (1, 1), "{log}");
}
