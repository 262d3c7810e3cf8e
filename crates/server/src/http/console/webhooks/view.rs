//! Endpoints and deliveries as rows.

use callgate_domain::model::moment::elapsed;
use callgate_domain::model::{Delivery, DeliveryResult, Endpoint, NotSent};
use jiff::Timestamp;

use crate::http::console::words::{self, Pill};

/// Letters of an address that are shown, and of an id.
const ADDRESS: usize = 100;
const TAIL: usize = 6;

/// Where a client is told.
pub struct EndpointRow {
    /// Its id.
    pub id: String,
    /// Where it is.
    pub address: String,
    /// What its client calls it.
    pub description: Option<String>,
    /// Whose it is.
    pub client: String,
    /// What it is told.
    pub events: Vec<&'static str>,
    /// How it is.
    pub state: Pill,
    /// Since when, for machines and for people.
    pub since: Option<(String, String)>,
    /// Whether anything is sent there.
    pub is_enabled: bool,
}

/// One notice on its way to one endpoint.
pub struct DeliveryRow {
    /// Its id.
    pub id: String,
    /// What became of it.
    pub pill: Pill,
    /// The call, whole and the end of its id; none for a test.
    pub call: Option<(String, String)>,
    /// What it tells.
    pub kind: &'static str,
    /// What was answered last.
    pub answer: String,
    /// From the event until it came through.
    pub took: String,
    /// How often it was tried.
    pub tries: u16,
    /// When, or when next, for people.
    pub when: String,
    /// The same for machines.
    pub when_at: String,
    /// Whether it can be sent again: its endpoint is there and enabled.
    pub can_resend: bool,
    /// It has come through.
    pub is_delivered: bool,
    /// The `webhook-id`.
    pub notice: String,
    /// Where it goes.
    pub address: String,
    /// When the notice was made.
    pub made_at: String,
}

impl EndpointRow {
    /// The row of an endpoint.
    pub fn of(endpoint: &Endpoint, now: Timestamp) -> Self {
        let (state, since) = match (endpoint.disabled_at, endpoint.failing_since) {
            (Some(at), _) => (words::DISABLED, Some(at)),
            (None, Some(at)) => (words::FAILING, Some(at)),
            (None, None) => (words::RECEIVING, None),
        };
        Self {
            id: endpoint.id.to_string(),
            address: cut(endpoint.url.as_str()),
            description: endpoint.description.clone(),
            client: endpoint.client.to_string(),
            events: endpoint.events.iter().map(|event| event.as_str()).collect(),
            state,
            since: since.map(|at| (words::exact(at), words::ago(at, now))),
            is_enabled: endpoint.disabled_at.is_none(),
        }
    }
}

impl DeliveryRow {
    /// The row of a delivery to an endpoint, where that is still there.
    pub fn of(delivery: &Delivery, endpoint: Option<&Endpoint>, now: Timestamp) -> Self {
        let (when, when_at) = when(delivery, now);
        let took = delivery.delivered_at.map(|at| words::took(elapsed(delivery.created_at, at)));
        Self {
            id: delivery.id.to_string(),
            pill: words::delivery(delivery.result, delivery.tries),
            call: delivery.call.map(|id| id.to_string()).map(|id| (id.clone(), tail(&id))),
            kind: delivery.kind.as_str(),
            answer: answer(delivery),
            took: took.unwrap_or_else(|| "-".to_owned()),
            tries: delivery.tries,
            when,
            when_at: words::exact(when_at),
            can_resend: endpoint.is_some_and(|endpoint| endpoint.disabled_at.is_none()),
            is_delivered: delivery.result == DeliveryResult::Delivered,
            notice: delivery.notice.to_string(),
            address: endpoint.map_or_else(|| "an endpoint that is gone".to_owned(), |endpoint| cut(endpoint.url.as_str())),
            made_at: words::exact(delivery.created_at),
        }
    }
}

fn when(delivery: &Delivery, now: Timestamp) -> (String, Timestamp) {
    match (delivery.result, delivery.delivered_at, delivery.next_at) {
        (DeliveryResult::Delivered, Some(at), _) => (words::ago(at, now), at),
        (DeliveryResult::Pending, _, Some(at)) if at <= now => ("now".to_owned(), at),
        (DeliveryResult::Pending, _, Some(at)) => (format!("next {}", words::until(at, now)), at),
        _ => (format!("made {}", words::ago(delivery.created_at, now)), delivery.created_at),
    }
}

fn answer(delivery: &Delivery) -> String {
    match (delivery.last_status, delivery.last_fault) {
        (Some(status), _) => status.to_string(),
        (None, Some(NotSent::Blocked)) => "address not allowed".to_owned(),
        (None, Some(NotSent::NoConnection)) => "no connection".to_owned(),
        (None, Some(NotSent::TimedOut)) => "timeout".to_owned(),
        (None, Some(NotSent::NoCall)) => "the call is gone".to_owned(),
        (None, None) => "-".to_owned(),
    }
}

fn cut(address: &str) -> String {
    let short: String = address.chars().take(ADDRESS).collect();
    if short.len() < address.len() { format!("{short}…") } else { short }
}

fn tail(id: &str) -> String {
    id.get(id.len().saturating_sub(TAIL)..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use callgate_domain::model::moment::later;
    use callgate_domain::model::{Notice, Sent};
    use callgate_domain::testing::builders::{an_endpoint, client};

    use super::*;

    #[test]
    fn a_delivery_says_how_it_went_and_what_comes() {
        let at = Timestamp::from_second(1_767_225_600).unwrap();
        let endpoint = an_endpoint("default", at);
        let fresh = Delivery::of(&Notice::test(client("default"), at, [1; 10]), endpoint.id, at);
        let check = |delivery: &Delivery, expected: [&str; 4]| {
            let row = DeliveryRow::of(delivery, Some(&endpoint), later(at, Duration::from_secs(60)));
            assert_eq!([row.pill.word, &row.answer, &row.took, &row.when], expected);
        };
        check(&fresh, ["Waiting", "-", "-", "now"]);
        let refused = Sent::Answered { status: 502, retry_after: None };
        let tried = fresh.tried(refused, 0.0, at).tried(Sent::Not(NotSent::TimedOut), 0.0, at);
        check(&tried, ["Retrying", "timeout", "-", "next in 4 min"]);
        let accepted = Sent::Answered { status: 204, retry_after: None };
        check(&tried.tried(accepted, 0.0, later(at, Duration::from_millis(1_200))), ["Delivered", "204", "1.2 s", "58 s ago"]);
        let gone = fresh.tried(Sent::Answered { status: 410, retry_after: None }, 0.0, at);
        check(&gone, ["Gave up", "410", "-", "made 1 min ago"]);
        assert!(!DeliveryRow::of(&gone, None, at).can_resend);
    }

    #[test]
    fn a_long_address_is_cut() {
        assert_eq!(cut(&"ж".repeat(300)).chars().count(), ADDRESS + 1);
        assert_eq!(cut("https://a.example"), "https://a.example");
    }
}
