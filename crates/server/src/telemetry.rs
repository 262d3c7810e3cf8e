//! Logs and metrics: their setup, and the records that more than one place writes.
//!
//! Never a phone number, a transcript, a key or a body: not in a field, not in a label. A number is a mark (`phones.rs`),
//! and stands where somebody asks whether it was called: when a call is accepted, and when it is sent.

mod phones;
pub mod traces;

use std::io::IsTerminal;
use std::time::Duration;

use callgate_domain::model::breaker::Turn;
use callgate_domain::model::call::By;
use callgate_domain::model::ids::DeliveryId;
use callgate_domain::model::moment::elapsed;
use callgate_domain::model::{Call, CallState, ConnectionId, DeliveryResult, Revision, Status};
use callgate_domain::ports::{Backlog, Cause, Progress, Work};
use callgate_domain::usecases::deliver::Delivered;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub use phones::{KEY as PHONE_KEY, Mark, Phones};

/// Seconds, from a quick read to a provider's slow answer.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// What lasts as long as people talk, or as a receiver is down.
const LONG: [&str; 3] = ["callgate_call_length_seconds", "callgate_call_settle_seconds", "callgate_webhook_delivery_lag_seconds"];
/// Seconds, from one to a day.
const LONG_SECONDS: &[f64] = &[1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 21_600.0, 86_400.0];

/// Libraries that put what they work on into their records, which no level makes right; and the one that calls it an error of
/// ours when a client's bytes are no HTTP.
const SAYS_TOO_MUCH: [&str; 2] = ["rlibphonenumber=off", "actix_http::h1=off"];
/// What our own records are called. All others are heard from warnings up, whatever the filter says: below that they tell
/// of addresses with their queries, of headers and of bodies.
const OURS: &str = "callgate";

/// How log records look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl LogFormat {
    /// As `CALLGATE_LOG_FORMAT` says; text on a terminal and JSON elsewhere where it says nothing.
    ///
    /// # Errors
    /// The word, when it is neither `text` nor `json`.
    pub fn chosen(word: Option<&str>) -> Result<Self, String> {
        match word {
            Some("text") => Ok(Self::Text),
            Some("json") => Ok(Self::Json),
            Some(other) => Err(other.to_owned()),
            None if std::io::stderr().is_terminal() => Ok(Self::Text),
            None => Ok(Self::Json),
        }
    }
}

/// Starts logging to stderr. `filter` is a level or a filter per module.
///
/// # Errors
/// When the filter cannot be read, or logging runs already.
pub fn start_logs(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    start_logs_to(filter, format, std::io::stderr)
}

/// The same, to somewhere else.
///
/// # Errors
/// As [`start_logs`].
pub fn start_logs_to(
    filter: &str,
    format: LogFormat,
    writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static,
) -> anyhow::Result<()> {
    // The framework's own words at start and stop say nothing that ours do not.
    let mut filter = EnvFilter::try_new(format!("actix_server=warn,{filter}"))?;
    for library in SAYS_TOO_MUCH {
        filter = filter.add_directive(library.parse()?);
    }
    // A record that cannot be written (a full disk, a reader that has gone) is lost. To complain about it on the same stderr
    // would panic in the middle of whatever was being done.
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).log_internal_errors(false);
    let discreet = filter_fn(|record| is_discreet(record.target(), *record.level()));
    let started = match format {
        LogFormat::Text => logs.with_target(false).with_timer(TimeOfDay).with_ansi(colours()).finish().with(discreet).try_init(),
        LogFormat::Json => {
            let logs = logs.json().flatten_event(true).with_current_span(true).with_span_list(false).with_target(false);
            logs.finish().with(discreet).try_init()
        }
    };
    started.map_err(|error| anyhow::anyhow!("logging could not be started: {error}"))
}

/// Whether records of this origin and level say nothing private.
fn is_discreet(target: &str, level: Level) -> bool {
    target.starts_with(OURS) || level <= Level::WARN
}

fn colours() -> bool {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    wanted && std::env::var_os("TERM").is_none_or(|term| term != "dumb") && std::io::stderr().is_terminal()
}

/// `15:55:02.123`, in UTC: a person at a terminal knows the day.
struct TimeOfDay;

