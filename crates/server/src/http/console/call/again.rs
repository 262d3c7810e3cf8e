//! Calling again: what is asked before, and the wish that is made.

use callgate_domain::model::call::{Asked, TranscriptStatus};
use callgate_domain::model::{Call, EndedReason};
use callgate_domain::ports::Chance;
use callgate_domain::usecases::calls::PlaceCall;

use super::seen::Seen;
use crate::http::auth::Caller;
use crate::http::console::words;

/// What a person is asked before anybody is called.
pub struct Again {
    /// The question.
    pub title: String,
    /// What it means.
    pub texts: Vec<String>,
    /// What the button says.
    pub button: &'static str,
    /// Makes one call of a form that is sent twice.
    pub once: String,
}

/// The question; none for a call that cannot be repeated.
pub fn offered(seen: &Seen, chance: &dyn Chance) -> Option<Again> {
    let call = &seen.call;
    may_be_repeated(call).then_some(())?;
    let agent = seen.agent.as_ref()?;
    let phone = words::number(&call.phone, true);
    let name = &agent.agent.name;
    let connection = agent.agent.routes.first().map(|route| route.connection.as_str()).unwrap_or_default();
    let what = if agent.agent.test {
        format!("{name} is a practice agent: nobody's phone rings, and nobody pays.")
    } else {
        format!("This dials {phone} for real, with {name}. The call goes through {connection}, which bills your account there.")
    };
    let doubt = (call.ended_reason == Some(EndedReason::OutcomeUnknown)
        || call.ended_reason == Some(EndedReason::ProviderTimeout))
    .then(|| "What became of the last call is not known: the user may be rung a second time.".to_owned());
    let opt_out = call.result.opt_out.then(|| "The user asked not to be called again.".to_owned());
    let tries = "It is a new call with the same reference, variables and metadata, tried once.".to_owned();
    Some(Again {
        title: format!("Call {phone} again?"),
        texts: [Some(what), doubt, opt_out, Some(tries)].into_iter().flatten().collect(),
        button: if agent.agent.test { "Place practice call" } else { "Place call" },
        once: chance.for_id().iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}

/// Over, and with everything that its wish held.
pub fn may_be_repeated(call: &Call) -> bool {
    call.state.is_terminal() && !call.phone.is_erased() && call.transcript_status != TranscriptStatus::Erased
}

/// The same wish, for now.
pub fn wish(seen: &Seen, caller: &Caller, once: &str) -> PlaceCall {
    let call = &seen.call;
    let limit = seen.agent.as_ref().map(|held| held.agent.max_duration);
    PlaceCall {
        client: caller.client(),
        key: caller.key(),
        phone: call.phone.clone(),
        agent: call.agent.to_string(),
        asked: Asked { not_before: None, expires_at: None, ..call.asked.clone() },
        max_duration: Some(call.terms.max_duration).filter(|longest| limit.is_some_and(|limit| *longest < limit)),
        retry: None,
        idempotency_key: Some(format!("console-{once}")),
    }
}
