//! Addresses, from bytes and from text.

use std::collections::HashSet;
use std::fmt::Debug;

use berkeley::{
    Addr, AlgAddr, CanAddr, Endpoint, FamilyAddr, HciAddr, IsoTpAddr, J1939Addr, L2capAddr,
    NetlinkAddr, PacketAddr, QrtrAddr, RfcommAddr, ScoAddr, Target, TipcAddr, Type, UnixAddr,
    VsockAddr, XdpAddr, opt,
};

/// Any bytes that are short enough are an address. What it says of itself makes the same address,
/// and so does its text.
pub(crate) fn bytes(data: &[u8]) {
    let Ok(addr) = Addr::from_bytes(data) else {
        assert!(data.len() > 108, "{} bytes are an address", data.len());
        return;
    };
    assert_eq!(addr.as_bytes(), data);
    assert_eq!(addr.is_empty(), data.is_empty());
    assert_eq!(HashSet::from([addr, Addr::from_bytes(data).unwrap()]).len(), 1);
    if let Some(rest) = data.get(2..) {
        let again = Addr::of_family(addr.family(), rest).unwrap();
        assert_eq!(again.as_bytes(), data);
    }
    if let Some(ip) = addr.to_ip() {
        assert_eq!(addr.port(), Some(ip.port()));
        assert_eq!(Addr::from(ip).to_ip(), Some(ip));
    }
    if let Some(unix) = addr.to_unix() {
        match Addr::try_from(unix) {
            Ok(again) => assert_eq!(again, addr),
            // The kernel takes a path of 108 bytes that no NUL ends.
            Err(error) => assert_eq!(data.len(), 110, "{error}"),
        }
    }
    for ty in [Type::STREAM, Type::DGRAM, Type::SEQPACKET, Type::RAW] {
        if let Some(endpoint) = Endpoint::of_addr(&addr, ty) {
            assert_eq!(endpoint.ty(), ty);
            let _ = endpoint.to_string();
        }
    }
    for typed in TYPED {
        typed(&addr);
    }
    assert_eq!(format!("{addr:?}"), addr.to_string());
    if is_told_by_text(&addr) {
        let text = addr.to_string();
        assert_eq!(text.parse(), Ok(addr), "{text}");
        // Interfaces by their numbers, for which nobody is asked.
        let text = format!("{addr:#}");
        assert_eq!(Addr::parse_with(&text, &|_| None), Ok(addr), "{text}");
    }
}

/// Every typed address but that of UNIX, which borrows.
const TYPED: &[fn(&Addr)] = &[
    typed::<AlgAddr>,
    typed::<CanAddr>,
    typed::<HciAddr>,
    typed::<IsoTpAddr>,
    typed::<J1939Addr>,
    typed::<L2capAddr>,
    typed::<NetlinkAddr>,
    typed::<PacketAddr>,
    typed::<QrtrAddr>,
    typed::<RfcommAddr>,
    typed::<ScoAddr>,
    typed::<std::net::SocketAddrV4>,
    typed::<std::net::SocketAddrV6>,
    typed::<TipcAddr>,
    typed::<VsockAddr>,
    typed::<XdpAddr>,
];

/// What is read is written, and read as the same again.
fn typed<T: FamilyAddr + PartialEq + Debug>(addr: &Addr) {
    let read = T::decode(addr.as_bytes());
    assert!(read.is_none() || addr.family() == T::FAMILY);
    if let Some(value) = read {
        let written = value.encode();
        assert_eq!(T::decode(written.as_bytes()), Some(value));
        assert_eq!(written.to::<T>().map(|value| value.encode()), Some(written));
    }
}

/// Whether the text of an address has all of it.
fn is_told_by_text(addr: &Addr) -> bool {
    !addr.is_empty() && !is_other_path(addr)
}

/// Whether this is a path whose text names the same file by another path, or none: `./` is put
/// before a `@`, which begins an abstract name, and a path of 108 bytes can be received but not be
/// named.
fn is_other_path(addr: &Addr) -> bool {
    let Some(UnixAddr::Path(path)) = addr.to_unix() else { return false };
    let path = path.as_os_str().as_encoded_bytes();
    path.starts_with(b"@") || path.len() > 107
}

/// A text is an address or is none; an address prints as a text that is the same address.
pub(crate) fn text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let addr: Addr = match text.parse() {
        Ok(addr) => addr,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert!(!addr.is_empty(), "{text:?}");
    if is_told_by_text(&addr) {
        let shown = addr.to_string();
        let again: Addr = shown.parse().unwrap();
        assert_eq!(again, addr, "{text:?} prints as {shown:?}");
        assert_eq!(again.to_string(), shown);
    }
    bytes(addr.as_bytes());
    // `std` reads the same addresses.
    if let Ok(ip) = text.parse::<std::net::SocketAddr>() {
        assert_eq!(addr.to_ip(), Some(ip));
    }
}

/// An endpoint prints as a text that is the same endpoint.
pub(crate) fn endpoint(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let endpoint: Endpoint = match text.parse() {
        Ok(endpoint) => endpoint,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let other = matches!(endpoint.target(), Target::Addr(addr) if is_other_path(addr));
    if !other {
        let shown = endpoint.to_string();
        let again: Endpoint = shown.parse().unwrap();
        assert_eq!(again, endpoint, "{text:?} prints as {shown:?}");
        assert_eq!(again.to_string(), shown);
    }
    assert_eq!(endpoint.family(), endpoint.scheme().family);
    let _ = (endpoint.protocol(), endpoint.ty());
    for (name, value) in endpoint.options() {
        assert!(endpoint.option(name).is_some());
        let Some(row) = opt::by_name(name) else { continue };
        if let Some(bytes) = (row.parse)(value) {
            assert!((row.describe)(&bytes).is_some(), "{name}={value}");
        }
    }
    match endpoint.target() {
        Target::Addr(addr) => assert_eq!(addr.family(), endpoint.family()),
        Target::Host { host, service } => {
            assert!(host.as_deref() != Some("") && service.as_deref() != Some(""));
        }
        Target::Fd(fd) => assert!(*fd >= 0),
    }
}
