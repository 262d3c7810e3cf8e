//! URLs by which a client would have the gateway knock where it must not: each is refused when it is given and again
//! when it is called, and nobody who listens there hears anything.

use callgate_domain::model::{EndpointUrl, NotSent, Sent};
use callgate_domain::ports::NoticeSender;

use super::bench::{Script, Trap, send, sender};

/// Hosts that mean this machine, in one spelling or another. `rebound.example` and its like resolve to it.
const THIS_MACHINE: &str = "
127.0.0.1 127.1 127.0.1 127.255.255.254 127.0.0.1. 127.1. 2130706433 2130706433. 0x7f000001 0X7F000001 0x7f.0x0.0x0.0x1
0x7f.1 0x7f.0.1 0177.0.0.1 0177.1 017700000001 00000177.0.0.1 0177.0x0.0.1 127.0.0.0x1 127.0x0.1 127.00.00.01
%31%32%37.0.0.1 127%2e0%2e0%2e1 127.0.0.%31 １２７.０.０.１ 127。0。0。1 127．0．0．1 ①②⑦.⓪.⓪.① 127.0.0.¹ ０x7f.1
0 0. 0.0.0.0 0x0 00 0.0 0.0.0.1
[::1] [::] [0:0:0:0:0:0:0:1] [0000:0000:0000:0000:0000:0000:0000:0001] [::ffff:127.0.0.1] [::FFFF:127.0.0.1] [::ffff:7f00:1]
[0:0:0:0:0:ffff:7f00:1] [::ffff:0.0.0.0] [::127.0.0.1] [::7f00:1] [::ffff:0:127.0.0.1] [64:ff9b::127.0.0.1]
[64:ff9b::7f00:1] [64:ff9b:1::7f00:1] [2002:7f00:1::] [2002:7f00:1::1] [2001:0:7f00:1::1] [2001::80ff:fffe]
localhost LOCALHOST LocalHost localhost. ｌocalhost loc%61lhost ⓛocalhost x.localhost a.b.localhost localhost.localdomain
gateway.local gateway.internal router.home.arpa ip6-localhost receiver rebound.example xn--rebound-abc.example
rebound.example. _rebound.example
";

/// Hosts of other networks, of machines' own secrets, and of nobody.
const ELSEWHERE: &str = "
10.0.0.1 10.255.255.255 0xa.0.0.1 012.0.0.1 167772161 100.64.0.1 100.127.255.254 172.16.0.1 172.31.255.255 192.168.0.1
192.168.255.255 3232235521 192.0.0.1 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1
239.255.255.255 240.0.0.1 255.255.255.255 4294967295 0xffffffff
169.254.169.254 169.254.170.2 0xa9fea9fe 2852039166 0251.0376.0251.0376 169.254.43518 169.16689662 100.100.100.200
168.63.129.16 192.0.0.192 [::ffff:169.254.169.254] [::ffff:a9fe:a9fe] [::169.254.169.254] [64:ff9b::a9fe:a9fe]
[64:ff9b:1::169.254.169.254] [2002:a9fe:a9fe::] [fd00:ec2::254] [fd20:ce::254] [fe80::1] [febf::1]
[fe80::a9fe:a9fe] metadata metadata.google.internal instance-data.ec2.internal
[fc00::1] [fd12:3456::1] [fec0::1] [ff02::1] [100::1] [2001:db8::1] [3fff::1] [2001:0:5db8:d822::1] [64:ff9b::8.8.8.8]
[2002:808:808::1] [4000::1] [5f00::1]
";

