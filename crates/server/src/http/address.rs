//! Where a request comes from: the peer, or what a trusted proxy says of it.

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::X_FORWARDED_FOR;

/// A network as `10.0.0.0/8` writes it; an address alone is a network of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// What was written is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no network: write it like 10.0.0.0/8 or ::1")]
pub struct InvalidNetwork(String);

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidNetwork(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_no_address| invalid())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(longest), |prefix| prefix.parse().map_err(|_no_number| invalid()))?;
        if prefix <= longest { Ok(Self { address, prefix }) } else { Err(invalid()) }
    }
}

impl Network {
    /// Whether an address is in it.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let rest = 32_u8.saturating_sub(self.prefix).into();
                u32::from(network).checked_shr(rest) == u32::from(address).checked_shr(rest)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let rest = 128_u8.saturating_sub(self.prefix).into();
                u128::from(network).checked_shr(rest) == u128::from(address).checked_shr(rest)
            }
            _ => false,
        }
    }
}

/// Who sent a request: the peer, or, where that is a trusted proxy, the nearest address before it that is none.
pub fn of_client(request: &ServiceRequest, trusted: &[Network]) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.holds(address));
    if !is_trusted(peer) {
        return peer;
    }
    let forwarded: Vec<&str> =
        request.headers().get_all(X_FORWARDED_FOR).filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(',')).collect();
    let mut nearest = peer;
    // The nearest proxy wrote the last one; behind the first that is no proxy of ours anything may stand.
    for address in forwarded.iter().rev().map_while(|address| address.trim().parse().ok()) {
        nearest = address;
        if !is_trusted(address) {
            break;
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn check(trusted: &[&str], peer: &str, forwarded: &[&str], expected: &str) {
        let trusted: Vec<Network> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        let mut request = TestRequest::default().peer_addr((peer.parse::<IpAddr>().unwrap(), 1).into());
        for list in forwarded {
            request = request.append_header((X_FORWARDED_FOR, *list));
        }
        assert_eq!(of_client(&request.to_srv_request(), &trusted), expected.parse::<IpAddr>().unwrap(), "{peer} {forwarded:?}");
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        check(&[], "192.0.2.1", &["198.51.100.7"], "192.0.2.1");
        check(&["10.0.0.0/8"], "192.0.2.1", &["198.51.100.7"], "192.0.2.1");
        check(&["10.0.0.0/8"], "10.1.2.3", &["198.51.100.7"], "198.51.100.7");
        check(&["10.0.0.0/8"], "10.1.2.3", &["203.0.113.5, 198.51.100.7", "10.9.9.9"], "198.51.100.7");
        check(&["10.0.0.0/8"], "10.1.2.3", &["nonsense"], "10.1.2.3");
        check(&["::1"], "::1", &["2001:db8::1"], "2001:db8::1");
        check(&["0.0.0.0/0"], "10.1.2.3", &["198.51.100.7"], "198.51.100.7");
    }

    #[test]
    fn a_network_is_written_as_usual() {
        for text in ["", "10", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/", "localhost"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
