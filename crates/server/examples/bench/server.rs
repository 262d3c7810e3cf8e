//! The servers under load: processes of their own, ended when the benchmark ends.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::load;
use crate::now;
use crate::place::Place;

/// The key that every server is given.
pub const KEY: &str = "cg_a_first_key_that_is_long_enough_for_anybody";
/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// One server.
pub struct Server {
    /// Where it listens.
    pub address: String,
    /// How long after its start it answered first.
    pub ready_after: Duration,
    process: Child,
    /// Whether it has processes of its own.
    has_workers: bool,
    client: reqwest::Client,
}

/// Whether a gateway places calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workers {
    On,
    Off,
}

impl Server {
    /// The bare handler: this program, started anew.
    pub async fn bare() -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?).arg("bare").stdout(Stdio::piped()).spawn()?;
        let stdout = process.stdout.take().context("its output")?;
        let mut address = String::new();
        BufReader::new(stdout).read_line(&mut address)?;
        Self::of(process, address.trim().to_owned(), now())?.answers("/v1/calls").await
    }

    /// The gateway: `callgate serve` from beside this program.
    pub async fn callgate(place: &Place, workers: Workers) -> Result<Self> {
        Self::callgate_that_answers(place, workers, "/readyz").await
    }

    /// The same, which is ready once it answers this with 200.
    pub async fn callgate_that_answers(place: &Place, workers: Workers, path: &str) -> Result<Self> {
        let program = std::env::current_exe()?.ancestors().nth(2).context("the target folder")?.join("callgate");
        let address = free_address()?;
        let log = std::fs::File::options().create(true).append(true).open(place.folder.join("log"))?;
        let mut command = Command::new(program);
        command.args(["serve", "--listen", &address]).arg(if workers == Workers::On { "--workers=on" } else { "--workers=off" });
        command.envs(place.url.as_ref().map(|url| ("CALLGATE_DATABASE_URL", url)));
        command.envs([("CALLGATE_KEY", KEY), ("SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), ("CALLGATE_LOG", "warn")]);
        command.current_dir(&place.folder).stdin(Stdio::null()).stderr(log);
        let started = now();
        let server = Self::of(command.spawn().context("start target/release/callgate")?, address, started)?;
        let log = place.folder.join("log");
        server.answers(path).await.with_context(|| std::fs::read_to_string(log).unwrap_or_default())
    }

    /// Another program, which is told where to listen by `LISTEN_HOST` and `LISTEN_PORT`, and its key by `API_KEY`; what it
    /// says goes into this file.
    pub async fn other(command: &mut Command, log: &Path) -> Result<Self> {
        let address = free_address()?;
        let (host, port) = address.split_once(':').context("host and port")?;
        command.envs([("LISTEN_HOST", host), ("LISTEN_PORT", port), ("API_KEY", KEY)]).stdin(Stdio::null());
        let log = std::fs::File::options().create(true).append(true).open(log)?;
        command.stdout(log.try_clone()?).stderr(log);
        let started = now();
        let process = command.spawn().with_context(|| format!("start {command:?}"))?;
        let mut server = Self::of(process, address, started)?;
        server.has_workers = true;
        server.answers("/readyz").await
    }

    fn of(process: Child, address: String, started: Instant) -> Result<Self> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { address, ready_after: started.elapsed(), process, has_workers: false, client })
    }

    async fn answers(mut self, path: &str) -> Result<Self> {
        let since = now();
        let before = self.ready_after;
        while since.elapsed() < PATIENCE {
            if load::once(&self.address, path).await.is_ok() {
                self.ready_after = before + since.elapsed();
                return Ok(self);
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("the server ended: {status}");
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        bail!("the server does not answer")
    }

    /// Has a call to this number accepted; its id.
    pub async fn place(&self, phone: &str) -> Result<String> {
        let request = self.client.post(format!("http://{}/v1/calls", self.address)).bearer_auth(KEY);
        let answer = request.json(&json!({ "phone": phone, "agent": "akylai" })).send().await?;
        ensure!(answer.status().as_u16() == 201, "{}", answer.text().await?);
        let placed: Value = answer.json().await?;
        Ok(placed.get("call_id").and_then(Value::as_str).context("a call_id")?.to_owned())
    }

    /// What it answers to this, which must be a 2xx.
    pub async fn get(&self, path: &str) -> Result<String> {
        let request = self.client.get(format!("http://{}{path}", self.address)).bearer_auth(KEY);
        Ok(request.send().await?.error_for_status()?.text().await?)
    }

    /// How many calls its own count says it created.
    pub async fn created(&self) -> Result<u64> {
        let text = self.get("/metrics").await?;
        let counts = text.lines().filter(|line| line.starts_with("callgate_calls_created_total"));
        Ok(counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum())
    }

    /// The most memory it held, in MB.
    pub fn peak_memory_mb(&self) -> Result<f64> {
        self.memory_mb("VmHWM:")
    }

    /// The memory it holds now, in MB.
    pub fn idle_memory_mb(&self) -> Result<f64> {
        self.memory_mb("VmRSS:")
    }

    fn memory_mb(&self, which: &str) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let held = status.lines().find_map(|line| line.strip_prefix(which)).context("a line of proc(5)")?;
        let kb: f64 = held.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kb / 1024.0)
    }

    /// Processor time it has used, in microseconds: what a call costs, whatever else the machine does.
    pub fn processor_us(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().context("fields")?.split_whitespace().collect();
        let ticks = |nth: usize| fields.get(nth).and_then(|ticks| ticks.parse::<f64>().ok()).context("ticks");
        // Fields 14 and 15 of proc(5), counted from the third, in hundredths of a second.
        Ok((ticks(11)? + ticks(12)?) * 10_000.0)
    }
}

/// A place on loopback that nobody listens at.
fn free_address() -> Result<String> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

impl Drop for Server {
    #[expect(clippy::disallowed_methods, reason = "what is dropped cannot await")]
    fn drop(&mut self) {
        if self.has_workers {
            // Killed, it would leave its workers behind.
            let _told = Command::new("kill").arg(self.process.id().to_string()).status();
            let since = now();
            while since.elapsed() < Duration::from_secs(5) && matches!(self.process.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}
