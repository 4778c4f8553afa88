//! The forms that the values of control messages have, beside those of options.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

use crate::addr::Addr;
use crate::opt::Codec;
use crate::sys::layout::{Field, Plain};
use crate::sys::structs::*;
use crate::sys::{Errno, c};

/// Codecs of bare numbers.
macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident = $number:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// ```
        #[doc = concat!("use berkeley::{cmsg::", stringify!($name), ", opt::Codec};")]
        #[doc = concat!("assert_eq!(", stringify!($name), "::decode(&", stringify!($name), "::encode(7)), Some(7));")]
        /// ```
        #[derive(Debug)]
        pub enum $name {}

        impl Codec for $name {
            type Value = $number;
            type Bytes = [u8; size_of::<$number>()];
            const FORM: &'static str = "number";
            const ROOM: usize = size_of::<$number>();

            fn encode(value: $number) -> Self::Bytes {
                value.to_ne_bytes()
            }

            fn decode(bytes: &[u8]) -> Option<$number> {
                <$number>::read(bytes)
            }

            fn describe(bytes: &[u8]) -> Option<String> {
                Self::decode(bytes).map(|value| value.to_string())
            }
        }
    )*};
}

numbers! {
    /// A number of 8 bits.
    U8 = u8;
    /// A number of 16 bits.
    U16 = u16;
    /// A number of 32 bits.
    U32 = u32;
    /// A number of 64 bits.
    U64 = u64;
}

/// Bytes as they are.
///
/// ```
/// use berkeley::{cmsg::Bytes, opt::Codec};
/// assert_eq!(Bytes::describe(&[1, 255]).as_deref(), Some("01ff"));
/// ```
#[derive(Debug)]
pub enum Bytes {}

impl Codec for Bytes {
    type Value = Vec<u8>;
    type Bytes = Vec<u8>;
    const FORM: &'static str = "bytes";
    const ROOM: usize = 64;

    fn encode(value: Vec<u8>) -> Vec<u8> {
        value
    }

    fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
        Some(bytes.to_vec())
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// The numbers of descriptors. Those that have been received belong to the
/// [`RecvBuffer`](super::RecvBuffer) until they are [taken](super::RecvBuffer::take_fds).
///
/// ```
/// use berkeley::{cmsg::Descriptors, opt::Codec};
/// assert_eq!(Descriptors::decode(&Descriptors::encode(vec![3, 4])), Some(vec![3, 4]));
/// ```
#[derive(Debug)]
pub enum Descriptors {}

impl Codec for Descriptors {
    type Value = Vec<i32>;
    type Bytes = Vec<u8>;
    const FORM: &'static str = "descriptors";
    const ROOM: usize = 16 * size_of::<i32>();

    fn encode(value: Vec<i32>) -> Vec<u8> {
        value.into_iter().flat_map(i32::to_ne_bytes).collect()
    }

    fn decode(bytes: &[u8]) -> Option<Vec<i32>> {
        Some(bytes.chunks_exact(size_of::<i32>()).filter_map(i32::read).collect())
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|fds| format!("{fds:?}"))
    }
}

/// Which of this machine's addresses and interfaces a datagram came to, or shall leave from.
///
/// ```
/// use berkeley::cmsg::PacketInfo;
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
    /// # use berkeley::cmsg::PacketInfo;
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
    /// # use berkeley::cmsg::PacketInfo;
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
/// use berkeley::{cmsg::{PacketInfo, PacketInfoV4}, opt::Codec};
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

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(PacketInfo::describe)
    }
}

/// [`PacketInfo`] of IPv6.
///
/// ```
/// use berkeley::{cmsg::{PacketInfo, PacketInfoV6}, opt::Codec};
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

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(PacketInfo::describe)
    }
}

/// A time of day in microseconds, `timeval`.
///
/// ```
/// use berkeley::{cmsg::Micros, opt::Codec};
/// let epoch = std::time::SystemTime::UNIX_EPOCH;
/// assert_eq!(Micros::decode(&Micros::encode(epoch)), Some(epoch));
/// ```
#[derive(Debug)]
pub enum Micros {}

impl Codec for Micros {
    type Value = SystemTime;
    type Bytes = [u8; timeval::SIZE];
    const FORM: &'static str = "time";
    const ROOM: usize = timeval::SIZE;

