//! What the disk takes for one flush: the least that anything durable can take.

use std::io::Write;
use std::path::Path;

use anyhow::Result;

use crate::dispatch::at;
use crate::now;

/// About what a small transaction writes.
const BYTES: usize = 4 * 1024;

/// How long each of so many flushes took, in milliseconds, in order: a few KB appended to a file in this folder, and
/// `fdatasync`. Blocks.
pub fn times(folder: &Path, count: u32) -> Result<Vec<f64>> {
    let path = folder.join("flushed");
    let mut file = std::fs::File::create(&path)?;
    let mut took = Vec::new();
    for _ in 0..count {
        let began = now();
        file.write_all(&[7; BYTES])?;
        file.sync_data()?;
        took.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    std::fs::remove_file(path)?;
    took.sort_by(f64::total_cmp);
    Ok(took)
}

/// The middle one, and that which one in a hundred is above.
pub fn p50_and_p99(sorted: &[f64]) -> (f64, f64) {
    (at(sorted, 50), at(sorted, 99))
}
