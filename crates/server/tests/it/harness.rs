//! A real server on a port of its own: real HTTP, a real SQLite store in a folder of its own, the simulator in a hurry.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use async_trait::async_trait;
use callgate_adapters::providers::install_crypto;
use callgate_domain::model::{ClientId, KeyId, Secret};
use callgate_domain::ports::{ApiKey, AuditEntry, KeyChange, KeyChanged, KeyStore, ListedKey, NewKey, Scope, StoreError};
use callgate_server::config::{Config, Environment, Given};
use callgate_server::gateway::Gateway;
use callgate_server::http::{self, Options};
use callgate_server::wiring::{Plan, wire};
use callgate_server::workers::Workers;
use jiff::Timestamp;
use metrics_exporter_prometheus::PrometheusHandle;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::clean_face;

/// The first key: client `default`, every scope.
pub const KEY: &str = "cg_a_first_key_that_is_long_enough_for_anybody";
/// The secret of the connection `own`.
pub const OWN_SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

pub static METRICS: LazyLock<PrometheusHandle> =
    LazyLock::new(|| callgate_server::telemetry::start_metrics("sqlite").expect("metrics"));

/// What differs from a server as everybody has it.
pub struct Setup {
    /// Whether calls are placed; without, they stay `queued`.
    pub workers: bool,
    pub options: Options,
    pub public_url: Option<&'static str>,
    /// Where the connection `own` of the agent `real` is.
    pub own: Option<SocketAddr>,
    /// More lines for `[calls]`, and sections behind it.
    pub calls: &'static str,
    pub change: fn(&mut Gateway),
}

impl Default for Setup {
    fn default() -> Self {
        Self { workers: false, options: Options::default(), public_url: None, own: None, calls: "", change: |_| {} }
    }
}

/// A running server.
pub struct Server {
    pub url: String,
    pub gateway: Arc<Gateway>,
    pub client: Client,
    handle: ServerHandle,
    _workers: Option<Workers>,
    folder: TempDir,
}

impl Server {
    /// One that places no calls.
    pub async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    /// One that places them.
    pub async fn working() -> Self {
        Self::with(Setup { workers: true, ..Setup::default() }).await
    }

    pub async fn with(setup: Setup) -> Self {
        install_crypto();
        clean_face::search_logs();
        let folder = tempfile::tempdir().expect("a folder");
        let mut gateway = wire(plan(&folder, &setup), METRICS.clone()).await.expect("a gateway");
        gateway.key_store = Arc::new(Keys(gateway.key_store));
        (setup.change)(&mut gateway);
        let gateway = Arc::new(gateway);
        gateway.keys.set_first(&Secret::new(KEY).expect("a secret")).await.expect("a key");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let server = http::server(&gateway, vec![listener], setup.options).expect("a server");
        let handle = server.handle();
        tokio::spawn(server);
        let workers = setup.workers.then(|| Workers::start(&gateway));
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().expect("a client");
        Self { url, gateway, client, handle, _workers: workers, folder }
    }

    /// Where its data is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A request without a key.
    pub fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// A request with the first key.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).bearer_auth(KEY)
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, path).json(body)
    }

    /// The answer to a GET, which must be good.
    pub async fn read(&self, path: &str) -> Value {
        let answer = Answer::of(self.get(path)).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    /// A call that was accepted.
    pub async fn create(&self, body: &Value) -> String {
        let answer = Answer::of(self.post("/v1/calls", body)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["call_id"].as_str().expect("an id").to_owned()
    }

    /// The call once `wanted` holds.
    pub async fn call_when(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let looked = async {
            loop {
                let call = self.read(&format!("/v1/calls/{id}?wait=1")).await;
                if wanted(&call) {
                    return call;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), looked).await.expect("it comes")
    }

    /// The call once it is over.
    pub async fn ended(&self, id: &str) -> Value {
        self.call_when(id, |call| call["terminal"] == true).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.gateway.stopping.cancel();
        // The command is sent at once; nobody has to wait for its end.
        drop(self.handle.stop(false));
        if !std::thread::panicking() {
            clean_face::nothing_was_said();
        }
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HashMap<String, Vec<String>>,
    pub text: String,
}

impl Answer {
    pub async fn of(request: RequestBuilder) -> Self {
        let (client, request) = request.build_split();
        let request = request.expect("a request");
        let path = request.url().path().to_owned();
        let answer = Self::read(client.execute(request).await.expect("an answer")).await;
        clean_face::search(&path, &answer);
        answer
    }

    async fn read(response: Response) -> Self {
        let status = response.status().as_u16();
        let mut headers: HashMap<String, Vec<String>> = HashMap::new();
        for (name, value) in response.headers() {
            let value = value.to_str().expect("text").to_owned();
            headers.entry(name.as_str().to_owned()).or_default().push(value);
        }
        Self { status, headers, text: response.text().await.expect("a body") }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// One header, which stands there once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values = self.headers.get(name)?;
        assert_eq!(values.len(), 1, "{name}");
        Some(&values[0])
    }

    /// The problem document this must be.
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["type"], format!("/docs/errors#{code}"), "{problem}");
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"), "{problem}");
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()), "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.ends_with(['.', '?'])), "{problem}");
        problem
    }

    /// The faults of a problem as `pointer code`, in order.
    pub fn faults(&self) -> Vec<String> {
        let problem = self.json();
        let faults = problem["errors"].as_array().cloned().unwrap_or_default();
        let word = |fault: &Value, name: &str| fault[name].as_str().expect("text").to_owned();
        faults.iter().map(|fault| format!("{} {}", word(fault, "pointer"), word(fault, "code"))).collect()
    }
}