impl FormatTime for TimeOfDay {
    fn format_time(&self, w: &mut tracing_subscriber::fmt::format::Writer<'_>) -> std::fmt::Result {
        write!(w, "{}", real_now().strftime("%H:%M:%S%.3f"))
    }
}

/// Starts the recorder behind `/metrics`.
///
/// # Errors
/// When another recorder runs in this process.
pub fn start_metrics(database: &'static str) -> Result<PrometheusHandle, BuildError> {
    let mut builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?;
    for name in LONG {
        builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), LONG_SECONDS)?;
    }
    let handle = builder.install_recorder()?;
    let commit = option_env!("CALLGATE_COMMIT").unwrap_or("unknown");
    metrics::gauge!("callgate_build_info", "version" => env!("CARGO_PKG_VERSION"), "commit" => commit, "database" => database)
        .set(1.0);
    Ok(handle)
}

/// One record and one count for a change of a call's state; `phones` marks numbers, once it is there.
pub fn call_moved(call: &Call, from: CallState, cause: Cause, phones: Option<&Phones>) {
    traces::moved(call, from, cause);
    let phone = || phones.map(|phones| tracing::field::display(phones.mark(&call.phone)));
    let agent = || call.agent.to_string();
    if call.revision == Revision(1) {
        metrics::counter!("callgate_calls_created_total", "agent" => agent()).increment(1);
        tracing::info!(call_id = %call.id, agent = %call.agent, phone = phone(), status = %call.status(), "call accepted");
        return;
    }
    if from == call.state {
        return;
    }
    let connection = call.connection.as_ref().map_or("", |id| id.as_str());
    let phone = (call.state == CallState::Sending).then(phone).flatten();
    tracing::info!(call_id = %call.id, from = %from, to = %call.state, by = %cause.by, connection, phone, "call state");
    if let (Some(dialed_at), Some(answered_at), true) =
        (call.dialed_at, call.answered_at, from.rank() < CallState::InProgress.rank())
    {
        metrics::histogram!("callgate_call_ring_seconds", "connection" => connection.to_owned())
            .record(elapsed(dialed_at, answered_at));
    }
    if call.state.is_terminal() {
        let connection = connection.to_owned();
        metrics::counter!("callgate_calls_finished_total", "agent" => agent(), "connection" => connection.clone(), "status" => call.status().as_str()).increment(1);
        if let Some(over_at) = call.ended_at.filter(|_| call.answered_at.is_some()) {
            metrics::histogram!("callgate_call_settle_seconds", "connection" => connection, "via" => settled_via(cause))
                .record(elapsed(over_at, real_now()));
        }
        if let Some(length) = call.duration_s() {
            metrics::histogram!("callgate_call_length_seconds", "agent" => agent()).record(Duration::from_secs(length.into()));
        }
    }
}

/// How its end came to be known.
const fn settled_via(cause: Cause) -> &'static str {
    match (cause.by, cause.source) {
        (_, Some(source)) => source.as_str(),
        (By::Deadline, None) => "deadline",
        (_, None) => "gateway",
    }
}

/// Shows what waits, once it was counted, and how old these figures are.
#[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and nobody counts so far")]
pub fn waits(backlog: Option<&Backlog>, age: Duration) {
    metrics::gauge!("callgate_backlog_age_seconds").set(age.as_secs_f64());
    let Some(backlog) = backlog else { return };
    for status in Status::ALL.iter().filter(|status| !status.is_terminal()) {
        let count = backlog.open.get(status).copied().unwrap_or_default();
        metrics::gauge!("callgate_calls_open", "status" => status.as_str()).set(count as f64);
    }
    metrics::gauge!("callgate_calls_overdue").set(backlog.overdue as f64);
    metrics::gauge!("callgate_inbox_parked").set(backlog.parked as f64);
    metrics::gauge!("callgate_webhook_waiting").set(backlog.deliveries as f64);
    let oldest = backlog.oldest.map_or(Duration::ZERO, |made_at| elapsed(made_at, real_now()));
    metrics::gauge!("callgate_webhook_oldest_waiting_seconds").set(oldest.as_secs_f64());
    for (work, count) in [
        (Work::Dispatch, backlog.due),
        (Work::Intake, backlog.webhooks),
        (Work::Reconcile, backlog.looks),
        (Work::Deliver, backlog.deliveries),
    ] {
        metrics::gauge!("callgate_work_waiting", "work" => work.as_str()).set(count as f64);
    }
}

