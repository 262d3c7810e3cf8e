//! The only place where concrete types meet.

use std::collections::BTreeMap;
use std::sync::Arc;

use callgate_adapters::clock::{SystemChance, SystemClock};
use callgate_adapters::providers::{self, ConnectionSettings, Kind, Ports};
use callgate_adapters::store::{OpenError, SqlStore};
use callgate_domain::model::{Agent, AgentKey, ProviderId, Secret, WorkerId};
use callgate_domain::ports::{
    AgentCatalog, CallStore, Chance, Clock, Connection, Connections, Inbox, InvalidSettings, KeyStore, Settings, Signals,
    StoreError,
};
use callgate_domain::usecases::calls::CallLimits;
use callgate_domain::usecases::dispatch::Pacing;
use callgate_domain::usecases::{Agents, Calls, Dispatch, Intake, Reconcile, Recorder};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

use crate::gateway::{Facts, Gateway};
use crate::signals::Hub;

/// What a gateway is put together from: the configuration, cut to what each part needs.
#[derive(Debug)]
pub struct Plan {
    /// `sqlite://…` or `postgres://…`.
    pub database_url: String,
    /// Connections to the database.
    pub pool: u32,
    /// Accounts with providers.
    pub connections: Vec<ConnectionPlan>,
    /// Whom to call with.
    pub agents: Vec<Agent>,
    /// The bounds of calls.
    pub limits: CallLimits,
    /// Calls that may be live in all; `None` is no limit.
    pub max_live: Option<u32>,
    /// Outside address, without a slash at its end.
    pub public_url: Option<String>,
    /// Whether this process runs workers.
    pub workers: bool,
    /// Failed authentications per minute and address.
    pub failed_auth_per_minute: u32,
}

/// One account with a provider.
#[derive(Debug)]
pub struct ConnectionPlan {
    /// Which kind; one of `providers::KINDS`.
    pub kind: &'static Kind,
    /// What the kind is told. Its webhook URL is filled in here.
    pub settings: ConnectionSettings,
    /// Calls that may be live; `None` is no limit.
    pub max_live: Option<u32>,
    /// Requests to place a call per second; `None` is no limit.
    pub max_per_second: Option<u32>,
    /// Overrides the adapter's own.
    pub poll_interval: Option<std::time::Duration>,
}

