//! The gateway under measurement: `callgate serve` from beside this program, ended when it is dropped.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

const KEY: &str = "cg_a_first_key_that_is_long_enough_for_anybody";

/// A running gateway.
pub struct Gateway {
    process: Child,
    address: String,
    client: reqwest::Client,
}

/// A new folder with the configuration of a gateway that calls over this engine, as fast as it can.
pub fn folder(engine: &str) -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("callgate-dispatch-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let config = format!(
        "[calls]\nallow_numbers = [\"+996\"]\n[connections.engine]\nkind = \"http\"\nbase_url = \"{engine}\"\nsecret = {{ env = \"SECRET\" }}\n\
         max_live = 0\nmax_per_second = 0\n[agents.akylai]\nconnection = \"engine\"\n"
    );
    std::fs::write(folder.join("callgate.toml"), config)?;
    Ok(folder)
}

impl Gateway {
    /// Starts one and waits until it answers.
    pub async fn start(folder: &Path, database: Option<&str>, workers: &str) -> Result<Self> {
        callgate_adapters::providers::install_crypto();
        let program = std::env::current_exe()?.ancestors().nth(2).context("the target folder")?.join("callgate");
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let log = std::fs::File::options().create(true).append(true).open(folder.join("log"))?;
        let process = Command::new(program)
            .args(["serve", "--listen", &address, workers])
            .current_dir(folder)
            .envs(database.map(|url| ("CALLGATE_DATABASE_URL", url)))
            .envs([("CALLGATE_KEY", KEY), ("SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), ("CALLGATE_LOG", "warn")])
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()?;
        let client = reqwest::Client::builder().no_proxy().build()?;
        let gateway = Self { process, address, client };
        for _ in 0..400 {
            if let Ok(answer) = gateway.client.get(format!("http://{}/readyz", gateway.address)).send().await
                && answer.status().is_success()
            {
                return Ok(gateway);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bail!("the gateway does not answer: {}", std::fs::read_to_string(folder.join("log"))?)
    }

    /// Has a call accepted.
    pub async fn place(&self, phone: &str) -> Result<()> {
        let request = self.client.post(format!("http://{}/v1/calls", self.address)).bearer_auth(KEY);
        let answer = request.json(&json!({ "phone": phone, "agent": "akylai" })).send().await?;
        ensure!(answer.status().as_u16() == 201, "{}", answer.text().await?);
        Ok(())
    }

    /// Processor time it has used, in seconds.
    pub fn processor_s(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().context("fields")?.split_whitespace().collect();
        let ticks = |nth: usize| fields.get(nth).and_then(|ticks| ticks.parse::<f64>().ok()).context("ticks");
        // Fields 14 and 15 of proc(5), counted from the third, in hundredths of a second.
        Ok((ticks(11)? + ticks(12)?) / 100.0)
    }

    /// Ends it.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}
