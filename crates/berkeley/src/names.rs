//! Hosts and their addresses, from names to numbers and back, as the C library answers every
//! program.

mod addrinfo;
mod numbers;
mod waiting;

use std::net::{IpAddr, Ipv4Addr};

use bitflags::bitflags;

pub use self::addrinfo::{AddrInfo, AddrInfoFlags, AddrInfoQuery, Name, getaddrinfo};
pub use self::numbers::{
    getprotobyname, getprotobynumber, getservbyname, getservbyport, if_indextoname, if_nameindex,
    if_nametoindex,
};
pub use self::waiting::{PendingLookup, abandoned_lookups, look_up_within};
use crate::addr::Addr;
use crate::error::{Call, Cause, Error, LookupCode, Result};
use crate::kind::Family;
use crate::seam;
use crate::sys::{self, c};

bitflags! {
    /// How [`getnameinfo`] shall answer. Bits without a name are kept.
    ///
    /// ```
    /// use berkeley::{NameInfoFlags, getnameinfo};
    ///
    /// let addr = "127.0.0.1:80".parse()?;
    /// let numeric = NameInfoFlags::NUMERICHOST | NameInfoFlags::NUMERICSERV;
    /// let name = getnameinfo(&addr, numeric)?;
    /// assert_eq!((name.host.as_str(), name.service.as_str()), ("127.0.0.1", "80"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    #[doc(alias("NI_NUMERICHOST", "NI_NUMERICSERV", "NI_NAMEREQD"))]
    pub struct NameInfoFlags: i32 {
        /// The host as a number: look nothing up. `NI_NUMERICHOST`
        const NUMERICHOST = c::NI_NUMERICHOST;
        /// The port as a number: look nothing up. `NI_NUMERICSERV`
        const NUMERICSERV = c::NI_NUMERICSERV;
        /// Hosts of the own domain without the domain. `NI_NOFQDN`
        const NOFQDN = c::NI_NOFQDN;
        /// Fail rather than answer a number. `NI_NAMEREQD`
        const NAMEREQD = c::NI_NAMEREQD;
        /// The service is one of datagrams. `NI_DGRAM`
        const DGRAM = c::NI_DGRAM;
        /// Decode an internationalised name. `NI_IDN`
        const IDN = c::NI_IDN;
        const _ = !0;
    }
}

/// The names of an address.
///
/// ```
/// let names = berkeley::getnameinfo(&"127.0.0.1:80".parse()?, Default::default())?;
/// println!("{} {}", names.host, names.service);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct NameInfo {
    /// The host.
    pub host: String,
    /// The service.
    pub service: String,
}

/// A host, its other names and its addresses.
///
/// ```
/// let host = berkeley::gethostbyname_ex("127.0.0.1")?;
/// assert_eq!(host.addresses, ["127.0.0.1".parse::<std::net::IpAddr>().unwrap()]);
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
#[doc(alias = "hostent")]
pub struct Host {
    /// The official name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// The addresses, in the order of the answer.
    pub addresses: Vec<IpAddr>,
}

/// Looks up the host and the service of an address.
///
/// ```
/// use berkeley::{NameInfoFlags, getnameinfo};
///
/// let names = getnameinfo(&"[::1]:22".parse()?, NameInfoFlags::NUMERICHOST)?;
/// assert_eq!(names.host, "::1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`Cause::Lookup`] with the `EAI_` code; [`Cause::Os`] where that is `EAI_SYSTEM`.
///
/// See `getnameinfo(3)`, RFC 3493.
pub fn getnameinfo(addr: &Addr, flags: NameInfoFlags) -> Result<NameInfo> {
    let (host, service) = seam::getnameinfo(&addr.0, flags.bits())
        .map_err(|failure| Error::new(Call::GetNameInfo, failure).at(addr))?;
    Ok(NameInfo { host: text(host), service: text(service) })
}

/// The IPv4 address of a host.
///
/// New programs ask [`getaddrinfo`], which knows IPv6.
///
/// ```
/// assert_eq!(berkeley::gethostbyname("localhost")?, std::net::Ipv4Addr::LOCALHOST);
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`AddrInfoQuery::call`].
///
/// See `gethostbyname(3)`.
pub fn gethostbyname(host: &str) -> Result<Ipv4Addr> {
    let fail = |error: Error| error.in_call(Call::GetHostByName).at_name(host);
    let answers = getaddrinfo(host, Name::NONE).family(Family::INET).call().map_err(fail)?;
    let v4 = answers.iter().find_map(|answer| match answer.addr.to_ip()?.ip() {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    });
    v4.ok_or_else(|| fail(Error::new(Call::GetHostByName, LookupCode::EAI_NODATA)))
}

/// A host with its other names and all of its IPv4 addresses.
///
/// ```
/// let host = berkeley::gethostbyname_ex("localhost")?;
/// println!("{}, also {:?}: {:?}", host.name, host.aliases, host.addresses);
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// [`Cause::Lookup`] with the resolver's code; [`Cause::Os`] if the system failed it.
///
/// See `gethostbyname(3)`.
pub fn gethostbyname_ex(host: &str) -> Result<Host> {
    let fail = |cause: Cause| Error::new(Call::GetHostByName, cause).at_name(host);
    let name = Name::from(host).to_c().map_err(fail)?.unwrap_or_default();
    sys::host_by_name(&name, c::AF_INET).map(Host::from).map_err(|why| fail(host_cause(why)))
}