/// Shows what this process takes of its machine (`process_*`).
pub fn process() {
    metrics_process::Collector::default().collect();
}

/// Shows how many calls may be live, where that is limited.
pub fn live_limit(limit: Option<u32>) {
    if let Some(limit) = limit {
        metrics::gauge!("callgate_calls_live_limit").set(limit);
    }
}

#[expect(clippy::disallowed_methods, reason = "what is measured took real time, whatever the gateway's clock is set to")]
fn real_now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Shows a connection whose breaker is closed, as each is at first: a gauge that is missing alarms nobody.
pub fn breaker_closed(connection: &ConnectionId) {
    breaker(connection).set(0.0);
}

/// One record for a turn of a connection's breaker, and its gauge.
pub fn breaker_turned(connection: &ConnectionId, turn: Turn) {
    match turn {
        Turn::Opened(length) => {
            breaker(connection).set(1.0);
            tracing::warn!(%connection, seconds = length.as_secs(), "connection left alone: it fails again and again");
        }
        Turn::Closed => {
            breaker_closed(connection);
            tracing::info!(%connection, "connection works again");
        }
    }
}

fn breaker(connection: &ConnectionId) -> metrics::Gauge {
    metrics::gauge!("callgate_connection_breaker_open", "connection" => connection.to_string())
}

/// What a request to a provider came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered as it was meant to be.
    Ok,
    /// It was answered with a no.
    Refused,
    /// It was not answered in time.
    Timeout,
    /// It broke, or the answer is of no use.
    Failed,
}

/// Counts a request to a provider, with its time.
pub fn provider_asked(connection: &ConnectionId, operation: &'static str, outcome: Outcome, took: Duration) {
    let outcome = match outcome {
        Outcome::Ok => "ok",
        Outcome::Refused => "refused",
        Outcome::Timeout => "timeout",
        Outcome::Failed => "failed",
    };
    let connection = || connection.to_string();
    metrics::counter!("callgate_connection_requests_total", "connection" => connection(), "operation" => operation, "outcome" => outcome).increment(1);
    metrics::histogram!("callgate_connection_request_duration_seconds", "connection" => connection(), "operation" => operation)
        .record(took);
}

/// Counts a failure of background work.
pub fn work_failed(work: &'static str) {
    metrics::counter!("callgate_work_failed_total", "work" => work).increment(1);
}

/// Counts what became of a webhook.
pub fn webhook_handled(connection: Option<&ConnectionId>, progress: Progress) {
    let connection = connection.map_or_else(String::new, ToString::to_string);
    metrics::counter!("callgate_inbox_results_total", "connection" => connection, "outcome" => progress.as_str()).increment(1);
}

/// One record where a try disabled an endpoint, and counts for every one.
pub fn notice_tried(id: DeliveryId, delivered: &Delivered, took: Duration) {
    let outcome = match delivered.result {
        DeliveryResult::Delivered => "delivered",
        DeliveryResult::Pending => "retried",
        DeliveryResult::Failed => "exhausted",
    };
    metrics::counter!("callgate_webhook_deliveries_total", "outcome" => outcome).increment(1);
    metrics::histogram!("callgate_webhook_delivery_duration_seconds").record(took);
    if delivered.result == DeliveryResult::Delivered {
        metrics::histogram!("callgate_webhook_delivery_lag_seconds").record(delivered.after);
    }
    if let Some(endpoint) = delivered.disabled {
        metrics::counter!("callgate_webhook_endpoints_disabled_total").increment(1);
        tracing::warn!(%endpoint, delivery = %id, "an endpoint was disabled: it is gone, or nothing came through for long");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_level_makes_a_library_talk() {
        for target in ["hyper::proto", "reqwest::connect", "actix_http::h1", "rustls", "h2", "log"] {
            assert!(is_discreet(target, Level::ERROR) && is_discreet(target, Level::WARN), "{target}");
            for level in [Level::INFO, Level::DEBUG, Level::TRACE] {
                assert!(!is_discreet(target, level), "{target}");
            }
        }
        assert!(is_discreet("callgate_server::http::record", Level::TRACE));
    }
}
