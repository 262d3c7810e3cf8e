//! The `twilio` kind: telephony, behind which an agent answers the TwiML that a call is connected to.
//!
//! Traffic only. What Twilio's words mean is in `translate.rs`, its forms and JSON in `wire.rs`. Twilio hears nothing of
//! what is said: whoever talks reports it.

mod signature;
#[cfg(feature = "testing")]
pub(super) mod stub;
pub(super) mod translate;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use callgate_domain::model::provider::{AudioOrder, Cancel, Capabilities, Health, LookUpOrder, Pace, PlaceOrder};
use callgate_domain::model::{ConnectionId, Phone, Placing, ProviderCallId, Route};
use callgate_domain::ports::{
    AttemptRef, Audio, Authentic, Clock, Found, InvalidSettings, ProviderError, RawWebhook, Reading, VoiceProvider, WebhookError,
};
use jiff::Timestamp;
use reqwest::Method;
use url::Url;

use super::client::{Clients, Outgoing};
use super::download;
use super::keys::{Keys, Sum};
use super::setting::is_this_machine;
use super::words::UnknownWords;
use super::{BaseUrl, ConnectionSettings, Kind, Ports, Setting};

const OWN: &str = "https://api.twilio.com";
/// Pages of a list that are read at most.
const PAGES: usize = 3;

/// The registry's entry.
pub const KIND: Kind = Kind {
    name: "twilio",
    is_test: false,
    request_timeout: Duration::from_secs(30),
    base_url: BaseUrl::Default(OWN),
    settings: &[
        Setting { name: "account_sid", needed: true, secret: false },
        Setting { name: "auth_token", needed: true, secret: true },
        Setting { name: "from", needed: true, secret: false },
        Setting { name: "api_key_sid", needed: false, secret: false },
        Setting { name: "api_key_secret", needed: false, secret: true },
        Setting { name: "machine_detection", needed: false, secret: false },
        Setting { name: "result_wait", needed: false, secret: false },
    ],
    build,
};

struct Twilio {
    id: ConnectionId,
    base_url: Url,
    account: String,
    /// The `Authorization` of requests.
    login: String,
    tokens: Keys,
    from: Phone,
    webhook_url: Option<String>,
    detects_machines: bool,
    result_wait: Option<Duration>,
    clients: Clients,
    clock: Arc<dyn Clock>,
    unknown: UnknownWords,
}

fn build(settings: &ConnectionSettings, ports: Ports) -> Result<Arc<dyn VoiceProvider>, InvalidSettings> {
    let account = settings.needed("account_sid")?;
    if !account.starts_with("AC") || !account.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(settings.fault("account_sid", "is no account's; it begins with AC and stands in Twilio's console"));
    }
    let tokens = Keys::new(Sum::Sha1, settings.secrets_of("auth_token")).map_err(|fault| settings.fault("auth_token", fault))?;
    let from = settings.phone("from")?.ok_or_else(|| settings.fault("from", "is missing"))?;
    let clients = settings.clients(&ports)?;
    Ok(Arc::new(Twilio {
        id: settings.id.clone(),
        base_url: settings.origin(OWN)?,
        login: login(settings, &account)?,
        account,
        tokens,
        from,
        webhook_url: settings.webhook_url.clone(),
        detects_machines: settings.truth("machine_detection")?.unwrap_or(true),
        result_wait: settings.result_wait()?,
        clients,
        clock: ports.clock,
        unknown: UnknownWords::default(),
    }))
}

/// Who asks: an API key where there is one, else the account itself.
fn login(settings: &ConnectionSettings, account: &str) -> Result<String, InvalidSettings> {
    let has_secret = !settings.secrets_of("api_key_secret").is_empty();
    let (name, secret) = match settings.text("api_key_sid")? {
        Some(name) => (name, settings.secret("api_key_secret")?),
        None if has_secret => return Err(settings.fault("api_key_sid", "is missing beside api_key_secret; it begins with SK")),
        None => (account, settings.secret("auth_token")?),
    };
    Ok(format!("Basic {}", STANDARD.encode(format!("{name}:{}", secret.expose()))))
}

