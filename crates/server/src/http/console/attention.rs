//! What needs somebody: only what is true now, the worst first, each with one thing to do. The first is the frame's sentence.

use std::time::Duration;

use callgate_domain::model::moment::elapsed;
use callgate_domain::model::{EndpointUrl, Hold, NotSent, OnHold};
use callgate_domain::ports::figures::COUNTED_TO;
use callgate_domain::ports::{Failing, Pulse, StoreError};
use jiff::Timestamp;

use super::words;
use crate::figures::Now;
use crate::hint;
use crate::http::Http;

/// Something that needs somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// `bad` or `wait`: a class of the stylesheet.
    pub tone: &'static str,
    /// What is so.
    pub title: String,
    /// More of it.
    pub detail: String,
    /// A moment that the detail ends with.
    pub at: Option<Moment>,
    /// What to do.
    pub action: Action,
}

/// A moment, for people and for machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// `14:31` in UTC.
    pub shown: String,
    /// RFC 3339.
    pub exact: String,
}

/// What to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Go there.
    Go {
        /// Where.
        to: String,
        /// A verb.
        word: &'static str,
    },
    /// Type this.
    Run(String),
}

/// What is known of the gateway's state.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// What was counted.
    pub pulse: Pulse,
    /// What is not dialed.
    pub holds: Vec<Hold>,
    /// Connections that are left alone, since requests over them came to nothing.
    pub broken: Vec<String>,
    /// Connections whose last check found a fault, and which.
    pub not_ready: Vec<(String, String)>,
}

impl Moment {
    /// As it is said.
    pub fn of(at: Timestamp) -> Self {
        Self { shown: at.strftime("%H:%M").to_string(), exact: words::exact(at) }
    }
}

impl Trouble {
    /// Where the frame's sentence leads.
    pub fn href(&self) -> &str {
        match &self.action {
            Action::Go { to, .. } => to,
            Action::Run(_) => "/console#needs",
        }
    }
}

/// What needs somebody now.
///
/// # Errors
/// `Unavailable`.
pub async fn now(http: &Http, counted: &Now) -> Result<Vec<Trouble>, StoreError> {
    let gateway = &http.gateway;
    let holds = gateway.pause.list().await?;
    let pacing = &gateway.dispatch.pacing;
    let mut state = State { pulse: counted.pulse.clone(), holds, ..State::default() };
    for listed in gateway.checks.list().await? {
        let id = listed.connection.id;
        if pacing.is_open(&id) {
            state.broken.push(id.to_string());
        } else if let Some(fault) = listed.checked.iter().flat_map(|checked| &checked.routes).find(|route| !route.health.ready) {
            state.not_ready.push((id.to_string(), fault.health.detail.clone()));
        }
    }
    Ok(of(&state, gateway.clock.now()))
}

/// The same, of a state.
pub fn of(state: &State, now: Timestamp) -> Vec<Trouble> {
    let pulse = &state.pulse;
    let mut all = Vec::new();
    let mut say = |tone, title: String, detail: &str, at: Option<Timestamp>, action| {
        all.push(Trouble { tone, title, detail: detail.to_owned(), at: at.map(Moment::of), action });
    };
    if pulse.overdue > 0 {
        let title = many(pulse.overdue, "call should be over by now", "calls should be over by now");
        let detail = "Nobody has settled them in time. See whether a process with workers runs";
        say("bad", title, detail, None, go("/console/calls", "Review"));
    }
    for id in &state.broken {
        let detail = "Requests over it came to nothing, so it is left alone for a while and then tried again";
        say("bad", format!("Connection {id} is left alone"), detail, None, go("/console/agents", "Check"));
    }
    if pulse.given_up > 0 {
        let title = many(pulse.given_up, "webhook endpoint was disabled", "webhook endpoints were disabled");
        say("bad", title, "Nothing came through there, or it said that nobody is there", None, go("/console/webhooks", "Review"));
    }
    if pulse.failed > 0 {
        let title = many(pulse.failed, "webhook was not delivered", "webhooks were not delivered");
        let detail = "In the last 24 hours, after every try there is. They can be sent again";
        say("bad", title, detail, None, go("/console/webhooks", "Review"));
    }
    if pulse.retrying > 0 {
        let title = many(pulse.retrying, "webhook waiting to retry", "webhooks waiting to retry");
        let (detail, at) = match &pulse.failing {
            Some(failing) => (answers(failing), Some(failing.since)),
            None => ("The oldest waits since".to_owned(), pulse.retrying_since),
        };
        say("bad", title, &detail, at, go("/console/webhooks", "Review"));
    }
    for (id, fault) in &state.not_ready {
        let title = format!("Connection {id} is not ready");
        say("wait", title, &cut(fault, 160), None, go("/console/agents", "Check"));
    }
    for hold in &state.holds {
        let (title, what) = match &hold.what {
            OnHold::Everything => ("Dialing is paused".to_owned(), String::new()),
            OnHold::Agent(key) => (format!("Agent {key} is paused"), format!(" --agent {key}")),
            OnHold::Connection(id) => (format!("Connection {id} is paused"), format!(" --connection {id}")),
        };
        let detail = format!("Calls wait, {}, since", cut(&hold.reason, 120));
        say("wait", title, &detail, Some(hold.created_at), Action::Run(hint::command(&format!("resume{what}"))));
    }
    if let (Some(first), 1..) = (pulse.settles_first, pulse.unsettled) {
        let title = many(pulse.unsettled, "call has no result yet", "calls have no result yet");
        let which = if pulse.unsettled == 1 { "it settles" } else { "the first settles" };
        // Seconds are not said: what is shown would change with each.
        let soon = elapsed(now, first.settles_by) < Duration::from_mins(1);
        let within = if soon { String::new() } else { format!(" {},", words::until(first.settles_by, now)) };
        let detail = format!("Asking again; {which}{within} by");
        let action = Action::Go { to: format!("/console/calls/{}", first.call), word: "Open" };
        say("wait", title, &detail, Some(first.settles_by), action);
    }
    if pulse.left_over > 0 {
        let title = many(pulse.left_over, "webhook could not be handled", "webhooks could not be handled");
        let detail = "From providers, in the last 24 hours: of calls that are not ours, or not understood";
        let run = "curl -H \"Authorization: Bearer $CALLGATE_KEY\" \"$CALLGATE_URL/v1/admin/inbox?progress=quarantined\"";
        say("wait", title, detail, None, Action::Run(run.to_owned()));
    }
    all
}

