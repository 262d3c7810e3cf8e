//! A connection as the server uses it: the head of each request arrives in time, and answers are taken in time.
//!
//! The framework times the head of a connection's first request alone: after one good request, a client could send the
//! next one a byte at a time and hold the connection for ever. The edge says when a request is served; whatever is read
//! while none is, is the head of the next one. And it waits for ever for a client that reads nothing of its answer: here
//! such a connection breaks off, whatever the answer is.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// A request's headers arrive within this.
pub const HEADERS_WITHIN: Duration = Duration::from_secs(5);

/// Some of an answer is taken within this, or nobody reads it. The system's own buffers are full by then, so "some" is a
/// good part of these: reading a byte now and then does not help.
pub const TAKEN_WITHIN: Duration = Duration::from_secs(15);

/// A client's connection. It breaks off when a head takes too long, or an answer is not taken.
pub struct Connection {
    stream: TcpStream,
    heads: Heads,
    /// Set anew only when it has run out, so that a quick request does not touch it.
    timer: Option<Pin<Box<Sleep>>>,
    /// Runs while what is to be written waits for the client.
    untaken: Option<Pin<Box<Sleep>>>,
}

/// What the edge and a connection know of its requests.
#[derive(Clone, Default)]
pub struct Heads(Rc<State>);

#[derive(Default)]
struct State {
    /// Requests that are served now.
    served: Cell<u32>,
    /// When the first byte of a head that is not complete yet was read.
    since: Cell<Option<Instant>>,
    /// Nothing more is read.
    over: Cell<bool>,
    /// Who reads, while a request is served.
    reader: RefCell<Option<Waker>>,
}

/// Held while a request is served.
pub struct Serving(Heads);

impl Heads {
    /// The head is complete; until the value is dropped, what is read is the request's body.
    pub fn serving(&self) -> Serving {
        self.0.served.set(self.0.served.get().saturating_add(1));
        self.0.since.set(None);
        Serving(self.clone())
    }

    fn read_some(&self) {
        if self.0.served.get() == 0 && self.0.since.get().is_none() {
            self.0.since.set(Some(Instant::now()));
        }
    }

    fn read_by(&self, reader: &Waker) {
        if self.0.served.get() > 0 {
            self.0.reader.borrow_mut().get_or_insert_with(|| reader.clone()).clone_from(reader);
        }
    }

    fn due(&self) -> Option<Instant> {
        self.0.since.get().map(|since| since + HEADERS_WITHIN)
    }
}

impl Serving {
    /// No request is read after this one.
    pub fn is_last(&self) {
        let state = &self.0.0;
        state.over.set(true);
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let served = &self.0.0.served;
        served.set(served.get().saturating_sub(1));
    }
}

impl Connection {
    /// A new one.
    pub fn new(stream: TcpStream) -> Self {
        // Answers are written whole, so waiting for more to send with them gains nothing. A socket that cannot be set
        // so works as well.
        let _unset = stream.set_nodelay(true);
        Self { stream, heads: Heads::default(), timer: None, untaken: None }
    }

    /// For the edge.
    pub fn heads(&self) -> Heads {
        self.heads.clone()
    }

    /// What became of writing something, unless nothing could be written for too long. Otherwise the task is woken then.
    fn taken<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.untaken = None;
            return written;
        }
        let timer = self.untaken.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + TAKEN_WITHIN)));
        if timer.as_mut().poll(cx).is_ready() { Poll::Ready(Err(io::ErrorKind::TimedOut.into())) } else { written }
    }

    /// Whether a head takes too long. Otherwise the task is woken when it does.
    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(due) = self.heads.due() else { return false };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
        while timer.as_mut().poll(cx).is_ready() {
            if timer.deadline() >= due {
                return true;
            }
            // It ran out for a head before this one.
            timer.as_mut().reset(due);
        }
        false
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.heads.0.over.get() {
            // As if the client had said that it is done: what is left to write is written, then the connection ends.
            return Poll::Ready(Ok(()));
        }
        let before = into.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, into);
        if polled.is_pending() {
            self.heads.read_by(cx.waker());
            return if self.is_late(cx) { Poll::Ready(Err(io::ErrorKind::TimedOut.into())) } else { polled };
        }
        if into.filled().len() > before {
            self.heads.read_some();
        }
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.taken(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, all: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, all);
        self.taken(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
