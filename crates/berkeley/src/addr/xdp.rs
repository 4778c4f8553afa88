//! Addresses of the express data path: `sockaddr_xdp`.

use std::fmt;

use super::family::{Fields, Text, build, only, typed, write_interface};
use super::{Addr, AddrError, FamilyAddr};
use crate::kind::Family;
use crate::sys::structs::sockaddr_xdp as xdp;

/// The address of an XDP socket: a queue of an interface.
///
/// Text: `xdp:eth0,queue=3`; also `flags=` and `umem=`, the descriptor whose memory is shared.
///
/// ```
/// use berkeley::{Addr, XdpAddr};
///
/// let addr = XdpAddr { interface: 2, queue: 3, ..XdpAddr::default() };
/// assert_eq!(format!("{addr:#}"), "xdp:2,queue=3");
/// assert_eq!(Addr::from(addr).to(), Some(addr));
/// ```
///
/// See the kernel's `Documentation/networking/af_xdp.rst`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[doc(alias("sockaddr_xdp", "AF_XDP"))]
pub struct XdpAddr {
    /// The number of the interface.
    #[doc(alias = "sxdp_ifindex")]
    pub interface: u32,
    /// The number of its queue.
    #[doc(alias = "sxdp_queue_id")]
    pub queue: u32,
    /// Flags: 1 shares memory, 2 copies, 4 does not, 8 asks to be woken.
    #[doc(alias("sxdp_flags", "XDP_SHARED_UMEM", "XDP_COPY", "XDP_ZEROCOPY"))]
    pub flags: u16,
    /// The descriptor of the socket whose memory is shared.
    #[doc(alias = "sxdp_shared_umem_fd")]
    pub shared_umem: u32,
}

impl FamilyAddr for XdpAddr {
    const FAMILY: Family = Family::XDP;

    fn decode(bytes: &[u8]) -> Option<XdpAddr> {
        only::<Self>(bytes)?;
        Some(XdpAddr {
            interface: xdp::sxdp_ifindex.get(bytes)?,
            queue: xdp::sxdp_queue_id.get(bytes)?,
            flags: xdp::sxdp_flags.get(bytes)?,
            shared_umem: xdp::sxdp_shared_umem_fd.get(bytes)?,
        })
    }

    fn encode(&self) -> Addr {
        build::<{ xdp::SIZE }>(Family::XDP, |bytes| {
            xdp::sxdp_ifindex.put(bytes, self.interface);
            xdp::sxdp_queue_id.put(bytes, self.queue);
            xdp::sxdp_flags.put(bytes, self.flags);
            xdp::sxdp_shared_umem_fd.put(bytes, self.shared_umem);
        })
    }
}

impl Text for XdpAddr {
    const WORD: &'static str = "xdp";
    const KEYS: &'static [&'static str] = &["queue", "flags", "umem"];
    const SYNTAX: &'static str = "expected xdp:INTERFACE,queue=NUMBER[,flags=BITS][,umem=FD]";

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_interface(f, self.interface)?;
        write!(f, ",queue={}", self.queue)?;
        if self.flags != 0 {
            write!(f, ",flags={:#x}", self.flags)?;
        }
        if self.shared_umem != 0 {
            write!(f, ",umem={}", self.shared_umem)?;
        }
        Ok(())
    }

    fn read(fields: &Fields<'_>) -> Result<XdpAddr, AddrError> {
        Ok(XdpAddr {
            interface: fields.interface()?,
            queue: fields.number("queue", 0)?,
            flags: fields.number("flags", 0)?,
            shared_umem: fields.number("umem", 0)?,
        })
    }
}

typed!(XdpAddr);
