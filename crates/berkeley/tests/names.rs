//! Names and numeric addresses, as CPython 3.11 answers for them on the same system.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use berkeley::{
    AddrInfoFlags, Errno, Family, LookupCode, Name, NameInfoFlags, Protocol, Type, getaddrinfo,
    getnameinfo, inet_aton, inet_ntop, inet_pton,
};

#[test]
fn old_forms_of_ipv4() {
    for (text, expected) in [
        ("127.0.0.1", Some([127, 0, 0, 1])),
        ("127.1", Some([127, 0, 0, 1])),
        ("1", Some([0, 0, 0, 1])),
        ("0x7f.1", Some([127, 0, 0, 1])),
        ("0177.0.0.1", Some([127, 0, 0, 1])),
        ("4294967295", Some([255, 255, 255, 255])),
        ("4294967296", None),
        ("1.2.3.256", None),
        ("1.2.3", Some([1, 2, 0, 3])),
        ("1.2.65536", None),
        ("1.2.65535", Some([1, 2, 255, 255])),
        ("1.16777216", None),
        ("", None),
        ("1.2.3.4.5", None),
        ("08.1.1.1", None),
        ("1.2.3.4 tail", Some([1, 2, 3, 4])),
        ("a.b.c.d", None),
        ("-1", None),
        ("1..2", None),
        ("0x", None),
        ("1.2.3.", None),
        ("0xffffffff", Some([255, 255, 255, 255])),
        (" 1.2.3.4", None),
        ("1.2.3.4\n", Some([1, 2, 3, 4])),
    ] {
        let read: Option<[u8; 4]> = inet_aton(text).ok().map(|address| address.octets());
        assert_eq!(read, expected, "{text:?}");
    }
}

#[test]
fn numeric_addresses_there_and_back() {
    for (family, text, expected) in [
        (Family::INET, "127.0.0.1", Some("127.0.0.1")),
        (Family::INET, "127.1", None),
        (Family::INET, "01.2.3.4", None),
        (Family::INET, "1.2.3.4 ", None),
        (Family::INET, "1.2.3", None),
        (Family::INET, "", None),
        (Family::INET, "256.1.1.1", None),
        (Family::INET6, "::", Some("::")),
        (Family::INET6, "::1", Some("::1")),
        (Family::INET6, "1::2", Some("1::2")),
        (Family::INET6, "1:2:3:4:5:6:7:8", Some("1:2:3:4:5:6:7:8")),
        (Family::INET6, "::ffff:1.2.3.4", Some("::ffff:1.2.3.4")),
        (Family::INET6, "1.2.3.4", None),
        (Family::INET6, "1:2", None),
        (Family::INET6, "fe80::1%1", None),
        (Family::INET6, "12345::", None),
        (Family::INET6, "::1::2", None),
        (Family::INET6, "[::1]", None),
    ] {
        let printed =
            inet_pton(family, text).ok().map(|packed| inet_ntop(family, &packed).unwrap());
        assert_eq!(printed.as_deref(), expected, "{family} {text:?}");
    }
    assert_eq!(inet_ntop(Family::INET, &[1, 2, 3]).unwrap_err().errno(), Some(Errno::EINVAL));
    assert_eq!(inet_ntop(Family::UNIX, &[0; 4]).unwrap_err().errno(), Some(Errno::EAFNOSUPPORT));
}

#[test]
fn questions_and_their_flags() {
    let numeric = AddrInfoFlags::NUMERICHOST | AddrInfoFlags::NUMERICSERV;
    let answers = getaddrinfo("127.0.0.1", 80).flags(numeric).call().unwrap();
    let kinds: Vec<(Type, Protocol)> = answers.iter().map(|a| (a.ty, a.protocol)).collect();
    assert!(kinds.contains(&(Type::STREAM, Protocol::TCP)), "{kinds:?}");
    assert!(kinds.contains(&(Type::DGRAM, Protocol::UDP)), "{kinds:?}");

    let serve = getaddrinfo(Name::NONE, 80).flags(AddrInfoFlags::PASSIVE).family(Family::INET);
    assert_eq!(serve.call().unwrap()[0].addr.to_string(), "0.0.0.0:80");
    let named =
        getaddrinfo("127.0.0.1", Name::NONE).flags(AddrInfoFlags::CANONNAME).call().unwrap();
    assert_eq!(named[0].canonical_name.as_deref(), Some("127.0.0.1"));
    let scoped = getaddrinfo("fe80::1%lo", 9).ty(Type::DGRAM).call().unwrap();
    let lo = berkeley::if_nametoindex("lo").unwrap();
    assert_eq!(format!("{:#}", scoped[0].addr), format!("[fe80::1%{lo}]:9"));

    for (question, code) in [
        (getaddrinfo("localhost", 80).flags(AddrInfoFlags::NUMERICHOST), LookupCode::EAI_NONAME),
        (
            getaddrinfo("127.0.0.1", "http").flags(AddrInfoFlags::NUMERICSERV),
            LookupCode::EAI_NONAME,
        ),
        (getaddrinfo("127.0.0.1", "no-such-service"), LookupCode::EAI_SERVICE),
        (getaddrinfo("127.0.0.1", 80).family(Family::from(77)), LookupCode::EAI_FAMILY),
        (getaddrinfo("127.0.0.1", 80).ty(Type::from(77)), LookupCode::EAI_SOCKTYPE),
        (getaddrinfo("127.0.0.1", 80).family(Family::INET6), LookupCode::EAI_ADDRFAMILY),
        (getaddrinfo(Name::NONE, Name::NONE), LookupCode::EAI_NONAME),
        (
            getaddrinfo("::1", 1).flags(AddrInfoFlags::from_bits_retain(1 << 29)),
            LookupCode::EAI_BADFLAGS,
        ),
    ] {
        let error = question.call().unwrap_err();
        assert_eq!(error.lookup_code(), Some(code), "{error}");
    }
    assert!(getaddrinfo(&b"\xff\xfe"[..], 80).call().is_err());
}

