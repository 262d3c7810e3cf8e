//! Handing an address to the browser of whoever sits at this machine.

use std::io;
use std::process::{Command, ExitStatus, Stdio};
use std::thread::{Builder, JoinHandle};

use crate::failure::{Exit, Failure};

/// Hands it over: to `$BROWSER`, or to what this system opens links with. Waits for nobody.
///
/// # Errors
/// There is none.
pub fn open(url: &str) -> Result<(), Failure> {
    let opener = std::env::var("BROWSER").unwrap_or_else(|_| SYSTEM_OPENER.to_owned());
    start(&opener, url).map(drop).map_err(|error| {
        Failure::new(Exit::Other, format!("no browser was opened: {opener}: {error}")).then(format!("Open it yourself: {url}"))
    })
}

/// Starts it, with a thread that waits for its end: nobody else would, and a process whose end nobody has seen stays in the system's
/// table for as long as this one runs.
fn start(opener: &str, url: &str) -> io::Result<JoinHandle<io::Result<ExitStatus>>> {
    let mut opener = Command::new(opener);
    opener.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut started = opener.spawn()?;
    Builder::new().name("browser".to_owned()).spawn(move || started.wait())
}

#[cfg(target_os = "macos")]
const SYSTEM_OPENER: &str = "open";
#[cfg(not(target_os = "macos"))]
const SYSTEM_OPENER: &str = "xdg-open";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_opens_the_browser_is_seen_to_its_end() {
        let ended = start("true", "http://127.0.0.1:1").unwrap().join().unwrap().unwrap();
        assert!(ended.success());
        assert!(start("a-browser-that-nobody-has", "http://127.0.0.1:1").is_err());
    }
}
