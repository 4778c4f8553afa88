//! Multicast groups, joined by an interface's address or number, with all their sources or some.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::ip::{InterfaceV4, interface, interface_shown};
use super::records::{ADDR, Ip4, Unit, addr_of, record_values, storage_of};
use super::{Codec, Value};
use crate::addr::Addr;
use crate::sys::structs::{
    group_filter, group_req, group_source_req, ip_mreq_source, ip_mreqn, ip_msfilter, ipv6_mreq,
};

/// Membership of an IPv4 multicast group.
///
/// ```
/// use berkeley::opt::MembershipV4;
/// use std::net::Ipv4Addr;
///
/// let group = Ipv4Addr::new(239, 1, 1, 1);
/// let by_address = MembershipV4 { group, interface: Ipv4Addr::LOCALHOST.into() };
/// let by_number = MembershipV4 { group, interface: berkeley::if_nametoindex("lo")?.into() };
/// assert_ne!(by_address, by_number);
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// See `ip(7)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[doc(alias("ip_mreq", "ip_mreqn"))]
pub struct MembershipV4 {
    /// The group.
    pub group: Ipv4Addr,
    /// The interface: an address of it, its number, or whichever the kernel chooses.
    pub interface: InterfaceV4,
}

/// Joining and leaving an IPv4 multicast group; set only. People write `GROUP` or
/// `GROUP@INTERFACE`.
///
/// ```
/// use berkeley::opt::{Codec, GroupV4};
/// assert_eq!(GroupV4::parse("239.1.1.1@127.0.0.1").unwrap()[..8], [239, 1, 1, 1, 127, 0, 0, 1]);
/// ```
#[derive(Debug)]
pub enum GroupV4 {}

impl Codec for GroupV4 {
    type Value = MembershipV4;
    type Bytes = [u8; ip_mreqn::SIZE];
    const FORM: &'static str = "group@interface";
    const ROOM: usize = ip_mreqn::SIZE;

    fn encode(value: MembershipV4) -> Self::Bytes {
        value.interface.with_group(value.group)
    }

    fn decode(bytes: &[u8]) -> Option<MembershipV4> {
        let interface = match ip_mreqn::imr_ifindex.get(bytes).unwrap_or_default() {
            0 => Ip4::read(ip_mreqn::imr_address.get(bytes)?).into(),
            index => InterfaceV4::Index(index as u32),
        };
        Some(MembershipV4 { group: Ip4::read(ip_mreqn::imr_multiaddr.get(bytes)?), interface })
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|member| format!("{}@{}", member.group, member.interface))
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        let (group, interface) = text.split_once('@').unwrap_or((text, "any"));
        let (group, interface) = (group.parse().ok()?, InterfaceV4::from_text(interface)?);
        Some(Self::encode(MembershipV4 { group, interface }).to_vec())
    }
}

/// Membership of an IPv6 multicast group.
///
/// ```
/// use berkeley::opt::MembershipV6;
/// let member = MembershipV6 { group: "ff02::1".parse().unwrap(), interface: 1 };
/// assert!(member.group.is_multicast());
/// ```
///
/// See `ipv6(7)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[doc(alias = "ipv6_mreq")]
pub struct MembershipV6 {
    /// The group.
    pub group: Ipv6Addr,
    /// The number of the interface; zero lets the kernel choose.
    pub interface: u32,
}

/// Joining and leaving an IPv6 multicast group; set only. People write `GROUP` or
/// `GROUP@INTERFACE`.
///
/// ```
/// use berkeley::opt::{Codec, GroupV6, MembershipV6};
/// let member = MembershipV6 { group: "ff02::1".parse().unwrap(), interface: 1 };
/// assert_eq!(GroupV6::decode(&GroupV6::encode(member)), Some(member));
/// ```
#[derive(Debug)]
pub enum GroupV6 {}

impl Codec for GroupV6 {
    type Value = MembershipV6;
    type Bytes = [u8; ipv6_mreq::SIZE];
    const FORM: &'static str = "group@interface";
    const ROOM: usize = ipv6_mreq::SIZE;