    fn encode(value: SystemTime) -> Self::Bytes {
        let (seconds, nanos) = parts(value);
        let mut bytes = [0; timeval::SIZE];
        timeval::tv_sec.put(&mut bytes, seconds);
        timeval::tv_usec.put(&mut bytes, (nanos / 1000) as _);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<SystemTime> {
        let (seconds, micros) = pair(bytes)?;
        time(seconds, u32::try_from(micros).ok()?.checked_mul(1000)?)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(seconds)
    }
}

/// A time of day in nanoseconds, `timespec`.
///
/// ```
/// use berkeley::{cmsg::Nanos, opt::Codec};
/// let now = std::time::SystemTime::now();
/// assert_eq!(Nanos::decode(&Nanos::encode(now)), Some(now));
/// ```
#[derive(Debug)]
pub enum Nanos {}

impl Codec for Nanos {
    type Value = SystemTime;
    type Bytes = [u8; timespec::SIZE];
    const FORM: &'static str = "time";
    const ROOM: usize = timespec::SIZE;

    fn encode(value: SystemTime) -> Self::Bytes {
        let (seconds, nanos) = parts(value);
        let mut bytes = [0; timespec::SIZE];
        timespec::tv_sec.put(&mut bytes, seconds);
        timespec::tv_nsec.put(&mut bytes, nanos as _);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<SystemTime> {
        let (seconds, nanos) = pair(bytes)?;
        time(seconds, u32::try_from(nanos).ok()?)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(seconds)
    }
}

/// When a packet came or went, by the kernel's clock and by the device's.
///
/// ```
/// use berkeley::cmsg::Timestamps;
/// assert_eq!(Timestamps::default().software, None);
/// ```
///
/// See the kernel's documentation of timestamping.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[doc(alias("scm_timestamping", "SO_TIMESTAMPING"))]
pub struct Timestamps {
    /// The kernel's.
    pub software: Option<SystemTime>,
    /// The device's own clock, since whatever it counts from.
    pub hardware: Option<Duration>,
}

/// [`Timestamps`]: three `timespec`s, the second of which is never used.
///
/// ```
/// use berkeley::{cmsg::{Stamps, Timestamps}, opt::Codec};
/// let stamps = Timestamps { software: Some(std::time::SystemTime::now()), hardware: None };
/// assert_eq!(Stamps::decode(&Stamps::encode(stamps)), Some(stamps));
/// ```
#[derive(Debug)]
pub enum Stamps {}

impl Codec for Stamps {
    type Value = Timestamps;
    type Bytes = [u8; 3 * timespec::SIZE];
    const FORM: &'static str = "software and hardware time";
    const ROOM: usize = 3 * timespec::SIZE;

    fn encode(value: Timestamps) -> Self::Bytes {
        let hardware =
            value.hardware.map(|time| (whole(time.as_secs().into()), time.subsec_nanos()));
        let mut bytes = [0; 3 * timespec::SIZE];
        for (place, time) in [(0, value.software.map(parts)), (2, hardware)] {
            if let (Some((seconds, nanos)), Some(to)) =
                (time, bytes.get_mut(place * timespec::SIZE..))
            {
                timespec::tv_sec.put(to, seconds);
                timespec::tv_nsec.put(to, nanos as _);
            }
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Timestamps> {
        // Zero means that there is none.
        let stamp = |place: usize| {
            let one = bytes.len() / 3;
            let time = Nanos::decode(bytes.get(place * one..(place + 1) * one)?)?;
            Some((time != SystemTime::UNIX_EPOCH).then_some(time))
        };
        let hardware = stamp(2)?.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        Some(Timestamps { software: stamp(0)?, hardware })
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        let Timestamps { software, hardware } = Self::decode(bytes)?;
        let software = software.map(|time| format!("software {}", seconds(time)));
        let hardware = hardware.map(|time| format!("hardware {}", time.as_secs_f64()));
        let both: Vec<String> = software.into_iter().chain(hardware).collect();
        Some(if both.is_empty() { "none".to_owned() } else { both.join(", ") })
    }
}

/// A socket address of any family.
///
/// ```
/// use berkeley::{Addr, cmsg::Address, opt::Codec};
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

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|addr| addr.to_string())
    }
}

/// What the queue of errors tells of one error, as the kernel puts it;
/// [`ErrorEvent`](crate::errqueue::ErrorEvent) says what it means.
///
/// ```
/// use berkeley::cmsg::ExtendedError;
/// assert_eq!(ExtendedError::default().offender, None);
/// ```
///
/// See `ip(7)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[doc(alias("sock_extended_err", "IP_RECVERR"))]
pub struct ExtendedError {
    /// The error number; zero for what is no error.
    pub errno: i32,
    /// Where it comes from, `SO_EE_ORIGIN_…`.
    pub origin: u8,
    /// The ICMP type, or the origin's own.
    pub ty: u8,
    /// The ICMP code, or the origin's own.
    pub code: u8,
    /// The path's largest packet, or the origin's own.
    pub info: u32,
    /// The origin's own.
    pub data: u32,
    /// Who sent the ICMP message.
    pub offender: Option<Addr>,
}

/// [`ExtendedError`] with the address behind it.
///
/// ```
/// use berkeley::{cmsg::{Extended, ExtendedError}, opt::Codec};
/// let error = ExtendedError { errno: 111, origin: 2, ..ExtendedError::default() };
/// assert_eq!(Extended::decode(&Extended::encode(error)), Some(error));
/// ```
#[derive(Debug)]
pub enum Extended {}

impl Codec for Extended {
    type Value = ExtendedError;
    type Bytes = Vec<u8>;
    const FORM: &'static str = "error";
    const ROOM: usize = sock_extended_err::SIZE + 28;

