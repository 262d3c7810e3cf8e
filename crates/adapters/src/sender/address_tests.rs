//! The ranges of addresses, each at its edges, and addresses inside addresses.

use super::*;

const NAMES: [(&str, Result<Reach, Blocked>); 4] = [
    ("public", Ok(Reach::Public)),
    ("listed", Ok(Reach::Listed)),
    ("private", Err(Blocked::Private)),
    ("never", Err(Blocked::Never)),
];

/// `allow_private`, separated by spaces; an address; one of the four words.
fn check(allow_private: &str, address: &str, expected: &str) {
    let guard = Guard::new(allow_private.split_whitespace().map(|network| network.parse().unwrap()).collect());
    let found = guard.reach(address.parse().unwrap());
    let word = NAMES.iter().find(|(_, reach)| *reach == found).unwrap().0;
    assert_eq!(word, expected, "[{allow_private}] {address}");
}

#[test]
fn every_blocked_range_of_ipv4_begins_and_ends_where_it_says() {
    let ranges = [
        ("0.0.0.0", "0.255.255.255", "", "1.0.0.0"),
        ("10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"),
        ("100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"),
        ("127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"),
        ("172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"),
        ("192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0"),
        ("192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"),
        ("192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0"),
        ("192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"),
        ("198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"),
        ("198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0"),
        ("203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"),
        ("224.0.0.0", "255.255.255.255", "223.255.255.255", ""),
    ];
    for (first, last, before, after) in ranges {
        check("", first, "private");
        check("", last, "private");
        for outside in [before, after].into_iter().filter(|outside| !outside.is_empty()) {
            check("", outside, "public");
        }
        check("0.0.0.0/0", last, "listed");
    }
    for (address, expected) in [("169.253.255.255", "public"), ("169.254.0.0", "never"), ("169.255.0.0", "public")] {
        check("", address, expected);
    }
}

#[test]
fn of_ipv6_only_what_is_handed_out_may_be_reached() {
    for public in
        ["2000::1", "2001:1::1", "2001:db7::1", "2001:db9::1", "2003::1", "2606:4700:4700::1111", "3ffe::1", "3fff:1000::"]
    {
        check("", public, "public");
    }
    let outside = ["::", "::1", "100::1", "1fff::1", "4000::1", "fc00::1", "fdff::1", "fec0::1", "ff02::1", "64:ff9b:2::1"];
    let inside = ["2001::1", "2001:0:ffff::1", "2001:db8::1", "2002::1", "2002:ffff::", "3fff::1", "3fff:fff::1"];
    for private in outside.into_iter().chain(inside) {
        check("", private, "private");
    }
}

#[test]
fn an_ipv4_address_is_the_same_however_it_is_wrapped() {
    check("", "::ffff:127.0.0.1", "private");
    check("", "::ffff:93.184.216.34", "public");
    check("127.0.0.0/8", "::ffff:127.0.0.1", "listed");
    check("::ffff:0:0/96", "127.0.0.1", "private");
    // Whatever translates these is a network's own business, and only its operator knows that it is there.
    for wrapped in ["64:ff9b::5db8:d822", "64:ff9b:1::5db8:d822", "2002:5db8:d822::1", "::93.184.216.34", "::ffff:0:5db8:d822"] {
        check("", wrapped, "private");
        check("::/0", wrapped, "listed");
    }
    // Listing the translator lists nothing that is behind it.
    for wrapped in ["64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:a00:1::1", "::10.0.0.1", "::ffff:0:a00:1"] {
        check("::/0", wrapped, "private");
        check("::/0 10.0.0.0/8", wrapped, "listed");
    }
    check("::/0", "64:ff9b:1:a00:0:100::", "private");
    check("::/0", "2001:0:5db8:d822::a247:27dd", "listed");
    check("::/0", "2001:0:5db8:d822::f5ff:fffe", "private");
    check("::/0", "2001:0:a00:1::a247:27dd", "private");
}

#[test]
fn link_local_and_metadata_addresses_are_never_reached() {
    let plain = ["169.254.0.1", "169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192"];
    let six = ["fe80::1", "febf::1", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"];
    let wrapped = [
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "::ffff:0:a9fe:a9fe",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "64:ff9b:1:a9fe:a9:fe00::",
        "64:ff9b:1:a9:fe:a9fe::",
        "64:ff9b:1:0:a9:fea9:fe00:0",
        "2002:a9fe:a9fe::1",
        "2001:0:a9fe:a9fe::1",
        "2001:0:5db8:d822::5601:5601",
    ];
    for address in plain.into_iter().chain(six).chain(wrapped) {
        check("", address, "never");
        check(&format!("0.0.0.0/0 ::/0 {address}"), address, "never");
    }
}

#[test]
fn the_operator_lists_what_else_may_be_reached() {
    check("10.1.0.0/16", "10.1.2.3", "listed");
    check("10.1.0.0/16", "10.2.0.0", "private");
    check("127.0.0.0/8", "::1", "private");
    check("127.0.0.0/8 ::1", "::1", "listed");
    check("fd12::/16", "fd12::7", "listed");
    // A listed address of the internet may be reached as one that is not.
    check("93.184.216.34", "93.184.216.34", "listed");
    check("93.184.216.34", "93.184.216.35", "public");
}
