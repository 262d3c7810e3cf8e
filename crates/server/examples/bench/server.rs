//! The servers under load: processes of their own, ended when the benchmark ends.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// One server.
pub struct Server {
    /// Where it listens.
    pub address: String,
    /// A key it knows.
    pub key: String,
    /// Numbers for requests that must not be the same.
    pub next: Arc<AtomicU64>,
    process: Child,
    folder: Option<PathBuf>,
}

impl Server {
    /// The bare handler: this program, started anew.
    pub async fn bare() -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?).arg("bare").stdout(Stdio::piped()).spawn()?;
        let stdout = process.stdout.take().context("its output")?;
        let mut address = String::new();
        BufReader::new(stdout).read_line(&mut address)?;
        Ok(Self { address: address.trim().to_owned(), key: "k".repeat(46), next: Arc::default(), process, folder: None })
    }

    /// The gateway, on a database of its own: a file, or the one at `url`. It places no calls meanwhile: what that costs is
    /// measured by `just bench-dispatch`.
    pub async fn callgate(url: Option<&str>) -> Result<Self> {
        let program = std::env::current_exe()?.ancestors().nth(2).context("the target folder")?.join("callgate");
        let folder = std::env::temp_dir().join(format!("callgate-bench-{}", std::process::id()));
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let database = url.map(|url| ("CALLGATE_DATABASE_URL", url));
        let process = Command::new(program)
            .args(["serve", "--listen", &address, "--workers=off"])
            .envs(database)
            .env("CALLGATE_DATA_DIR", &folder)
            .env("CALLGATE_LOG", "warn")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Self { address, key: String::new(), next: Arc::default(), process, folder: Some(folder.clone()) };
        server.ready().await?;
        std::fs::read_to_string(folder.join("key"))?.trim().clone_into(&mut server.key);
        Ok(server)
    }

    async fn ready(&mut self) -> Result<()> {
        for _ in 0..200 {
            let has_key = self.folder.as_ref().is_none_or(|folder| folder.join("key").exists());
            if has_key && tokio::net::TcpStream::connect(&self.address).await.is_ok() {
                return Ok(());
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("the server ended: {status}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the server does not answer")
    }

    /// A call, to be read.
    pub async fn place(&self) -> Result<String> {
        callgate_adapters::providers::install_crypto();
        let request = reqwest::Client::new().post(format!("http://{}/v1/calls", self.address)).bearer_auth(&self.key);
        let body = serde_json::json!({ "phone": "+996700000000", "agent": "akylai" });
        let placed: serde_json::Value = request.json(&body).send().await?.error_for_status()?.json().await?;
        Ok(placed.get("call_id").and_then(serde_json::Value::as_str).context("a call_id")?.to_owned())
    }

    /// The most memory it held, in MB.
    pub fn peak_memory_mb(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
        let kb: u64 = peak.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kb / 1024)
    }

    /// Processor time it has used, in microseconds: what a call costs, whatever else the machine does.
    pub fn processor_us(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().context("fields")?.split_whitespace().collect();
        let ticks = |nth: usize| fields.get(nth).and_then(|ticks| ticks.parse::<f64>().ok()).context("ticks");
        // Fields 14 and 15 of proc(5), counted from the third, in hundredths of a second.
        Ok((ticks(11)? + ticks(12)?) * 10_000.0)
    }

    /// How many calls its own count says it created.
    pub async fn created(&self) -> Result<u64> {
        let url = format!("http://{}/metrics", self.address);
        callgate_adapters::providers::install_crypto();
        let text = reqwest::Client::new().get(url).bearer_auth(&self.key).send().await?.error_for_status()?.text().await?;
        let counts = text.lines().filter(|line| line.starts_with("callgate_calls_created_total"));
        Ok(counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.process.kill().and_then(|()| self.process.wait());
        if let Some(folder) = &self.folder {
            let _gone = std::fs::remove_dir_all(folder);
        }
    }
}
