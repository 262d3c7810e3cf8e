//! The `callgate` program.

use std::process::ExitCode;

use callgate_server::config::{Config, Environment, Given};
use callgate_server::serve::{ServeOptions, run};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    callgate_adapters::providers::install_crypto();
    let listen = std::env::args().skip_while(|arg| arg != "--listen").nth(1);
    let given = Given { listen, ..Given::default() };
    let config = Config::load(&given, &Environment::of_process()).unwrap();
    callgate_server::telemetry::start_logs(
        &std::env::var("CALLGATE_LOG").unwrap_or("info".into()),
        callgate_server::telemetry::LogFormat::chosen(None).unwrap(),
    )
    .unwrap();
    match run(config, ServeOptions { workers: true, http: true }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.code)
        }
    }
}
