//! What the engine knows: whom it dialed, how often it was asked to, and which results were confirmed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use callgate_adapters::clock::SystemClock;
use callgate_domain::ports::Clock;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio_util::sync::CancellationToken;

use super::{Manners, SECRET, Told};
use crate::api::Api;

/// What the engine's own ids begin with; the gateway's follows.
pub const OWN: &str = "theirs-";
/// Tries to have a result confirmed, one each [`BETWEEN_TRIES`].
const TRIES: u32 = 4_000;
const BETWEEN_TRIES: Duration = Duration::from_millis(150);

/// One attempt as the engine knows it.
#[derive(Debug, Clone)]
pub struct Dialed {
    /// The gateway's id of it.
    pub attempt: String,
    pub phone: String,
    /// The engine's own id.
    pub id: String,
    /// How many requests dialed for it.
    pub requests: u32,
    /// When the first came, since the engine began.
    pub at: Duration,
    /// Its result was confirmed with 2xx.
    pub confirmed: bool,
    ends_at: Duration,
    canceled: bool,
    manners: Manners,
}

/// All attempts.
pub struct Book {
    dialed: Mutex<HashMap<String, Dialed>>,
    /// `traceparent` of each request that was to dial, where it had one.
    parents: Mutex<Vec<String>>,
    manners: Box<dyn Fn(&str) -> Manners + Send + Sync>,
    gateway: Mutex<Option<Api>>,
    webhooks: reqwest::Client,
    signing: Webhook,
    clock: SystemClock,
    stop: CancellationToken,
}

impl Dialed {
    /// What its webhook says and nothing else does: where this is, the webhook has been.
    pub fn summary(&self) -> String {
        format!("What was told of {}.", self.id)
    }

    fn result(&self) -> Value {
        let transcript = format!("agent: Hello\nuser: This is {}", self.phone);
        let status = if self.canceled { "canceled" } else { "completed" };
        let mut result = json!({ "event_type": "call.completed", "provider_call_id": self.id, "status": status,
            "transcript": transcript, "duration": 7, "summary": self.summary() });
        // Its id is lost with a gateway that is killed before it wrote the answer down. Who cannot be asked for it says ours.
        if !self.manners.looks_up {
            result["attempt_id"] = json!(self.attempt);
        }
        result
    }
}

impl Book {
    pub fn new(manners: Box<dyn Fn(&str) -> Manners + Send + Sync>, stop: CancellationToken) -> Self {
        callgate_adapters::providers::install_crypto();
        let webhooks = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().expect("a client");
        let signing = Webhook::new(SECRET).expect("a secret");
        let clock = SystemClock::new();
        Self {
            dialed: Mutex::default(),
            parents: Mutex::default(),
            manners,
            gateway: Mutex::default(),
            webhooks,
            signing,
            clock,
            stop,
        }
    }

