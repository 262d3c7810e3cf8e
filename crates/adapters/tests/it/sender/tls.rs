//! To whom a notice is shown: a receiver whose certificate is good for the name, and nobody else.
//!
//! `receiver.cert.der` is for `receiver.test`, signed by `authority.cert.der`; both are good for a hundred years.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use callgate_adapters::sender::{HttpSender, Lookup};
use callgate_domain::model::{NotSent, Sent};
use reqwest::Certificate;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use super::bench::{BODY, Script, guard, send};

const AUTHORITY: &[u8] = include_bytes!("authority.cert.der");

/// A receiver with TLS; its port, and how many bytes of requests it heard.
fn receiver() -> (u16, Arc<AtomicUsize>) {
    let certificate = CertificateDer::from(include_bytes!("receiver.cert.der").to_vec());
    let key = PrivatePkcs8KeyDer::from(include_bytes!("receiver.key.der").to_vec());
    callgate_adapters::providers::install_crypto();
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key.into()).unwrap();
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(mut stream), Ok(mut tls)) = (stream, rustls::ServerConnection::new(Arc::clone(&config))) else { break };
            let mut tls = rustls::Stream::new(&mut tls, &mut stream);
            let mut request = Vec::new();
            while !request.ends_with(BODY.as_bytes()) {
                let mut chunk = [0; 4096];
                let Ok(read @ 1..) = tls.read(&mut chunk) else { break };
                request.extend_from_slice(&chunk[..read]);
            }
            counted.fetch_add(request.len(), Ordering::SeqCst);
            if !request.is_empty() {
                // Whoever is gone already has its answer in the count.
                drop(tls.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"));
            }
        }
    });
    (port, heard)
}

fn names() -> Arc<dyn Lookup> {
    Script::of(&["127.0.0.1"])
}

/// What sending to `host` comes to for a sender that trusts our authority, or the system's.
async fn check(trusts_ours: bool, host: &str, expected: Sent) {
    let (port, heard) = receiver();
    let authority = Certificate::from_der(AUTHORITY).unwrap();
    let sender = if trusts_ours {
        HttpSender::trusting(guard("127.0.0.0/8"), names(), &[authority]).unwrap()
    } else {
        HttpSender::new(guard("127.0.0.0/8"), names()).unwrap()
    };
    assert_eq!(send(&sender, &format!("https://{host}:{port}/")).await, expected, "{host}");
    let was_heard = heard.load(Ordering::SeqCst) > 0;
    assert_eq!(was_heard, matches!(expected, Sent::Answered { .. }), "{host}");
}

#[tokio::test]
async fn a_notice_is_shown_to_whoever_its_name_belongs_to() {
    check(true, "receiver.test", Sent::Answered { status: 202, retry_after: None }).await;
}

#[tokio::test]
async fn a_certificate_for_another_name_or_of_an_unknown_authority_is_refused() {
    check(true, "other.test", Sent::Not(NotSent::NoConnection)).await;
    check(true, "a.receiver.test", Sent::Not(NotSent::NoConnection)).await;
    check(true, "127.0.0.1", Sent::Not(NotSent::NoConnection)).await;
    check(false, "receiver.test", Sent::Not(NotSent::NoConnection)).await;
}
