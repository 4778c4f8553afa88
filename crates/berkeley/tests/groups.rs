//! Multicast in one way for both versions of IP: by interface's name, number or address.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use berkeley::{
    Call, Cause, Errno, Family, Interface, Multicast, Protocol, Socket, Type, if_nametoindex, opt,
};
use berkeley_testing::skip;

const LIMIT: Duration = Duration::from_secs(10);

/// A socket of a group's version, bound to any address.
fn member(group: IpAddr) -> Option<Socket> {
    let family = if group.is_ipv4() { Family::INET } else { Family::INET6 };
    let sock = Socket::new(family, Type::DGRAM, Protocol::DEFAULT).ok()?;
    sock.bind(if group.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" }).ok()?;
    sock.set_timeout(LIMIT).unwrap();
    Some(sock)
}

/// Sends to the group by the loopback interface, from this address; says whether there is a way
/// there: of IPv6 there often is none.
fn send(group: IpAddr, port: u16, source: &str, data: &[u8]) -> bool {
    let sender = member(group).unwrap();
    let family = if group.is_ipv4() { Family::INET } else { Family::INET6 };
    let sender = match source {
        "" => sender,
        source => {
            let other = Socket::new(family, Type::DGRAM, Protocol::DEFAULT).unwrap();
            other.bind(source).unwrap();
            other
        }
    };
    sender
        .set_multicast(&Multicast {
            hops: Some(0),
            loops: Some(true),
            interface: Some("lo".into()),
        })
        .unwrap();
    match sender.send_to(data, SocketAddr::new(group, port)) {
        Err(error) if error.errno() == Some(Errno::ENETUNREACH) && group.is_ipv6() => false,
        sent => sent.unwrap() == data.len(),
    }
}

#[test]
fn row19_a_group_is_joined_by_name_number_and_address_of_the_interface() {
    let lo = if_nametoindex("lo").unwrap();
    let mut versions = 0;
    for (group, addr) in [("239.77.9.1", "127.0.0.1"), ("ff12::77", "::1")] {
        let group: IpAddr = group.parse().unwrap();
        let Some(sock) = member(group) else { continue };
        let port = sock.local_addr().unwrap().port().unwrap();
        let ways =
            [Interface::from("lo"), lo.into(), addr.into(), addr.parse::<IpAddr>().unwrap().into()];
        for interface in ways {
            if let Err(error) = sock.join_group(group, interface.clone()) {
                skip!("no multicast here: {error}");
            }
            if send(group, port, "", b"to the group") {
                assert_eq!(sock.recv_vec(64).unwrap(), b"to the group", "{interface}");
            }
            // It is one membership by whatever the interface is named.
            let again = sock.join_group(group, "lo").unwrap_err();
            assert_eq!((again.call(), again.errno()), (Call::JoinGroup, Some(Errno::EADDRINUSE)));
            assert_eq!(
                again.to_string(),
                format!("join_group {group} on lo: address already in use")
            );
            assert!(again.hint().unwrap().contains("member of the group"));
            sock.leave_group(group, interface).unwrap();
        }
        let left = sock.leave_group(group, lo).unwrap_err();
        assert_eq!((left.call(), left.errno()), (Call::LeaveGroup, Some(Errno::EADDRNOTAVAIL)));
        versions += 1;
    }
    assert!(versions > 0);
}

#[test]
fn row19_one_source_is_joined_blocked_and_unblocked() {
    let group: IpAddr = [232, 77, 9, 2].into();
    let sock = member(group).unwrap();
    sock.set(opt::IP_MULTICAST_ALL, false).unwrap();
    let port = sock.local_addr().unwrap().port().unwrap();
    let [one, other] = [Ipv4Addr::new(127, 0, 0, 1), Ipv4Addr::new(127, 0, 0, 2)];
    for interface in [Interface::from("lo"), one.into()] {
        if let Err(error) = sock.join_source(group, one, interface.clone()) {
            skip!("no multicast here: {error}");
        }
        send(group, port, "127.0.0.2:0", b"not this");
        send(group, port, "127.0.0.1:0", b"this");
        assert_eq!(sock.recv_vec(64).unwrap(), b"this");
        sock.leave_source(group, one, interface.clone()).unwrap();

        sock.join_group(group, interface.clone()).unwrap();
        sock.block_source(group, other, interface.clone()).unwrap();
        send(group, port, "127.0.0.2:0", b"not this");
        send(group, port, "127.0.0.1:0", b"this");
        assert_eq!(sock.recv_vec(64).unwrap(), b"this");
        sock.unblock_source(group, other, interface.clone()).unwrap();
        send(group, port, "127.0.0.2:0", b"this too");
        assert_eq!(sock.recv_vec(64).unwrap(), b"this too");
        let error = sock.unblock_source(group, other, interface.clone()).unwrap_err();
        assert_eq!(error.hint().unwrap(), "that source is not blocked");
        sock.leave_group(group, interface).unwrap();
    }
    let error = sock.join_source(group, [0; 16], "lo").unwrap_err();
    assert!(matches!(error.cause(), Cause::Argument(_)), "{error}");
}

#[test]
fn row19_a_source_of_version_6() {
    let (group, source): (IpAddr, IpAddr) = ("ff32::78".parse().unwrap(), "::1".parse().unwrap());
    let Some(sock) = member(group) else { skip!("this machine has no IPv6") };
    for interface in ["lo", "::1"] {
        if let Err(error) = sock.join_source(group, source, interface) {
            skip!("no multicast of IPv6 here: {error}");
        }
        sock.leave_source(group, source, interface).unwrap();
        sock.join_group(group, interface).unwrap();
        sock.block_source(group, source, interface).unwrap();
        sock.unblock_source(group, source, interface).unwrap();
        sock.leave_group(group, interface).unwrap();
    }
}

#[test]
fn row19_puzzling_errors_say_what_stands_behind_them() {
    let sock = member([0, 0, 0, 0].into()).unwrap();
    let most = std::fs::read_to_string("/proc/sys/net/ipv4/igmp_max_memberships").unwrap();
    let most: usize = most.trim().parse().unwrap();
    let groups = (0..=most).map(|n| Ipv4Addr::from_bits(0xef4d_0a00 + n as u32));
    let results: Vec<_> = groups.map(|group| sock.join_group(group, "lo")).collect();
    if results[0].is_err() {
        skip!("no multicast here");
    }
    assert!(results[..most].iter().all(Result::is_ok));
    let error = results[most].as_ref().unwrap_err();
    assert_eq!(error.errno(), Some(Errno::ENOBUFS));
    let wanted = format!("net.ipv4.igmp_max_memberships = {most}");
    assert!(error.hint().unwrap().contains(&wanted), "{:?}", error.hint());

    let error = sock.join_group([239, 1, 1, 1], "no-such-if").unwrap_err();
    assert!(error.to_string().starts_with("join_group 239.1.1.1 on no-such-if: "), "{error}");
    assert!(error.hint().unwrap().starts_with("there is no such interface"), "{error}");
    let error = sock.join_group([239, 1, 1, 1], "192.0.2.1").unwrap_err();
    assert!(error.hint().is_some(), "{error}");
    let error = sock.join_group([192, 0, 2, 1], "lo").unwrap_err();
    assert!(error.hint().unwrap().starts_with("it is no multicast address"), "{error}");
    let tcp = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap();
    let error = tcp.join_group([239, 1, 1, 1], "127.0.0.1").unwrap_err();
    assert!(error.hint().unwrap().starts_with("a stream has no groups"), "{error}");
}

#[test]
fn row19_how_multicast_leaves_is_set_for_both_versions() {
    let v4 = member([0, 0, 0, 0].into()).unwrap();
    let how = Multicast { hops: Some(3), loops: Some(false), interface: Some("127.0.0.1".into()) };
    v4.set_multicast(&how).unwrap();
    assert_eq!(v4.get(opt::IP_MULTICAST_TTL).unwrap(), 3);
    assert!(!v4.get(opt::IP_MULTICAST_LOOP).unwrap());
    assert_eq!(v4.get(opt::IP_MULTICAST_IF).unwrap(), Ipv4Addr::LOCALHOST.into());
    // What is not said stays.
    v4.set_multicast(&Multicast { loops: Some(true), ..Multicast::default() }).unwrap();
    assert_eq!(v4.get(opt::IP_MULTICAST_TTL).unwrap(), 3);

    if let Some(v6) = member([0; 16].into()) {
        for interface in ["::1", "lo"] {
            let how = Multicast { interface: Some(interface.into()), ..how.clone() };
            v6.set_multicast(&how).unwrap();
            assert_eq!(v6.get(opt::IPV6_MULTICAST_HOPS).unwrap(), 3);
            assert!(!v6.get(opt::IPV6_MULTICAST_LOOP).unwrap());
            assert_eq!(v6.get(opt::IPV6_MULTICAST_IF).unwrap(), if_nametoindex("lo").unwrap());
        }
    }
    let (unix, _peer) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT).unwrap();
    assert!(unix.set_multicast(&how).is_err());
}
