//! The queue of errors on real sockets: who refused a datagram and why, and when packets went.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::{Duration, SystemTime};

use berkeley::errqueue::{ErrorEvent, QueuedError, Stage};
use berkeley::opt::{self, MtuDiscovery, Timestamping as Stamp};
use berkeley::{Errno, Family, Protocol, Socket, Type};

fn socket(family: Family, ty: Type) -> Socket {
    let sock = Socket::new(family, ty, Protocol::DEFAULT).unwrap();
    sock.set_timeout(Duration::from_secs(10)).unwrap();
    sock
}

/// The next entry, waited for.
fn next(sock: &Socket, payload: &mut [u8]) -> QueuedError {
    sock.wait_error().unwrap();
    sock.recv_error(payload).unwrap().expect("woken, so there is one")
}

/// A port of this address that nobody has.
fn closed_port(host: &str) -> String {
    let family = if host.starts_with('[') { Family::INET6 } else { Family::INET };
    let sock = socket(family, Type::DGRAM);
    sock.bind(format!("{host}:0")).unwrap();
    sock.local_addr().unwrap().to_string()
}

#[test]
fn c13_icmp_error_with_offender_and_payload() {
    let to = closed_port("127.0.0.1");
    let sock = socket(Family::INET, Type::DGRAM);
    sock.set(opt::IP_RECVERR, true).unwrap();
    sock.send_to(b"the datagram", to.as_str()).unwrap();
    let mut payload = [0; 5];
    let queued = next(&sock, &mut payload);
    let ErrorEvent::Icmp { errno, protocol, ty, code, mtu, offender, .. } = queued.event else {
        panic!("{queued:?}");
    };
    assert_eq!(errno, Errno::ECONNREFUSED);
    assert_eq!((protocol, ty, code, mtu), (Protocol::ICMP, 3, 3, None));
    assert_eq!(offender.unwrap().to_string(), "127.0.0.1:0");
    assert_eq!(queued.destination.unwrap().to_string(), to);
    assert_eq!((&payload, queued.len, queued.truncated), (b"the d", 5, true));
    assert!(sock.recv_error(&mut payload).unwrap().is_none());
}

#[test]
fn c13_icmp_v6_error_with_offender() {
    let to = closed_port("[::1]");
    let sock = socket(Family::INET6, Type::DGRAM);
    sock.set(opt::IPV6_RECVERR, true).unwrap();
    sock.send_to(b"the datagram", to.as_str()).unwrap();
    let queued = next(&sock, &mut [0; 100]);
    let ErrorEvent::Icmp { errno, protocol, ty, code, offender, .. } = queued.event else {
        panic!("{queued:?}");
    };
    assert_eq!((errno, protocol, ty, code), (Errno::ECONNREFUSED, Protocol::ICMPV6, 1, 4));
    assert_eq!(offender.unwrap().to_string(), "[::1]:0");
    assert_eq!(queued.destination.unwrap().to_string(), to);
    assert_eq!((queued.len, queued.truncated), (12, false));
}

/// Each of two datagrams to two closed ports gets its own error, which a plain `recv` cannot tell.
#[test]
fn c13_errors_of_several_peers_are_told_apart() {
    let (first, second) = (closed_port("127.0.0.1"), closed_port("127.0.0.1"));
    let sock = socket(Family::INET, Type::DGRAM);
    sock.set(opt::IP_RECVERR, true).unwrap();
    let mut told = Vec::new();
    for to in [&first, &second] {
        sock.send_to(b"x", to.as_str()).unwrap();
        told.push(next(&sock, &mut [0; 1]).destination.unwrap().to_string());
    }
    assert_eq!(told, [first, second]);
}

