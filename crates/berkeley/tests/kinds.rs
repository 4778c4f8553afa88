//! Every family with every type: data both ways, addresses right, kinds found again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;
use std::time::Duration;

use berkeley::icmp::{self, Message};
use berkeley::{Addr, Family, Protocol, Server, Socket, Type, UnixAddr, create_connection, opt};
use berkeley_testing::skip;

fn new(family: Family, ty: Type) -> Socket {
    let socket = Socket::new(family, ty, Protocol::DEFAULT).unwrap();
    socket.set_timeout(Duration::from_secs(10)).unwrap();
    socket
}

/// A connection to a listener at this address carries bytes both ways.
fn connection(family: Family, ty: Type, at: Addr) {
    let server = new(family, ty);
    server.bind(at).unwrap();
    server.listen(None).unwrap();
    let client = new(family, ty);
    client.connect(server.local_addr().unwrap()).unwrap();
    let (conn, peer) = server.accept().unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    assert_eq!(client.peer_addr().unwrap(), server.local_addr().unwrap());
    for (from, to) in [(&client, &conn), (&conn, &client)] {
        from.send_all(b"one").unwrap();
        from.send_all(b"two").unwrap();
        let mut got = to.recv_vec(64).unwrap();
        if ty == Type::SEQPACKET {
            assert_eq!(got, b"one", "messages stay apart");
            got.extend(to.recv_vec(64).unwrap());
        }
        while got.len() < 6 {
            got.extend(to.recv_vec(64).unwrap());
        }
        assert_eq!(got, b"onetwo");
    }
    drop(client);
    assert_eq!(conn.recv(&mut [0; 8]).unwrap(), 0);
    let found = Socket::from_fd(conn.detach()).unwrap();
    assert_eq!((found.family(), found.ty()), (family, ty));
}

/// Datagrams between two addresses go both ways.
fn datagrams(family: Family, one: Addr, two: Addr) {
    let (a, b) = (new(family, Type::DGRAM), new(family, Type::DGRAM));
    a.bind(one).unwrap();
    b.bind(two).unwrap();
    let mut memory = [0; 64];
    a.send_to(b"question", b.local_addr().unwrap()).unwrap();
    let (len, from) = b.recv_from(&mut memory).unwrap();
    assert_eq!((&memory[..len], from), (&b"question"[..], a.local_addr().unwrap()));
    b.send_to(b"", from).unwrap();
    let (len, from) = a.recv_from(&mut memory).unwrap();
    assert_eq!((len, from), (0, b.local_addr().unwrap()), "an empty datagram is one");
    a.connect(from).unwrap();
    a.send(b"connected").unwrap();
    assert_eq!(b.recv_vec(64).unwrap(), b"connected");
    let found = Socket::from_fd(a.detach()).unwrap();
    assert_eq!((found.family(), found.ty()), (family, Type::DGRAM));
}

#[test]
fn ipv4() {
    let any: Addr = "127.0.0.1:0".parse().unwrap();
    connection(Family::INET, Type::STREAM, any);
    datagrams(Family::INET, any, any);
}

#[test]
fn ipv6() {
    let any: Addr = "[::1]:0".parse().unwrap();
    if new(Family::INET6, Type::DGRAM).bind(any).is_err() {
        skip!("this machine has no IPv6 address");
    }
    connection(Family::INET6, Type::STREAM, any);
    datagrams(Family::INET6, any, any);
}

#[test]
fn unix() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| Addr::try_from(folder.path().join(name).as_path()).unwrap();
    let unnamed = Addr::try_from(UnixAddr::Unnamed).unwrap();
    let name = |word: &str| {
        let name = format!("berkeley-{word}-{}", std::process::id());
        Addr::try_from(UnixAddr::Abstract(name.as_bytes())).unwrap()
    };
    for ty in [Type::STREAM, Type::SEQPACKET] {
        connection(Family::UNIX, ty, path(&format!("path{ty}")));
        connection(Family::UNIX, ty, name(&ty.to_string()));
        connection(Family::UNIX, ty, unnamed);
        let (a, b) = Socket::pair(Family::UNIX, ty, Protocol::DEFAULT).unwrap();
        assert_eq!(a.local_addr().unwrap().to_unix(), Some(UnixAddr::Unnamed));
        assert_eq!(b.peer_addr().unwrap(), unnamed);
    }
    datagrams(Family::UNIX, path("a"), path("b"));
    datagrams(Family::UNIX, name("a"), name("b"));
    datagrams(Family::UNIX, unnamed, unnamed);
}

#[test]
fn a_short_path_reads_back_short() {
    let folder = tempfile::tempdir().unwrap();
    let long = folder.path().join("x".repeat(107 - folder.path().as_os_str().len() - 1));
    for path in [folder.path().join("s").as_path(), long.as_path()] {
        let sock = new(Family::UNIX, Type::DGRAM);
        sock.bind(path).unwrap();
        assert_eq!(sock.local_addr().unwrap().to_unix(), Some(UnixAddr::Path(path)));
        let sender = new(Family::UNIX, Type::DGRAM);
        sender.send_to(b"x", path).unwrap();
        let (_, from) = sock.recv_from(&mut [0; 8]).unwrap();
        assert!(from.is_empty() || from.to_unix() == Some(UnixAddr::Unnamed), "{from}");
    }
    assert!(Addr::try_from(Path::new(&"x".repeat(108))).is_err());
}

