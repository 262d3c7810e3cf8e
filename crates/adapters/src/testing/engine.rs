//! A stub engine: keeps calls, lets them go on, listens on a port of this machine. What it says is a [`Dialect`]'s.
//!
//! Every request that rings counts, also where nothing is answered to it: it is the judge of who was rung. Every request is
//! compared with the provider's document where that is given.

#![expect(clippy::expect_used, reason = "it stands in for an assertion of the tests that use it")]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::audio::{self, Recording};
use super::document::Document;
use super::stub::{Asked, Call, Dialect, Ends, Order, Reply, Stage};

/// Between two stages of a call.
const STEP: Duration = Duration::from_millis(150);
/// A webhook that is not taken is sent again so often.
const TELLINGS: u32 = 20;
/// A request is not longer.
const LONGEST: usize = 1024 * 1024;

/// What becomes of a request that rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Manners {
    /// It is answered.
    #[default]
    Answers,
    /// It rings, and the connection ends without a word.
    LosesItsReply,
    /// It rings, and nothing at all is said.
    SaysNothing,
    /// The key is wrong: nobody is rung.
    Refuses,
    /// There are too many: nobody is rung.
    HasTooMany,
}

/// A running stub engine; it ends when it is dropped.
pub struct StubEngine {
    /// `http://127.0.0.1:…`.
    pub url: String,
    book: Arc<Book>,
    listening: JoinHandle<()>,
}

struct Book {
    url: String,
    dialect: &'static dyn Dialect,
    document: Option<Document>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    manners: Manners,
    calls: Vec<Call>,
    asked: Vec<Asked>,
    faults: Vec<String>,
    webhook: Option<String>,
    is_mute: bool,
    recording: Option<Recording>,
}

impl Drop for StubEngine {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl StubEngine {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start(dialect: &'static dyn Dialect) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its number"));
        let document = Document::of(dialect.kind());
        let book = Arc::new(Book { url: url.clone(), dialect, document, held: Mutex::default() });
        let serving = Arc::clone(&book);
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let book = Arc::clone(&serving);
                // A client that hangs up first is no failure of the engine.
                tokio::spawn(async move { drop(serve(stream, &book).await) });
            }
        });
        Self { url, book, listening }
    }

    /// From now on requests that ring are treated so.
    pub fn behave(&self, manners: Manners) {
        self.book.held().manners = manners;
    }

    /// Webhooks go there where a request did not say; `None` sends none.
    pub fn tell(&self, webhook: Option<&str>) {
        let mut held = self.book.held();
        held.webhook = webhook.map(str::to_owned);
        held.is_mute = webhook.is_none();
    }

    /// From now on calls are recorded, and this is what there is of them.
    pub fn record(&self, recording: Recording) {
        self.book.held().recording = Some(recording);
    }

    /// The calls that rang, in their order.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.book.held().calls.clone()
    }

    /// Everything that was asked, in its order.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.book.held().asked.clone()
    }

    /// Where requests do not conform to the provider's document.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        self.book.held().faults.clone()
    }
}

impl Book {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that audio was asked for, of which a provider's document says nothing.
    fn note(&self, asked: Asked) -> Option<Recording> {
        let mut held = self.held();
        held.asked.push(asked);
        held.recording.clone()
    }

    /// Notes a request, and says what to answer: nothing, where that is how it behaves.
    fn answer(self: &Arc<Self>, asked: Asked) -> Option<Reply> {
        let faults = self.document.as_ref().map(|document| document.faults(&asked)).unwrap_or_default();
        let order = self.dialect.order(&asked);
        let mut held = self.held();
        held.faults.extend(faults);
        held.asked.push(asked.clone());
        let Some(order) = order else {
            let done = self.dialect.other(&asked, &held.calls);
            if let Some(id) = done.cancels
                && let Some(call) = held.calls.iter_mut().find(|call| call.id == id)
            {
                call.is_canceled = true;
            }
            return Some(done.reply);
        };
        match held.manners {
            Manners::Refuses => return Some(self.dialect.refused()),
            Manners::HasTooMany => return Some(self.dialect.too_many()),
            _ => {}
        }
        let manners = held.manners;
        let call = self.ring(&mut held, order);
        drop(held);
        tokio::spawn(Arc::clone(self).live(call.id.clone()));
        (manners == Manners::Answers).then(|| self.dialect.accepted(&call))
    }

