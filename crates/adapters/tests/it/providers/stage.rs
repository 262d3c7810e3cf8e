//! A simulator with an inbox of its own, and one call to place with it.

use std::sync::Arc;
use std::time::Duration;

use callgate_adapters::providers::kind;
use callgate_domain::model::provider::{LookUpOrder, PlaceOrder};
use callgate_domain::model::{AttemptId, Evidence, Phone, Placing, ProviderCallId, Seen};
use callgate_domain::ports::{Found, Reading, VoiceProvider};
use callgate_domain::testing::provider_contract::an_order;
use jiff::Timestamp;
use serde_json::Value;

use super::bench::{OpenInbox, ports, settings};

pub fn sent_at() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// A simulator, its inbox, and a call that it is asked to place.
pub struct Stage {
    pub inbox: Arc<OpenInbox>,
    pub provider: Arc<dyn VoiceProvider>,
    pub order: PlaceOrder,
}

/// A connection to the simulator, and an order to call a number that ends so.
pub fn stage(ends: &str, values: &[(&str, Value)]) -> Stage {
    let kind = kind("simulator").unwrap();
    let inbox = Arc::<OpenInbox>::default();
    let provider =
        kind.open(&settings(kind, "", values, &[]), ports(&inbox, sent_at())).unwrap_or_else(|fault| panic!("{fault}"));
    let phone = Phone::parse(&format!("+1202555{ends}")).unwrap();
    let order = PlaceOrder { attempt: AttemptId::new(sent_at(), [3; 10]), phone, ..an_order() };
    Stage { inbox, provider, order }
}

impl Stage {
    /// What the inbox holds, as the provider reads it.
    pub fn told(&self) -> Vec<Option<Evidence>> {
        let kept = self.inbox.kept.lock().unwrap();
        let read = kept.iter().map(|parcel| match self.provider.read(&parcel.webhook) {
            Reading::Says { about, evidence } => {
                assert_eq!(about.attempt, Some(self.order.attempt));
                Some(*evidence)
            }
            _ => None,
        });
        read.collect()
    }

    pub fn seen(&self) -> Vec<Option<Seen>> {
        self.told().iter().map(|told| told.as_ref().and_then(|evidence| evidence.seen)).collect()
    }

    pub fn asking(&self, id: Option<ProviderCallId>) -> LookUpOrder {
        let PlaceOrder { attempt, phone, remote_id, .. } = self.order.clone();
        LookUpOrder { attempt, provider_call: id, phone, remote_id, sent_at: sent_at() }
    }

    pub async fn found(&self, id: Option<ProviderCallId>) -> Evidence {
        match self.provider.look_up(&self.asking(id)).await {
            Ok(Found::Evidence(evidence)) => *evidence,
            other => panic!("{other:?}"),
        }
    }

    /// Places the call; it must say that it dialed.
    pub async fn dialed(&self) -> ProviderCallId {
        match self.provider.place(&self.order).await {
            Placing::Dialed(id) => id,
            other => panic!("{other:?}"),
        }
    }
}

/// Time is paused: it passes when everybody waits, so this lets every webhook come that comes.
pub async fn a_minute_passes() {
    tokio::time::sleep(Duration::from_mins(1)).await;
}
