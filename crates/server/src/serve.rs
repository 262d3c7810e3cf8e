//! `callgate serve`: from a configuration to a process that answers, and back to nothing without losing anything.

pub mod banner;
pub mod data_dir;
pub mod first_key;

use std::io::{self, IsTerminal, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use callgate_adapters::store;
use callgate_domain::ports::{Actor, AuditAction, AuditResult};
use callgate_domain::usecases::keys::known_by;
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::banner::{Banner, Made};
use self::data_dir::DataDir;
use self::first_key::FirstKey;
use crate::config::{Config, DatabaseKind};
use crate::failure::{Exit, Failure};
use crate::gateway::Gateway;
use crate::telemetry::traces;
use crate::wiring::{Plan, Sources, wire};
use crate::workers::Workers;
use crate::{browser, hint, http, telemetry};

/// What is under way at a stop may take so long.
const FINISH: Duration = Duration::from_secs(25);

/// How often measured lengths are put into their buckets.
const METRICS_UPKEEP: Duration = Duration::from_secs(1);

/// What this process does of the gateway's work.
#[derive(Debug, Clone, Copy)]
pub struct ServeOptions {
    /// Place calls, understand webhooks, look after calls.
    pub workers: bool,
    /// Answer HTTP.
    pub http: bool,
    /// Open the console in the browser.
    pub open: bool,
}

/// A fault of this machine or its services, and what to do.
fn refused(what: impl Into<String>, then: impl Into<String>) -> Failure {
    Failure::new(Exit::Other, what).then(then)
}

/// A fault of the configuration, and what to do.
fn misconfigured(what: impl Into<String>, then: impl Into<String>) -> Failure {
    Failure::new(Exit::Configuration, what).then(then)
}

/// Serves until the process is told to stop.
///
/// # Errors
/// [`Failure`]; nothing is damaged then.
pub fn run(config: Config, sources: Sources, options: ServeOptions) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| refused(format!("no threads: {error}"), "Free memory, then start again."))?;
    runtime.block_on(serve(config, sources, options))
}

async fn serve(config: Config, sources: Sources, options: ServeOptions) -> Result<(), Failure> {
    let listener = if options.http { Some(listen(config.server.listen, For::All, &config)?) } else { None };
    let metrics_listener = config.server.metrics_listen.map(|address| listen(address, For::Operators, &config)).transpose()?;
    let alone = config.database.kind == DatabaseKind::Sqlite;
    let data = DataDir::open(&config.data_dir, alone)?;
    let metrics = telemetry::start_metrics(config.database.word())
        .map_err(|error| refused(format!("metrics could not be started: {error}"), "This is a fault of the program."))?;
    let edge = http::Options {
        failed_auth_per_minute: config.limits.failed_auth_per_minute,
        requests_per_second: config.limits.requests_per_second,
        trusted_proxies: config.server.trusted_proxies.clone(),
    };
    if let Some(host) = store::unverified_host(config.database.url.expose()) {
        tracing::warn!(
            host,
            "nothing proves that this is the database: add sslmode=verify-full and sslrootcert=<its CA> to database.url"
        );
    }
    let banner = Banner::of(&config);
    let key_rules = first_key::Rules::of(&config);
    let mut plan = Plan::of(config, options.workers)
        .and_then(|plan| plan.check().map(|()| plan))
        .map_err(|fault| misconfigured(fault.to_string(), "Mend that setting, then: callgate config check"))?;
    plan.sources = Some(sources);
    let traces = traces::start().map_err(|error| {
        misconfigured(format!("traces cannot be sent: {error}"), "Mend the OTEL_… variables, or leave them out.")
    })?;
    let gateway = Arc::new(wire(plan, metrics).await?);
    telemetry::live_limit(gateway.dispatch.max_live);
    take_in(&gateway).await?;
    let key = if options.http { key_rules.settle(&gateway, &data).await? } else { None };
    if alone && options.workers {
        take_over(&gateway).await?;
    }
    let stop = stop_signal()?;
    tokio::spawn(keep_metrics_small(Arc::clone(&gateway)));
    tokio::spawn(count_what_waits(Arc::clone(&gateway)));
    tokio::spawn(reload_when_told(Arc::clone(&gateway), hang_up()?));
    let workers = options.workers.then(|| Workers::start(&gateway));
    let failed = |error: io::Error| refused(format!("the server could not be started: {error}"), "Start it again.");
    let operators =
        metrics_listener.map(|listener| http::operators_server(&gateway, vec![listener])).transpose().map_err(failed)?;
    let server = listener.map(|listener| http::server(&gateway, vec![listener], edge)).transpose().map_err(failed)?;
    let handles: Vec<_> = server.iter().chain(&operators).map(actix_web::dev::Server::handle).collect();
    let running: Vec<_> = server.into_iter().chain(operators).map(tokio::spawn).collect();
    announce(&banner, &gateway, key.as_ref(), &data, options.http).await;
    tell_supervisor(NotifyState::Ready);
    if options.open && options.http {
        open_console(&banner, &gateway, key.as_ref()).await;
    }
    stop.await;
    tracing::info!("stopping");
    tell_supervisor(NotifyState::Stopping);
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
    if let Some(traces) = traces {
        // It has a thread of its own, and waits for that.
        let _sent = tokio::task::spawn_blocking(|| traces.stop()).await;
    }
    tracing::info!("stopped");
    Ok(())
}