    fn encode(value: ExtendedError) -> Vec<u8> {
        let mut bytes = vec![0; sock_extended_err::SIZE];
        sock_extended_err::ee_errno.put(&mut bytes, value.errno);
        sock_extended_err::ee_origin.put(&mut bytes, value.origin);
        sock_extended_err::ee_type.put(&mut bytes, value.ty);
        sock_extended_err::ee_code.put(&mut bytes, value.code);
        sock_extended_err::ee_info.put(&mut bytes, value.info);
        sock_extended_err::ee_data.put(&mut bytes, value.data);
        bytes.extend_from_slice(value.offender.as_ref().map_or(&[], Addr::as_bytes));
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<ExtendedError> {
        let offender = bytes.get(sock_extended_err::SIZE..).and_then(Address::decode);
        Some(ExtendedError {
            errno: sock_extended_err::ee_errno.get(bytes)?,
            origin: sock_extended_err::ee_origin.get(bytes)?,
            ty: sock_extended_err::ee_type.get(bytes)?,
            code: sock_extended_err::ee_code.get(bytes)?,
            info: sock_extended_err::ee_info.get(bytes)?,
            data: sock_extended_err::ee_data.get(bytes)?,
            offender: offender.filter(|addr| addr.family() != crate::kind::Family::UNSPEC),
        })
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        let error = Self::decode(bytes)?;
        let ExtendedError { origin, ty, code, info, data, offender, .. } = error;
        let from = offender.map_or_else(String::new, |addr| format!(" from {addr}"));
        let errno = Errno(error.errno);
        Some(format!("{errno}, origin {origin}, {ty}/{code}, info {info}, data {data}{from}"))
    }
}

/// The largest packet of the path to an address.
///
/// ```
/// use berkeley::{cmsg::PathMtu, opt::Codec};
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

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|(addr, mtu)| format!("{mtu} to {addr}"))
    }
}

/// An initialisation vector of the kernel's cryptography: its length, then its bytes.
///
/// ```
/// use berkeley::{cmsg::Iv, opt::Codec};
/// assert_eq!(Iv::decode(&Iv::encode(b"salt".to_vec())), Some(b"salt".to_vec()));
/// ```
#[derive(Debug)]
#[doc(alias = "af_alg_iv")]
pub enum Iv {}

impl Codec for Iv {
    type Value = Vec<u8>;
    type Bytes = Vec<u8>;
    const FORM: &'static str = "bytes";
    const ROOM: usize = af_alg_iv::SIZE + 16;

    fn encode(value: Vec<u8>) -> Vec<u8> {
        let len = u32::try_from(value.len()).unwrap_or(u32::MAX);
        [&len.to_ne_bytes()[..], &value].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
        let len = usize::try_from(af_alg_iv::ivlen.get(bytes)?).ok()?;
        bytes.get(af_alg_iv::SIZE..)?.get(..len).map(<[u8]>::to_vec)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).and_then(|iv| Bytes::describe(&iv))
    }
}

