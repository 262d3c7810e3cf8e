//! Connections: whether each provider lets us in and knows our agents. Rings nobody.

use std::collections::BTreeMap;

use callgate_domain::usecases::checks::CheckedRoute;

use super::{Finding, clock};
use crate::config::Config;
use crate::hint;
use crate::wiring::{Plan, ask_all};

const CHECK: &str = "connections";

/// Asks each provider about each agent.
pub async fn look(config: Config, found: &mut Vec<Finding>) {
    let asked = match Plan::of(config, true) {
        Ok(plan) => ask_all(plan).await,
        Err(wrong) => Err(wrong),
    };
    let (routes, apart) = match asked {
        Ok(asked) => asked,
        Err(wrong) => {
            found.push(Finding::fault(CHECK, wrong.to_string(), "Mend that setting"));
            return;
        }
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
        clock::is_apart("provider", apart, found);
    }
}
