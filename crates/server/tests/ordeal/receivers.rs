//! Receivers in other languages, with the public Standard Webhooks libraries: what the real program sends is what they
//! verify, before, while and after a secret is rotated; and what somebody changed on the way is not.
//!
//! They are the examples of `docs/webhooks`. A language whose library cannot be installed is said in one line and left out,
//! which fails where `CALLGATE_REQUIRE_RECEIVERS=1`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::process::{Process, Site, port};

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/webhooks");
const ENDPOINTS: &str = "/v1/webhook-endpoints";

/// A language with its library, ready to run the example.
struct Language {
    name: &'static str,
    program: PathBuf,
    script: PathBuf,
}

/// A running receiver that knows these secrets.
struct Receiver {
    child: Child,
    port: u16,
    client: Client,
}

/// A notice as it was sent.
#[derive(Debug, Clone)]
struct Sent {
    headers: BTreeMap<String, String>,
    body: String,
}

fn python() -> Option<Language> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("receiver-python");
    let program = folder.join("bin/python");
    let has = || runs(Command::new(&program).args(["-c", "import standardwebhooks"]));
    let ready = has()
        || (runs(Command::new("python3").args(["-m", "venv"]).arg(&folder))
            && runs(Command::new(&program).args(["-m", "pip", "install", "--quiet", "standardwebhooks>=1,<2"]))
            && has());
    ready.then(|| Language { name: "Python", program, script: Path::new(DOCS).join("receiver.py") })
}

fn node() -> Option<Language> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("receiver-node");
    std::fs::create_dir_all(&folder).ok()?;
    // A module is looked for where the script is.
    let script = folder.join("receiver.mjs");
    std::fs::copy(Path::new(DOCS).join("receiver.mjs"), &script).ok()?;
    let has = || runs(Command::new("node").args(["-e", "require.resolve('standardwebhooks')"]).current_dir(&folder));
    let install = ["install", "--no-audit", "--no-fund", "--silent", "--prefix", ".", "standardwebhooks@1"];
    let ready = has() || (runs(Command::new("npm").args(install).current_dir(&folder)) && has());
    ready.then(|| Language { name: "Node", program: "node".into(), script })
}

