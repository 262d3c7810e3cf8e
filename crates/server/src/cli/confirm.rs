//! Asking before a real phone is dialed.

use std::io::Write;

use super::out::Out;
use crate::failure::{Exit, Failure};

/// Asks whether `agent` shall call `phone`; `again` is the command that would not ask.
///
/// # Errors
/// When nobody can be asked, or the answer is no: no call is placed then.
pub async fn real_call(agent: &str, phone: &str, again: &str, out: &Out) -> Result<(), Failure> {
    if out.no_input {
        let what = format!("{agent} dials a real phone, and nobody can be asked here");
        return Err(Failure::new(Exit::Usage, what).then(format!("Add --yes: {again}")));
    }
    let question = format!("{agent} dials a real phone, and the call may be billed. Call {phone}? [y/N] ");
    // A terminal that is gone answers nothing, which is a no.
    let _shown = std::io::stderr().write_all(question.as_bytes());
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    let answer = tokio::select! {
        answer = line => answer.ok().and_then(Result::ok).unwrap_or_default(),
        _ = tokio::signal::ctrl_c() => {
            out.note("\nNo call was placed.");
            // The thread that reads waits for a line that never comes; the process ends without it.
            std::process::exit(i32::from(Exit::Interrupted as u8));
        }
    };
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Failure::new(Exit::Other, "no call was placed").then(format!("Place it: {again}")))
}
