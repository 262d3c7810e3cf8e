//! The parts of Overview that change. Each is rendered twice: as a page shows it, and still, without the words that change by
//! the clock alone; by the second a stream sees whether anything happened. The script fills those words in.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use callgate_domain::model::call::Role;
use callgate_domain::model::moment::elapsed;
use callgate_domain::model::{Call, CallId, Status};
use callgate_domain::ports::Reader;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::super::attention::{self, Action, Trouble, cut};
use super::super::frame::{Frame, Here};
use super::super::line::{self, Told};
use super::super::page::rendered;
use super::super::words::{self, Pill};
use super::chart::Chart;
use super::connections::{self, Line};
use crate::figures::Day;
use crate::http::Http;
use crate::http::error::Problem;

/// They are rendered this often at most, for all readers together.
pub const RENDERED_FOR: Duration = Duration::from_secs(1);
/// What is shown of somebody's words.
const SAID: usize = 140;

/// The parts as they were rendered last.
#[derive(Default)]
pub struct Shared(Mutex<Option<(Duration, Arc<Parts>)>>);

/// All parts of a moment.
pub struct Parts {
    /// In the order of the page.
    pub all: Vec<Part>,
    /// The same while nothing has happened.
    pub mark: String,
}

/// One part: an element with an id.
pub struct Part {
    /// The element's id.
    pub id: &'static str,
    /// As a page shows it.
    pub shown: String,
    /// Without words that change by the clock alone.
    pub still: String,
}

impl Parts {
    /// A part, for a page.
    pub fn part(&self, id: &str) -> &str {
        self.all.iter().find(|part| part.id == id).map_or("", |part| part.shown.as_str())
    }
}

impl Shared {
    /// The parts, a moment old at most.
    ///
    /// # Errors
    /// 503, or 500.
    pub async fn now(&self, http: &Http) -> Result<Arc<Parts>, Problem> {
        let mut held = self.0.lock().await;
        let tick = http.gateway.clock.monotonic();
        if let Some((_, parts)) = held.as_ref().filter(|(at, _)| tick.saturating_sub(*at) < RENDERED_FOR) {
            return Ok(Arc::clone(parts));
        }
        let parts = Arc::new(render(http).await?);
        *held = Some((http.gateway.clock.monotonic(), Arc::clone(&parts)));
        Ok(parts)
    }
}

/// Templates of parts. `still` leaves out words that change by the clock alone.
macro_rules! parts {
    ($($name:ident $path:literal { $($field:ident: $type:ty),* $(,)? })+) => {
        $(
            #[derive(Template)]
            #[template(path = $path)]
            struct $name<'a> {
                $($field: &'a $type,)*
            }
        )+
    };
}

parts! {
    Figs "overview/figs.html" { figs: Vec<Fig> }
    LiveNow "overview/live_now.html" { live: Live, still: bool }
    Hours "overview/hours.html" { chart: Chart }
    Ended "overview/ended.html" { ended: Vec<EndedRow>, still: bool }
    Needs "overview/needs.html" { troubles: Vec<Trouble> }
    Connected "overview/connections.html" { lines: Vec<Line> }
    Health "overview/health.html" { frame: Frame }
    CallCount "overview/n_calls.html" { frame: Frame }
    WebhookCount "overview/n_webhooks.html" { frame: Frame }
}

/// One figure of the band.
#[derive(Debug, PartialEq, Eq)]
struct Fig {
    name: &'static str,
    value: String,
    small: String,
}

/// Calls under way.
struct Live {
    in_use: String,
    rows: Vec<LiveRow>,
    /// Those that are not shown.
    more: u32,
}

struct LiveRow {
    id: CallId,
    phone: String,
    agent: String,
    test: bool,
    /// Who said it, and with which class.
    who: &'static str,
    class: &'static str,
    said: String,
    line: Option<line::Line>,
    pill: Pill,
    since: Option<Since>,
}

/// A timer.
struct Since {
    exact: String,
    shown: String,
}

struct EndedRow {
    id: CallId,
    phone: String,
    agent: String,
    length: String,
    pill: Pill,
    exact: String,
    ago: String,
}

async fn render(http: &Http) -> Result<Parts, Problem> {
    let gateway = &http.gateway;
    let now = gateway.clock.now();
    let counted = gateway.figures.now().await?;
    let day = gateway.figures.day().await?;
    let troubles = attention::now(http, &counted).await?;
    let frame = Frame::of(http, Here::Overview, "Overview").await?;
    let (live, ended) = (&counted.pulse.newest_live, &counted.pulse.ended_last);
    let live = in_order(live, gateway.moves.whole(live, &Reader::All).await?);
    let ended = in_order(ended, gateway.moves.whole(ended, &Reader::All).await?);
    let rows: Vec<_> = live.iter().filter(|call| !call.state.is_terminal()).map(|call| live_row(call, now)).collect();
    let shown = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let more = counted.pulse.live.saturating_sub(shown);
    let live = Live { in_use: in_use(counted.pulse.live, gateway.dispatch.max_live), rows, more };
    let ended: Vec<_> = ended.iter().map(|call| ended_row(call, now)).collect();
    let (figs, chart, lines) = (figs(&day), Chart::of(&day), connections::lines(http).await?);
    let two = |id, shown: Result<String, Problem>, still: Result<String, Problem>| {
        Ok::<_, Problem>(Part { id, shown: shown?, still: still? })
    };
    let one = |id, shown: Result<String, Problem>| shown.map(|shown| Part { id, still: shown.clone(), shown });
    let all = vec![
        one("figs", rendered(&Figs { figs: &figs }))?,
        two("live-now", rendered(&LiveNow { live: &live, still: &false }), rendered(&LiveNow { live: &live, still: &true }))?,
        one("hours", rendered(&Hours { chart: &chart }))?,
        two("ended", rendered(&Ended { ended: &ended, still: &false }), rendered(&Ended { ended: &ended, still: &true }))?,
        one("needs", rendered(&Needs { troubles: &troubles }))?,
        one("connections", rendered(&Connected { lines: &lines }))?,
        one("health", rendered(&Health { frame: &frame }))?,
        one("n-calls", rendered(&CallCount { frame: &frame }))?,
        one("n-webhooks", rendered(&WebhookCount { frame: &frame }))?,
    ];
    let mark = mark(&all);
    Ok(Parts { all, mark })
}