/// Why a gateway could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum WiringError {
    /// The database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database, later.
    #[error("the database could not be read: {0}")]
    Store(#[from] StoreError),
    /// A connection's settings.
    #[error(transparent)]
    Connection(#[from] InvalidSettings),
}

/// Opens the database and puts the gateway together. Nothing runs yet.
///
/// # Errors
/// [`WiringError`].
pub async fn wire(plan: Plan, metrics: PrometheusHandle) -> Result<Gateway, WiringError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let chance: Arc<dyn Chance> = Arc::new(SystemChance);
    let hub = Arc::new(Hub::new());
    let signals: Arc<dyn Signals> = Arc::clone(&hub) as Arc<dyn Signals>;
    let open = {
        let (url, pool, clock) = (plan.database_url.clone(), plan.pool, Arc::clone(&clock));
        move || SqlStore::open(&url, pool, clock)
    };
    let opened = tokio::task::spawn_blocking(open).await.map_err(|error| OpenError::Unreachable(error.into()))?;
    let sql = Arc::new(opened?);
    let database = sql.kind();
    let (store, inbox): (Arc<dyn CallStore>, Arc<dyn Inbox>) = (Arc::clone(&sql) as _, Arc::clone(&sql) as _);
    let (keys, settings): (Arc<dyn KeyStore>, Arc<dyn Settings>) = (Arc::clone(&sql) as _, sql);
    let ports = Ports {
        inbox: Arc::clone(&inbox),
        signals: Arc::clone(&signals),
        clock: Arc::clone(&clock),
        chance: Arc::clone(&chance),
    };
    let facts = Facts {
        public_url: plan.public_url,
        database,
        workers: plan.workers,
        failed_auth_per_minute: plan.failed_auth_per_minute,
    };
    let mut opened = Vec::with_capacity(plan.connections.len());
    for connection in plan.connections {
        opened.push(open_connection(connection, &facts, settings.as_ref(), &ports).await?);
    }
    let connections = Arc::new(Connections::new(opened, providers::report::read_report));
    let catalog: Arc<dyn AgentCatalog> = Arc::new(Catalog::of(plan.agents));
    let recorder = Arc::new(Recorder {
        store: Arc::clone(&store),
        inbox: Arc::clone(&inbox),
        connections: Arc::clone(&connections),
        clock: Arc::clone(&clock),
        chance: Arc::clone(&chance),
        signals: Arc::clone(&signals),
    });
    Ok(Gateway {
        agents: Agents { catalog: Arc::clone(&catalog), connections: Arc::clone(&connections) },
        calls: Calls {
            store: Arc::clone(&store),
            agents: Arc::clone(&catalog),
            connections: Arc::clone(&connections),
            recorder: Arc::clone(&recorder),
            clock: Arc::clone(&clock),
            chance: Arc::clone(&chance),
            signals: Arc::clone(&signals),
            limits: plan.limits,
        },
        intake: Intake {
            inbox,
            store: Arc::clone(&store),
            recorder: Arc::clone(&recorder),
            connections: Arc::clone(&connections),
            clock: Arc::clone(&clock),
            chance: Arc::clone(&chance),
            signals,
        },
        dispatch: Dispatch {
            worker: WorkerId::new(clock.now(), chance.for_id()),
            store: Arc::clone(&store),
            recorder: Arc::clone(&recorder),
            agents: Arc::clone(&catalog),
            connections: Arc::clone(&connections),
            clock: Arc::clone(&clock),
            chance: Arc::clone(&chance),
            max_live: plan.max_live,
            pacing: Pacing::default(),
        },
        reconcile: Reconcile {
            store: Arc::clone(&store),
            recorder,
            agents: catalog,
            connections: Arc::clone(&connections),
            clock: Arc::clone(&clock),
        },
        keys,
        settings,
        store,
        connections,
        clock,
        chance,
        hub,
        facts,
        metrics,
        stopping: CancellationToken::new(),
    })
}

async fn open_connection(
    plan: ConnectionPlan,
    facts: &Facts,
    settings: &dyn Settings,
    ports: &Ports,
) -> Result<Connection, WiringError> {
    let mut given = plan.settings;
    if let Some(public_url) = &facts.public_url {
        let token = settings.webhook_token(&given.id, fresh_token(ports.chance.as_ref())).await?;
        given.webhook_url = Some(format!("{public_url}/v1/webhooks/in/{}/{}", given.id, token.expose()));
    }
    let provider = plan.kind.open(&given, ports.clone())?;
    let kind = ProviderId::new(plan.kind.name)
        .map_err(|error| InvalidSettings { field: format!("connections.{}.kind", given.id), fault: error.to_string() })?;
    Ok(Connection {
        id: given.id,
        kind,
        provider,
        max_live: plan.max_live,
        max_per_second: plan.max_per_second,
        request_timeout: given.request_timeout,
        poll_interval: plan.poll_interval,
        test: plan.kind.is_test,
    })
}

/// 160 random bits in letters and digits: what makes a webhook's address unknown to others.
#[must_use]
pub fn fresh_token(chance: &dyn Chance) -> Secret {
    use base64::Engine as _;
    let mut bytes = [0; 20];
    chance.bytes(&mut bytes);
    let token = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    // Never empty, so never `None`.
    Secret::new(token.clone()).or_else(|| Secret::new("-")).unwrap_or_else(|| fresh_token(chance))
}

/// The agents of the configuration.
struct Catalog {
    by_key: BTreeMap<AgentKey, Arc<Agent>>,
}

impl Catalog {
    fn of(agents: Vec<Agent>) -> Self {
        Self { by_key: agents.into_iter().map(|agent| (agent.key.clone(), Arc::new(agent))).collect() }
    }
}

impl AgentCatalog for Catalog {
    fn all(&self) -> Vec<Arc<Agent>> {
        self.by_key.values().cloned().collect()
    }

    fn get(&self, key: &AgentKey) -> Option<Arc<Agent>> {
        self.by_key.get(key).cloned()
    }
}
