//! The gateway itself, where one runs here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Error, Response};
use tokio::time::{Instant, timeout_at};

use super::Finding;
use crate::config::{Environment, Reading};
use crate::hint;
use crate::serve::data_dir::holder;

const CHECK: &str = "gateway";
const PATIENCE: Duration = Duration::from_secs(3);
/// What a gateway says is short; whoever else listens there may say anything.
const MOST: usize = 2_048;
/// Where one listens that nobody told otherwise.
const DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8010);

/// The gateway, asked.
pub struct Looked {
    /// Whether it says that all is well with it.
    pub is_ready: bool,
    /// What was found.
    pub finding: Finding,
}

/// Where it listens: as the settings say, however wrong others of them are; else as a container says; else the default.
pub fn address(reading: &Reading, environment: &Environment) -> SocketAddr {
    let set = reading.sources.iter().find(|source| source.setting == "server.listen");
    let set = set.and_then(|source| source.value.trim_matches('"').parse().ok());
    set.or_else(|| environment.get("CALLGATE_LISTEN")?.parse().ok()).unwrap_or(DEFAULT)
}

/// Asks it whether it is ready.
pub async fn look(listen: SocketAddr, data_dir: &Path, by: Instant) -> Looked {
    let address = here(listen);
    let fix = || format!("Look at its log; more than that says nobody. To start it anew: {}", hint::command("serve"));
    let asked = timeout_at(by.min(Instant::now() + PATIENCE), ask(address)).await;
    let finding = match asked {
        Ok(Ok((true, _))) => return Looked { is_ready: true, finding: Finding::good(CHECK, format!("ready at {address}")) },
        Ok(Ok((false, said))) => Finding::fault(CHECK, format!("it is not ready at {address}: {}", said.trim()), fix()),
        Ok(Err(error)) if error.is_connect() => match holder(data_dir) {
            Some(pid) => Finding::note(CHECK, format!("process {pid} has the data folder and does not listen at {address}")),
            None => Finding::note(CHECK, format!("none runs at {address}: {}", hint::command("serve"))),
        },
        Ok(Err(_)) | Err(_) => Finding::fault(CHECK, format!("it does not answer at {address}"), fix()),
    };
    Looked { is_ready: false, finding }
}

/// Whether it is ready, and the beginning of what it says.
async fn ask(address: SocketAddr) -> Result<(bool, String), Error> {
    let client = Client::builder().no_proxy().redirect(Policy::none()).build()?;
    let answer = client.get(format!("http://{address}/readyz")).send().await?;
    let is_ready = answer.status() == reqwest::StatusCode::OK;
    Ok((is_ready, beginning(answer).await?))
}

async fn beginning(mut answer: Response) -> Result<String, Error> {
    let mut said = Vec::new();
    while said.len() < MOST
        && let Some(chunk) = answer.chunk().await?
    {
        said.extend_from_slice(&chunk);
    }
    said.truncate(MOST);
    Ok(String::from_utf8_lossy(&said).into_owned())
}

/// Whoever listens everywhere is asked here.
fn here(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
