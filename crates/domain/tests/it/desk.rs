//! Use cases on a desk: a store that can be made to fail, mocked providers, a clock set by hand.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use callgate_domain::model::breaker::Turn;
use callgate_domain::model::call::{By, Entry, Looks};
use callgate_domain::model::pacing::Room;
use callgate_domain::model::provider::{Cancel, Capabilities, Pace};
use callgate_domain::model::{
    Agent, AgentKey, AttemptId, Call, CallId, CallState, ConnectionId, Evidence, Phone, ProviderId, Quota, Revision, Route, Seen,
    Source, Voicemail, WorkerId,
};
use callgate_domain::ports::agents::MockAgentCatalog;
use callgate_domain::ports::provider::MockVoiceProvider;
use callgate_domain::ports::{
    AttemptRef, Authentic, CallFilter, CallStore, Cause, Change, Connection, Connections, IdempotencyKey, Inserted, Listed,
    Match, Page, RawWebhook, Reader, Reading, Signals, StoreError, Taken, Work,
};
use callgate_domain::testing::chance::SeededChance;
use callgate_domain::testing::clock::HandClock;
use callgate_domain::testing::memory::Memory;
use callgate_domain::usecases::dispatch::{Hands, Pacing};
use callgate_domain::usecases::{Dispatch, Intake, Reconcile, Recorder};
use jiff::Timestamp;
use serde_json::{Map, json};

use crate::made::{at, connection, theirs, worker};

/// Everything a use case stands on.
pub struct Desk {
    pub clock: Arc<HandClock>,
    pub chance: Arc<SeededChance>,
    pub memory: Arc<Memory>,
    pub store: Arc<Faulty>,
    pub agents: Arc<MockAgentCatalog>,
    pub connections: Arc<Connections>,
    pub signals: Arc<Heard>,
}

impl Desk {
    /// One connection, `one`.
    pub fn with(provider: MockVoiceProvider) -> Self {
        Self::with_all(vec![("one", provider)])
    }

