//! A light load: connections that each send one request after another and read the whole answer.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::server::Server;

/// What is sent, where, and for how long.
pub struct Load {
    address: String,
    request: String,
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
    /// Creates of calls against one server.
    pub fn of(server: &Server, connections: usize, time: Duration) -> Self {
        // The customer's own request.
        let body = r#"{ "phone": "+996700000000", "agent": "akylai" }"#;
        let (address, key) = (server.address.clone(), &server.key);
        let request = format!(
            "POST /v1/calls HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Self { address, request, connections, time }
    }
}

/// Runs a load.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures the real time")]
pub async fn run(load: &Load) -> Result<Measured> {
    let started = Instant::now();
    let until = started + load.time;
    let mut connections = JoinSet::new();
    for _ in 0..load.connections {
        connections.spawn(connection(load.address.clone(), load.request.clone(), until));
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

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the real time")]
async fn connection(address: String, request: String, until: Instant) -> Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(&address).await?;
    stream.set_nodelay(true)?;
    let mut took = Vec::with_capacity(4096);
    let mut buffer = vec![0; 4096];
    while Instant::now() < until {
        let asked = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        answer(&mut stream, &mut buffer).await?;
        took.push(asked.elapsed());
    }
    Ok(took)
}

/// Reads one whole answer; anything but a 201 ends the run.
async fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<()> {
    let mut held = 0;
    loop {
        let room = buffer.get_mut(held..).context("an answer longer than expected")?;
        let read = stream.read(room).await?;
        ensure!(read > 0, "the server closed the connection");
        held += read;
        let text = std::str::from_utf8(buffer.get(..held).unwrap_or_default())?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        ensure!(head.starts_with("HTTP/1.1 201"), "{head}\n{body}");
        let length =
            head.lines().filter_map(|line| line.split_once(": ")).find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let length: usize = length.context("no length")?.1.parse()?;
        if body.len() >= length {
            return Ok(());
        }
    }
}
