//! The field's words for kinds of sockets: families, types, protocols, levels and flags, as open
//! numbers with names. A number without a name here is as welcome as one with.

mod errno;

use std::fmt;

use bitflags::bitflags;

use crate::sys::c;

/// Declares the names of an open number: a constant for each row, and the way back from a number
/// to its name. Rows of the same number are told apart by their order: the first one names it.
macro_rules! names {
    ($kind:ident, $prefix:literal: $($(#[$doc:meta])* $name:ident = $value:expr;)*) => {
        impl $kind {
            $($(#[$doc])* pub const $name: $kind = $kind($value as i32);)*

            /// Every kind that has a name, in the order of the documentation.
            pub const NAMED: &'static [($kind, &'static str)] =
                &[$(($kind::$name, concat!($prefix, stringify!($name))),)*];

            /// The number as C has it.
            ///
            /// ```
            #[doc = concat!("use berkeley::", stringify!($kind), ";")]
            ///
            #[doc = concat!("let number: i32 = ", stringify!($kind), "::NAMED[0].0.number();")]
            /// ```
            #[inline]
            pub const fn number(self) -> i32 {
                self.0
            }

            /// The name as C has it, if the number has one here.
            ///
            /// ```
            #[doc = concat!("use berkeley::", stringify!($kind), ";")]
            ///
            #[doc = concat!("let (kind, name) = ", stringify!($kind), "::NAMED[0];")]
            /// assert_eq!(kind.name(), Some(name));
            /// ```
            pub fn name(self) -> Option<&'static str> {
                Self::NAMED.iter().find(|(kind, _)| *kind == self).map(|(_, name)| *name)
            }

            /// The kind of this name, written as in C, in any case, with or without its prefix.
            ///
            /// ```
            #[doc = concat!("use berkeley::", stringify!($kind), ";")]
            ///
            #[doc = concat!("let (kind, name) = ", stringify!($kind), "::NAMED[0];")]
            #[doc = concat!("assert_eq!(", stringify!($kind), "::from_name(&name.to_lowercase()), Some(kind));")]
            /// ```
            pub fn from_name(name: &str) -> Option<$kind> {
                let matches = |full: &str| {
                    full.eq_ignore_ascii_case(name)
                        || full.strip_prefix($prefix).is_some_and(|short| short.eq_ignore_ascii_case(name))
                };
                Self::NAMED.iter().find(|(_, full)| matches(full)).map(|(kind, _)| *kind)
            }
        }
    };
}
pub(crate) use names;

/// The forms that families, types and protocols are printed in.
macro_rules! open_number {
    ($kind:ident) => {
        impl From<i32> for $kind {
            fn from(number: i32) -> $kind {
                $kind(number)
            }
        }

        impl From<$kind> for i32 {
            fn from(kind: $kind) -> i32 {
                kind.0
            }
        }

        /// The name as C has it, or the bare number.
        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => fmt::Display::fmt(&self.0, f),
                }
            }
        }

        impl fmt::Debug for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}
pub(crate) use open_number;

/// An address family: what kind of addresses a socket has.
///
/// Any number is a family; those with names are constants.
///
/// ```
/// use berkeley::Family;
///
/// assert_eq!(Family::INET.to_string(), "AF_INET");
/// assert_eq!(Family::from(12345).to_string(), "12345");
/// assert_eq!(Family::from_name("unix"), Some(Family::UNIX));
/// ```
///
/// See `address_families(7)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias("AF_INET", "AF_INET6", "AF_UNIX", "AddressFamily", "domain", "sa_family_t"))]
pub struct Family(pub(crate) i32);
open_number!(Family);

