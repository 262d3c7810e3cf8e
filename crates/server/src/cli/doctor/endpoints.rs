//! Webhook endpoints: whether what is sent there comes through.

use callgate_adapters::store::Look;
use callgate_domain::model::Endpoint;
use callgate_domain::ports::StoreError;

use super::Finding;
use crate::hint;

const CHECK: &str = "endpoints";
const PAGE: u32 = 100;
/// So many are read: 100,000 tell enough.
const PAGES: usize = 1_000;
/// So many faulty ones are named.
const NAMED: usize = 10;

/// What is known of them: how many there are, and the faults.
pub type Known = Result<(usize, Vec<Finding>), StoreError>;

/// Reads what is known of each; nothing is sent. Blocks.
pub fn read(look: &mut Look) -> Known {
    let (mut after, mut all, mut faults) = (None, 0_usize, Vec::new());
    for _ in 0..PAGES {
        let page = look.endpoints(after, PAGE)?;
        all = all.saturating_add(page.len());
        faults.extend(page.iter().filter_map(fault));
        match page.last() {
            Some(last) if page.len() >= PAGE as usize => after = Some(last.id),
            _ => break,
        }
    }
    Ok((all, faults))
}

/// Says what was found.
pub fn tell(known: Known) -> Vec<Finding> {
    let (all, mut faults) = match known {
        Ok(known) => known,
        Err(error) => return vec![Finding::fault(CHECK, format!("they cannot be read: {error}"), "Check the database")],
    };
    let more = faults.len().saturating_sub(NAMED);
    faults.truncate(NAMED);
    match (all, faults.is_empty()) {
        (0, _) => faults.push(Finding::note(CHECK, "there are none: nobody is told when a call ends")),
        (_, true) => faults.push(Finding::good(CHECK, format!("{all}, and nothing fails"))),
        (_, false) if more > 0 => faults.push(Finding::note(CHECK, format!("{more} more fail"))),
        (_, false) => {}
    }
    faults
}

fn fault(endpoint: &Endpoint) -> Option<Finding> {
    let url = endpoint.url.as_str();
    match (endpoint.disabled_at, endpoint.failing_since) {
        (Some(at), Some(_)) => Some(Finding::fault(
            CHECK,
            format!("{url} was disabled at {at}: nothing came through"),
            format!(
                "Mend it, then: {}, and for what it missed: {}",
                hint::command(&format!("webhooks enable {}", endpoint.id)),
                hint::command(&format!("webhooks recover {} --since 24h", endpoint.id)),
            ),
        )),
        (None, Some(since)) => Some(Finding::fault(
            CHECK,
            format!("nothing has come through to {url} since {since}"),
            format!("See what it answered: {}", hint::command("webhooks list --failed")),
        )),
        _ => None,
    }
}