/// The host at an address, given as a name or number: its names and addresses.
///
/// ```no_run
/// let host = berkeley::gethostbyaddr("127.0.0.1")?;
/// println!("{}", host.name);
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// [`Cause::Lookup`] with the code of the resolver, or of [`getaddrinfo`] where `host` is a name.
///
/// See `gethostbyaddr(3)`.
pub fn gethostbyaddr(host: &str) -> Result<Host> {
    let fail = |cause: Cause| Error::new(Call::GetHostByAddr, cause).at_name(host);
    let address = match host.parse::<IpAddr>() {
        Ok(address) => address,
        Err(_) => {
            let answers = getaddrinfo(host, Name::NONE)
                .call()
                .map_err(|error| error.in_call(Call::GetHostByAddr).at_name(host))?;
            let first = answers.iter().find_map(|answer| answer.addr.to_ip());
            first.ok_or_else(|| fail(LookupCode::EAI_NODATA.into()))?.ip()
        }
    };
    let found = match address {
        IpAddr::V4(address) => sys::host_by_addr(&address.octets(), c::AF_INET),
        IpAddr::V6(address) => sys::host_by_addr(&address.octets(), c::AF_INET6),
    };
    found.map(Host::from).map_err(|why| fail(host_cause(why)))
}

/// The name this machine goes by.
///
/// ```
/// assert!(!berkeley::gethostname()?.is_empty());
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// The system's own.
///
/// See `gethostname(2)`.
pub fn gethostname() -> Result<String> {
    gethostname_bytes().map(text)
}

/// [`gethostname`] as it stands in the kernel, which takes any bytes for a name.
///
/// ```
/// assert_eq!(berkeley::gethostname_bytes()?, berkeley::gethostname()?.as_bytes());
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`gethostname`].
///
/// See `gethostname(2)`.
pub fn gethostname_bytes() -> Result<Vec<u8>> {
    sys::host_name().map_err(Error::of(Call::GetHostName))
}

/// Gives this machine, or this namespace of names, a name of at most 64 bytes.
///
/// ```no_run
/// berkeley::sethostname("testbed")?;
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// `EPERM` without the right `CAP_SYS_ADMIN`, `EINVAL` for a name that is too long.
///
/// See `sethostname(2)`, `uts_namespaces(7)`.
pub fn sethostname(name: impl AsRef<[u8]>) -> Result<()> {
    let name = name.as_ref();
    sys::set_host_name(name).map_err(|errno| {
        Error::new(Call::SetHostName, errno).at_name(String::from_utf8_lossy(name).into_owned())
    })
}

/// The name of a host with its domain, as far as it can be found out; else the name given.
/// Without a name, or with `0.0.0.0` or `::`, this machine's.
///
/// ```
/// println!("{}", berkeley::getfqdn(""));
/// ```
///
/// It is the answer of [`gethostbyaddr`]: the first name with a dot, or the official one.
pub fn getfqdn(host: &str) -> String {
    let host = match host.trim() {
        "" | "0.0.0.0" | "::" => gethostname().unwrap_or_default(),
        host => host.to_owned(),
    };
    let Ok(found) = gethostbyaddr(&host) else {
        return host;
    };
    let Host { name, aliases, .. } = found;
    let with_dot = std::iter::once(&name).chain(&aliases).find(|name| name.contains('.'));
    with_dot.cloned().unwrap_or(name)
}

/// Why an old look-up failed. Its "internal error" has the number of another code here, and is the
/// system's.
fn host_cause(failure: sys::LookupFailure) -> Cause {
    const NETDB_INTERNAL: i32 = -1;
    match failure.code {
        NETDB_INTERNAL => Cause::Os(failure.errno),
        code => Cause::Lookup(LookupCode(code)),
    }
}

impl From<sys::HostEntry> for Host {
    fn from(entry: sys::HostEntry) -> Host {
        let family = entry.family;
        let address = |packed: Vec<u8>| match family {
            c::AF_INET => packed.first_chunk().map(|octets: &[u8; 4]| IpAddr::from(*octets)),
            _ => packed.first_chunk().map(|octets: &[u8; 16]| IpAddr::from(*octets)),
        };
        Host {
            name: text(entry.name),
            aliases: entry.aliases.into_iter().map(text).collect(),
            addresses: entry.addresses.into_iter().filter_map(address).collect(),
        }
    }
}

/// Names are bytes; those that are not UTF-8 are shown with replacement characters.
fn text(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Errno;

    #[test]
    fn an_internal_error_is_the_systems() {
        let failure = |code| sys::LookupFailure { code, errno: Errno::EMFILE };
        assert_eq!(host_cause(failure(-1)), Cause::Os(Errno::EMFILE));
        assert_eq!(host_cause(failure(1)), Cause::Lookup(LookupCode::HOST_NOT_FOUND));
    }
}
