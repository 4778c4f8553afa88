//! Addresses of netlink sockets: `sockaddr_nl`.

use std::fmt;

use super::family::{Fields, Text, build, only, typed};
use super::{Addr, AddrError, FamilyAddr};
use crate::kind::Family;
use crate::sys::structs::sockaddr_nl as nl;

/// The address of a netlink socket: a port, which for the kernel is 0, and groups.
///
/// Text: `netlink:0`, `netlink:1234,groups=0x11`.
///
/// ```
/// use berkeley::{Addr, NetlinkAddr};
///
/// let kernel = Addr::from(NetlinkAddr::KERNEL);
/// assert_eq!(kernel.to_string(), "netlink:0");
/// assert_eq!(kernel.to(), Some(NetlinkAddr { port: 0, groups: 0 }));
/// ```
///
/// See `netlink(7)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[doc(alias("sockaddr_nl", "AF_NETLINK"))]
pub struct NetlinkAddr {
    /// The socket's number, often its process's; 0 is the kernel, or to be chosen in binding.
    #[doc(alias("nl_pid", "portid"))]
    pub port: u32,
    /// The multicast groups, one bit each.
    #[doc(alias = "nl_groups")]
    pub groups: u32,
}

impl NetlinkAddr {
    /// The kernel.
    pub const KERNEL: NetlinkAddr = NetlinkAddr { port: 0, groups: 0 };
}

impl FamilyAddr for NetlinkAddr {
    const FAMILY: Family = Family::NETLINK;

    fn decode(bytes: &[u8]) -> Option<NetlinkAddr> {
        only::<Self>(bytes)?;
        Some(NetlinkAddr { port: nl::nl_pid.get(bytes)?, groups: nl::nl_groups.get(bytes)? })
    }

    fn encode(&self) -> Addr {
        build::<{ nl::SIZE }>(Family::NETLINK, |bytes| {
            nl::nl_pid.put(bytes, self.port);
            nl::nl_groups.put(bytes, self.groups);
        })
    }
}

impl Text for NetlinkAddr {
    const WORD: &'static str = "netlink";
    const KEYS: &'static [&'static str] = &["groups"];
    const SYNTAX: &'static str = "expected netlink:PORT[,groups=BITS]";

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.port)?;
        if self.groups != 0 {
            write!(f, ",groups={:#x}", self.groups)?;
        }
        Ok(())
    }

    fn read(fields: &Fields<'_>) -> Result<NetlinkAddr, AddrError> {
        let port = fields.parse_number(fields.place)?;
        Ok(NetlinkAddr { port, groups: fields.number("groups", 0)? })
    }
}

typed!(NetlinkAddr);
