//! Whole addresses, and which of a machine's own a datagram comes to or leaves from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::records::record_values;
use super::{Codec, Value};
use crate::addr::Addr;
use crate::sys::layout::{Be, Field};
use crate::sys::structs::{in_pktinfo, in6_flowlabel_req, in6_pktinfo, ip6_mtuinfo};

/// A socket address of any family.
///
/// ```
/// use berkeley::{Addr, opt::{Address, Codec}};
/// let addr: Addr = "127.0.0.1:80".parse()?;
/// assert_eq!(Address::decode(&Address::encode(addr)), Some(addr));
/// # Ok::<(), berkeley::AddrError>(())
/// ```
#[derive(Debug)]
pub enum Address {}

impl Codec for Address {
    type Value = Addr;
    type Bytes = Vec<u8>;
    const FORM: &'static str = "address";
    const ROOM: usize = 28;

    fn encode(value: Addr) -> Vec<u8> {
        value.as_bytes().to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Addr> {
        Addr::from_bytes(bytes).ok().filter(|addr| !addr.is_empty())
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|addr| addr.to_string())
    }
}

/// The largest packet of the path to an address.
///
/// ```
/// use berkeley::opt::{Codec, PathMtu};
/// let addr = "[::1]:53".parse().unwrap();
/// assert_eq!(PathMtu::decode(&PathMtu::encode((addr, 1280))), Some((addr, 1280)));
/// ```
///
/// See RFC 3542, section 11.3.
#[derive(Debug)]
#[doc(alias("ip6_mtuinfo", "IPV6_PATHMTU"))]
pub enum PathMtu {}

impl Codec for PathMtu {
    type Value = (Addr, u32);
    type Bytes = Vec<u8>;
    const FORM: &'static str = "address and bytes";
    const ROOM: usize = ip6_mtuinfo::SIZE;

    fn encode((addr, mtu): (Addr, u32)) -> Vec<u8> {
        let mut bytes = addr.as_bytes().to_vec();
        bytes.resize(ip6_mtuinfo::SIZE, 0);
        ip6_mtuinfo::ip6m_mtu.put(&mut bytes, mtu);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<(Addr, u32)> {
        let mtu = ip6_mtuinfo::ip6m_mtu.get(bytes)?;
        Some((Address::decode(bytes.get(..ip6_mtuinfo::ip6m_mtu.offset())?)?, mtu))
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        let (address, mtu) = Self::decode(bytes)?;
        let fields = vec![("address", address.into()), ("mtu", mtu.into())];
        Some(Value::Record("PathMtu", fields))
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|(addr, mtu)| format!("{mtu} to {addr}"))
    }
}

/// Which of this machine's addresses and interfaces a datagram came to, or shall leave from.
///
/// ```
/// use berkeley::opt::PacketInfo;
/// use std::net::Ipv4Addr;
///
/// // Answer from this address, whatever interface the route says.
/// let from = PacketInfo::from_addr(Ipv4Addr::LOCALHOST);
/// assert_eq!(from.interface, 0);
/// ```
///
/// See `ip(7)`, RFC 3542.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[doc(alias("in_pktinfo", "in6_pktinfo", "IP_PKTINFO", "IPV6_PKTINFO"))]
pub struct PacketInfo {
    /// The interface; zero lets the route decide when sending.
    pub interface: u32,
    /// This machine's own address: what an answer should leave from. Unspecified where an IPv6
    /// datagram came to a group, which no answer can leave from.
    pub local: IpAddr,
    /// The destination in the received header, which may be a group or a broadcast address.
    /// When sending it is not looked at.
    pub destination: IpAddr,
}

impl PacketInfo {
    /// To send from this address.
    ///
    /// ```
    /// # use berkeley::opt::PacketInfo;
    /// let info = PacketInfo::from_addr(std::net::Ipv6Addr::LOCALHOST);
    /// assert!(info.local.is_loopback());
    /// ```
    pub fn from_addr(local: impl Into<IpAddr>) -> PacketInfo {
        let local = local.into();
        PacketInfo { interface: 0, local, destination: local }
    }

    /// To send by this interface, from the address that suits.
    ///
    /// ```
    /// # use berkeley::opt::PacketInfo;
    /// let info = PacketInfo::from_interface(1);
    /// assert!(info.local.is_unspecified());
    /// ```
    pub fn from_interface(interface: u32) -> PacketInfo {
        let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        PacketInfo { interface, local: any, destination: any }
    }

    fn describe(self) -> String {
        let PacketInfo { interface, local, destination } = self;
        format!("to {destination}, local {local}, interface {interface}")
    }
}

/// [`PacketInfo`] of IPv4.
///
/// ```
/// use berkeley::opt::{Codec, PacketInfo, PacketInfoV4};
/// let info = PacketInfo::from_addr(std::net::Ipv4Addr::LOCALHOST);
/// assert_eq!(PacketInfoV4::decode(&PacketInfoV4::encode(info)), Some(info));
/// ```
#[derive(Debug)]
pub enum PacketInfoV4 {}

impl Codec for PacketInfoV4 {
    type Value = PacketInfo;
    type Bytes = [u8; in_pktinfo::SIZE];
    const FORM: &'static str = "addresses and interface";
    const ROOM: usize = in_pktinfo::SIZE;