#[test]
fn names_of_addresses() {
    let flags = NameInfoFlags::NUMERICHOST | NameInfoFlags::NUMERICSERV;
    for text in ["127.0.0.1:80", "[::1]:443", "[fe80::1%1]:9"] {
        let names = getnameinfo(&text.parse().unwrap(), flags).unwrap();
        let host =
            if text.starts_with("[fe80") { "fe80::1%lo" } else { text.rsplit_once(':').unwrap().0 };
        assert_eq!(names.host, host.trim_matches(['[', ']']));
    }
    let error =
        getnameinfo(&"unix:".parse().unwrap(), NameInfoFlags::from_bits_retain(1 << 20)).err();
    assert!(error.is_some_and(|error| error.lookup_code() == Some(LookupCode::EAI_BADFLAGS)));
}

#[test]
fn interfaces_by_name_and_number() {
    for (index, name) in berkeley::if_nameindex().unwrap() {
        assert_eq!(berkeley::if_nametoindex(&name).unwrap(), index);
        assert_eq!(berkeley::if_indextoname(index).unwrap(), name);
    }
    assert_eq!(berkeley::if_indextoname(u32::MAX).unwrap_err().errno(), Some(Errno::ENXIO));
}

#[test]
fn hosts_by_name_and_address() {
    assert_eq!(berkeley::gethostbyname("127.0.0.1").unwrap(), std::net::Ipv4Addr::LOCALHOST);
    let host = berkeley::gethostbyname_ex("127.0.0.1").unwrap();
    assert_eq!((host.name.as_str(), host.aliases.len()), ("127.0.0.1", 0));
    assert!(!berkeley::gethostname().unwrap().is_empty());
    assert!(!berkeley::getfqdn("").is_empty());
    assert_eq!(berkeley::getfqdn("no.such.host.invalid"), "no.such.host.invalid");
    assert!(berkeley::gethostbyname("a\0b").is_err());
}

#[test]
fn answers_are_the_same_with_a_timeout() {
    for host in ["127.0.0.1", "::1", "localhost", "127.1", "0x7f.1"] {
        let plain = getaddrinfo(host, 80).call();
        let timed = getaddrinfo(host, 80).timeout(Duration::from_secs(30)).call();
        match (plain, timed) {
            (Ok(plain), Ok(timed)) => assert_eq!(plain, timed, "{host}"),
            (Err(plain), Err(timed)) => assert_eq!(plain.to_string(), timed.to_string()),
            (plain, timed) => panic!("{host}: {plain:?}, {timed:?}"),
        }
    }
    let passive = || getaddrinfo(None, 80).flags(AddrInfoFlags::PASSIVE);
    assert_eq!(
        passive().timeout(Duration::from_secs(30)).call().unwrap(),
        passive().call().unwrap()
    );
    let service = getaddrinfo("127.0.0.1", "no such service")
        .timeout(Duration::from_secs(30))
        .call()
        .unwrap_err();
    assert_eq!(service.lookup_code().unwrap().name(), Some("EAI_SERVICE"));
    let numeric = AddrInfoFlags::NUMERICHOST;
    let error = getaddrinfo("localhost", 80)
        .flags(numeric)
        .timeout(Duration::from_secs(30))
        .call()
        .unwrap_err();
    assert_eq!(error.lookup_code().unwrap().name(), Some("EAI_NONAME"));
}