/// URLs that programs read differently, or that are none. `{port}` is a trap's.
const CRAFTED: &[&str] = &[
    "https://93.184.216.34@127.0.0.1:{port}/",
    "https://example.com:443@127.0.0.1/",
    "https://example.com%40127.0.0.1:{port}/",
    "https://127.0.0.1:{port}@example.com/",
    "https://@93.184.216.34/",
    "https://:@93.184.216.34/",
    "https://user@93.184.216.34/",
    "https://user:password@93.184.216.34/",
    "https://93.184.216.34/#fragment",
    "https://93.184.216.34#@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}#@93.184.216.34/",
    "https://93.184.216.34\\@127.0.0.1:{port}/",
    "https:\\\\127.0.0.1:{port}\\",
    "https://127.0.0.1:{port}\\@93.184.216.34/",
    "https:127.0.0.1:{port}",
    "https:/127.0.0.1:{port}/",
    "https:///127.0.0.1:{port}/",
    "https:////127.0.0.1:{port}/",
    "http:127.0.0.1:{port}",
    "//127.0.0.1:{port}/",
    "/hooks",
    "127.0.0.1:{port}",
    "localhost:{port}",
    "",
    "https",
    "https:",
    "https://",
    "https://?",
    "https://#",
    "https://:443/",
    "https://[]/",
    "https://[::1/",
    "https://::1/",
    "https://[::1]x/",
    "https://[fe80::1%25eth0]/",
    "https://[v1.fe80]/",
    "https://./",
    "https://../",
    "https://a..example/",
    "https://.example/",
    "https://exa mple.com/",
    "https://exam\tple.com/",
    "https://127.0.0.1\n:{port}/",
    "\u{0}https://127.0.0.1:{port}/",
    " https://127.0.0.1:{port}/",
    "https://127.0.0.1:{port}/\u{a0}",
    "https://93.184.216.34/a\r\nhost:127.0.0.1",
    "https://%00127.0.0.1/",
    "https://127.0.0.1%00.example.com:{port}/",
    "https://127.0.0.1%23.example.com:{port}/",
    "https://a*b.example/",
    "https://a,b.example/",
    "https://example.com:0/",
    "https://93.184.216.34:80/",
    "https://93.184.216.34:22/",
    "https://93.184.216.34:6379/",
    "https://93.184.216.34:8443/",
    "https://93.184.216.34:65536/",
    "https://93.184.216.34:-1/",
    "https://93.184.216.34:443x/",
    "https://93.184.216.34.5/",
    "https://256.1.1.1/",
    "https://0x100000000/",
    "https://1.2.3.4.0x5/",
    "https://example.com:8443/",
    "http://93.184.216.34/",
    "http://93.184.216.34:443/",
    "HTTP://93.184.216.34/",
    "http://example.com/",
    "ftp://93.184.216.34/",
    "file:///etc/passwd",
    "file://127.0.0.1/etc/passwd",
    "gopher://127.0.0.1:{port}/_SET",
    "dict://127.0.0.1:{port}/",
    "ldap://127.0.0.1:{port}/",
    "ws://127.0.0.1:{port}/",
    "wss://93.184.216.34/",
    "unix:///var/run/docker.sock",
    "http+unix://%2fvar%2frun%2fdocker.sock/",
    "jar:https://127.0.0.1:{port}/!/",
    "blob:https://127.0.0.1:{port}/",
    "view-source:https://127.0.0.1:{port}/",
    "data:text/plain,hello",
    "javascript:alert(1)",
    "about:blank",
];

/// Every URL of the tables, to a trap's port where it has one.
fn hostile(port: u16) -> Vec<String> {
    let here = THIS_MACHINE.split_whitespace().flat_map(|host| {
        [
            format!("https://{host}/"),
            format!("https://{host}:{port}/"),
            format!("http://{host}:{port}/"),
            format!("http://{host}/"),
        ]
    });
    let elsewhere = ELSEWHERE.split_whitespace().flat_map(|host| [format!("https://{host}/hooks"), format!("http://{host}/")]);
    let crafted = CRAFTED.iter().map(|url| url.replace("{port}", &port.to_string()));
    let long = format!("https://93.184.216.34/{}", "a".repeat(2_048));
    here.chain(elsewhere).chain(crafted).chain([long]).collect()
}

