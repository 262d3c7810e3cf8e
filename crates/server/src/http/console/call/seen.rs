//! Everything that the page of a call is made of, read at one moment.

use std::collections::BTreeMap;
use std::time::Duration;

use callgate_domain::model::call::{Attempt, Entry, TranscriptStatus};
use callgate_domain::model::{Call, CallId, Delivery, DeliveryResult, EndpointId, EndpointUrl, NoticeType, Revision, Status};
use callgate_domain::ports::{DeliveryFilter, DeliveryPage, Reader, StoreError};
use callgate_domain::usecases::agents::PublicAgent;
use jiff::Timestamp;
use url::Url;

use crate::http::Http;

/// Deliveries that are read.
const DELIVERIES: u32 = 50;
/// Endpoints of one client that are read: it cannot have more.
const ENDPOINTS: u32 = callgate_domain::model::endpoint::MOST_ENDPOINTS;
/// A page of history, and how many are read.
const ENTRIES: u32 = 200;
const PAGES: usize = 5;
/// So long after its end a call's result is awaited on the page.
const AWAITED: Duration = Duration::from_mins(1);

/// A call and what stands behind it.
pub struct Seen {
    /// The call.
    pub call: Call,
    /// Its attempts, oldest first.
    pub attempts: Vec<Attempt>,
    /// Its past, oldest first.
    pub entries: Vec<Entry>,
    /// What was sent of it, newest first.
    pub deliveries: Vec<Delivery>,
    /// Hosts that are told when it ends.
    pub hosts: Vec<String>,
    /// The host of each endpoint.
    pub host_of: BTreeMap<EndpointId, String>,
    /// Its agent, while clients may call with it.
    pub agent: Option<PublicAgent>,
    /// Whether its end can be asked for.
    pub can_cancel: bool,
    /// When it was read.
    pub now: Timestamp,
}

impl Seen {
    /// Reads it.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn load(http: &Http, id: CallId, reader: &Reader) -> Result<Self, StoreError> {
        let gateway = &http.gateway;
        let call = gateway.calls.get(id, reader).await?;
        let attempts = gateway.inspect.inspection.attempts(id).await?;
        let mut entries = Vec::new();
        for _ in 0..PAGES {
            let after = entries.last().map_or(Revision(0), |last: &Entry| last.revision);
            let page = gateway.calls.history(id, reader, after, ENTRIES).await?;
            let is_last = page.len() < ENTRIES as usize;
            entries.extend(page);
            if is_last {
                break;
            }
        }
        let filter = DeliveryFilter { call: Some(id), ..DeliveryFilter::default() };
        let page = DeliveryPage { before: None, limit: DELIVERIES };
        let deliveries = gateway.endpoints.deliveries(reader, &filter, page).await?;
        let endpoints = gateway.endpoints.list(&Reader::Client(call.client.clone()), None, ENDPOINTS).await?;
        let told = endpoints.iter().filter(|one| one.disabled_at.is_none() && one.events.contains(&NoticeType::CallCompleted));
        Ok(Self {
            hosts: told.map(|endpoint| host(&endpoint.url)).collect(),
            host_of: endpoints.iter().map(|endpoint| (endpoint.id, host(&endpoint.url))).collect(),
            agent: gateway.agents.get(call.agent.as_str()),
            can_cancel: gateway.calls.can_be_canceled(&call),
            now: gateway.clock.now(),
            call,
            attempts,
            entries,
            deliveries,
        })
    }

    /// Whether more of it may be seen soon: it goes on, or its words or its webhook are on their way.
    pub fn is_awaited(&self) -> bool {
        let Some(ended_at) = self.call.ended_at.filter(|_| self.call.state.is_terminal()) else {
            return !self.call.state.is_terminal();
        };
        let is_fresh = callgate_domain::model::moment::elapsed(ended_at, self.now) < AWAITED;
        let has_words_to_come = matches!(self.call.transcript_status, TranscriptStatus::Pending | TranscriptStatus::Partial);
        let is_on_its_way = self.deliveries.iter().any(|one| one.result == DeliveryResult::Pending && one.tries < 2);
        is_fresh && (has_words_to_come || is_on_its_way)
    }

    /// When the phone began to ring in the newest try, where that was told.
    pub fn rang_at(&self) -> Option<Timestamp> {
        let since = self.call.dialed_at?;
        self.entries.iter().find(|entry| entry.status == Status::Ringing && entry.at >= since).map(|entry| entry.at)
    }
}

/// Where an endpoint is, without its path, which may hold a token.
fn host(url: &EndpointUrl) -> String {
    let host = Url::parse(url.as_str()).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "an endpoint".to_owned())
}
