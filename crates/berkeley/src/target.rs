//! What may be written where a socket takes an address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::path::{Path, PathBuf};

use crate::addr::{
    self, Addr, AddrError, AlgAddr, CanAddr, HciAddr, IsoTpAddr, J1939Addr, L2capAddr, NetlinkAddr,
    PacketAddr, QrtrAddr, RfcommAddr, ScoAddr, TipcAddr, UnixAddr, VsockAddr, XdpAddr,
};
use crate::error::{Call, Cause, Error, Result};
use crate::kind::Family;
use crate::names::{AddrInfoFlags, Name, getaddrinfo};
use crate::sys::Storage;

/// Whatever can be turned into the address of a socket of a given family.
///
/// | write | meaning |
/// |---|---|
/// | [`Addr`], [`UnixAddr`], the typed address of any [family](crate::FamilyAddr), `std`'s `SocketAddr`, `(IpAddr, u16)` | the address |
/// | `"127.0.0.1:80"`, `"[::1]:80"`, `"unix:/run/x.sock"`, `"can:vcan0"`, … | the address of this [text](Addr) |
/// | `"localhost:80"`, `("localhost", 80)` | the host's first address of the socket's family |
/// | `("", 80)` | every local address of the family |
/// | [`&Path`](Path) | a UNIX path |
/// | `()` | no address: the connected peer, where one may be left out |
///
/// Only a host that is not numeric is looked up.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type};
/// use std::net::Ipv4Addr;
///
/// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
/// sock.bind((Ipv4Addr::LOCALHOST, 0))?;
/// sock.send_to(b"hi", ("localhost", 9))?;
/// sock.send_to(b"hi", "127.0.0.1:9")?;
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// [`Cause::Address`] for what is no address, [`Cause::Lookup`] for a host that is not found.
pub trait ToAddr {
    /// The address, for a socket of this family.
    fn to_addr(&self, family: Family) -> Result<Addr>;

    /// The address if it is there, or the host and the service to look up for it.
    #[doc(hidden)]
    fn ask(&self, family: Family) -> Result<Result<Addr, (String, String)>> {
        self.to_addr(family).map(Ok)
    }

    /// Lends the address, so that one that exists already is not copied.
    #[doc(hidden)]
    #[inline]
    fn with_addr<R>(&self, family: Family, call: impl FnOnce(&Addr) -> R) -> Result<R> {
        Ok(call(&self.to_addr(family)?))
    }
}

/// A host and a service that have to be looked up.
type Question = (String, String);

fn question(host: &str, service: &str) -> Question {
    (host.to_owned(), service.to_owned())
}

/// Whether no name service is asked.
#[cfg(feature = "tokio")]
pub(crate) fn is_numeric((host, _): &Question) -> bool {
    host.is_empty() || host.parse::<IpAddr>().is_ok()
}

/// The first address of a host, for a socket of this family.
pub(crate) fn resolve((host, service): &Question, family: Family) -> Result<Addr> {
    let (host, flags) = match host.as_str() {
        "" => (Name::NONE, AddrInfoFlags::PASSIVE),
        host => (host.into(), AddrInfoFlags::empty()),
    };
    let question = getaddrinfo(host, service.as_str()).family(family).flags(flags);
    let first = question.call()?.into_iter().next();
    first
        .map(|answer| answer.addr)
        .ok_or_else(|| Error::new(Call::GetAddrInfo, Cause::Argument("the host has no address")))
}

impl ToAddr for Addr {
    fn to_addr(&self, _: Family) -> Result<Addr> {
        Ok(*self)
    }

    #[inline]
    fn with_addr<R>(&self, _: Family, call: impl FnOnce(&Addr) -> R) -> Result<R> {
        Ok(call(self))
    }
}

impl ToAddr for () {
    fn to_addr(&self, _: Family) -> Result<Addr> {
        Ok(Addr(Storage::empty()))
    }
}

impl<T: ToAddr + ?Sized> ToAddr for &T {
    fn to_addr(&self, family: Family) -> Result<Addr> {
        (**self).to_addr(family)
    }

