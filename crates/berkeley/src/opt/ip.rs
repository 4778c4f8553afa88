//! Addresses, interfaces and what else options of IP hold.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use super::numbers::number;
use super::records::{flags, named};
use super::{Codec, U32, Value};
use crate::names::{if_indextoname, if_nametoindex};
use crate::sys::c;
use crate::sys::layout::Plain;
use crate::sys::structs::{icmp6_filter, ip_mreqn};

/// A IPv4 address, such as the one of the interface that multicast leaves by.
///
/// ```
/// use berkeley::opt::{Codec, V4};
/// assert_eq!(V4::encode([127, 0, 0, 1].into()), [127, 0, 0, 1]);
/// ```
#[derive(Debug)]
pub enum V4 {}

impl Codec for V4 {
    type Value = Ipv4Addr;
    type Bytes = [u8; 4];
    const FORM: &'static str = "IPv4 address";
    const ROOM: usize = 4;

    fn encode(value: Ipv4Addr) -> [u8; 4] {
        value.octets()
    }

    fn decode(bytes: &[u8]) -> Option<Ipv4Addr> {
        bytes.first_chunk().map(|octets: &[u8; 4]| Ipv4Addr::from(*octets))
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|address| address.to_string())
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        text.parse::<Ipv4Addr>().ok().map(|address| address.octets().to_vec())
    }
}

/// A IPv6 address.
///
/// ```
/// use berkeley::opt::{Codec, V6};
/// use std::net::Ipv6Addr;
/// assert_eq!(V6::decode(&V6::encode(Ipv6Addr::LOCALHOST)), Some(Ipv6Addr::LOCALHOST));
/// ```
#[derive(Debug)]
pub enum V6 {}

impl Codec for V6 {
    type Value = Ipv6Addr;
    type Bytes = [u8; 16];
    const FORM: &'static str = "IPv6 address";
    const ROOM: usize = 16;

    fn encode(value: Ipv6Addr) -> [u8; 16] {
        value.octets()
    }

    fn decode(bytes: &[u8]) -> Option<Ipv6Addr> {
        <[u8; 16]>::read(bytes).map(Ipv6Addr::from)
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|address| address.to_string())
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        text.parse::<Ipv6Addr>().ok().map(|address| address.octets().to_vec())
    }
}

/// The number of an interface, or zero for none. People write its name or its number.
///
/// ```
/// use berkeley::opt::{Codec, Interface};
/// let lo = Interface::parse("lo").unwrap();
/// assert_eq!(Interface::decode(&lo), Some(berkeley::if_nametoindex("lo")?));
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Debug)]
pub enum Interface {}

impl Codec for Interface {
    type Value = u32;
    type Bytes = [u8; 4];
    const FORM: &'static str = "interface";
    const ROOM: usize = 4;

    fn encode(value: u32) -> [u8; 4] {
        value.to_ne_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<u32> {
        u32::read(bytes)
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(interface_shown)
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        interface(text).map(|interface| Self::encode(interface).to_vec())
    }
}

/// [`Interface`] in the network's order, as the two options take it that choose the interface of
/// unicast.
///
/// ```
/// use berkeley::opt::{Codec, InterfaceBe};
/// assert_eq!(InterfaceBe::encode(1), [0, 0, 0, 1]);
/// ```
#[derive(Debug)]
pub enum InterfaceBe {}

impl Codec for InterfaceBe {
    type Value = u32;
    type Bytes = [u8; 4];
    const FORM: &'static str = Interface::FORM;
    const ROOM: usize = 4;

