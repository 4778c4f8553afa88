//! Control messages on real sockets, both directions. The names begin with the row of the table of
//! features that they show.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

use berkeley::cmsg::{self, Kind, PacketInfo, RecvBuffer, SendBuffer};
use berkeley::opt::{Clock, Credentials, Timestamping, TxTime, TxTimeFlags};
use berkeley::{Family, MsgFlags, Protocol, Socket, Type, opt};
use berkeley_testing::{eventually, skip};

fn udp(addr: &str) -> Socket {
    let family = if addr.starts_with('[') { Family::INET6 } else { Family::INET };
    let sock = Socket::new(family, Type::DGRAM, Protocol::DEFAULT).unwrap();
    sock.bind(addr).unwrap();
    sock.set_timeout(Duration::from_secs(10)).unwrap();
    sock
}

/// Sends one datagram from `from` to `to` with these messages and receives it there.
fn through(from: &Socket, to: &Socket, with: &SendBuffer<'_>) -> RecvBuffer {
    from.send_message(b"datagram", with, to.local_addr().unwrap()).unwrap();
    let mut control = RecvBuffer::with_room(512);
    let mut buf = [0; 100];
    let got = to.recv_message(&mut buf, &mut control).unwrap();
    assert_eq!(&buf[..got.data], b"datagram");
    assert_eq!(got.from, from.local_addr().unwrap());
    assert!(!got.is_truncated() && !got.is_control_truncated());
    control
}

#[test]
fn c1_unknown_kinds_are_kept_both_ways() {
    const ODD: Kind<cmsg::Bytes> = Kind::new("ODD", 4711, 42);
    let mut buffer = SendBuffer::new();
    buffer.push(ODD, vec![1, 2, 3]).push_raw(-1, i32::MIN, b"").push(cmsg::IP_TTL, 9);
    let all: Vec<_> = cmsg::messages(buffer.as_bytes()).collect();
    assert_eq!(all.len(), 3);
    assert_eq!((all[0].level(), all[0].number(), all[0].data()), (4711, 42, &[1, 2, 3][..]));
    assert_eq!(all[0].get(ODD), Some(vec![1, 2, 3]));
    assert_eq!((all[1].level(), all[1].number(), all[1].name()), (-1, i32::MIN, None));
    assert_eq!(all[0].to_string(), "(4711, 42): 010203");
    assert_eq!(all[2].to_string(), "IP_TTL: 9");
}

#[test]
fn c1_a_kind_without_a_row_arrives() {
    // As if `IP_RECVORIGDSTADDR` had no row here.
    const MINE: Kind<cmsg::Bytes> = Kind::new("MINE", 0, 20);
    let (a, b) = (udp("127.0.0.1:0"), udp("127.0.0.1:0"));
    b.set(opt::IP_RECVORIGDSTADDR, true).unwrap();
    let control = through(&a, &b, &SendBuffer::new());
    let bytes = control.get(MINE).expect("the message is there");
    assert_eq!(bytes.as_slice(), b.local_addr().unwrap().as_bytes());
    assert_eq!(control.get(cmsg::IP_ORIGDSTADDR), Some(b.local_addr().unwrap()));
}

#[test]
fn c4_credentials_of_sender() {
    let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT).unwrap();
    b.set(opt::SO_PASSCRED, true).unwrap();
    let me = a.get(opt::SO_PEERCRED).unwrap();
    let mut with = SendBuffer::new();
    with.credentials(Credentials { pid: std::process::id(), ..me });
    a.send_message(b"it is me", &with, ()).unwrap();
    let mut control = RecvBuffer::with_room(cmsg::SCM_CREDENTIALS.space());
    b.recv_message(&mut [0; 100], &mut control).unwrap();
    assert_eq!(control.get(cmsg::SCM_CREDENTIALS), Some(me));
}

#[test]
fn c4_false_credentials_need_a_right() {
    let (a, _b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT).unwrap();
    let mut with = SendBuffer::new();
    // No process has this number, so not even root may claim it.
    with.credentials(Credentials { pid: 0x7fff_fff0, uid: 0, gid: 0 });
    let error = a.send_message(b"x", &with, ()).unwrap_err();
    let errno = error.errno().unwrap().name();
    assert!(matches!(errno, Some("EPERM" | "ESRCH")), "{error}");
}

