use proptest::prelude::*;

use super::*;

fn rules(allow_http: bool, networks: &[&str]) -> TargetRules {
    TargetRules { allow_http, allowed_networks: networks.iter().map(|n| n.parse().expect("a network")).collect() }
}

fn parse(text: &str) -> Result<TargetUrl, TargetError> {
    TargetUrl::parse(text, &TargetRules::default())
}

#[test]
fn public_https_urls_are_taken_as_given() {
    for text in [
        "https://example.com",
        "HTTPS://Example.com:8443/hooks?a=b",
        "https://example.com./hooks",
        "https://1.1.1.1/",
        "https://[2606:4700:4700::1111]/",
        "https://[64:ff9b::101:101]/",
        "https://bücher.example/",
        "https://localhost.example.com/",
        "https://notlocalhost.com/",
    ] {
        assert_eq!(parse(text).map(|url| url.as_str().to_owned()), Ok(text.to_owned()));
    }
}

#[test]
fn every_spelling_of_a_private_address_is_refused() {
    for host in [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1:8443",
        "１２７.0.0.1",
        "127。0。0。1",
        "%31%32%37.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "0.0.0.0",
        "0",
        "192.0.0.192",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::10.0.0.1]",
        "[64:ff9b:1::a00:1]",
        "[2002:7f00:1::]",
        "[2001::1]",
        "[2001:db8::1]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[fec0::1]",
        "[ff02::1]",
        "[100::1]",
        "[3fff::1]",
    ] {
        let error = parse(&format!("https://{host}/")).expect_err(host);
        assert!(matches!(error, TargetError::PrivateAddress(_)), "{host}: {error}");
    }
}

#[test]
fn names_of_private_networks_are_refused_until_one_is_allowed() {
    for host in [
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "%6cocalhost",
        "metadata.google.internal",
        "db.internal",
        "printer.local",
        "redis",
    ] {
        let text = format!("https://{host}/");
        assert!(matches!(parse(&text), Err(TargetError::PrivateName(_))), "{host}");
        assert!(TargetUrl::parse(&text, &rules(false, &["127.0.0.0/8"])).is_ok(), "{host}");
    }
    assert!(TargetUrl::parse("https://localhost/", &rules(false, &["10.0.0.0/8"])).is_err());
}

#[test]
fn an_allowed_network_is_allowed_in_every_spelling() {
    let rules = rules(true, &["127.0.0.0/8", "fd00::/8"]);
    for host in ["127.0.0.1:9000", "0x7f.1", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[fd12::1]", "localhost:9000"] {
        assert!(TargetUrl::parse(&format!("http://{host}/"), &rules).is_ok(), "{host}");
    }
    for host in ["10.0.0.1", "[::1]", "[2002:7f00:1::]"] {
        assert!(TargetUrl::parse(&format!("http://{host}/"), &rules).is_err(), "{host}");
    }
}

#[test]
fn a_refusal_names_the_rule() {
    for (text, message) in [
        ("http://example.com/", "FANFARE_ALLOW_HTTP"),
        (
            "https://10.0.0.1/",
            "10.0.0.1 is not a public address; the operator can allow its network with FANFARE_ALLOW_PRIVATE_TARGETS",
        ),
        ("ftp://example.com/", "must begin with https://"),
        ("javascript:alert(1)", "must begin with https://"),
        ("https:example.com", "followed by ://"),
        ("https:/example.com", "followed by ://"),
        ("example.com/hooks", "not a url such as"),
        ("", "not a url such as"),
        ("https://", "not a url such as"),
        ("https://256.0.0.1/", "not a url such as"),
        ("https://user@example.com/", "user name"),
        ("https://:pw@example.com/", "user name"),
        ("https://example.com/#top", "fragment"),
        ("https://example.com/#", "fragment"),
        ("https://example.com:0/", "port 0"),
        ("https://exa\tmple.com/", "white space"),
        (" https://example.com/", "white space"),
        ("https:\\\\example.com/", "backslashes"),
        (&format!("https://example.com/{}", "x".repeat(2029)), "2049 bytes"),
    ] {
        let error = parse(text).expect_err(text).to_string();
        assert!(error.contains(message), "{text}: {error}");
    }
    assert!(parse(&format!("https://example.com/{}", "x".repeat(2028))).is_ok());
}

proptest! {
    #[test]
    fn an_ipv4_address_is_judged_alike_in_every_guise(bits: u32) {
        let plain = Ipv4Addr::from_bits(bits);
        let mapped = plain.to_ipv6_mapped();
        let [a, b, c, d] = plain.octets().map(u16::from);
        let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a << 8 | b, c << 8 | d);
        prop_assert_eq!(is_public(mapped.into()), is_public(plain.into()));
        prop_assert_eq!(is_public(nat64.into()), is_public(plain.into()));
        prop_assert_eq!(parse(&format!("https://{bits}/")).is_ok(), is_public(plain.into()));
        let std_private = plain.is_private() || plain.is_loopback() || plain.is_link_local() || plain.is_multicast()
            || plain.is_broadcast() || plain.is_documentation() || plain.is_unspecified();
        prop_assert!(!(std_private && is_public(plain.into())));
    }

    #[test]
    fn any_text_is_taken_or_refused(text in ".{0,80}") {
        let _ = parse(&text);
        let _ = parse(&format!("https://{text}"));
    }
}
