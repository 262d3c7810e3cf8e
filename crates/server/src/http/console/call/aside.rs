//! What stands beside the transcript: details, and what became of the webhook. Only what the gateway knows.

use askama::Template;
use callgate_domain::model::call::Role;
use callgate_domain::model::{Delivery, DeliveryResult, EndedReason, NotSent, NoticeType};
use jiff::Timestamp;

use super::parts::At;
use super::seen::Seen;
use super::talk::words_of;
use crate::http::console::page::rendered;
use crate::http::console::words;
use crate::http::error::Problem;

/// Deliveries that are shown.
const MOST: usize = 6;

struct Fact {
    name: &'static str,
    text: String,
    is_code: bool,
    at: Option<At>,
}

#[derive(Template)]
#[template(path = "call/facts.html")]
struct FactsPart {
    facts: Vec<Fact>,
}

/// One delivery.
struct Sent {
    id: String,
    /// The class of its dot, with a blank before it.
    tone: &'static str,
    word: &'static str,
    kind: NoticeType,
    host: String,
    at: Option<At>,
    ago: String,
    detail: String,
    may_go_again: bool,
}

#[derive(Template)]
#[template(path = "call/hook.html")]
struct HookPart<'a> {
    id: &'a str,
    sent: Vec<Sent>,
    more: usize,
    hosts: &'a [String],
    is_over: bool,
}

/// Details.
///
/// # Errors
/// 500.
pub fn facts(seen: &Seen) -> Result<String, Problem> {
    let call = &seen.call;
    let text = |name, text: String| Fact { name, text, is_code: false, at: None };
    let code = |name, text: &str| Fact { name, text: text.to_owned(), is_code: true, at: None };
    let time = |name, at: Timestamp| Fact { name, text: String::new(), is_code: false, at: Some(at.into()) };
    let over_there = seen.attempts.last().and_then(|attempt| attempt.provider_call.as_ref());
    let said = call.result.transcript.as_ref().map_or(&[][..], |said| &said.turns);
    let ended = call.ended_reason.map(|reason| match reason {
        EndedReason::Unknown => text("How it ended", "-".to_owned()),
        known => text("How it ended", words::ended(known).to_owned()),
    });
    let settles = call.settles_by.filter(|_| !call.state.is_terminal());
    let tries = seen.attempts.len();
    let spoken = if call.state.is_terminal() { "Words" } else { "Words so far" };
    let count = (!said.is_empty()).then(|| {
        let (agent, user) = (words_of(said, Role::Agent), words_of(said, Role::User));
        text(spoken, format!("{} {agent}, user {user}", call.agent))
    });
    let facts = [
        ended,
        Some(text("Agent", call.agent.to_string())),
        call.connection.as_ref().map(|id| text("Connection", id.to_string())),
        over_there.map(|id| code("Id over there", id.as_str())),
        (tries > 1).then(|| text("Attempts", tries.to_string())),
        Some(text("Asked for by", format!("client {}", call.client))),
        call.asked.reference.as_deref().map(|reference| code("Reference", reference)),
        call.asked.not_before.filter(|_| call.dialed_at.is_none()).map(|at| time("Not before", at)),
        call.cancel_requested_at.map(|at| time("End asked for", at)),
        settles.map(|at| time("Settles by", at)),
        count,
        call.result.opt_out.then(|| text("Asked not to be called", "yes".to_owned())),
    ];
    rendered(&FactsPart { facts: facts.into_iter().flatten().collect() })
}

/// The webhook.
///
/// # Errors
/// 500.
pub fn hook(seen: &Seen, id: &str) -> Result<String, Problem> {
    let host = |delivery: &Delivery| seen.host_of.get(&delivery.endpoint).cloned().unwrap_or_else(|| "an endpoint".to_owned());
    let sent: Vec<_> = seen.deliveries.iter().take(MOST).map(|one| sent(one, host(one), seen.now)).collect();
    let (more, is_over) = (seen.deliveries.len().saturating_sub(MOST), seen.call.state.is_terminal());
    rendered(&HookPart { id, sent, more, hosts: &seen.hosts, is_over })
}

