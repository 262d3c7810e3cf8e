//! The only place where concrete types meet.

mod catalog;
#[cfg(feature = "crash-points")]
pub mod crash;
mod measured;
mod paper;
mod plan;
mod reload;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use callgate_adapters::clock::{SystemChance, SystemClock};
use callgate_adapters::providers::{self, Ports, TheirClocks, Way};
use callgate_adapters::sender::{Guard, HttpSender, SystemLookup};
use callgate_adapters::store::{self, OpenError, Relay, Stores};
use callgate_domain::model::{ConnectionId, Secret, WorkerId};
use callgate_domain::ports::{
    AgentCatalog, Chance, Clock, Connection, Connections, InvalidSettings, NoticeSender, Settings, Signals, StoreError,
};
use callgate_domain::usecases::dispatch::{Hands, Pacing};
use callgate_domain::usecases::{
    Agents, AuditLog, Backups, Calls, Checks, Deliver, Dispatch, Endpoints, Erase, Inspect, Intake, Keys, Pause, Reconcile,
    Recorder, Retain, SignIn,
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

pub use measured::Latencies;
pub use paper::{ask_all, on_paper};
pub use plan::{ConnectionPlan, Plan, Sources};
pub use reload::{Reload, ReloadError, Reloaded};

use self::catalog::Catalog;

use crate::figures::Remembered;
use crate::gateway::{Facts, Gateway};
use crate::http::notices;
use crate::signals::Hub;
use crate::telemetry::{self, traces};
use crate::workers::pulse::Pulse;

/// Why a gateway could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum WiringError {
    /// The database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database: plan.database, later.
    #[error("the database could not be read: {0}")]
    Store(#[from] StoreError),
    /// The way out for notices.
    #[error("webhooks could not be sent: {0}")]
    Sender(anyhow::Error),
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
    let stores = open_stores(plan.database_url.clone(), plan.pool, Arc::clone(&clock)).await?;
    // Not before the database has been opened: whoever cannot be reached is named once.
    let relay = relay(&plan.database_url, &hub)?;
    #[cfg(feature = "crash-points")]
    let crash_at = crash::CrashAt::of_process()?;
    #[cfg(feature = "crash-points")]
    let stores = match &crash_at {
        Some(at) => at.around_stores(stores),
        None => stores,
    };
    if let Some(relay) = relay {
        hub.tell_others(relay);
    }
    let Stores {
        calls: store,
        moves,
        inbox,
        outbox,
        keys: key_store,
        sessions,
        audit,
        settings,
        holds,
        copies,
        inspection,
        figures,
        retention,
    } = stores;
    if let Some(fresh) = fresh_token(chance.as_ref()) {
        hub.mark_phones(telemetry::Phones::new(&settings.secret(telemetry::PHONE_KEY, fresh).await?));
    }
    let audit = Arc::new(AuditLog { audit, clock: Arc::clone(&clock), chance: Arc::clone(&chance) });
    let their_clocks = Arc::<TheirClocks>::default();
    let ports = Ports {
        inbox: Arc::clone(&inbox),
        signals: Arc::clone(&signals),
        clock: Arc::clone(&clock),
        chance: Arc::clone(&chance),
        way: Way::Network,
        their_clocks: Arc::clone(&their_clocks),
        trace: traces::traceparent,
    };
    let facts = Facts {
        public_url: plan.public_url,
        is_open: plan.is_open,
        database: plan.database,
        alone: plan.alone,
        workers: plan.workers,
    };
    let latencies = Arc::new(Latencies::default());
    #[cfg_attr(not(feature = "crash-points"), expect(unused_mut, reason = "only crash points stand around providers"))]
    let mut opened =
        open_connections(plan.connections, facts.public_url.as_deref(), settings.as_ref(), &ports, &latencies).await?;
    opened.iter().for_each(|held| telemetry::breaker_closed(&held.id));
    #[cfg(feature = "crash-points")]
    if let Some(at) = crash_at {
        opened.iter_mut().for_each(|held| held.provider = at.around_provider(Arc::clone(&held.provider)));
    }
    let allow_numbers = plan.limits.allow_numbers.clone();
    let connections = Arc::new(Connections::new(opened, providers::report::read_report));
    let configured = Arc::new(Catalog::of(plan.agents));
    let catalog: Arc<dyn AgentCatalog> = Arc::clone(&configured) as Arc<dyn AgentCatalog>;
    let recorder = Arc::new(Recorder {
        store: Arc::clone(&store),
        inbox: Arc::clone(&inbox),
        connections: Arc::clone(&connections),
        clock: Arc::clone(&clock),
        chance: Arc::clone(&chance),
        signals: Arc::clone(&signals),
    });
    let sender = HttpSender::new(Guard::new(plan.allow_private), Arc::new(SystemLookup::default()));
    let sender: Arc<dyn NoticeSender> = Arc::new(sender.map_err(WiringError::Sender)?.traced(traces::traceparent));
    // Whoever was here before may have erased, and not come to the files.
    let erase = Arc::new(Erase {
        store: Arc::clone(&store),
        retention: Arc::clone(&retention),
        recorder: Arc::clone(&recorder),
        clock: Arc::clone(&clock),
        stained: AtomicBool::new(true),
    });
    let retain =
        Retain { erase: Arc::clone(&erase), retention, clock: Arc::clone(&clock), terms: plan.keep, round: Mutex::default() };
    let reload = Reload {
        sources: plan.sources,
        public_url: facts.public_url.clone(),
        settings: Arc::clone(&settings),
        inspection: Arc::clone(&inspection),
        connections: Arc::clone(&connections),
        catalog: configured,
        ports,
        latencies: Arc::clone(&latencies),
        one_at_a_time: tokio::sync::Mutex::default(),
        rejected: Mutex::default(),
    };
    let checks = Checks {
        agents: Arc::clone(&catalog),
        connections: Arc::clone(&connections),
        inspection: Arc::clone(&inspection),
        clock: Arc::clone(&clock),
        found: Mutex::default(),
    };
    let inspect = Inspect { store: Arc::clone(&store), inspection, clock: Arc::clone(&clock), signals: Arc::clone(&signals) };
    Ok(Gateway {
        inspect,
        checks,
        reload,
        erase,
        retain,
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
        endpoints: Endpoints {
            outbox: Arc::clone(&outbox),
            sender: Arc::clone(&sender),
            clock: Arc::clone(&clock),
            chance: Arc::clone(&chance),
            signals: Arc::clone(&signals),
        },
        deliver: Deliver {
            outbox,
            store: Arc::clone(&store),
            sender,
            render: notices::render(Arc::clone(&connections)),
            clock: Arc::clone(&clock),
            chance: Arc::clone(&chance),
        },
        pause: Pause {
            holds,
            agents: Arc::clone(&catalog),
            connections: Arc::clone(&connections),
            clock: Arc::clone(&clock),
            signals: Arc::clone(&signals),
        },
        backups: Backups { copies, clock: Arc::clone(&clock), signals: Arc::clone(&signals) },
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
            allow_numbers,
            pacing: Pacing::default(),
            hands: Hands::default(),
        },
        reconcile: Reconcile {
            store: Arc::clone(&store),
            recorder,
            agents: catalog,
            connections: Arc::clone(&connections),
            clock: Arc::clone(&clock),
        },
        keys: Keys {
            store: Arc::clone(&key_store),
            audit: Arc::clone(&audit),
            clock: Arc::clone(&clock),
            chance: Arc::clone(&chance),
        },
        sign_in: SignIn { sessions, audit: Arc::clone(&audit), clock: Arc::clone(&clock), chance: Arc::clone(&chance) },
        key_store,
        audit,
        latencies,
        their_clocks,
        figures: Remembered::new(figures, Arc::clone(&moves), Arc::clone(&clock)),
        moves,
        settings,
        store,
        connections,
        clock,
        chance,
        hub,
        facts,
        metrics,
        pulse: Pulse::default(),
        stopping: CancellationToken::new(),
    })
}