#[test]
fn c5_pidfd_of_sender() {
    let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
    if b.set(opt::SO_PASSPIDFD, true).is_err() {
        skip!("SO_PASSPIDFD needs Linux 6.5");
    }
    a.send(b"x").unwrap();
    let mut control = RecvBuffer::with_room(cmsg::space(4));
    b.recv_message(&mut [0; 1], &mut control).unwrap();
    let pidfd = control.take_pidfd().expect("the message is there").expect("the process lives");
    let number = std::os::fd::AsRawFd::as_raw_fd(&pidfd);
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap();
    assert!(info.contains(&format!("Pid:\t{}", std::process::id())), "{info}");
    assert!(control.take_pidfd().is_none());
}

#[test]
fn c5_security_label_of_sender() {
    let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT).unwrap();
    b.set(opt::SO_PASSSEC, true).unwrap();
    a.send(b"x").unwrap();
    let mut control = RecvBuffer::with_room(512);
    b.recv_message(&mut [0; 1], &mut control).unwrap();
    let Some(label) = control.get(cmsg::SCM_SECURITY) else {
        skip!("no security module labels sockets here");
    };
    // The kernel knows the same label by another way.
    let own = std::fs::read_to_string("/proc/self/attr/current").unwrap();
    assert_eq!(label, own.trim_end_matches(['\0', '\n']));
}

#[test]
fn c6_pktinfo_tells_destination_and_interface() {
    let (a, b) = (udp("127.0.0.1:0"), udp("0.0.0.0:0"));
    b.set(opt::IP_PKTINFO, true).unwrap();
    let port = b.local_addr().unwrap().port().unwrap();
    a.send_to(b"x", (Ipv4Addr::new(127, 3, 2, 1), port)).unwrap();
    let mut control = RecvBuffer::with_room(cmsg::IP_PKTINFO.space());
    b.recv_message(&mut [0; 1], &mut control).unwrap();
    let info = control.get(cmsg::IP_PKTINFO).unwrap();
    assert_eq!(info.destination, IpAddr::from([127, 3, 2, 1]));
    assert_eq!(info.interface, berkeley::if_nametoindex("lo").unwrap());
}

#[test]
fn c6_pktinfo_ipv6_tells_destination_and_interface() {
    let (a, b) = (udp("[::1]:0"), udp("[::]:0"));
    b.set(opt::IPV6_RECVPKTINFO, true).unwrap();
    let port = b.local_addr().unwrap().port().unwrap();
    a.send_to(b"x", (Ipv6Addr::LOCALHOST, port)).unwrap();
    let mut control = RecvBuffer::with_room(cmsg::IPV6_PKTINFO.space());
    b.recv_message(&mut [0; 1], &mut control).unwrap();
    let info = control.get(cmsg::IPV6_PKTINFO).unwrap();
    assert_eq!((info.destination, info.local), (Ipv6Addr::LOCALHOST.into(), info.destination));
    assert_eq!(info.interface, berkeley::if_nametoindex("lo").unwrap());
}

#[test]
fn c7_pktinfo_chooses_the_source() {
    let (server, client) = (udp("0.0.0.0:0"), udp("127.0.0.1:0"));
    server.set(opt::IP_PKTINFO, true).unwrap();
    let port = server.local_addr().unwrap().port().unwrap();
    client.send_to(b"x", (Ipv4Addr::new(127, 9, 9, 9), port)).unwrap();
    let mut control = RecvBuffer::with_room(cmsg::IP_PKTINFO.space());
    let got = server.recv_message(&mut [0; 1], &mut control).unwrap();
    // What came is what the answer takes.
    let mut with = SendBuffer::new();
    with.push(cmsg::IP_PKTINFO, control.get(cmsg::IP_PKTINFO).unwrap());
    server.send_message(b"y", &with, got.from).unwrap();
    let (_, from) = client.recv_from(&mut [0; 1]).unwrap();
    assert_eq!(from.to_ip().unwrap().ip(), IpAddr::from([127, 9, 9, 9]));
}

