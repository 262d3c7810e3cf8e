//! The program as a process of its own: started, asked over HTTP, signalled, killed, started again.
//!
//! `CALLGATE_PROGRAM` names another build of it to be tried; crash points are passed by only in one that has them.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::api::Api;

/// The first key where a site gives one.
pub const KEY: &str = "cg_a_first_key_that_is_long_enough_for_anybody";
/// What none of these may bring along from whoever runs the tests.
const OURS: [&str; 7] = [
    "CALLGATE_KEY",
    "CALLGATE_KEY_FILE",
    "CALLGATE_CONFIG",
    "CALLGATE_DATABASE_URL",
    "CALLGATE_DATA_DIR",
    "CALLGATE_LISTEN",
    "CALLGATE_PUBLIC_URL",
];

/// Where a program is started, again and again: its folder with `callgate.toml`, and an address that stays.
pub struct Site {
    pub folder: PathBuf,
    port: u16,
    environment: Vec<(String, String)>,
    /// What stands before the program on the command line.
    pub through: Vec<String>,
    /// What stands behind its own words there.
    pub further: Vec<String>,
}

/// A running `callgate serve`.
pub struct Process {
    child: Child,
    pub api: Api,
    log: PathBuf,
}

/// What belongs into no log: every number that these tests call begins like one of the last.
const UNSAID: [&str; 5] = [KEY, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "+99670", "+120255", "agent: Hello"];

/// Fails when a log says too much.
fn search(log: &Path) {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    for word in UNSAID {
        let line = text.lines().find(|line| line.contains(word));
        assert_eq!(line, None, "the log says what it must not: {word}");
    }
}

impl Site {
    /// A site in `folder`.
    pub fn new(folder: &Path) -> Self {
        let environment = vec![("CALLGATE_KEY".to_owned(), KEY.to_owned())];
        Self { folder: folder.to_owned(), port: port(), environment, through: Vec::new(), further: Vec::new() }
    }

    /// The same with one more variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Its address from outside.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Writes its configuration.
    pub fn configure(&self, config: &str) {
        std::fs::write(self.folder.join("callgate.toml"), config).expect("a configuration");
    }

    /// What to ask it over.
    pub fn api(&self) -> Api {
        let key = self.environment.iter().rev().find(|(name, _)| name == "CALLGATE_KEY").map(|(_, key)| key.clone());
        Api::new(&self.url(), &key.unwrap_or_default())
    }

    /// Starts the program and waits until it is ready.
    pub async fn start(&self) -> Process {
        self.try_start(&[]).await.unwrap_or_else(|| panic!("the program ended: {}", self.log()))
    }

    /// Starts it with further variables; `None` when it ends before it is ready.
    pub async fn try_start(&self, further: &[(&str, &str)]) -> Option<Process> {
        let mut process = Process { child: self.spawn(further), api: self.api(), log: self.folder.join("log") };
        for _ in 0..800 {
            if process.api.is_ready().await {
                return Some(process);
            }
            if process.child.try_wait().expect("its state").is_some() {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the program is not ready: {}", self.log());
    }

    fn spawn(&self, further: &[(&str, &str)]) -> Child {
        let program = std::env::var("CALLGATE_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_callgate").to_owned());
        let mut words = self.through.iter().map(String::as_str).chain([program.as_str()]);
        let mut command = Command::new(words.next().expect("a program"));
        let address = format!("127.0.0.1:{}", self.port);
        command.args(words).arg("serve").args(&self.further);
        if self.further.iter().any(|word| word == "--http=off") {
            // Then it is asked at its operators' address.
            command.env("CALLGATE__SERVER__METRICS_LISTEN", address);
        } else {
            command.args(["--listen", &address]);
        }
        command.current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::null());
        for name in OURS {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value))).envs(further.iter().copied());
        let log = std::fs::File::options().create(true).append(true).open(self.folder.join("log")).expect("a log");
        command.stderr(log).spawn().expect("the program starts")
    }

    /// The end of what it told its operator.
    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let skipped = log.lines().count().saturating_sub(40);
        log.lines().skip(skipped).collect::<Vec<_>>().join("\n")
    }
}

/// A free port that the system gives to nobody by itself, so that it is still free at the next start.
pub fn port() -> u16 {
    for _ in 0..1000 {
        let mut bytes = [0; 2];
        callgate_domain::ports::Chance::bytes(&callgate_adapters::clock::SystemChance, &mut bytes);
        let port = 12_000 + u16::from_le_bytes(bytes) % 20_000;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free");
}

impl Process {
    /// Starts the program in `folder`, which makes its own key, and waits until it is ready.
    pub async fn start(folder: &Path, environment: &[(&str, &str)]) -> Self {
        let mut site = Site::new(folder);
        site.environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut process = site.start().await;
        let key = std::fs::read_to_string(folder.join("callgate-data/key")).expect("the key");
        process.api = Api::new(&site.url(), key.trim());
        process
    }

    /// Places a call to `phone` with an agent.
    pub async fn place(&self, phone: &str, agent: &str) -> String {
        let body = serde_json::json!({ "phone": phone, "agent": agent });
        let answer = self.post("/v1/calls", &body).await;
        assert_eq!(answer.0, 201, "{}", answer.1);
        answer.1["call_id"].as_str().expect("an id").to_owned()
    }

    /// Sends JSON; status and JSON come back.
    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.api.post(path, body, None).await.expect("an answer");
        (answer.status, answer.body)
    }

    /// The call as it is now.
    pub async fn call(&self, id: &str) -> Value {
        self.api.call(id).await.expect("an answer").body
    }

    /// The JSON at a path.
    pub async fn get(&self, path: &str) -> Value {
        self.api.get(path).await.expect("an answer").body
    }

    /// The call once it has changed from what it is now, as `?wait` tells it.
    pub async fn changed(&self, id: &str) -> Value {
        self.call(&format!("{id}?wait=15")).await
    }

    /// The call when `wanted` holds of it.
    pub async fn when(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..1200 {
            last = self.call(id).await;
            if wanted(&last) {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("it did not come so far: {last}");
    }

    /// The sum of a metric's values whose line holds `label`.
    pub async fn metric(&self, name: &str, label: &str) -> u64 {
        let text = self.api.text("/metrics").await.expect("an answer");
        let lines = text.lines().filter(|line| line.starts_with(name) && line.contains(label));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }

    /// Ends it as a power cut would: SIGKILL, nothing is written any more.
    pub fn kill(mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it ends");
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal by its name, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &command]).status().expect("a shell").success());
    }

    /// How it ended, if it does so by itself within `bound`.
    pub async fn ended(&mut self, bound: Duration) -> Option<ExitStatus> {
        let until = tokio::time::Instant::now() + bound;
        loop {
            let ended = self.child.try_wait().expect("its state");
            if ended.is_some() || tokio::time::Instant::now() >= until {
                return ended;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Asks it to stop, and returns its exit code.
    pub async fn stop(mut self) -> Option<i32> {
        self.signal("TERM");
        self.ended(Duration::from_secs(30)).await.expect("it stops within 30 seconds").code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Ended already, most often.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
        if !std::thread::panicking() {
            search(&self.log);
        }
    }
}
