//! Connections: whether each provider lets us in and knows our agents. Rings nobody.

use std::collections::BTreeMap;

use callgate_domain::usecases::checks::CheckedRoute;
use tokio::time::Instant;

use super::{Finding, clock};
use crate::config::Config;
use crate::hint;
use crate::wiring::{Plan, ask_all};

const CHECK: &str = "connections";

/// Asks all providers at once, each about one agent after the other, and nobody any more `by` then.
pub async fn look(config: Config, by: Instant) -> Vec<Finding> {
    let mut found = Vec::new();
    let asked = match Plan::of(config, true) {
        Ok(plan) => ask_all(plan, by).await,
        Err(wrong) => Err(wrong),
    };
    let (routes, apart) = match asked {
        Ok(asked) => asked,
        Err(wrong) => return vec![Finding::fault(CHECK, wrong.to_string(), "Mend that setting")],
    };
    let mut by_connection: BTreeMap<_, Vec<CheckedRoute>> = BTreeMap::new();
    for route in routes {
        by_connection.entry(route.connection.clone()).or_default().push(route);
    }
    for (connection, routes) in by_connection {
        let faults: Vec<_> = routes.iter().filter(|route| !route.health.ready).collect();
        found.extend(faults.iter().map(|route| {
            let fix = format!("Mend it, then: {}", hint::command("agents check"));
            Finding::fault(CHECK, format!("{} over {connection}: {}", route.agent, route.health.detail), fix)
        }));
        if faults.is_empty() {
            let agents: Vec<_> = routes.iter().map(|route| route.agent.to_string()).collect();
            found.push(Finding::good(CHECK, format!("{connection}: ready for {}", agents.join(", "))));
        }
    }
    if let Some(apart) = apart {
        clock::is_apart("provider", apart, &mut found);
    }
    found
}
