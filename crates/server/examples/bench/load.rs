//! A light load: connections that each send one request after another and read the whole answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use callgate_adapters::testing::past::Past;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::now;
use crate::server::{KEY, Server};

/// The longest answer: a page of calls.
const LONGEST: usize = 256 * 1024;

/// No two requests are the same, whatever they are sent to.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// What is asked for.
#[derive(Debug, Clone)]
pub enum Ask {
    /// A new call: the customer's own request.
    Create,
    /// A call, by its id.
    Read(String),
    /// Calls of a past, each time another, near and far.
    ReadAny(Past),
    /// The newest calls.
    List,
    /// A result of 4 KB, each of another call.
    Webhook,
}

/// What is sent, where, and for how long.
pub struct Load {
    address: String,
    ask: Ask,
    connections: usize,
    time: Duration,
}

/// What came of it.
pub struct Measured {
    /// Answers per second.
    pub rate: f64,
    /// Answers.
    pub answered: u64,
    /// The middle answer took so long.
    pub p50_ms: f64,
    /// All but one in a hundred took less.
    pub p99_ms: f64,
}

impl Load {
    /// Requests to one server.
    pub fn of(server: &Server, ask: Ask, connections: usize, time: Duration) -> Self {
        Self { address: server.address.clone(), ask, connections, time }
    }

    fn request(&self) -> String {
        let (line, body) = match &self.ask {
            Ask::Create => ("POST /v1/calls".to_owned(), r#"{ "phone": "+996700000000", "agent": "akylai" }"#.to_owned()),
            Ask::Read(id) => (format!("GET /v1/calls/{id}"), String::new()),
            Ask::ReadAny(past) => {
                // Steps of the golden ratio visit everything evenly, and in no order that a cache could like.
                let nth = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
                (format!("GET /v1/calls/{}", past.id(nth)), String::new())
            }
            Ask::List => ("GET /v1/calls?limit=20".to_owned(), String::new()),
            Ask::Webhook => ("POST /v1/webhooks/call-completed".to_owned(), result(NEXT.fetch_add(1, Ordering::Relaxed))),
        };
        let head = format!("{line} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {KEY}\r\n", self.address);
        match body.len() {
            0 => format!("{head}\r\n"),
            length => format!("{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"),
        }
    }
}

/// A result, as an engine brings it, of a call that nobody knows yet: it is kept, looked for, and parked.
fn result(nth: u64) -> String {
    let transcript = "agent: Hello, is this a good time?\\nuser: Yes, it is.\\n".repeat(72);
    format!(
        r#"{{"event_type":"call.completed","provider_call_id":"bench-{nth}","status":"completed","transcript":"{transcript}","duration":120}}"#
    )
}

/// Asks one thing once.
pub async fn once(address: &str, path: &str) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {KEY}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    answer(&mut stream, &mut vec![0; LONGEST]).await
}

/// Runs a load.
pub async fn run(load: Load) -> Result<Measured> {
    let load = Arc::new(load);
    let started = now();
    let until = started + load.time;
    let mut connections = JoinSet::new();
    for _ in 0..load.connections {
        connections.spawn(connection(Arc::clone(&load), until));
    }
    let mut took = Vec::new();
    while let Some(done) = connections.join_next().await {
        took.extend(done??);
    }
    let seconds = started.elapsed().as_secs_f64();
    took.sort_unstable();
    let at = |share: usize| took.get(took.len() * share / 100).map_or(0.0, |took| took.as_secs_f64() * 1000.0);
    let answered = u64::try_from(took.len())?;
    #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    let rate = answered as f64 / seconds;
    Ok(Measured { rate, answered, p50_ms: at(50), p99_ms: at(99) })
}

async fn connection(load: Arc<Load>, until: Instant) -> Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(&load.address).await?;
    stream.set_nodelay(true)?;
    let mut took = Vec::with_capacity(4096);
    let mut buffer = vec![0; LONGEST];
    while now() < until {
        let request = load.request();
        let asked = now();
        stream.write_all(request.as_bytes()).await?;
        answer(&mut stream, &mut buffer).await?;
        took.push(asked.elapsed());
    }
    Ok(took)
}

/// Reads one whole answer; anything but a 2xx ends the run.
async fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<()> {
    let mut held = 0;
    loop {
        let room = buffer.get_mut(held..).context("an answer longer than expected")?;
        let read = stream.read(room).await?;
        ensure!(read > 0, "the server closed the connection");
        held += read;
        let text = String::from_utf8_lossy(buffer.get(..held).unwrap_or_default());
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        ensure!(head.starts_with("HTTP/1.1 20"), "{head}\n{body}");
        let length =
            head.lines().filter_map(|line| line.split_once(": ")).find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let length: usize = length.context("no length")?.1.parse()?;
        if body.len() >= length {
            return Ok(());
        }
    }
}
