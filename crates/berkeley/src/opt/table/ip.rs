//! The options of IP, of both versions, and of ICMP.

use super::super::*;
use super::options;
use crate::sys::c;

options! {
    IPPROTO_IP {
        IP_ADD_MEMBERSHIP: GroupV4 [set] = c::IP_ADD_MEMBERSHIP, "Join a multicast group.";
        IP_ADD_SOURCE_MEMBERSHIP: SourceV4 [set] = c::IP_ADD_SOURCE_MEMBERSHIP, "Join a multicast group, to receive from one source.";
        IP_BIND_ADDRESS_NO_PORT: Bool = c::IP_BIND_ADDRESS_NO_PORT, "Binding port 0 leaves the port to connecting.";
        IP_BLOCK_SOURCE: SourceV4 [set] = c::IP_BLOCK_SOURCE, "Receive no longer from one source of a multicast group.";
        IP_CHECKSUM: Bool = c::IP_CHECKSUM, "The sum over the datagram comes with each.";
        IP_DROP_MEMBERSHIP: GroupV4 [set] = c::IP_DROP_MEMBERSHIP, "Leave a multicast group.";
        IP_DROP_SOURCE_MEMBERSHIP: SourceV4 [set] = c::IP_DROP_SOURCE_MEMBERSHIP, "Leave a multicast group, as to one source.";
        IP_FREEBIND: Bool = c::IP_FREEBIND, "Addresses that this machine does not have may be bound.";
        IP_HDRINCL: Bool = c::IP_HDRINCL, "The caller builds the IP header.";
        IP_IPSEC_POLICY: Bytes [set] = c::IP_IPSEC_POLICY, "The socket's own policy of IPsec, as PF_KEY writes it.";
        IP_LOCAL_PORT_RANGE: PortRange = c::IP_LOCAL_PORT_RANGE, "The ports that the kernel chooses from." since "6.3";
        IP_MINTTL: Int = c::IP_MINTTL, "Packets that have fewer hops left are dropped. RFC 5082.";
        IP_MSFILTER: SourceFilterV4 = c::IP_MSFILTER, "All sources of a multicast group at once.";
        IP_MTU: Size [get] = c::IP_MTU, "The path's largest packet, of a connected socket.";
        IP_MTU_DISCOVER: MtuDiscovery = c::IP_MTU_DISCOVER, "What to do about the path's largest packet.";
        IP_MULTICAST_ALL: Bool = c::IP_MULTICAST_ALL, "Receive every group that the machine has joined.";
        IP_MULTICAST_IF: MulticastInterface = c::IP_MULTICAST_IF, "The interface that multicast leaves by.";
        IP_MULTICAST_LOOP: Bool = c::IP_MULTICAST_LOOP, "Sent multicast comes back to this machine's members.";
        IP_MULTICAST_TTL: Int = c::IP_MULTICAST_TTL, "How many hops multicast travels.";
        IP_NODEFRAG: Bool = c::IP_NODEFRAG, "The firewall does not put fragments together, of a raw socket.";
        IP_OPTIONS: Bytes = c::IP_OPTIONS, "The options of the IP header of sent packets.";
        #[alias("IP_RECVDSTADDR")]
        IP_ORIGDSTADDR: Bool = c::IP_ORIGDSTADDR, "IP_RECVORIGDSTADDR by its other name.";
        IP_PASSSEC: Bool = c::IP_PASSSEC, "The sender's security label comes with each datagram.";
        #[alias("IP_RECVDSTADDR", "IP_RECVIF")]
        IP_PKTINFO: Bool = c::IP_PKTINFO, "The destination and interface come with each datagram.";
        IP_PKTOPTIONS: Bytes<256> [get] = c::IP_PKTOPTIONS, "What came with the packets of a TCP connection, as control messages.";
        IP_PROTOCOL: ProtocolCode [get] = c::IP_PROTOCOL, "The protocol of a raw socket." since "6.3";
        IP_RECVERR: Bool = c::IP_RECVERR, "What ICMP says of sent packets is told in the queue of errors.";
        IP_RECVERR_RFC4884: Bool = c::IP_RECVERR_RFC4884, "The queue of errors says where the sent packet ends." since "5.9";
        IP_RECVFRAGSIZE: Bool = c::IP_RECVFRAGSIZE, "The size of the largest fragment comes with each datagram.";
        IP_RECVOPTS: Bool = c::IP_RECVOPTS, "The options of the IP header come with each datagram.";
        IP_RECVORIGDSTADDR: Bool = c::IP_RECVORIGDSTADDR, "The destination before the firewall changed it comes with each datagram.";
        IP_RECVRETOPTS: Bool = c::IP_RECVRETOPTS, "IP_RETOPTS by its other name.";
        IP_RECVTOS: Bool = c::IP_RECVTOS, "The type of service comes with each datagram.";
        IP_RECVTTL: Bool = c::IP_RECVTTL, "How many hops it had left comes with each datagram.";
        IP_RETOPTS: Bool = c::IP_RETOPTS, "The options of the IP header, as to be sent back, come with each datagram.";
        IP_ROUTER_ALERT: Bool = c::IP_ROUTER_ALERT, "Packets that ask every router to look come to this raw socket.";
        IP_TOS: Int = c::IP_TOS, "The type of service of sent packets.";
        IP_TRANSPARENT: Bool = c::IP_TRANSPARENT, "Traffic for foreign addresses may be taken, as proxies do.";
        IP_TTL: Int = c::IP_TTL, "How many hops packets travel.";
        IP_UNBLOCK_SOURCE: SourceV4 [set] = c::IP_UNBLOCK_SOURCE, "Receive again from one source of a multicast group.";
        IP_UNICAST_IF: InterfaceBe = c::IP_UNICAST_IF, "The interface that what is not multicast leaves by.";
        IP_XFRM_POLICY: Bytes<256> [set] = c::IP_XFRM_POLICY, "The socket's own policy of IPsec, as netlink writes it.";
        MCAST_BLOCK_SOURCE: GroupSource [set] = c::MCAST_BLOCK_SOURCE, "Receive no longer from one source of a multicast group, by interface.";
        MCAST_JOIN_GROUP: Group [set] = c::MCAST_JOIN_GROUP, "Join a multicast group, by interface.";
        MCAST_JOIN_SOURCE_GROUP: GroupSource [set] = c::MCAST_JOIN_SOURCE_GROUP, "Join a multicast group, to receive from one source, by interface.";
        MCAST_LEAVE_GROUP: Group [set] = c::MCAST_LEAVE_GROUP, "Leave a multicast group, by interface.";
        MCAST_LEAVE_SOURCE_GROUP: GroupSource [set] = c::MCAST_LEAVE_SOURCE_GROUP, "Leave a multicast group, as to one source, by interface.";
        MCAST_MSFILTER: SourceFilter = c::MCAST_MSFILTER, "All sources of a multicast group at once, by interface.";
        MCAST_UNBLOCK_SOURCE: GroupSource [set] = c::MCAST_UNBLOCK_SOURCE, "Receive again from one source of a multicast group, by interface.";
        SO_ORIGINAL_DST: Address [get] = c::SO_ORIGINAL_DST, "The destination of a connection before the firewall changed it.";
    }
    IPPROTO_IPV6 {
        IP6T_SO_ORIGINAL_DST: Address [get] = c::IP6T_SO_ORIGINAL_DST, "The destination of a connection before the firewall changed it.";
        IPV6_2292DSTOPTS: Bool = c::IPV6_2292DSTOPTS, "The destination options come with each datagram, as RFC 2292 has it.";
        IPV6_2292HOPLIMIT: Bool = c::IPV6_2292HOPLIMIT, "How many hops it had left comes with each datagram, as RFC 2292 has it.";
        IPV6_2292HOPOPTS: Bool = c::IPV6_2292HOPOPTS, "The hop-by-hop options come with each datagram, as RFC 2292 has it.";
        IPV6_2292PKTINFO: Bool = c::IPV6_2292PKTINFO, "The destination and interface come with each datagram, as RFC 2292 has it.";
        IPV6_2292PKTOPTIONS: Bytes<256> = c::IPV6_2292PKTOPTIONS, "What comes with packets and goes with them, as control messages. RFC 2292.";
        IPV6_2292RTHDR: Bool = c::IPV6_2292RTHDR, "The routing header comes with each datagram, as RFC 2292 has it.";
        IPV6_ADDRFORM: FamilyCode [set] = c::IPV6_ADDRFORM, "Turns a connected socket whose peer is IPv4 into one of IPv4.";
        IPV6_ADDR_PREFERENCES: AddressPreferences = c::IPV6_ADDR_PREFERENCES, "Which of its addresses the machine prefers as source. RFC 5014.";
        IPV6_ADD_MEMBERSHIP: GroupV6 [set] = c::IPV6_ADD_MEMBERSHIP, "Join a multicast group.";
        IPV6_AUTOFLOWLABEL: Bool = c::IPV6_AUTOFLOWLABEL, "The kernel gives each flow a label.";
        IPV6_CHECKSUM: Int = c::IPV6_CHECKSUM, "Where a raw packet's checksum stands; −1 leaves it out.";
        IPV6_DONTFRAG: Bool = c::IPV6_DONTFRAG, "Datagrams are not split.";
        IPV6_DROP_MEMBERSHIP: GroupV6 [set] = c::IPV6_DROP_MEMBERSHIP, "Leave a multicast group.";
        IPV6_DSTOPTS: Bytes<2048> = c::IPV6_DSTOPTS, "The destination options of sent packets.";
        IPV6_FLOWINFO: Bool = c::IPV6_FLOWINFO, "The flow label and traffic class come with each datagram.";
        IPV6_FLOWINFO_SEND: Bool = c::IPV6_FLOWINFO_SEND, "The flow label of addresses that are sent to is used.";
        IPV6_FLOWLABEL_MGR: FlowLabel = c::IPV6_FLOWLABEL_MGR, "Takes and gives back flow labels.";
        IPV6_FREEBIND: Bool = c::IPV6_FREEBIND, "Addresses that this machine does not have may be bound." since "4.15";
        IPV6_HDRINCL: Bool = c::IPV6_HDRINCL, "The caller builds the IP header." since "4.5";
        IPV6_HOPOPTS: Bytes<2048> = c::IPV6_HOPOPTS, "The hop-by-hop options of sent packets.";
        IPV6_IPSEC_POLICY: Bytes [set] = c::IPV6_IPSEC_POLICY, "The socket's own policy of IPsec, as PF_KEY writes it.";
        IPV6_JOIN_ANYCAST: GroupV6 [set] = c::IPV6_JOIN_ANYCAST, "Take an address that several machines have.";
        IPV6_JOIN_GROUP: GroupV6 [set] = c::IPV6_ADD_MEMBERSHIP, "IPV6_ADD_MEMBERSHIP by its name in RFC 3493.";
        IPV6_LEAVE_ANYCAST: GroupV6 [set] = c::IPV6_LEAVE_ANYCAST, "Give back an address that several machines have.";
        IPV6_LEAVE_GROUP: GroupV6 [set] = c::IPV6_DROP_MEMBERSHIP, "IPV6_DROP_MEMBERSHIP by its name in RFC 3493.";
        IPV6_MINHOPCOUNT: Int = c::IPV6_MINHOPCOUNT, "Packets that have fewer hops left are dropped. RFC 5082.";
        IPV6_MTU: Size = c::IPV6_MTU, "The path's largest packet, of a connected socket; the largest to send, if set.";
        IPV6_MTU_DISCOVER: MtuDiscovery = c::IPV6_MTU_DISCOVER, "What to do about the path's largest packet.";
        IPV6_MULTICAST_ALL: Bool = c::IPV6_MULTICAST_ALL, "Receive every group that the machine has joined." since "4.20";
        IPV6_MULTICAST_HOPS: Int = c::IPV6_MULTICAST_HOPS, "How many hops multicast travels.";
        IPV6_MULTICAST_IF: Interface = c::IPV6_MULTICAST_IF, "The interface that multicast leaves by.";
        IPV6_MULTICAST_LOOP: Bool = c::IPV6_MULTICAST_LOOP, "Sent multicast comes back to this machine's members.";
        IPV6_NEXTHOP: Address [set] = c::IPV6_NEXTHOP, "The first router of sent packets. RFC 3542; Linux has the number alone.";
        IPV6_ORIGDSTADDR: Bool = c::IPV6_ORIGDSTADDR, "IPV6_RECVORIGDSTADDR by its other name.";
        IPV6_PATHMTU: PathMtu [get] = c::IPV6_PATHMTU, "The path's largest packet, of a connected socket.";
        IPV6_PKTINFO: PacketInfoV6 [set] = c::IPV6_PKTINFO, "The source and interface of sent packets.";
        IPV6_RECVDSTOPTS: Bool = c::IPV6_RECVDSTOPTS, "The destination options come with each datagram.";
        IPV6_RECVERR: Bool = c::IPV6_RECVERR, "What ICMP says of sent packets is told in the queue of errors.";
        IPV6_RECVERR_RFC4884: Bool = c::IPV6_RECVERR_RFC4884, "The queue of errors says where the sent packet ends." since "5.9";
        IPV6_RECVFRAGSIZE: Bool = c::IPV6_RECVFRAGSIZE, "The size of the largest fragment comes with each datagram.";
        IPV6_RECVHOPLIMIT: Bool = c::IPV6_RECVHOPLIMIT, "How many hops it had left comes with each datagram.";
        IPV6_RECVHOPOPTS: Bool = c::IPV6_RECVHOPOPTS, "The hop-by-hop options come with each datagram.";
        IPV6_RECVORIGDSTADDR: Bool = c::IPV6_RECVORIGDSTADDR, "The destination before the firewall changed it comes with each datagram.";
        IPV6_RECVPATHMTU: Bool = c::IPV6_RECVPATHMTU, "A path that carries only smaller packets now is told by a message.";
        IPV6_RECVPKTINFO: Bool = c::IPV6_RECVPKTINFO, "The destination and interface come with each datagram.";
        IPV6_RECVRTHDR: Bool = c::IPV6_RECVRTHDR, "The routing header comes with each datagram.";
        IPV6_RECVTCLASS: Bool = c::IPV6_RECVTCLASS, "The traffic class comes with each datagram.";
        IPV6_ROUTER_ALERT: Int = c::IPV6_ROUTER_ALERT, "Packets that ask every router to look, with this number, come to this raw socket.";
        IPV6_ROUTER_ALERT_ISOLATE: Bool = c::IPV6_ROUTER_ALERT_ISOLATE, "Only those of this socket's own namespace do." since "5.1";
        IPV6_RTHDR: Bytes<2048> = c::IPV6_RTHDR, "The routing header of sent packets.";
        IPV6_RTHDRDSTOPTS: Bytes<2048> = c::IPV6_RTHDRDSTOPTS, "The options before the routing header of sent packets.";
        IPV6_TCLASS: Int = c::IPV6_TCLASS, "The traffic class of sent packets.";
        IPV6_TRANSPARENT: Bool = c::IPV6_TRANSPARENT, "Traffic for foreign addresses may be taken, as proxies do.";
        IPV6_UNICAST_HOPS: Int = c::IPV6_UNICAST_HOPS, "How many hops packets travel.";
        IPV6_UNICAST_IF: InterfaceBe = c::IPV6_UNICAST_IF, "The interface that what is not multicast leaves by.";
        IPV6_V6ONLY: Bool = c::IPV6_V6ONLY, "No IPv4 on this IPv6 socket.";
        IPV6_XFRM_POLICY: Bytes<256> [set] = c::IPV6_XFRM_POLICY, "The socket's own policy of IPsec, as netlink writes it.";
        MCAST_BLOCK_SOURCE_V6: GroupSource [set] = c::MCAST_BLOCK_SOURCE, "Receive no longer from one source of a multicast group, by interface.";
        MCAST_JOIN_GROUP_V6: Group [set] = c::MCAST_JOIN_GROUP, "Join a multicast group, by interface.";
        MCAST_JOIN_SOURCE_GROUP_V6: GroupSource [set] = c::MCAST_JOIN_SOURCE_GROUP, "Join a multicast group, to receive from one source, by interface.";
        MCAST_LEAVE_GROUP_V6: Group [set] = c::MCAST_LEAVE_GROUP, "Leave a multicast group, by interface.";
        MCAST_LEAVE_SOURCE_GROUP_V6: GroupSource [set] = c::MCAST_LEAVE_SOURCE_GROUP, "Leave a multicast group, as to one source, by interface.";
        MCAST_MSFILTER_V6: SourceFilter = c::MCAST_MSFILTER, "All sources of a multicast group at once, by interface.";
        MCAST_UNBLOCK_SOURCE_V6: GroupSource [set] = c::MCAST_UNBLOCK_SOURCE, "Receive again from one source of a multicast group, by interface.";
    }
    SOL_RAW {
        ICMP_FILTER: IcmpTypes = c::ICMP_FILTER, "Which types of ICMP are not received.";
    }
    IPPROTO_ICMPV6 {
        #[alias("ICMP6_FILTER")]
        ICMPV6_FILTER: Icmp6Filter = c::ICMPV6_FILTER, "Which types of ICMPv6 are received. RFC 3542.";
    }
}
