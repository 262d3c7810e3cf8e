//! Nothing that holds a number, a word somebody said or sent, or a secret prints it: not in any `Debug`.

use std::fmt::Debug;

use callgate_domain::model::call::{CallResult, NewCall, Transcript, Turn, conversation::Role};
use callgate_domain::model::provider::{LookUpOrder, PlaceOrder};
use callgate_domain::model::{Asked, CallEvent, Evidence, KeyId, Secret, Source, Voicemail};
use callgate_domain::ports::{Authentic, CallFilter, IdempotencyKey, Kept, KeptWebhook, Listed, Progress, RawWebhook};
use callgate_domain::testing::builders::{a_call, a_parcel, agent, change, client, object, phone};
use callgate_domain::usecases::calls::PlaceCall;
use jiff::Timestamp;

use crate::made::{at, attempt};

/// What nobody may find in a log.
const CANARY: &str = "canary-7f3e";
const NUMBER: &str = "+996700123456";

fn check(name: &str, thing: &dyn Debug) {
    for text in [format!("{thing:?}"), format!("{thing:#?}")] {
        for private in [CANARY, NUMBER, "700123456", "70012345"] {
            assert!(!text.contains(private), "{name} prints {private}: {text}");
        }
    }
}

fn asked() -> Asked {
    Asked {
        reference: Some(CANARY.to_owned()),
        variables: object(CANARY, CANARY),
        metadata: object(CANARY, CANARY),
        ..Asked::default()
    }
}

fn result() -> CallResult {
    let turns = vec![Turn { role: Role::User, text: CANARY.to_owned(), start_ms: None, end_ms: None }];
    let transcript =
        Some(Transcript { text: CANARY.to_owned(), turns, is_final: true, source: Source::Webhook, truncated: false });
    CallResult {
        transcript,
        summary: Some(CANARY.to_owned()),
        extracted: object(CANARY, CANARY),
        recording: Some(CANARY.to_owned()),
        ..CallResult::default()
    }
}

fn said() -> Evidence {
    let CallResult { transcript, summary, extracted, recording, .. } = result();
    let turns = transcript.map(|words| words.turns).unwrap_or_default();
    Evidence { transcript: Some(CANARY.to_owned()), turns, summary, extracted, recording, ..Evidence::new(Source::Webhook) }
}

#[test]
fn a_call_and_everything_that_happens_to_it() {
    let mut call = a_call().to(NUMBER).asked(asked()).placed("theirs-1");
    call.result = result();
    check("Call", &call);
    check("Listed", &Listed(call.clone()));
    check("Asked", &call.asked);
    check("CallResult", &call.result);
    check("Transcript", &call.result.transcript);
    check("Evidence", &said());
    let learned = CallEvent::Evidence { attempt: call.attempt.clone().unwrap(), evidence: Box::new(said()) };
    check("CallEvent", &learned);
    check("Transition", &call.apply(&learned, at(1)));
    check("Change", &change(&call, &CallEvent::CancelRequested, at(1)));
    let (id, client, agent, terms) = (call.id, call.client.clone(), call.agent.clone(), call.terms.clone());
    check("NewCall", &NewCall { id, client, agent, phone: call.phone.clone(), asked: asked(), terms });
    check("Phone", &call.phone);
}

#[test]
fn what_is_asked_of_us_and_of_providers() {
    let order = PlaceOrder {
        attempt: attempt(1),
        call: a_call().accepted().0.id,
        phone: phone(NUMBER),
        agent: agent("akylai"),
        remote_id: "over-there".to_owned(),
        from: Some(phone(NUMBER)),
        variables: object(CANARY, CANARY),
        voicemail: Voicemail::Hangup,
        max_duration: std::time::Duration::from_secs(60),
        ring_timeout: std::time::Duration::from_secs(45),
    };
    check("PlaceOrder", &order);
    let sent_at = Timestamp::UNIX_EPOCH;
    let remote_id = "over-there".to_owned();
    check("LookUpOrder", &LookUpOrder { attempt: attempt(1), provider_call: None, phone: phone(NUMBER), remote_id, sent_at });
    let wish = PlaceCall {
        client: client("default"),
        key: KeyId::new(Timestamp::UNIX_EPOCH, [0; 10]),
        phone: phone(NUMBER),
        agent: "akylai".to_owned(),
        asked: asked(),
        max_duration: None,
        retry: None,
        idempotency_key: Some(CANARY.to_owned()),
    };
    check("PlaceCall", &wish);
    let filter = CallFilter { phone: Some(phone(NUMBER)), reference: Some(CANARY.to_owned()), ..CallFilter::default() };
    check("CallFilter", &filter);
    let key = CANARY.to_owned();
    check("IdempotencyKey", &IdempotencyKey { client: client("default"), operation: "POST", key, fingerprint: [0; 32] });
}

#[test]
fn webhooks_and_secrets() {
    let raw = RawWebhook {
        url: Some(format!("https://calls.example/{CANARY}")),
        headers: vec![("authorization".to_owned(), CANARY.to_owned())],
        body: CANARY.as_bytes().to_vec(),
    };
    check("RawWebhook", &raw);
    let mut parcel = a_parcel(None, CANARY, at(0));
    parcel.webhook = Authentic::verified(raw);
    check("Authentic", &parcel.webhook);
    check("Parcel", &parcel);
    let kept = KeptWebhook { parcel, progress: Progress::Waiting, tries: 0 };
    check("KeptWebhook", &kept);
    check("Kept", &Kept::Seen(Box::new(kept)));
    check("Secret", &Secret::new(CANARY));
}
