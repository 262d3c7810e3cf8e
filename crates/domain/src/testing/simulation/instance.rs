//! One of our processes: the real use cases over ports that fail.

mod loops;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Map;

use super::faults::Fault;
use super::provider::{Manners, REQUEST_TIMEOUT, SimProvider, read};
use super::receivers::{self, SimSender};
use super::store::SimStore;
use super::world::{Owner, TaskId, World};
use crate::model::breaker::Turn;
use crate::model::{Agent, AgentKey, Call, CallState, ConnectionId, Route, Voicemail, WorkerId};
use crate::ports::Cause;
use crate::ports::{AgentCatalog, CallStore, Clock, Connection, Connections, Inbox, Signals, Work};
use crate::testing::builders;
use crate::usecases::calls::CallLimits;
use crate::usecases::dispatch::{Hands, Pacing};
use crate::usecases::{Backups, Calls, Deliver, Dispatch, Intake, Reconcile, Recorder};

/// A rate that no world comes near. Without one a pause is known to the process that met it alone, which is enough on SQLite,
/// where there is one; the simulation has several over every store.
const NEVER_REACHED: u32 = 1_000_000;

/// The connections, and how the provider behind each behaves.
pub const CONNECTIONS: [(&str, Manners); 5] = [
    ("echo", Manners::Echoes),
    ("list", Manners::Lists),
    ("mute", Manners::Mute),
    ("room", Manners::Forgets),
    ("hint", Manners::Hints),
];

/// The agents, and the connections behind each, in the order in which they are tried.
pub const AGENTS: [(&str, &[&str]); 6] = [
    ("akylai", &["echo"]),
    ("altai", &["list", "echo"]),
    ("bakyt", &["mute"]),
    ("chynar", &["room"]),
    ("dastan", &["mute", "hint", "list"]),
    ("elnura", &["hint", "room"]),
];

/// The connections behind an agent.
#[must_use]
pub fn routes(agent: &AgentKey) -> &'static [&'static str] {
    AGENTS.iter().find(|(key, _)| *key == agent.as_str()).map_or(&[], |(_, routes)| *routes)
}

/// What the scheduler knows of one process.
#[derive(Default)]
pub struct InstanceState {
    /// Alive, where it is.
    pub running: Option<Arc<Running>>,
    /// Stopped until then.
    pub paused_until: u64,
    /// How far its clock is off.
    pub offset: SignedDuration,
    /// Killed before the next step.
    pub is_dying: bool,
}

/// A process that runs.
pub struct Running {
    /// Place, read and cancel.
    pub calls: Calls,
    /// Placing what is due.
    pub dispatch: Dispatch,
    /// Webhooks.
    pub intake: Intake,
    /// Looking after calls.
    pub reconcile: Reconcile,
    /// Telling clients.
    pub deliver: Deliver,
    /// Taking a backup in.
    pub backups: Backups,
    /// Its store.
    pub store: Arc<SimStore>,
    /// Its clock.
    pub clock: Arc<SimClock>,
    /// It answers requests: not before a backup is taken in.
    pub is_serving: AtomicBool,
    /// It was asked to stop.
    pub is_stopping: AtomicBool,
    bells: Arc<Bells>,
}

/// The time as one process sees it.
pub struct SimClock {
    world: Arc<World>,
    instance: usize,
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let now = self.world.moment(self.world.now());
        now.saturating_add(self.world.offset(self.instance)).unwrap_or(now)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.world.now())
    }
}

/// Hints inside one process.
struct Bells {
    world: Arc<World>,
    loops: Mutex<[(bool, Option<TaskId>); Work::ALL.len()]>,
}

impl Bells {
    async fn rest(&self, work: Work, time: Duration) {
        let task = self.world.current();
        let rung = {
            let mut loops = self.loops.lock().unwrap_or_else(PoisonError::into_inner);
            loops.get_mut(work as usize).is_some_and(|(rung, sleeper)| {
                *sleeper = Some(task);
                std::mem::take(rung)
            })
        };
        self.world.sleep(if rung { Duration::ZERO } else { time }).await;
        if let Some((rung, sleeper)) = self.loops.lock().unwrap_or_else(PoisonError::into_inner).get_mut(work as usize) {
            (*rung, *sleeper) = (false, None);
        }
    }
}

impl Signals for Bells {
    fn call_moved(&self, _call: &Call, _from: CallState, _cause: Cause) {}

    fn breaker_turned(&self, connection: &ConnectionId, turn: Turn) {
        if matches!(turn, Turn::Opened(_)) {
            self.world.count(Fault::BreakerOpen);
        }
        self.world.note(format_args!("the breaker of {connection} turned: {turn:?}"));
    }

    fn work_waiting(&self, work: Work) {
        let mut loops = self.loops.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((rung, sleeper)) = loops.get_mut(work as usize) {
            *rung = true;
            if let Some(task) = sleeper.take() {
                self.world.wake(task);
            }
        }
    }
}

struct Catalog(Vec<Arc<Agent>>);

impl AgentCatalog for Catalog {
    fn all(&self) -> Vec<Arc<Agent>> {
        self.0.clone()
    }