    fn encode(value: MembershipV6) -> Self::Bytes {
        let mut bytes = [0; ipv6_mreq::SIZE];
        ipv6_mreq::ipv6mr_multiaddr.put(&mut bytes, value.group.octets());
        ipv6_mreq::ipv6mr_interface.put(&mut bytes, value.interface);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<MembershipV6> {
        Some(MembershipV6 {
            group: ipv6_mreq::ipv6mr_multiaddr.get(bytes)?.into(),
            interface: ipv6_mreq::ipv6mr_interface.get(bytes)?,
        })
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes)
            .map(|member| format!("{}@{}", member.group, interface_shown(member.interface)))
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        let (group, of) = text.split_once('@').unwrap_or((text, "none"));
        let member = MembershipV6 { group: group.parse().ok()?, interface: interface(of)? };
        Some(Self::encode(member).to_vec())
    }
}

/// Membership of an IPv4 multicast group with one source, by an interface's address.
///
/// [`GroupSource`] is the same by an interface's number, for both versions of IP.
///
/// ```
/// use berkeley::opt::{Codec, SourceV4};
/// let member = SourceV4 {
///     group: [232, 1, 1, 1].into(),
///     source: [127, 0, 0, 1].into(),
///     interface: [127, 0, 0, 1].into(),
/// };
/// assert_eq!(SourceV4::decode(&SourceV4::encode(member)), Some(member));
/// ```
///
/// See `ip(7)`, RFC 3678.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[doc(alias = "ip_mreq_source")]
pub struct SourceV4 {
    /// The group.
    pub group: Ipv4Addr,
    /// Who sends to it.
    pub source: Ipv4Addr,
    /// An address of the interface; [`Ipv4Addr::UNSPECIFIED`] lets the kernel choose.
    pub interface: Ipv4Addr,
}

impl Codec for SourceV4 {
    type Value = SourceV4;
    type Bytes = [u8; ip_mreq_source::SIZE];
    const FORM: &'static str = "source>group@interface";
    const ROOM: usize = ip_mreq_source::SIZE;

    fn encode(value: SourceV4) -> Self::Bytes {
        let mut bytes = [0; ip_mreq_source::SIZE];
        ip_mreq_source::imr_multiaddr.put(&mut bytes, value.group.octets());
        ip_mreq_source::imr_interface.put(&mut bytes, value.interface.octets());
        ip_mreq_source::imr_sourceaddr.put(&mut bytes, value.source.octets());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<SourceV4> {
        Some(SourceV4 {
            group: ip_mreq_source::imr_multiaddr.get(bytes)?.into(),
            source: ip_mreq_source::imr_sourceaddr.get(bytes)?.into(),
            interface: ip_mreq_source::imr_interface.get(bytes)?.into(),
        })
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        let SourceV4 { group, source, interface } = Self::decode(bytes)?;
        Some(format!("{source}>{group}@{interface}"))
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        let (source, rest) = text.split_once('>')?;
        let (group, interface) = rest.split_once('@').unwrap_or((rest, "0.0.0.0"));
        let value = SourceV4 {
            group: group.parse().ok()?,
            source: source.parse().ok()?,
            interface: interface.parse().ok()?,
        };
        Some(Self::encode(value).to_vec())
    }
}

/// Membership of a multicast group of either version, by an interface's number.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type, opt};
///
/// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
/// let group = "239.1.1.1".parse().unwrap();
/// let member = opt::Group { group, interface: berkeley::if_nametoindex("lo")? };
/// sock.set(opt::MCAST_JOIN_GROUP, member)?;
/// sock.set(opt::MCAST_LEAVE_GROUP, member)?;
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// See RFC 3678, section 5.1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[doc(alias = "group_req")]
pub struct Group {
    /// The group.
    pub group: IpAddr,
    /// The number of the interface; zero lets the kernel choose.
    pub interface: u32,
}

impl Codec for Group {
    type Value = Group;
    type Bytes = [u8; group_req::SIZE];
    const FORM: &'static str = "group@interface";
    const ROOM: usize = group_req::SIZE;