fn go(to: &str, word: &'static str) -> Action {
    Action::Go { to: to.to_owned(), word }
}

fn answers(failing: &Failing) -> String {
    let host = host(&failing.url);
    match (failing.last_status, failing.last_fault) {
        (Some(status), _) => format!("{host} answers {status} since"),
        (None, Some(NotSent::Blocked)) => format!("{host} has an address that must not be reached, since"),
        (None, Some(NotSent::TimedOut)) => format!("{host} does not answer in time since"),
        (None, Some(NotSent::NoConnection | NotSent::NoCall) | None) => format!("{host} cannot be reached since"),
    }
}

/// Nothing of an address but its host: path and query may hold a token.
fn host(url: &EndpointUrl) -> String {
    let parsed = url::Url::parse(url.as_str()).ok();
    parsed.and_then(|url| url.host_str().map(|host| cut(host, 80))).unwrap_or_else(|| "An endpoint".to_owned())
}

/// `1 call waits`, `3 calls wait`, `1000 or more calls wait`.
fn many(count: u32, one: &str, more: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        COUNTED_TO.. => format!("{count} or more {more}"),
        _ => format!("{count} {more}"),
    }
}

/// Not longer than so many characters.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()),
        None => text.to_owned(),
    }
}

/// Clocks that are further apart than this are spoken of.
pub const CLOCK_OFF: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use callgate_domain::model::{AgentKey, CallId};
    use callgate_domain::ports::Unsettled;

    use super::*;

    fn titles(state: &State) -> Vec<String> {
        of(state, Timestamp::UNIX_EPOCH).into_iter().map(|trouble| format!("{} {}", trouble.tone, trouble.title)).collect()
    }

    #[test]
    fn where_all_is_well_nothing_is_said() {
        let busy = Pulse { live: 20, retrying_since: Some(Timestamp::UNIX_EPOCH), ..Pulse::default() };
        assert_eq!(titles(&State { pulse: busy, ..State::default() }), [""; 0]);
    }

    #[test]
    fn the_worst_comes_first_and_each_is_said_once() {
        let at = Timestamp::UNIX_EPOCH;
        let first = Unsettled { call: CallId::new(at, [1; 10]), look_at: None, settles_by: at };
        let pulse = Pulse {
            overdue: 1,
            given_up: 1,
            failed: 2,
            retrying: 1_000,
            unsettled: 1,
            settles_first: Some(first),
            left_over: 3,
            ..Pulse::default()
        };
        let agent = AgentKey::new("altai").unwrap_or_else(|error| panic!("{error}"));
        let hold = Hold { what: OnHold::Agent(agent), reason: "paused by an operator".to_owned(), created_at: at };
        let state = State {
            pulse,
            holds: vec![hold],
            broken: vec!["retell".to_owned()],
            not_ready: vec![("vapi".to_owned(), "no such agent".to_owned())],
        };
        assert_eq!(
            titles(&state),
            [
                "bad 1 call should be over by now",
                "bad Connection retell is left alone",
                "bad 1 webhook endpoint was disabled",
                "bad 2 webhooks were not delivered",
                "bad 1000 or more webhooks waiting to retry",
                "wait Connection vapi is not ready",
                "wait Agent altai is paused",
                "wait 1 call has no result yet",
                "wait 3 webhooks could not be handled",
            ]
        );
        let all = of(&state, at);
        let runs = all.iter().filter(|one| matches!(&one.action, Action::Run(run) if run.ends_with("resume --agent altai")));
        assert_eq!(runs.count(), 1);
    }

    #[test]
    fn of_a_failing_endpoint_only_its_host_is_said() {
        let check = |url: &str, status, fault, expected: &str| {
            let url = EndpointUrl::new(url).unwrap_or_else(|| panic!("{url}"));
            let failing = Failing { url, since: Timestamp::UNIX_EPOCH, last_status: status, last_fault: fault };
            assert_eq!(answers(&failing), expected);
        };
        check("https://crm.example.com/hooks?token=secret", Some(502), None, "crm.example.com answers 502 since");
        check("https://u:p@crm.example.com/x", None, Some(NotSent::TimedOut), "crm.example.com does not answer in time since");
        check("nonsense", None, None, "An endpoint cannot be reached since");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!([cut("салам", 3), cut("салам", 5), cut("a b", 2)], ["сал…", "салам", "a…"]);
    }
}
