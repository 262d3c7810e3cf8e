//! Connections on paper: opened as for serving, but what they would send is written down. So a configuration's faults are
//! found before anything runs, and a request can be read before it is sent.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callgate_adapters::clock::{SystemChance, SystemClock};
use callgate_adapters::providers::{Paper, Ports, Way};
use callgate_domain::model::breaker::Turn;
use callgate_domain::model::call::By;
use callgate_domain::model::{Agent, Call, CallState, ConnectionId, InboxId, ProviderCallId};
use callgate_domain::ports::inbox::Parcel;
use callgate_domain::ports::{
    AttemptRef, Inbox, InvalidSettings, Kept, KeptWebhook, Progress, Signals, StoreError, VoiceProvider, Work,
};
use jiff::Timestamp;

use super::plan::{ConnectionPlan, Plan};

/// Stands where a webhook address would: real ones hold a token.
const TOKEN: &str = "TOKEN";

/// A connection that writes down what it would send.
///
/// # Errors
/// What is wrong with its settings.
pub fn on_paper(plan: &ConnectionPlan, public_url: Option<&str>) -> Result<(Arc<dyn VoiceProvider>, Paper), InvalidSettings> {
    let paper = Paper::default();
    let nobody = Arc::new(Nobody);
    let ports = Ports {
        inbox: Arc::clone(&nobody) as Arc<dyn Inbox>,
        signals: nobody,
        clock: Arc::new(SystemClock::new()),
        chance: Arc::new(SystemChance),
        way: Way::Paper(paper.clone()),
    };
    let mut settings = plan.settings.clone();
    settings.webhook_url = public_url.map(|public_url| format!("{public_url}/v1/webhooks/in/{}/{TOKEN}", settings.id));
    Ok((plan.kind.open(&settings, ports)?, paper))
}

impl Plan {
    /// Whether every connection can be opened, and every agent be reached over its routes.
    ///
    /// # Errors
    /// The first that cannot, by its setting.
    pub fn check(&self) -> Result<(), InvalidSettings> {
        for connection in &self.connections {
            let (opened, _) = on_paper(connection, self.public_url.as_deref())?;
            for agent in &self.agents {
                check_route(agent, &connection.settings.id, &*opened)?;
            }
        }
        Ok(())
    }
}

fn check_route(agent: &Agent, connection: &ConnectionId, provider: &dyn VoiceProvider) -> Result<(), InvalidSettings> {
    let Some(route) = agent.route(connection) else { return Ok(()) };
    let named =
        |fault: InvalidSettings| InvalidSettings { field: format!("agents.{}.{}", agent.key, fault.field), fault: fault.fault };
    provider.check_route(route).map_err(named)
}

/// Takes nothing and tells nobody: what is written down has no consequences.
struct Nobody;

#[async_trait]
impl Inbox for Nobody {
    async fn keep(&self, _: Parcel) -> Result<Kept, StoreError> {
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

impl Signals for Nobody {
    fn call_moved(&self, _: &Call, _: CallState, _: By) {}

    fn work_waiting(&self, _: Work) {}

    fn breaker_turned(&self, _: &ConnectionId, _: Turn) {}
}