/// Whom an address is for, which says how it is set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    /// `--listen`.
    All,
    /// `server.metrics_listen`.
    Operators,
}

/// Takes the address, so that a second process is refused before anything is opened or made.
fn listen(address: SocketAddr, whom: For, config: &Config) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
    bound.map_err(|error| {
        let is_taken = error.kind() == io::ErrorKind::AddrInUse;
        let who = match data_dir::holder(&config.data_dir) {
            Some(pid) => format!("Another callgate (pid {pid}) has it. Stop it"),
            None => "Stop what uses it".to_owned(),
        };
        match whom {
            For::All if is_taken => {
                let next = SocketAddr::new(address.ip(), address.port().saturating_add(1));
                let way = hint::command(&format!("serve --listen {next}"));
                refused(format!("{address} is already in use"), format!("{who}, or choose another address: {way}"))
            }
            For::All => {
                refused(format!("{address} cannot be listened on: {error}"), "Choose an address of this machine with --listen.")
            }
            For::Operators if is_taken => refused(
                format!("server.metrics_listen: {address} is already in use"),
                format!("{who}, or write another address there."),
            ),
            For::Operators => refused(
                format!("server.metrics_listen: {address} cannot be listened on: {error}"),
                "Write an address of this machine there.",
            ),
        }
    })
}

/// A database that is a backup rings nobody for what it does not know; this comes before anything is taken or placed. Who
/// wonders why nothing is dialed finds the reason in the log.
async fn take_in(gateway: &Gateway) -> Result<(), Failure> {
    let restored = gateway.backups.take_in().await.map_err(|error| {
        refused(
            format!("this backup could not be taken in: {error}"),
            "Mend that, then start again; nothing is dialed from it until then.",
        )
        .because(&error)
    })?;
    if let Some(restored) = restored {
        tracing::warn!(
            made_at = %restored.made_at,
            open_calls = restored.calls,
            "started from a backup: its open calls are only looked up, never dialed"
        );
    }
    let unreadable = |error| refused(format!("the database could not be read: {error}"), "Check that it runs, then start again.");
    for hold in gateway.pause.list().await.map_err(unreadable)? {
        tracing::warn!(what = %hold.what, reason = hold.reason, since = %hold.created_at, "not dialed until 'callgate resume'");
    }
    Ok(())
}