#[test]
fn c7_pktinfo_ipv6_chooses_source_and_interface() {
    let (server, client) = (udp("[::]:0"), udp("[::1]:0"));
    let mut with = SendBuffer::new();
    let lo = berkeley::if_nametoindex("lo").unwrap();
    let info = PacketInfo { interface: lo, ..PacketInfo::from_addr(Ipv6Addr::LOCALHOST) };
    with.push(cmsg::IPV6_PKTINFO, info);
    server.send_message(b"y", &with, client.local_addr().unwrap()).unwrap();
    let (_, from) = client.recv_from(&mut [0; 1]).unwrap();
    assert_eq!(from.to_ip().unwrap().ip(), IpAddr::from(Ipv6Addr::LOCALHOST));
    // An interface that is not there is an error of this datagram.
    with.clear();
    with.push(cmsg::IPV6_PKTINFO, PacketInfo { interface: 0x7fff_ffff, ..info });
    let error = server.send_message(b"y", &with, client.local_addr().unwrap()).unwrap_err();
    assert_eq!(error.errno(), Some(berkeley::Errno::ENODEV), "{error}");
}

#[test]
fn c8_ttl_of_one_datagram() {
    let (a, b) = (udp("127.0.0.1:0"), udp("127.0.0.1:0"));
    b.set(opt::IP_RECVTTL, true).unwrap();
    let mut with = SendBuffer::new();
    with.push(cmsg::IP_TTL, 7);
    assert_eq!(through(&a, &b, &with).get(cmsg::IP_TTL), Some(7));
    let plain = through(&a, &b, &SendBuffer::new()).get(cmsg::IP_TTL);
    assert_eq!(plain, Some(a.get(opt::IP_TTL).unwrap()));
}

#[test]
fn c8_hop_limit_of_one_datagram() {
    let (a, b) = (udp("[::1]:0"), udp("[::1]:0"));
    b.set(opt::IPV6_RECVHOPLIMIT, true).unwrap();
    let mut with = SendBuffer::new();
    with.push(cmsg::IPV6_HOPLIMIT, 7);
    assert_eq!(through(&a, &b, &with).get(cmsg::IPV6_HOPLIMIT), Some(7));
}

#[test]
fn c9_tos_and_ecn_of_one_datagram() {
    let (a, b) = (udp("127.0.0.1:0"), udp("127.0.0.1:0"));
    b.set(opt::IP_RECVTOS, true).unwrap();
    let mut with = SendBuffer::new();
    with.push(cmsg::IP_TOS, 0xb8 | 0b01);
    assert_eq!(through(&a, &b, &with).get(cmsg::IP_TOS), Some(0xb9));
}

#[test]
fn c9_traffic_class_of_one_datagram() {
    let (a, b) = (udp("[::1]:0"), udp("[::1]:0"));
    b.set(opt::IPV6_RECVTCLASS, true).unwrap();
    let mut with = SendBuffer::new();
    with.push(cmsg::IPV6_TCLASS, 0xba);
    assert_eq!(through(&a, &b, &with).get(cmsg::IPV6_TCLASS), Some(0xba));
}

#[test]
fn c10_timestamps_received() {
    let (a, b) = (udp("127.0.0.1:0"), udp("127.0.0.1:0"));
    let before = SystemTime::now() - Duration::from_millis(50);
    let within = |time: SystemTime| before <= time && time <= SystemTime::now();

    b.set(opt::SO_TIMESTAMP, true).unwrap();
    let control = through(&a, &b, &SendBuffer::new());
    assert!(within(control.get(cmsg::SCM_TIMESTAMP).unwrap()), "{control:?}");
    b.set(opt::SO_TIMESTAMP, false).unwrap();

    b.set(opt::SO_TIMESTAMPNS, true).unwrap();
    let control = through(&a, &b, &SendBuffer::new());
    assert!(within(control.get(cmsg::SCM_TIMESTAMPNS).unwrap()), "{control:?}");
    b.set(opt::SO_TIMESTAMPNS, false).unwrap();

    b.set(opt::SO_TIMESTAMPING, Timestamping::RX_SOFTWARE | Timestamping::SOFTWARE).unwrap();
    let mut stamps = None;
    // The kernel begins to stamp packets some time after it was asked to.
    let came = eventually(|| {
        stamps = through(&a, &b, &SendBuffer::new()).get(cmsg::SCM_TIMESTAMPING);
        stamps.is_some_and(|stamps| stamps.software.is_some())
    });
    assert!(came && within(stamps.unwrap().software.unwrap()), "{stamps:?}");
    assert_eq!(stamps.unwrap().hardware, None);
}