names! { Family, "AF_":
    /// Any family, where one is asked for.
    #[doc(alias = "AF_UNSPEC")]
    UNSPEC = c::AF_UNSPEC;
    /// IPv4. `ip(7)`.
    #[doc(alias = "AF_INET")]
    INET = c::AF_INET;
    /// IPv6. `ipv6(7)`.
    #[doc(alias = "AF_INET6")]
    INET6 = c::AF_INET6;
    /// Between processes of one machine. `unix(7)`.
    #[doc(alias("AF_UNIX", "AF_LOCAL"))]
    UNIX = c::AF_UNIX;
    /// Whole frames of a network interface. `packet(7)`.
    PACKET = c::AF_PACKET;
    /// Messages to and from the kernel. `netlink(7)`.
    NETLINK = c::AF_NETLINK;
    /// Controller area network.
    #[doc(alias = "AF_CAN")]
    CAN = c::AF_CAN;
    /// Reliable datagrams between machines of a cluster.
    #[doc(alias = "AF_RDS")]
    RDS = c::AF_RDS;
    /// Transparent inter-process communication in a cluster.
    TIPC = c::AF_TIPC;
    /// Between virtual machines and their host. `vsock(7)`.
    VSOCK = c::AF_VSOCK;
    /// The kernel's cryptography.
    ALG = c::AF_ALG;
    /// Bluetooth.
    BLUETOOTH = c::AF_BLUETOOTH;
    /// Qualcomm's inter-processor router.
    QIPCRTR = c::AF_QIPCRTR;
    /// Express data path.
    XDP = c::AF_XDP;
    /// IPsec key management.
    KEY = c::AF_KEY;
    /// Kernel connection multiplexor.
    KCM = c::AF_KCM;
    /// Appletalk.
    APPLETALK = c::AF_APPLETALK;
    /// Amateur radio AX.25.
    AX25 = c::AF_AX25;
    /// Novell's IPX.
    IPX = c::AF_IPX;
    /// Amateur radio NET/ROM.
    NETROM = c::AF_NETROM;
    /// ATM permanent virtual circuits.
    ATMPVC = c::AF_ATMPVC;
    /// ATM switched virtual circuits.
    ATMSVC = c::AF_ATMSVC;
    /// X.25.
    X25 = c::AF_X25;
    /// Amateur radio ROSE.
    ROSE = c::AF_ROSE;
    /// Logical link control, IEEE 802.2.
    LLC = c::AF_LLC;
    /// InfiniBand.
    IB = c::AF_IB;
    /// Multiprotocol label switching.
    MPLS = c::AF_MPLS;
    /// Point to point protocol over X.
    PPPOX = c::AF_PPPOX;
    /// Mobile phones' modems.
    PHONET = c::AF_PHONET;
    /// IEEE 802.15.4.
    IEEE802154 = c::AF_IEEE802154;
    /// Near field communication.
    NFC = c::AF_NFC;
    /// RxRPC.
    RXRPC = c::AF_RXRPC;
    /// IBM's inter-user communication vehicle.
    IUCV = c::AF_IUCV;
    /// CAIF.
    CAIF = c::AF_CAIF;
    /// TCP over RDMA.
    SMC = c::AF_SMC;
    /// Management component transport protocol.
    MCTP = c::AF_MCTP;
    /// Infrared.
    IRDA = c::AF_IRDA;
    /// Wide area networks.
    WANPIPE = c::AF_WANPIPE;
    /// DECnet.
    #[doc(alias = "AF_DECnet")]
    DECNET = c::AF_DECnet;
    /// Acorn's Econet.
    ECONET = c::AF_ECONET;
    /// Bridges.
    BRIDGE = c::AF_BRIDGE;
    /// Ash.
    ASH = c::AF_ASH;
    /// A callback of security modules.
    SECURITY = c::AF_SECURITY;
    /// IBM's systems network architecture.
    SNA = c::AF_SNA;
    /// Reserved for 802.2LLC.
    NETBEUI = c::AF_NETBEUI;
}

/// A socket type: what kind of traffic a socket carries.
///
/// ```
/// use berkeley::Type;
///
/// assert_eq!(Type::DGRAM.to_string(), "SOCK_DGRAM");
/// assert!(!Type::STREAM.keeps_boundaries() && Type::SEQPACKET.keeps_boundaries());
/// ```
///
/// See `socket(2)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias("SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW", "SocketKind", "kind"))]
pub struct Type(pub(crate) i32);
open_number!(Type);

names! { Type, "SOCK_":
    /// A stream of bytes both ways, in order, nothing lost: TCP, UNIX streams.
    #[doc(alias = "SOCK_STREAM")]
    STREAM = c::SOCK_STREAM;
    /// Separate messages, each whole or not at all: UDP, UNIX datagrams.
    #[doc(alias = "SOCK_DGRAM")]
    DGRAM = c::SOCK_DGRAM;
    /// A protocol's packets as they are, which takes the right `CAP_NET_RAW`. `raw(7)`.
    #[doc(alias = "SOCK_RAW")]
    RAW = c::SOCK_RAW;
    /// Messages that arrive, though perhaps not in order.
    #[doc(alias = "SOCK_RDM")]
    RDM = c::SOCK_RDM;
    /// A connection of whole messages, in order.
    #[doc(alias = "SOCK_SEQPACKET")]
    SEQPACKET = c::SOCK_SEQPACKET;
    /// Datagram congestion control protocol.
    #[doc(alias = "SOCK_DCCP")]
    DCCP = c::SOCK_DCCP;
}

