//! Where a request comes from: the peer, or what a trusted proxy says of it.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::HttpRequest;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::X_FORWARDED_FOR;

use crate::config::Network;

/// Who sent a request: the peer, or, where that is a trusted proxy, the nearest address before it that is none.
pub fn of_client(request: &ServiceRequest, trusted: &[Network]) -> IpAddr {
    of_request(request.request(), trusted)
}

/// The same, where the request is with its handler.
pub fn of_request(request: &HttpRequest, trusted: &[Network]) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(peer) {
        return peer;
    }
    let forwarded: Vec<&str> = request
        .headers()
        .get_all(X_FORWARDED_FOR)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .collect();
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
}
