//! Connections as tests make them: every port that a provider may use, held in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use callgate_adapters::providers::{BaseUrl, ConnectionSettings, Kind, Ports, Way};
use callgate_adapters::trace::untraced;
use callgate_domain::model::breaker::Turn;
use callgate_domain::model::{Call, CallState, ConnectionId, InboxId, ProviderCallId, Secret};
use callgate_domain::ports::inbox::Parcel;
use callgate_domain::ports::{
    AttemptRef, Cause, Chance, Clock, Inbox, Kept, KeptWebhook, Progress, Signals, StoreError, VoiceProvider, Work,
};
use jiff::Timestamp;
use serde_json::Value;

/// A clock that goes with tokio's, so that it stands still when that is paused.
pub struct TestClock {
    began: tokio::time::Instant,
    at: Timestamp,
}

impl TestClock {
    pub fn at(at: Timestamp) -> Self {
        Self { began: tokio::time::Instant::now(), at }
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.at + self.began.elapsed()
    }

    fn monotonic(&self) -> Duration {
        self.began.elapsed()
    }
}

/// Always the same bytes: what is made by chance can be recorded.
pub struct Sevens;

impl Chance for Sevens {
    fn bytes(&self, into: &mut [u8]) {
        into.fill(7);
    }
}

/// An inbox that keeps everything, once, and counts hints to look into it.
#[derive(Default)]
pub struct OpenInbox {
    pub kept: Mutex<Vec<Parcel>>,
    pub repeats: Mutex<u32>,
    pub hints: Mutex<u32>,
    /// So many times it cannot keep anything.
    pub unavailable: Mutex<u32>,
}

#[async_trait]
impl Inbox for OpenInbox {
    async fn keep(&self, parcel: Parcel) -> Result<Kept, StoreError> {
        let mut unavailable = self.unavailable.lock().unwrap();
        if *unavailable > 0 {
            *unavailable -= 1;
            return Err(StoreError::Unavailable(anyhow::anyhow!("away")));
        }
        let mut kept = self.kept.lock().unwrap();
        if let Some(held) = kept.iter().find(|held| held.dedupe_key == parcel.dedupe_key) {
            *self.repeats.lock().unwrap() += 1;
            return Ok(Kept::Seen(Box::new(KeptWebhook { parcel: held.clone(), progress: Progress::Applied, tries: 1 })));
        }
        kept.push(parcel);
        Ok(Kept::New)
    }

    async fn take(&self, _: &[ConnectionId], _: Duration, _: u32, _: Timestamp) -> Result<Vec<KeptWebhook>, StoreError> {
        Ok(Vec::new())
    }

    async fn settle(&self, _: InboxId, _: Progress, _: Option<AttemptRef>, _: Option<Timestamp>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn unpark(&self, _: &ConnectionId, _: &ProviderCallId, _: Timestamp) -> Result<u32, StoreError> {
        Ok(0)
    }
}

impl Signals for OpenInbox {
    fn call_moved(&self, _: &Call, _: CallState, _: Cause) {}

    fn work_waiting(&self, work: Work) {
        assert_eq!(work, Work::Intake);
        *self.hints.lock().unwrap() += 1;
    }

    fn breaker_turned(&self, _: &ConnectionId, _: Turn) {}
}

/// Ports around one inbox, at one moment.
pub fn ports(inbox: &Arc<OpenInbox>, at: Timestamp) -> Ports {
    Ports {
        inbox: Arc::clone(inbox) as Arc<dyn Inbox>,
        signals: Arc::clone(inbox) as Arc<dyn Signals>,
        clock: Arc::new(TestClock::at(at)),
        chance: Arc::new(Sevens),
        way: Way::Network,
        their_clocks: Arc::default(),
        trace: untraced,
    }
}

/// Settings of a connection `own` whose engine is at `base_url`.
pub fn settings(kind: &Kind, base_url: &str, values: &[(&str, Value)], secrets: &[(&str, &[&str])]) -> ConnectionSettings {
    ConnectionSettings {
        id: ConnectionId::new("own").unwrap(),
        base_url: (kind.base_url != BaseUrl::None).then(|| base_url.to_owned()),
        webhook_url: Some("https://callgate.example/v1/webhooks/in/own/token".to_owned()),
        request_timeout: Duration::from_secs(2),
        values: values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        secrets: secrets.iter().map(|(name, secrets)| ((*name).to_owned(), all_of(secrets))).collect::<BTreeMap<_, _>>(),
    }
}

pub fn all_of(secrets: &[&str]) -> Vec<Secret> {
    secrets.iter().filter_map(|secret| Secret::new(*secret)).collect()
}

/// Opens it, or tells why not.
pub fn open(kind: &Kind, settings: &ConnectionSettings, at: Timestamp) -> Arc<dyn VoiceProvider> {
    kind.open(settings, ports(&Arc::default(), at)).unwrap_or_else(|fault| panic!("{}: {fault}", kind.name))
}