    fn encode(value: u32) -> [u8; 4] {
        value.to_be_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<u32> {
        bytes.first_chunk().map(|value| u32::from_be_bytes(*value))
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(interface_shown)
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        interface(text).map(|interface| Self::encode(interface).to_vec())
    }
}

/// An interface of IPv4 multicast: by an address that it has, or by its number.
///
/// ```
/// use berkeley::opt::InterfaceV4;
/// use std::net::Ipv4Addr;
///
/// assert_eq!(InterfaceV4::from(Ipv4Addr::LOCALHOST).to_string(), "127.0.0.1");
/// assert_eq!(InterfaceV4::from(0).to_string(), "any");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[doc(alias = "ip_mreqn")]
pub enum InterfaceV4 {
    /// The one that the kernel chooses.
    #[default]
    Any,
    /// The one with this address.
    Addr(Ipv4Addr),
    /// The one with this number.
    Index(u32),
}

impl From<Ipv4Addr> for InterfaceV4 {
    fn from(addr: Ipv4Addr) -> InterfaceV4 {
        if addr.is_unspecified() { InterfaceV4::Any } else { InterfaceV4::Addr(addr) }
    }
}

impl From<u32> for InterfaceV4 {
    fn from(index: u32) -> InterfaceV4 {
        if index == 0 { InterfaceV4::Any } else { InterfaceV4::Index(index) }
    }
}

impl std::fmt::Display for InterfaceV4 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            InterfaceV4::Any => f.write_str("any"),
            InterfaceV4::Addr(addr) => addr.fmt(f),
            InterfaceV4::Index(index) => f.write_str(&interface_shown(*index)),
        }
    }
}

impl InterfaceV4 {
    /// The structure that takes both, for this group.
    pub(super) fn with_group(self, group: Ipv4Addr) -> [u8; ip_mreqn::SIZE] {
        let (addr, index) = match self {
            InterfaceV4::Any => (Ipv4Addr::UNSPECIFIED, 0),
            InterfaceV4::Addr(addr) => (addr, 0),
            InterfaceV4::Index(index) => (Ipv4Addr::UNSPECIFIED, index as i32),
        };
        let mut bytes = [0; ip_mreqn::SIZE];
        ip_mreqn::imr_multiaddr.put(&mut bytes, group.octets());
        ip_mreqn::imr_address.put(&mut bytes, addr.octets());
        ip_mreqn::imr_ifindex.put(&mut bytes, index);
        bytes
    }

    /// An interface as people write it: an address, a number or a name.
    pub(super) fn from_text(text: &str) -> Option<InterfaceV4> {
        match text.parse::<Ipv4Addr>() {
            Ok(addr) => Some(addr.into()),
            Err(_) if text == "any" => Some(InterfaceV4::Any),
            Err(_) => interface(text).map(InterfaceV4::from),
        }
    }
}

/// The interface that IPv4 multicast leaves by. The kernel answers the address that it was chosen
/// by; one that was chosen by its number is [`InterfaceV4::Any`] to it.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type, opt};
/// use std::net::Ipv4Addr;
///
/// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
/// sock.set(opt::IP_MULTICAST_IF, Ipv4Addr::LOCALHOST)?;
/// assert_eq!(sock.get(opt::IP_MULTICAST_IF)?, Ipv4Addr::LOCALHOST.into());
/// sock.set(opt::IP_MULTICAST_IF, berkeley::if_nametoindex("lo")?)?;
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Debug)]
pub enum MulticastInterface {}

impl Codec for MulticastInterface {
    type Value = InterfaceV4;
    type Bytes = [u8; ip_mreqn::SIZE];
    const FORM: &'static str = "address or interface";
    // What is asked for with less is the address alone; with more, newer kernels answer more.
    const ROOM: usize = 4;

    fn encode(value: InterfaceV4) -> Self::Bytes {
        value.with_group(Ipv4Addr::UNSPECIFIED)
    }

    fn decode(bytes: &[u8]) -> Option<InterfaceV4> {
        match ip_mreqn::imr_ifindex.get(bytes) {
            None => V4::decode(bytes).map(InterfaceV4::from),
            Some(0) => ip_mreqn::imr_address.get(bytes).map(|octets| Ipv4Addr::from(octets).into()),
            Some(index) => Some(InterfaceV4::Index(index as u32)),
        }
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|interface| interface.to_string())
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        InterfaceV4::from_text(text).map(|interface| Self::encode(interface).to_vec())
    }
}

