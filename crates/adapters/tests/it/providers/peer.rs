//! A peer that does to a connection exactly what a test says, byte by byte.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// What a peer does with a connection, one after the other; after the last it closes.
#[derive(Debug, Clone)]
pub enum Act {
    /// Reads the whole request.
    Read,
    /// Waits until something of the request is there, and leaves it.
    Await,
    /// Sends this.
    Say(Vec<u8>),
    /// Says nothing until the other side has had enough.
    Wait,
    /// Sends this, byte by byte, over and over.
    Drip(Vec<u8>),
    /// Sends this over and over, as fast as it is taken.
    Flood(Vec<u8>),
    /// Breaks the connection off.
    Reset,
}

/// A listening peer; it ends with the test's runtime.
pub struct Peer {
    pub address: String,
    connections: Arc<AtomicUsize>,
}

impl Peer {
    /// Does the same to every connection.
    pub async fn that(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let connections = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let acts = acts.clone();
                // Whoever is hung up on cannot say more; that is no failure of the test.
                tokio::spawn(async move { drop(play(stream, acts).await) });
            }
        });
        Self { address, connections }
    }

    /// How many connections came.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn play(mut stream: TcpStream, acts: Vec<Act>) -> std::io::Result<()> {
    for act in acts {
        match act {
            Act::Read => read_request(&mut stream).await?,
            Act::Await => drop(stream.peek(&mut [0]).await?),
            Act::Say(bytes) => stream.write_all(&bytes).await?,
            Act::Wait => while stream.read(&mut [0; 4096]).await? > 0 {},
            Act::Drip(bytes) => {
                let mut ticks = tokio::time::interval(std::time::Duration::from_millis(50));
                for byte in bytes.iter().cycle() {
                    ticks.tick().await;
                    stream.write_all(&[*byte]).await?;
                }
            }
            Act::Flood(bytes) => loop {
                stream.write_all(&bytes).await?;
            },
            Act::Reset => return stream.set_zero_linger(),
        }
    }
    stream.shutdown().await
}

async fn read_request(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await?;
        request.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
            body.len() >= length.unwrap_or(0)
        });
        if whole || read == 0 {
            return Ok(());
        }
    }
}

/// An address that takes no more connections: what is sent there gets no answer. It does so while the value is held.
pub async fn full() -> (String, Vec<TcpStream>, TcpListener) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    let short = std::time::Duration::from_millis(300);
    while let Ok(Ok(stream)) = tokio::time::timeout(short, TcpStream::connect(address)).await {
        waiting.push(stream);
        assert!(waiting.len() < 100, "it never is full");
    }
    (address.to_string(), waiting, listener)
}

/// A peer with TLS and a certificate that nobody trusts; how many bytes of a request reached it.
pub fn nobody_trusts() -> (String, Arc<AtomicUsize>) {
    let certificate = CertificateDer::from(include_bytes!("nobody_trusts.cert.der").to_vec());
    let key = PrivatePkcs8KeyDer::from(include_bytes!("nobody_trusts.key.der").to_vec());
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key.into()).unwrap();
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let heard = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(mut stream), Ok(mut tls)) = (stream, rustls::ServerConnection::new(Arc::clone(&config))) else { break };
            let mut tls = rustls::Stream::new(&mut tls, &mut stream);
            let read = std::io::Read::read(&mut tls, &mut [0; 4096]).unwrap_or(0);
            counted.fetch_add(read, Ordering::SeqCst);
        }
    });
    (address, heard)
}
