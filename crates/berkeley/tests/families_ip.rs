//! Every transport over IP, and what stands below and beside them: raw packets, frames, messages
//! to the kernel. Data travels over each. The names begin with the row of the table of features.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod families;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use std::time::Duration;

use berkeley::cmsg::{self, RecvBuffer, SctpSend, SendBuffer};
use berkeley::{
    Addr, Endpoint, Errno, Family, MsgFlags, NetlinkAddr, PacketAddr, Protocol, Socket, Type, icmp,
    opt,
};

use self::families::{exact, open, take};

fn lo() -> u32 {
    berkeley::if_nametoindex("lo").unwrap()
}

fn udp() -> Socket {
    let socket = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    socket.set_timeout(Duration::from_secs(10)).unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket
}

#[test]
fn a7_raw_with_a_header_of_ones_own() {
    let raw = open!(Family::INET, Type::RAW, Protocol::RAW);
    raw.set(opt::IP_HDRINCL, true).unwrap();
    let to = udp();
    let port = to.local_addr().unwrap().port().unwrap();
    let data = b"by hand";
    let len = u16::try_from(8 + data.len()).unwrap();
    // An IPv4 header without options, whose checksum the kernel fills in, and one of UDP.
    let mut packet =
        vec![0x45, 0, 0, 0, 0x12, 0x34, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1];
    packet.extend(4711_u16.to_be_bytes());
    packet.extend(port.to_be_bytes());
    packet.extend(len.to_be_bytes());
    packet.extend([0, 0]); // no checksum
    packet.extend(data);
    raw.send_to(&packet, (Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut buf = [0; 32];
    let (got, from) = to.recv_from(&mut buf).unwrap();
    assert_eq!(&buf[..got], data);
    assert_eq!(from, SocketAddrV4::new(Ipv4Addr::LOCALHOST, 4711).into());
}

#[test]
fn a7_raw_of_a_protocol() {
    // 253 is for experiments, RFC 3692.
    let a = open!(Family::INET, Type::RAW, Protocol::from(253));
    let b = open!(Family::INET, Type::RAW, Protocol::from(253));
    a.bind((Ipv4Addr::new(127, 0, 0, 71), 0)).unwrap();
    b.bind((Ipv4Addr::new(127, 0, 0, 72), 0)).unwrap();
    a.send_to(b"payload", b.local_addr().unwrap()).unwrap();
    let mut buf = [0; 64];
    let (len, from) = b.recv_from(&mut buf).unwrap();
    let (_, payload) = icmp::strip_ip_header(&buf[..len]).unwrap();
    assert_eq!((buf[9], payload), (253, &b"payload"[..]));
    assert_eq!(from.to_ip().unwrap().ip(), Ipv4Addr::new(127, 0, 0, 71));

    // IPv6 gives the payload without its header.
    let a = open!(Family::INET6, Type::RAW, Protocol::from(253));
    a.bind((Ipv6Addr::LOCALHOST, 0)).unwrap();
    a.send_to(b"payload", (Ipv6Addr::LOCALHOST, 0)).unwrap();
    let (len, _) = a.recv_from(&mut buf).unwrap();
    assert_eq!(&buf[..len], b"payload");
}

#[test]
fn a8_frames_of_an_interface() {
    let frames = open!(Family::PACKET, Type::RAW, Protocol::from(0));
    // Bound to nothing yet, it gets nothing: no frame of another interface can slip in.
    frames.bind(PacketAddr { protocol: 0x0800, ..PacketAddr::new(lo()) }).unwrap();
    let own: PacketAddr = frames.local_addr().unwrap().to().unwrap();
    assert_eq!((own.interface, own.protocol, own.hardware_type), (lo(), 0x0800, 772));
    let (from, to) = (udp(), udp());
    let text = format!("a frame for {}", to.local_addr().unwrap());
    from.send_to(text.as_bytes(), to.local_addr().unwrap()).unwrap();
    let mut buf = vec![0; 1 << 16];
    // Other tests' frames are there too.
    let (frame, seen) = loop {
        let (len, seen) = frames.recv_from(buf.as_mut_slice()).unwrap();
        let seen: PacketAddr = seen.to().unwrap();
        if buf[..len].ends_with(text.as_bytes()) {
            break (buf[..len].to_vec(), seen);
        }
    };
    assert_eq!((seen.interface, seen.protocol), (lo(), 0x0800));
    assert_eq!(seen.hardware.as_bytes(), [0; 6]);
    assert_eq!(&frame[12..14], [8, 0], "an Ethernet header");
    assert_eq!(to.recv_vec(100).unwrap(), text.as_bytes());

    // A frame that is sent from here, with an Ethernet type for experiments.
    frames.bind(PacketAddr { protocol: 0x88b6, ..PacketAddr::new(lo()) }).unwrap();
    let sender = open!(Family::PACKET, Type::RAW, Protocol::from(0));
    let whole = [&frame[..12], &[0x88, 0xb6], b"by hand"].concat();
    sender.send_to(&whole, PacketAddr::new(lo())).unwrap();
    // What came before it was bound anew may still be there.
    let from = loop {
        let (seen, from) = take(&frames, 1 << 16);
        if seen == whole {
            break from;
        }
    };
    assert_eq!(from.to::<PacketAddr>().unwrap().protocol, 0x88b6);
}

#[test]
fn a8_cooked_frames() {
    let sender = open!(Family::PACKET, Type::DGRAM, Protocol::from(0));
    let receiver = open!(Family::PACKET, Type::DGRAM, Protocol::from(0));
    // An Ethernet type for experiments, which nothing else here uses.
    let place = PacketAddr { protocol: 0x88b5, ..PacketAddr::new(lo()) };
    receiver.bind(place).unwrap();
    let to = PacketAddr { hardware: "00:00:00:00:00:00".parse().unwrap(), ..place };
    sender.send_to(b"without a header", to).unwrap();
    let (data, from) = take(&receiver, 100);
    assert_eq!(data, b"without a header");
    assert_eq!(from.to::<PacketAddr>().unwrap().protocol, 0x88b5);

    // With what comes beside it: this family refuses flags that others ignore.
    sender.send_to(b"another", to).unwrap();
    let (mut room, mut control) = ([0; 100], RecvBuffer::with_room(100));
    let flags = MsgFlags::empty();
    let got = receiver.recv_message_with(&mut room[..], &mut control, flags).unwrap();
    assert_eq!((&room[..7], got.data), (&b"another"[..], 7));
}

#[test]
fn a9_netlink_lists_the_interfaces() {
    let netlink = open!(Family::NETLINK, Type::RAW, Protocol::NETLINK_ROUTE);
    netlink.bind(NetlinkAddr::default()).unwrap();
    let own: NetlinkAddr = netlink.local_addr().unwrap().to().unwrap();
    assert_ne!(own.port, 0, "the kernel has chosen one");
    // struct nlmsghdr: RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP; and an empty struct ifinfomsg.
    let mut request = Vec::new();
    request.extend(32_u32.to_ne_bytes());
    request.extend(18_u16.to_ne_bytes());
    request.extend(0x301_u16.to_ne_bytes());
    request.extend([0; 8]);
    request.extend([0; 16]);
    netlink.send_to(&request, NetlinkAddr::KERNEL).unwrap();
    let mut indices = Vec::new();
    'answers: loop {
        let (answer, from) = take(&netlink, 1 << 16);
        assert_eq!(from.to(), Some(NetlinkAddr::KERNEL));
        let mut rest = answer.as_slice();
        while rest.len() >= 16 {
            let len = u32::from_ne_bytes(rest[..4].try_into().unwrap()) as usize;
            match u16::from_ne_bytes(rest[4..6].try_into().unwrap()) {
                3 => break 'answers, // NLMSG_DONE
                16 => indices.push(u32::from_ne_bytes(rest[20..24].try_into().unwrap())),
                other => panic!("message {other}"),
            }
            rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        }
    }
    assert!(indices.contains(&lo()), "{indices:?}");
}

#[test]
fn a9_netlink_between_processes() {
    let protocol = Protocol::from(2); // NETLINK_USERSOCK
    let (a, b) = (
        open!(Family::NETLINK, Type::DGRAM, protocol),
        open!(Family::NETLINK, Type::DGRAM, protocol),
    );
    a.bind(NetlinkAddr::default()).unwrap();
    b.bind(NetlinkAddr::default()).unwrap();
    a.send_to(b"a word between", b.local_addr().unwrap()).unwrap();
    let (data, from) = take(&b, 100);
    assert_eq!((data.as_slice(), from), (&b"a word between"[..], a.local_addr().unwrap()));
}

#[test]
fn a23_udp_lite_covers_a_part() {
    let a = open!(Family::INET, Type::DGRAM, Protocol::UDPLITE);
    let b = open!(Family::INET, Type::DGRAM, Protocol::UDPLITE);
    b.bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    a.set(opt::UDPLITE_SEND_CSCOV, 8_usize).unwrap();
    assert_eq!(a.get(opt::UDPLITE_SEND_CSCOV).unwrap(), 8);
    a.send_to(b"lite", b.local_addr().unwrap()).unwrap();
    assert_eq!(b.recv_vec(10).unwrap(), b"lite");
}

#[test]
fn a23_dccp_connects() {
    let listener = open!(Family::INET, Type::DCCP, Protocol::DCCP);
    listener.bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.listen(None).unwrap();
    let client = open!(Family::INET, Type::DCCP, Protocol::DCCP);
    client.connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    client.send(b"to the server").unwrap();
    assert_eq!(server.recv_vec(100).unwrap(), b"to the server");
    server.send(b"to the client").unwrap();
    assert_eq!(client.recv_vec(100).unwrap(), b"to the client");
}

#[test]
fn a24_ping_sockets() {
    let v4 = open!(Family::INET, Type::DGRAM, Protocol::ICMP);
    v4.send_to(&icmp::echo_request_v4(0, 7, b"are you there?"), (Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (answer, from) = take(&v4, 100);
    assert_eq!(from.to_ip().unwrap().ip(), Ipv4Addr::LOCALHOST);
    assert_eq!((answer[0], &answer[8..]), (0, &b"are you there?"[..]), "an echo reply");

    let v6 = open!(Family::INET6, Type::DGRAM, Protocol::ICMPV6);
    v6.send_to(&icmp::echo_request_v6(0, 7, b"are you there?"), (Ipv6Addr::LOCALHOST, 0)).unwrap();
    let (answer, _) = take(&v6, 100);
    assert_eq!((answer[0], &answer[8..]), (129, &b"are you there?"[..]));
}

#[test]
fn a21_mptcp_carries_data() {
    let listener = open!(Family::INET, Type::STREAM, Protocol::MPTCP);
    listener.bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.listen(None).unwrap();
    let client = open!(Family::INET, Type::STREAM, Protocol::MPTCP);
    client.connect(listener.local_addr().unwrap()).unwrap();
    let (server, from) = listener.accept().unwrap();
    assert_eq!(from, client.local_addr().unwrap());
    assert_eq!((server.protocol(), client.protocol()), (Protocol::MPTCP, Protocol::MPTCP));
    let data: Vec<u8> = (0..1_000_000_u32).map(|byte| byte as u8).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| client.send_all(&data).unwrap());
        assert_eq!(exact(&server, data.len()), data);
    });
    let flags = client.get(opt::MPTCP_INFO).unwrap().flags;
    assert!(!flags.contains(opt::MptcpFlags::FALLBACK), "fell back to TCP");
}