named! {
    /// What to do about the largest packet that a path carries.
    ///
    /// See `ip(7)`, `IP_MTU_DISCOVER`.
    #[doc(alias("IP_PMTUDISC_DONT", "IP_PMTUDISC_DO", "IPV6_PMTUDISC_DO"))]
    MtuDiscovery, "dont, want, do, probe, interface, omit" {
        /// Never forbid routers to split packets. `IP_PMTUDISC_DONT`
        DONT = c::IP_PMTUDISC_DONT, "dont";
        /// As the route says; the kernel splits what is too large. `IP_PMTUDISC_WANT`
        WANT = c::IP_PMTUDISC_WANT, "want";
        /// Always forbid it, and refuse what is too large. `IP_PMTUDISC_DO`
        DO = c::IP_PMTUDISC_DO, "do";
        /// Forbid it, and send what the interface carries, whatever the path has said.
        /// `IP_PMTUDISC_PROBE`
        PROBE = c::IP_PMTUDISC_PROBE, "probe";
        /// Send what the interface carries, and believe no path. `IP_PMTUDISC_INTERFACE`
        INTERFACE = c::IP_PMTUDISC_INTERFACE, "interface";
        /// The same, and the kernel may split it. `IP_PMTUDISC_OMIT`
        OMIT = c::IP_PMTUDISC_OMIT, "omit";
    }
    /// What a UDP socket's datagrams carry.
    ///
    /// See `udp(7)`, `UDP_ENCAP`.
    #[doc(alias = "UDP_ENCAP_ESPINUDP")]
    Encapsulation, "number of an encapsulation" {
        /// Nothing but data.
        NONE = 0, "none";
        /// IPsec, RFC 3948. `UDP_ENCAP_ESPINUDP`
        ESP = 2, "esp";
        /// Tunnels of layer 2, RFC 2661. `UDP_ENCAP_L2TPINUDP`
        L2TP = 3, "l2tp";
        /// GPRS tunnels, control. `UDP_ENCAP_GTP0`
        GTP0 = 4, "gtp0";
        /// GPRS tunnels, user data. `UDP_ENCAP_GTP1U`
        GTP1U = 5, "gtp1u";
        /// RxRPC. `UDP_ENCAP_RXRPC`
        RXRPC = 6, "rxrpc";
    }
}

flags! {
    /// Which of its addresses a machine prefers as source.
    ///
    /// See RFC 5014.
    #[doc(alias = "IPV6_PREFER_SRC_TMP")]
    AddressPreferences: i32, "preferences" {
        /// A temporary one. `IPV6_PREFER_SRC_TMP`
        TEMPORARY = c::IPV6_PREFER_SRC_TMP;
        /// A public one. `IPV6_PREFER_SRC_PUBLIC`
        PUBLIC = c::IPV6_PREFER_SRC_PUBLIC;
        /// Whatever the system prefers of these. `IPV6_PREFER_SRC_PUBTMP_DEFAULT`
        DEFAULT = c::IPV6_PREFER_SRC_PUBTMP_DEFAULT;
        /// The care-of address of a mobile machine. `IPV6_PREFER_SRC_COA`
        CARE_OF = c::IPV6_PREFER_SRC_COA;
        /// Its home address. `IPV6_PREFER_SRC_HOME`
        HOME = c::IPV6_PREFER_SRC_HOME;
        /// A cryptographically generated one. `IPV6_PREFER_SRC_CGA`
        GENERATED = c::IPV6_PREFER_SRC_CGA;
        /// One that is not. `IPV6_PREFER_SRC_NONCGA`
        NOT_GENERATED = c::IPV6_PREFER_SRC_NONCGA;
    }
}