impl Type {
    /// Whether what one call sends arrives as one message: everything but a stream.
    ///
    /// ```
    /// assert!(berkeley::Type::DGRAM.keeps_boundaries());
    /// ```
    pub fn keeps_boundaries(self) -> bool {
        self != Type::STREAM
    }
}

/// A protocol within a family; [`Protocol::DEFAULT`] lets the family and type choose.
///
/// The names are the IP ones. Other families number their protocols themselves.
///
/// ```
/// use berkeley::Protocol;
///
/// assert_eq!(Protocol::ICMP.to_string(), "IPPROTO_ICMP");
/// assert_eq!(Protocol::from(17), Protocol::UDP);
/// ```
///
/// See `protocols(5)` and the registry of IP protocol numbers, RFC 5237.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias("proto", "IPPROTO_TCP", "IPPROTO_UDP", "CAN_RAW", "CAN_BCM"))]
pub struct Protocol(pub(crate) i32);
open_number!(Protocol);

names! { Protocol, "IPPROTO_":
    /// Zero: what the family has for the type, see [`Protocol::DEFAULT`].
    #[doc(alias = "IPPROTO_IP")]
    IP = c::IPPROTO_IP;
    /// Control messages of IPv4, RFC 792.
    #[doc(alias = "IPPROTO_ICMP")]
    ICMP = c::IPPROTO_ICMP;
    /// Group membership of IPv4, RFC 3376.
    #[doc(alias = "IPPROTO_IGMP")]
    IGMP = c::IPPROTO_IGMP;
    /// The transmission control protocol, RFC 9293.
    #[doc(alias = "IPPROTO_TCP")]
    TCP = c::IPPROTO_TCP;
    /// The user datagram protocol, RFC 768.
    #[doc(alias = "IPPROTO_UDP")]
    UDP = c::IPPROTO_UDP;
    /// IPv6 within IPv4, RFC 4213.
    IPV6 = c::IPPROTO_IPV6;
    /// Control messages of IPv6, RFC 4443.
    #[doc(alias = "IPPROTO_ICMPV6")]
    ICMPV6 = c::IPPROTO_ICMPV6;
    /// The stream control transmission protocol, RFC 9260.
    SCTP = c::IPPROTO_SCTP;
    /// UDP whose checksum covers a part, RFC 3828.
    UDPLITE = c::IPPROTO_UDPLITE;
    /// The datagram congestion control protocol, RFC 4340.
    DCCP = c::IPPROTO_DCCP;
    /// TCP over several paths, RFC 8684.
    MPTCP = c::IPPROTO_MPTCP;
    /// The caller builds the IP header.
    #[doc(alias = "IPPROTO_RAW")]
    RAW = c::IPPROTO_RAW;
}