    fn dialed(&self) -> MutexGuard<'_, HashMap<String, Dialed>> {
        self.dialed.lock().expect("no test panics while it holds the book")
    }

    /// Where results are told, and with which key.
    pub fn tell(&self, gateway: Api) {
        *self.gateway.lock().expect("no test panics while it holds this") = Some(gateway);
    }

    /// What a request to dial is part of.
    pub fn is_part_of(&self, parent: Option<&String>) {
        self.parents.lock().expect("no test panics while it holds this").extend(parent.cloned());
    }

    /// What the requests to dial were part of.
    pub fn parents(&self) -> Vec<String> {
        self.parents.lock().expect("no test panics while it holds this").clone()
    }

    /// Every attempt there was.
    pub fn all(&self) -> Vec<Dialed> {
        self.dialed().values().cloned().collect()
    }

    /// How often each number was dialed.
    pub fn dials_by_phone(&self) -> HashMap<String, u32> {
        let mut dials = HashMap::new();
        for dialed in self.dialed().values() {
            *dials.entry(dialed.phone.clone()).or_default() += dialed.requests;
        }
        dials
    }

    /// Time since the engine began.
    pub fn now(&self) -> Duration {
        self.clock.monotonic()
    }

    /// Whether these are the gateway's own bytes.
    pub fn is_signed(&self, headers: &HashMap<String, String>, body: &[u8]) -> bool {
        let (Some(id), Some(at), Some(signature)) =
            (headers.get("webhook-id"), headers.get("webhook-timestamp"), headers.get("webhook-signature"))
        else {
            return false;
        };
        at.parse().is_ok_and(|at| self.signing.sign(id, at, body).is_ok_and(|own| own == *signature))
    }

    /// Somebody's phone rings.
    pub fn dial(self: &Arc<Self>, order: &Value) -> Option<(Dialed, Manners)> {
        let (attempt, phone) = (order["attempt_id"].as_str()?.to_owned(), order["to"].as_str()?.to_owned());
        let manners = (self.manners)(&phone);
        let now = self.now();
        let mut all = self.dialed();
        let made = all.entry(attempt.clone()).or_insert_with(|| Dialed {
            id: format!("{OWN}{attempt}"),
            attempt,
            phone,
            requests: 0,
            at: now,
            confirmed: false,
            ends_at: now + manners.talk,
            canceled: false,
            manners,
        });
        made.requests += 1;
        let dialed = made.clone();
        drop(all);
        if dialed.requests == 1 && manners.told != Told::WhenAsked {
            let callback = order["callback_url"].as_str().map(str::to_owned);
            tokio::spawn(Arc::clone(self).tell_result(dialed.attempt.clone(), callback));
        }
        Some((dialed, manners))
    }

    /// What a look-up finds, and whether it is answered at all.
    pub fn look_up(&self, attempt: &str) -> (Option<Value>, bool) {
        let now = self.now();
        let all = self.dialed();
        let Some(found) = all.get(attempt) else { return (None, true) };
        let mut answer = json!({ "provider_call_id": found.id, "status": "in_progress" });
        if now >= found.ends_at {
            answer = found.result();
            // Its own webhook says more.
            let fields = answer.as_object_mut().expect("an object");
            fields.retain(|name, _| !matches!(name.as_str(), "event_type" | "summary"));
        }
        (Some(answer), found.manners.looks_up)
    }

    /// Ends a call; whether there was one to end.
    pub fn cancel(&self, attempt: &str) -> bool {
        let now = self.now();
        let mut all = self.dialed();
        let Some(held) = all.get_mut(attempt).filter(|held| now < held.ends_at) else { return false };
        (held.canceled, held.ends_at) = (true, now);
        true
    }

    /// Tells a result until it is confirmed.
    async fn tell_result(self: Arc<Self>, attempt: String, callback: Option<String>) {
        for _ in 0..TRIES {
            let Some(dialed) = self.dialed().get(&attempt).cloned() else { return };
            let wait = dialed.ends_at.saturating_sub(self.now());
            if wait.is_zero() && self.is_confirmed(&dialed, callback.as_deref()).await {
                if let Some(held) = self.dialed().get_mut(&attempt) {
                    held.confirmed = true;
                }
                return;
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(wait.clamp(Duration::from_millis(1), BETWEEN_TRIES)) => {}
            }
        }
    }

    async fn is_confirmed(&self, dialed: &Dialed, callback: Option<&str>) -> bool {
        let result = dialed.result();
        let Some(callback) = callback.filter(|_| dialed.manners.told == Told::ByWebhook) else {
            let gateway = self.gateway.lock().expect("no test panics while it holds this").clone();
            let Some(gateway) = gateway else { return false };
            let answer = gateway.post("/v1/webhooks/call-completed", &result, None).await;
            return answer.is_ok_and(|answer| (200..300).contains(&answer.status));
        };
        let (body, now) = (result.to_string(), self.clock.now().as_second());
        let signature = self.signing.sign(&dialed.attempt, now, body.as_bytes()).expect("a signature");
        let request = self.webhooks.post(callback).header("content-type", "application/json");
        let request = request.header("webhook-id", &dialed.attempt).header("webhook-timestamp", now.to_string());
        let answer = request.header("webhook-signature", signature).body(body).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }
}