/// The ports that the kernel chooses from when it chooses, or none for the system's.
///
/// ```
/// use berkeley::opt::{Codec, PortRange};
/// let bytes = PortRange::parse("40000-40999").unwrap();
/// assert_eq!(PortRange::decode(&bytes), Some(Some(40000..=40999)));
/// assert_eq!(PortRange::encode(None), [0; 4]);
/// ```
///
/// See `ip(7)`, `IP_LOCAL_PORT_RANGE`.
#[derive(Debug)]
pub enum PortRange {}

impl Codec for PortRange {
    type Value = Option<RangeInclusive<u16>>;
    type Bytes = [u8; 4];
    const FORM: &'static str = "ports";
    const ROOM: usize = 4;

    fn encode(value: Option<RangeInclusive<u16>>) -> [u8; 4] {
        let (low, high) = value.map_or((0, 0), RangeInclusive::into_inner);
        (u32::from(high) << 16 | u32::from(low)).to_ne_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<Option<RangeInclusive<u16>>> {
        let both = u32::read(bytes)?;
        let (low, high) = (both as u16, (both >> 16) as u16);
        Some((both != 0).then_some(low..=high))
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Some(match Self::decode(bytes)? {
            Some(range) => format!("{}-{}", range.start(), range.end()),
            None => "none".to_owned(),
        })
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        let range = match text.split_once('-') {
            Some((low, high)) => Some(low.parse().ok()?..=high.parse().ok()?),
            None if text == "none" => None,
            None => return None,
        };
        Some(Self::encode(range).to_vec())
    }
}

/// Which types of ICMP a raw socket does not receive: bit `n` stands for type `n`, the types from
/// 32 are all received.
///
/// ```
/// use berkeley::opt::{Codec, IcmpTypes};
/// let all_but_echo_replies = IcmpTypes::encode(!1);
/// assert_eq!(IcmpTypes::describe(&all_but_echo_replies).as_deref(), Some("blocks fffffffe"));
/// ```
///
/// See `raw(7)`.
#[derive(Debug)]
#[doc(alias = "icmp_filter")]
pub enum IcmpTypes {}

impl Codec for IcmpTypes {
    type Value = u32;
    type Bytes = [u8; 4];
    const FORM: &'static str = "mask of blocked types";
    const ROOM: usize = 4;

    fn encode(value: u32) -> [u8; 4] {
        value.to_ne_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<u32> {
        u32::read(bytes)
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|mask| format!("blocks {mask:08x}"))
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        U32::parse(text)
    }
}

/// Which types of ICMPv6 a raw socket receives.
///
/// ```
/// use berkeley::opt::Icmp6Filter;
///
/// let mut filter = Icmp6Filter::BLOCK_ALL;
/// filter.pass(129); // echo replies
/// assert!(filter.passes(129) && !filter.passes(128));
/// ```
///
/// See RFC 3542, section 3.2.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[doc(alias("icmp6_filter", "ICMP6_FILTER_SETBLOCK", "ICMP6_FILTER_SETPASS"))]
pub struct Icmp6Filter {
    /// A bit per type, which is set if it is blocked.
    blocked: [u8; 32],
}

impl Icmp6Filter {
    /// Everything is received, as without a filter.
    #[doc(alias = "ICMP6_FILTER_SETPASSALL")]
    pub const PASS_ALL: Icmp6Filter = Icmp6Filter { blocked: [0; 32] };

    /// Nothing is received.
    #[doc(alias = "ICMP6_FILTER_SETBLOCKALL")]
    pub const BLOCK_ALL: Icmp6Filter = Icmp6Filter { blocked: [255; 32] };

    /// From now on this type is received.
    ///
    /// ```
    /// let mut filter = berkeley::opt::Icmp6Filter::BLOCK_ALL;
    /// filter.pass(135);
    /// assert!(filter.passes(135));
    /// ```
    pub fn pass(&mut self, ty: u8) {
        self.change(ty, |byte, bit| byte & !bit);
    }