    pub fn with_all(providers: Vec<(&'static str, MockVoiceProvider)>) -> Self {
        let routes: Vec<_> = providers.iter().map(|(id, _)| route(id)).collect();
        let connections = providers.into_iter().map(|(id, provider)| held(id, provider));
        let clock = Arc::new(HandClock::at(at(0)));
        let memory = Arc::new(Memory::new(clock.clone()));
        Self {
            chance: Arc::new(SeededChance::of(7)),
            store: Arc::new(Faulty { inner: memory.clone(), faults: Mutex::default(), saved: Mutex::default() }),
            agents: Arc::new(catalog(vec![an_agent("akylai", true, routes)])),
            connections: Arc::new(Connections::new(connections, read)),
            signals: Arc::default(),
            memory,
            clock,
        }
    }

    pub fn recorder(&self) -> Arc<Recorder> {
        Arc::new(Recorder {
            store: self.store.clone(),
            inbox: self.memory.clone(),
            connections: self.connections.clone(),
            clock: self.clock.clone(),
            chance: self.chance.clone(),
            signals: self.signals.clone(),
        })
    }

    pub fn dispatch(&self) -> Dispatch {
        Dispatch {
            worker: worker(1),
            store: self.store.clone(),
            recorder: self.recorder(),
            agents: self.agents.clone(),
            connections: self.connections.clone(),
            clock: self.clock.clone(),
            chance: self.chance.clone(),
            max_live: None,
            allow_numbers: None,
            pacing: Pacing::default(),
            hands: Hands::default(),
        }
    }

    pub fn reconcile(&self) -> Reconcile {
        Reconcile {
            store: self.store.clone(),
            recorder: self.recorder(),
            agents: self.agents.clone(),
            connections: self.connections.clone(),
            clock: self.clock.clone(),
        }
    }

    pub fn intake(&self) -> Intake {
        Intake {
            inbox: self.memory.clone(),
            store: self.store.clone(),
            recorder: self.recorder(),
            connections: self.connections.clone(),
            clock: self.clock.clone(),
            chance: self.chance.clone(),
            signals: self.signals.clone(),
        }
    }

    /// Stores a call as it is.
    pub async fn keeps(&self, accepted: (Call, Entry)) -> Call {
        self.memory.insert(vec![accepted.clone()], None, &Quota::default()).await.unwrap();
        accepted.0
    }

    /// Stores a change of it, as somebody else makes it.
    pub async fn moves(&self, from: &Call, to: Call) -> Call {
        let entry = Entry {
            revision: to.revision,
            at: to.created_at,
            status: to.status(),
            what: callgate_domain::model::call::What::FactsAdded,
            by: By::Gateway,
            hash: to.history_head,
        };
        let change = Change::new(from, to.clone(), entry, None, None);
        self.memory.save(change).await.unwrap();
        to
    }

    /// Stores a call that has come to `to`.
    pub async fn keeps_at(&self, accepted: (Call, Entry), to: Call) -> Call {
        let first = self.keeps(accepted).await;
        if to == first { to } else { self.moves(&first, to).await }
    }

    pub async fn read(&self, id: CallId) -> Call {
        self.memory.get(id, &Reader::All).await.unwrap()
    }

    pub fn pass(&self, seconds: u64) {
        self.clock.pass(Duration::from_secs(seconds));
    }
}

pub fn route(id: &str) -> Route {
    Route { connection: connection(id), remote_id: format!("remote-{id}"), from: None }
}

pub fn an_agent(key: &str, public: bool, routes: Vec<Route>) -> Agent {
    Agent {
        key: AgentKey::new(key).unwrap(),
        name: key.to_owned(),
        description: String::new(),
        languages: vec!["ky".to_owned()],
        public,
        routes,
        variables: Map::from_iter([("greeting".to_owned(), json!("Salam")), ("name".to_owned(), json!("you"))]),
        voicemail: Voicemail::Hangup,
        max_duration: Duration::from_mins(10),
        test: false,
    }
}

pub fn catalog(agents: Vec<Agent>) -> MockAgentCatalog {
    let agents: Vec<_> = agents.into_iter().map(Arc::new).collect();
    let all = agents.clone();
    let mut catalog = MockAgentCatalog::new();
    catalog.expect_all().returning(move || all.clone());
    catalog.expect_get().returning(move |key| agents.iter().find(|agent| agent.key == *key).cloned());
    catalog
}

/// A provider that can do everything, until a test says what it does.
pub fn provider() -> MockVoiceProvider {
    provider_that(true)
}

pub fn provider_that(cancel: bool) -> MockVoiceProvider {
    let mut provider = MockVoiceProvider::new();
    let poll = Pace { ringing: Duration::from_secs(4), talking: Duration::from_secs(30) };
    let capabilities = Capabilities {
        cancel: if cancel { Cancel::Always } else { Cancel::Never },
        by_id: true,
        by_reference: true,
        by_window: true,
        poll,
    };
    provider.expect_capabilities().return_const(capabilities);
    provider.expect_verify().returning(|webhook, _| Ok(Authentic::verified(webhook.clone())));
    provider.expect_read().returning(read);
    provider.expect_event_id().returning(|_| None);
    provider
}

fn held(id: &str, provider: MockVoiceProvider) -> Connection {
    Connection {
        id: connection(id),
        kind: ProviderId::new("mock").unwrap(),
        provider: Arc::new(provider),
        max_live: Some(2),
        max_per_second: None,
        request_timeout: Duration::from_secs(20),
        poll_interval: None,
        test: false,
    }
}

/// Reads `theirs-1 completed`, `attempt:<uuid> ringing`, `ask theirs-1`, with `@one` for a connection and `-` for no id.
pub fn read(webhook: &Authentic) -> Reading {
    let text = String::from_utf8_lossy(&webhook.webhook().body).into_owned();
    let words: Vec<_> = text.split_whitespace().collect();
    let mut about = AttemptRef::default();
    for word in &words {
        if let Some(id) = word.strip_prefix("attempt:") {
            about.attempt = id.parse().ok();
        } else if let Some(name) = word.strip_prefix('@') {
            about.connection = Some(connection(name));
        } else if word.starts_with("theirs") {
            about.provider_call = Some(theirs(word));
        }
    }
    if words.contains(&"ask") {
        return Reading::Ask(about);
    }
    match words.iter().find_map(|word| word.parse::<Seen>().ok()) {
        Some(seen) => {
            let provider_call = about.provider_call.clone();
            Reading::Says { about, evidence: Box::new(Evidence { provider_call, ..Evidence::new(Source::Webhook).seen(seen) }) }
        }
        None => Reading::Nothing,
    }
}

pub fn webhook(text: &str) -> RawWebhook {
    RawWebhook { url: None, headers: Vec::new(), body: text.as_bytes().to_vec() }
}

/// What was told.
#[derive(Default)]
pub struct Heard {
    moved: Mutex<Vec<(CallState, CallState, By)>>,
    work: Mutex<Vec<Work>>,
    turns: Mutex<Vec<Turn>>,
}

impl Heard {
    pub fn moved(&self) -> Vec<(CallState, CallState, By)> {
        std::mem::take(&mut *self.moved.lock().unwrap())
    }

    pub fn work(&self) -> Vec<Work> {
        let mut work = std::mem::take(&mut *self.work.lock().unwrap());
        work.sort();
        work.dedup();
        work
    }

