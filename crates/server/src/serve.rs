//! `callgate serve`: from a configuration to a process that answers, and back to nothing without losing anything.

pub mod banner;
pub mod data_dir;
pub mod first_key;

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use callgate_adapters::store::OpenError;
use tokio::signal::unix::{SignalKind, signal};

use self::banner::Banner;
use self::data_dir::DataDir;
use self::first_key::FirstKey;
use crate::config::{Config, DatabaseKind};
use crate::gateway::Gateway;
use crate::wiring::{Plan, WiringError, wire};
use crate::workers::Workers;
use crate::{http, telemetry};

/// What is under way at a stop may take so long.
const FINISH: Duration = Duration::from_secs(25);

/// What this process does of the gateway's work.
#[derive(Debug, Clone, Copy)]
pub struct ServeOptions {
    /// Place calls, understand webhooks, look after calls.
    pub workers: bool,
    /// Answer HTTP.
    pub http: bool,
}

/// Why the process does not start: what happened, what to do, and the exit code.
#[derive(Debug, thiserror::Error)]
#[error("{happened}\n  {remedy}")]
pub struct StartError {
    /// The listed exit code: 3 where the configuration is at fault, else 1.
    pub code: u8,
    /// Who did what, in words.
    pub happened: String,
    /// One thing to do.
    pub remedy: String,
}

impl StartError {
    /// A fault of this machine or its services.
    pub fn new(happened: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code: 1, happened: happened.into(), remedy: remedy.into() }
    }

    /// A fault of the configuration.
    pub fn of_settings(happened: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code: 3, ..Self::new(happened, remedy) }
    }
}

/// Serves until the process is told to stop.
///
/// # Errors
/// [`StartError`]; nothing is damaged then.
pub fn run(config: Config, options: ServeOptions) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| StartError::new(format!("no threads: {error}"), "Free memory, then start again."))?;
    runtime.block_on(serve(config, options))
}

async fn serve(config: Config, options: ServeOptions) -> Result<(), StartError> {
    let listener = if options.http { Some(listen(config.server.listen, &config)?) } else { None };
    let metrics_listener = config.server.metrics_listen.map(|address| listen(address, &config)).transpose()?;
    let alone = config.database.kind == DatabaseKind::Sqlite;
    let data = DataDir::open(&config.data_dir, alone)?;
    let metrics = telemetry::start_metrics(config.database.word())
        .map_err(|error| StartError::new(format!("metrics could not be started: {error}"), "This is a fault of the program."))?;
    let edge = http::Options {
        failed_auth_per_minute: config.limits.failed_auth_per_minute,
        trusted_proxies: config.server.trusted_proxies.clone(),
    };
    let banner = Banner::of(&config);
    let key_rules = first_key::Rules::of(&config);
    let plan = Plan::of(config, options.workers)
        .map_err(|fault| StartError::of_settings(fault.to_string(), "Mend that setting, then: callgate config check"))?;
    let gateway = Arc::new(wire(plan, metrics).await.map_err(not_wired)?);
    let key = if options.http { key_rules.settle(&gateway, &data).await? } else { None };
    if alone && options.workers {
        take_over(&gateway).await?;
    }
    let stop = stop_signal()?;
    let workers = options.workers.then(|| Workers::start(&gateway));
    let failed = |error: io::Error| StartError::new(format!("the server could not be started: {error}"), "Start it again.");
    let operators =
        metrics_listener.map(|listener| http::operators_server(&gateway, vec![listener])).transpose().map_err(failed)?;
    let server = listener.map(|listener| http::server(&gateway, vec![listener], edge)).transpose().map_err(failed)?;
    let handles: Vec<_> = server.iter().chain(&operators).map(actix_web::dev::Server::handle).collect();
    let running: Vec<_> = server.into_iter().chain(operators).map(tokio::spawn).collect();
    announce(&banner, &gateway, key.as_ref(), &data);
    stop.await;
    tracing::info!("stopping");
    gateway.stopping.cancel();
    if let Some(workers) = workers {
        workers.stopped(FINISH).await;
    }
    for handle in handles {
        handle.stop(true).await;
    }
    for server in running {
        if let Ok(Err(error)) = server.await {
            tracing::error!(%error, "the server ended");
        }
    }
    tracing::info!("stopped");
    Ok(())
}

