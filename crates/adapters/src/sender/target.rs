//! A URL that notices may be sent to, and in which way one cannot be.
//!
//! Pure: what a name stands for is found out when it is called (`resolver.rs`), by the same guard.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use super::address::{Blocked, Guard, Reach};

/// The longest URL, in bytes.
pub const MAX_URL: usize = 2_048;

/// Names that mean this machine or its own network, as endings.
const LOCAL_NAMES: [&str; 5] = ["localhost", "local", "internal", "localdomain", "home.arpa"];

/// A URL that may be called, as far as can be told without asking for names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
    /// Whether every address has to be a listed one: it is not https on 443, or its name is one of a local network.
    only_listed: bool,
}

/// Why a URL is not called. Shown to whoever gave it: a sentence that goes on after `url`, and says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlFault {
    /// Longer than [`MAX_URL`].
    TooLong,
    /// A space, a control character or a backslash, which programs read differently.
    Character,
    /// Neither `https://host…` nor, where something is listed, `http://host…`.
    Scheme,
    /// It does not parse.
    Malformed(url::ParseError),
    /// A name or password before the host.
    Userinfo,
    /// A `#`.
    Fragment,
    /// The host is no name that can be asked for.
    Name,
    /// `http`, or a port, that only listed addresses may have.
    NotHttps,
    /// A name of this machine or a local network.
    LocalName(String),
    /// The host is an address that may not be reached.
    Address(IpAddr, Blocked),
    /// The name stands for an address that may not be reached. Which one is not said: the client may not know it.
    Resolves(Blocked),
}

impl Target {
    /// Reads and checks a URL.
    ///
    /// # Errors
    /// [`UrlFault`], the first that is found.
    pub fn parse(text: &str, guard: &Guard) -> Result<Self, UrlFault> {
        if text.len() > MAX_URL {
            return Err(UrlFault::TooLong);
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(UrlFault::Character);
        }
        check_shape(text)?;
        let url = Url::parse(text).map_err(UrlFault::Malformed)?;
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
    match url.host().ok_or(UrlFault::Name)? {
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
        Err(blocked) => Err(UrlFault::Address(address, blocked)),
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
    if name.len() <= 253 && name.split('.').all(fits) { Ok(()) } else { Err(UrlFault::Name) }
}

fn ends_with_name(name: &str, ending: &str) -> bool {
    name.strip_suffix(ending).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

impl fmt::Display for UrlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "is longer than {MAX_URL} bytes. Write a shorter one."),
            Self::Character => f.write_str(
                "has a space, a control character or a backslash. Write them percent-encoded, or leave them out.",
            ),
            Self::Scheme => f.write_str("has to begin with https:// and a host. Write https://example.com/hooks/calls."),
            Self::Malformed(error) => write!(f, "is not a URL: {error}. Write https://example.com/hooks/calls."),
            Self::Userinfo => f.write_str(
                "has a name or a password before the host. Leave them out: a notice is proven by its signature.",
            ),
            Self::Fragment => f.write_str("has a '#' part, which is never sent. Leave it out."),
            Self::Name => f.write_str("has a host that is no name. Write it as in https://example.com/hooks/calls."),
            Self::NotHttps => f.write_str(
                "has to be https on port 443. For a receiver in your own network, the operator of this gateway can list \
                 its addresses: [webhooks] allow_private.",
            ),
            Self::LocalName(name) => write!(
                f,
                "names '{name}', which only a local network knows. Write its public name, or have the operator of this \
                 gateway list its addresses: [webhooks] allow_private."
            ),
            Self::Address(address, Blocked::Private) => write!(
                f,
                "names {address}, which is not a public address. Write a public one, or have the operator of this gateway \
                 list it: [webhooks] allow_private."
            ),
            Self::Address(address, Blocked::Never) => {
                write!(f, "names {address}, which notices are never sent to. Write the address of your own receiver.")
            }
            Self::Resolves(Blocked::Private) => f.write_str(
                "has a host of which not every address may be reached. All of them have to be public, and the URL https \
                 on port 443; or the operator of this gateway has to list all of them: [webhooks] allow_private.",
            ),
            Self::Resolves(Blocked::Never) => f.write_str(
                "has a host with an address that notices are never sent to. Write the host of your own receiver.",
            ),
        }
    }
}

impl std::error::Error for UrlFault {}
