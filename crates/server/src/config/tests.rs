//! What a configuration means, and what is said where it cannot be meant.

use std::path::{Path, PathBuf};

use super::{Config, Environment, Faults, Given};

mod faults;
mod layers;
mod meaning;
mod secrets;

/// A folder with the file `callgate.toml`, read by its short name.
struct Written {
    folder: tempfile::TempDir,
}

impl Written {
    fn new(toml: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("callgate.toml"), toml).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn load(&self, environment: &Environment) -> Result<Config, Faults> {
        let given = Given { config: Some(self.path("callgate.toml")), ..Given::default() };
        Config::load(&given, environment).map_err(|faults| self.shortened(faults))
    }

    /// Without the folder's path, so that tests can compare.
    fn shortened(&self, Faults(mut faults): Faults) -> Faults {
        let folder = format!("{}/", self.folder.path().display());
        for fault in &mut faults {
            fault.place = fault.place.replace(&folder, "");
            fault.what = fault.what.replace(&folder, "");
            fault.then = fault.then.take().map(|then| then.replace(&folder, ""));
        }
        Faults(faults)
    }
}

fn load(toml: &str, environment: &Environment) -> Result<Config, Faults> {
    Written::new(toml).load(environment)
}

fn good(toml: &str) -> Config {
    load(toml, &Environment::default()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// With no file at all, wherever the test runs.
fn without_a_file(given: Given, environment: &Environment) -> Result<Config, Faults> {
    let empty = Written::new("");
    Config::load(&Given { config: Some(empty.path("callgate.toml")), ..given }, environment)
}

const DIALER: &str = r#"
[calls]
allow_numbers = ["+1"]
[connections.dialer]
kind = "http"
base_url = "https://dialer.example.com"
secret = { env = "DIALER_SECRET" }
"#;

fn with_secret() -> Environment {
    Environment::from([("DIALER_SECRET", "whsec_c2VjcmV0")])
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
