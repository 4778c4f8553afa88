//! Addresses of Bluetooth: `sockaddr_l2`, `sockaddr_rc`, `sockaddr_sco`, `sockaddr_hci`.

use std::fmt;
use std::str::FromStr;

use super::family::{Fields, Text, build, only, typed};
use super::packet::{octet, write_colons};
use super::{Addr, AddrError, FamilyAddr};
use crate::kind::Family;
use crate::sys::structs::{
    sockaddr_hci as hci, sockaddr_l2 as l2, sockaddr_rc as rc, sockaddr_sco as sco,
};

/// The address of a Bluetooth device, most significant byte first, as it is written.
///
/// ```
/// use berkeley::BdAddr;
///
/// let addr: BdAddr = "00:11:22:33:44:55".parse()?;
/// assert_eq!(addr, BdAddr([0x00, 0x11, 0x22, 0x33, 0x44, 0x55]));
/// assert_eq!(addr.to_string(), "00:11:22:33:44:55");
/// # Ok::<(), berkeley::AddrError>(())
/// ```
///
/// See the Bluetooth Core Specification, volume 2, part B, 1.2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
#[doc(alias("bdaddr_t", "BDADDR_ANY", "BDADDR_LOCAL"))]
pub struct BdAddr(pub [u8; 6]);

impl BdAddr {
    /// Any device.
    #[doc(alias = "BDADDR_ANY")]
    pub const ANY: BdAddr = BdAddr([0; 6]);
    /// This machine's own.
    #[doc(alias = "BDADDR_LOCAL")]
    pub const LOCAL: BdAddr = BdAddr([0, 0, 0, 0xff, 0xff, 0xff]);

    /// As the structures have it: least significant byte first.
    fn reversed(mut self) -> [u8; 6] {
        self.0.reverse();
        self.0
    }

    fn from_reversed(mut bytes: [u8; 6]) -> BdAddr {
        bytes.reverse();
        BdAddr(bytes)
    }
}

impl fmt::Display for BdAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_colons(f, self.0.iter())
    }
}

impl fmt::Debug for BdAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for BdAddr {
    type Err = AddrError;

    fn from_str(text: &str) -> Result<BdAddr, AddrError> {
        let bytes: Option<Vec<u8>> = text.split(':').map(octet).collect();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(BdAddr).ok_or_else(|| {
            AddrError::syntax(text, "a Bluetooth address is written 00:11:22:33:44:55")
        })
    }
}

/// The address of an L2CAP socket: a device, and a service or channel of it.
///
/// Text: `l2cap:00:11:22:33:44:55,psm=1`; also `cid=` and `type=`.
///
/// ```
/// use berkeley::{Addr, BdAddr, L2capAddr};
///
/// let addr = L2capAddr { device: BdAddr::LOCAL, psm: 0x1001, ..L2capAddr::default() };
/// assert_eq!(addr.to_string(), "l2cap:00:00:00:ff:ff:ff,psm=0x1001");
/// assert_eq!(Addr::from(addr).to(), Some(addr));
/// ```
///
/// See `l2cap(7)` of BlueZ.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[doc(alias("sockaddr_l2", "BTPROTO_L2CAP"))]
pub struct L2capAddr {
    /// The device.
    #[doc(alias = "l2_bdaddr")]
    pub device: BdAddr,
    /// The service: protocol/service multiplexer.
    #[doc(alias = "l2_psm")]
    pub psm: u16,
    /// The fixed channel, in place of a service.
    #[doc(alias = "l2_cid")]
    pub cid: u16,
    /// The kind of the device's address: 0 classic, 1 low energy public, 2 low energy random.
    #[doc(alias("l2_bdaddr_type", "BDADDR_LE_PUBLIC"))]
    pub kind: u8,
}

