//! The audio of a call, through the real program: from a stub engine that kept it to a client that asks for it.

use std::sync::Arc;
use std::time::Duration;

use callgate_adapters::providers::{DIALECTS, install_crypto};
use callgate_adapters::testing::audio::{Listened, PATH, Recording};
use callgate_adapters::testing::stub::{Asked, Dialect};
use reqwest::{Client, Method, Response};
use serde_json::json;

use crate::every_provider::Stand;
use crate::process::KEY;

/// Longer than one piece of anything on its way.
const LENGTH: usize = 300_000;

fn bland() -> &'static dyn Dialect {
    *DIALECTS.iter().find(|dialect| dialect.kind() == "bland").expect("there is one")
}

fn sound() -> Vec<u8> {
    (0..LENGTH).map(|n| u8::try_from(n * n % 251).expect("it is below 256")).collect()
}

/// A client, with no more than it needs: nothing is unpacked, followed or asked for twice.
struct Listener {
    client: Client,
    base: String,
    path: String,
}

impl Listener {
    fn to(stand: &Stand, call: &str) -> Self {
        install_crypto();
        let client = Client::builder().no_proxy().timeout(Duration::from_mins(1)).build().expect("a client");
        Self { client, base: stand.site.url(), path: format!("/v1/calls/{call}/recording") }
    }

    async fn ask(&self, method: Method, key: &str, range: Option<&str>) -> Response {
        let request = self.client.request(method, format!("{}{}", self.base, self.path)).bearer_auth(key);
        let request = if let Some(range) = range { request.header("range", range) } else { request };
        request.send().await.expect("an answer")
    }

    async fn get(&self, range: Option<&str>) -> Heard {
        Heard::of(self.ask(Method::GET, KEY, range).await).await
    }
}

/// An answer that came to its end.
struct Heard {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Heard {
    async fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        Self { status, headers, body: response.bytes().await.expect("it comes to its end").to_vec() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
    }

    /// Status and code of a problem.
    fn problem(&self) -> (u16, String) {
        let problem: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        (self.status, problem["code"].as_str().unwrap_or_default().to_owned())
    }

