//! The network interfaces and their addresses.

use bitflags::bitflags;

use crate::addr::Addr;
use crate::error::{Call, Error, Result};
use crate::sys::{self, c};

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
