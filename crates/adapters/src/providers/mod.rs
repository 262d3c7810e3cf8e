//! Voice providers: one folder each, and the registry of their kinds.
//!
//! In each folder `mod.rs` holds all traffic and no mapping, `wire.rs` their JSON, `translate.rs` their words into ours,
//! `signature.rs` how their webhooks are proven, `fixtures/` what they really say. No folder knows another.
//! `callgate_domain::testing::provider_contract` is what all of them must keep.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use callgate_domain::model::nearest::nearest;
use callgate_domain::model::{ConnectionId, Secret};
use callgate_domain::ports::{Chance, Clock, Inbox, InvalidSettings, Signals, VoiceProvider};
use serde_json::Value;

use crate::trace::Trace;

mod bland;
mod bolna;
pub(crate) mod client;
mod download;
mod elevenlabs;
pub mod hmac;
mod http;
mod keys;
mod lenient;
mod livekit;
pub mod report;
mod retell;
mod setting;
mod simulator;
#[cfg(any(test, feature = "testing"))]
pub mod targets;
mod their_clocks;
mod theirs;
mod twilio;
mod vapi;
mod window;
mod words;

pub use client::{Outgoing, Paper, Way, install_crypto};
pub use their_clocks::TheirClocks;

/// Every kind of provider there is.
pub const KINDS: &[Kind] = &[
    bland::KIND,
    bolna::KIND,
    elevenlabs::KIND,
    http::KIND,
    livekit::KIND,
    retell::KIND,
    simulator::KIND,
    twilio::KIND,
    vapi::KIND,
];

/// What the stub engine of each kind speaks, for tests. The simulator has none: it opens no socket.
#[cfg(feature = "testing")]
pub const DIALECTS: &[&dyn crate::testing::stub::Dialect] = &[
    bland::STUB,
    bolna::STUB,
    &elevenlabs::stub::ElevenLabsStub,
    &http::stub::OwnEngine,
    &livekit::stub::LiveKit,
    &retell::stub::RetellStub,
    &twilio::stub::Twilio,
    &vapi::stub::Stub,
];

/// The kind of this name.
#[must_use]
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

type Build = fn(&ConnectionSettings, Ports) -> Result<Arc<dyn VoiceProvider>, InvalidSettings>;

/// A kind of provider.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// What the configuration writes: `simulator`.
    pub name: &'static str,
    /// Simulated: never dials, and its calls carry `test`.
    pub is_test: bool,
    /// How long one request may take, where the configuration does not say.
    pub request_timeout: Duration,
    /// Whether there is a `base_url`.
    pub base_url: BaseUrl,
    /// What it can be told beside the settings that all kinds have.
    pub settings: &'static [Setting],
    build: Build,
}

/// Where a kind's requests go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaseUrl {
    /// Nowhere: it opens no socket.
    None,
    /// The configuration must say.
    Needed,
    /// Here, unless the configuration says otherwise.
    Default(&'static str),
}

/// A setting of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// What the configuration writes.
    pub name: &'static str,
    /// It cannot be left out.
    pub needed: bool,
    /// It comes from the environment or a file.
    pub secret: bool,
}

/// The settings of one connection, secrets already read.
#[derive(Debug, Clone)]
pub struct ConnectionSettings {
    /// Its permanent identity.
    pub id: ConnectionId,
    /// Where its requests go, where the configuration says so.
    pub base_url: Option<String>,
    /// Where its webhooks reach us; `None` where no public address is configured.
    pub webhook_url: Option<String>,
    /// How long one request may take.
    pub request_timeout: Duration,
    /// Plain settings of this kind.
    pub values: BTreeMap<String, Value>,
    /// Secrets of this kind; the first signs, any of them verifies.
    pub secrets: BTreeMap<String, Vec<Secret>>,
}

/// What a provider may use of the gateway.
#[derive(Clone)]
pub struct Ports {
    /// For a provider that lives in this process: where its webhooks are kept.
    pub inbox: Arc<dyn Inbox>,
    /// For the same: who is to understand them.
    pub signals: Arc<dyn Signals>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub chance: Arc<dyn Chance>,
    /// Whether requests leave.
    pub way: Way,
    /// What the clocks of those who answer say.
    pub their_clocks: Arc<TheirClocks>,
    /// For a provider that may add to the trace of a call.
    pub trace: Trace,
}

impl Kind {
    /// A connection of this kind.
    ///
    /// # Errors
    /// [`InvalidSettings`] names the setting and what to do about it.
    pub fn open(&self, settings: &ConnectionSettings, ports: Ports) -> Result<Arc<dyn VoiceProvider>, InvalidSettings> {
        self.check(settings)?;
        (self.build)(settings, ports)
    }

    /// Whether the names fit; what they hold is checked by `build`.
    fn check(&self, settings: &ConnectionSettings) -> Result<(), InvalidSettings> {
        let given = settings.values.keys().map(|name| (name, false)).chain(settings.secrets.keys().map(|name| (name, true)));
        for (name, is_secret) in given {
            let Some(setting) = self.settings.iter().find(|setting| setting.name == name) else {
                let known = self.settings.iter().map(|setting| setting.name);
                let meant = nearest(name, known).map(|meant| format!("; did you mean '{meant}'?")).unwrap_or_default();
                return Err(settings.fault(name, format!("is not a setting of kind '{}'{meant}", self.name)));
            };
            match (setting.secret, is_secret) {
                (true, false) => {
                    return Err(settings.fault(name, format!("holds the secret itself; write {name} = {{ env = \"NAME\" }}")));
                }
                (false, true) => return Err(settings.fault(name, "is not a secret; write its value")),
                _ => {}
            }
        }
        for setting in self.settings.iter().filter(|setting| setting.needed) {
            let is_there = if setting.secret {
                settings.secrets.get(setting.name).is_some_and(|secrets| !secrets.is_empty())
            } else {
                settings.values.contains_key(setting.name)
            };
            if !is_there {
                return Err(settings.fault(setting.name, format!("is missing; kind '{}' needs it", self.name)));
            }
        }
        match (self.base_url, &settings.base_url) {
            (BaseUrl::None, Some(_)) => {
                Err(settings.fault("base_url", format!("is not a setting of kind '{}', which opens no socket", self.name)))
            }
            (BaseUrl::Needed, None) => Err(settings.fault("base_url", format!("is missing; kind '{}' needs it", self.name))),
            _ => Ok(()),
        }
    }
}

impl ConnectionSettings {
    fn fault(&self, setting: &str, fault: impl Into<String>) -> InvalidSettings {
        InvalidSettings { field: format!("connections.{}.{setting}", self.id), fault: fault.into() }
    }

    fn secrets_of(&self, name: &str) -> &[Secret] {
        self.secrets.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}
