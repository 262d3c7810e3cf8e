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
    /// Answers by what the path begins with, the first that fits.
    asides: Mutex<Vec<(String, Answer)>>,
    asked: Mutex<Vec<Asked>>,
    asked_aside: Mutex<Vec<Asked>>,
}

impl LocalEngine {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            answer: Mutex::new(Answer::is(500, "")),
            asides: Mutex::default(),
            asked: Mutex::default(),
            asked_aside: Mutex::default(),
        });
        let serving = Arc::clone(&state);
        tokio::spawn(async move {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else { break };
                let state = Arc::clone(&serving);
                // A client that hangs up first is no failure of the engine.
                tokio::spawn(async move { drop(serve(stream, connection, &state).await) });
            }
        });
        Self { url, state }
    }
}

impl LocalEngine {
    /// From now on requests whose path begins so are answered so, and stand apart from those that tests are about.
    pub fn answer_aside(&self, asides: Vec<(String, Answer)>) {
        *self.state.asides.lock().unwrap() = asides;
    }

    /// The requests that were answered aside since the last time this was asked.
    pub fn asked_aside(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state.asked_aside.lock().unwrap())
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

/// Requests and answers, until one side has had enough.
async fn serve(mut stream: TcpStream, connection: usize, state: &State) -> std::io::Result<()> {
    loop {
        let asked = match request(&mut stream, connection).await? {
            Heard::Request(asked) => asked,
            Heard::Nothing => return Ok(()),
            Heard::Nonsense => return stream.write_all(b"this is not TLS").await,
        };
        let aside = state.asides.lock().unwrap().iter().find(|(path, _)| asked.path.starts_with(path)).cloned();
        let (held, answer) = match aside {
            Some((_, answer)) => (&state.asked_aside, answer),
            None => (&state.asked, state.answer.lock().unwrap().clone()),
        };
        held.lock().unwrap().push(asked);
        match answer {
            Answer::Is { status, headers, body } => {
                let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                stream.write_all(whole(status, &headers, &body, body.len()).as_bytes()).await?;
                // After one below 200, HTTP has another answer follow: there is none.
                if status >= 200 {
                    continue;
                }
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
        return stream.shutdown().await;
    }
}

fn whole(status: u16, headers: &str, body: &str, length: usize) -> String {
    format!("HTTP/1.1 {status} Because\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
}

/// What comes over a connection.
enum Heard {
    Request(Asked),
    Nothing,
    Nonsense,
}

async fn request(stream: &mut TcpStream, connection: usize) -> std::io::Result<Heard> {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await?;
        bytes.extend_from_slice(&chunk[..read]);
        match bytes.first() {
            _ if read == 0 => return Ok(Heard::Nothing),
            Some(first) if !first.is_ascii_uppercase() => return Ok(Heard::Nonsense),
            _ => {}
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
        return Ok(Heard::Request(Asked { connection, method, path, headers, body: body.to_owned() }));
    }
}
