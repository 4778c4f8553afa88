//! Addresses of the controller area network: `sockaddr_can` in its three forms.

use std::fmt;

use super::family::{Fields, Text, build, only, typed, write_interface};
use super::{Addr, AddrError, FamilyAddr};
use crate::kind::Family;
use crate::sys::structs::{sockaddr_can as can, sockaddr_can_tp as tp};

/// The address of a raw or a BCM socket of a controller area network: the interface.
///
/// Text: `can:vcan0`; `can:*` is every interface.
///
/// ```
/// use berkeley::{Addr, CanAddr};
///
/// assert_eq!(Addr::from(CanAddr { interface: 7 }).to(), Some(CanAddr { interface: 7 }));
/// ```
///
/// See the kernel's `Documentation/networking/can.rst`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[doc(alias("sockaddr_can", "AF_CAN", "CAN_RAW", "CAN_BCM"))]
pub struct CanAddr {
    /// The number of the interface; 0 is every one.
    #[doc(alias = "can_ifindex")]
    pub interface: u32,
}

/// The address of an ISO-TP socket, ISO 15765-2: the interface and the two identifiers.
///
/// Text: `isotp:vcan0,rx=0x123,tx=0x456`.
///
/// ```
/// use berkeley::{Addr, IsoTpAddr};
///
/// let addr = IsoTpAddr { interface: 7, rx: 0x123, tx: 0x456 };
/// assert_eq!(format!("{addr:#}"), "isotp:7,rx=0x123,tx=0x456");
/// assert_eq!(Addr::from(addr).to(), Some(addr));
/// ```
///
/// See the kernel's `Documentation/networking/iso15765-2.rst`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[doc(alias("sockaddr_can", "CAN_ISOTP"))]
pub struct IsoTpAddr {
    /// The number of the interface.
    #[doc(alias = "can_ifindex")]
    pub interface: u32,
    /// The identifier of the frames to receive, its flags (extended: 0x80000000) included.
    #[doc(alias = "rx_id")]
    pub rx: u32,
    /// The identifier of the frames to send, its flags included.
    #[doc(alias = "tx_id")]
    pub tx: u32,
}

/// The address of a J1939 socket: the interface, and whom.
///
/// Text: `j1939:vcan0,addr=0x20`, `j1939:vcan0,name=0x1234,pgn=0x12300,addr=0x30`. What is left
/// out is none.
///
/// ```
/// use berkeley::{Addr, J1939Addr};
///
/// let addr = J1939Addr { addr: 0x20, ..J1939Addr::any(7) };
/// assert_eq!(format!("{addr:#}"), "j1939:7,addr=0x20");
/// assert_eq!(Addr::from(addr).to(), Some(addr));
/// ```
///
/// See the kernel's `Documentation/networking/j1939.rst`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[doc(alias("sockaddr_can", "CAN_J1939"))]
pub struct J1939Addr {
    /// The number of the interface.
    #[doc(alias = "can_ifindex")]
    pub interface: u32,
    /// The name of the device; [`J1939Addr::NO_NAME`] is none.
    pub name: u64,
    /// The number of the parameter group; [`J1939Addr::NO_PGN`] is none.
    pub pgn: u32,
    /// The address in the network; [`J1939Addr::NO_ADDR`] is none, as for all.
    pub addr: u8,
}

impl J1939Addr {
    /// No name.
    #[doc(alias = "J1939_NO_NAME")]
    pub const NO_NAME: u64 = 0;
    /// No parameter group.
    #[doc(alias = "J1939_NO_PGN")]
    pub const NO_PGN: u32 = 0x40000;
    /// No address.
    #[doc(alias = "J1939_NO_ADDR")]
    pub const NO_ADDR: u8 = 0xff;

    /// Anybody and anything at this interface.
    ///
    /// ```
    /// assert_eq!(berkeley::J1939Addr::any(7).addr, berkeley::J1939Addr::NO_ADDR);
    /// ```
    pub fn any(interface: u32) -> J1939Addr {
        let (name, pgn, addr) = (Self::NO_NAME, Self::NO_PGN, Self::NO_ADDR);
        J1939Addr { interface, name, pgn, addr }
    }
}

