//! Whether the disk has room for what is to be seeded.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::report;

/// What a finished call takes with all its rows and indexes: 2,640 bytes, measured at 5 million calls, and a third to spare.
const SQLITE_BYTES: u64 = 3_500;
/// Not measured: rows and indexes are wider there, and the log stands beside them.
const POSTGRES_BYTES: u64 = 6_000;
/// For logs, and for what is measured.
const BESIDE: u64 = 3 << 30;

/// Stops with what is needed where it is not there. The two databases are there one after the other; Postgres keeps its
/// own in the folder for temporary files.
pub fn check(rows: u64) -> Result<()> {
    for (what, folder, bytes) in [("SQLite", report::folder()?, SQLITE_BYTES), ("Postgres", std::env::temp_dir(), POSTGRES_BYTES)]
    {
        let (needed, free) = (rows * bytes + BESIDE, free(&folder)?);
        let (needed_gb, free_gb) = (needed >> 30, free >> 30);
        ensure!(
            free >= needed,
            "{rows} calls on {what} need {needed_gb} GB in {}, where {free_gb} GB are free: make room, or set CALLGATE_BENCH_ROWS",
            folder.display()
        );
    }
    Ok(())
}

fn free(folder: &Path) -> Result<u64> {
    let told = Command::new("df").arg("-Pk").arg(folder).output().context("run df")?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let kb = told.lines().nth(1).and_then(|line| line.split_whitespace().nth(3)).context("df's fourth column")?;
    Ok(kb.parse::<u64>()? * 1024)
}
