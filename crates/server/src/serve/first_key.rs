//! The first key: given by the operator, or made once where only this machine can reach us.

use std::path::PathBuf;

use callgate_domain::model::Secret;
use callgate_domain::ports::Chance;
use callgate_domain::usecases::keys;

use super::data_dir::DataDir;
use super::{misconfigured, refused};
use crate::config::Config;
use crate::failure::Failure;
use crate::gateway::Gateway;

/// A key that is shorter can be guessed.
const SHORTEST: usize = 32;

/// The first key of this process.
#[derive(Debug)]
pub struct FirstKey {
    /// The key.
    pub secret: Secret,
    /// This start made it: it is shown once.
    pub was_made: bool,
    /// Where it is kept, if it is.
    pub file: Option<PathBuf>,
}

/// Where a first key may come from.
#[derive(Debug)]
pub struct Rules {
    given: Option<String>,
    given_file: Option<PathBuf>,
    loopback: bool,
}

impl Rules {
    /// As the environment and the address say.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self {
            given: std::env::var("CALLGATE_KEY").ok(),
            given_file: std::env::var_os("CALLGATE_KEY_FILE").map(PathBuf::from),
            loopback: config.server.listen.ip().is_loopback(),
        }
    }

    /// Finds or makes the first key, and has the store know it. None where another process that shares the database has
    /// settled it, and nothing is given here.
    ///
    /// # Errors
    /// There is none and none may be made, or it is no good.
    pub async fn settle(&self, gateway: &Gateway, data: &DataDir) -> Result<Option<FirstKey>, Failure> {
        let failed =
            |error| refused(format!("the first key could not be kept: {error}"), "Check that the database can be written.");
        let given = self.given.is_some() || self.given_file.is_some() || data.key_file().exists();
        if !given && gateway.key_store.has_first().await.map_err(failed)? {
            return Ok(None);
        }
        let key = self.find(data, gateway.chance.as_ref())?;
        gateway.keys.set_first(&key.secret).await.map_err(failed)?;
        Ok(Some(key))
    }

    fn find(&self, data: &DataDir, chance: &dyn Chance) -> Result<FirstKey, Failure> {
        match (&self.given, &self.given_file) {
            (Some(_), Some(_)) => Err(misconfigured("CALLGATE_KEY and CALLGATE_KEY_FILE are both set", "Unset one of them.")),
            (Some(given), None) => Ok(FirstKey { secret: long_enough(given, "CALLGATE_KEY")?, was_made: false, file: None }),
            (None, Some(file)) => {
                let text = std::fs::read_to_string(file).map_err(|error| {
                    misconfigured(
                        format!("{} (CALLGATE_KEY_FILE) cannot be read: {error}", file.display()),
                        "Mend the file or the name.",
                    )
                })?;
                Ok(FirstKey { secret: long_enough(&text, "CALLGATE_KEY_FILE")?, was_made: false, file: Some(file.clone()) })
            }
            (None, None) => self.keep(data, chance),
        }
    }

    fn keep(&self, data: &DataDir, chance: &dyn Chance) -> Result<FirstKey, Failure> {
        let file = data.key_file();
        match std::fs::read_to_string(&file) {
            Ok(text) => {
                let name = file.display().to_string();
                Ok(FirstKey { secret: long_enough(&text, &name)?, was_made: false, file: Some(file) })
            }
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(refused(
                format!("{} cannot be read: {error}", file.display()),
                "Mend its permissions, or give a key in CALLGATE_KEY.",
            )),
            Err(_none) if !self.loopback => Err(misconfigured(
                "there is no API key, and none is made on an address that others can reach",
                "Give one of 32 characters or more: export CALLGATE_KEY=\"cg_$(head -c 32 /dev/urandom | base64 | tr -d '+/=\\n')\"",
            )),
            Err(_none) => {
                let key = keys::fresh(chance);
                let failed = |error| {
                    refused(format!("{} cannot be written: {error}", file.display()), "Choose another folder with --data-dir.")
                };
                data.keep_key(key.expose()).map_err(failed)?;
                Ok(FirstKey { secret: key, was_made: true, file: Some(file) })
            }
        }
    }
}

fn long_enough(text: &str, from: &str) -> Result<Secret, Failure> {
    let key = text.trim();
    let usable = key.len() >= SHORTEST && key.chars().all(|c| c.is_ascii_graphic());
    Secret::new(key).filter(|_| usable).ok_or_else(|| {
        misconfigured(
            format!("{from} holds no usable key: it needs {SHORTEST} or more visible ASCII characters"),
            "Make one: echo \"cg_$(head -c 32 /dev/urandom | base64 | tr -d '+/=\\n')\"",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Exit;

    struct Zeros;
    impl Chance for Zeros {
        fn bytes(&self, into: &mut [u8]) {
            into.fill(0);
        }
    }

    fn rules(given: Option<&str>, loopback: bool) -> Rules {
        Rules { given: given.map(ToOwned::to_owned), given_file: None, loopback }
    }

    #[test]
    fn a_key_is_made_once_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path(), false).unwrap();
        let made = rules(None, true).find(&data, &Zeros).unwrap();
        assert!(made.was_made && made.secret.expose().starts_with("cg_") && made.secret.expose().len() == 46);
        let found = rules(None, false).find(&data, &Zeros).unwrap();
        assert!(!found.was_made);
        assert_eq!(found.secret.expose(), made.secret.expose());
    }

    #[test]
    fn none_is_made_where_others_can_reach_us() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path(), false).unwrap();
        let refused = rules(None, false).find(&data, &Zeros).unwrap_err();
        assert_eq!(refused.exit, Exit::Configuration);
        assert!(refused.then.unwrap().contains("CALLGATE_KEY"));
        assert!(!data.key_file().exists());
    }

    #[test]
    fn a_short_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path(), false).unwrap();
        assert_eq!(rules(Some("short"), true).find(&data, &Zeros).unwrap_err().exit, Exit::Configuration);
        assert!(rules(Some(&"k".repeat(32)), true).find(&data, &Zeros).is_ok());
    }
}
