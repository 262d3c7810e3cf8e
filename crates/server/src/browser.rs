//! Handing an address to the browser of whoever sits at this machine.

use crate::failure::{Exit, Failure};

/// Hands it over: to `$BROWSER`, or to what this system opens links with. Waits for nobody.
///
/// # Errors
/// There is none.
pub fn open(url: &str) -> Result<(), Failure> {
    let opener = std::env::var("BROWSER").unwrap_or_else(|_| SYSTEM_OPENER.to_owned());
    let started = std::process::Command::new(&opener)
        .arg(url)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    started.map(drop).map_err(|error| {
        Failure::new(Exit::Other, format!("no browser was opened: {opener}: {error}")).then(format!("Open it yourself: {url}"))
    })
}

#[cfg(target_os = "macos")]
const SYSTEM_OPENER: &str = "open";
#[cfg(not(target_os = "macos"))]
const SYSTEM_OPENER: &str = "xdg-open";
