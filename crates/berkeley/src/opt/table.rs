//! The table of options: one row each, from which the typed constants, the documentation and the
//! command's listing come.

use super::value::*;
use super::{Codec, Opt, Row};
use crate::sys::c;

/// Declares the constant and the row of each option.
macro_rules! options {
    ($($level:ident { $($(#[alias($($alias:literal),+)])? $name:ident: $codec:ident = $number:expr, $meaning:literal;)* })*) => {
        $($(
            #[doc = $meaning]
            #[doc = ""]
            #[doc = concat!("Level `", stringify!($level), "`.")]
            $(#[doc(alias($($alias),+))])?
            pub const $name: Opt<$codec> =
                Opt::new(stringify!($name), c::$level, $number);
        )*)*

        /// Every option that has a typed constant here.
        ///
        /// ```
        /// let names: Vec<_> = berkeley::opt::TABLE.iter().map(|row| row.name).collect();
        /// assert!(names.contains(&"SO_REUSEADDR"));
        /// ```
        pub static TABLE: &[Row] = &[$($(
            Row {
                name: stringify!($name),
                level_name: stringify!($level),
                level: c::$level,
                number: $number,
                form: <$codec as Codec>::FORM,
                room: <$codec as Codec>::ROOM,
                meaning: $meaning,
                describe: <$codec as Codec>::describe,
                parse: <$codec as Codec>::parse,
            },
        )*)*];
    };
}

options! {
    SOL_SOCKET {
        SO_ACCEPTCONN: Bool = c::SO_ACCEPTCONN, "Whether the socket listens.";
        SO_BINDTODEVICE: Text = c::SO_BINDTODEVICE, "The interface that all traffic goes by.";
        SO_BROADCAST: Bool = c::SO_BROADCAST, "Sending to broadcast addresses is allowed.";
        SO_BUSY_POLL: Int = c::SO_BUSY_POLL, "Microseconds to poll the device before sleeping.";
        SO_DEBUG: Bool = c::SO_DEBUG, "The kernel records debugging information.";
        SO_DOMAIN: FamilyCode = c::SO_DOMAIN, "The socket's family.";
        #[alias("linger")]
        SO_DONTLINGER: DontLinger = c::SO_LINGER, "Closing does not wait for unsent data: SO_LINGER switched off.";
        SO_DONTROUTE: Bool = c::SO_DONTROUTE, "Packets go to directly connected hosts only.";
        SO_ERROR: Pending = c::SO_ERROR, "The pending error, which reading clears.";
        SO_INCOMING_CPU: Int = c::SO_INCOMING_CPU, "The processor that packets are received on.";
        SO_KEEPALIVE: Bool = c::SO_KEEPALIVE, "Idle connections are probed, and end if the peer is gone.";
        #[alias("linger")]
        SO_LINGER: Linger = c::SO_LINGER, "How long closing waits for unsent data; zero resets the connection.";
        SO_MARK: Int = c::SO_MARK, "The mark that routing and firewall rules see.";
        SO_OOBINLINE: Bool = c::SO_OOBINLINE, "Urgent data stays in the stream's order.";
        SO_PASSCRED: Bool = c::SO_PASSCRED, "The sender's credentials come with each message.";
        SO_PEERCRED: Peer = c::SO_PEERCRED, "Who the peer of a UNIX socket is.";
        SO_PRIORITY: Int = c::SO_PRIORITY, "The queueing priority of sent packets.";
        SO_PROTOCOL: ProtocolCode = c::SO_PROTOCOL, "The socket's protocol.";
        SO_RCVBUF: Size = c::SO_RCVBUF, "The size of the receive buffer; Linux doubles what is set.";
        SO_RCVLOWAT: Size = c::SO_RCVLOWAT, "How many bytes make the socket readable.";
        SO_RCVTIMEO: TimeVal = c::SO_RCVTIMEO, "The kernel's own limit on receiving; prefer the socket's timeout.";
        SO_REUSEADDR: Bool = c::SO_REUSEADDR, "An address still in TIME_WAIT may be bound.";
        SO_REUSEPORT: Bool = c::SO_REUSEPORT, "Several sockets may bind one address and share its traffic.";
        SO_RXQ_OVFL: Bool = c::SO_RXQ_OVFL, "Datagrams come with the number of those dropped.";
        SO_SNDBUF: Size = c::SO_SNDBUF, "The size of the send buffer; Linux doubles what is set.";
        SO_SNDLOWAT: Size = c::SO_SNDLOWAT, "How much room makes the socket writable.";
        SO_SNDTIMEO: TimeVal = c::SO_SNDTIMEO, "The kernel's own limit on sending; prefer the socket's timeout.";
        SO_TIMESTAMP: Bool = c::SO_TIMESTAMP, "Datagrams come with the time they arrived.";
        SO_TYPE: TypeCode = c::SO_TYPE, "The socket's type.";
    }
    IPPROTO_TCP {
        TCP_CONGESTION: Text = c::TCP_CONGESTION, "The congestion control algorithm.";
        TCP_CORK: Bool = c::TCP_CORK, "Only full packets are sent until this is switched off.";
        TCP_DEFER_ACCEPT: Seconds = c::TCP_DEFER_ACCEPT, "Accepting waits for data, this long at most.";
        TCP_FASTOPEN: Int = c::TCP_FASTOPEN, "How many connections may be pending with data in the first packet.";
        TCP_KEEPCNT: Int = c::TCP_KEEPCNT, "How many keepalive probes may go unanswered.";
        TCP_KEEPIDLE: Seconds = c::TCP_KEEPIDLE, "How long a connection is idle before it is probed.";
        TCP_KEEPINTVL: Seconds = c::TCP_KEEPINTVL, "How long between keepalive probes.";
        TCP_MAXSEG: Size = c::TCP_MAXSEG, "The largest segment.";
        #[alias("Nagle")]
        TCP_NODELAY: Bool = c::TCP_NODELAY, "Small segments are sent at once: no Nagle algorithm.";
        TCP_NOTSENT_LOWAT: Size = c::TCP_NOTSENT_LOWAT, "How much unsent data still lets the socket be writable.";
        TCP_QUICKACK: Bool = c::TCP_QUICKACK, "Acknowledgements are sent at once.";
        TCP_SYNCNT: Int = c::TCP_SYNCNT, "How often a request to connect is repeated.";
        TCP_USER_TIMEOUT: Millis = c::TCP_USER_TIMEOUT, "How long sent data may stay unacknowledged.";
    }
    IPPROTO_IP {
        IP_ADD_MEMBERSHIP: GroupV4 = c::IP_ADD_MEMBERSHIP, "Join a multicast group.";
        IP_BIND_ADDRESS_NO_PORT: Bool = c::IP_BIND_ADDRESS_NO_PORT, "Binding port 0 leaves the port to connecting.";
        IP_DROP_MEMBERSHIP: GroupV4 = c::IP_DROP_MEMBERSHIP, "Leave a multicast group.";
        IP_FREEBIND: Bool = c::IP_FREEBIND, "Addresses that this machine does not have may be bound.";
        IP_HDRINCL: Bool = c::IP_HDRINCL, "The caller builds the IP header.";
        IP_MTU: Size = c::IP_MTU, "The path's largest packet, of a connected socket.";
        IP_MULTICAST_ALL: Bool = c::IP_MULTICAST_ALL, "Receive every group that the machine has joined.";
        IP_MULTICAST_IF: V4 = c::IP_MULTICAST_IF, "The interface that multicast leaves by.";
        IP_MULTICAST_LOOP: Bool = c::IP_MULTICAST_LOOP, "Sent multicast comes back to this machine's members.";
        IP_MULTICAST_TTL: Int = c::IP_MULTICAST_TTL, "How many hops multicast travels.";
        IP_TOS: Int = c::IP_TOS, "The type of service of sent packets.";
        IP_TRANSPARENT: Bool = c::IP_TRANSPARENT, "Traffic for foreign addresses may be taken, as proxies do.";
        IP_TTL: Int = c::IP_TTL, "How many hops packets travel.";
    }
    IPPROTO_IPV6 {
        IPV6_ADD_MEMBERSHIP: GroupV6 = c::IPV6_ADD_MEMBERSHIP, "Join a multicast group.";
        IPV6_CHECKSUM: Int = c::IPV6_CHECKSUM, "Where a raw packet's checksum stands; −1 leaves it out.";
        IPV6_DROP_MEMBERSHIP: GroupV6 = c::IPV6_DROP_MEMBERSHIP, "Leave a multicast group.";
        IPV6_MULTICAST_HOPS: Int = c::IPV6_MULTICAST_HOPS, "How many hops multicast travels.";
        IPV6_MULTICAST_IF: Int = c::IPV6_MULTICAST_IF, "The number of the interface that multicast leaves by.";
        IPV6_MULTICAST_LOOP: Bool = c::IPV6_MULTICAST_LOOP, "Sent multicast comes back to this machine's members.";
        IPV6_TCLASS: Int = c::IPV6_TCLASS, "The traffic class of sent packets.";
        IPV6_UNICAST_HOPS: Int = c::IPV6_UNICAST_HOPS, "How many hops packets travel.";
        IPV6_V6ONLY: Bool = c::IPV6_V6ONLY, "No IPv4 on this IPv6 socket.";
    }
}
