//! IPv4 and IPv6 addresses: `sockaddr_in` and `sockaddr_in6`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use super::{Addr, AddrError};
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

/// Reads `host:port`, the host numeric and IPv6 in brackets.
pub(super) fn parse(text: &str) -> Result<Addr, AddrError> {
    text.parse::<SocketAddr>().map(Addr::from).map_err(|_| {
        AddrError::syntax(text, "expected a numeric HOST:PORT, such as 127.0.0.1:80 or [::1]:80")
    })
}
