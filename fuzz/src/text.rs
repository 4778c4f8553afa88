//! Texts that are no addresses of sockets: values of options, numeric hosts, the kernel's tables.

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;

use berkeley::{
    AddrInfoFlags, Family, Protocol, Type, fuzzing, getaddrinfo, inet_aton, inet_ntop, inet_pton,
    opt,
};

/// A value that people may write for an option has bytes that can be described, and what is
/// described and can be written describes the same.
pub(crate) fn option(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // Floating point does not keep the longest of them.
    let fractions = opt::by_name("SO_RCVTIMEO").map_or("", |row| row.form);
    for row in ROWS.get_or_init(one_of_each_form) {
        let _ = (row.describe)(data);
        if let Some(bytes) = (row.parse)(&text) {
            // Keys and the like are not shown.
            let Some(described) = (row.describe)(&bytes) else { continue };
            let again = (row.parse)(&described).filter(|_| row.form != fractions);
            if let Some(again) = again {
                assert_eq!((row.describe)(&again), Some(described), "{}", row.name);
            }
        }
    }
    if let Some(row) = opt::by_name(&text) {
        assert!(row.name.eq_ignore_ascii_case(&text));
    }
    for name in [
        Family::from_name(&text).map(|family| family.to_string()),
        Type::from_name(&text).map(|ty| ty.to_string()),
        Protocol::from_name(&text).map(|protocol| protocol.to_string()),
    ] {
        assert!(name.is_none_or(|name| !name.is_empty()));
    }
}

static ROWS: OnceLock<Vec<&opt::Row>> = OnceLock::new();

/// The options whose values are written alike share a codec.
fn one_of_each_form() -> Vec<&'static opt::Row> {
    let mut forms = HashSet::new();
    opt::TABLE.iter().filter(|row| forms.insert((row.form, row.room))).collect()
}

/// Numeric hosts are read as `std` and the C library read them, and are printed as `std` does.
pub(crate) fn numeric_host(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let old = inet_aton(&text).ok();
    if let Ok(ip) = text.parse::<Ipv4Addr>() {
        assert_eq!(old, Some(ip), "{text:?}");
    }
    // What follows calls the C library, which Miri does not have.
    if cfg!(miri) {
        return;
    }
    let v4 = text.parse::<Ipv4Addr>().ok().map(|ip| ip.octets().to_vec());
    assert_eq!(inet_pton(Family::INET, &text).ok(), v4, "{text:?}");
    let v6 = text.parse::<Ipv6Addr>().ok().map(|ip| ip.octets().to_vec());
    assert_eq!(inet_pton(Family::INET6, &text).ok(), v6, "{text:?}");
    // `getaddrinfo` reads the old forms, too, but nothing behind white space, C ends at NUL, and
    // what has a colon is IPv6, of which it takes the mapped addresses for IPv4.
    let others = [':', '\0', '\x0b'];
    if !text.is_empty() && !text.contains(|c: char| others.contains(&c) || c.is_ascii_whitespace())
    {
        let question = getaddrinfo(&*text, None).family(Family::INET).ty(Type::STREAM);
        let answers = question.flags(AddrInfoFlags::NUMERICHOST).call().unwrap_or_default();
        let host = answers.first().and_then(|answer| answer.addr.to_ip()).map(|ip| ip.ip());
        assert_eq!(host, old.map(Into::into), "{text:?}");
    }
    if let Some(octets) = data.first_chunk::<4>() {
        let shown = Ipv4Addr::from(*octets).to_string();
        assert_eq!(inet_ntop(Family::INET, octets).unwrap(), shown);
        assert_eq!(inet_aton(&shown).unwrap(), Ipv4Addr::from(*octets));
    }
    if let Some(octets) = data.first_chunk::<16>() {
        let shown = inet_ntop(Family::INET6, octets).unwrap();
        assert_eq!(shown.parse(), Ok(Ipv6Addr::from(*octets)));
        assert_eq!(inet_pton(Family::INET6, &shown).unwrap(), octets);
    }
}

/// Lines of the kernel's tables of sockets are read or passed over.
pub(crate) fn socket_table(data: &[u8]) {
    let Some((table, text)) = data.split_first() else { return };
    let names = ["tcp", "tcp6", "udp", "udp6", "raw", "raw6", "unix"];
    let name = names[usize::from(*table) % names.len()];
    let text = format!("heading\n{}", String::from_utf8_lossy(text));
    let sockets = fuzzing::socket_table(name, &text).unwrap();
    assert!(sockets.len() < text.lines().count());
    for socket in sockets {
        assert_eq!(socket.local.family(), socket.family);
        assert!(socket.peer.is_none_or(|peer| peer.to_ip().is_some()));
        assert!(socket.owners.is_empty());
    }
}