/// The address of an RFCOMM socket: a device and a channel, 1 to 30.
///
/// Text: `rfcomm:00:11:22:33:44:55,channel=3`.
///
/// ```
/// use berkeley::{Addr, BdAddr, RfcommAddr};
///
/// let addr = RfcommAddr { device: BdAddr::ANY, channel: 3 };
/// assert_eq!(addr.to_string(), "rfcomm:00:00:00:00:00:00,channel=3");
/// assert_eq!(Addr::from(addr).to(), Some(addr));
/// ```
///
/// See `rfcomm(7)` of BlueZ.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[doc(alias("sockaddr_rc", "BTPROTO_RFCOMM"))]
pub struct RfcommAddr {
    /// The device.
    #[doc(alias = "rc_bdaddr")]
    pub device: BdAddr,
    /// The channel.
    #[doc(alias = "rc_channel")]
    pub channel: u8,
}

/// The address of an SCO socket: a device.
///
/// Text: `sco:00:11:22:33:44:55`.
///
/// ```
/// use berkeley::{Addr, BdAddr, ScoAddr};
///
/// let addr = ScoAddr { device: BdAddr::ANY };
/// assert_eq!(Addr::from(addr).to(), Some(addr));
/// ```
///
/// See `sco(7)` of BlueZ.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[doc(alias("sockaddr_sco", "BTPROTO_SCO"))]
pub struct ScoAddr {
    /// The device.
    #[doc(alias = "sco_bdaddr")]
    pub device: BdAddr,
}

/// The address of an HCI socket: a controller of this machine, and who talks to it.
///
/// Text: `hci:0`, `hci:none,channel=1`.
///
/// ```
/// use berkeley::{Addr, HciAddr};
///
/// let addr = HciAddr { device: 0, channel: 1 };
/// assert_eq!(addr.to_string(), "hci:0,channel=1");
/// assert_eq!(Addr::from(addr).to(), Some(addr));
/// ```
///
/// See `hci(7)` of BlueZ.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[doc(alias("sockaddr_hci", "BTPROTO_HCI"))]
pub struct HciAddr {
    /// The number of the controller; [`HciAddr::NONE`] is none.
    #[doc(alias = "hci_dev")]
    pub device: u16,
    /// The channel: 0 raw, 1 user, 2 monitor, 3 control.
    #[doc(alias("hci_channel", "HCI_CHANNEL_USER"))]
    pub channel: u16,
}

impl HciAddr {
    /// No controller.
    #[doc(alias = "HCI_DEV_NONE")]
    pub const NONE: u16 = 0xffff;
}

impl FamilyAddr for L2capAddr {
    const FAMILY: Family = Family::BLUETOOTH;

    /// The family does not say which of its four forms an address has; its length does.
    fn decode(bytes: &[u8]) -> Option<L2capAddr> {
        only::<Self>(bytes)?;
        let whole = bytes.len() == l2::SIZE;
        whole.then_some(())?;
        Some(L2capAddr {
            device: BdAddr::from_reversed(l2::l2_bdaddr.get(bytes)?),
            psm: u16::from_le_bytes(l2::l2_psm.get(bytes)?),
            cid: u16::from_le_bytes(l2::l2_cid.get(bytes)?),
            kind: l2::l2_bdaddr_type.get(bytes)?,
        })
    }

    fn encode(&self) -> Addr {
        build::<{ l2::SIZE }>(Family::BLUETOOTH, |bytes| {
            l2::l2_bdaddr.put(bytes, self.device.reversed());
            l2::l2_psm.put(bytes, self.psm.to_le_bytes());
            l2::l2_cid.put(bytes, self.cid.to_le_bytes());
            l2::l2_bdaddr_type.put(bytes, self.kind);
        })
    }
}

impl FamilyAddr for RfcommAddr {
    const FAMILY: Family = Family::BLUETOOTH;

    fn decode(bytes: &[u8]) -> Option<RfcommAddr> {
        only::<Self>(bytes)?;
        let whole = bytes.len() == rc::SIZE;
        whole.then_some(())?;
        Some(RfcommAddr {
            device: BdAddr::from_reversed(rc::rc_bdaddr.get(bytes)?),
            channel: rc::rc_channel.get(bytes)?,
        })
    }

    fn encode(&self) -> Addr {
        build::<{ rc::SIZE }>(Family::BLUETOOTH, |bytes| {
            rc::rc_bdaddr.put(bytes, self.device.reversed());
            rc::rc_channel.put(bytes, self.channel);
        })
    }
}

