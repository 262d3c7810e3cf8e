//! The real program as a process of its own: started, asked over HTTP, killed, started again.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// A running `callgate serve`.
pub struct Process {
    child: Child,
    base: String,
    key: String,
    client: reqwest::Client,
}

impl Process {
    /// Starts the program in `folder`, with the configuration `callgate.toml` there, and waits until it is ready.
    pub async fn start(folder: &Path, environment: &[(&str, &str)]) -> Self {
        callgate_adapters::providers::install_crypto();
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port();
        let mut command = Command::new(env!("CARGO_BIN_EXE_callgate"));
        command
            .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        for name in ["CALLGATE_KEY", "CALLGATE_KEY_FILE", "CALLGATE_CONFIG", "CALLGATE_DATABASE_URL", "CALLGATE_DATA_DIR"] {
            command.env_remove(name);
        }
        let log = std::fs::File::options().create(true).append(true).open(folder.join("log")).expect("a log");
        let child = command.envs(environment.iter().copied()).stderr(log).spawn().expect("the program starts");
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let mut process = Self { child, base: format!("http://127.0.0.1:{port}"), key: String::new(), client };
        process.ready(folder).await;
        process.key = std::fs::read_to_string(folder.join("callgate-data/key")).expect("the key").trim().to_owned();
        process
    }

    async fn ready(&mut self, folder: &Path) {
        for _ in 0..400 {
            if let Ok(answer) = self.client.get(format!("{}/readyz", self.base)).send().await
                && answer.status().is_success()
            {
                return;
            }
            let ended = self.child.try_wait().expect("its state");
            assert!(ended.is_none(), "the program ended: {}", std::fs::read_to_string(folder.join("log")).unwrap_or_default());
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the program is not ready");
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
        let request = self.client.post(format!("{}{path}", self.base)).bearer_auth(&self.key).json(body);
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    /// The call as it is now.
    pub async fn call(&self, id: &str) -> Value {
        self.get(&format!("/v1/calls/{id}")).await
    }

    /// The JSON at a path.
    pub async fn get(&self, path: &str) -> Value {
        let request = self.client.get(format!("{}{path}", self.base)).bearer_auth(&self.key);
        request.send().await.expect("an answer").json().await.expect("JSON")
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
        let request = self.client.get(format!("{}/metrics", self.base)).bearer_auth(&self.key);
        let text = request.send().await.expect("an answer").text().await.expect("text");
        let lines = text.lines().filter(|line| line.starts_with(name) && line.contains(label));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }

    /// Ends it as a power cut would: SIGKILL, nothing is written any more.
    pub fn kill(mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it ends");
    }

    /// Asks it to stop, and returns its exit code.
    pub async fn stop(mut self) -> Option<i32> {
        let told = Command::new("sh").args(["-c", "kill -TERM $0", &self.child.id().to_string()]).status().expect("kill");
        assert!(told.success());
        for _ in 0..1200 {
            if let Some(status) = self.child.try_wait().expect("its state") {
                return status.code();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("it does not stop");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Ended already, most often.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}
