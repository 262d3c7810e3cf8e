//! The simulation for as many seeds as one likes, in parts: what a run has done stays done, and the next goes on from there.
//!
//! `soak [seeds] [folder]`: a million seeds, with a line for each part of 20,000 in `target/soak/simulation`. A seed that
//! breaks a promise ends the run with the command that shows it again.
#![expect(clippy::print_stdout, reason = "it is a command, and this is its output")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use callgate_domain::testing::simulation::{Counts, Fault, Tally, run_all};

/// Seeds of one part.
const PART: u64 = 20_000;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let seeds: u64 = arguments.next().map_or(Ok(1_000_000), |text| text.parse()).context("the number of seeds")?;
    let folder = arguments.next().map_or_else(|| PathBuf::from("target/soak/simulation"), PathBuf::from);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let (mut tally, mut faults, mut took) = (Tally::default(), Counts::default(), Duration::ZERO);
    for from in (0..seeds).step_by(usize::try_from(PART)?) {
        let until = seeds.min(from + PART);
        let (part, befell, time) = match read(&folder, from, until)? {
            Some(done) => done,
            None => write(&folder, from, until)?,
        };
        tally.merge(&part);
        faults.merge(&befell);
        took += time;
        println!("{until:>9} of {seeds} seeds, {:.0} s: {tally}", took.as_secs_f64());
    }
    for fault in Fault::ALL {
        println!("{:>10} {fault}", faults.of(*fault));
    }
    Ok(())
}

fn file(folder: &Path, from: u64, until: u64) -> PathBuf {
    folder.join(format!("{from}-{until}"))
}

/// A part that an earlier run has done.
fn read(folder: &Path, from: u64, until: u64) -> Result<Option<(Tally, Counts, Duration)>> {
    let Ok(text) = std::fs::read_to_string(file(folder, from, until)) else { return Ok(None) };
    let (mut tally, mut faults, mut took) = (Tally::default(), Counts::default(), Duration::ZERO);
    for line in text.lines() {
        let (name, count) = line.rsplit_once(' ').context("a line without a number")?;
        let count: u64 = count.parse().context("a line without a number")?;
        match name {
            "milliseconds" => took = Duration::from_millis(count),
            _ if tally.set(name, count) => {}
            _ => faults.set(name.parse().context("a fault that is not known")?, count),
        }
    }
    Ok(Some((tally, faults, took)))
}

#[expect(clippy::disallowed_methods, reason = "it measures how long a part took")]
fn write(folder: &Path, from: u64, until: u64) -> Result<(Tally, Counts, Duration)> {
    let begun = std::time::Instant::now();
    let (tally, faults) = match run_all(from..until) {
        Ok(counted) => counted,
        Err(report) => bail!("{}", report.told()),
    };
    let took = begun.elapsed();
    let mut text = Vec::new();
    writeln!(text, "milliseconds {}", took.as_millis())?;
    for (name, count) in tally.all() {
        writeln!(text, "{name} {count}")?;
    }
    for fault in Fault::ALL {
        writeln!(text, "{fault} {}", faults.of(*fault))?;
    }
    std::fs::write(file(folder, from, until), text)?;
    Ok((tally, faults, took))
}
