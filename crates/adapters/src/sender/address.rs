//! Which addresses a notice may be sent to: the whole internet, and nothing behind it.
//!
//! Pure. A client chooses the URL, so whoever may name one could otherwise have the gateway knock at doors that only
//! the gateway can reach. The table is that of `RELIABILITY.md` section 5.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::network::Network;

/// What the operator lets notices reach beside the internet: `[webhooks] allow_private`.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allow_private: Vec<Network>,
}

/// How an address may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// By https on port 443 alone.
    Public,
    /// The operator listed it: by http as well, and on any port.
    Listed,
}

/// Why an address may not be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocked {
    /// It is not on the internet, and not listed.
    Private,
    /// It is link-local or tells a machine its own secrets; listing it changes nothing.
    Never,
}

impl Guard {
    /// A guard that lets these through as well.
    #[must_use]
    pub const fn new(allow_private: Vec<Network>) -> Self {
        Self { allow_private }
    }

    /// Whether nothing is listed: then only https on 443 ever goes out.
    #[must_use]
    pub const fn lists_nothing(&self) -> bool {
        self.allow_private.is_empty()
    }

    /// How `address` may be reached. An IPv4 address inside an IPv6 one has to pass too, since that is where a
    /// translator on the way would take the connection.
    ///
    /// # Errors
    /// When it may not be.
    pub fn reach(&self, address: IpAddr) -> Result<Reach, Blocked> {
        let address = address.to_canonical();
        let inside = match address {
            IpAddr::V4(_) => Vec::new(),
            IpAddr::V6(address) => carried(address),
        };
        if is_never(address) || inside.iter().any(|inner| is_never(IpAddr::V4(*inner))) {
            return Err(Blocked::Never);
        }
        let is_listed = |address: IpAddr| self.allow_private.iter().any(|network| network.contains(address));
        let passes = |inner: &Ipv4Addr| is_global(IpAddr::V4(*inner)) || is_listed(IpAddr::V4(*inner));
        match () {
            () if is_listed(address) && inside.iter().all(passes) => Ok(Reach::Listed),
            () if is_global(address) => Ok(Reach::Public),
            () => Err(Blocked::Private),
        }
    }
}

/// Ranges of IPv4 that are not the internet.
const BLOCKED_4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// All of IPv6 that is handed out to networks.
const GLOBAL_6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What is not the internet in it: Teredo, documentation, 6to4, documentation again.
const BLOCKED_6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Link-local, and where clouds answer machines about themselves (some outside of link-local).
const NEVER_4: [(Ipv4Addr, u32); 4] = [
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(100, 100, 100, 200), 32),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(192, 0, 0, 192), 32),
];

/// The same of IPv6.
const NEVER_6: [(Ipv6Addr, u32); 3] = [
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254), 128),
];

fn is_never(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => NEVER_4.iter().any(|range| holds_4(*range, address)),
        IpAddr::V6(address) => NEVER_6.iter().any(|range| holds_6(*range, address)),
    }
}

fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !BLOCKED_4.iter().any(|range| holds_4(*range, address)),
        IpAddr::V6(address) => holds_6(GLOBAL_6, address) && !BLOCKED_6.iter().any(|range| holds_6(*range, address)),
    }
}

fn holds_4((first, bits): (Ipv4Addr, u32), address: Ipv4Addr) -> bool {
    (u32::from(first) ^ u32::from(address)).leading_zeros() >= bits
}

fn holds_6((first, bits): (Ipv6Addr, u32), address: Ipv6Addr) -> bool {
    (u128::from(first) ^ u128::from(address)).leading_zeros() >= bits
}

/// The IPv4 addresses that an IPv6 address may stand for. A network may lay its own translator's out in several ways
/// (RFC 6052); all of them are meant.
fn carried(address: Ipv6Addr) -> Vec<Ipv4Addr> {
    let whole = u128::from(address);
    let begins = |first: [u16; 8], bits| holds_6((Ipv6Addr::from(first), bits), address);
    let at = |shift: u32| {
        let [.., a, b, c, d] = (whole >> shift).to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    // The byte in the middle (bits 64 to 71) belongs to no address that is laid out across it.
    let across = |shift: u32| {
        let without = (whole >> 64 << 56) | (whole & ((1 << 56) - 1));
        let [.., a, b, c, d] = (without >> shift).to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match () {
        // Unspecified and loopback stand for themselves.
        () if whole <= 1 => Vec::new(),
        // IPv4-compatible, translated (RFC 2765), NAT64.
        () if begins([0; 8], 96) || begins([0, 0, 0, 0, 0xffff, 0, 0, 0], 96) => vec![at(0)],
        () if begins([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96) => vec![at(0)],
        () if begins([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48) && at(32).is_unspecified() => vec![at(0)],
        () if begins([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48) => {
            [at(0), across(24), across(32), across(40)].into_iter().filter(|inner| !inner.is_unspecified()).collect()
        }
        // 6to4, and Teredo with its server and its client, whose bits are turned over.
        () if begins([0x2002, 0, 0, 0, 0, 0, 0, 0], 16) => vec![at(80)],
        () if begins([0x2001, 0, 0, 0, 0, 0, 0, 0], 32) => vec![at(64), Ipv4Addr::from(!u32::from(at(0)))],
        () => Vec::new(),
    }
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
