//! Multicast: groups joined by an interface's address or number, with all their sources or some.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use berkeley::opt::{self, MembershipV4};
use berkeley::{Errno, Family, Protocol, Socket, Type};
use berkeley_testing::skip;

const LIMIT: Duration = Duration::from_secs(10);

fn udp() -> Socket {
    let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    sock.set_timeout(LIMIT).unwrap();
    sock
}

fn port(sock: &Socket) -> u16 {
    sock.local_addr().unwrap().port().unwrap()
}

/// From 127.0.0.2 and then from 127.0.0.1, by the loopback interface.
fn send_from_two(group: Ipv4Addr, port: u16) {
    for source in ["127.0.0.2:0", "127.0.0.1:0"] {
        let sender = udp();
        sender.bind(source).unwrap();
        sender.set(opt::IP_MULTICAST_IF, berkeley::if_nametoindex("lo").unwrap()).unwrap();
        sender.set(opt::IP_MULTICAST_TTL, 0).unwrap();
        sender.send_to(source.as_bytes(), (group, port)).unwrap();
    }
}

#[test]
fn b14_groups_are_joined_by_the_number_of_the_interface() {
    let group = Ipv4Addr::new(239, 77, 2, 2);
    let interface = berkeley::if_nametoindex("lo").unwrap();
    let member = udp();
    member.bind("0.0.0.0:0").unwrap();
    let by_number = MembershipV4 { group, interface: interface.into() };
    if let Err(error) = member.set(opt::IP_ADD_MEMBERSHIP, by_number) {
        skip!("no multicast here: {error}");
    }
    send_from_two(group, port(&member));
    assert_eq!(member.recv_vec(64).unwrap(), b"127.0.0.2:0");
    assert_eq!(member.recv_vec(64).unwrap(), b"127.0.0.1:0");
    // It is the same membership by whatever it is named.
    let same = opt::Group { group: group.into(), interface };
    let again = member.set(opt::MCAST_JOIN_GROUP, same).unwrap_err();
    assert_eq!(again.errno(), Some(Errno::EADDRINUSE));
    member.set(opt::MCAST_LEAVE_GROUP, same).unwrap();
    let left = member.set(opt::IP_DROP_MEMBERSHIP, by_number).unwrap_err();
    assert_eq!(left.errno(), Some(Errno::EADDRNOTAVAIL));
}

#[test]
fn b14_one_source_of_a_group_is_received_by_address_and_by_interface() {
    let lo = berkeley::if_nametoindex("lo").unwrap();
    let source = Ipv4Addr::LOCALHOST;
    for by_interface in [false, true] {
        let group = Ipv4Addr::new(232, 77, 3, 3);
        let member = udp();
        member.bind("0.0.0.0:0").unwrap();
        let by_address = opt::SourceV4 { group, source, interface: Ipv4Addr::LOCALHOST };
        let by_number =
            opt::GroupSource { group: group.into(), source: source.into(), interface: lo };
        let joined = match by_interface {
            false => member.set(opt::IP_ADD_SOURCE_MEMBERSHIP, by_address),
            true => member.set(opt::MCAST_JOIN_SOURCE_GROUP, by_number),
        };
        if let Err(error) = joined {
            skip!("no multicast here: {error}");
        }
        member.set(opt::IP_MULTICAST_ALL, false).unwrap();
        send_from_two(group, port(&member));
        assert_eq!(member.recv_vec(64).unwrap(), b"127.0.0.1:0", "the other is filtered");
        let asked = opt::SourceFilter {
            group: group.into(),
            interface: lo,
            include: true,
            sources: vec![source.into(); 4],
        };
        let filter = member.query(opt::MCAST_MSFILTER, asked).unwrap();
        assert!(filter.include);
        assert_eq!(filter.sources, [IpAddr::from(source)]);
        match by_interface {
            false => member.set(opt::IP_DROP_SOURCE_MEMBERSHIP, by_address).unwrap(),
            true => member.set(opt::MCAST_LEAVE_SOURCE_GROUP, by_number).unwrap(),
        }
    }
}

#[test]
fn b14_one_source_of_a_group_is_blocked_and_unblocked() {
    let group = Ipv4Addr::new(239, 77, 4, 4);
    let interface = Ipv4Addr::LOCALHOST;
    let member = udp();
    member.bind("0.0.0.0:0").unwrap();
    member.set(opt::IP_MULTICAST_ALL, false).unwrap();
    let membership = MembershipV4 { group, interface: interface.into() };
    if let Err(error) = member.set(opt::IP_ADD_MEMBERSHIP, membership) {
        skip!("no multicast here: {error}");
    }
    let other = opt::SourceV4 { group, source: Ipv4Addr::new(127, 0, 0, 2), interface };
    member.set(opt::IP_BLOCK_SOURCE, other).unwrap();
    send_from_two(group, port(&member));
    assert_eq!(member.recv_vec(64).unwrap(), b"127.0.0.1:0");
    member.set(opt::IP_UNBLOCK_SOURCE, other).unwrap();
    send_from_two(group, port(&member));
    assert_eq!(member.recv_vec(64).unwrap(), b"127.0.0.2:0");
    assert_eq!(member.recv_vec(64).unwrap(), b"127.0.0.1:0");
    // All sources at once.
    let only = opt::SourceFilterV4 { group, interface, include: true, sources: vec![interface] };
    member.set(opt::IP_MSFILTER, only.clone()).unwrap();
    assert_eq!(member.query(opt::IP_MSFILTER, only.clone()).unwrap(), only);
    send_from_two(group, port(&member));
    assert_eq!(member.recv_vec(64).unwrap(), b"127.0.0.1:0");
}

#[test]
fn b14_one_source_of_a_group_of_version_6() {
    let Ok(member) = Socket::new(Family::INET6, Type::DGRAM, Protocol::DEFAULT) else {
        skip!("this machine has no IPv6");
    };
    member.set_timeout(LIMIT).unwrap();
    if member.bind("[::]:0").is_err() {
        skip!("this machine has no IPv6");
    }
    let group: Ipv6Addr = "ff31::77".parse().unwrap();
    let interface = berkeley::if_nametoindex("lo").unwrap();
    let source = Ipv6Addr::LOCALHOST;
    let both = opt::GroupSource { group: group.into(), source: source.into(), interface };
    if let Err(error) = member.set(opt::MCAST_JOIN_SOURCE_GROUP_V6, both) {
        skip!("no multicast of IPv6 here: {error}");
    }
    let asked = opt::SourceFilter {
        group: group.into(),
        interface,
        include: true,
        sources: vec![source.into(); 4],
    };
    let filter = member.query(opt::MCAST_MSFILTER_V6, asked).unwrap();
    assert_eq!((filter.include, filter.sources), (true, vec![IpAddr::from(source)]));
    member.set(opt::MCAST_LEAVE_SOURCE_GROUP_V6, both).unwrap();
    let left = member.set(opt::MCAST_LEAVE_SOURCE_GROUP_V6, both).unwrap_err();
    assert!([Errno::EADDRNOTAVAIL, Errno::EINVAL].contains(&left.errno().unwrap()), "{left}");
}
