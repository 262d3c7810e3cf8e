//! A client's own server, which counts: the judge of "no notice is lost".
//!
//! `/up` takes what is signed for it, `/hangs` takes a connection and never answers. What is taken is written down before it
//! is answered; it ends with the test that started it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use callgate_adapters::clock::SystemClock;
use callgate_domain::ports::Clock;
use jiff::Timestamp;
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::engine::read;

/// Longer than anybody waits for an answer.
const HANGS: Duration = Duration::from_secs(40);

/// What was heard of one call's end.
#[derive(Debug, Clone)]
pub struct Heard {
    /// The `webhook-id` it first came with.
    pub id: String,
    /// The call as it was told first.
    pub call: Value,
    /// When the call's end was known, as the notice says.
    pub made_at: Timestamp,
    /// When it came first.
    pub at: Timestamp,
    /// How often it came.
    pub times: u32,
}

/// What was heard, by call.
#[derive(Default)]
pub struct Ear {
    /// Signs what comes to `/up`, once it is known.
    secret: Mutex<Option<String>>,
    heard: Mutex<BTreeMap<String, Heard>>,
    faults: Mutex<Vec<String>>,
    /// `traceparent` of each request to `/up`, where it had one.
    parents: Mutex<Vec<String>>,
    hanging: AtomicUsize,
    most_hanging: AtomicUsize,
}

/// A running receiver.
pub struct Receiver {
    pub url: String,
    pub ear: Arc<Ear>,
    _stop: DropGuard,
}

impl Receiver {
    /// Starts one.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its number"));
        let (stop, ear) = (CancellationToken::new(), Arc::new(Ear::default()));
        tokio::spawn(listen(listener, Arc::clone(&ear), stop.clone()));
        Self { url, ear, _stop: stop.drop_guard() }
    }
}

async fn listen(listener: TcpListener, ear: Arc<Ear>, stop: CancellationToken) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let ear = Arc::clone(&ear);
                open.spawn(async move { serve(stream, &ear).await });
            }
            Some(_) = open.join_next() => {}
        }
    }
}

async fn serve(mut stream: TcpStream, ear: &Ear) {
    let Some(request) = read(&mut stream).await else { return };
    if request.path == "/hangs" {
        let now = ear.hanging.fetch_add(1, Ordering::SeqCst) + 1;
        ear.most_hanging.fetch_max(now, Ordering::SeqCst);
        // Until whoever asks has had enough.
        let mut rest = [0; 1];
        drop(tokio::time::timeout(HANGS, tokio::io::AsyncReadExt::read(&mut stream, &mut rest)).await);
        ear.hanging.fetch_sub(1, Ordering::SeqCst);
        return;
    }
    ear.hear(&request.headers, &request.body);
    drop(stream.write_all(b"HTTP/1.1 204 Heard\r\nconnection: close\r\n\r\n").await);
    drop(stream.shutdown().await);
}

impl Ear {
    /// What comes to `/up` is signed with this.
    pub fn knows(&self, secret: &str) {
        *self.secret.lock().expect("nobody panics") = Some(secret.to_owned());
    }

    /// What was heard of each call's end.
    pub fn heard(&self) -> BTreeMap<String, Heard> {
        self.heard.lock().expect("nobody panics").clone()
    }

    /// What must never come.
    pub fn faults(&self) -> Vec<String> {
        self.faults.lock().expect("nobody panics").clone()
    }

    /// What the requests were part of.
    pub fn parents(&self) -> Vec<String> {
        self.parents.lock().expect("nobody panics").clone()
    }

    /// How many requests hung at once, at most.
    pub fn most_hanging(&self) -> usize {
        self.most_hanging.load(Ordering::SeqCst)
    }

    fn hear(&self, headers: &std::collections::HashMap<String, String>, body: &[u8]) {
        self.parents.lock().expect("nobody panics").extend(headers.get("traceparent").cloned());
        let secret = self.secret.lock().expect("nobody panics").clone().unwrap_or_default();
        let of = |name: &str| headers.get(name).cloned().unwrap_or_default();
        let signature = Webhook::new(&secret).ok().zip(of("webhook-timestamp").parse().ok());
        let own = signature.and_then(|(webhook, at)| webhook.sign(&of("webhook-id"), at, body).ok());
        if own.is_none_or(|own| own != of("webhook-signature")) {
            return self.fault("it is not signed as Standard Webhooks says".to_owned());
        }
        let told: Value = serde_json::from_slice(body).unwrap_or_default();
        let (kind, call) = (told["type"].as_str().unwrap_or_default(), told["data"].clone());
        let (Some(call_id), Some(id)) = (call["call_id"].as_str(), headers.get("webhook-id")) else {
            return self.fault(format!("of no call: {told}"));
        };
        if kind != "call.completed" {
            return;
        }
        if call["terminal"] != true {
            self.fault(format!("told of an end that is none: {told}"));
        }
        let Some(made_at) = told["timestamp"].as_str().and_then(|at| at.parse().ok()) else {
            return self.fault(format!("without a timestamp: {told}"));
        };
        let at = SystemClock::new().now();
        let mut heard = self.heard.lock().expect("nobody panics");
        let before = heard.entry(call_id.to_owned()).or_insert_with(|| Heard {
            id: id.clone(),
            call: call.clone(),
            made_at,
            at,
            times: 0,
        });
        before.times += 1;
        let same = before.id == *id;
        drop(heard);
        if !same {
            self.fault(format!("{call_id} came under two ids"));
        }
    }

    fn fault(&self, fault: String) {
        self.faults.lock().expect("nobody panics").push(fault);
    }
}
