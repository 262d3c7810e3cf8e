//! The benchmarks: `just bench`, `just bench-dispatch`, `just bench-full`, and `just bench-plot` for a picture of all.
//!
//! All servers are processes of their own on loopback, and whatever is compared runs in turns: only ratios are worth
//! anything. The goals are those of docs/design/PERFORMANCE.md; what was measured last stands in docs/PERFORMANCE.md.

mod bare;
mod beside;
mod dispatch;
mod flush;
mod full;
mod load;
mod place;
mod plot;
mod report;
mod server;

use std::time::Instant;

use anyhow::{Result, bail, ensure};

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let part = words.next();
    match part.as_deref() {
        Some("bare") => return bare::serve(),
        Some("plot") => return plot::draw(),
        _ => {}
    }
    callgate_adapters::providers::install_crypto();
    // One thread makes the load: the other processor is the server's.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let all_met = runtime.block_on(async {
        match part.as_deref() {
            None => beside::run().await,
            Some("dispatch") => dispatch::run().await,
            Some("full") => full::run(&words.collect::<Vec<_>>()).await,
            Some(other) => bail!("there is no '{other}': nothing, dispatch, full or plot"),
        }
    })?;
    ensure!(all_met, "a goal was missed");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the real time")]
fn now() -> Instant {
    Instant::now()
}

/// The middle one.
fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or_default()
}
