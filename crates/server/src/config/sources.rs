//! Where each value came from, for `config show`.

use super::Config;
use super::fault::Faults;
use super::tree::Origin;

/// What reading all layers gave.
pub struct Reading {
    /// The configuration, or what is wrong with it.
    pub result: Result<Config, Faults>,
    /// Every setting that was looked at, in the order of the sections; secrets hidden.
    pub sources: Vec<Source>,
}

/// One effective value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// `calls.ring_timeout`.
    pub setting: String,
    /// The value as TOML would write it; `-` where there is none, and never a secret.
    pub value: String,
    /// `default`, `callgate.toml:17`, `CALLGATE_LISTEN` or `--listen`.
    pub from: String,
}

impl Source {
    /// A value from `origin`.
    pub(super) fn new(setting: String, value: String, origin: &Origin) -> Self {
        Self { setting, value, from: origin.to_string() }
    }
}
