//! The `callgate` program.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    callgate_adapters::providers::install_crypto();
    callgate_server::cli::run()
}