/// URLs that nothing may be sent to: each is refused when it is given, and when it is called. Names stand for this
/// machine.
async fn check(urls: impl IntoIterator<Item = String>, allow_private: &str) {
    let sender = sender(allow_private, &Script::of(&["127.0.0.1"]));
    for url in urls {
        // What cannot be a URL at all is no endpoint's, and cannot be called.
        let Some(given) = EndpointUrl::new(&url) else { continue };
        let fault = sender.check(&given).await;
        assert!(fault.is_err(), "{url}: passed");
        assert_eq!(send(&sender, &url).await, Sent::Not(NotSent::Blocked), "{url}: {fault:?}");
    }
}

#[tokio::test]
async fn nothing_is_sent_to_a_hostile_url() {
    let trap = Trap::default();
    let port = trap.set("127.0.0.1:0").await.unwrap().port();
    trap.set(&format!("[::1]:{port}")).await;
    // Where the usual ports can be had, nobody comes there either.
    for usual in [80, 443] {
        trap.set(&format!("127.0.0.1:{usual}")).await;
        trap.set(&format!("[::1]:{usual}")).await;
    }
    let urls = hostile(port);
    assert!(urls.len() >= 150, "{}", urls.len());
    check(urls, "").await;
    assert_eq!(trap.caught(), 0);
    // The trap is one: whoever may come is counted.
    send(&sender("127.0.0.0/8", &Script::of(&[])), &format!("http://127.1:{port}/")).await;
    assert_eq!(trap.caught(), 1);
}

#[tokio::test]
async fn what_the_operator_lists_opens_nothing_else() {
    let trap = Trap::default();
    let port = trap.set("127.0.0.1:0").await.unwrap().port();
    let elsewhere = ELSEWHERE.split_whitespace().map(|host| format!("https://{host}/"));
    let crafted = CRAFTED.iter().map(|url| url.replace("{port}", &port.to_string()));
    check(elsewhere.filter(|url| !url.contains("172.16.")).chain(crafted), "172.16.0.0/24").await;
    let metadata = "169.254.169.254 0xa9fea9fe 100.100.100.200 168.63.129.16 192.0.0.192 [fd00:ec2::254] [fe80::1] \
                    [::ffff:a9fe:a9fe] [64:ff9b::a9fe:a9fe] [2002:a9fe:a9fe::]";
    let metadata = metadata.split_whitespace().flat_map(|host| [format!("http://{host}/"), format!("https://{host}/")]);
    check(metadata, "0.0.0.0/0 ::/0 169.254.0.0/16 fe80::/10").await;
    assert_eq!(trap.caught(), 0);
}

#[tokio::test]
async fn what_is_not_hostile_passes() {
    let names = Script::of(&["93.184.216.34 2606:2800:220:1:248:1893:25c8:1946"]);
    let (closed, open) = (sender("", &names), sender("10.0.0.0/8 ::1", &names));
    for url in [
        "https://example.com",
        "https://example.com/hooks?token=a%20b&c=d",
        "HTTPS://EXAMPLE.com:443/",
        "https://пример.example/крючок",
        "https://xn--e1afmkfd.example/",
        "https://a_b.example/",
        "https://93.184.216.34/",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/",
        "https://[::ffff:93.184.216.34]/",
        "https://example.com/a@b",
    ] {
        for sender in [&closed, &open] {
            assert_eq!(sender.check(&EndpointUrl::new(url).unwrap()).await, Ok(()), "{url}");
        }
    }
    for url in ["http://10.1.2.3:8080/", "https://10.1.2.3:8443/", "http://[::1]:3000/", "http://10.1/"] {
        assert_eq!(open.check(&EndpointUrl::new(url).unwrap()).await, Ok(()), "{url}");
        assert!(closed.check(&EndpointUrl::new(url).unwrap()).await.is_err(), "{url}");
    }
}