#[test]
fn c11_txtime_is_taken_and_checked() {
    let (a, b) = (udp("127.0.0.1:0"), udp("127.0.0.1:0"));
    let mut with = SendBuffer::new();
    with.push(cmsg::SCM_TXTIME, 1_u64);
    // Without the option the message is refused.
    let refused = a.send_message(b"x", &with, b.local_addr().unwrap()).unwrap_err();
    assert_eq!(refused.errno(), Some(berkeley::Errno::EINVAL));
    let clock = TxTime { clock: Clock::MONOTONIC, flags: TxTimeFlags::empty() };
    a.set(opt::SO_TXTIME, clock).unwrap();
    through(&a, &b, &with);
}

#[test]
fn c12_udp_segment_splits_and_gro_tells() {
    let (a, b) = (udp("127.0.0.1:0"), udp("127.0.0.1:0"));
    let mut with = SendBuffer::new();
    with.push(cmsg::UDP_SEGMENT, 4_u16);
    a.send_message(b"aaaabbbbcc", &with, b.local_addr().unwrap()).unwrap();
    for piece in [&b"aaaa"[..], b"bbbb", b"cc"] {
        assert_eq!(b.recv_vec(100).unwrap(), piece);
    }
    b.set(opt::UDP_GRO, true).unwrap();
    a.send_message(b"aaaabbbbcc", &with, b.local_addr().unwrap()).unwrap();
    let mut control = RecvBuffer::with_room(cmsg::UDP_GRO.space());
    let mut buf = [0; 100];
    let got = b.recv_message(&mut buf, &mut control).unwrap();
    assert_eq!(&buf[..got.data], b"aaaabbbbcc");
    assert_eq!(control.get(cmsg::UDP_GRO), Some(4));
}

#[test]
fn c14_drop_count() {
    let (a, b) = (udp("127.0.0.1:0"), udp("127.0.0.1:0"));
    b.set(opt::SO_RXQ_OVFL, true).unwrap();
    b.set(opt::SO_RCVBUF, 1_usize).unwrap();
    for _ in 0..100 {
        a.send_to(&[0; 500], b.local_addr().unwrap()).unwrap();
    }
    b.set_nonblocking(true).unwrap();
    let mut control = RecvBuffer::with_room(cmsg::SO_RXQ_OVFL.space());
    let mut received = 0;
    while b.recv_message(&mut [0; 500], &mut control).is_ok() {
        received += 1;
    }
    assert!(received < 100, "nothing was dropped");
    // The count comes with the next datagram that there is room for.
    a.send_to(b"x", b.local_addr().unwrap()).unwrap();
    b.recv_message(&mut [0; 500], &mut control).unwrap();
    assert_eq!(control.get(cmsg::SO_RXQ_OVFL), Some(100 - received));
}

#[test]
fn c14_mark_of_one_datagram() {
    let (a, b) = (udp("127.0.0.1:0"), udp("127.0.0.1:0"));
    let mut with = SendBuffer::new();
    with.push(cmsg::SO_MARK, 17_u32);
    if let Err(error) = a.send_message(b"x", &with, b.local_addr().unwrap()) {
        skip!("marking takes CAP_NET_ADMIN: {error}");
    }
    b.recv(&mut [0; 1]).unwrap();
    if b.set(opt::SO_RCVMARK, true).is_err() {
        skip!("SO_RCVMARK needs Linux 5.19");
    }
    assert_eq!(through(&a, &b, &with).get(cmsg::SO_MARK), Some(17));
}

#[test]
fn c14_tcp_tells_what_is_left() {
    let server = berkeley::create_server("127.0.0.1:0").unwrap();
    let client = berkeley::create_connection(server.local_addr().unwrap()).unwrap();
    let (conn, _) = server.accept().unwrap();
    conn.set(opt::TCP_INQ, true).unwrap();
    client.send_all(b"twelve bytes").unwrap();
    let mut control = RecvBuffer::with_room(cmsg::TCP_CM_INQ.space());
    let mut buf = [0; 6];
    while conn.recv_with(&mut [0; 100], MsgFlags::PEEK).unwrap() < 12 {}
    conn.recv_message(&mut buf, &mut control).unwrap();
    assert_eq!((&buf, control.get(cmsg::TCP_CM_INQ)), (b"twelve", Some(6)));
}