/// Every key that `key_of` makes, beside the real ones.
struct Keys(Arc<dyn KeyStore>);

/// A key of `client` with these scopes.
pub fn key_of(client: &str, scopes: &[Scope]) -> String {
    let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    format!("test/{client}/{}", scopes.join(","))
}

#[async_trait]
impl KeyStore for Keys {
    async fn find(&self, sha256: [u8; 32], now: Timestamp) -> Result<Option<ApiKey>, StoreError> {
        let clients = ["default", "other"];
        // Every set of scopes: the keys that tests can make.
        for client in clients {
            for set in 0..1_u32 << Scope::ALL.len() {
                let scopes: Vec<Scope> =
                    Scope::ALL.iter().enumerate().filter(|(nth, _)| set >> nth & 1 == 1).map(|(_, scope)| *scope).collect();
                if Sha256::digest(key_of(client, &scopes))[..] == sha256 {
                    let id = KeyId::new(Timestamp::UNIX_EPOCH, [u8::try_from(set).expect("few scopes"); 10]);
                    return Ok(Some(ApiKey { id, client: ClientId::new(client).expect("a name"), scopes, expires_at: None }));
                }
            }
        }
        self.0.find(sha256, now).await
    }

    async fn get(&self, id: KeyId) -> Result<ListedKey, StoreError> {
        self.0.get(id).await
    }

    async fn list(&self, before: Option<KeyId>, limit: u32) -> Result<Vec<ListedKey>, StoreError> {
        self.0.list(before, limit).await
    }

    async fn create(&self, new: NewKey, audit: AuditEntry) -> Result<(), StoreError> {
        self.0.create(new, audit).await
    }

    async fn change(&self, id: KeyId, change: KeyChange, now: Timestamp, audit: AuditEntry) -> Result<KeyChanged, StoreError> {
        self.0.change(id, change, now, audit).await
    }

    async fn has_first(&self) -> Result<bool, StoreError> {
        self.0.has_first().await
    }

    async fn set_first(&self, id: KeyId, sha256: [u8; 32], now: Timestamp, audit: AuditEntry) -> Result<(), StoreError> {
        self.0.set_first(id, sha256, now, audit).await
    }
}

fn plan(folder: &TempDir, setup: &Setup) -> Plan {
    let own = setup.own.map_or_else(|| "127.0.0.1:9".to_owned(), |own| own.to_string());
    let public_url = setup.public_url.map(|url| format!("public_url = \"{url}\"")).unwrap_or_default();
    let calls = setup.calls;
    let file = folder.path().join("callgate.toml");
    let settings = format!(
        r#"
        [server]
        {public_url}
        [calls]
        allow_numbers = ["+1202", "+996"]
        {calls}
        [webhooks]
        allow_private = ["127.0.0.0/8"]
        [connections.simulator]
        kind = "simulator"
        speed = 100
        max_per_second = 0
        [connections.own]
        kind = "http"
        base_url = "http://{own}"
        secret = {{ env = "OWN_SECRET" }}
        [agents.akylai]
        name = "AkylAI"
        description = "Parcel updates"
        languages = ["ky", "ru"]
        connection = "simulator"
        [agents.altai]
        name = "Altai"
        connection = "simulator"
        max_duration = "5m"
        [agents.hidden]
        connection = "simulator"
        public = false
        [agents.real]
        connection = "own"
        remote_id = "over-there"
        "#
    );
    std::fs::write(&file, settings).expect("a file");
    let given = Given { config: Some(file), data_dir: Some(folder.path().to_owned()), ..Given::default() };
    let config =
        Config::load(&given, &Environment::from([("OWN_SECRET", OWN_SECRET)])).unwrap_or_else(|faults| panic!("{faults}"));
    Plan::of(config, setup.workers).expect("a plan")
}
