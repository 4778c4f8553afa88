//! Addresses of whole frames: `sockaddr_ll`, and those of network hardware.

use std::fmt;
use std::str::FromStr;

use super::family::{Fields, Text, build, number, only, typed, write_interface};
use super::{Addr, AddrError, FamilyAddr};
use crate::kind::Family;
use crate::sys::structs::sockaddr_ll as ll;

/// The address of a packet socket: an interface, a protocol, and where a frame came from or goes.
///
/// Text: `packet:eth0,protocol=0x0800,addr=02:00:00:00:00:01`; also `kind=` and `hatype=`.
///
/// ```
/// use berkeley::{Addr, PacketAddr};
///
/// let addr = PacketAddr { protocol: PacketAddr::ALL, ..PacketAddr::new(1) };
/// assert_eq!(format!("{addr:#}"), "packet:1,protocol=0x0003");
/// assert_eq!(Addr::from(addr).to::<PacketAddr>(), Some(addr));
/// ```
///
/// See `packet(7)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[doc(alias("sockaddr_ll", "AF_PACKET", "LinkAddr"))]
pub struct PacketAddr {
    /// The number of the interface; 0 is any.
    #[doc(alias = "sll_ifindex")]
    pub interface: u32,
    /// The protocol of the frame, an Ethernet type such as 0x0800 for IPv4.
    #[doc(alias = "sll_protocol")]
    pub protocol: u16,
    /// The kind of hardware, an ARP type: 1 is Ethernet, 772 the loopback.
    #[doc(alias = "sll_hatype")]
    pub hardware_type: u16,
    /// To whom the frame went: 0 this host, 1 all, 2 a group, 3 another host, 4 sent by this one.
    #[doc(alias("sll_pkttype", "PACKET_OUTGOING"))]
    pub kind: u8,
    /// The hardware's address.
    #[doc(alias("sll_addr", "sll_halen"))]
    pub hardware: HardwareAddr,
}

impl PacketAddr {
    /// Every protocol: what a socket binds to that wants all frames.
    #[doc(alias = "ETH_P_ALL")]
    pub const ALL: u16 = 3;

    /// Of this interface, and nothing else said.
    ///
    /// ```
    /// assert_eq!(berkeley::PacketAddr::new(7).interface, 7);
    /// ```
    pub fn new(interface: u32) -> PacketAddr {
        PacketAddr { interface, ..PacketAddr::default() }
    }
}

impl FamilyAddr for PacketAddr {
    const FAMILY: Family = Family::PACKET;

    fn decode(bytes: &[u8]) -> Option<PacketAddr> {
        only::<Self>(bytes)?;
        // The kernel's structure ends where the hardware's address does.
        let len = usize::from(ll::sll_halen.get(bytes)?);
        let hardware = bytes.get(ll::sll_addr.offset()..)?;
        Some(PacketAddr {
            interface: ll::sll_ifindex.get(bytes)? as u32,
            protocol: ll::sll_protocol.get(bytes)?.0,
            hardware_type: ll::sll_hatype.get(bytes)?,
            kind: ll::sll_pkttype.get(bytes)?,
            hardware: HardwareAddr::new(hardware.get(..len)?)?,
        })
    }

    fn encode(&self) -> Addr {
        const SIZE: usize = ll::SIZE - 8 + HardwareAddr::CAPACITY;
        let whole = build::<SIZE>(Family::PACKET, |bytes| {
            ll::sll_protocol.put(bytes, crate::sys::layout::Be(self.protocol));
            ll::sll_ifindex.put(bytes, self.interface as i32);
            ll::sll_hatype.put(bytes, self.hardware_type);
            ll::sll_pkttype.put(bytes, self.kind);
            ll::sll_halen.put(bytes, self.hardware.len);
            let room = bytes.get_mut(ll::sll_addr.offset()..).unwrap_or_default();
            room.copy_from_slice(&self.hardware.bytes);
        });
        let len = ll::SIZE.max(ll::sll_addr.offset() + usize::from(self.hardware.len));
        let bytes = whole.as_bytes();
        Addr::from_bytes(bytes.get(..len).unwrap_or(bytes)).unwrap_or(whole)
    }
}

