//! Where a gateway under measurement keeps things: a folder, and a database in it or on a server. Gone when it is dropped.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;

use crate::report;

/// A folder, with a database that outlives the gateways started on it.
pub struct Place {
    /// Beside the benchmarks' other files, not in a temporary folder: that may be memory, where a flush costs nothing.
    pub folder: PathBuf,
    /// None for a file in the folder.
    pub url: Option<String>,
}

impl Place {
    /// A new one, for a gateway on a file or on the database at `url`.
    pub fn new(url: Option<String>) -> Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("place-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let folder = report::folder()?.join(name);
        std::fs::create_dir_all(folder.join("callgate-data"))?;
        Ok(Self { folder, url })
    }

    /// Its database as a URL.
    pub fn database(&self) -> String {
        let file = || format!("sqlite://{}", self.folder.join("callgate-data/callgate.db").display());
        self.url.clone().unwrap_or_else(file)
    }

    /// From its next start on a gateway here calls over this engine, as fast as it can.
    pub fn calls_over(&self, engine: &str) -> Result<()> {
        let config = format!(
            "[calls]\nallow_numbers = [\"+996\"]\n[connections.engine]\nkind = \"http\"\nbase_url = \"{engine}\"\n\
             secret = {{ env = \"SECRET\" }}\nmax_live = 0\nmax_per_second = 0\n[agents.akylai]\nconnection = \"engine\"\n"
        );
        Ok(std::fs::write(self.folder.join("callgate.toml"), config)?)
    }
}

/// Takes away what runs have left behind that were cut off: it may be many gigabytes.
pub fn sweep() -> Result<()> {
    for entry in std::fs::read_dir(report::folder()?)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let left_by = name.strip_prefix("place-").and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        if left_by.is_some_and(|process| !std::path::Path::new(&format!("/proc/{process}")).exists()) {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

impl Drop for Place {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.folder);
    }
}