    /// From now on this type is not received.
    ///
    /// ```
    /// let mut filter = berkeley::opt::Icmp6Filter::PASS_ALL;
    /// filter.block(135);
    /// assert!(!filter.passes(135));
    /// ```
    pub fn block(&mut self, ty: u8) {
        self.change(ty, |byte, bit| byte | bit);
    }

    /// Whether this type is received.
    ///
    /// ```
    /// assert!(berkeley::opt::Icmp6Filter::PASS_ALL.passes(128));
    /// ```
    pub fn passes(&self, ty: u8) -> bool {
        let (place, bit) = Self::place(ty);
        self.blocked.get(place).is_none_or(|byte| byte & bit == 0)
    }

    fn change(&mut self, ty: u8, change: impl FnOnce(u8, u8) -> u8) {
        let (place, bit) = Self::place(ty);
        if let Some(byte) = self.blocked.get_mut(place) {
            *byte = change(*byte, bit);
        }
    }

    /// Which byte, and which bit: the kernel counts them in words of 32 bits of its own order.
    fn place(ty: u8) -> (usize, u8) {
        let (word, bit) = (ty / 32, 1_u32 << (ty % 32));
        let bytes = bit.to_ne_bytes();
        let at = bytes.iter().position(|byte| *byte != 0).unwrap_or_default();
        (usize::from(word) * 4 + at, bytes.get(at).copied().unwrap_or_default())
    }
}

impl std::fmt::Debug for Icmp6Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let blocked: Vec<u8> = (0..=u8::MAX).filter(|ty| !self.passes(*ty)).collect();
        match blocked.len() {
            0 => f.write_str("passes all"),
            256 => f.write_str("blocks all"),
            129.. => {
                let passed: Vec<u8> = (0..=u8::MAX).filter(|ty| self.passes(*ty)).collect();
                write!(f, "passes only {passed:?}")
            }
            _ => write!(f, "blocks {blocked:?}"),
        }
    }
}

impl Codec for Icmp6Filter {
    type Value = Icmp6Filter;
    type Bytes = [u8; icmp6_filter::SIZE];
    const FORM: &'static str = "types";
    const ROOM: usize = icmp6_filter::SIZE;

    fn encode(value: Icmp6Filter) -> Self::Bytes {
        value.blocked
    }

    fn decode(bytes: &[u8]) -> Option<Icmp6Filter> {
        Some(Icmp6Filter { blocked: icmp6_filter::icmp6_filt.get(bytes)? })
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        let filter = Self::decode(bytes)?;
        let passed: Vec<u8> = (0..=u8::MAX).filter(|ty| filter.passes(*ty)).collect();
        Some(passed.into())
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|filter| format!("{filter:?}"))
    }

    /// `all`, `none`, or the types to receive: `128,129`.
    fn parse(text: &str) -> Option<Vec<u8>> {
        let filter = match text {
            "all" => Icmp6Filter::PASS_ALL,
            "none" => Icmp6Filter::BLOCK_ALL,
            types => {
                let mut filter = Icmp6Filter::BLOCK_ALL;
                for ty in types.split(',') {
                    filter.pass(ty.trim().parse().ok()?);
                }
                filter
            }
        };
        Some(Self::encode(filter).to_vec())
    }
}

/// The interface that people mean by a name or a number.
pub(super) fn interface(text: &str) -> Option<u32> {
    match number(text) {
        Some(index) => u32::try_from(index).ok(),
        None if text == "none" => Some(0),
        None => if_nametoindex(text).ok(),
    }
}

/// An interface for people: its name and number, as far as it has them.
pub(super) fn interface_shown(index: u32) -> String {
    match if_indextoname(index) {
        Ok(name) => format!("{name} ({index})"),
        Err(_) if index == 0 => "none".to_owned(),
        Err(_) => index.to_string(),
    }
}

impl From<InterfaceV4> for Value {
    fn from(interface: InterfaceV4) -> Value {
        match interface {
            InterfaceV4::Any => Value::None,
            InterfaceV4::Addr(addr) => addr.into(),
            InterfaceV4::Index(index) => index.into(),
        }
    }
}