#[test]
fn d3_vectored_flags_and_address_in_one_call() {
    let (a, b) = (udp("127.0.0.1:0"), udp("127.0.0.1:0"));
    b.set(opt::IP_RECVTTL, true).unwrap();
    let mut with = SendBuffer::new();
    with.push(cmsg::IP_TTL, 5);
    let pieces = [IoSlice::new(b"HEAD"), IoSlice::new(b"body")];
    let to = b.local_addr().unwrap();
    a.send_message_vectored(&pieces, &with, to, MsgFlags::DONTROUTE).unwrap();
    let mut control = RecvBuffer::with_room(64);
    let (mut head, mut body) = ([0; 4], [0; 2]);
    for _ in 0..2 {
        let mut pieces = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
        let got = b.recv_message_vectored(&mut pieces, &mut control, MsgFlags::PEEK).unwrap();
        assert_eq!((got.data, got.whole_len, got.is_truncated()), (6, 8, true));
        assert_eq!(got.from, a.local_addr().unwrap());
        assert_eq!(control.get(cmsg::IP_TTL), Some(5));
    }
    assert_eq!((&head, &body), (b"HEAD", b"bo"));
}

#[test]
fn d5_the_address_has_its_own_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let (a, b) = (unix_dgram(&path), unix_dgram(&folder.path().join("b")));
    a.send_to(b"x", b.local_addr().unwrap()).unwrap();
    let got = b.recv_message(&mut [0; 1], &mut RecvBuffer::default()).unwrap();
    assert_eq!(got.from.to_unix(), Some(berkeley::UnixAddr::Path(&path)));
    assert_eq!(got.from.as_bytes().len(), 2 + path.as_os_str().len() + 1);
}

fn unix_dgram(path: &std::path::Path) -> Socket {
    let sock = Socket::new(Family::UNIX, Type::DGRAM, Protocol::DEFAULT).unwrap();
    sock.bind(path).unwrap();
    sock
}

#[test]
fn too_little_room_is_told() {
    let (a, b) = (udp("127.0.0.1:0"), udp("127.0.0.1:0"));
    b.set(opt::IP_RECVTTL, true).unwrap();
    b.set(opt::IP_PKTINFO, true).unwrap();
    for room in 0..cmsg::IP_TTL.space() + cmsg::IP_PKTINFO.space() {
        a.send_to(b"x", b.local_addr().unwrap()).unwrap();
        let mut control = RecvBuffer::with_room(room);
        let got = b.recv_message(&mut [0; 1], &mut control).unwrap();
        let whole = control.get(cmsg::IP_TTL).is_some() && control.get(cmsg::IP_PKTINFO).is_some();
        assert!(control.is_truncated() == got.is_control_truncated());
        assert!(whole || control.is_truncated(), "{room} bytes: {control:?}");
    }
}

#[test]
fn a_buffer_is_as_good_as_new_each_time() {
    let (a, b) = (udp("127.0.0.1:0"), udp("127.0.0.1:0"));
    b.set(opt::IP_RECVTTL, true).unwrap();
    let mut control = RecvBuffer::with_room(cmsg::IP_TTL.space());
    for round in 0..100 {
        b.set(opt::IP_RECVTTL, round % 2 == 0).unwrap();
        a.send_to(b"x", b.local_addr().unwrap()).unwrap();
        b.recv_message(&mut [0; 1], &mut control).unwrap();
        assert_eq!(control.get(cmsg::IP_TTL).is_some(), round % 2 == 0, "round {round}");
    }
}

#[test]
fn the_end_of_a_record_is_told() {
    let (a, b) = Socket::pair(Family::UNIX, Type::SEQPACKET, Protocol::DEFAULT).unwrap();
    a.send(b"record").unwrap();
    let got = b.recv_message(&mut [0; 100], &mut RecvBuffer::default()).unwrap();
    assert_eq!((got.data, got.is_truncated()), (6, false));
}

#[test]
fn an_error_of_sending_names_the_address() {
    let a = udp("127.0.0.1:0");
    let error = a.send_message(&[0; 70_000], &SendBuffer::new(), "127.0.0.1:9").unwrap_err();
    assert_eq!(error.to_string(), "sendmsg 127.0.0.1:9: message too long");
}

#[test]
fn a_message_of_many_pieces_is_refused() {
    let a = udp("127.0.0.1:0");
    let pieces = vec![IoSlice::new(b"x"); 1025];
    let sent =
        a.send_message_vectored(&pieces, &SendBuffer::new(), "127.0.0.1:9", MsgFlags::empty());
    assert_eq!(sent.unwrap_err().errno(), Some(berkeley::Errno::EMSGSIZE));
}
