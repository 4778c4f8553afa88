//! The table of kinds: one row each, from which the typed constants, the documentation and the
//! names in listings come.

use super::value::*;
use super::{Kind, Row};
use crate::opt::{
    Address, Bytes, Codec, Int, PacketInfoV4, PacketInfoV6, PathMtu, Peer, SctpInit, SctpSend,
    SctpSendReceive, Text, U8, U16, U32, U64,
};
use crate::sys::c;

/// Declares the constant and the row of each kind.
macro_rules! kinds {
    ($($level:ident { $($(#[$note:meta])* $name:ident: $codec:ident = $number:expr, $meaning:literal;)* })*) => {
        $($(
            #[doc = $meaning]
            #[doc = ""]
            #[doc = concat!("Level `", stringify!($level), "`.")]
            $(#[$note])*
            pub const $name: Kind<$codec> = Kind::new(stringify!($name), c::$level, $number);
        )*)*

        /// Every kind that has a constant here.
        ///
        /// ```
        /// let names: Vec<_> = berkeley::cmsg::TABLE.iter().map(|row| row.name).collect();
        /// assert!(names.contains(&"SCM_RIGHTS"));
        /// ```
        pub static TABLE: &[Row] = &[$($(
            Row {
                name: stringify!($name),
                level_name: stringify!($level),
                level: c::$level,
                number: $number,
                form: <$codec as Codec>::FORM,
                meaning: $meaning,
                describe: <$codec as Codec>::describe,
                value: <$codec as Codec>::value,
            },
        )*)*];
    };
}

kinds! {
    SOL_SOCKET {
        SCM_RIGHTS: Descriptors = c::SCM_RIGHTS, "Descriptors, of which the receiver gets duplicates.";
        SCM_CREDENTIALS: Peer = c::SCM_CREDENTIALS, "The sender's process, user and group.";
        SCM_SECURITY: Text = c::SCM_SECURITY, "The sender's security label.";
        SCM_PIDFD: Descriptors = c::SCM_PIDFD, "A descriptor of the sending process. Linux 6.5";
        #[doc(alias("SO_TIMESTAMP"))]
        SCM_TIMESTAMP: Micros = c::SCM_TIMESTAMP, "When the packet came, in microseconds.";
        #[doc(alias("SO_TIMESTAMPNS"))]
        SCM_TIMESTAMPNS: Nanos = c::SCM_TIMESTAMPNS, "When the packet came, in nanoseconds.";
        #[doc(alias("SO_TIMESTAMPING"))]
        SCM_TIMESTAMPING: Stamps = c::SCM_TIMESTAMPING, "When the packet came or went, by the kernel and by the device.";
        SCM_TIMESTAMPING_PKTINFO: StampedPacketInfo = c::SCM_TIMESTAMPING_PKTINFO, "The interface and length of a packet that hardware has stamped.";
        SCM_TIMESTAMPING_OPT_STATS: Bytes = c::SCM_TIMESTAMPING_OPT_STATS, "The connection's state when the packet went, as netlink attributes.";
        SO_TIMESTAMP_NEW: Micros = c::SO_TIMESTAMP_NEW, "When the packet came, in 64 bits on every platform.";
        SO_TIMESTAMPING_NEW: Stamps = c::SO_TIMESTAMPING_NEW, "When the packet came or went, in 64 bits on every platform.";
        SO_TIMESTAMPNS_NEW: Nanos = c::SO_TIMESTAMPNS_NEW, "When the packet came, in 64 bits on every platform.";
        #[doc(alias("SO_TXTIME"))]
        SCM_TXTIME: U64 = c::SCM_TXTIME, "When to send, in nanoseconds of the clock that `SO_TXTIME` names.";
        #[doc(alias("SO_RCVMARK"))]
        SO_MARK: U32 = c::SO_MARK, "The mark that routing and firewall rules see.";
        #[doc(alias("SO_RCVPRIORITY"))]
        SO_PRIORITY: U32 = c::SO_PRIORITY, "The queueing priority.";
        SO_RXQ_OVFL: U32 = c::SO_RXQ_OVFL, "How many packets were dropped for want of room since the socket was made.";
        SCM_WIFI_STATUS: U32 = c::SCM_WIFI_STATUS, "Whether a wireless packet was acknowledged.";
        SCM_TS_OPT_ID: U32 = c::SCM_TS_OPT_ID, "The number that transmit timestamps of this packet shall bear. Linux 6.13";
    }
    IPPROTO_IP {
        IP_PKTINFO: PacketInfoV4 = c::IP_PKTINFO, "The destination and interface it came to, or the source and interface to use.";
        IP_TTL: Int = c::IP_TTL, "How many hops it had left, or may travel.";
        IP_TOS: Int = c::IP_TOS, "The type of service, whose low two bits are ECN.";
        IP_RECVERR: Extended = c::IP_RECVERR, "An error of a packet that was sent.";
        #[doc(alias("IP_RECVORIGDSTADDR"))]
        IP_ORIGDSTADDR: Address = c::IP_ORIGDSTADDR, "The destination before the firewall changed it.";
        IP_RECVOPTS: Bytes = c::IP_RECVOPTS, "The options of the IP header.";
        IP_RETOPTS: Bytes = c::IP_RETOPTS, "The options of the IP header, or those to send.";
        IP_RECVFRAGSIZE: Int = c::IP_RECVFRAGSIZE, "The largest fragment that it came in, in bytes.";
        IP_CHECKSUM: U32 = c::IP_CHECKSUM, "The sum over the datagram that the kernel has computed.";
        IP_PROTOCOL: Int = c::IP_PROTOCOL, "The protocol of a raw packet to send. Linux 6.1";
    }
    IPPROTO_IPV6 {
        #[doc(alias("IPV6_RECVPKTINFO"))]
        IPV6_PKTINFO: PacketInfoV6 = c::IPV6_PKTINFO, "The destination and interface it came to, or the source and interface to use.";
        #[doc(alias("IPV6_RECVHOPLIMIT"))]
        IPV6_HOPLIMIT: Int = c::IPV6_HOPLIMIT, "How many hops it had left, or may travel.";
        #[doc(alias("IPV6_RECVTCLASS"))]
        IPV6_TCLASS: Int = c::IPV6_TCLASS, "The traffic class, whose low two bits are ECN.";
        IPV6_RECVERR: Extended = c::IPV6_RECVERR, "An error of a packet that was sent.";
        #[doc(alias("IPV6_RECVORIGDSTADDR"))]
        IPV6_ORIGDSTADDR: Address = c::IPV6_ORIGDSTADDR, "The destination before the firewall changed it.";
        IPV6_FLOWINFO: U32 = c::IPV6_FLOWINFO, "The flow label and traffic class, in the order of the network.";
        #[doc(alias("IPV6_RECVHOPOPTS"))]
        IPV6_HOPOPTS: Bytes = c::IPV6_HOPOPTS, "The hop-by-hop options.";
        #[doc(alias("IPV6_RECVDSTOPTS"))]
        IPV6_DSTOPTS: Bytes = c::IPV6_DSTOPTS, "The destination options.";
        IPV6_RTHDRDSTOPTS: Bytes = c::IPV6_RTHDRDSTOPTS, "The options before the routing header.";
        #[doc(alias("IPV6_RECVRTHDR"))]
        IPV6_RTHDR: Bytes = c::IPV6_RTHDR, "The routing header.";
        #[doc(alias("IPV6_RECVPATHMTU"))]
        IPV6_PATHMTU: PathMtu = c::IPV6_PATHMTU, "The path's largest packet has become smaller.";
        IPV6_RECVFRAGSIZE: Int = c::IPV6_RECVFRAGSIZE, "The largest fragment that it came in, in bytes.";
        IPV6_DONTFRAG: Int = c::IPV6_DONTFRAG, "Do not split this datagram.";
    }
    SOL_UDP {
        UDP_SEGMENT: U16 = c::UDP_SEGMENT, "Split what is sent into datagrams of this many bytes.";
        UDP_GRO: Int = c::UDP_GRO, "What is received is datagrams of this many bytes, one behind the other.";
    }
    SOL_TCP {
        #[doc(alias("TCP_INQ"))]
        TCP_CM_INQ: Int = c::TCP_CM_INQ, "How many more bytes there are to receive.";
    }
    SOL_TLS {
        TLS_SET_RECORD_TYPE: U8 = c::TLS_SET_RECORD_TYPE, "The type of the record to send.";
        TLS_GET_RECORD_TYPE: U8 = c::TLS_GET_RECORD_TYPE, "The type of the received record.";
    }
    SOL_ALG {
        ALG_SET_OP: U32 = c::ALG_SET_OP, "What to do: decrypt (0) or encrypt (1).";
        ALG_SET_IV: Iv = c::ALG_SET_IV, "The initialisation vector.";
        ALG_SET_AEAD_ASSOCLEN: U32 = c::ALG_SET_AEAD_ASSOCLEN, "How many bytes at the front are only authenticated.";
    }
    SOL_PACKET {
        PACKET_AUXDATA: PacketAux = c::PACKET_AUXDATA, "Status, lengths, places of headers, and VLAN tag.";
        PACKET_TX_TIMESTAMP: Extended = c::PACKET_TX_TIMESTAMP, "A packet has been sent.";
    }
    SOL_NETLINK {
        NETLINK_PKTINFO: U32 = c::NETLINK_PKTINFO, "The group that the message was sent to.";
        NETLINK_LISTEN_ALL_NSID: Int = c::NETLINK_LISTEN_ALL_NSID, "The network namespace that the message is of.";
    }
    SOL_CAN_RAW {
        SCM_CAN_RAW_ERRQUEUE: Extended = c::SCM_CAN_RAW_ERRQUEUE, "A frame has been sent.";
    }
    SOL_CAN_J1939 {
        SCM_J1939_DEST_ADDR: U8 = c::SCM_J1939_DEST_ADDR, "The address it was sent to.";
        SCM_J1939_DEST_NAME: U64 = c::SCM_J1939_DEST_NAME, "The name it was sent to.";
        SCM_J1939_PRIO: U8 = c::SCM_J1939_PRIO, "The priority, 0 being the highest of 8.";
        SCM_J1939_ERRQUEUE: Extended = c::SCM_J1939_ERRQUEUE, "What has become of a transfer. Linux 5.4";
    }
    SOL_TIPC {
        TIPC_ERRINFO: Bytes = c::TIPC_ERRINFO, "Why a message came back, and how long it was.";
        TIPC_RETDATA: Bytes = c::TIPC_RETDATA, "The message that came back.";
        TIPC_DESTNAME: Bytes = c::TIPC_DESTNAME, "The name that the message was sent to.";
    }
    SOL_RDS {
        RDS_CMSG_RDMA_ARGS: Bytes = c::RDS_CMSG_RDMA_ARGS, "A direct access to the peer's memory.";
        RDS_CMSG_RDMA_DEST: U64 = c::RDS_CMSG_RDMA_DEST, "The key of memory that the peer may use.";
        RDS_CMSG_RDMA_MAP: Bytes = c::RDS_CMSG_RDMA_MAP, "Memory to let the peer use.";
        RDS_CMSG_RDMA_STATUS: Bytes = c::RDS_CMSG_RDMA_STATUS, "How a direct access has ended.";
        RDS_CMSG_CONG_UPDATE: U64 = c::RDS_CMSG_CONG_UPDATE, "Which ports have become free to send to, as a mask.";
        RDS_CMSG_ATOMIC_FADD: Bytes = c::RDS_CMSG_ATOMIC_FADD, "An addition in the peer's memory.";
        RDS_CMSG_ATOMIC_CSWP: Bytes = c::RDS_CMSG_ATOMIC_CSWP, "A comparison and exchange in the peer's memory.";
        RDS_CMSG_RXPATH_LATENCY: Bytes = c::RDS_CMSG_RXPATH_LATENCY, "How long the message took at each stage.";
        RDS_CMSG_ZCOPY_COOKIE: U32 = c::RDS_CMSG_ZCOPY_COOKIE, "What to name a send without copies by.";
        RDS_CMSG_ZCOPY_COMPLETION: Bytes = c::RDS_CMSG_ZCOPY_COMPLETION, "Which sends without copies have ended.";
    }
    IPPROTO_SCTP {
        SCTP_INIT: SctpInit = c::SCTP_INIT, "How to open an association.";
        SCTP_SNDRCV: SctpSendReceive = c::SCTP_SNDRCV, "How to send a message, or how it was received, in the older form.";
        SCTP_SNDINFO: SctpSend = c::SCTP_SNDINFO, "How to send a message.";
        SCTP_RCVINFO: SctpReceiveInfo = c::SCTP_RCVINFO, "How a message was received.";
        SCTP_NXTINFO: SctpNextInfo = c::SCTP_NXTINFO, "What the next message will be.";
        SCTP_PRINFO: SctpPartialInfo = c::SCTP_PRINFO, "How long to try to deliver a message.";
        SCTP_AUTHINFO: U16 = c::SCTP_AUTHINFO, "The key to authenticate with.";
        SCTP_DSTADDRV4: Bytes = c::SCTP_DSTADDRV4, "One more IPv4 address of the peer.";
        SCTP_DSTADDRV6: Bytes = c::SCTP_DSTADDRV6, "One more IPv6 address of the peer.";
    }
    SOL_VSOCK {
        VSOCK_RECVERR: Extended = c::VSOCK_RECVERR, "Sends without copies have ended. Linux 6.7";
    }
    SOL_BLUETOOTH {
        BT_SCM_ERROR: Extended = c::BT_SCM_ERROR, "A packet has been sent. Linux 6.15";
        BT_SCM_PKT_STATUS: U8 = c::BT_SCM_PKT_STATUS, "Whether the speech packet is right, doubtful or missing.";
    }
}