    fn get(&self, key: &AgentKey) -> Option<Arc<Agent>> {
        self.0.iter().find(|agent| agent.key == *key).cloned()
    }
}

/// Starts one process, and its loops with it.
pub fn start(world: &Arc<World>, instance: usize) {
    let Some(stores) = world.stores() else { return };
    let bells = Arc::new(Bells { world: Arc::clone(world), loops: Mutex::default() });
    let clock = Arc::new(SimClock { world: Arc::clone(world), instance });
    let store = Arc::new(SimStore { world: Arc::clone(world), instance, inner: stores });
    let chance = Arc::clone(&world.chance);
    let knows_all = !(world.weather.split && instance + 1 == world.weather.instances);
    if !knows_all {
        world.count(Fault::OtherConfiguration);
    }
    let known = |id: &str| knows_all || id == "echo";
    let connections = Arc::new(Connections::new(all_connections(world, instance).filter(|held| known(held.id.as_str())), read));
    let agents: Arc<dyn AgentCatalog> =
        Arc::new(Catalog(AGENTS.iter().filter(|(_, routes)| routes.iter().all(|id| known(id))).map(agent).collect()));
    let (calls_store, inbox): (Arc<dyn CallStore>, Arc<dyn Inbox>) = (store.clone(), store.clone());
    let signals: Arc<dyn Signals> = bells.clone();
    let recorder = Arc::new(Recorder {
        store: calls_store.clone(),
        inbox: inbox.clone(),
        connections: connections.clone(),
        clock: clock.clone(),
        chance: chance.clone(),
        signals: signals.clone(),
    });
    let worker = WorkerId::new(clock.now(), (&*chance as &dyn crate::ports::Chance).for_id());
    let running = Arc::new(Running {
        calls: Calls {
            store: calls_store.clone(),
            agents: agents.clone(),
            connections: connections.clone(),
            recorder: recorder.clone(),
            clock: clock.clone(),
            chance: chance.clone(),
            signals: signals.clone(),
            limits: CallLimits {
                ring_timeout: Duration::from_secs(30),
                queue_ttl: Duration::from_secs(90),
                settle_grace: Duration::from_secs(60),
                allow_numbers: None,
                per_number: None,
                spend: None,
                duplicate_guard: false,
            },
        },
        dispatch: Dispatch {
            worker,
            store: calls_store.clone(),
            recorder: recorder.clone(),
            agents: agents.clone(),
            connections: connections.clone(),
            clock: clock.clone(),
            chance: chance.clone(),
            max_live: None,
            allow_numbers: None,
            pacing: Pacing::default(),
            hands: Hands::default(),
        },
        intake: Intake {
            inbox,
            store: calls_store.clone(),
            recorder: recorder.clone(),
            connections: connections.clone(),
            clock: clock.clone(),
            chance,
            signals: signals.clone(),
        },
        deliver: Deliver {
            outbox: store.clone(),
            store: calls_store.clone(),
            sender: Arc::new(SimSender { world: Arc::clone(world), instance }),
            render: receivers::render(),
            clock: clock.clone(),
            chance: Arc::clone(&world.chance) as Arc<dyn crate::ports::Chance>,
        },
        backups: Backups { copies: store.clone(), clock: clock.clone(), signals },
        reconcile: Reconcile { store: calls_store, recorder, agents, connections, clock: clock.clone() },
        store,
        clock,
        is_serving: AtomicBool::new(false),
        is_stopping: AtomicBool::new(false),
        bells,
    });
    world.note(format_args!("process {instance} starts"));
    if let Some(state) = world.inner().instances.get_mut(instance) {
        state.running = Some(Arc::clone(&running));
        state.paused_until = 0;
    }
    world.spawn(Owner::Instance(instance), loops::boot(Arc::clone(world), running, Owner::Instance(instance)));
}

fn all_connections(world: &Arc<World>, instance: usize) -> impl Iterator<Item = Connection> {
    let world = Arc::clone(world);
    CONNECTIONS.into_iter().map(move |(id, manners)| {
        let id: ConnectionId = builders::connection(id);
        let provider = SimProvider { world: Arc::clone(&world), instance, connection: id.clone(), manners };
        Connection {
            kind: builders::provider("simulated"),
            id,
            provider: Arc::new(provider),
            max_live: world.weather.max_live,
            max_per_second: world.weather.max_per_second.or(Some(NEVER_REACHED)),
            request_timeout: REQUEST_TIMEOUT,
            poll_interval: None,
            test: false,
        }
    })
}

fn agent((key, routes): &(&str, &[&str])) -> Arc<Agent> {
    let route = |id: &&str| Route { connection: builders::connection(id), remote_id: (*id).to_owned(), from: None };
    Arc::new(Agent {
        key: builders::agent(key),
        name: (*key).to_owned(),
        description: String::new(),
        languages: Vec::new(),
        public: true,
        routes: routes.iter().map(route).collect(),
        variables: Map::new(),
        voicemail: Voicemail::Hangup,
        max_duration: Duration::from_secs(60),
        test: false,
    })
}