#[test]
fn c13_local_error_tells_the_mtu() {
    let made = Socket::new(Family::INET6, Type::DGRAM, Protocol::DEFAULT);
    let Some(sock) = made.ok().filter(|sock| sock.bind("[::1]:0").is_ok()) else {
        berkeley_testing::skip!("this machine has no IPv6 address");
    };
    sock.set(opt::IPV6_RECVERR, true).unwrap();
    sock.set(opt::IPV6_MTU_DISCOVER, MtuDiscovery::DO).unwrap();
    // The largest datagram. With its headers it has 65,575 bytes, and loopback's packets 65,536.
    let error = sock.send_to(&[0; 65_527], "[::1]:9").unwrap_err();
    assert_eq!(error.errno(), Some(Errno::EMSGSIZE));
    let queued = next(&sock, &mut [0; 1]);
    let ErrorEvent::Local { errno, mtu, .. } = queued.event else { panic!("{queued:?}") };
    assert_eq!(errno, Errno::EMSGSIZE);
    assert!(mtu.unwrap() >= 1280, "{mtu:?}");
}

#[test]
fn c10_transmit_timestamps_of_datagrams() {
    let flags = Stamp::TX_SOFTWARE | Stamp::SOFTWARE | Stamp::OPT_ID | Stamp::OPT_TSONLY;
    let to = socket(Family::INET, Type::DGRAM);
    to.bind("127.0.0.1:0").unwrap();
    let sock = socket(Family::INET, Type::DGRAM);
    sock.set(opt::SO_TIMESTAMPING, flags).unwrap();
    let before = SystemTime::now() - Duration::from_millis(50);
    for number in 0..3 {
        sock.send_to(b"x", to.local_addr().unwrap()).unwrap();
        let queued = next(&sock, &mut [0; 100]);
        let ErrorEvent::Timestamp { stage, id, times, .. } = queued.event else {
            panic!("{queued:?}");
        };
        assert_eq!((stage, id, queued.len), (Stage::Sent, number, 0));
        let time = times.software.unwrap();
        assert!(before <= time && time <= SystemTime::now(), "{time:?}");
    }
}

#[test]
fn c10_stages_of_a_stream() {
    let stages = Stamp::TX_SCHED | Stamp::TX_SOFTWARE | Stamp::TX_ACK;
    let flags = stages | Stamp::SOFTWARE | Stamp::OPT_ID | Stamp::OPT_TSONLY;
    let server = berkeley::create_server("127.0.0.1:0").unwrap();
    let client = berkeley::create_connection(server.local_addr().unwrap()).unwrap();
    client.set_timeout(Duration::from_secs(10)).unwrap();
    let (conn, _) = server.accept().unwrap();
    client.set(opt::SO_TIMESTAMPING, flags).unwrap();
    client.send_all(b"ten bytes.").unwrap();
    assert_eq!(conn.recv_vec(100).unwrap().len(), 10);
    let mut stages = Vec::new();
    while stages.len() < 3 {
        let queued = next(&client, &mut [0; 1]);
        let ErrorEvent::Timestamp { stage, id, .. } = queued.event else { panic!("{queued:?}") };
        assert_eq!(id, 9, "the number of the last byte");
        stages.push(stage);
    }
    assert!(stages.contains(&Stage::Scheduled) && stages.contains(&Stage::Sent), "{stages:?}");
    assert_eq!(stages.last(), Some(&Stage::Acknowledged), "{stages:?}");
}

#[test]
fn waiting_keeps_its_deadline() {
    let sock = socket(Family::INET, Type::DGRAM);
    sock.bind("127.0.0.1:0").unwrap();
    sock.set_timeout(Duration::from_millis(30)).unwrap();
    // Data to receive is not an error to tell.
    sock.send_to(b"x", sock.local_addr().unwrap()).unwrap();
    let begin = std::time::Instant::now();
    assert!(sock.wait_error().unwrap_err().is_timeout());
    assert!(begin.elapsed() >= Duration::from_millis(30));
}

/// There the kernel does not know the flag, and would hand out what was received.
#[test]
fn families_without_a_queue_say_so() {
    let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT).unwrap();
    a.send(b"data").unwrap();
    assert_eq!(b.recv_error(&mut [0; 10]).unwrap_err().errno(), Some(Errno::EOPNOTSUPP));
    assert_eq!(b.recv_vec(10).unwrap(), b"data");
}
