//! Logs and metrics: their setup, and the records that more than one place writes.
//!
//! Never a phone number, a transcript, a key or a body: not in a field, not in a label. A number is a mark (`phones.rs`),
//! and stands where somebody asks whether it was called: when a call is accepted, and when it is sent.

mod phones;

use std::io::IsTerminal;
use std::time::Duration;

use callgate_domain::model::breaker::Turn;
use callgate_domain::model::call::By;
use callgate_domain::model::ids::DeliveryId;
use callgate_domain::model::{Call, CallState, ConnectionId, DeliveryResult, Revision};
use callgate_domain::ports::Progress;
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
        #[expect(
            clippy::disallowed_methods,
            reason = "a log record carries the real time, whatever the gateway's clock is set to"
        )]
        let now = jiff::Timestamp::now();
        write!(w, "{}", now.strftime("%H:%M:%S%.3f"))
    }
}

/// Starts the recorder behind `/metrics`.
///
/// # Errors
/// When another recorder runs in this process.
pub fn start_metrics(database: &'static str) -> Result<PrometheusHandle, BuildError> {
    let handle =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?.install_recorder()?;
    metrics::gauge!("callgate_build_info", "version" => env!("CARGO_PKG_VERSION"), "database" => database).set(1.0);
    Ok(handle)
}

/// One record and one count for a change of a call's state; `phones` marks numbers, once it is there.
pub fn call_moved(call: &Call, from: CallState, by: By, phones: Option<&Phones>) {
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
    tracing::info!(call_id = %call.id, from = %from, to = %call.state, by = %by, connection, phone, "call state");
    if call.state.is_terminal() {
        let connection = connection.to_owned();
        metrics::counter!("callgate_calls_finished_total", "agent" => agent(), "connection" => connection, "status" => call.status().as_str()).increment(1);
        if let Some(length) = call.duration_s() {
            metrics::histogram!("callgate_call_length_seconds", "agent" => agent()).record(Duration::from_secs(length.into()));
        }
    }
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

/// Shows how many deliveries wait.
pub fn notices_pending(count: u64) {
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and nobody counts so far")]
    metrics::gauge!("callgate_webhook_deliveries_pending").set(count as f64);
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
