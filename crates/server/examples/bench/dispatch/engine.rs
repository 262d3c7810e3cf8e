//! An engine that takes its time, and remembers when it was asked.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Semaphore;

use crate::now;

/// How long the calls may take to arrive.
const BOUND: Duration = Duration::from_secs(60);

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 4_096;

/// The engine.
pub struct Engine {
    /// Where it is.
    pub address: String,
    seen: Arc<Seen>,
}

struct Seen {
    /// Requests that are served at once; more wait here, as at any engine with so many lines.
    places: Semaphore,
    /// By phone.
    received: Mutex<HashMap<String, Instant>>,
    at_once: AtomicUsize,
    most: AtomicUsize,
}

impl Engine {
    /// One that answers after so long, and serves so many at once.
    pub async fn start(answers_after: Duration, at_once: usize) -> Result<Self> {
        // The usual 128 that may wait to be accepted are too few: who finds no place comes again after a second.
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let listener = socket.listen(BACKLOG)?;
        let address = format!("http://{}", listener.local_addr()?);
        let places = Semaphore::new(at_once);
        let seen =
            Arc::new(Seen { places, received: Mutex::default(), at_once: AtomicUsize::default(), most: AtomicUsize::default() });
        let theirs = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let seen = Arc::clone(&theirs);
                tokio::spawn(async move { answer(stream, &seen, answers_after).await });
            }
        });
        Ok(Self { address, seen })
    }

    /// When each request came, once there are so many.
    pub async fn received(&self, count: u32) -> Result<Vec<Instant>> {
        let until = now() + BOUND;
        loop {
            let received: Vec<Instant> = self.lock().values().copied().collect();
            if received.len() >= usize::try_from(count)? {
                return Ok(received);
            }
            if now() > until {
                bail!("only {} of {count} calls have come", received.len());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// How many milliseconds after a moment a phone was asked for; 0 where it was before.
    pub fn after(&self, phone: &str, since: Instant) -> Option<f64> {
        let at = *self.lock().get(phone)?;
        Some(at.saturating_duration_since(since).as_secs_f64() * 1_000.0)
    }

    /// The most requests that were open at one moment.
    pub fn most_at_once(&self) -> usize {
        self.seen.most.load(Ordering::Relaxed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Instant>> {
        self.seen.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(mut stream: TcpStream, seen: &Seen, after: Duration) -> Option<()> {
    let mut buffer = vec![0; 8 * 1024];
    let mut held = 0;
    let phone = loop {
        let read = stream.read(buffer.get_mut(held..)?).await.ok().filter(|read| *read > 0)?;
        held += read;
        let text = String::from_utf8_lossy(buffer.get(..held)?).into_owned();
        if !text.starts_with("POST ") {
            break None;
        }
        // The body is small and comes with its head, or right after it.
        if let Some(at) = text.find("\"to\":\"").filter(|_| text.ends_with('}')) {
            break text.get(at + 6..)?.split('"').next().map(str::to_owned);
        }
    };
    let (status, id) = match phone {
        Some(phone) => {
            let id = phone.trim_start_matches('+').to_owned();
            let _place = seen.places.acquire().await.ok()?;
            seen.received.lock().unwrap_or_else(PoisonError::into_inner).insert(phone, now());
            let at_once = seen.at_once.fetch_add(1, Ordering::Relaxed) + 1;
            seen.most.fetch_max(at_once, Ordering::Relaxed);
            tokio::time::sleep(after).await;
            seen.at_once.fetch_sub(1, Ordering::Relaxed);
            ("201 Created", id)
        }
        None => ("404 Not Found", String::new()),
    };
    let body = format!(r#"{{"provider_call_id":"{id}"}}"#);
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).await.ok()
}