#[test]
fn a22_sctp_one_to_one() {
    let listener = open!(Family::INET, Type::STREAM, Protocol::SCTP);
    listener.bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.listen(None).unwrap();
    let client = open!(Family::INET, Type::STREAM, Protocol::SCTP);
    client.connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    client.send(b"first").unwrap();
    client.send(b"second").unwrap();
    // Messages, though the type is a stream's: each stays whole, and ends a record.
    let mut buf = [0; 100];
    let got = server.recv_message(&mut buf, &mut RecvBuffer::with_room(0)).unwrap();
    assert_eq!(got.data, 5);
    assert!(got.flags.contains(MsgFlags::EOR));
    assert_eq!(server.recv_vec(100).unwrap(), b"second");
    server.send(b"back").unwrap();
    assert_eq!(client.recv_vec(100).unwrap(), b"back");
}

#[test]
fn a22_sctp_one_to_many_with_streams() {
    let a = open!(Family::INET6, Type::SEQPACKET, Protocol::SCTP);
    let b = open!(Family::INET6, Type::SEQPACKET, Protocol::SCTP);
    for socket in [&a, &b] {
        socket.bind((Ipv6Addr::LOCALHOST, 0)).unwrap();
        socket.listen(None).unwrap();
    }
    b.set(opt::SCTP_RECVRCVINFO, true).unwrap();
    let mut with = SendBuffer::new();
    let ppid = 0x0102_0304_u32.to_be();
    with.push(cmsg::SCTP_SNDINFO, SctpSend { stream: 3, ppid, ..SctpSend::default() });
    a.send_message(b"on stream three", &with, b.local_addr().unwrap()).unwrap();
    let mut control = RecvBuffer::with_room(256);
    let mut buf = [0; 100];
    let got = b.recv_message(&mut buf, &mut control).unwrap();
    assert_eq!(&buf[..got.data], b"on stream three");
    assert_eq!(got.from, a.local_addr().unwrap());
    let info = control.get(cmsg::SCTP_RCVINFO).unwrap();
    assert_eq!((info.stream, info.ppid), (3, ppid));
    assert_ne!(info.association, 0);
}

