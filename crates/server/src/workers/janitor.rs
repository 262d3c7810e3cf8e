//! Forgets what was kept long enough, a little at a time and at no particular moment: several processes may do it at once.

use std::sync::Arc;
use std::time::Duration;

use super::failed;
use crate::gateway::Gateway;

/// How soon it begins after a start, so that a start is about calls.
const FIRST: Duration = Duration::from_secs(20);
/// Between two sweeps that find little.
const IDLE: Duration = Duration::from_mins(1);
/// Between two sweeps while there is more: nobody is to wait for it.
const BUSY: Duration = Duration::from_millis(50);

/// Sweeps until the stop.
pub(super) async fn janitor(gateway: Arc<Gateway>) {
    let mut sleep = FIRST;
    loop {
        tokio::select! {
            () = tokio::time::sleep(spread(&gateway, sleep)) => {}
            () = gateway.stopping.cancelled() => return,
        }
        sleep = match gateway.retain.sweep().await {
            Ok(forgotten) => {
                if forgotten.calls + forgotten.raw + forgotten.webhooks > 0 {
                    let (calls, raw, webhooks) = (forgotten.calls, forgotten.raw, forgotten.webhooks);
                    tracing::info!(calls, raw, webhooks, "forgotten, since their time is over");
                }
                if forgotten.more { BUSY } else { IDLE }
            }
            Err(error) => {
                failed("janitor", "it is tried again", &error);
                IDLE
            }
        };
    }
}

/// By up to a fifth more or less, so that processes do not sweep together.
fn spread(gateway: &Gateway, sleep: Duration) -> Duration {
    sleep.mul_f64(1.0 + 0.2 * gateway.chance.spread().clamp(-1.0, 1.0))
}