/// Declares a value that is a structure of numbers, and its codec.
macro_rules! records {
    ($(
        $(#[$doc:meta])*
        $value:ident, $codec:ident = $structure:ident { $($(#[$field_doc:meta])* $field:ident: $number:ty = $c:ident),* $(,)? }
    )*) => {$(
        $(#[$doc])*
        ///
        /// ```
        #[doc = concat!("use berkeley::{cmsg::{", stringify!($value), ", ", stringify!($codec), "}, opt::Codec};")]
        #[doc = concat!("let value = ", stringify!($value), "::default();")]
        #[doc = concat!("assert_eq!(", stringify!($codec), "::decode(&", stringify!($codec), "::encode(value)), Some(value));")]
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
        pub struct $value {
            $($(#[$field_doc])* pub $field: $number,)*
        }

        #[doc = concat!("The codec of [`", stringify!($value), "`].")]
        ///
        /// ```
        #[doc = concat!("use berkeley::{cmsg::", stringify!($codec), ", opt::Codec};")]
        #[doc = concat!("assert_eq!(", stringify!($codec), "::decode(&[]), None);")]
        /// ```
        #[derive(Debug)]
        pub enum $codec {}

        impl Codec for $codec {
            type Value = $value;
            type Bytes = [u8; $structure::SIZE];
            const FORM: &'static str = "numbers";
            const ROOM: usize = $structure::SIZE;

            fn encode(value: $value) -> Self::Bytes {
                let mut bytes = [0; $structure::SIZE];
                $($structure::$c.put(&mut bytes, value.$field);)*
                bytes
            }

            fn decode(bytes: &[u8]) -> Option<$value> {
                Some($value { $($field: $structure::$c.get(bytes)?,)* })
            }

            fn describe(bytes: &[u8]) -> Option<String> {
                let value = Self::decode(bytes)?;
                let fields = [$(format!("{} {}", stringify!($field), value.$field)),*];
                Some(fields.join(", "))
            }
        }
    )*};
}

records! {
    /// What comes with each packet of a packet socket.
    ///
    /// See `packet(7)`, `PACKET_AUXDATA`.
    AuxData, PacketAux = tpacket_auxdata {
        /// What has been done with it, `TP_STATUS_…`.
        status: u32 = tp_status,
        /// How long it was, in bytes.
        len: u32 = tp_len,
        /// How much of it was captured, in bytes.
        captured: u32 = tp_snaplen,
        /// Where its link header begins.
        mac: u16 = tp_mac,
        /// Where its network header begins.
        net: u16 = tp_net,
        /// The VLAN tag that was taken out.
        vlan: u16 = tp_vlan_tci,
        /// The protocol of that tag.
        vlan_protocol: u16 = tp_vlan_tpid,
    }
    /// The device and the length on the wire of a packet that hardware has stamped.
    StampedPacket, StampedPacketInfo = scm_ts_pktinfo {
        /// The interface that it came by.
        interface: u32 = if_index,
        /// How long it was, in bytes.
        len: u32 = pkt_length,
    }
    /// How to open an association.
    ///
    /// See RFC 6458, section 5.3.1.
    SctpInit, SctpInitMsg = sctp_initmsg {
        /// How many streams to send on.
        out_streams: u16 = sinit_num_ostreams,
        /// How many streams the peer may send on.
        in_streams: u16 = sinit_max_instreams,
        /// How often to try.
        attempts: u16 = sinit_max_attempts,
        /// How long to wait between attempts at most, in milliseconds.
        timeout_ms: u16 = sinit_max_init_timeo,
    }
    /// How to send a message.
    ///
    /// See RFC 6458, section 5.3.4.
    SctpSend, SctpSendInfo = sctp_sndinfo {
        /// The stream.
        stream: u16 = snd_sid,
        /// `SCTP_UNORDERED`, `SCTP_EOF` and others.
        flags: u16 = snd_flags,
        /// What the payload is, for the peer, in the order of the network.
        ppid: u32 = snd_ppid,
        /// What to name the message by if it fails.
        context: u32 = snd_context,
        /// The association.
        association: i32 = snd_assoc_id,
    }
    /// How a message was received.
    ///
    /// See RFC 6458, section 5.3.5.
    SctpReceive, SctpReceiveInfo = sctp_rcvinfo {
        /// The stream.
        stream: u16 = rcv_sid,
        /// The number within the stream.
        sequence: u16 = rcv_ssn,
        /// `SCTP_UNORDERED`.
        flags: u16 = rcv_flags,
        /// What the payload is, in the order of the network.
        ppid: u32 = rcv_ppid,
        /// The number of its chunk.
        tsn: u32 = rcv_tsn,
        /// The number up to which everything has been received.
        cumulative_tsn: u32 = rcv_cumtsn,
        /// The association's context.
        context: u32 = rcv_context,
        /// The association.
        association: i32 = rcv_assoc_id,
    }
    /// What the next message will be.
    ///
    /// See RFC 6458, section 5.3.6.
    SctpNext, SctpNextInfo = sctp_nxtinfo {
        /// The stream.
        stream: u16 = nxt_sid,
        /// `SCTP_UNORDERED`, `SCTP_COMPLETE`, `SCTP_NOTIFICATION`.
        flags: u16 = nxt_flags,
        /// What the payload is, in the order of the network.
        ppid: u32 = nxt_ppid,
        /// How long it is, in bytes.
        len: u32 = nxt_length,
        /// The association.
        association: i32 = nxt_assoc_id,
    }
    /// How long to try to deliver a message.
    ///
    /// See RFC 6458, section 5.3.7.
    SctpPartial, SctpPartialInfo = sctp_prinfo {
        /// `SCTP_PR_SCTP_TTL` and others.
        policy: u16 = pr_policy,
        /// The policy's number: milliseconds for a lifetime.
        value: u32 = pr_value,
    }
    /// How to send a message, and how one was received, in the older form.
    ///
    /// See RFC 6458, section 5.3.2.
    SctpSendReceive, SctpSendReceiveInfo = sctp_sndrcvinfo {
        /// The stream.
        stream: u16 = sinfo_stream,
        /// The number within the stream.
        sequence: u16 = sinfo_ssn,
        /// `SCTP_UNORDERED`, `SCTP_EOF` and others.
        flags: u16 = sinfo_flags,
        /// What the payload is, in the order of the network.
        ppid: u32 = sinfo_ppid,
        /// What to name the message by if it fails.
        context: u32 = sinfo_context,
        /// How long to try, in milliseconds.
        lifetime_ms: u32 = sinfo_timetolive,
        /// The number of its chunk.
        tsn: u32 = sinfo_tsn,
        /// The number up to which everything has been received.
        cumulative_tsn: u32 = sinfo_cumtsn,
        /// The association.
        association: i32 = sinfo_assoc_id,
    }
}

/// Two numbers of the same width: 64 bits, or 32 on platforms whose time still has as many.
fn pair(bytes: &[u8]) -> Option<(i64, i64)> {
    match bytes.len() {
        8..16 if size_of::<c::time_t>() == 4 => {
            Some((i32::read(bytes)?.into(), i32::read(bytes.get(4..)?)?.into()))
        }
        _ => Some((i64::read(bytes)?, i64::read(bytes.get(8..)?)?)),
    }
}

/// Seconds and nanoseconds since the epoch.
fn parts(time: SystemTime) -> (c::time_t, u32) {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => (whole(after.as_secs().into()), after.subsec_nanos()),
        Err(before) => {
            let before = before.duration();
            let seconds = i128::from(before.as_secs());
            match before.subsec_nanos() {
                0 => (whole(-seconds), 0),
                nanos => (whole(-seconds - 1), 1_000_000_000 - nanos),
            }
        }
    }
}

/// Seconds as the platform counts them: the first or the last it knows for those beyond.
fn whole(seconds: i128) -> c::time_t {
    let nearest = if seconds < 0 { c::time_t::MIN } else { c::time_t::MAX };
    c::time_t::try_from(seconds).unwrap_or(nearest)
}

fn time(seconds: i64, nanos: u32) -> Option<SystemTime> {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let whole = match seconds {
        0.. => SystemTime::UNIX_EPOCH.checked_add(whole),
        _ => SystemTime::UNIX_EPOCH.checked_sub(whole),
    };
    whole?.checked_add(Duration::from_nanos(nanos.into()))
}

/// Seconds since the epoch, for people.
fn seconds(time: SystemTime) -> String {
    let (sign, distance) = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => ("", after),
        Err(before) => ("-", before.duration()),
    };
    format!("{sign}{}.{:09}", distance.as_secs(), distance.subsec_nanos())
}
