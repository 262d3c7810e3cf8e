//! One of our processes: the real use cases over ports that fail, and its loops.
//!
//! The loops do what the program's workers do: tick, then sleep until a hint or the next moment.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Map;

use super::faults::Fault;
use super::provider::{Manners, REQUEST_TIMEOUT, SimProvider, read};
use super::store::SimStore;
use super::world::{Owner, TaskId, World};
use crate::model::breaker::Turn;
use crate::model::call::By;
use crate::model::moment::elapsed;
use crate::model::{Agent, AgentKey, Call, CallState, ConnectionId, ProviderId, Route, Voicemail, WorkerId};
use crate::ports::{AgentCatalog, CallStore, Clock, Connection, Connections, Inbox, Signals, StoreError, Work};
use crate::testing::builders;
use crate::usecases::calls::CallLimits;
use crate::usecases::dispatch::{Carried, Hands, LEASE, Pacing, Unrecorded};
use crate::usecases::record::RecordError;
use crate::usecases::{Backups, Calls, Dispatch, Intake, Reconcile, Recorder};

/// No loop sleeps longer; the program's own bound is shorter, which only costs steps here.
const LONGEST_SLEEP: Duration = Duration::from_secs(8);
/// The agents, and the connections behind each.
pub const AGENTS: [(&str, &[(&str, Manners)]); 3] = [
    ("akylai", &[("echo", Manners::Echoes)]),
    ("altai", &[("list", Manners::Lists), ("echo", Manners::Echoes)]),
    ("bakyt", &[("mute", Manners::Mute)]),
];

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
    /// Taking a backup in.
    pub backups: Backups,
    /// Its store.
    pub store: Arc<SimStore>,
    /// Its clock.
    pub clock: Arc<SimClock>,
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
    loops: Mutex<[(bool, Option<TaskId>); 3]>,
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
    fn call_moved(&self, _call: &Call, _from: CallState, _by: By) {}

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
        Arc::new(Catalog(AGENTS.iter().filter(|(_, routes)| routes.iter().all(|(id, _)| known(id))).map(agent).collect()));
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
        backups: Backups { copies: store.clone(), clock: clock.clone(), signals },
        reconcile: Reconcile { store: calls_store, recorder, agents, connections, clock: clock.clone() },
        store,
        clock,
        is_stopping: AtomicBool::new(false),
        bells,
    });
    world.note(format_args!("process {instance} starts"));
    if let Some(state) = world.inner().instances.get_mut(instance) {
        state.running = Some(Arc::clone(&running));
        state.paused_until = 0;
    }
    world.spawn(Owner::Instance(instance), boot(Arc::clone(world), running, Owner::Instance(instance)));
}

/// What comes before the loops: a backup is taken in, and leases of a life before end.
async fn boot(world: Arc<World>, running: Arc<Running>, owner: Owner) {
    while running.backups.take_in().await.is_err() {
        world.sleep(Duration::from_millis(500)).await;
    }
    let alone = world.weather.instances == 1;
    while alone && running.store.end_leases_before(running.dispatch.worker).await.is_err() {
        world.sleep(Duration::from_millis(500)).await;
    }
    world.spawn(owner, dispatcher(Arc::clone(&world), Arc::clone(&running), owner));
    world.spawn(owner, beater(Arc::clone(&world), Arc::clone(&running)));
    world.spawn(owner, intake(Arc::clone(&running)));
    world.spawn(owner, reconciler(running));
}

fn all_connections(world: &Arc<World>, instance: usize) -> impl Iterator<Item = Connection> {
    let world = Arc::clone(world);
    [("echo", Manners::Echoes), ("list", Manners::Lists), ("mute", Manners::Mute)].into_iter().map(move |(id, manners)| {
        let id: ConnectionId = builders::connection(id);
        let provider = SimProvider { world: Arc::clone(&world), instance, connection: id.clone(), manners };
        Connection {
            kind: ProviderId::new("simulated").unwrap_or_else(|_| unreachable!("it is a name")),
            id,
            provider: Arc::new(provider),
            max_live: world.weather.max_live,
            max_per_second: world.weather.max_per_second,
            request_timeout: REQUEST_TIMEOUT,
            poll_interval: None,
            test: false,
        }
    })
}

fn agent((key, routes): &(&str, &[(&str, Manners)])) -> Arc<Agent> {
    let route =
        |(id, _): &(&str, Manners)| Route { connection: builders::connection(id), remote_id: (*id).to_owned(), from: None };
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

impl Running {
    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }
}

async fn dispatcher(world: Arc<World>, running: Arc<Running>, owner: Owner) {
    while !running.is_stopping() {
        let sleep = match running.dispatch.claim(8).await {
            Ok(claims) if claims.held_back => Duration::from_millis(200),
            Ok(claims) => {
                let busy = !claims.taken.is_empty();
                for call in claims.taken {
                    world.spawn(owner, carry(Arc::clone(&world), Arc::clone(&running), call));
                }
                if busy { Duration::from_millis(100) } else { LONGEST_SLEEP / 3 }
            }
            Err(_) => Duration::from_millis(500),
        };
        running.bells.rest(Work::Dispatch, sleep).await;
    }
}

async fn carry(world: Arc<World>, running: Arc<Running>, call: Call) {
    if running.is_stopping() {
        let _released = running.dispatch.release(call).await;
        return;
    }
    if let Carried::Unrecorded(unrecorded) = running.dispatch.carry(call).await {
        world.count(Fault::NoteFails);
        note(&world, &running, *unrecorded).await;
    }
}

async fn note(world: &World, running: &Running, unrecorded: Unrecorded) {
    let until = unrecorded.call.lease.map_or(running.clock.now(), |lease| lease.until);
    while elapsed(running.clock.now(), until) > Duration::ZERO {
        world.sleep(Duration::from_millis(500)).await;
        match running.dispatch.note(unrecorded.clone()).await {
            Err(RecordError::Store(StoreError::Unavailable(_))) => {}
            _ => return,
        }
    }
}

async fn beater(world: Arc<World>, running: Arc<Running>) {
    while !running.is_stopping() {
        let _late = running.dispatch.beat().await;
        world.sleep(LEASE / 3).await;
    }
}

async fn intake(running: Arc<Running>) {
    while !running.is_stopping() {
        for kept in running.intake.take(8).await.unwrap_or_default() {
            let _again = running.intake.handle(kept).await;
        }
        running.bells.rest(Work::Intake, LONGEST_SLEEP).await;
    }
}

async fn reconciler(running: Arc<Running>) {
    while !running.is_stopping() {
        let taken = running.reconcile.take(8).await.unwrap_or_default();
        let sleep = if taken.is_empty() { running.until_next().await } else { Duration::ZERO };
        for call in taken {
            let _again = running.reconcile.look_after(call).await;
        }
        running.bells.rest(Work::Reconcile, sleep).await;
    }
}

impl Running {
    async fn until_next(&self) -> Duration {
        match self.store.next_moment().await {
            Ok(Some(moment)) => elapsed(self.clock.now(), moment).clamp(Duration::from_secs(1), LONGEST_SLEEP),
            _ => LONGEST_SLEEP,
        }
    }
}