#[test]
fn a14_rds_keeps_messages() {
    let (a, b) = (
        open!(Family::RDS, Type::SEQPACKET, Protocol::DEFAULT),
        open!(Family::RDS, Type::SEQPACKET, Protocol::DEFAULT),
    );
    // Its addresses are those of IPv4.
    a.bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    b.bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    assert_eq!(b.local_addr().unwrap().family(), Family::INET);
    for message in [&b"first"[..], b"", &[7; 100_000]] {
        a.send_to(message, b.local_addr().unwrap()).unwrap();
        let (data, from) = take(&b, 200_000);
        assert_eq!((data.as_slice(), from), (message, a.local_addr().unwrap()));
    }
    // A message is whole or known to be cut.
    a.send_to(b"too long", b.local_addr().unwrap()).unwrap();
    let got = b.recv_message(&mut [0; 3], &mut RecvBuffer::with_room(0)).unwrap();
    assert!(got.is_truncated());
}

#[test]
fn a1_any_family_by_number() {
    let error = Socket::new(Family::from(9999), Type::from(1), Protocol::from(0)).unwrap_err();
    assert_eq!(error.errno(), Some(Errno::EAFNOSUPPORT));
    let socket = Socket::new(Family::from(2), Type::from(2), Protocol::from(17)).unwrap();
    assert_eq!(socket.family(), Family::INET);
}