/// Takes the address, so that a second process is refused before anything is opened or made.
fn listen(address: SocketAddr, config: &Config) -> Result<TcpListener, StartError> {
    let bound = TcpListener::bind(address).and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
    bound.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            let next = SocketAddr::new(address.ip(), address.port().saturating_add(1));
            let who = match data_dir::holder(&config.data_dir) {
                Some(pid) => format!("Another callgate (pid {pid}) has it. Stop it"),
                None => "Stop what uses it".to_owned(),
            };
            let way = banner::started_as();
            StartError::new(
                format!("{address} is already in use"),
                format!("{who}, or choose another address: {way} serve --listen {next}"),
            )
        }
        _ => StartError::new(
            format!("{address} cannot be listened on: {error}"),
            "Choose an address of this machine with --listen.",
        ),
    })
}

fn not_wired(error: WiringError) -> StartError {
    match error {
        WiringError::Open(OpenError::UnsupportedScheme { .. } | OpenError::NoFile) => StartError::of_settings(
            error.to_string(),
            "Write it so: sqlite://callgate-data/callgate.db, or postgres://user@host/name",
        ),
        WiringError::Open(OpenError::NewerDatabase { .. }) => StartError::new(error.to_string(), "Nothing was changed in it."),
        WiringError::Open(OpenError::Settings { .. }) => {
            StartError::new(error.to_string(), "Calls would not survive a power cut so. Change that setting of the database.")
        }
        WiringError::Open(_) | WiringError::Store(_) => {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            StartError::new(format!("{error}{cause}"), "Check that the database runs and that database.url is right.")
        }
        WiringError::Connection(_) => {
            StartError::of_settings(error.to_string(), "Mend that setting, then: callgate config check")
        }
    }
}

/// The data folder's lock says that no other process is alive: what one before us held is looked after at once.
async fn take_over(gateway: &Gateway) -> Result<(), StartError> {
    let ended = gateway.store.end_leases_before(gateway.dispatch.worker).await;
    let ended = ended.map_err(|error| {
        StartError::new(format!("the database cannot be written: {error}"), "Check that its disk is not full.")
    })?;
    if ended > 0 {
        tracing::info!(calls = ended, "the process before this one stopped in the middle of these; they are looked after now");
    }
    Ok(())
}

/// Resolves at SIGTERM or Ctrl-C. A second Ctrl-C ends the process at once.
fn stop_signal() -> Result<impl Future<Output = ()>, StartError> {
    let failed = |error: io::Error| StartError::new(format!("signals cannot be taken: {error}"), "Start it again.");
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tokio::spawn(async move {
            if interrupt.recv().await.is_some() {
                std::process::exit(130);
            }
        });
    })
}

/// The banner for a person at a terminal, one record for everybody else.
fn announce(banner: &Banner, gateway: &Gateway, key: Option<&FirstKey>, data: &DataDir) {
    let made = key.filter(|key| key.was_made);
    if io::stderr().is_terminal() {
        let text = banner.text(made.map(|key| key.secret.expose()), data.was_made());
        // A terminal that went away needs no banner.
        let _gone = io::stderr().write_all(text.as_bytes());
    }
    if banner.is_open && gateway.facts.public_url.is_none() {
        tracing::warn!(
            "listening beyond this machine without server.public_url: set it to the address that providers and browsers use"
        );
    }
    let took_ms = u64::try_from(gateway.clock.monotonic().as_millis()).unwrap_or(u64::MAX);
    let key_file = key.and_then(|key| key.file.as_ref()).map(|file| file.display().to_string()).unwrap_or_default();
    tracing::info!(listen = %banner.listen, database = gateway.facts.database, key_file, took_ms, "ready");
}