/// The data folder's lock says that no other process is alive: what one before us held is looked after at once.
async fn take_over(gateway: &Gateway) -> Result<(), Failure> {
    let ended = gateway.store.end_leases_before(gateway.dispatch.worker).await;
    let ended =
        ended.map_err(|error| refused(format!("the database cannot be written: {error}"), "Check that its disk is not full."))?;
    // Who was told what is told again where nobody knows whether it came through.
    if let Err(error) = gateway.deliver.outbox.end_leases().await {
        tracing::warn!(%error, "what was being sent waits for its lease to end");
    }
    if ended > 0 {
        tracing::info!(calls = ended, "the process before this one stopped in the middle of these; they are looked after now");
    }
    Ok(())
}

/// The recorder keeps each measured length until it is put into its bucket, which nobody else asks it to do.
async fn keep_metrics_small(gateway: Arc<Gateway>) {
    let mut tick = tokio::time::interval(METRICS_UPKEEP);
    while !gateway.stopping.is_cancelled() {
        tick.tick().await;
        gateway.metrics.run_upkeep();
    }
}

/// Whoever reads the metrics waits for no count, however long it takes.
async fn count_what_waits(gateway: Arc<Gateway>) {
    gateway.figures.keep_counting(&gateway.stopping).await;
}

/// SIGHUP, which once meant that a terminal was gone, means by custom: read the configuration again.
fn hang_up() -> Result<Signal, Failure> {
    let failed = |error: io::Error| refused(format!("signals cannot be taken: {error}"), "Start it again.");
    signal(SignalKind::hangup()).map_err(failed)
}

/// Reads agents and connections again at each signal. A fault is told in the log, and the old ones stay.
async fn reload_when_told(gateway: Arc<Gateway>, mut hang_up: Signal) {
    while hang_up.recv().await.is_some() {
        let reloaded = gateway.reload.now().await;
        let result = if reloaded.is_ok() { AuditResult::Done } else { AuditResult::Refused };
        let line = gateway.audit.line(Actor::default(), AuditAction::ConfigReloaded, "SIGHUP", result);
        if let Err(error) = gateway.audit.record(line).await {
            tracing::error!(%error, "a line of the audit log could not be kept");
        }
        match reloaded {
            Ok(done) => {
                tracing::info!(agents = done.agents.len(), added = ?done.added, removed = ?done.removed, "configuration read again")
            }
            Err(error) => tracing::error!(%error, "the configuration was not taken; the old one stays"),
        }
    }
}

/// Resolves at SIGTERM or Ctrl-C. A second Ctrl-C ends the process at once.
fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let failed = |error: io::Error| refused(format!("signals cannot be taken: {error}"), "Start it again.");
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

/// systemd waits for it (`Type=notify`). Without one, or where it does not listen, nobody has to know.
fn tell_supervisor(state: NotifyState<'_>) {
    let _nobody = sd_notify::notify(&[state]);
}

/// A link for the key that this start made; a database that fails now is told of by whoever needs it next.
async fn sign_in_code(gateway: &Gateway, key: &FirstKey) -> Option<String> {
    let found = gateway.key_store.find(known_by(&key.secret), gateway.clock.now()).await.ok()??;
    let link = gateway.sign_in.link(found.id, Actor::default()).await.ok()?;
    Some(link.code.expose().to_owned())
}

/// Signed in where this process knows the first key.
async fn open_console(banner: &Banner, gateway: &Gateway, key: Option<&FirstKey>) {
    let code = match key {
        Some(key) => sign_in_code(gateway, key).await,
        None => None,
    };
    if let Err(failure) = browser::open(&banner.console(code.as_deref())) {
        tracing::warn!("{failure}");
    }
}

/// The banner for a person at a terminal, one record for everybody else.
async fn announce(banner: &Banner, gateway: &Gateway, key: Option<&FirstKey>, data: &DataDir, http: bool) {
    if io::stderr().is_terminal() {
        let made = match key.filter(|key| key.was_made) {
            Some(key) => Some(Made { key: key.secret.expose().to_owned(), code: sign_in_code(gateway, key).await }),
            None => None,
        };
        let text = banner.text(made.as_ref(), data.was_made());
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
    let console = http.then(|| banner.console(None));
    tracing::info!(listen = %banner.listen, console, database = gateway.facts.database, key_file, took_ms, "ready");
}
