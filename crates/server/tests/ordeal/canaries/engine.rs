//! An engine that says everything it should keep to itself, wherever it can: in headers, errors, redirects, ids, webhooks.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use callgate_adapters::clock::SystemClock;
use callgate_domain::ports::Clock;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{PROVIDER, SECRET};

/// Numbers of calls that the engine treats in a way of their own: the last digit says which.
pub const WAYS: std::ops::RangeInclusive<u32> = 0..=9;
const LARGEST: usize = 256 * 1024;

/// A running engine, and the signatures that came with the requests to it.
pub struct Engine {
    pub address: String,
    heard: Arc<Heard>,
    running: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Heard {
    signatures: Mutex<Vec<String>>,
    callbacks: Mutex<Vec<String>>,
    notices: Mutex<Vec<String>>,
}

impl Engine {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its number").to_string();
        let heard = Arc::new(Heard::default());
        let running = tokio::spawn(listen(listener, Arc::clone(&heard)));
        Self { address, heard, running }
    }

    /// Every signature it was sent.
    pub fn signatures(&self) -> Vec<String> {
        self.heard.signatures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every notice it was sent, with its head.
    pub fn notices(&self) -> Vec<String> {
        self.heard.notices.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The webhook's address, which ends in its token.
    pub fn callback(&self) -> String {
        let callbacks = self.heard.callbacks.lock().unwrap_or_else(PoisonError::into_inner);
        callbacks.first().cloned().expect("a call was placed")
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn listen(listener: TcpListener, heard: Arc<Heard>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&heard)));
    }
}

async fn serve(mut stream: TcpStream, heard: Arc<Heard>) -> Option<()> {
    let (head, body) = read(&mut stream).await?;
    for line in head.lines().filter_map(|line| line.strip_prefix("webhook-signature: ")) {
        heard.signatures.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
    }
    let target = head.split(' ').nth(1)?.to_owned();
    let (status, answer) = if head.starts_with("POST /calls ") {
        let order: Value = serde_json::from_slice(&body).ok()?;
        heard.callbacks.lock().unwrap_or_else(PoisonError::into_inner).push(order["callback_url"].as_str()?.to_owned());
        place(&order)?
    } else if target.starts_with("/notices") {
        let notice = format!("{head}\n{}", String::from_utf8_lossy(&body));
        heard.notices.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
        (if target.ends_with("good") { "200" } else { "500" }, said("notice"))
    } else if head.starts_with("POST ") {
        ("409", said("over"))
    } else if target.contains("-way-8") {
        ("500", said("look-up"))
    } else {
        let attempt = target.rsplit(['=', '/']).next().unwrap_or_default();
        ("200", result(attempt, "completed"))
    };
    let head = format!(
        "HTTP/1.1 {status} {PROVIDER}-phrase\r\nserver: {PROVIDER}-server\r\nx-{PROVIDER}-header: {PROVIDER}-value\r\n\
         location: http://{PROVIDER}-host.invalid/\r\nset-cookie: {PROVIDER}-cookie=1\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        answer.to_string().len()
    );
    stream.write_all(format!("{head}{answer}").as_bytes()).await.ok()
}

/// What becomes of a request to place a call; `None` ends the connection without a word.
fn place(order: &Value) -> Option<(&'static str, Value)> {
    let attempt = order["attempt_id"].as_str()?.to_owned();
    let way = order["to"].as_str()?.chars().last()?.to_digit(10)?;
    let id = || format!("{PROVIDER}-call-{attempt}");
    Some(match way {
        0 => ("201", json!({"provider_call_id": id(), "message": format!("{PROVIDER}-message")})),
        1 => ("500", said("error")),
        2 => ("422", json!({"dialed": false, "reason": format!("{PROVIDER}-reason"), "message": format!("{PROVIDER}-refused")})),
        3 => ("307", said("redirect")),
        4 => ("201", said("no-id")),
        5 => ("409", json!({"provider_call_id": id()})),
        6 => {
            tokio::spawn(tell(order["callback_url"].as_str()?.to_owned(), attempt.clone()));
            ("201", json!({"provider_call_id": id()}))
        }
        7 => return None,
        8 => ("201", json!({"provider_call_id": format!("{PROVIDER}-call-way-8")})),
        _ => ("403", json!({"dialed": false, "reason": "blocked", "message": format!("{PROVIDER}-forbidden")})),
    })
}

fn said(what: &str) -> Value {
    json!({"error": {"message": format!("{PROVIDER}-{what}"), "provider": PROVIDER}})
}

/// A result with everything in it that a client may read, and everything that it may not.
fn result(attempt: &str, status: &str) -> Value {
    json!({
        "event_type": "call.completed", "provider_call_id": attempt, "status": status, "duration": 7,
        "ended_reason": format!("{PROVIDER}-reason"), "recording_url": format!("https://{PROVIDER}-host.invalid/audio"),
        "transcript": "agent: canary-c-transcript\nuser: canary-c-words", "summary": "canary-c-summary",
        "turns": [{"role": "agent", "text": "canary-c-transcript"}, {"role": "user", "text": "canary-c-words"}],
        "extracted": {"name": "canary-c-extracted"}, format!("{PROVIDER}-field"): format!("{PROVIDER}-value"),
    })
}

/// Webhooks that are no JSON, not signed, of an unknown kind, and then the result.
async fn tell(callback: String, attempt: String) {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().expect("a client");
    let signing = Webhook::new(SECRET).expect("a secret");
    let mut end = result(&format!("{PROVIDER}-call-{attempt}"), "completed");
    end["attempt_id"] = json!(attempt);
    let bodies = [
        (format!("{PROVIDER}-not-json"), true),
        (end.to_string(), false),
        (json!({"event_type": format!("{PROVIDER}.event"), "provider_call_id": format!("{PROVIDER}-x")}).to_string(), true),
        (result(&format!("{PROVIDER}-of-nobody"), &format!("{PROVIDER}-status")).to_string(), true),
        (end.to_string(), true),
    ];
    for (nth, (body, is_signed)) in bodies.into_iter().enumerate() {
        let (id, now) = (format!("{PROVIDER}-{nth}-{attempt}"), SystemClock::new().now().as_second());
        let good = signing.sign(&id, now, body.as_bytes()).expect("a signature");
        let signature = if is_signed { good } else { "v1,Y2FuYXJ5LWMtc2lnbmF0dXJl".to_owned() };
        let request = client.post(&callback).header("content-type", "application/json").header("webhook-id", id);
        let request = request.header("webhook-timestamp", now.to_string()).header("webhook-signature", signature);
        drop(request.body(body).send().await);
    }
}

async fn read(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    while bytes.len() < LARGEST {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let whole = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(Some(0), |n| n.parse().ok())?;
        if let Some(body) = bytes.get(end + 4..end + 4 + length) {
            return Some((whole, body.to_vec()));
        }
    }
    None
}
