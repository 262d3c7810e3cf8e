//! A voice engine for tests: a real server on loopback that answers, or fails to, as it is told.

use std::sync::{Arc, Mutex};

use callgate_domain::testing::provider_contract::{Answer, Asked, Engine};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The server; it ends with the test's runtime.
pub struct LocalEngine {
    pub url: String,
    state: Arc<State>,
}

struct State {
    answer: Mutex<Answer>,
    asked: Mutex<Vec<Asked>>,
}

impl LocalEngine {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State { answer: Mutex::new(Answer::is(500, "")), asked: Mutex::default() });
        let serving = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&serving);
                // A client that hangs up first is no failure of the engine.
                tokio::spawn(async move { drop(serve(stream, &state).await) });
            }
        });
        Self { url, state }
    }
}

impl Engine for LocalEngine {
    fn answer(&self, answer: Answer) {
        *self.state.answer.lock().unwrap() = answer;
    }

    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state.asked.lock().unwrap())
    }
}

/// An address on which nobody listens.
pub async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// One request, one answer, and the connection closes.
async fn serve(mut stream: TcpStream, state: &State) -> std::io::Result<()> {
    let Some(asked) = request(&mut stream).await? else { return stream.write_all(b"this is not TLS").await };
    state.asked.lock().unwrap().push(asked);
    let answer = state.answer.lock().unwrap().clone();
    match answer {
        Answer::Is { status, headers, body } => {
            let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            stream.write_all(whole(status, &headers, &body, body.len()).as_bytes()).await?;
        }
        Answer::Silence => drop(stream.read(&mut [0]).await?),
        Answer::HangsUp => {}
        Answer::CutOff { status, body } => {
            let half = body.get(..body.len() / 2).unwrap_or_default();
            stream.write_all(whole(status, "", half, body.len()).as_bytes()).await?;
        }
        Answer::Endless { status, body } => {
            let length = 3 * 1024 * 1024;
            stream.write_all(whole(status, "", &body, length).as_bytes()).await?;
            stream.write_all(&vec![b' '; length - body.len()]).await?;
        }
    }
    stream.shutdown().await
}

fn whole(status: u16, headers: &str, body: &str, length: usize) -> String {
    format!("HTTP/1.1 {status} Because\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}")
}

/// `None` where what comes is no HTTP.
async fn request(stream: &mut TcpStream) -> std::io::Result<Option<Asked>> {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await?;
        bytes.extend_from_slice(&chunk[..read]);
        if read == 0 || bytes.first().is_some_and(|first| !first.is_ascii_uppercase()) {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let mut lines = head.lines();
        let first = lines.next().unwrap_or_default().to_owned();
        let headers: Vec<(String, String)> =
            lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
        if body.len() < length.unwrap_or(0) {
            continue;
        }
        let mut words = first.split(' ').map(str::to_owned);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        return Ok(Some(Asked { method, path, headers, body: body.to_owned() }));
    }
}
