//! Answers to the request that rings and to look-ups, as each kind has them.

use callgate_domain::model::{AttemptId, Evidence, Placing, ProviderCallId, Retry, Source};
use callgate_domain::ports::{Found, ProviderError};
use url::Url;
use uuid::Uuid;

use super::super::client::Answer;
use super::super::{bland, bolna, elevenlabs, livekit, retell, twilio, vapi};
use super::NOW;

const ROOM: &str = "call-019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d";
const TO: &str = "+12025550199";

/// The calls that look-ups of fixtures are about.
const ASKED: [(&str, &str); 6] = [
    ("bland", "5f0c1f1e-0f5a-4a53-9f0b-1f6f2b7c9a10"),
    ("bolna", "4c06b4d1-4096-4561-919a-4f94539c8d4a"),
    ("elevenlabs", "conv_7f3a"),
    ("retell", "call_7f3a"),
    ("twilio", "CA11111111111111111111111111111111"),
    ("vapi", "7c1f3a52-9d5e-4b1a-8a3f-52d0a6b1c2d3"),
];

/// An answer of `kind`'s.
///
/// # Panics
/// Where an answer means that somebody was dialed, or nobody, without proof; or a fact is out of its bounds, by `check`.
pub fn reply(kind: &str, answer: &Answer, check: fn(&Evidence)) {
    match placing(kind, answer) {
        Placing::Dialed(_) => assert!(matches!(answer.status, 200..=299), "{kind}: {}", answer.status),
        Placing::NotDialed { retry, .. } => {
            // A server that broke says nothing of the call; one kind names the two ways to break that come before it.
            let may_be_broken = kind == "livekit" && matches!(answer.status, 500 | 503);
            assert!(may_be_broken || matches!(answer.status, 400..=407 | 409..=499), "{kind}: {}", answer.status);
            if let Retry::After(wait) = retry {
                assert!(answer.status == 429 && (1..=3600).contains(&wait.as_secs()), "{kind}: {} {wait:?}", answer.status);
            }
        }
        Placing::Unknown { .. } => {}
    }
    if let Some((_, asked)) = ASKED.iter().find(|(held, _)| *held == kind)
        && let Some(asked) = ProviderCallId::new(*asked)
    {
        match looked_up(kind, answer, &asked) {
            Ok(Some(evidence)) => {
                check(&evidence);
                assert_eq!(answer.status, 200, "{kind}");
                assert!(evidence.provider_call.is_none_or(|id| id == asked), "{kind}: about another call");
            }
            // Nobody is said to be missing but by an answer that says so.
            Ok(None) => assert!(matches!(answer.status, 400..=499), "{kind}: {}", answer.status),
            Err(ProviderError::Busy { retry_after }) => {
                assert!(matches!(answer.status, 429 | 503), "{kind}: {}", answer.status);
                assert!(retry_after.is_none_or(|wait| (1..=3600).contains(&wait.as_secs())), "{kind}: {retry_after:?}");
            }
            Err(_) => {}
        }
    }
    listed(kind, answer, check);
}

fn placing(kind: &str, answer: &Answer) -> Placing {
    match kind {
        "bland" => bland::translate::placing(answer, NOW),
        "bolna" => bolna::translate::placing(answer, NOW),
        "elevenlabs" => elevenlabs::translate::placing(answer, NOW),
        "livekit" => livekit::translate::placing(answer, ROOM, NOW),
        "retell" => retell::translate::placing(answer, NOW),
        "twilio" => twilio::translate::placing(answer, NOW),
        _ => vapi::translate::placing(answer, NOW),
    }
}

/// What a look-up by id shows, where the kind has one of this form.
fn looked_up(kind: &str, answer: &Answer, asked: &ProviderCallId) -> Result<Option<Evidence>, ProviderError> {
    let base = base();
    Ok(match kind {
        "bland" => bland::translate::call(answer, asked, NOW)?.map(|call| bland::told::told(&call, Source::LookUp).evidence),
        "bolna" => bolna::translate::execution(answer, asked, NOW)?.map(|told| bolna::translate::told(&told).evidence),
        "elevenlabs" => elevenlabs::translate::conversation(answer, asked, &base, NOW)?.map(|shown| shown.evidence),
        "retell" => retell::translate::call(answer, asked, NOW)?.map(|shown| shown.evidence),
        "twilio" => twilio::translate::found(answer, asked, None, NOW)?.map(|heard| heard.evidence),
        _ => evidence(vapi::translate::found(answer, asked, &base, NOW)?.found),
    })
}

/// A list of calls; of what is in it, only that reading it does no harm.
fn listed(kind: &str, answer: &Answer, check: fn(&Evidence)) {
    let is_read = match kind {
        "bland" => bland::translate::list(answer, NOW).is_ok(),
        "bolna" => bolna::translate::page(answer, NOW).is_ok(),
        "elevenlabs" => elevenlabs::translate::page(answer, NOW).is_ok(),
        "retell" => retell::translate::list(answer, NOW).is_ok(),
        "twilio" => twilio::translate::listed(answer, TO, NOW, None, NOW)
            .map(|listed| listed.calls.iter().for_each(|heard| check(&heard.evidence)))
            .is_ok(),
        "vapi" => vapi::translate::listed(answer, AttemptId::from_uuid(Uuid::nil()), &base(), NOW)
            .map(|shown| evidence(shown.found).iter().for_each(check))
            .is_ok(),
        _ => false,
    };
    assert!(!is_read || answer.status == 200, "{kind}: {}", answer.status);
}

fn evidence(found: Found) -> Option<Evidence> {
    match found {
        Found::Evidence(evidence) => Some(*evidence),
        _ => None,
    }
}

#[expect(clippy::expect_used, reason = "a constant")]
fn base() -> Url {
    Url::parse("https://provider.example").expect("an address")
}