impl Text for PacketAddr {
    const WORD: &'static str = "packet";
    const KEYS: &'static [&'static str] = &["protocol", "addr", "kind", "hatype"];
    const SYNTAX: &'static str =
        "expected packet:INTERFACE[,protocol=NUMBER][,addr=HH:HH:…][,kind=NUMBER][,hatype=NUMBER]";

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_interface(f, self.interface)?;
        if self.protocol != 0 {
            write!(f, ",protocol={:#06x}", self.protocol)?;
        }
        if !self.hardware.is_empty() {
            write!(f, ",addr={}", self.hardware)?;
        }
        if self.kind != 0 {
            write!(f, ",kind={}", self.kind)?;
        }
        if self.hardware_type != 0 {
            write!(f, ",hatype={}", self.hardware_type)?;
        }
        Ok(())
    }

    fn read(fields: &Fields<'_>) -> Result<PacketAddr, AddrError> {
        Ok(PacketAddr {
            interface: fields.interface()?,
            protocol: fields.number("protocol", 0)?,
            hardware_type: fields.number("hatype", 0)?,
            kind: fields.number("kind", 0)?,
            hardware: fields
                .get("addr")
                .map_or(Ok(HardwareAddr::NONE), |text| fields.parse(text))?,
        })
    }
}

typed!(PacketAddr);

/// The address of a network interface's hardware: of Ethernet 6 bytes, at most 32.
///
/// ```
/// use berkeley::HardwareAddr;
///
/// let addr: HardwareAddr = "02:00:00:00:00:01".parse()?;
/// assert_eq!(addr.as_bytes(), [2, 0, 0, 0, 0, 1]);
/// assert_eq!(addr.to_string(), "02:00:00:00:00:01");
/// # Ok::<(), berkeley::AddrError>(())
/// ```
///
/// See `netdevice(7)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
#[doc(alias("MAC", "ether_addr", "hwaddr"))]
pub struct HardwareAddr {
    bytes: [u8; HardwareAddr::CAPACITY],
    len: u8,
}

impl HardwareAddr {
    /// No address.
    pub const NONE: HardwareAddr = HardwareAddr { bytes: [0; HardwareAddr::CAPACITY], len: 0 };

    /// The most bytes that an address has.
    pub const CAPACITY: usize = 32;

    /// An address of these bytes, or `None` if they are too many.
    ///
    /// ```
    /// assert!(berkeley::HardwareAddr::new(&[0; 33]).is_none());
    /// ```
    pub fn new(address: &[u8]) -> Option<HardwareAddr> {
        let mut bytes = [0; HardwareAddr::CAPACITY];
        bytes.get_mut(..address.len())?.copy_from_slice(address);
        Some(HardwareAddr { bytes, len: u8::try_from(address.len()).ok()? })
    }

    /// The bytes, as they travel.
    ///
    /// ```
    /// assert!(berkeley::HardwareAddr::NONE.as_bytes().is_empty());
    /// ```
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Whether there is no address.
    ///
    /// ```
    /// assert!(berkeley::HardwareAddr::NONE.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// Two hexadecimal digits for each byte, with colons between.
impl fmt::Display for HardwareAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_colons(f, self.as_bytes().iter())
    }
}

impl fmt::Debug for HardwareAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for HardwareAddr {
    type Err = AddrError;

    fn from_str(text: &str) -> Result<HardwareAddr, AddrError> {
        let bytes: Option<Vec<u8>> =
            if text.is_empty() { Some(Vec::new()) } else { text.split(':').map(octet).collect() };
        bytes.and_then(|bytes| HardwareAddr::new(&bytes)).ok_or_else(|| {
            AddrError::syntax(text, "a hardware address is written 02:00:00:00:00:01")
        })
    }
}

/// One byte as two hexadecimal digits.
pub(super) fn octet(text: &str) -> Option<u8> {
    let exact = text.len() == 2;
    exact.then(|| number(&format!("0x{text}"))).flatten().and_then(|byte| u8::try_from(byte).ok())
}

/// Writes bytes as hexadecimal digits with colons between.
pub(super) fn write_colons<'a>(
    f: &mut fmt::Formatter<'_>,
    bytes: impl Iterator<Item = &'a u8>,
) -> fmt::Result {
    for (number, byte) in bytes.enumerate() {
        if number > 0 {
            f.write_str(":")?;
        }
        write!(f, "{byte:02x}")?;
    }
    Ok(())
}