    fn encode(value: Group) -> Self::Bytes {
        let mut bytes = [0; group_req::SIZE];
        group_req::gr_interface.put(&mut bytes, value.interface);
        group_req::gr_group.put(&mut bytes, from_ip(value.group).into());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Group> {
        Some(Group {
            group: to_ip(group_req::gr_group.get(bytes)?.bytes)?,
            interface: group_req::gr_interface.get(bytes)?,
        })
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        let Group { group, interface } = Self::decode(bytes)?;
        Some(format!("{group}@{}", interface_shown(interface)))
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        let (group, of) = text.split_once('@').unwrap_or((text, "none"));
        let value = Group { group: group.parse().ok()?, interface: interface(of)? };
        Some(Self::encode(value).to_vec())
    }
}

/// Membership of a multicast group of either version with one source, by an interface's number.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type, opt};
///
/// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
/// let member = opt::GroupSource {
///     group: "232.1.1.1".parse().unwrap(),
///     source: "127.0.0.1".parse().unwrap(),
///     interface: berkeley::if_nametoindex("lo")?,
/// };
/// sock.set(opt::MCAST_JOIN_SOURCE_GROUP, member)?;
/// sock.set(opt::MCAST_LEAVE_SOURCE_GROUP, member)?;
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// See RFC 3678, section 5.1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[doc(alias = "group_source_req")]
pub struct GroupSource {
    /// The group.
    pub group: IpAddr,
    /// Who sends to it.
    pub source: IpAddr,
    /// The number of the interface; zero lets the kernel choose.
    pub interface: u32,
}

impl Codec for GroupSource {
    type Value = GroupSource;
    type Bytes = [u8; group_source_req::SIZE];
    const FORM: &'static str = "source>group@interface";
    const ROOM: usize = group_source_req::SIZE;

    fn encode(value: GroupSource) -> Self::Bytes {
        let mut bytes = [0; group_source_req::SIZE];
        group_source_req::gsr_interface.put(&mut bytes, value.interface);
        group_source_req::gsr_group.put(&mut bytes, from_ip(value.group).into());
        group_source_req::gsr_source.put(&mut bytes, from_ip(value.source).into());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<GroupSource> {
        Some(GroupSource {
            group: to_ip(group_source_req::gsr_group.get(bytes)?.bytes)?,
            source: to_ip(group_source_req::gsr_source.get(bytes)?.bytes)?,
            interface: group_source_req::gsr_interface.get(bytes)?,
        })
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        let GroupSource { group, source, interface } = Self::decode(bytes)?;
        Some(format!("{source}>{group}@{}", interface_shown(interface)))
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        let (source, rest) = text.split_once('>')?;
        let (group, of) = rest.split_once('@').unwrap_or((rest, "none"));
        let value = GroupSource {
            group: group.parse().ok()?,
            source: source.parse().ok()?,
            interface: interface(of)?,
        };
        Some(Self::encode(value).to_vec())
    }
}

/// Every source of a group at once: those to receive from, or those not to. Set it, or ask for it
/// with [`Socket::query`](crate::Socket::query) and a filter whose sources do not matter but for
/// their number, which is how many there is room for.
///
/// ```
/// use berkeley::opt::{Codec, SourceFilter};
/// let filter = SourceFilter {
///     group: "232.1.1.1".parse().unwrap(),
///     interface: 1,
///     include: true,
///     sources: vec!["127.0.0.1".parse().unwrap()],
/// };
/// assert_eq!(SourceFilter::decode(&SourceFilter::encode(filter.clone())), Some(filter));
/// ```
///
/// See RFC 3678, section 5.2.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[doc(alias("group_filter", "MCAST_INCLUDE", "MCAST_EXCLUDE"))]
pub struct SourceFilter {
    /// The group.
    pub group: IpAddr,
    /// The number of the interface.
    pub interface: u32,
    /// Whether the sources are those to receive from, not those to ignore.
    pub include: bool,
    /// The sources.
    pub sources: Vec<IpAddr>,
}

impl Codec for SourceFilter {
    type Value = SourceFilter;
    type Bytes = Vec<u8>;
    const FORM: &'static str = "sources";
    const ROOM: usize = group_filter::SIZE + 16 * ADDR;