/// The same for the same parts.
fn mark(all: &[Part]) -> String {
    let hash = all.iter().fold(Sha256::new(), |hash, part| hash.chain_update(&part.still)).finalize();
    hash.iter().take(8).fold(String::new(), |mut mark, byte| {
        // Writing to a string cannot fail.
        let _written = write!(mark, "{byte:02x}");
        mark
    })
}

fn in_order(ids: &[CallId], mut calls: Vec<Call>) -> Vec<Call> {
    calls.sort_by_key(|call| ids.iter().position(|id| *id == call.id));
    calls
}

fn in_use(live: u32, limit: Option<u32>) -> String {
    match (live, limit) {
        (_, Some(limit)) => format!("{live} of {limit} lines in use"),
        (1, None) => "1 line in use".to_owned(),
        (_, None) => format!("{live} lines in use"),
    }
}

fn live_row(call: &Call, now: Timestamp) -> LiveRow {
    let turn = call.result.transcript.as_ref().and_then(|words| words.turns.last());
    let (who, class, said) = match turn {
        Some(turn) if turn.role == Role::Agent => ("Agent", "agent", cut(&turn.text, SAID)),
        Some(turn) => ("User", "person", cut(&turn.text, SAID)),
        None => ("", "", waiting_for(call.status()).to_owned()),
    };
    let since = call.answered_at.or(call.dialed_at);
    let timer = |at| Since { exact: words::exact(at), shown: words::length(elapsed(at, now).as_secs()) };
    LiveRow {
        id: call.id,
        phone: words::number(&call.phone, false),
        agent: call.agent.to_string(),
        test: call.terms.test,
        who,
        class,
        said,
        line: Told::of(call, None, now, 0..0).map(|told| line::Line::of(&told)),
        pill: words::pill(call.status()),
        since: since.map(timer),
    }
}

const fn waiting_for(status: Status) -> &'static str {
    match status {
        Status::InProgress => "Nothing is known of the words yet",
        Status::Processing => "Over; the result is awaited",
        Status::Ringing => "Nobody has answered yet",
        _ => "Not ringing yet, as far as is known",
    }
}

fn ended_row(call: &Call, now: Timestamp) -> EndedRow {
    let at = call.ended_at.unwrap_or(call.created_at);
    EndedRow {
        id: call.id,
        phone: words::number(&call.phone, false),
        agent: call.agent.to_string(),
        length: call.duration_s().filter(|_| !call.nobody_answered()).map_or_else(none, |seconds| words::length(seconds.into())),
        pill: words::pill(call.status()),
        exact: words::exact(at),
        ago: words::ago(at, now),
    }
}

fn figs(day: &Day) -> Vec<Fig> {
    let today = day.of(|_, _| true);
    let (finished, answered) = (day.of(|_, status| status.is_terminal()), day.of(|_, status| status == Status::Completed));
    let fig = |name, value, small: &str| Fig { name, value, small: small.to_owned() };
    vec![
        fig("Calls today", today.to_string(), &change(today, day.yesterday)),
        fig("Answered", words::share(answered, finished), "of finished calls"),
        fig("Time to answer", day.middles.answer.map_or_else(none, words::took), "median"),
        fig("Length", day.middles.length.map_or_else(none, |length| words::length(length.as_secs())), "median, answered"),
        fig("Webhooks delivered", words::share(day.deliveries.at_first, day.deliveries.over), "first try, 24 h"),
    ]
}

/// What is not known.
fn none() -> String {
    "-".to_owned()
}

/// `+18 on yesterday by now`.
fn change(today: u32, yesterday: u32) -> String {
    let by = i64::from(today) - i64::from(yesterday);
    match by {
        0 => "as many as yesterday by now".to_owned(),
        _ => format!("{by:+} on yesterday by now"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_has_its_sign() {
        assert_eq!(
            [change(5, 3), change(3, 5), change(3, 3)],
            ["+2 on yesterday by now", "-2 on yesterday by now", "as many as yesterday by now"]
        );
    }

    #[test]
    fn lines_are_said_with_their_limit_where_there_is_one() {
        assert_eq!(
            [in_use(2, Some(20)), in_use(1, None), in_use(0, None)],
            ["2 of 20 lines in use", "1 line in use", "0 lines in use"]
        );
    }
}
