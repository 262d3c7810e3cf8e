//! The `callgate` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    callgate_adapters::providers::install_crypto();
    callgate_server::cli::run()
}