/// Declares the protocols of families that number them themselves.
macro_rules! protocols {
    ($($family:ident { $($(#[$doc:meta])* $name:ident = $value:expr;)* })*) => {
        impl Protocol {
            $($($(#[$doc])* pub const $name: Protocol = Protocol($value as i32);)*)*

            /// The protocols that have names in each family beside the IP ones.
            ///
            /// ```
            /// use berkeley::{Family, Protocol};
            ///
            /// let row = (Family::CAN, Protocol::CAN_ISOTP, "CAN_ISOTP");
            /// assert!(Protocol::OF_FAMILIES.contains(&row));
            /// ```
            pub const OF_FAMILIES: &'static [(Family, Protocol, &'static str)] =
                &[$($((Family::$family, Protocol::$name, stringify!($name)),)*)*];
        }
    };
}

protocols! {
    CAN {
        /// Frames as they are.
        CAN_RAW = c::CAN_RAW;
        /// The broadcast manager, which sends and filters in the kernel.
        CAN_BCM = c::CAN_BCM;
        /// Messages of up to 4,095 bytes and more, ISO 15765-2.
        CAN_ISOTP = c::CAN_ISOTP;
        /// SAE J1939.
        CAN_J1939 = c::CAN_J1939;
    }
    BLUETOOTH {
        /// Logical links.
        BTPROTO_L2CAP = c::BTPROTO_L2CAP;
        /// Controllers.
        BTPROTO_HCI = c::BTPROTO_HCI;
        /// Speech.
        BTPROTO_SCO = c::BTPROTO_SCO;
        /// Serial lines.
        BTPROTO_RFCOMM = c::BTPROTO_RFCOMM;
    }
    NETLINK {
        /// Routes, addresses and links. `rtnetlink(7)`
        NETLINK_ROUTE = c::NETLINK_ROUTE;
        /// Sockets, as `ss` lists them. `sock_diag(7)`
        NETLINK_SOCK_DIAG = c::NETLINK_SOCK_DIAG;
        /// IPsec.
        NETLINK_XFRM = c::NETLINK_XFRM;
        /// Audit.
        NETLINK_AUDIT = c::NETLINK_AUDIT;
        /// Netfilter.
        NETLINK_NETFILTER = c::NETLINK_NETFILTER;
        /// Devices come and go.
        NETLINK_KOBJECT_UEVENT = c::NETLINK_KOBJECT_UEVENT;
        /// Families of messages by name.
        NETLINK_GENERIC = c::NETLINK_GENERIC;
    }
    PACKET {
        /// Every protocol, in the network's order as packet sockets take it: `htons(ETH_P_ALL)`.
        PACKET_ALL = (c::ETH_P_ALL as u16).to_be();
    }
}

impl Protocol {
    /// The name of the protocol within a family.
    ///
    /// ```
    /// use berkeley::{Family, Protocol};
    ///
    /// assert_eq!(Protocol::from(1).name_in(Family::CAN), Some("CAN_RAW"));
    /// assert_eq!(Protocol::from(6).name_in(Family::INET), Some("IPPROTO_TCP"));
    /// ```
    pub fn name_in(self, family: Family) -> Option<&'static str> {
        if matches!(family, Family::INET | Family::INET6 | Family::UNSPEC) {
            return self.name();
        }
        let mut rows = Self::OF_FAMILIES.iter();
        rows.find(|(of, protocol, _)| (*of, *protocol) == (family, self)).map(|(.., name)| *name)
    }

    /// The name within a family, or the bare number.
    pub(crate) fn shown_in(self, family: Family) -> String {
        self.name_in(family).map_or_else(|| self.0.to_string(), str::to_owned)
    }

    /// What the family has for the type: TCP for streams of IP, UDP for its datagrams.
    pub const DEFAULT: Protocol = Protocol::IP;
}

impl Default for Protocol {
    fn default() -> Protocol {
        Protocol::DEFAULT
    }
}

bitflags! {
    /// Flags of the sending and receiving calls. Bits without a name are kept.
    ///
    /// ```
    /// use berkeley::{Family, MsgFlags, Protocol, Socket, Type};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"look")?;
    /// let mut buf = [0; 4];
    /// b.recv_with(&mut buf, MsgFlags::PEEK)?;             // look,
    /// assert_eq!(b.recv(&mut buf)?, 4);                   // then take
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// See `send(2)` and `recv(2)`.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    #[doc(alias("MSG_PEEK", "MSG_OOB", "MSG_DONTWAIT", "MSG_WAITALL", "MSG_TRUNC", "MsgFlag"))]
    pub struct MsgFlags: i32 {
        /// Urgent data, outside the stream's order. `MSG_OOB`
        const OOB = c::MSG_OOB;
        /// Receive and leave it in the queue. `MSG_PEEK`
        const PEEK = c::MSG_PEEK;
        /// Send to hosts of a directly connected network only. `MSG_DONTROUTE`
        const DONTROUTE = c::MSG_DONTROUTE;
        /// Receive without the control data that comes along. `MSG_CTRUNC`
        const CTRUNC = c::MSG_CTRUNC;
        /// Receive a datagram that does not fit cut off, and answer its whole length.
        /// On a TCP socket: throw the bytes away instead of copying them. `MSG_TRUNC`
        const TRUNC = c::MSG_TRUNC;
        /// This call shall not wait, whatever the timeout is. `MSG_DONTWAIT`
        const DONTWAIT = c::MSG_DONTWAIT;
        /// The end of a record. `MSG_EOR`
        const EOR = c::MSG_EOR;
        /// Wait until the whole buffer is full. `MSG_WAITALL`
        const WAITALL = c::MSG_WAITALL;
        /// The neighbour is alive, do not ask it again. `MSG_CONFIRM`
        const CONFIRM = c::MSG_CONFIRM;
        /// Receive from the queue of errors. `MSG_ERRQUEUE`
        const ERRQUEUE = c::MSG_ERRQUEUE;
        /// No `SIGPIPE`. Every send has it without being asked. `MSG_NOSIGNAL`
        const NOSIGNAL = c::MSG_NOSIGNAL;
        /// More will follow at once: do not send half full packets. `MSG_MORE`
        const MORE = c::MSG_MORE;
        /// Send data together with the request to connect. `MSG_FASTOPEN`
        const FASTOPEN = c::MSG_FASTOPEN;
        /// Received descriptors are close-on-exec. `MSG_CMSG_CLOEXEC`
        const CMSG_CLOEXEC = c::MSG_CMSG_CLOEXEC;
        /// Send from the caller's memory without a copy. `MSG_ZEROCOPY`
        const ZEROCOPY = c::MSG_ZEROCOPY;
        const _ = !0;
    }
}