#[test]
fn a3_flow_and_scope_reach_the_kernel() {
    let a = Socket::new(Family::INET6, Type::DGRAM, Protocol::DEFAULT).unwrap();
    // A scope is kept for addresses of a link alone; the loopback has none of these, so the
    // kernel is asked to make sense of one and says which part is wrong.
    let addr = SocketAddrV6::new("fe80::1".parse().unwrap(), 0, 0, lo());
    let error = a.bind(addr).unwrap_err();
    assert_eq!(error.errno(), Some(Errno::EADDRNOTAVAIL));
    assert_eq!(error.address(), Some(&Addr::from(addr)));
}

/// Serves and dials the place that a text names, and sends its name there.
macro_rules! dialled {
    ($($test:ident: $place:literal)*) => {$(
        #[test]
        fn $test() {
            let endpoint: Endpoint = $place.parse().unwrap();
            drop(open!(endpoint.family(), endpoint.ty(), endpoint.protocol()));
            let server = berkeley::create_server(&endpoint).unwrap();
            assert_eq!((server.ty(), server.protocol()), (endpoint.ty(), endpoint.protocol()));
            let place = endpoint.at(server.local_addr().unwrap());
            let client = berkeley::create_connection(&place).unwrap();
            match endpoint.protocol() {
                // One socket has many associations, and each message says of which it is.
                Protocol::SCTP if endpoint.ty() == Type::SEQPACKET => {
                    client.send_to($place.as_bytes(), server.local_addr().unwrap()).unwrap()
                }
                _ => client.send($place.as_bytes()).unwrap(),
            };
            let connects = matches!(endpoint.ty(), Type::STREAM | Type::DCCP);
            let accepted = connects.then(|| server.accept().unwrap().0);
            let receiver = accepted.as_ref().unwrap_or(&server);
            receiver.set_timeout(Duration::from_secs(10)).unwrap();
            assert_eq!(receiver.recv_vec(100).unwrap(), $place.as_bytes());
        }
    )*};
}

dialled! {
    dialled_mptcp: "mptcp4://localhost:0"
    dialled_mptcp_v6: "mptcp6://[::1]:0"
    dialled_sctp: "sctp4://localhost:0"
    dialled_sctp_one_to_many: "sctp-seqpacket4://localhost:0"
    dialled_dccp: "dccp4://localhost:0"
    dialled_udplite: "udplite4://localhost:0"
    dialled_udplite_v6: "udplite6://[::1]:0"
    dialled_rds: "rds://127.0.0.1:0"
}
