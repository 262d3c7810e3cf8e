//! Webhook endpoints: whether what is sent there comes through.

use callgate_adapters::store::Stores;
use callgate_domain::model::Endpoint;
use callgate_domain::ports::Reader;

use super::Finding;
use crate::hint;

const CHECK: &str = "endpoints";
const PAGE: u32 = 100;
/// So many faulty ones are named.
const NAMED: usize = 10;

/// Looks at what is known of each; nothing is sent.
pub async fn look(stores: &Stores, found: &mut Vec<Finding>) {
    let (mut after, mut all, mut faults) = (None, 0_usize, Vec::new());
    loop {
        let page = match stores.outbox.endpoints(&Reader::All, after, PAGE).await {
            Ok(page) => page,
            Err(error) => {
                found.push(Finding::fault(CHECK, format!("they cannot be read: {error}"), "Check the database"));
                return;
            }
        };
        all = all.saturating_add(page.len());
        faults.extend(page.iter().filter_map(fault));
        match page.last() {
            Some(last) if page.len() >= PAGE as usize => after = Some(last.id),
            _ => break,
        }
    }
    let more = faults.len().saturating_sub(NAMED);
    faults.truncate(NAMED);
    match (all, faults.is_empty()) {
        (0, _) => found.push(Finding::note(CHECK, "there are none: nobody is told when a call ends")),
        (_, true) => found.push(Finding::good(CHECK, format!("{all}, and nothing fails"))),
        (_, false) => found.append(&mut faults),
    }
    if more > 0 {
        found.push(Finding::note(CHECK, format!("{more} more fail")));
    }
}

fn fault(endpoint: &Endpoint) -> Option<Finding> {
    let url = endpoint.url.as_str();
    match (endpoint.disabled_at, endpoint.failing_since) {
        (Some(at), Some(_)) => Some(Finding::fault(
            CHECK,
            format!("{url} was disabled at {at}: nothing came through"),
            format!("Mend it, then: {}", hint::command(&format!("webhooks enable {}", endpoint.id))),
        )),
        (None, Some(since)) => Some(Finding::fault(
            CHECK,
            format!("nothing has come through to {url} since {since}"),
            format!("See what it answered: {}", hint::command("webhooks list --failed")),
        )),
        _ => None,
    }
}