fn runs(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Installed once, whichever test is first: two installations into one folder are none.
static LANGUAGES: LazyLock<Vec<Language>> = LazyLock::new(languages);

fn languages() -> Vec<Language> {
    let found = [("Python", python()), ("Node", node())];
    for (name, language) in &found {
        if language.is_none() {
            assert!(std::env::var_os("CALLGATE_REQUIRE_RECEIVERS").is_none_or(|wanted| wanted != "1"), "no receiver in {name}");
            eprintln!("No receiver in {name}: its library standardwebhooks cannot be installed here.");
        }
    }
    found.into_iter().filter_map(|(_, language)| language).collect()
}

impl Receiver {
    /// Starts one that knows these secrets, and waits until it answers.
    async fn start(language: &Language, secrets: &[&str]) -> Self {
        let port = port();
        let mut command = Command::new(&language.program);
        command.arg(&language.script).env("WEBHOOK_SECRET", secrets.join(" ")).env("PORT", port.to_string());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("a receiver");
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().expect("a client");
        let receiver = Self { child, port, client };
        for _ in 0..400 {
            if receiver.client.post(receiver.url()).body("{}").send().await.is_ok() {
                return receiver;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the receiver in {} does not answer", language.name);
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hooks", self.port)
    }

    /// What it answers to a notice.
    async fn takes(&self, sent: &Sent) -> u16 {
        let mut request = self.client.post(self.url()).body(sent.body.clone());
        for (name, value) in &sent.headers {
            request = request.header(name, value);
        }
        request.send().await.expect("an answer").status().as_u16()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // Ended already, most often.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Where notices arrive that are then shown to receivers, untouched or not.
struct Desk {
    url: String,
    notices: Arc<Mutex<Vec<Sent>>>,
}

impl Desk {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/desk", listener.local_addr().expect("its number"));
        let notices = Arc::<Mutex<Vec<Sent>>>::default();
        let kept = Arc::clone(&notices);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                while let Ok(1..) = stream.read_buf(&mut request).await {
                    if let Some(sent) = whole(&request) {
                        kept.lock().expect("no panic").push(sent);
                        // Whoever is gone asks again.
                        let _gone = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
                        break;
                    }
                }
            }
        });
        Self { url, notices }
    }

    /// The newest notice of a type that arrives after `count` notices were here.
    async fn next(&self, count: usize) -> Sent {
        for _ in 0..800 {
            if let Some(sent) = self.notices.lock().expect("no panic").get(count) {
                return sent.clone();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("no notice arrives");
    }

    fn count(&self) -> usize {
        self.notices.lock().expect("no panic").len()
    }
}

fn whole(request: &[u8]) -> Option<Sent> {
    let text = std::str::from_utf8(request).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let mut headers: BTreeMap<String, String> = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    let length: usize = headers.get("content-length")?.parse().ok()?;
    headers.retain(|name, _| name.starts_with("webhook-") || name == "content-type");
    (body.len() >= length).then(|| Sent { headers, body: body.to_owned() })
}

/// An endpoint with its secret.
async fn added(callgate: &Process, url: &str) -> (String, String) {
    let (status, body) = callgate.post(ENDPOINTS, &json!({ "url": url })).await;
    assert_eq!(status, 201, "{body}");
    let text = |field: &str| body[field].as_str().expect("text").to_owned();
    (text("id"), text("secret"))
}

async fn rotated(callgate: &Process, id: &str) -> String {
    let (status, body) = callgate.post(&format!("{ENDPOINTS}/{id}/rotate-secret"), &json!({})).await;
    assert_eq!(status, 200, "{body}");
    body["secret"].as_str().expect("a secret").to_owned()
}

/// A sample that the endpoint's receiver was sent, as it arrived at the desk.
async fn sample(callgate: &Process, desk: &Desk, id: &str) -> Sent {
    let before = desk.count();
    let (status, body) = callgate.post(&format!("{ENDPOINTS}/{id}/test"), &json!({})).await;
    assert_eq!(status, 202, "{body}");
    desk.next(before).await
}

/// The first delivery to an endpoint once it was tried.
async fn tried(callgate: &Process, endpoint: &str) -> Value {
    for _ in 0..800 {
        let page = callgate.get(&format!("/v1/webhook-deliveries?endpoint={endpoint}")).await;
        if page["data"][0]["tries"].as_u64().is_some_and(|tries| tries > 0) {
            return page["data"][0].clone();
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("nothing was tried");
}

/// The program, set up so that receivers on this machine may be reached; a proxy of the environment leads nowhere.
async fn gateway(folder: &Path) -> (Site, Process) {
    let site = Site::new(folder).with("HTTP_PROXY", "http://127.0.0.1:9").with("http_proxy", "http://127.0.0.1:9");
    site.configure("[webhooks]\nallow_private = [\"127.0.0.0/8\"]\n[connections.simulator]\nkind = \"simulator\"\nspeed = 100\n");
    let callgate = site.start().await;
    (site, callgate)
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_in_other_languages_take_a_call_that_ended_straight_from_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_site, callgate) = gateway(folder.path()).await;
    for language in LANGUAGES.iter() {
        // Its address has to be known before its secret: it moves there once it is.
        let (id, secret) = added(&callgate, "http://127.0.0.1:9/hooks").await;
        let receiver = Receiver::start(language, &[&secret]).await;
        let moved = Client::new().patch(format!("{}{ENDPOINTS}/{id}", callgate.api.base())).bearer_auth(crate::process::KEY);
        let moved = moved.json(&json!({ "url": receiver.url() })).send().await.expect("an answer");
        assert_eq!(moved.status(), 200, "{}", language.name);
        let call = callgate.place("+12025550103", "akylai").await;
        callgate.when(&call, |call| call["terminal"] == true).await;
        let delivery = tried(&callgate, &id).await;
        assert_eq!((&delivery["result"], &delivery["last_status"]), (&json!("delivered"), &json!(204)), "{}", language.name);
        assert_eq!((&delivery["call_id"], &delivery["type"]), (&json!(call), &json!("call.completed")), "{}", language.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_in_other_languages_verify_through_a_rotation_and_nothing_that_was_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_site, callgate) = gateway(folder.path()).await;
    let desk = Desk::open().await;
    for language in LANGUAGES.iter() {
        let name = language.name;
        let (id, first) = added(&callgate, &desk.url).await;
        let before = sample(&callgate, &desk, &id).await;
        let second = rotated(&callgate, &id).await;
        let during = sample(&callgate, &desk, &id).await;
        // Five secrets sign at most: a sixth takes the first's place, as a day would.
        let mut newest = second.clone();
        for _ in 0..4 {
            newest = rotated(&callgate, &id).await;
        }
        let after = sample(&callgate, &desk, &id).await;
        let old = Receiver::start(language, &[&first]).await;
        let new = Receiver::start(language, &[&second]).await;
        let last = Receiver::start(language, &[&newest]).await;
        let both = Receiver::start(language, &[&newest, &first]).await;
        let signatures = |sent: &Sent| sent.headers["webhook-signature"].split(' ').count();
        assert_eq!((signatures(&before), signatures(&during), signatures(&after)), (1, 2, 5), "{name}");
        for (when, sent, expected) in [
            ("before", &before, [204, 400, 400, 204]),
            ("during", &during, [204, 204, 400, 204]),
            ("after", &after, [400, 204, 204, 204]),
        ] {
            let mut answers = [0; 4];
            for (answer, receiver) in answers.iter_mut().zip([&old, &new, &last, &both]) {
                *answer = receiver.takes(sent).await;
            }
            assert_eq!(answers, expected, "{name}, {when}");
        }
        for changed in changed(&before) {
            assert_eq!(old.takes(&changed).await, 400, "{name}: {changed:?}");
        }
    }
}

/// A notice as somebody on the way would like it.
fn changed(sent: &Sent) -> Vec<Sent> {
    let with = |name: &str, value: String| {
        let mut headers = sent.headers.clone();
        headers.insert(name.to_owned(), value);
        Sent { headers, body: sent.body.clone() }
    };
    let second: i64 = sent.headers["webhook-timestamp"].parse().expect("a number");
    let signature = &sent.headers["webhook-signature"];
    vec![
        Sent { body: sent.body.replacen("webhook.test", "call.completed", 1), ..sent.clone() },
        Sent { body: format!("{} ", sent.body), ..sent.clone() },
        with("webhook-id", "019ab0c3-1d20-7c4e-b2a3-91f07d6c5e02".to_owned()),
        with("webhook-timestamp", (second + 1).to_string()),
        with("webhook-timestamp", (second - 3_600).to_string()),
        with("webhook-signature", format!("v1,{}", "A".repeat(43) + "=")),
        with("webhook-signature", signature.replacen("v1,", "v1a,", 1)),
    ]
}