fn sent(delivery: &Delivery, host: String, now: Timestamp) -> Sent {
    let (tone, word) = match (delivery.result, delivery.tries) {
        (DeliveryResult::Delivered, _) => ("", "Delivered"),
        (DeliveryResult::Pending, 0) => (" wait", "On its way:"),
        (DeliveryResult::Pending, _) => (" bad", "Failing:"),
        (DeliveryResult::Failed, _) => (" bad", "Failed:"),
    };
    Sent {
        id: delivery.id.to_string(),
        tone,
        word,
        kind: delivery.kind,
        host,
        at: delivery.delivered_at.filter(|_| delivery.result == DeliveryResult::Delivered).map(At::from),
        ago: delivery.delivered_at.map(|at| words::ago(at, now)).unwrap_or_default(),
        detail: detail(delivery, now),
        may_go_again: delivery.result != DeliveryResult::Delivered && delivery.tries > 0,
    }
}

/// What was answered, how often it was tried, and when it is tried next.
fn detail(delivery: &Delivery, now: Timestamp) -> String {
    let answer = match (delivery.last_status, delivery.last_fault) {
        (Some(status), _) => format!("It answered {status}"),
        (None, Some(fault)) => why(fault).to_owned(),
        (None, None) => return "Not tried yet.".to_owned(),
    };
    let tries = if delivery.tries == 1 { "1 try".to_owned() } else { format!("{} tries", delivery.tries) };
    let next = match (delivery.result, delivery.next_at) {
        (DeliveryResult::Pending, Some(at)) => format!(" Tried again {}.", words::until(at, now)),
        (DeliveryResult::Failed, _) => " It is not tried any more.".to_owned(),
        _ => String::new(),
    };
    format!("{answer}, {tries}.{next}")
}

const fn why(fault: NotSent) -> &'static str {
    match fault {
        NotSent::Blocked => "Its address must not be reached",
        NotSent::NoConnection => "No connection came about",
        NotSent::TimedOut => "No answer came in time",
        NotSent::NoCall => "The call is not there any more",
    }
}

#[cfg(test)]
mod tests {
    use callgate_domain::model::ids::{ClientId, EndpointId};
    use callgate_domain::model::moment::later;
    use callgate_domain::model::{Notice, Sent as Answer};

    use super::*;

    #[test]
    fn a_delivery_says_what_came_of_it_and_what_comes_next() {
        let at = Timestamp::UNIX_EPOCH;
        let notice = Notice::test(ClientId::new("default").expect("a name"), at, [1; 10]);
        let fresh = Delivery::of(&notice, EndpointId::new(at, [2; 10]), at);
        let check = |delivery: &Delivery, word, text: &str, again| {
            let sent = sent(delivery, "crm.example.com".to_owned(), at);
            assert_eq!((sent.word, sent.detail.as_str(), sent.may_go_again), (word, text, again));
        };
        check(&fresh, "On its way:", "Not tried yet.", false);
        let failing = fresh.tried(Answer::Answered { status: 503, retry_after: None }, 0.0, at);
        check(&failing, "Failing:", "It answered 503, 1 try. Tried again in 5 s.", true);
        let silent = failing.tried(Answer::Not(NotSent::TimedOut), 0.0, at);
        check(&silent, "Failing:", "No answer came in time, 2 tries. Tried again in 5 min.", true);
        let gone = silent.tried(Answer::Answered { status: 410, retry_after: None }, 0.0, at);
        check(&gone, "Failed:", "It answered 410, 3 tries. It is not tried any more.", true);
        let good =
            fresh.tried(Answer::Answered { status: 204, retry_after: None }, 0.0, later(at, std::time::Duration::from_secs(1)));
        check(&good, "Delivered", "It answered 204, 1 try.", false);
    }
}
