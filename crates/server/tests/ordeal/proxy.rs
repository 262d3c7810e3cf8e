//! TLS in front, by the example in `deploy/nginx`: the file as it is, with ports and paths of the test.
//!
//! Without nginx it says so in one line; with `CALLGATE_REQUIRE_NGINX=1` that is a failure.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use callgate_adapters::providers::install_crypto;
use futures_util::StreamExt;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::{Certificate, Client, Response, StatusCode};
use serde_json::{Value, json};

use crate::process::{KEY, Site, port};

const EXAMPLE: &str = include_str!("../../../../deploy/nginx/callgate.conf");
const HOST: &str = "calls.example.com";

/// nginx as its operator starts it.
struct Proxy {
    child: Child,
    client: Client,
    port: u16,
}

impl Proxy {
    fn start(folder: &Path, gateway: &str) -> Option<Self> {
        let (ca, port) = (certify(folder), port());
        let path = |name: &str| folder.join(name).display().to_string();
        let changes = [
            ("server 127.0.0.1:8010;", format!("server {};", gateway.trim_start_matches("http://"))),
            ("listen 443 ssl http2;", format!("listen 127.0.0.1:{port} ssl http2;")),
            ("/etc/letsencrypt/live/calls.example.com/fullchain.pem", path("chain.pem")),
            ("/etc/letsencrypt/live/calls.example.com/privkey.pem", path("key.pem")),
            ("/var/log/nginx/callgate.log", path("access.log")),
            ("/var/log/nginx/callgate.error.log", path("error.log")),
        ];
        let site = changes.iter().fold(EXAMPLE.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "the example has '{from}'");
            text.replace(from, to)
        });
        let owner = if is_roots(folder) { "user root;" } else { "" };
        let around = format!(
            "{owner} pid {}; error_log {}; events {{}} http {{ client_body_temp_path {}; proxy_temp_path {}; \
             fastcgi_temp_path {}; uwsgi_temp_path {}; scgi_temp_path {}; {site} }}",
            path("pid"),
            path("main.log"),
            path("t1"),
            path("t2"),
            path("t3"),
            path("t4"),
            path("t5"),
        );
        std::fs::write(folder.join("nginx.conf"), around).expect("its configuration");
        let mut nginx = Command::new(program()?);
        nginx.args(["-g", "daemon off;", "-c"]).arg(folder.join("nginx.conf")).arg("-p").arg(folder);
        let child = nginx.stdin(Stdio::null()).spawn().expect("nginx starts");
        install_crypto();
        let ca = Certificate::from_pem(ca.as_bytes()).expect("a certificate");
        let address = ([127, 0, 0, 1], port).into();
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(20)).resolve(HOST, address);
        let client = client.tls_certs_only([ca]).build().expect("a client");
        Some(Self { child, client, port })
    }

    fn url(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.port)
    }

    async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).bearer_auth(KEY).send().await.expect("an answer")
    }

    async fn is_up(&self) {
        for _ in 0..400 {
            if self.client.get(self.url("/healthz")).send().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("nginx does not answer");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Its workers end with it when it is asked, and not when it is killed.
        let _told = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        let _ended = self.child.wait();
    }
}

fn program() -> Option<&'static str> {
    let found = ["nginx", "/usr/sbin/nginx"].into_iter().find(|program| Command::new(program).arg("-v").output().is_ok());
    if found.is_none() {
        assert_ne!(
            std::env::var("CALLGATE_REQUIRE_NGINX").as_deref(),
            Ok("1"),
            "CALLGATE_REQUIRE_NGINX=1, but there is no nginx"
        );
        writeln!(std::io::stderr(), "No nginx found: the proxy example is not tried.").expect("stderr");
    }
    found
}

fn is_roots(folder: &Path) -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(folder).expect("a folder")) == 0
}

/// A chain for [`HOST`] in `folder`; its issuer is returned.
fn certify(folder: &Path) -> String {
    let mut of_issuer = CertificateParams::new(Vec::new()).expect("no names");
    of_issuer.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(of_issuer, KeyPair::generate().expect("a key")).expect("an issuer");
    let key = KeyPair::generate().expect("a key");
    let of_host = CertificateParams::new(vec![HOST.to_owned()]).expect("a name");
    let certificate = of_host.signed_by(&key, &issuer).expect("a certificate");
    std::fs::write(folder.join("chain.pem"), certificate.pem()).expect("a file");
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).expect("a file");
    issuer.pem()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_example_serves_the_api_over_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = Site::new(folder.path()).with("CALLGATE_PUBLIC_URL", "https://calls.example.com");
    site.configure("[server]\ntrusted_proxies = [\"127.0.0.1/32\"]\n");
    let gateway = site.start().await;
    let Some(proxy) = Proxy::start(folder.path(), &site.url()) else { return };
    proxy.is_up().await;

    let body = json!({ "phone": "+996700000000", "agent": "akylai" });
    let placed = proxy.client.post(proxy.url("/v1/calls")).bearer_auth(KEY).json(&body).send().await.expect("an answer");
    assert_eq!(placed.status(), StatusCode::CREATED);
    assert_eq!(placed.headers()["strict-transport-security"], "max-age=31536000");
    let id = placed.json::<Value>().await.expect("JSON")["call_id"].as_str().expect("an id").to_owned();

    // A live stream is passed on as it comes: its first event is here while the call goes on.
    let mut events = proxy.get(&format!("/v1/calls/{id}/events")).await.bytes_stream();
    let first = events.next().await.expect("an event").expect("bytes");
    assert!(first.starts_with(b"id: "), "{first:?}");
    assert!(gateway.call(&id).await["terminal"] == json!(false));

    // The gateway's own words for its own limits.
    let large = json!({ "phone": "+996700000000", "agent": "akylai", "reference": "x".repeat(70_000) });
    let refused = proxy.client.post(proxy.url("/v1/calls")).bearer_auth(KEY).json(&large).send().await.expect("an answer");
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(refused.headers()["content-type"], "application/problem+json");

    // Whoever says to come from elsewhere each time is counted by where he comes from.
    let mut last = StatusCode::OK;
    for n in 0..25 {
        let wrong = proxy.client.get(proxy.url("/v1/agents")).bearer_auth("cg_wrong");
        last = wrong.header("x-forwarded-for", format!("203.0.113.{n}")).send().await.expect("an answer").status();
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(proxy.get("/v1/calls?phone=%2B996700000000").await.status(), StatusCode::OK);
    assert_eq!(proxy.get("/v1/webhooks/in/dialer/a-token-of-a-webhook").await.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(proxy.get("/metrics").await.status(), StatusCode::NOT_FOUND);

    assert_eq!(gateway.stop().await, Some(0));
    let away = proxy.get("/v1/calls?phone=%2B996700000000").await;
    assert_eq!(away.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(away.headers()["retry-after"], "5");
    assert_eq!(away.headers()["content-type"], "application/problem+json");
    assert_eq!(away.json::<Value>().await.expect("JSON")["code"], "unavailable");

    drop(events);
    drop(proxy);
    let logs = ["access.log", "error.log", "main.log"].map(|log| std::fs::read_to_string(folder.path().join(log)));
    let logs = logs.into_iter().flatten().collect::<String>();
    assert!(logs.contains(" GET /v1/calls 200 "), "{logs}");
    for secret in ["996700000000", "a-token-of-a-webhook", KEY] {
        assert!(!logs.contains(secret), "{secret}: {logs}");
    }
}
