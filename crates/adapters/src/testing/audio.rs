//! The audio of calls, as a stub engine has it: all of it or a part, and some that has no end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::stub::Asked;

/// What every path of audio begins with.
pub const PATH: &str = "/audio-of-a-stub/";
/// Of audio without end, so much is written at once.
const PIECE: &[u8] = &[7; 64 * 1024];

/// The audio of a call.
#[derive(Debug, Clone)]
pub enum Recording {
    /// Kept whole: it can be had in parts.
    Kept(Arc<[u8]>),
    /// It goes on as long as somebody listens.
    Endless(Arc<Listened>),
    /// It is somewhere else.
    At(String),
}

/// Of audio without end: what became of who listens.
#[derive(Debug, Default)]
pub struct Listened {
    written: AtomicU64,
    left: AtomicU64,
}

impl Listened {
    /// So many bytes could be written so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::SeqCst)
    }

    /// So many who listened have let go of the connection.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left.load(Ordering::SeqCst)
    }
}

impl Recording {
    /// Where the audio of call `id` is, for an engine at `engine`.
    pub(super) fn url(&self, engine: &str, id: &str) -> String {
        match self {
            Self::At(url) => url.clone(),
            Self::Kept(_) | Self::Endless(_) => format!("{engine}{PATH}{id}.wav"),
        }
    }

    /// Answers who asks for it.
    pub(super) async fn send(&self, asked: &Asked, stream: &mut TcpStream) -> std::io::Result<()> {
        match self {
            Self::Kept(bytes) => stream.write_all(&kept(bytes, asked)).await,
            Self::Endless(listened) => {
                let outcome = endless(stream, listened).await;
                listened.left.fetch_add(1, Ordering::SeqCst);
                outcome
            }
            Self::At(_) => stream.write_all(b"HTTP/1.1 404 Because\r\ncontent-length: 0\r\n\r\n").await,
        }
    }
}

/// `bytes=2-5` or `bytes=2-`: nothing else is asked for here.
fn kept(bytes: &[u8], asked: &Asked) -> Vec<u8> {
    let total = bytes.len();
    let range = asked.headers.iter().find(|(name, _)| name == "range").and_then(|(_, value)| {
        let (first, last) = value.strip_prefix("bytes=")?.split_once('-')?;
        Some((first.parse().ok()?, last.parse().map_or(total, |last: usize| last + 1).min(total)))
    });
    let (status, range, part) = match range {
        None => (200, String::new(), Some(bytes)),
        Some((first, end)) => match bytes.get(first..end).filter(|part| !part.is_empty()) {
            Some(part) => (206, format!("content-range: bytes {first}-{}/{total}\r\n", end - 1), Some(part)),
            None => (416, format!("content-range: bytes */{total}\r\n"), None),
        },
    };
    let part = part.unwrap_or_default();
    let also = "content-type: audio/wav\r\nx-served-by: stub-engine\r\nset-cookie: of=theirs\r\n";
    let head = format!("HTTP/1.1 {status} Because\r\ncontent-length: {}\r\n{also}{range}\r\n", part.len());
    [head.as_bytes(), part].concat()
}

async fn endless(stream: &mut TcpStream, listened: &Listened) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 Because\r\ncontent-type: audio/wav\r\ncontent-length: 400000000\r\n\r\n").await?;
    loop {
        let written = stream.write(PIECE).await?;
        listened.written.fetch_add(written.try_into().unwrap_or(u64::MAX), Ordering::SeqCst);
    }
}