impl FamilyAddr for CanAddr {
    const FAMILY: Family = Family::CAN;

    fn decode(bytes: &[u8]) -> Option<CanAddr> {
        only::<Self>(bytes)?;
        Some(CanAddr { interface: can::can_ifindex.get(bytes)? as u32 })
    }

    fn encode(&self) -> Addr {
        build::<{ can::SIZE }>(Family::CAN, |bytes| {
            can::can_ifindex.put(bytes, self.interface as i32);
        })
    }
}

impl FamilyAddr for IsoTpAddr {
    const FAMILY: Family = Family::CAN;

    fn decode(bytes: &[u8]) -> Option<IsoTpAddr> {
        only::<Self>(bytes)?;
        Some(IsoTpAddr {
            interface: tp::can_ifindex.get(bytes)? as u32,
            rx: tp::rx_id.get(bytes)?,
            tx: tp::tx_id.get(bytes)?,
        })
    }

    fn encode(&self) -> Addr {
        build::<{ tp::SIZE }>(Family::CAN, |bytes| {
            tp::can_ifindex.put(bytes, self.interface as i32);
            tp::rx_id.put(bytes, self.rx);
            tp::tx_id.put(bytes, self.tx);
        })
    }
}

impl FamilyAddr for J1939Addr {
    const FAMILY: Family = Family::CAN;

    fn decode(bytes: &[u8]) -> Option<J1939Addr> {
        only::<Self>(bytes)?;
        Some(J1939Addr {
            interface: can::can_ifindex.get(bytes)? as u32,
            name: can::name.get(bytes)?,
            pgn: can::pgn.get(bytes)?,
            addr: can::addr.get(bytes)?,
        })
    }

    fn encode(&self) -> Addr {
        build::<{ can::SIZE }>(Family::CAN, |bytes| {
            can::can_ifindex.put(bytes, self.interface as i32);
            can::name.put(bytes, self.name);
            can::pgn.put(bytes, self.pgn);
            can::addr.put(bytes, self.addr);
        })
    }
}

impl Text for CanAddr {
    const WORD: &'static str = "can";
    const KEYS: &'static [&'static str] = &[];
    const SYNTAX: &'static str = "expected can:INTERFACE, such as can:vcan0, or can:* for all";

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_interface(f, self.interface)
    }

    fn read(fields: &Fields<'_>) -> Result<CanAddr, AddrError> {
        Ok(CanAddr { interface: fields.interface()? })
    }
}

impl Text for IsoTpAddr {
    const WORD: &'static str = "isotp";
    const KEYS: &'static [&'static str] = &["rx", "tx"];
    const SYNTAX: &'static str = "expected isotp:INTERFACE,rx=ID,tx=ID";

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_interface(f, self.interface)?;
        write!(f, ",rx={:#x},tx={:#x}", self.rx, self.tx)
    }

    fn read(fields: &Fields<'_>) -> Result<IsoTpAddr, AddrError> {
        let interface = fields.interface()?;
        Ok(IsoTpAddr { interface, rx: fields.number("rx", 0)?, tx: fields.number("tx", 0)? })
    }
}

impl Text for J1939Addr {
    const WORD: &'static str = "j1939";
    const KEYS: &'static [&'static str] = &["name", "pgn", "addr"];
    const SYNTAX: &'static str =
        "expected j1939:INTERFACE[,name=NUMBER][,pgn=NUMBER][,addr=NUMBER]";

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_interface(f, self.interface)?;
        if self.name != Self::NO_NAME {
            write!(f, ",name={:#x}", self.name)?;
        }
        if self.pgn != Self::NO_PGN {
            write!(f, ",pgn={:#x}", self.pgn)?;
        }
        if self.addr != Self::NO_ADDR {
            write!(f, ",addr={:#x}", self.addr)?;
        }
        Ok(())
    }

    fn read(fields: &Fields<'_>) -> Result<J1939Addr, AddrError> {
        let any = J1939Addr::any(fields.interface()?);
        Ok(J1939Addr {
            name: fields.number("name", any.name)?,
            pgn: fields.number("pgn", any.pgn)?,
            addr: fields.number("addr", any.addr)?,
            ..any
        })
    }
}

typed!(CanAddr, IsoTpAddr, J1939Addr);