/// Hints from other processes end at the hub; it is not kept alive for them.
fn relay(url: &str, hub: &Arc<Hub>) -> Result<Option<Relay>, OpenError> {
    let hub = Arc::downgrade(hub);
    store::relay(url, move |news| {
        if let Some(hub) = hub.upgrade() {
            hub.hear(news);
        }
    })
}

async fn open_stores(url: String, pool: u32, clock: Arc<dyn Clock>) -> Result<Stores, OpenError> {
    let opened = tokio::task::spawn_blocking(move || store::open(&url, pool, clock)).await;
    opened.map_err(|error| OpenError::Unreachable(error.into()))?
}

/// Opens connections, with the addresses at which their webhooks reach us.
async fn open_connections(
    plans: Vec<ConnectionPlan>,
    public_url: Option<&str>,
    settings: &dyn Settings,
    ports: &Ports,
    latencies: &Arc<Latencies>,
) -> Result<Vec<Connection>, WiringError> {
    let mut opened = Vec::with_capacity(plans.len());
    for mut plan in plans {
        plan.settings.webhook_url = webhook_url(public_url, &plan.settings.id, settings, ports.chance.as_ref()).await?;
        let provider = plan.kind.open(&plan.settings, ports.clone())?;
        let provider = latencies.around(plan.settings.id.clone(), provider);
        opened.push(plan.connection(provider)?);
    }
    Ok(opened)
}

/// Where a connection's webhooks reach us; `None` where no public address is configured.
///
/// # Errors
/// `Unavailable`.
pub async fn webhook_url(
    public_url: Option<&str>,
    id: &ConnectionId,
    settings: &dyn Settings,
    chance: &dyn Chance,
) -> Result<Option<String>, StoreError> {
    let (Some(public_url), Some(fresh)) = (public_url, fresh_token(chance)) else { return Ok(None) };
    let token = settings.webhook_token(id, fresh).await?.current;
    Ok(Some(format!("{public_url}/v1/webhooks/in/{id}/{}", token.expose())))
}

/// 160 random bits in letters and digits: what makes a webhook's address unknown to others. Never `None` in practice, since
/// it is never empty.
#[must_use]
pub fn fresh_token(chance: &dyn Chance) -> Option<Secret> {
    use base64::Engine as _;
    let mut bytes = [0; 20];
    chance.bytes(&mut bytes);
    let token = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    Secret::new(token)
}
