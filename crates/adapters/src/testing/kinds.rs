//! What must hold of every kind of provider for any bytes whatsoever, as `providers/targets.rs` asks it.
//!
//! The kinds are open as their fixtures have it, so that what is recorded there is signed as it has to be.

#![expect(clippy::expect_used, reason = "it stands in for an assertion of the tests that use it")]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use crate::trace::untraced;
use callgate_domain::model::breaker::Turn;
use callgate_domain::model::{Call, CallState, ConnectionId, Evidence, Secret};
use callgate_domain::ports::{Authentic, Cause, Clock, RawWebhook, Reading, Signals, VoiceProvider, Work};
use callgate_domain::testing::clock::HandClock;
use callgate_domain::testing::memory::Memory;
use jiff::Timestamp;
use serde_json::Value;

use crate::clock::SystemChance;
use crate::providers::{ConnectionSettings, Ports, Way, kind};

/// The kinds, each with its fixtures' settings. The first byte of an input counts them from 1; the order stays, as the
/// corpus is written by it.
const SETTINGS: [(&str, &str); 7] = [
    ("bland", include_str!("../providers/bland/fixtures/settings.json")),
    ("bolna", include_str!("../providers/bolna/fixtures/settings.json")),
    ("elevenlabs", include_str!("../providers/elevenlabs/fixtures/settings.json")),
    ("livekit", include_str!("../providers/livekit/fixtures/settings.json")),
    ("retell", include_str!("../providers/retell/fixtures/settings.json")),
    ("twilio", include_str!("../providers/twilio/fixtures/settings.json")),
    ("vapi", include_str!("../providers/vapi/fixtures/settings.json")),
];
/// Of the header that stands for the address a webhook came to.
const URL: &str = "url";

static OPEN: LazyLock<Vec<Arc<dyn VoiceProvider>>> =
    LazyLock::new(|| SETTINGS.iter().map(|(name, settings)| open(name, settings)).collect());

/// Nobody waits for anything.
struct Deaf;

impl Signals for Deaf {
    fn call_moved(&self, _: &Call, _: CallState, _: Cause) {}
    fn work_waiting(&self, _: Work) {}
    fn breaker_turned(&self, _: &ConnectionId, _: Turn) {}
}

/// The kind that the first byte picks, and what is behind it; `None` where it picks none.
#[must_use]
pub fn picked(bytes: &[u8]) -> Option<(&'static str, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let nth = usize::from(*first).checked_sub(1)?;
    SETTINGS.get(nth).map(|(name, _)| (*name, rest))
}

fn provider(name: &str) -> &'static dyn VoiceProvider {
    let nth = SETTINGS.iter().position(|(held, _)| *held == name).expect("it was picked");
    OPEN.get(nth).expect("each is open").as_ref()
}

fn own() -> ConnectionId {
    ConnectionId::new("own").expect("a name")
}

fn open(name: &str, fixture: &str) -> Arc<dyn VoiceProvider> {
    let fixture: Value = serde_json::from_str(fixture).expect("settings");
    let values = fixture.get("values").and_then(Value::as_object);
    let secrets: BTreeMap<String, Vec<String>> =
        serde_json::from_value(fixture.get("secrets").cloned().unwrap_or_default()).expect("secrets");
    let secrets = secrets.into_iter().map(|(name, all)| (name, all.into_iter().filter_map(Secret::new).collect()));
    let settings = ConnectionSettings {
        id: own(),
        base_url: Some("https://provider.example".to_owned()),
        webhook_url: Some("https://callgate.example/v1/webhooks/in/own/token".to_owned()),
        request_timeout: Duration::from_secs(2),
        values: values.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect(),
        secrets: secrets.collect(),
    };
    kind(name).expect("a kind").open(&settings, ports()).expect("its fixtures open it")
}

/// What a provider may use where nobody else is there.
#[must_use]
pub fn ports() -> Ports {
    let clock: Arc<dyn Clock> = Arc::new(HandClock::at(Timestamp::UNIX_EPOCH));
    Ports {
        inbox: Arc::new(Memory::new(Arc::clone(&clock))),
        signals: Arc::new(Deaf),
        clock,
        chance: Arc::new(SystemChance),
        way: Way::default(),
        their_clocks: Arc::default(),
        trace: untraced,
    }
}

/// The body of a webhook that is authentic; an address may stand before it, on a line that begins with `url: `.
///
/// # Panics
/// Where a fact is out of its bounds, by `check`, or what it is about belongs to nobody.
pub fn webhook_body(name: &str, bytes: &[u8], check: fn(&Evidence)) {
    let (url, body) =
        match bytes.strip_prefix(b"url: ").and_then(|rest| Some(rest.split_at(rest.iter().position(|byte| *byte == b'\n')?))) {
            Some((url, body)) => (Some(String::from_utf8_lossy(url).into_owned()), body.get(1..).unwrap_or_default()),
            None => (None, bytes),
        };
    let authentic = Authentic::verified(RawWebhook { url, headers: Vec::new(), body: body.to_vec() });
    let provider = provider(name);
    let about = match provider.read(&authentic) {
        Reading::Says { about, evidence } => {
            check(&evidence);
            about
        }
        Reading::Ask(about) => about,
        Reading::Nothing => return,
    };
    assert!(about.attempt.is_some() || about.provider_call.is_some(), "{name}: it is about nothing");
    assert_eq!(about.connection, Some(own()), "{name}: another connection's");
}

/// The headers of a webhook and its body, as the target of the same name has them.
///
/// # Panics
/// Where something else is believed than what came, or what was believed is believed with more behind it.
pub fn signature_headers(name: &str, headers: &[(&str, &str)], body: &[u8], now: Timestamp) {
    let url = headers.iter().find(|(held, _)| *held == URL).map(|(_, url)| (*url).to_owned());
    let headers = headers.iter().filter(|(held, _)| *held != URL);
    let headers = headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let raw = RawWebhook { url, headers, body: body.to_vec() };
    let provider = provider(name);
    let Ok(authentic) = provider.verify(&raw, now) else { return };
    let held = authentic.webhook();
    assert!((&held.url, &held.headers, &held.body) == (&raw.url, &raw.headers, &raw.body), "{name}: something else is believed");
    assert_eq!(provider.event_id(&authentic), provider.event_id(&authentic), "{name}: one webhook is two events");
    // What proves nothing of the body: an address that is known, or a secret that is sent along.
    if matches!(name, "bolna" | "vapi") {
        return;
    }
    let more = RawWebhook { body: [body, b"&One=more"].concat(), ..raw };
    assert!(provider.verify(&more, now).is_err(), "{name}: a body that was not signed is believed");
    if !more.headers.is_empty() {
        let bare = RawWebhook { headers: Vec::new(), body: body.to_vec(), ..more };
        assert!(provider.verify(&bare, now).is_err(), "{name}: what is not signed is believed");
    }
}