    fn ring(&self, held: &mut Held, order: Order) -> Call {
        let ends = match order.to.get(order.to.len().saturating_sub(2)..) {
            Some("02") => Ends::NoAnswer,
            Some("03") => Ends::Busy,
            _ => Ends::Talk,
        };
        let id = self.dialect.id(held.calls.len(), &order);
        let recording = held.recording.as_ref().map(|kept| kept.url(&self.url, &id));
        let call = Call {
            id,
            recording,
            attempt: order.attempt,
            to: order.to,
            webhook: order.webhook,
            placed_at: now(),
            stage: Stage::Accepted,
            ends,
            is_canceled: false,
        };
        held.calls.push(call.clone());
        call
    }

    /// A call's life, and what is told of it.
    async fn live(self: Arc<Self>, id: String) {
        for stage in [Stage::Ringing, Stage::Talking, Stage::Over] {
            tokio::time::sleep(STEP).await;
            let (call, webhook) = {
                let mut held = self.held();
                let webhook = held.webhook.clone().filter(|_| !held.is_mute);
                let is_mute = held.is_mute;
                let Some(call) = held.calls.iter_mut().find(|call| call.id == id) else { return };
                let stage = if call.is_canceled { Stage::Over } else { stage };
                if stage == Stage::Talking && call.ends != Ends::Talk {
                    continue;
                }
                call.stage = stage;
                (call.clone(), call.webhook.clone().filter(|_| !is_mute).or(webhook))
            };
            if let Some(url) = webhook {
                self.tell(&call, &url).await;
            }
            if call.stage == Stage::Over {
                return;
            }
        }
    }

    /// Sends a webhook until it is taken.
    async fn tell(&self, call: &Call, url: &str) {
        let client = reqwest::Client::new();
        for _telling in 0..TELLINGS {
            let Some(hook) = self.dialect.tells(call, url, now()) else { return };
            let headers = hook.headers.iter().fold(client.post(url), |request, (name, value)| request.header(name, value));
            match headers.body(hook.body).send().await {
                Ok(answer) if answer.status().is_success() => return,
                _ => tokio::time::sleep(STEP).await,
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a stub engine is another machine: it has a clock of its own")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// Requests and answers, until one side has had enough.
async fn serve(mut stream: TcpStream, book: &Arc<Book>) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    while let Some(asked) = request(&mut stream, &mut bytes).await? {
        if asked.path.starts_with(audio::PATH) {
            let Some(recording) = book.note(asked.clone()) else { return Ok(()) };
            recording.send(&asked, &mut stream).await?;
            continue;
        }
        let Some(reply) = book.answer(asked) else {
            if book.held().manners == Manners::SaysNothing {
                let _until_it_hangs_up = stream.read(&mut [0]).await?;
            }
            return Ok(());
        };
        let headers: String = reply.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!("HTTP/1.1 {} Because\r\ncontent-length: {}\r\n{headers}\r\n", reply.status, reply.body.len());
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&reply.body).await?;
    }
    Ok(())
}

/// The next request of a connection; `None` at its end, or where it is none.
async fn request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> std::io::Result<Option<Asked>> {
    loop {
        if let Some((asked, used)) = whole(bytes) {
            bytes.drain(..used);
            return Ok(Some(asked));
        }
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await?;
        if read == 0 || bytes.len() > LONGEST {
            return Ok(None);
        }
        bytes.extend_from_slice(chunk.get(..read).unwrap_or_default());
    }
}

/// The request that stands in `bytes` whole, and how many of them it is.
fn whole(bytes: &[u8]) -> Option<(Asked, usize)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(bytes.get(..end)?).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let named = lines.filter_map(|line| line.split_once(':'));
    let headers: Vec<_> = named.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let used = end + length.unwrap_or(0_usize);
    let body = bytes.get(end..used)?.to_vec();
    Some((Asked { method, path, headers, body }, used))
}
