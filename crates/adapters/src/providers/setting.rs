//! Settings of a connection, read into what an adapter needs. A fault names the setting and says what to write.

use std::net::IpAddr;
use std::time::Duration;

use callgate_domain::model::{Phone, Secret};
use callgate_domain::ports::InvalidSettings;
use jiff::SignedDuration;
use serde_json::Value;
use url::{Host, Url};

use super::client::Clients;
use super::{ConnectionSettings, Ports};

/// A result is awaited for so long at most: the domain ends every call that is over after ten minutes.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

impl ConnectionSettings {
    /// The clients of this connection.
    pub(super) fn clients(&self, ports: &Ports) -> Result<Clients, InvalidSettings> {
        let opened = Clients::new(self.request_timeout, ports);
        opened.map_err(|error| self.fault("base_url", format!("cannot be reached from here: {error}")))
    }

    /// A text, where it is set.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, InvalidSettings> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() && !text.contains(char::is_control) => Ok(Some(text)),
            Some(_) => Err(self.fault(name, "must be a text in quotes, not an empty one")),
        }
    }

    /// A text that cannot be left out.
    pub(super) fn needed(&self, name: &str) -> Result<String, InvalidSettings> {
        self.text(name)?.map(str::to_owned).ok_or_else(|| self.fault(name, "is missing"))
    }

    /// One of a few words, or the usual one.
    pub(super) fn choice<T: Copy>(&self, name: &str, usual: T, words: &[(&str, T)]) -> Result<T, InvalidSettings> {
        let Some(text) = self.text(name)? else { return Ok(usual) };
        words.iter().find(|(word, _)| *word == text).map(|(_, meant)| *meant).ok_or_else(|| {
            let all = words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
            self.fault(name, format!("= {text:?} is none of {all}"))
        })
    }

    /// Yes or no, where it is set.
    pub(super) fn truth(&self, name: &str) -> Result<Option<bool>, InvalidSettings> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Value::Bool(truth)) => Ok(Some(*truth)),
            Some(_) => Err(self.fault(name, "must be true or false")),
        }
    }

    /// A duration between `from` and `to`, where it is set.
    pub(super) fn duration(&self, name: &str, from: Duration, to: Duration) -> Result<Option<Duration>, InvalidSettings> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let read: Option<Duration> = text.parse::<SignedDuration>().ok().and_then(|read| read.try_into().ok());
        read.filter(|read| (from..=to).contains(read)).map(Some).ok_or_else(|| {
            self.fault(
                name,
                format!("= {text:?} must be a duration from {}s to {}s, such as \"30s\"", from.as_secs(), to.as_secs()),
            )
        })
    }

    /// `result_wait`: how long a talk that is over waits for what somebody else reports; `None` is not at all.
    pub(super) fn result_wait(&self) -> Result<Option<Duration>, InvalidSettings> {
        Ok(self.duration("result_wait", Duration::ZERO, LONGEST_WAIT)?.filter(|wait| !wait.is_zero()))
    }

    /// A phone number, where it is set.
    pub(super) fn phone(&self, name: &str) -> Result<Option<Phone>, InvalidSettings> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        Phone::parse(text)
            .map(Some)
            .map_err(|error| self.fault(name, format!("= {text:?} {error}; write it as \"+12025550199\"")))
    }

    /// The secret that signs.
    pub(super) fn secret(&self, name: &str) -> Result<Secret, InvalidSettings> {
        self.secrets_of(name).first().cloned().ok_or_else(|| self.fault(name, "is missing"))
    }

    /// `base_url`, or the kind's own: scheme and host, to which the adapter adds whole paths. `http` reaches this machine
    /// alone.
    pub(super) fn origin(&self, own: &str) -> Result<Url, InvalidSettings> {
        let text = self.base_url.as_deref().unwrap_or(own);
        let fault = |fault: String| self.fault("base_url", fault);
        let url = Url::parse(text).map_err(|error| fault(format!("= {text:?} is no URL ({error}); write https://host")))?;
        let beyond = !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some();
        match url.scheme() {
            _ if beyond => Err(fault(format!("= {text:?} must be scheme and host alone: its paths are known"))),
            _ if !url.username().is_empty() || url.password().is_some() => {
                Err(fault("must hold no name and no password".to_owned()))
            }
            "https" => Ok(url),
            "http" if is_this_machine(&url) => Ok(url),
            _ => Err(fault(format!("= {text:?} must begin with https://; http:// reaches this machine alone"))),
        }
    }
}

/// Whether a URL leads to a loopback address.
pub(super) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
