//! A URL that notices may be sent to, and in which way one cannot be.
//!
//! Pure: what a name stands for is found out when it is called (`resolver.rs`), by the same guard.

use std::net::IpAddr;

use callgate_domain::model::endpoint::LONGEST_URL;
use callgate_domain::ports::UrlFault;
use url::{Host, Url};

use super::address::{Blocked, Guard, Reach};

/// Names that mean this machine or its own network, as endings.
const LOCAL_NAMES: [&str; 5] = ["localhost", "local", "internal", "localdomain", "home.arpa"];

/// A URL that may be called, as far as can be told without asking for names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    url: Url,
    /// Whether every address has to be a listed one: it is not https on 443, or its name is one of a local network.
    only_listed: bool,
}

impl Destination {
    /// Reads and checks a URL.
    ///
    /// # Errors
    /// [`UrlFault`], the first that is found.
    pub fn parse(text: &str, guard: &Guard) -> Result<Self, UrlFault> {
        if text.len() > LONGEST_URL {
            return Err(UrlFault::TooLong);
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(UrlFault::Character);
        }
        check_shape(text)?;
        let url = Url::parse(text).map_err(|error| UrlFault::Unreadable(error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlFault::Userinfo);
        }
        if url.fragment().is_some() {
            return Err(UrlFault::Fragment);
        }
        let plain = url.scheme() != "https" || url.port().is_some();
        let only_listed = plain | is_listed_only(&url, guard, plain)?;
        Ok(Self { url, only_listed })
    }

    /// Where to, in the one way to write it.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// Whether every address it is sent to has to be a listed one.
    #[must_use]
    pub const fn only_listed(&self) -> bool {
        self.only_listed
    }

    /// The name to be asked for; `None` where the host is an address, which has passed already.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self.url.host() {
            Some(Host::Domain(name)) => Some(name),
            _ => None,
        }
    }
}

/// That it begins as a URL with a host does. The parser forgives much that others do not: `https:host`, `https:///host`,
/// an empty name before `@`.
fn check_shape(text: &str) -> Result<(), UrlFault> {
    let (scheme, rest) = text.split_once("://").ok_or(UrlFault::Scheme)?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return Err(UrlFault::Scheme);
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match () {
        () if authority.is_empty() => Err(UrlFault::Scheme),
        () if authority.contains('@') => Err(UrlFault::Userinfo),
        () => Ok(()),
    }
}

/// Whether the host asks for listed addresses alone; `plain` is whether the rest of the URL does.
fn is_listed_only(url: &Url, guard: &Guard, plain: bool) -> Result<bool, UrlFault> {
    match url.host().ok_or(UrlFault::Host)? {
        Host::Ipv4(address) => check_address(guard, address.into(), plain),
        Host::Ipv6(address) => check_address(guard, address.into(), plain),
        Host::Domain(name) => {
            check_name(name)?;
            let is_local = !name.contains('.') || LOCAL_NAMES.iter().any(|ending| ends_with_name(name, ending));
            match () {
                () if is_local && guard.lists_nothing() => Err(UrlFault::LocalName(name.to_owned())),
                () if plain && guard.lists_nothing() => Err(UrlFault::NotHttps),
                () => Ok(is_local),
            }
        }
    }
}

fn check_address(guard: &Guard, address: IpAddr, plain: bool) -> Result<bool, UrlFault> {
    match guard.reach(address) {
        Err(Blocked::Private) => Err(UrlFault::Private(address.to_string())),
        Err(Blocked::Never) => Err(UrlFault::Never(Some(address.to_string()))),
        Ok(Reach::Public) if plain => Err(UrlFault::NotHttps),
        Ok(Reach::Public | Reach::Listed) => Ok(false),
    }
}

/// A name of labels as certificates and resolvers know them.
fn check_name(name: &str) -> Result<(), UrlFault> {
    let fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_')
    };
    if name.len() <= 253 && name.split('.').all(fits) { Ok(()) } else { Err(UrlFault::Host) }
}

fn ends_with_name(name: &str, ending: &str) -> bool {
    name.strip_suffix(ending).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}
