//! IPv4 and IPv6 addresses: `sockaddr_in` and `sockaddr_in6`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use super::{Addr, AddrError, FamilyAddr, family};
use crate::kind::Family;
use crate::sys::Storage;

impl Addr {
    /// The IPv4 or IPv6 address and port, if it is one.
    ///
    /// ```
    /// use berkeley::Addr;
    ///
    /// let addr: Addr = "[::1]:80".parse()?;
    /// assert_eq!(addr.to_ip().map(|ip| ip.is_ipv6()), Some(true));
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    #[doc(alias("as_socket", "sin_addr", "sin6_addr"))]
    pub fn to_ip(&self) -> Option<SocketAddr> {
        let rest = self.0.rest();
        match self.family() {
            Family::INET => {
                let (port, rest) = rest.split_first_chunk::<2>()?;
                let (host, _) = rest.split_first_chunk::<4>()?;
                Some(SocketAddrV4::new(Ipv4Addr::from(*host), u16::from_be_bytes(*port)).into())
            }
            Family::INET6 => {
                let (port, rest) = rest.split_first_chunk::<2>()?;
                let (flow, rest) = rest.split_first_chunk::<4>()?;
                let (host, rest) = rest.split_first_chunk::<16>()?;
                let (scope, _) = rest.split_first_chunk::<4>()?;
                Some(SocketAddr::V6(SocketAddrV6::new(
                    Ipv6Addr::from(*host),
                    u16::from_be_bytes(*port),
                    u32::from_ne_bytes(*flow),
                    u32::from_ne_bytes(*scope),
                )))
            }
            _ => None,
        }
    }

    /// The port, for families whose addresses have one.
    ///
    /// ```
    /// use berkeley::Addr;
    ///
    /// assert_eq!("127.0.0.1:80".parse::<Addr>()?.port(), Some(80));
    /// assert_eq!("unix:@name".parse::<Addr>()?.port(), None);
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    #[doc(alias("sin_port", "sin6_port"))]
    pub fn port(&self) -> Option<u16> {
        self.to_ip().map(|ip| ip.port())
    }
}

impl FamilyAddr for SocketAddrV4 {
    const FAMILY: Family = Family::INET;

    fn decode(bytes: &[u8]) -> Option<SocketAddrV4> {
        match Addr::from_bytes(bytes).ok()?.to_ip()? {
            SocketAddr::V4(addr) => Some(addr),
            SocketAddr::V6(_) => None,
        }
    }

    fn encode(&self) -> Addr {
        Addr::from(*self)
    }
}

impl FamilyAddr for SocketAddrV6 {
    const FAMILY: Family = Family::INET6;

    fn decode(bytes: &[u8]) -> Option<SocketAddrV6> {
        match Addr::from_bytes(bytes).ok()?.to_ip()? {
            SocketAddr::V4(_) => None,
            SocketAddr::V6(addr) => Some(addr),
        }
    }

    fn encode(&self) -> Addr {
        Addr::from(*self)
    }
}

impl From<SocketAddr> for Addr {
    #[inline]
    fn from(addr: SocketAddr) -> Addr {
        match addr {
            SocketAddr::V4(addr) => addr.into(),
            SocketAddr::V6(addr) => addr.into(),
        }
    }
}

impl From<SocketAddrV4> for Addr {
    #[inline]
    fn from(addr: SocketAddrV4) -> Addr {
        let [p0, p1] = addr.port().to_be_bytes();
        let [h0, h1, h2, h3] = addr.ip().octets();
        let rest = [p0, p1, h0, h1, h2, h3, 0, 0, 0, 0, 0, 0, 0, 0];
        Addr(Storage::of_fixed(Family::INET.0, rest))
    }
}

impl From<SocketAddrV6> for Addr {
    #[inline]
    fn from(addr: SocketAddrV6) -> Addr {
        let mut rest = [0; 26];
        let (port, tail) = rest.split_at_mut(2);
        let (flow, tail) = tail.split_at_mut(4);
        let (host, scope) = tail.split_at_mut(16);
        port.copy_from_slice(&addr.port().to_be_bytes());
        // As `std` does it: its flow is the field's own bytes, not a number in the host's order.
        flow.copy_from_slice(&addr.flowinfo().to_ne_bytes());
        host.copy_from_slice(&addr.ip().octets());
        scope.copy_from_slice(&addr.scope_id().to_ne_bytes());
        Addr(Storage::of_fixed(Family::INET6.0, rest))
    }
}

impl From<(IpAddr, u16)> for Addr {
    fn from((host, port): (IpAddr, u16)) -> Addr {
        SocketAddr::new(host, port).into()
    }
}

impl From<(Ipv4Addr, u16)> for Addr {
    fn from((host, port): (Ipv4Addr, u16)) -> Addr {
        SocketAddrV4::new(host, port).into()
    }
}

impl From<(Ipv6Addr, u16)> for Addr {
    fn from((host, port): (Ipv6Addr, u16)) -> Addr {
        SocketAddrV6::new(host, port, 0, 0).into()
    }
}

/// Writes `host:port`; behind an IPv6 host its scope, and last its flow label if it has one.
pub(super) fn write(addr: &SocketAddr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let SocketAddr::V6(addr) = addr else { return write!(f, "{addr}") };
    write!(f, "[{}", addr.ip())?;
    if addr.scope_id() != 0 {
        f.write_str("%")?;
        family::write_interface(f, addr.scope_id())?;
    }
    write!(f, "]:{}", addr.port())?;
    match u32::from_be(addr.flowinfo()) {
        0 => Ok(()),
        flow => write!(f, ",flow={flow:#x}"),
    }
}

/// Reads `host:port`, the host numeric and IPv6 in brackets, its scope by name or number.
pub(super) fn parse(text: &str, index_of: family::IndexOf<'_>) -> Result<Addr, AddrError> {
    let wrong = || {
        AddrError::syntax(text, "expected a numeric HOST:PORT, such as 127.0.0.1:80 or [::1]:80")
    };
    let Some(rest) = text.strip_prefix('[') else {
        return text.parse::<SocketAddrV4>().map(Addr::from).map_err(|_| wrong());
    };
    let (host, rest) = rest.split_once("]:").ok_or_else(wrong)?;
    let (host, scope) = match host.split_once('%') {
        Some((host, scope)) => (host, family::interface(scope, index_of)?),
        None => (host, 0),
    };
    let (port, flow) = match rest.split_once(",flow=") {
        Some((port, flow)) => (port, family::number(flow).ok_or_else(wrong)?),
        None => (rest, 0),
    };
    let host = host.parse().map_err(|_| wrong())?;
    // Digits alone: a number of Rust may have a sign.
    let digits = !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit());
    let port = port.parse().ok().filter(|_| digits).ok_or_else(wrong)?;
    let flow = u32::try_from(flow).map_err(|_| wrong())?.to_be();
    Ok(SocketAddrV6::new(host, port, flow, scope).into())
}