impl FamilyAddr for ScoAddr {
    const FAMILY: Family = Family::BLUETOOTH;

    fn decode(bytes: &[u8]) -> Option<ScoAddr> {
        only::<Self>(bytes)?;
        let whole = bytes.len() == sco::SIZE;
        whole.then_some(())?;
        Some(ScoAddr { device: BdAddr::from_reversed(sco::sco_bdaddr.get(bytes)?) })
    }

    fn encode(&self) -> Addr {
        build::<{ sco::SIZE }>(Family::BLUETOOTH, |bytes| {
            sco::sco_bdaddr.put(bytes, self.device.reversed());
        })
    }
}

impl FamilyAddr for HciAddr {
    const FAMILY: Family = Family::BLUETOOTH;

    fn decode(bytes: &[u8]) -> Option<HciAddr> {
        only::<Self>(bytes)?;
        let whole = bytes.len() == hci::SIZE;
        whole.then_some(())?;
        Some(HciAddr { device: hci::hci_dev.get(bytes)?, channel: hci::hci_channel.get(bytes)? })
    }

    fn encode(&self) -> Addr {
        build::<{ hci::SIZE }>(Family::BLUETOOTH, |bytes| {
            hci::hci_dev.put(bytes, self.device);
            hci::hci_channel.put(bytes, self.channel);
        })
    }
}

impl Text for L2capAddr {
    const WORD: &'static str = "l2cap";
    const KEYS: &'static [&'static str] = &["psm", "cid", "type"];
    const SYNTAX: &'static str =
        "expected l2cap:00:11:22:33:44:55[,psm=NUMBER][,cid=NUMBER][,type=NUMBER]";

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.device)?;
        if self.psm != 0 {
            write!(f, ",psm={:#x}", self.psm)?;
        }
        if self.cid != 0 {
            write!(f, ",cid={:#x}", self.cid)?;
        }
        if self.kind != 0 {
            write!(f, ",type={}", self.kind)?;
        }
        Ok(())
    }

    fn read(fields: &Fields<'_>) -> Result<L2capAddr, AddrError> {
        Ok(L2capAddr {
            device: fields.parse(fields.place)?,
            psm: fields.number("psm", 0)?,
            cid: fields.number("cid", 0)?,
            kind: fields.number("type", 0)?,
        })
    }
}

impl Text for RfcommAddr {
    const WORD: &'static str = "rfcomm";
    const KEYS: &'static [&'static str] = &["channel"];
    const SYNTAX: &'static str = "expected rfcomm:00:11:22:33:44:55,channel=NUMBER";

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},channel={}", self.device, self.channel)
    }

    fn read(fields: &Fields<'_>) -> Result<RfcommAddr, AddrError> {
        let device = fields.parse(fields.place)?;
        Ok(RfcommAddr { device, channel: fields.number("channel", 0)? })
    }
}

impl Text for ScoAddr {
    const WORD: &'static str = "sco";
    const KEYS: &'static [&'static str] = &[];
    const SYNTAX: &'static str = "expected sco:00:11:22:33:44:55";

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.device)
    }

    fn read(fields: &Fields<'_>) -> Result<ScoAddr, AddrError> {
        Ok(ScoAddr { device: fields.parse(fields.place)? })
    }
}

impl Text for HciAddr {
    const WORD: &'static str = "hci";
    const KEYS: &'static [&'static str] = &["channel"];
    const SYNTAX: &'static str = "expected hci:NUMBER[,channel=NUMBER] or hci:none";

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.device {
            HciAddr::NONE => f.write_str("none")?,
            device => write!(f, "{device}")?,
        }
        if self.channel != 0 {
            write!(f, ",channel={}", self.channel)?;
        }
        Ok(())
    }

    fn read(fields: &Fields<'_>) -> Result<HciAddr, AddrError> {
        let device = match fields.place {
            "none" => HciAddr::NONE,
            number => fields.parse_number(number)?,
        };
        Ok(HciAddr { device, channel: fields.number("channel", 0)? })
    }
}

typed!(L2capAddr, RfcommAddr, ScoAddr, HciAddr);
