//! What is asked for audio, and how much of it is passed on: by a host on a port of this machine.

use callgate_domain::model::AttemptId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;
use crate::testing::kinds::ports;

const SMALL: Bounds = Bounds { longest: 1000, idle: Duration::from_secs(20) };
/// Far below every other bound a request has.
const SOON: Duration = Duration::from_millis(100);

/// A host that writes `text` to the one who asks, and then holds the connection until that one lets go of it.
async fn host(text: String) -> (Url, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a", listener.local_addr().unwrap()).parse().unwrap();
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _asked = stream.read(&mut [0; 4096]).await.unwrap();
        // Whoever has had enough does not read to the end.
        drop(stream.write_all(text.as_bytes()).await);
        until_let_go(stream).await;
    });
    (url, serving)
}

async fn until_let_go(mut stream: TcpStream) {
    while stream.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {}
}

async fn fetched(bounds: Bounds, url: &Url) -> Result<Audio, ProviderError> {
    let clients = Clients::new(Duration::from_secs(30), &ports()).unwrap();
    let attempt = AttemptId::from_uuid(uuid::Uuid::nil());
    let order = AudioOrder { attempt, provider_call: None, told: Some(url.to_string()), range: None };
    bounds.recording(&clients, url, &[], &order, Timestamp::UNIX_EPOCH).await
}

/// Everything that is passed on, and what it ends with.
async fn all_of(audio: &mut Audio) -> (usize, Result<(), String>) {
    let mut length = 0;
    loop {
        match audio.body.next().await {
            Ok(Some(bytes)) => length += bytes.len(),
            Ok(None) => return (length, Ok(())),
            Err(error) => return (length, Err(why(error))),
        }
    }
}

fn why(error: ProviderError) -> String {
    format!("{:#}", anyhow::Error::from(error))
}

/// A body without a length: in chunks of a hundred bytes.
fn chunked(hundreds: usize) -> String {
    let chunk = format!("64\r\n{}\r\n", "a".repeat(100));
    format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}0\r\n\r\n", chunk.repeat(hundreds))
}

#[tokio::test]
async fn audio_as_long_as_it_may_be_is_passed_on_whole() {
    let (url, _) = host(chunked(10)).await;
    assert_eq!(all_of(&mut fetched(SMALL, &url).await.unwrap()).await, (1000, Ok(())));
}

#[tokio::test]
async fn audio_that_grows_too_long_breaks_off_and_does_not_end() {
    let (url, serving) = host(chunked(11)).await;
    let mut audio = fetched(SMALL, &url).await.unwrap();
    let (length, end) = all_of(&mut audio).await;
    assert!(length <= 1000, "{length}");
    assert!(end.as_ref().is_err_and(|why| why.contains("the audio is too long")), "{end:?}");
    drop(audio);
    serving.await.unwrap();
}

#[tokio::test]
async fn audio_that_says_it_is_too_long_is_refused_before_a_byte_of_it() {
    let (url, serving) = host("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n".to_owned()).await;
    let refused = fetched(SMALL, &url).await.err().map(why);
    assert!(refused.as_ref().is_some_and(|why| why.contains("the audio is too long")), "{refused:?}");
    // Nobody waits for it either.
    serving.await.unwrap();
    let (url, _) = host("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n".to_owned()).await;
    assert_eq!(fetched(SMALL, &url).await.unwrap().length, Some(1000));
}

#[tokio::test]
async fn a_host_that_falls_silent_is_given_up_and_let_go_of() {
    let soon = Bounds { idle: SOON, ..SMALL };
    let (url, serving) = host(String::new()).await;
    let silent = fetched(soon, &url).await.err().map(why);
    assert!(silent.as_ref().is_some_and(|why| why.contains("nothing came")), "{silent:?}");
    serving.await.unwrap();

    let (url, serving) = host("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nRIFF".to_owned()).await;
    let mut audio = fetched(soon, &url).await.unwrap();
    let (length, end) = all_of(&mut audio).await;
    assert_eq!(length, 4);
    assert!(end.as_ref().is_err_and(|why| why.contains("nothing came any more")), "{end:?}");
    drop(audio);
    serving.await.unwrap();
}

#[test]
fn only_the_internet_is_asked() {
    for good in ["https://storage.example/a.wav?sig=1", "https://1.1.1.1/a", "https://[2606:4700::1111]/a"] {
        assert!(check_public(&good.parse().unwrap()).is_ok(), "{good}");
    }
    for odd in [
        "http://storage.example/a.wav",
        "https://storage.example:8443/a.wav",
        "https://u:p@storage.example/a.wav",
        "https://127.0.0.1/a",
        "https://169.254.169.254/a",
        "https://10.0.0.1/a",
        "https://[::1]/a",
        "https://[::ffff:10.0.0.1]/a",
        "https://localhost/a",
        "file:///etc/passwd",
        "ftp://storage.example/a",
    ] {
        assert!(check_public(&odd.parse().unwrap()).is_err(), "{odd}");
    }
}

#[test]
fn a_part_is_within_the_whole() {
    assert_eq!(part_of("bytes 0-9/100"), Some(Extent::Part { first: 0, last: 9, total: Some(100) }));
    assert_eq!(part_of("bytes 5-5/*"), Some(Extent::Part { first: 5, last: 5, total: None }));
    for odd in ["", "bytes", "bytes 0-9", "bytes 9-0/10", "bytes 0-10/10", "items 0-9/10", "bytes -9/10", "bytes */10"] {
        assert_eq!(part_of(odd), None, "{odd}");
    }
}
