//! Connections on paper: opened as for serving, but what they would send is written down. So a configuration's faults are
//! found before anything runs, and a request can be read before it is sent.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callgate_adapters::clock::{SystemChance, SystemClock};
use callgate_adapters::providers::{Paper, Ports, TheirClocks, Way};
use callgate_adapters::trace::untraced;
use callgate_domain::model::breaker::Turn;
use callgate_domain::model::provider::Health;
use callgate_domain::model::{Agent, Call, CallState, ConnectionId, InboxId, ProviderCallId};
use callgate_domain::ports::inbox::Parcel;
use callgate_domain::ports::{
    AttemptRef, Cause, Clock, Connection, Inbox, InvalidSettings, Kept, KeptWebhook, Progress, Signals, StoreError,
    VoiceProvider, Work,
};
use callgate_domain::usecases::checks::{CheckedRoute, ask};
use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

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
        trace: untraced,
    };
    let mut settings = plan.settings.clone();
    settings.webhook_url = public_url.map(|public_url| format!("{public_url}/v1/webhooks/in/{}/{TOKEN}", settings.id));
    Ok((plan.kind.open(&settings, ports)?, paper))
}

/// Asks the providers of a plan, all at once, about each of their agents, without a gateway and without a database. Rings nobody.
/// Who has not answered `by` then is not ready, and says so. Says as well how far the nearest of their clocks is from ours, where one
/// told the time.
///
/// # Errors
/// What is wrong with a connection's settings.
pub async fn ask_all(plan: Plan, by: Instant) -> Result<(Vec<CheckedRoute>, Option<Duration>), InvalidSettings> {
    let their_clocks = Arc::<TheirClocks>::default();
    let connections = open(plan.connections, &their_clocks)?;
    Ok((ask_each(&connections, &plan.agents, by).await, their_clocks.apart()))
}

/// Connections that ask over the network, and have nobody to tell.
fn open(plans: Vec<ConnectionPlan>, their_clocks: &Arc<TheirClocks>) -> Result<Vec<Connection>, InvalidSettings> {
    let nobody = Arc::new(Nobody);
    let ports = Ports {
        inbox: Arc::clone(&nobody) as Arc<dyn Inbox>,
        signals: nobody,
        clock: Arc::new(SystemClock::new()),
        chance: Arc::new(SystemChance),
        way: Way::Network,
        their_clocks: Arc::clone(their_clocks),
        trace: untraced,
    };
    let mut opened = Vec::with_capacity(plans.len());
    for held in plans {
        let provider = held.kind.open(&held.settings, ports.clone())?;
        opened.push(held.connection(provider)?);
    }
    Ok(opened)
}

async fn ask_each(connections: &[Connection], agents: &[Agent], by: Instant) -> Vec<CheckedRoute> {
    let clock = SystemClock::new();
    let asked = connections.iter().map(|connection| ask_over(connection, agents, &clock, by));
    join_all(asked).await.into_iter().flatten().collect()
}

/// One after the other: a provider's own limit may be low.
async fn ask_over(connection: &Connection, agents: &[Agent], clock: &dyn Clock, by: Instant) -> Vec<CheckedRoute> {
    let mut found = Vec::new();
    for agent in agents {
        let Some(route) = agent.route(&connection.id) else { continue };
        let began = clock.monotonic();
        let late = |detail: &str| CheckedRoute {
            agent: agent.key.clone(),
            connection: connection.id.clone(),
            health: Health { ready: false, detail: detail.to_owned() },
            took: clock.monotonic().saturating_sub(began),
        };
        found.push(if Instant::now() < by {
            let asked = timeout_at(by, ask(agent, route, connection, clock)).await;
            asked.unwrap_or_else(|_late| late("it did not answer in time"))
        } else {
            late("it was not asked: no time was left")
        });
    }
    found
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

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::config::{Config, Environment, Given};

    #[tokio::test]
    async fn providers_that_say_nothing_cost_one_wait_together() {
        // Whoever connects waits in the queue of these for ever.
        let silent = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let connection = |(n, listener): (usize, &TcpListener)| {
            let at = listener.local_addr().unwrap();
            format!("[connections.c{n}]\nkind = \"http\"\nbase_url = \"http://{at}\"\nsecret = {{ env = \"OWN\" }}\n")
        };
        let connections: String = silent.iter().enumerate().map(connection).collect();
        let agents = ["one", "two"].map(|key| {
            let route = |n: usize| format!("{{ connection = \"c{n}\", remote_id = \"r\" }}");
            format!("[agents.{key}]\nroutes = [{}, {}, {}]\n", route(0), route(1), route(2))
        });
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("callgate.toml");
        std::fs::write(&file, format!("[calls]\nallow_numbers = [\"+\"]\n{connections}{}", agents.concat())).unwrap();
        let given = Given { config: Some(file), ..Given::default() };
        let environment = Environment::from([("OWN", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")]);
        let plan = Plan::of(Config::load(&given, &environment).unwrap(), true).unwrap();
        // To open them takes its own time.
        let connections = open(plan.connections, &Arc::default()).unwrap();
        let began = Instant::now();
        let found = ask_each(&connections, &plan.agents, began + Duration::from_millis(500)).await;
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
        let said: Vec<_> = found.iter().map(|route| route.health.detail.as_str()).collect();
        assert_eq!(said, ["it did not answer in time", "it was not asked: no time was left"].repeat(3));
    }
}
