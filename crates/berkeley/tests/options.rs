//! Every row of the table is an option of some socket, and means what it says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use berkeley::opt::{self, MembershipV4, MembershipV6};
use berkeley::{Errno, Family, Protocol, Socket, Type};
use berkeley_testing::skip;

fn tcp() -> Socket {
    Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap()
}

fn udp() -> Socket {
    Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap()
}

#[test]
fn the_eleven_of_the_tutorials() {
    let sock = udp();
    for on in [true, false] {
        sock.set(opt::SO_BROADCAST, on).unwrap();
        assert_eq!(sock.get(opt::SO_BROADCAST).unwrap(), on);
    }
    let sock = tcp();
    for on in [true, false] {
        for option in [
            opt::SO_REUSEADDR,
            opt::SO_DONTROUTE,
            opt::SO_KEEPALIVE,
            opt::SO_OOBINLINE,
            opt::TCP_NODELAY,
        ] {
            sock.set(option, on).unwrap();
            assert_eq!(sock.get(option).unwrap(), on, "{option:?}");
        }
        // The right to this one is a matter of the machine; the answer is not.
        match sock.set(opt::SO_DEBUG, on) {
            Ok(()) => assert_eq!(sock.get(opt::SO_DEBUG).unwrap(), on),
            Err(error) => assert_eq!(error.errno(), Some(Errno::EACCES)),
        }
    }
    sock.set(opt::SO_LINGER, Some(Duration::from_millis(1500))).unwrap();
    assert_eq!(sock.get(opt::SO_LINGER).unwrap(), Some(Duration::from_secs(2)), "rounded up");
    assert!(!sock.get(opt::SO_DONTLINGER).unwrap());
    sock.set(opt::SO_DONTLINGER, true).unwrap();
    assert_eq!(sock.get(opt::SO_LINGER).unwrap(), None);
    for option in [opt::SO_RCVBUF, opt::SO_SNDBUF] {
        sock.set(option, 100_000_usize).unwrap();
        assert_eq!(sock.get(option).unwrap(), 200_000, "the kernel doubles it");
    }
}

#[test]
fn numbers_and_names_are_the_same_option() {
    let sock = tcp();
    sock.set(opt::TCP_KEEPIDLE, Duration::from_secs(33)).unwrap();
    let row = opt::by_name("tcp_keepidle").unwrap();
    let mut value = [0; 4];
    assert_eq!(sock.getsockopt(row.level, row.number, &mut value).unwrap(), 4);
    assert_eq!((row.describe)(&value).unwrap(), "33 s");
    sock.setsockopt(row.level, row.number, &(row.parse)("44").unwrap()).unwrap();
    assert_eq!(sock.get(opt::TCP_KEEPIDLE).unwrap(), Duration::from_secs(44));
    sock.set(opt::TCP_USER_TIMEOUT, Duration::from_micros(1)).unwrap();
    assert_eq!(sock.get(opt::TCP_USER_TIMEOUT).unwrap(), Duration::from_millis(1), "rounded up");
    assert_eq!(sock.get(opt::SO_TYPE).unwrap(), Type::STREAM);
    assert_eq!(sock.get(opt::SO_DOMAIN).unwrap(), Family::INET);
    assert_eq!(sock.get(opt::SO_PROTOCOL).unwrap(), Protocol::TCP);
    assert!(!sock.get(opt::TCP_CONGESTION).unwrap().is_empty());
}

#[test]
fn multicast_reaches_the_members_of_the_group() {
    let group = Ipv4Addr::new(239, 77, 1, 1);
    let member = udp();
    member.bind("0.0.0.0:0").unwrap();
    let membership = MembershipV4 { group, interface: Ipv4Addr::LOCALHOST.into() };
    if let Err(error) = member.set(opt::IP_ADD_MEMBERSHIP, membership) {
        skip!("no multicast here: {error}");
    }
    member.set_timeout(Duration::from_secs(10)).unwrap();
    let sender = udp();
    sender.set(opt::IP_MULTICAST_IF, Ipv4Addr::LOCALHOST).unwrap();
    sender.set(opt::IP_MULTICAST_TTL, 0).unwrap();
    sender.set(opt::IP_MULTICAST_LOOP, true).unwrap();
    let port = member.local_addr().unwrap().port().unwrap();
    sender.send_to(b"to the group", (group, port)).unwrap();
    assert_eq!(member.recv_vec(64).unwrap(), b"to the group");
    member.set(opt::IP_DROP_MEMBERSHIP, membership).unwrap();
    assert_eq!(
        member.set(opt::IP_DROP_MEMBERSHIP, membership).unwrap_err().errno(),
        Some(Errno::EADDRNOTAVAIL)
    );
}

#[test]
fn multicast_of_version_6_is_joined_by_interface() {
    let Ok(sock) = Socket::new(Family::INET6, Type::DGRAM, Protocol::DEFAULT) else {
        skip!("this machine has no IPv6");
    };
    let interface = berkeley::if_nametoindex("lo").unwrap();
    let group: Ipv6Addr = "ff01::77".parse().unwrap();
    let membership = MembershipV6 { group, interface };
    if let Err(error) = sock.set(opt::IPV6_ADD_MEMBERSHIP, membership) {
        skip!("no multicast here: {error}");
    }
    sock.set(opt::IPV6_DROP_MEMBERSHIP, membership).unwrap();
    sock.set(opt::IPV6_MULTICAST_IF, interface).unwrap();
    assert_eq!(sock.get(opt::IPV6_MULTICAST_IF).unwrap(), interface);
}