    fn encode(value: SourceFilter) -> Vec<u8> {
        let mut bytes = vec![0; group_filter::SIZE];
        group_filter::gf_interface.put(&mut bytes, value.interface);
        group_filter::gf_group.put(&mut bytes, from_ip(value.group).into());
        group_filter::gf_fmode.put(&mut bytes, value.include.into());
        group_filter::gf_numsrc.put(&mut bytes, count(value.sources.len()));
        bytes.truncate(group_filter::gf_slist.offset());
        bytes.extend(value.sources.into_iter().flat_map(from_ip));
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<SourceFilter> {
        let sources = bytes.get(group_filter::gf_slist.offset()..)?.chunks_exact(ADDR);
        let number = usize::try_from(group_filter::gf_numsrc.get(bytes)?).ok()?;
        Some(SourceFilter {
            group: to_ip(group_filter::gf_group.get(bytes)?.bytes)?,
            interface: group_filter::gf_interface.get(bytes)?,
            include: group_filter::gf_fmode.get(bytes)? == 1,
            sources: sources
                .take(number)
                .map(|room| to_ip(*room.first_chunk()?))
                .collect::<Option<_>>()?,
        })
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        let SourceFilter { group, interface, include, sources } = Self::decode(bytes)?;
        let from = if include { "from" } else { "not from" };
        Some(format!("{group}@{} {from} {sources:?}", interface_shown(interface)))
    }
}

/// [`SourceFilter`] of IPv4 by an interface's address.
///
/// ```
/// use berkeley::opt::{Codec, SourceFilterV4};
/// let filter = SourceFilterV4 {
///     group: [232, 1, 1, 1].into(),
///     interface: [127, 0, 0, 1].into(),
///     include: true,
///     sources: vec![[127, 0, 0, 1].into()],
/// };
/// assert_eq!(SourceFilterV4::decode(&SourceFilterV4::encode(filter.clone())), Some(filter));
/// ```
///
/// See `ip(7)`, `IP_MSFILTER`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[doc(alias = "ip_msfilter")]
pub struct SourceFilterV4 {
    /// The group.
    pub group: Ipv4Addr,
    /// An address of the interface.
    pub interface: Ipv4Addr,
    /// Whether the sources are those to receive from, not those to ignore.
    pub include: bool,
    /// The sources.
    pub sources: Vec<Ipv4Addr>,
}

impl Codec for SourceFilterV4 {
    type Value = SourceFilterV4;
    type Bytes = Vec<u8>;
    const FORM: &'static str = "sources";
    const ROOM: usize = ip_msfilter::SIZE + 64 * 4;

    fn encode(value: SourceFilterV4) -> Vec<u8> {
        let mut bytes = vec![0; ip_msfilter::SIZE];
        ip_msfilter::imsf_multiaddr.put(&mut bytes, value.group.octets());
        ip_msfilter::imsf_interface.put(&mut bytes, value.interface.octets());
        ip_msfilter::imsf_fmode.put(&mut bytes, value.include.into());
        ip_msfilter::imsf_numsrc.put(&mut bytes, count(value.sources.len()));
        bytes.truncate(ip_msfilter::imsf_slist.offset());
        bytes.extend(value.sources.into_iter().flat_map(|source| source.octets()));
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<SourceFilterV4> {
        let sources = bytes.get(ip_msfilter::imsf_slist.offset()..)?.chunks_exact(4);
        let number = usize::try_from(ip_msfilter::imsf_numsrc.get(bytes)?).ok()?;
        let source =
            |room: &[u8]| room.first_chunk().map(|octets: &[u8; 4]| Ipv4Addr::from(*octets));
        Some(SourceFilterV4 {
            group: ip_msfilter::imsf_multiaddr.get(bytes)?.into(),
            interface: ip_msfilter::imsf_interface.get(bytes)?.into(),
            include: ip_msfilter::imsf_fmode.get(bytes)? == 1,
            sources: sources.take(number).filter_map(source).collect(),
        })
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        let SourceFilterV4 { group, interface, include, sources } = Self::decode(bytes)?;
        let from = if include { "from" } else { "not from" };
        Some(format!("{group}@{interface} {from} {sources:?}"))
    }
}

fn from_ip(ip: IpAddr) -> [u8; ADDR] {
    storage_of(Some(&Addr::from(SocketAddr::new(ip, 0))))
}

fn to_ip(room: [u8; ADDR]) -> Option<IpAddr> {
    addr_of(&room)?.to_ip().map(|addr| addr.ip())
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

record_values! {
    SourceFilter { group, interface, include, sources }
    SourceFilterV4 { group, interface, include, sources }
}