    pub fn turns(&self) -> Vec<Turn> {
        std::mem::take(&mut *self.turns.lock().unwrap())
    }
}

impl Signals for Heard {
    fn call_moved(&self, call: &Call, from: CallState, cause: Cause) {
        let by = cause.by;
        self.moved.lock().unwrap().push((from, call.state, by));
    }

    fn work_waiting(&self, work: Work) {
        self.work.lock().unwrap().push(work);
    }

    fn breaker_turned(&self, _: &ConnectionId, turn: Turn) {
        self.turns.lock().unwrap().push(turn);
    }
}

/// What happens to the next save.
pub enum Fault {
    /// It goes through.
    None,
    /// Nothing is written.
    Unavailable,
    /// It is written, and nobody hears of it.
    LostAnswer,
    /// Somebody else was faster, though nothing changed.
    Conflict,
    /// Somebody else saves this first.
    Overtaken(Box<Change>),
}

/// A store that fails as it is told, and remembers what was saved.
pub struct Faulty {
    inner: Arc<Memory>,
    faults: Mutex<VecDeque<Fault>>,
    saved: Mutex<Vec<Change>>,
}

impl Faulty {
    pub fn fails(&self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().unwrap().extend(faults);
    }

    pub fn saved(&self) -> Vec<Change> {
        std::mem::take(&mut *self.saved.lock().unwrap())
    }
}

fn unavailable() -> StoreError {
    StoreError::Unavailable(std::io::Error::other("the disk is full").into())
}

#[async_trait]
impl CallStore for Faulty {
    async fn save(&self, change: Change) -> Result<(), StoreError> {
        let fault = self.faults.lock().unwrap().pop_front().unwrap_or(Fault::None);
        self.saved.lock().unwrap().push(change.clone());
        match fault {
            Fault::None => self.inner.save(change).await,
            Fault::Unavailable => Err(unavailable()),
            Fault::Conflict => Err(StoreError::Conflict),
            Fault::LostAnswer => self.inner.save(change).await.and(Err(unavailable())),
            Fault::Overtaken(other) => {
                self.inner.save(*other).await?;
                self.inner.save(change).await
            }
        }
    }

    async fn insert(
        &self,
        calls: Vec<(Call, Entry)>,
        key: Option<IdempotencyKey>,
        quota: &Quota,
    ) -> Result<Inserted, StoreError> {
        self.inner.insert(calls, key, quota).await
    }

    async fn replay(&self, key: &IdempotencyKey) -> Result<Option<CallId>, StoreError> {
        self.inner.replay(key).await
    }

    async fn get(&self, id: CallId, of: &Reader) -> Result<Call, StoreError> {
        self.inner.get(id, of).await
    }

    async fn find(&self, attempt: &AttemptRef) -> Result<Match, StoreError> {
        CallStore::find(&*self.inner, attempt).await
    }

    async fn is_contested(
        &self,
        attempt: AttemptId,
        connection: &ConnectionId,
        phone: &Phone,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        self.inner.is_contested(attempt, connection, phone, since).await
    }

    async fn list(&self, of: &Reader, filter: &CallFilter, page: Page) -> Result<Vec<Listed>, StoreError> {
        self.inner.list(of, filter, page).await
    }

    async fn list_above(&self, of: &Reader, filter: &CallFilter, call: CallId, limit: u32) -> Result<Vec<Listed>, StoreError> {
        self.inner.list_above(of, filter, call, limit).await
    }

    async fn count(&self, of: &Reader, filter: &CallFilter, at_most: u32) -> Result<u32, StoreError> {
        self.inner.count(of, filter, at_most).await
    }

    async fn history(&self, id: CallId, after: Revision, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.inner.history(id, after, limit).await
    }

    async fn claim(&self, by: WorkerId, lease: Duration, room: &Room, limit: u32) -> Result<Taken, StoreError> {
        self.inner.claim(by, lease, room, limit).await
    }

    async fn pause(&self, connection: &ConnectionId, wait: Duration) -> Result<(), StoreError> {
        self.inner.pause(connection, wait).await
    }

    async fn beat(&self, by: WorkerId, lease: Duration, in_hand: &[CallId]) -> Result<(), StoreError> {
        self.inner.beat(by, lease, in_hand).await
    }

    async fn end_leases_before(&self, by: WorkerId) -> Result<u32, StoreError> {
        self.inner.end_leases_before(by).await
    }

    async fn to_reconcile(
        &self,
        known: &[ConnectionId],
        hold: Duration,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Call>, StoreError> {
        self.inner.to_reconcile(known, hold, limit, now).await
    }

    async fn look_later(&self, id: CallId, from: Revision, looks: Looks, at: Option<Timestamp>) -> Result<(), StoreError> {
        self.inner.look_later(id, from, looks, at).await
    }

    async fn next_moment(&self) -> Result<Option<Timestamp>, StoreError> {
        self.inner.next_moment().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.inner.ping().await
    }
}
