//! The network interfaces and their addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bitflags::bitflags;

use crate::addr::Addr;
use crate::error::{Call, Error, Result};
use crate::names::if_nametoindex;
use crate::sys::{self, Errno, c};

/// One address of one interface. An interface has an entry for each of its addresses, one of
/// them its link's.
///
/// ```
/// let loopback = berkeley::getifaddrs()?.into_iter().find(|entry| entry.name == "lo");
/// assert!(loopback.is_some());
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// See `getifaddrs(3)`.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[doc(alias = "ifaddrs")]
pub struct InterfaceAddr {
    /// The interface's name.
    pub name: String,
    /// What the interface is and does.
    pub flags: InterfaceFlags,
    /// The address; none for interfaces that have none.
    pub addr: Option<Addr>,
    /// Which of its bits are the network's.
    pub netmask: Option<Addr>,
    /// The network's broadcast address.
    pub broadcast: Option<Addr>,
    /// The other end of a line between two.
    pub destination: Option<Addr>,
}

bitflags! {
    /// What an interface is and does. Bits without a name are kept.
    ///
    /// ```
    /// use berkeley::InterfaceFlags;
    ///
    /// let entries = berkeley::getifaddrs()?;
    /// let lo = entries.iter().find(|entry| entry.name == "lo").unwrap();
    /// assert!(lo.flags.contains(InterfaceFlags::LOOPBACK));
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// See `netdevice(7)`.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
    pub struct InterfaceFlags: u32 {
        /// Switched on. `IFF_UP`
        const UP = c::IFF_UP as u32;
        /// Has a broadcast address. `IFF_BROADCAST`
        const BROADCAST = c::IFF_BROADCAST as u32;
        /// Leads nowhere but here. `IFF_LOOPBACK`
        const LOOPBACK = c::IFF_LOOPBACK as u32;
        /// A line between two. `IFF_POINTOPOINT`
        const POINTOPOINT = c::IFF_POINTOPOINT as u32;
        /// Ready to carry packets. `IFF_RUNNING`
        const RUNNING = c::IFF_RUNNING as u32;
        /// Does not ask for its neighbours' addresses. `IFF_NOARP`
        const NOARP = c::IFF_NOARP as u32;
        /// Receives everybody's packets. `IFF_PROMISC`
        const PROMISC = c::IFF_PROMISC as u32;
        /// Receives every group's packets. `IFF_ALLMULTI`
        const ALLMULTI = c::IFF_ALLMULTI as u32;
        /// Can carry multicast. `IFF_MULTICAST`
        const MULTICAST = c::IFF_MULTICAST as u32;
        const _ = !0;
    }
}

/// Every address of every interface of this network namespace.
///
/// ```
/// for entry in berkeley::getifaddrs()? {
///     println!("{}: {:?}", entry.name, entry.addr);
/// }
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// The system's own.
///
/// See `getifaddrs(3)`.
pub fn getifaddrs() -> Result<Vec<InterfaceAddr>> {
    let entries = sys::interface_addrs().map_err(Error::of(Call::GetIfAddrs))?;
    let entry = |entry: sys::InterfaceEntry| {
        let flags = InterfaceFlags::from_bits_retain(entry.flags);
        let other = entry.other.map(Addr);
        let is_broadcast = flags.contains(InterfaceFlags::BROADCAST);
        let is_line = flags.contains(InterfaceFlags::POINTOPOINT);
        InterfaceAddr {
            name: String::from_utf8_lossy(&entry.name).into_owned(),
            flags,
            addr: entry.addr.map(Addr),
            netmask: entry.netmask.map(Addr),
            broadcast: other.filter(|_| is_broadcast),
            destination: other.filter(|_| is_line && !is_broadcast),
        }
    };
    Ok(entries.into_iter().map(entry).collect())
}

/// An interface, by whatever it is known.
///
/// ```
/// use berkeley::Interface;
/// use std::net::Ipv4Addr;
///
/// assert_eq!(Interface::from("127.0.0.1"), Ipv4Addr::LOCALHOST.into());
/// assert_eq!(Interface::from("3"), 3.into());
/// assert_eq!(Interface::from(()), Interface::Any);
/// assert_eq!(Interface::from("lo").index()?, Interface::from("127.0.0.1").index()?);
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum Interface {
    /// The one that the kernel chooses.
    #[default]
    Any,
    /// The one with this number.
    Index(u32),
    /// The one with this name.
    Name(String),
    /// The one that has this address.
    Addr(IpAddr),
}

impl Interface {
    /// Its number; zero stands for any.
    ///
    /// ```
    /// use berkeley::Interface;
    ///
    /// assert_eq!(Interface::Name("lo".to_owned()).index()?, berkeley::if_nametoindex("lo")?);
    /// assert_eq!(Interface::Any.index()?, 0);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `ENODEV` if no interface has the name, `EADDRNOTAVAIL` if none has the address; whether one
    /// has the number is not asked.
    #[doc(alias = "if_nametoindex")]
    pub fn index(&self) -> Result<u32> {
        match self {
            Interface::Any => Ok(0),
            Interface::Index(index) => Ok(*index),
            Interface::Name(name) => if_nametoindex(name),
            Interface::Addr(addr) if addr.is_unspecified() => Ok(0),
            Interface::Addr(addr) => {
                let has = |entry: &InterfaceAddr| {
                    entry.addr.and_then(|own| own.to_ip()).is_some_and(|own| own.ip() == *addr)
                };
                let owner = getifaddrs()?.into_iter().find(has).ok_or_else(|| {
                    Error::new(Call::IfNameToIndex, Errno::EADDRNOTAVAIL).at_name(addr.to_string())
                })?;
                if_nametoindex(&owner.name)
            }
        }
    }
}

/// As people write it: an address, a number, or a name. Of an address with a scope, the scope
/// counts.
impl From<&str> for Interface {
    fn from(text: &str) -> Interface {
        let text = text.split_once('%').map_or(text, |(_, scope)| scope);
        match (text.parse::<IpAddr>(), text.parse::<u32>()) {
            (Ok(addr), _) => addr.into(),
            (_, Ok(index)) => index.into(),
            _ if text.is_empty() => Interface::Any,
            _ => Interface::Name(text.to_owned()),
        }
    }
}

impl From<()> for Interface {
    fn from((): ()) -> Interface {
        Interface::Any
    }
}

impl From<u32> for Interface {
    fn from(index: u32) -> Interface {
        if index == 0 { Interface::Any } else { Interface::Index(index) }
    }
}

impl From<IpAddr> for Interface {
    fn from(addr: IpAddr) -> Interface {
        if addr.is_unspecified() { Interface::Any } else { Interface::Addr(addr) }
    }
}

impl From<Ipv4Addr> for Interface {
    fn from(addr: Ipv4Addr) -> Interface {
        IpAddr::from(addr).into()
    }
}

impl From<Ipv6Addr> for Interface {
    fn from(addr: Ipv6Addr) -> Interface {
        IpAddr::from(addr).into()
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Interface::Any => f.write_str("any interface"),
            Interface::Index(index) => write!(f, "interface {index}"),
            Interface::Name(name) => f.write_str(name),
            Interface::Addr(addr) => addr.fmt(f),
        }
    }
}