    /// Nothing of whoever has the audio is in it.
    fn is_ours(&self, stand: &Stand) {
        let id = &stand.engines[0].calls()[0].id;
        let engine = stand.engines[0].url.trim_start_matches("http://");
        let all = format!("{:?} {}", self.headers, String::from_utf8_lossy(&self.body)).to_lowercase();
        for word in ["bland", "stub", "x-served-by", "set-cookie", "of=theirs", engine, id, PATH] {
            assert!(!all.contains(word), "{word}: {:?}", self.headers);
        }
    }
}

/// What was asked for of the engine's audio.
fn asked(stand: &Stand) -> Vec<Asked> {
    stand.engines[0].asked().into_iter().filter(|asked| asked.path.starts_with(PATH)).collect()
}

async fn over_with(stand: &Stand, recording: Recording) -> Listener {
    stand.engines[0].record(recording);
    let call = stand.process.place("+996700000001", "akylai").await;
    let over = stand.process.when(&call, |call| call["recording"].is_string()).await;
    assert_eq!(over["recording"], format!("/v1/calls/{call}/recording"));
    Listener::to(stand, &call)
}

fn not_there() -> (u16, String) {
    (404, "no_recording".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audio_is_heard_whole_and_in_parts_and_nobody_is_told_who_has_it() {
    let stand = Stand::of(&[bland()]).await;
    let sound = sound();
    let listener = over_with(&stand, Recording::Kept(sound.clone().into())).await;

    let whole = listener.get(None).await;
    assert_eq!((whole.status, whole.header("content-type")), (200, Some("audio/wav")));
    assert_eq!(whole.header("content-length"), Some("300000"));
    assert!(whole.body == sound, "other bytes came");
    whole.is_ours(&stand);

    for (range, first, last) in [("bytes=1000-200999", 1000, 200_999), ("bytes=299990-", 299_990, 299_999)] {
        let part = listener.get(Some(range)).await;
        assert_eq!(part.status, 206, "{range}");
        assert_eq!(part.header("content-range"), Some(format!("bytes {first}-{last}/300000").as_str()));
        assert!(part.body == sound[first..=last], "other bytes came of {range}");
        part.is_ours(&stand);
    }

    let outside = listener.get(Some("bytes=300000-")).await;
    assert_eq!(outside.problem(), (416, "range_not_satisfiable".to_owned()));
    assert_eq!(outside.header("content-range"), Some("bytes */300000"));
    outside.is_ours(&stand);

    // Each went to the engine with its key, once.
    let asked = asked(&stand);
    assert_eq!(asked.len(), 4);
    let key = bland().environment()[0].1;
    for one in &asked {
        assert!(one.headers.iter().any(|(name, value)| name == "authorization" && value.contains(key)), "{:?}", one.headers);
        assert!(one.headers.iter().all(|(_, value)| !value.contains(KEY)), "our client's key left: {:?}", one.headers);
    }
    stand.conforms();
}

#[tokio::test(flavor = "multi_thread")]
async fn audio_is_there_for_its_owner_between_the_end_and_being_erased() {
    let stand = Stand::of(&[bland()]).await;
    stand.engines[0].record(Recording::Kept(sound().into()));
    assert_eq!(stand.process.post("/v1/admin/pause", &json!({})).await.0, 200);
    let call = stand.process.place("+996700000001", "akylai").await;
    let listener = Listener::to(&stand, &call);
    let early = listener.get(None).await;
    assert_eq!(early.problem(), not_there());
    assert_eq!(stand.process.post("/v1/admin/resume", &json!({})).await.0, 200);
    stand.process.when(&call, |call| call["recording"].is_string()).await;
    assert_eq!(listener.get(None).await.status, 200);

    let wanted = json!({ "client": "second", "scopes": ["calls:read"] });
    let (_, made) = stand.process.post("/v1/admin/keys", &wanted).await;
    let key = made["key"].as_str().unwrap_or_else(|| panic!("a key: {made}"));
    let others = Heard::of(listener.ask(Method::GET, key, None).await).await;
    let nobodys =
        Listener { path: "/v1/calls/019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d/recording".to_owned(), ..Listener::to(&stand, "") };
    let missing = Heard::of(nobodys.ask(Method::GET, key, None).await).await;
    assert_eq!(others.problem(), missing.problem());
    assert_eq!(others.status, 404);
    assert_ne!(others.problem(), not_there(), "that there is a call is not said");

    // Nobody answered, so there is nothing to hear.
    let unanswered = stand.process.place("+996700000002", "akylai").await;
    assert!(stand.over(&unanswered).await["recording"].is_null());
    assert_eq!(Listener::to(&stand, &unanswered).get(None).await.problem(), not_there());

    let before = asked(&stand).len();
    let content = Listener { path: format!("/v1/calls/{call}/content"), ..Listener::to(&stand, &call) };
    assert_eq!(content.ask(Method::DELETE, KEY, None).await.status(), 204);
    assert!(stand.process.call(&call).await["recording"].is_null());
    assert_eq!(listener.get(None).await.problem(), not_there());
    assert_eq!((before, asked(&stand).len()), (1, 1), "only its owner made anybody ask for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_goes_to_no_other_host_and_nobody_goes_into_our_own_network() {
    let stand = Stand::of(&[bland()]).await;
    let elsewhere = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/a.wav", elsewhere.local_addr().expect("its number"));
    let listener = over_with(&stand, Recording::At(url.clone())).await;
    let refused = listener.get(None).await;
    assert_eq!(refused.problem().0, 503);
    assert!(refused.header("retry-after").is_some());
    refused.is_ours(&stand);
    assert!(!String::from_utf8_lossy(&refused.body).contains(url.as_str()));
    let came = tokio::select! { biased; _ = elsewhere.accept() => true, () = std::future::ready(()) => false };
    assert!(!came, "somebody connected");
}

/// Once it is so; and whether it came to that.
async fn becomes(mut wanted: impl FnMut() -> bool) -> bool {
    for _ in 0..800 {
        if wanted() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn who_listens_slowly_holds_the_engine_back_and_who_leaves_lets_it_go() {
    /// What the system keeps of two connections on their way, and some.
    const ON_THE_WAY: u64 = 64 * 1024 * 1024;
    let stand = Stand::of(&[bland()]).await;
    let listened = Arc::new(Listened::default());
    let listener = over_with(&stand, Recording::Endless(Arc::clone(&listened))).await;
    let response = listener.ask(Method::GET, KEY, None).await;
    assert_eq!(response.status(), 200);
    // Nothing is read: the engine comes to a stop by itself, or has written too much.
    let (mut seen, mut still) = (0, 0);
    let stopped = becomes(|| {
        let written = listened.written();
        still = if written == seen && written > 0 { still + 1 } else { 0 };
        seen = written;
        still == 20 || written > ON_THE_WAY
    });
    assert!(stopped.await, "{seen} bytes, and on");
    assert!(seen <= ON_THE_WAY, "{seen} bytes were taken that nobody read");
    assert_eq!(listened.left(), 0);
    drop(response);
    assert!(becomes(|| listened.left() == 1).await, "the engine still holds its connection");
    assert_eq!(asked(&stand).len(), 1, "it was asked for once");
}