impl Twilio {
    /// `Calls.json`, or one call.
    fn calls(&self, id: Option<&ProviderCallId>) -> Url {
        let mut url = self.base_url.clone();
        // Only a URL without a host has no path to extend, and `origin` refused those.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["2010-04-01", "Accounts", &self.account]);
            match id {
                Some(id) => path.extend(["Calls", &format!("{}.json", id.as_str())]),
                None => path.push("Calls.json"),
            };
        }
        url
    }

    fn get(&self, url: Url) -> Outgoing {
        Outgoing::bare(Method::GET, url).with("authorization", &*self.login)
    }

    fn post(&self, url: Url, fields: &[(&str, String)]) -> Outgoing {
        let fields = fields.iter().map(|(name, value)| (*name, value.as_str()));
        Outgoing::form(url, fields).with("authorization", &*self.login)
    }

    async fn list(&self, order: &LookUpOrder) -> Result<Found, ProviderError> {
        let list = self.calls(None);
        let mut url = list.clone();
        url.query_pairs_mut().append_pair("To", order.phone.e164()).append_pair("PageSize", "50");
        let mut candidates = Vec::new();
        for _page in 0..PAGES {
            let answer = self.clients.ask(self.get(url)).await?;
            let page = translate::listed(&answer, order.phone.e164(), order.sent_at, self.result_wait, self.clock.now())?;
            for heard in page.calls {
                self.log_once(heard.unknown.as_deref());
                candidates.push(heard.evidence);
            }
            // One of several may be there, unread: picking among the others would be wrong.
            if page.is_partly_unread {
                break;
            }
            match page.next.as_deref().map(|next| translate::next_page(&list, next)) {
                None => return Ok(Found::Candidates(candidates)),
                Some(Some(next)) => url = next,
                Some(None) => break,
            }
        }
        Ok(Found::Absent { complete: false })
    }

    fn log_once(&self, unknown: Option<&str>) {
        if let Some(word) = unknown.and_then(|word| self.unknown.news(word)) {
            tracing::warn!(connection = %self.id, status = word, "unknown status, ignored: look-ups will settle the call");
        }
    }
}

#[async_trait]
impl VoiceProvider for Twilio {
    fn capabilities(&self) -> Capabilities {
        let poll = Pace::every(Duration::from_secs(60));
        Capabilities { cancel: Cancel::Always, by_id: true, by_reference: false, by_window: true, poll }
    }

    fn check_route(&self, route: &Route) -> Result<(), InvalidSettings> {
        let url = Url::parse(&route.remote_id).ok();
        let can_be_asked = url.is_some_and(|url| url.scheme() == "https" || (url.scheme() == "http" && is_this_machine(&url)));
        if can_be_asked {
            return Ok(());
        }
        let fault = "must be the address of the agent's TwiML, which begins with https://".to_owned();
        Err(InvalidSettings { field: "remote_id".to_owned(), fault })
    }

    async fn probe(&self, _: &Route) -> Result<Health, ProviderError> {
        let mut url = self.calls(None);
        url.query_pairs_mut().append_pair("PageSize", "1");
        Ok(translate::health(&self.clients.ask(self.get(url)).await?))
    }

    async fn place(&self, order: &PlaceOrder) -> Placing {
        let terms = wire::Terms {
            from: order.from.as_ref().unwrap_or(&self.from).e164(),
            webhook_url: self.webhook_url.as_deref(),
            detects_machines: self.detects_machines,
        };
        self.clients
            .place(self.post(self.calls(None), &wire::order(order, &terms)), (&self.id, order.attempt), |answer| {
                translate::placing(answer, self.clock.now())
            })
            .await
    }

    /// `completed` ends a call whatever it does; `canceled` would leave one that was answered meanwhile.
    async fn cancel(&self, order: &LookUpOrder) -> Result<(), ProviderError> {
        let id = order.provider_call.as_ref().ok_or(ProviderError::Unsupported)?;
        let request = self.post(self.calls(Some(id)), &[("Status", "completed".to_owned())]);
        translate::canceled(&self.clients.ask(request).await?, self.clock.now())
    }

    async fn look_up(&self, order: &LookUpOrder) -> Result<Found, ProviderError> {
        let Some(id) = &order.provider_call else { return self.list(order).await };
        let answer = self.clients.ask(self.get(self.calls(Some(id)))).await?;
        let Some(heard) = translate::found(&answer, id, self.result_wait, self.clock.now())? else {
            return Ok(Found::Absent { complete: true });
        };
        self.log_once(heard.unknown.as_deref());
        Ok(Found::Evidence(Box::new(heard.evidence)))
    }

    fn verify(&self, webhook: &RawWebhook, _: Timestamp) -> Result<Authentic, WebhookError> {
        signature::verify(&self.tokens, webhook)
    }

    fn read(&self, webhook: &Authentic) -> Reading {
        let webhook = webhook.webhook();
        let said = translate::webhook(webhook.url.as_deref(), &webhook.body, self.result_wait);
        let Some((attempt, id, heard)) = said else { return Reading::Nothing };
        self.log_once(heard.unknown.as_deref());
        if heard.says_nothing() {
            return Reading::Nothing;
        }
        let about = AttemptRef { attempt, provider_call: Some(id), connection: Some(self.id.clone()) };
        Reading::Says { about, evidence: Box::new(heard.evidence) }
    }

    fn event_id(&self, webhook: &Authentic) -> Option<String> {
        translate::event_id(&webhook.webhook().body)
    }

    /// The audio at the address that was told; the key goes to the provider's own address alone.
    async fn recording(&self, order: &AudioOrder) -> Result<Audio, ProviderError> {
        let key = [("authorization", self.login.to_string())];
        download::recording(&self.clients, &self.base_url, &key, order, self.clock.now()).await
    }
}