    fn encode(value: PacketInfo) -> Self::Bytes {
        let mut bytes = [0; in_pktinfo::SIZE];
        in_pktinfo::ipi_ifindex.put(&mut bytes, value.interface);
        for (field, ip) in
            [(in_pktinfo::ipi_spec_dst, value.local), (in_pktinfo::ipi_addr, value.destination)]
        {
            if let IpAddr::V4(ip) = ip {
                field.put(&mut bytes, ip.octets());
            }
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<PacketInfo> {
        let ip = |field: Field<[u8; 4]>| Some(IpAddr::V4(Ipv4Addr::from(field.get(bytes)?)));
        Some(PacketInfo {
            interface: in_pktinfo::ipi_ifindex.get(bytes)?,
            local: ip(in_pktinfo::ipi_spec_dst)?,
            destination: ip(in_pktinfo::ipi_addr)?,
        })
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(PacketInfo::describe)
    }
}

/// [`PacketInfo`] of IPv6.
///
/// ```
/// use berkeley::opt::{Codec, PacketInfo, PacketInfoV6};
/// let info = PacketInfo::from_addr(std::net::Ipv6Addr::LOCALHOST);
/// assert_eq!(PacketInfoV6::decode(&PacketInfoV6::encode(info)), Some(info));
/// ```
#[derive(Debug)]
pub enum PacketInfoV6 {}

impl Codec for PacketInfoV6 {
    type Value = PacketInfo;
    type Bytes = [u8; in6_pktinfo::SIZE];
    const FORM: &'static str = "addresses and interface";
    const ROOM: usize = in6_pktinfo::SIZE;

    fn encode(value: PacketInfo) -> Self::Bytes {
        let mut bytes = [0; in6_pktinfo::SIZE];
        in6_pktinfo::ipi6_ifindex.put(&mut bytes, value.interface);
        let local = match value.local {
            IpAddr::V6(local) => local,
            // Any IPv4 address is any, and another is a mapped one.
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv6Addr::UNSPECIFIED,
            IpAddr::V4(local) => local.to_ipv6_mapped(),
        };
        in6_pktinfo::ipi6_addr.put(&mut bytes, local.octets());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<PacketInfo> {
        let destination = Ipv6Addr::from(in6_pktinfo::ipi6_addr.get(bytes)?);
        let local = if destination.is_multicast() { Ipv6Addr::UNSPECIFIED } else { destination };
        Some(PacketInfo {
            interface: in6_pktinfo::ipi6_ifindex.get(bytes)?,
            local: IpAddr::V6(local),
            destination: IpAddr::V6(destination),
        })
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(PacketInfo::describe)
    }
}

/// A flow label of IPv6, which is taken, given back or made last longer.
///
/// ```
/// use berkeley::opt::{Codec, FlowLabel};
/// let label = FlowLabel { to: std::net::Ipv6Addr::LOCALHOST, label: 7, ..FlowLabel::default() };
/// assert_eq!(FlowLabel::decode(&FlowLabel::encode(label)), Some(label));
/// ```
///
/// See RFC 6437 and the kernel's documentation of flow labels.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[doc(alias = "in6_flowlabel_req")]
pub struct FlowLabel {
    /// Whom it is for.
    pub to: Ipv6Addr,
    /// The label, of 20 bits; zero lets the kernel choose.
    pub label: u32,
    /// What to do, `IPV6_FL_A_GET` and others.
    pub action: u8,
    /// Who else may use it, `IPV6_FL_S_EXCL` and others.
    pub share: u8,
    /// `IPV6_FL_F_CREATE` and others.
    pub flags: u16,
    /// For how many seconds it is valid.
    pub expires: u16,
    /// For how many seconds it stays after its last use.
    pub linger: u16,
}

impl Default for FlowLabel {
    fn default() -> FlowLabel {
        FlowLabel {
            to: Ipv6Addr::UNSPECIFIED,
            label: 0,
            action: 0,
            share: 0,
            flags: 0,
            expires: 0,
            linger: 0,
        }
    }
}

impl Codec for FlowLabel {
    type Value = FlowLabel;
    type Bytes = [u8; in6_flowlabel_req::SIZE];
    const FORM: &'static str = "label and times";
    const ROOM: usize = in6_flowlabel_req::SIZE;

    fn encode(value: FlowLabel) -> Self::Bytes {
        let mut bytes = [0; in6_flowlabel_req::SIZE];
        in6_flowlabel_req::flr_dst.put(&mut bytes, value.to.octets());
        in6_flowlabel_req::flr_label.put(&mut bytes, Be(value.label));
        in6_flowlabel_req::flr_action.put(&mut bytes, value.action);
        in6_flowlabel_req::flr_share.put(&mut bytes, value.share);
        in6_flowlabel_req::flr_flags.put(&mut bytes, value.flags);
        in6_flowlabel_req::flr_expires.put(&mut bytes, value.expires);
        in6_flowlabel_req::flr_linger.put(&mut bytes, value.linger);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<FlowLabel> {
        Some(FlowLabel {
            to: in6_flowlabel_req::flr_dst.get(bytes)?.into(),
            label: in6_flowlabel_req::flr_label.get(bytes)?.0,
            action: in6_flowlabel_req::flr_action.get(bytes)?,
            share: in6_flowlabel_req::flr_share.get(bytes)?,
            flags: in6_flowlabel_req::flr_flags.get(bytes)?,
            expires: in6_flowlabel_req::flr_expires.get(bytes)?,
            linger: in6_flowlabel_req::flr_linger.get(bytes)?,
        })
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|flow| format!("{:05x} to {}", flow.label, flow.to))
    }
}

record_values! {
    PacketInfo { interface, local, destination }
    FlowLabel { to, label, action, share, flags, expires, linger }
}
