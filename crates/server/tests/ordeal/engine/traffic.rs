//! The engine's HTTP: one request a connection, answered, or not, as the call's manners say.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Answer;
use super::book::{Book, OWN};

/// No connection is kept for longer.
const LONGEST: Duration = Duration::from_secs(60);
const LARGEST: usize = 256 * 1024;

/// Takes connections until the stop; those still open end with it.
pub async fn listen(listener: TcpListener, book: Arc<Book>, stop: CancellationToken) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let book = Arc::clone(&book);
                open.spawn(async move { drop(tokio::time::timeout(LONGEST, serve(stream, &book)).await) });
            }
            Some(_) = open.join_next() => {}
        }
    }
}

/// What somebody asks.
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

async fn serve(mut stream: TcpStream, book: &Arc<Book>) {
    let Some(request) = read(&mut stream).await else { return };
    let answer = if book.is_signed(&request.headers, &request.body) {
        answer(&request, book).await
    } else {
        Some((401, json!({ "error": "not signed" })))
    };
    match answer {
        Some((status, body)) => {
            let body = body.to_string();
            let length = body.len();
            let whole = format!(
                "HTTP/1.1 {status} Because\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            // Whoever asked may be dead by now.
            drop(stream.write_all(whole.as_bytes()).await);
            drop(stream.shutdown().await);
        }
        None => drop(stream),
    }
}

/// `None` ends the connection without a word.
async fn answer(request: &Request, book: &Arc<Book>) -> Option<(u16, Value)> {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let below: Vec<_> = path.trim_matches('/').split('/').collect();
    match (request.method.as_str(), below.as_slice()) {
        ("POST", ["calls"]) => {
            let order = serde_json::from_slice(&request.body).ok()?;
            book.is_part_of(request.headers.get("traceparent"));
            let (dialed, manners) = book.dial(&order)?;
            match manners.answer {
                Answer::After(wait) => tokio::time::sleep(wait).await,
                Answer::Fails => return Some((500, json!({ "error": "after the phone rang" }))),
                Answer::HangsUp => return None,
                Answer::Never => std::future::pending().await,
            }
            Some((201, json!({ "provider_call_id": dialed.id })))
        }
        ("GET", ["calls"]) => {
            let attempt = query.strip_prefix("attempt_id=").unwrap_or_default();
            found(book.look_up(attempt)).await
        }
        ("GET", ["calls", id]) => found(book.look_up(id.strip_prefix(OWN)?)).await,
        ("POST", ["calls", id, "cancel"]) => Some((if book.cancel(id.strip_prefix(OWN)?) { 202 } else { 409 }, json!({}))),
        _ => Some((404, json!({ "error": "nothing here" }))),
    }
}

async fn found((found, is_answered): (Option<Value>, bool)) -> Option<(u16, Value)> {
    if !is_answered {
        std::future::pending::<()>().await;
    }
    Some(found.map_or((404, json!({ "error": "no such call" })), |call| (200, call)))
}

/// A request once it is whole: half a request dials nobody.
pub async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    while bytes.len() < LARGEST {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.lines();
        let mut words = lines.next()?.split(' ').map(str::to_owned);
        let (method, path) = (words.next()?, words.next()?);
        let headers: HashMap<_, _> =
            lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let length = headers.get("content-length").map_or(Some(0), |length| length.parse::<usize>().ok())?;
        if let Some(body) = bytes.get(end + 4..end + 4 + length) {
            return Some(Request { method, path, headers, body: body.to_vec() });
        }
    }
    None
}
