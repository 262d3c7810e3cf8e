//! The gateway itself, where one runs here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::Finding;
use crate::config::Config;
use crate::hint;
use crate::serve::data_dir::holder;

const CHECK: &str = "gateway";
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks it whether it is ready.
pub async fn look(config: &Config, found: &mut Vec<Finding>) {
    let address = here(config.server.listen);
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build();
    let Ok(client) = client else { return };
    let fix = || format!("Look at its log; more than that says nobody. To start it anew: {}", hint::command("serve"));
    found.push(match client.get(format!("http://{address}/readyz")).send().await {
        Ok(answer) if answer.status().is_success() => Finding::good(CHECK, format!("ready at {address}")),
        Ok(answer) => {
            let said = answer.text().await.unwrap_or_default();
            Finding::fault(CHECK, format!("it is not ready at {address}: {}", said.trim()), fix())
        }
        Err(error) if error.is_connect() => match holder(&config.data_dir) {
            Some(pid) => Finding::note(CHECK, format!("process {pid} has the data folder and does not listen at {address}")),
            None => Finding::note(CHECK, format!("none runs at {address}: {}", hint::command("serve"))),
        },
        Err(_silent) => Finding::fault(CHECK, format!("it does not answer at {address}"), fix()),
    });
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
