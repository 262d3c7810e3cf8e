//! Senders as the tests need them, what they send, traps that count who falls into them, and a resolver with a script.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use callgate_adapters::sender::{Guard, HttpSender, Lookup};
use callgate_domain::model::ids::NoticeId;
use callgate_domain::model::{CallId, EndpointUrl, Secret, Sent};
use callgate_domain::ports::{Message, NoticeSender, Reply, Target};
use jiff::Timestamp;
use tokio::net::TcpListener;

pub const SECRETS: [&str; 2] = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="];
pub const BODY: &str = r#"{"type":"call.completed","timestamp":"2026-01-01T00:00:00Z","data":{}}"#;

/// Ranges separated by spaces.
pub fn guard(allow_private: &str) -> Guard {
    Guard::new(allow_private.split_whitespace().map(|network| network.parse().unwrap()).collect())
}

pub fn sender(allow_private: &str, lookup: &Arc<Script>) -> HttpSender {
    HttpSender::new(guard(allow_private), Arc::clone(lookup) as Arc<dyn Lookup>).unwrap()
}

pub fn message() -> Message {
    Message {
        id: NoticeId::new(Timestamp::from_second(1_767_225_600).unwrap(), [7; 10]),
        call: Some(CallId::new(Timestamp::from_second(1_767_225_600).unwrap(), [8; 10])),
        at: Timestamp::from_second(1_767_225_601).unwrap(),
        secrets: SECRETS.iter().filter_map(|secret| Secret::new(*secret)).collect(),
        body: BODY.into(),
    }
}

pub async fn send(sender: &HttpSender, url: &str) -> Sent {
    reply(sender, url).await.sent
}

/// The same with what came back.
pub async fn reply(sender: &HttpSender, url: &str) -> Reply {
    sender.send(&Target { url: EndpointUrl::new(url).unwrap() }, &message()).await
}

/// Answers names by a script: each answer once, the last one for ever.
pub struct Script {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Script {
    /// Answers of addresses separated by spaces; none at all is a name that is not known.
    pub fn of(answers: &[&str]) -> Arc<Self> {
        let read = |answer: &&str| answer.split_whitespace().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self { answers: Mutex::new(answers.iter().map(read).collect()), asked: AtomicUsize::new(0) })
    }

    /// How often a name was asked for.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Lookup for Script {
    async fn lookup(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        answer.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

/// Listens where nobody may come, and counts who does.
#[derive(Clone, Default)]
pub struct Trap(Arc<AtomicUsize>);

impl Trap {
    /// Listens at an address, if that can be had; where it listens.
    pub async fn set(&self, at: &str) -> Option<SocketAddr> {
        let listener = TcpListener::bind(at).await.ok()?;
        let address = listener.local_addr().unwrap();
        let caught = Arc::clone(&self.0);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                caught.fetch_add(1, Ordering::SeqCst);
                drop(stream);
            }
        });
        Some(address)
    }

    /// How many came.
    pub fn caught(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}