#[test]
fn raw_icmp_both_versions() {
    let Ok(raw) = Socket::new(Family::INET, Type::RAW, Protocol::ICMP) else {
        skip!("raw sockets need CAP_NET_RAW");
    };
    raw.set_timeout(Duration::from_secs(10)).unwrap();
    raw.send_to(&icmp::echo_request_v4(0x1234, 1, b"raw"), "127.0.91.1:0").unwrap();
    loop {
        let (len, from) = {
            let mut memory = [0; 256];
            let (len, from) = raw.recv_from(&mut memory).unwrap();
            let (_, packet) = icmp::strip_ip_header(&memory[..len]).unwrap();
            match icmp::parse_v4(packet) {
                Some(Message::EchoReply { id: 0x1234, data, .. }) => (data.len(), from),
                // Its own request, or the pings of other tests.
                _ => continue,
            }
        };
        assert_eq!((len, from.to_string().as_str()), (3, "127.0.91.1:0"));
        break;
    }
    let Ok(raw) = Socket::new(Family::INET6, Type::RAW, Protocol::ICMPV6) else { return };
    raw.set_timeout(Duration::from_secs(10)).unwrap();
    if raw.send_to(&icmp::echo_request_v6(0x4321, 1, b"raw6"), "[::1]:0").is_err() {
        skip!("this machine has no IPv6 address");
    }
    let mut memory = [0; 256];
    loop {
        let len = raw.recv(&mut memory).unwrap();
        if let Some(Message::EchoReply { id: 0x4321, data, .. }) = icmp::parse_v6(&memory[..len]) {
            assert_eq!(data, b"raw6");
            break;
        }
    }
}

#[test]
fn raw_igmp_and_a_header_of_our_own() {
    let Ok(igmp) = Socket::new(Family::INET, Type::RAW, Protocol::IGMP) else {
        skip!("raw sockets need CAP_NET_RAW");
    };
    igmp.set_timeout(Duration::from_secs(10)).unwrap();
    // A membership report of version 1 (RFC 1112), to an address of loopback.
    let mut report = vec![0x12, 0, 0, 0, 239, 9, 9, 9];
    let sum = icmp::checksum(&report).to_be_bytes();
    report[2..4].copy_from_slice(&sum);

    let own = Socket::new(Family::INET, Type::RAW, Protocol::RAW).unwrap();
    own.set(opt::IP_HDRINCL, true).unwrap();
    assert!(own.get(opt::IP_HDRINCL).unwrap());
    let mut packet = vec![0x45, 0, 0, 0, 0, 9, 0, 0, 33, 2, 0, 0, 127, 0, 92, 1, 127, 0, 0, 1];
    packet.extend(&report);
    assert_eq!(own.send_to(&packet, "127.0.0.1:0").unwrap(), packet.len());
    let mut memory = [0; 256];
    loop {
        let (len, from) = igmp.recv_from(&mut memory).unwrap();
        if from.to_string() != "127.0.92.1:0" {
            continue;
        }
        let (hops, payload) = icmp::strip_ip_header(&memory[..len]).unwrap();
        assert_eq!((hops, payload), (33, &report[..]), "the header is the one built here");
        break;
    }
}

#[test]
fn servers_by_the_text_of_their_address() {
    for text in
        ["tcp4://127.0.0.1:0", "unix:", "unix-seqpacket:", "udp://127.0.0.1:0", "unix-dgram:"]
    {
        let server = berkeley::create_server(text).unwrap();
        let endpoint =
            berkeley::Endpoint::of_addr(&server.local_addr().unwrap(), server.ty()).unwrap();
        let client = create_connection(&endpoint).unwrap();
        assert_eq!((client.family(), client.ty()), (server.family(), server.ty()), "{text}");
        client.send(b"hello").unwrap();
    }
}

#[test]
fn one_port_for_both_versions_or_for_several() {
    let one = Server::new().reuse_port(true).listen("127.0.0.1:0").unwrap();
    let addr = one.local_addr().unwrap();
    let _two = Server::new().reuse_port(true).listen(addr).unwrap();
    assert!(Server::new().listen(addr).is_err());
    if !berkeley::has_dualstack_ipv6() {
        skip!("this machine has no IPv6");
    }
    let both = Server::new().dual_stack(true).listen(":0").unwrap();
    let port = both.local_addr().unwrap().port().unwrap();
    for host in ["127.0.0.1", "[::1]"] {
        let Ok(client) = create_connection(format!("{host}:{port}")) else {
            assert_eq!(host, "[::1]");
            skip!("this machine has no IPv6 address");
        };
        let (_, peer) = both.accept().unwrap();
        assert_eq!(peer.port(), client.local_addr().unwrap().port());
    }
}

#[test]
fn a_port_in_time_wait_is_served_again() {
    let server = berkeley::create_server("127.0.0.1:0").unwrap();
    let addr = server.local_addr().unwrap();
    let client = create_connection(addr).unwrap();
    let (conn, _) = server.accept().unwrap();
    // Who closes first waits.
    drop(conn);
    assert_eq!(client.recv(&mut [0; 1]).unwrap(), 0);
    drop(client);
    drop(server);
    let plain = new(Family::INET, Type::STREAM);
    let refused = plain.bind(addr).err().map(|error| error.errno());
    assert_eq!(refused, Some(Some(berkeley::Errno::EADDRINUSE)), "nothing waits");
    berkeley::create_server(addr).unwrap();
}
