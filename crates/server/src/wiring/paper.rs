//! Connections on paper: opened as for serving, but what they would send is written down. So a configuration's faults are
//! found before anything runs, and a request can be read before it is sent.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callgate_adapters::clock::{SystemChance, SystemClock};
use callgate_adapters::providers::{Paper, Ports, TheirClocks, Way};
use callgate_domain::model::breaker::Turn;
use callgate_domain::model::{Agent, Call, CallState, ConnectionId, InboxId, ProviderCallId};
use callgate_domain::ports::inbox::Parcel;
use callgate_domain::ports::{
    AttemptRef, Cause, Clock, Inbox, InvalidSettings, Kept, KeptWebhook, Progress, Signals, StoreError, VoiceProvider, Work,
};
use callgate_domain::usecases::checks::{CheckedRoute, ask};
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
        their_clocks: Arc::default(),
    };
    let mut settings = plan.settings.clone();
    settings.webhook_url = public_url.map(|public_url| format!("{public_url}/v1/webhooks/in/{}/{TOKEN}", settings.id));
    Ok((plan.kind.open(&settings, ports)?, paper))
}

/// Asks each provider of a plan about each of its agents, without a gateway and without a database. Rings nobody. Says as
/// well how far the nearest of their clocks is from ours, where one told the time.
///
/// # Errors
/// What is wrong with a connection's settings.
pub async fn ask_all(plan: Plan) -> Result<(Vec<CheckedRoute>, Option<Duration>), InvalidSettings> {
    let nobody = Arc::new(Nobody);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let their_clocks = Arc::<TheirClocks>::default();
    let ports = Ports {
        inbox: Arc::clone(&nobody) as Arc<dyn Inbox>,
        signals: nobody,
        clock: Arc::clone(&clock),
        chance: Arc::new(SystemChance),
        way: Way::Network,
        their_clocks: Arc::clone(&their_clocks),
    };
    let mut found = Vec::new();
    for held in plan.connections {
        let provider = held.kind.open(&held.settings, ports.clone())?;
        let connection = held.connection(provider)?;
        for agent in &plan.agents {
            if let Some(route) = agent.route(&connection.id) {
                found.push(ask(agent, route, &connection, &*clock).await);
            }
        }
    }
    Ok((found, their_clocks.apart()))
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
    fn call_moved(&self, _: &Call, _: CallState, _: Cause) {}

    fn work_waiting(&self, _: Work) {}

    fn breaker_turned(&self, _: &ConnectionId, _: Turn) {}
}