    fn ask(&self, family: Family) -> Result<Result<Addr, Question>> {
        (**self).ask(family)
    }

    #[inline]
    fn with_addr<R>(&self, family: Family, call: impl FnOnce(&Addr) -> R) -> Result<R> {
        (**self).with_addr(family, call)
    }
}

/// Lets the types that always are an address be one.
macro_rules! addresses {
    ($($ty:ty),+) => {
        $(impl ToAddr for $ty {
            #[inline]
            fn to_addr(&self, _: Family) -> Result<Addr> {
                Ok(Addr::from(*self))
            }

            #[inline]
            fn with_addr<R>(&self, _: Family, call: impl FnOnce(&Addr) -> R) -> Result<R> {
                Ok(call(&Addr::from(*self)))
            }
        })+
    };
}

addresses!(SocketAddr, SocketAddrV4, SocketAddrV6, (IpAddr, u16), (Ipv4Addr, u16), (Ipv6Addr, u16));
addresses!(PacketAddr, NetlinkAddr, CanAddr, IsoTpAddr, J1939Addr, TipcAddr, VsockAddr, AlgAddr);
addresses!(QrtrAddr, L2capAddr, RfcommAddr, ScoAddr, HciAddr, XdpAddr);

/// A host, numeric or to be looked up, and a port.
impl ToAddr for (&str, u16) {
    fn to_addr(&self, family: Family) -> Result<Addr> {
        self.ask(family)?.or_else(|question| resolve(&question, family))
    }

    fn ask(&self, _: Family) -> Result<Result<Addr, Question>> {
        let (host, port) = *self;
        Ok(Err(question(host, &port.to_string())))
    }
}

impl ToAddr for UnixAddr<'_> {
    fn to_addr(&self, _: Family) -> Result<Addr> {
        Addr::try_from(*self).map_err(fail)
    }
}

impl ToAddr for Path {
    fn to_addr(&self, _: Family) -> Result<Addr> {
        Addr::try_from(self).map_err(fail)
    }
}

impl ToAddr for PathBuf {
    fn to_addr(&self, family: Family) -> Result<Addr> {
        self.as_path().to_addr(family)
    }
}

impl ToAddr for str {
    fn to_addr(&self, family: Family) -> Result<Addr> {
        self.ask(family)?.or_else(|question| resolve(&question, family))
    }

    fn ask(&self, _: Family) -> Result<Result<Addr, Question>> {
        let error = match self.parse() {
            Ok(addr) => return Ok(Ok(addr)),
            // Anything but wrong syntax was an address's text, and no host's name.
            Err(error) if addr::is_typed(self) || !is_syntax(&error) => {
                return Err(fail(error));
            }
            Err(error) => fail(error),
        };
        match self.rsplit_once(':') {
            Some((host, service)) if is_host(host) && !service.is_empty() => {
                let host =
                    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
                if service.bytes().all(|byte| byte.is_ascii_digit())
                    && service.parse::<u16>().is_err()
                {
                    let expected = "a port is a number from 0 to 65535";
                    return Err(fail(AddrError::syntax(self, expected)));
                }
                Ok(Err(question(host, service)))
            }
            _ => Err(error),
        }
    }
}

impl ToAddr for String {
    fn to_addr(&self, family: Family) -> Result<Addr> {
        self.as_str().to_addr(family)
    }

    fn ask(&self, family: Family) -> Result<Result<Addr, Question>> {
        self.as_str().ask(family)
    }
}

fn is_syntax(error: &AddrError) -> bool {
    matches!(error, AddrError::Syntax { .. })
}

/// Whether this may stand before the port: a bracketed address with a scope by name, or a name.
fn is_host(host: &str) -> bool {
    let bracketed = host.starts_with('[') && host.ends_with(']');
    bracketed || !host.contains([':', '/', '?'])
}

fn fail(error: AddrError) -> Error {
    // The calls that take an address put their own name in its place.
    Error::new(Call::GetAddrInfo, error)
}
