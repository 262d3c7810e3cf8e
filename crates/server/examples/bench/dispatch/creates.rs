//! Creates on Postgres with hints to other processes and without, in turns, inside this process: the same use case, told
//! to a hub that relays or to one that does not.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use callgate_domain::model::{Asked, ClientId, KeyId, Phone};
use callgate_domain::ports::Signals;
use callgate_domain::usecases::calls::PlaceCall;
use callgate_server::config::{Config, Environment, Given};
use callgate_server::signals::Hub;
use callgate_server::telemetry;
use callgate_server::wiring::{Plan, wire};
use jiff::Timestamp;
use tokio::task::JoinSet;

use crate::{median, now};

const ROUNDS: usize = 5;
const RUN: Duration = Duration::from_secs(2);
const AT_ONCE: u32 = 64;

/// Measures both, and prints the rates.
pub async fn measure(url: &str) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("callgate-creates-{}", std::process::id()));
    let given = Given { database_url: Some(url.to_owned()), data_dir: Some(folder), ..Given::default() };
    let config = Config::load(&given, &Environment::default()).map_err(|faults| anyhow::anyhow!("{faults}"))?;
    let metrics = telemetry::start_metrics("postgres")?;
    let mut gateway = wire(Plan::of(config, false)?, metrics).await?;
    let relaying = Arc::clone(&gateway.calls.signals);
    let silent: Arc<dyn Signals> = Arc::new(Hub::new());
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        for (signals, rates) in [(&silent, &mut without), (&relaying, &mut with)] {
            gateway.calls.signals = Arc::clone(signals);
            let held = Arc::new(gateway.calls);
            let rate = run(&held).await?;
            gateway.calls = Arc::into_inner(held).context("nobody else holds it")?;
            // The first pair warms up.
            if round > 0 {
                rates.push(rate);
            }
        }
    }
    let (with, without) = (median(with), median(without));
    let told = "creates/s on Postgres, 64 at once";
    writeln!(std::io::stdout(), "{told}: {without:.0} without hints to other processes, {with:.0} with them")?;
    Ok(())
}

async fn run(calls: &Arc<callgate_domain::usecases::Calls>) -> Result<f64> {
    let started = now();
    let mut tasks = JoinSet::new();
    for _ in 0..AT_ONCE {
        let calls = Arc::clone(calls);
        tasks.spawn(async move {
            let mut count: u32 = 0;
            while started.elapsed() < RUN {
                calls.place(wish()?).await?;
                count += 1;
            }
            anyhow::Ok(count)
        });
    }
    let mut count = 0;
    while let Some(done) = tasks.join_next().await {
        count += done??;
    }
    Ok(f64::from(count) / started.elapsed().as_secs_f64())
}

fn wish() -> Result<PlaceCall> {
    Ok(PlaceCall {
        client: ClientId::new("default")?,
        key: KeyId::new(Timestamp::UNIX_EPOCH, [0; 10]),
        phone: Phone::parse("+996700000000")?,
        agent: "akylai".to_owned(),
        asked: Asked::default(),
        max_duration: None,
        retry: None,
        idempotency_key: None,
    })
}
