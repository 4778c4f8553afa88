//! What options are for, one test per feature: bytes, TCP's state, filters, the kernel's TLS,
//! peers, and what comes with datagrams. `option_groups.rs` has multicast.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::time::Duration;

use berkeley::opt::{self, Instruction, Opt, TcpState, TlsKeys, TlsSecrets, TlsVersion};
use berkeley::{Errno, Family, Protocol, Socket, Type, cmsg};
use berkeley_testing::{eventually, skip};

const LIMIT: Duration = Duration::from_secs(10);

fn tcp() -> Socket {
    Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap()
}

fn udp() -> Socket {
    let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    sock.set_timeout(LIMIT).unwrap();
    sock
}

/// Both ends of a TCP connection.
fn connection() -> (Socket, Socket) {
    let server = berkeley::create_server("127.0.0.1:0").unwrap();
    let client = berkeley::create_connection(server.local_addr().unwrap()).unwrap();
    let (conn, _) = server.accept().unwrap();
    for socket in [&client, &conn] {
        socket.set_timeout(LIMIT).unwrap();
    }
    (client, conn)
}

fn port(sock: &Socket) -> u16 {
    sock.local_addr().unwrap().port().unwrap()
}

#[test]
fn b1_any_option_by_level_number_and_bytes() {
    let sock = tcp();
    sock.setsockopt(6, 4, &77_i32.to_ne_bytes()).unwrap();
    let mut value = [0; 16];
    assert_eq!(sock.getsockopt(6, 4, &mut value).unwrap(), 4);
    assert_eq!(value[..4], 77_i32.to_ne_bytes());
    const MINE: Opt<opt::Seconds> = Opt::new("MINE", 6, 4);
    assert_eq!(sock.get(MINE).unwrap(), Duration::from_secs(77));
    let error = sock.getsockopt(6, 9999, &mut value).unwrap_err();
    assert_eq!(error.errno(), Some(Errno::ENOPROTOOPT));
    assert!(error.to_string().contains("(6, 9999)"), "{error}");
    let error = sock.setsockopt(1, 1, &[1, 2]).unwrap_err();
    assert_eq!(error.errno(), Some(Errno::EINVAL), "too short a value");
}

/// An address that the kernel would write to is as good as a pointer, which safe code has none of.
#[test]
fn b1_bytes_cannot_have_the_kernel_write_elsewhere() {
    let (client, conn) = connection();
    conn.send_all(&[7; 100]).unwrap();
    assert!(eventually(|| client.get(opt::TCP_INFO).unwrap().bytes_received == Some(100)));
    let mut victim = [0_u8; 4096];
    let address = victim.as_mut_ptr() as u64;
    // address, length, skip hint, inq, err, copy buffer and its length
    let mut ask = [0_u8; 64];
    ask[24..32].copy_from_slice(&address.to_ne_bytes());
    ask[32..36].copy_from_slice(&4096_u32.to_ne_bytes());
    let error = client.getsockopt(6, 35, &mut ask).unwrap_err();
    assert_eq!(error.errno(), Some(Errno::EINVAL), "{error}");
    assert_eq!(victim, [0; 4096]);
    // Without addresses it only tells.
    client.getsockopt(6, 35, &mut [0; 64]).unwrap();
    // The length of this one is counted in instructions: 2 of 8 bytes do not fit into 8 bytes.
    let sock = udp();
    sock.attach_filter(&[Instruction::new(0, 0, 0, 7), Instruction::REJECT]).unwrap();
    let mut room = [0xaa_u8; 24];
    let error = sock.getsockopt(1, 26, &mut room[..8]).unwrap_err();
    assert_eq!(error.errno(), Some(Errno::EINVAL));
    assert_eq!(room, [0xaa; 24]);
    assert_eq!(sock.getsockopt(1, 26, &mut room).unwrap(), 16);
    // Rules of the firewall, whose old counters go to an address.
    let raw = [0_u8; 128];
    for (level, number) in [(0, 64), (0, 96), (0, 128), (41, 64), (283, 4), (276, 2), (276, 7)] {
        let error = sock.setsockopt(level, number, &raw).unwrap_err();
        assert_eq!(error.errno(), Some(Errno::EINVAL), "({level}, {number})");
    }
}

#[test]
fn b2_b3_options_are_typed_and_have_the_names_of_c() {
    let sock = tcp();
    let on: bool = sock.get(opt::SO_KEEPALIVE).unwrap();
    let idle: Duration = sock.get(opt::TCP_KEEPIDLE).unwrap();
    let room: usize = sock.get(opt::SO_RCVBUF).unwrap();
    let ty: Type = sock.get(opt::SO_TYPE).unwrap();
    let name: String = sock.get(opt::TCP_CONGESTION).unwrap();
    assert!(!on && idle > Duration::ZERO && room > 0 && ty == Type::STREAM && !name.is_empty());
    sock.set(opt::TCP_CONGESTION, "reno").unwrap();
    assert_eq!(sock.get(opt::TCP_CONGESTION).unwrap(), "reno");
    let error = sock.set(opt::TCP_CONGESTION, "no such algorithm").unwrap_err();
    assert!(error.to_string().contains("TCP_CONGESTION"), "{error}");
    for row in opt::TABLE {
        let found = opt::by_name(&row.name.to_lowercase()).unwrap();
        assert_eq!((found.level, found.number), (row.level, row.number));
    }
}

#[test]
fn b4_tcp_info_tells_the_connection() {
    let listener = berkeley::create_server("127.0.0.1:0").unwrap();
    assert_eq!(listener.get(opt::TCP_INFO).unwrap().state, TcpState::LISTEN);
    assert_eq!(tcp().get(opt::TCP_INFO).unwrap().state, TcpState::CLOSE);
    let (client, conn) = connection();
    client.send_all(&[1; 5000]).unwrap();
    let mut got = vec![0; 5000];
    (&conn).read_exact(&mut got).unwrap();
    assert!(eventually(|| client.get(opt::TCP_INFO).unwrap().unacked == 0));
    let info = client.get(opt::TCP_INFO).unwrap();
    assert_eq!(info.state, TcpState::ESTABLISHED);
    assert!(info.options.contains(opt::TcpOptions::SACK), "{info:?}");
    assert!(info.rtt > Duration::ZERO && info.rtt < LIMIT, "{:?}", info.rtt);
    assert!(info.rto >= info.rtt && info.send_mss > 500 && info.congestion_window > 0);
    // What one side multiplies by is what the other has said.
    let (ours, theirs) = (info.window_scales, conn.get(opt::TCP_INFO).unwrap().window_scales);
    assert_eq!((ours.send, ours.receive), (theirs.receive, theirs.send));
    assert!(ours.send > 0 && ours.send < 15, "{ours:?}");
    // The request to connect counts as one.
    assert_eq!(info.bytes_acked, Some(5001));
    assert_eq!(info.bytes_sent, Some(5000));
    assert_eq!(conn.get(opt::TCP_INFO).unwrap().bytes_received, Some(5000));
    drop(conn);
    assert!(eventually(|| { client.get(opt::TCP_INFO).unwrap().state == TcpState::CLOSE_WAIT }));
}

/// What an older kernel tells is shorter.
#[test]
fn b4_tcp_info_of_an_older_kernel_has_none_of_the_newer_fields() {
    use opt::{Codec, TcpInfo};
    let (client, _conn) = connection();
    let mut bytes = vec![0; TcpInfo::ROOM];
    let len = client.getsockopt(6, 11, &mut bytes).unwrap();
    assert!(TcpInfo::decode(&bytes[..len]).is_some());
    let old = TcpInfo::decode(&bytes[..104]).unwrap();
    assert_eq!(old.state, TcpState::ESTABLISHED);
    assert_eq!((old.pacing_rate, old.bytes_acked, old.received_ce_bytes), (None, None, None));
    assert!(!TcpInfo::describe(&bytes[..104]).unwrap().contains("pacing"));
    let newer = TcpInfo::decode(&bytes[..136]).unwrap();
    assert!(newer.bytes_acked.is_some() && newer.unsent_bytes.is_none(), "{newer:?}");
    assert_eq!(TcpInfo::decode(&bytes[..103]), None);
    // A piece of a field is no field.
    assert_eq!(TcpInfo::decode(&bytes[..107]).unwrap().pacing_rate, None);
}

#[test]
fn b4_mptcp_info_tells_the_connection() {
    let mptcp = Protocol::from(262);
    let made = Socket::new(Family::INET, Type::STREAM, mptcp);
    let Ok(server) = made else { skip!("this kernel has no MPTCP") };
    server.bind("127.0.0.1:0").unwrap();
    server.listen(1).unwrap();
    let client = Socket::new(Family::INET, Type::STREAM, mptcp).unwrap();
    client.set_timeout(LIMIT).unwrap();
    client.connect(server.local_addr().unwrap()).unwrap();
    let (conn, _) = server.accept().unwrap();
    client.send_all(b"over one path").unwrap();
    conn.set_timeout(LIMIT).unwrap();
    (&conn).read_exact(&mut [0; 13]).unwrap();
    let info = match client.get(opt::MPTCP_INFO) {
        Ok(info) => info,
        Err(error) => skip!("this kernel tells nothing of MPTCP: {error}"),
    };
    if info.flags.contains(opt::MptcpFlags::FALLBACK) {
        skip!("MPTCP is switched off here");
    }
    assert!(info.token != 0 && info.write_sequence != 0, "{info:?}");
    let flows = client.get(opt::MPTCP_SUBFLOW_ADDRS).unwrap();
    assert_eq!(flows.len(), 1);
    assert_eq!(flows[0].peer, server.local_addr().unwrap());
    assert_eq!(flows[0].local, client.local_addr().unwrap());
    let infos = client.get(opt::MPTCP_TCPINFO).unwrap();
    assert_eq!(infos.len(), 1);
    assert_eq!(infos[0].state, TcpState::ESTABLISHED);
}

#[test]
fn b5_fast_open() {
    let server = tcp();
    server.bind("127.0.0.1:0").unwrap();
    server.set(opt::TCP_FASTOPEN, 16).unwrap();
    server.listen(4).unwrap();
    match server.set(opt::TCP_FASTOPEN_KEY, [9; 16]) {
        Ok(()) => assert_eq!(server.get(opt::TCP_FASTOPEN_KEY).unwrap(), [9; 16]),
        Err(error) => assert_ne!(error.errno(), Some(Errno::ENOPROTOOPT), "{error}"),
    }
    let client = tcp();
    client.set_timeout(LIMIT).unwrap();
    client.set(opt::TCP_FASTOPEN_CONNECT, true).unwrap();
    client.connect(server.local_addr().unwrap()).unwrap();
    client.send_all(b"at once").unwrap();
    server.set_timeout(LIMIT).unwrap();
    let (conn, _) = server.accept().unwrap();
    conn.set_timeout(LIMIT).unwrap();
    let mut got = [0; 7];
    (&conn).read_exact(&mut got).unwrap();
    assert_eq!(&got, b"at once");
}

#[test]
fn b6_several_sockets_share_a_port() {
    let (first, second) = (udp(), udp());
    first.set(opt::SO_REUSEPORT, true).unwrap();
    first.bind("127.0.0.1:0").unwrap();
    let addr = first.local_addr().unwrap();
    assert_eq!(second.bind(addr).unwrap_err().errno(), Some(Errno::EADDRINUSE));
    second.set(opt::SO_REUSEPORT, true).unwrap();
    second.bind(addr).unwrap();
}

#[test]
fn b7_a_program_chooses_among_the_sockets_of_a_port() {
    let (first, second, sender) = (udp(), udp(), udp());
    for socket in [&first, &second] {
        socket.set(opt::SO_REUSEPORT, true).unwrap();
    }
    first.bind("127.0.0.1:0").unwrap();
    let addr = first.local_addr().unwrap();
    second.bind(addr).unwrap();
    for (number, chosen, other) in [(0, &first, &second), (1, &second, &first)] {
        first.attach_reuseport_filter(&[Instruction::accept(number)]).unwrap();
        for _ in 0..8 {
            sender.send_to(b"chosen", addr).unwrap();
        }
        for _ in 0..8 {
            assert_eq!(chosen.recv_vec(16).unwrap(), b"chosen");
        }
        other.set_timeout(Duration::ZERO).unwrap();
        assert!(other.recv_vec(16).unwrap_err().is_would_block());
        other.set_timeout(LIMIT).unwrap();
    }
    first.set(opt::SO_DETACH_REUSEPORT_BPF, ()).unwrap();
}

#[test]
fn b8_a_filter_lets_through_what_it_says() {
    let (receiver, sender) = (udp(), udp());
    receiver.bind("127.0.0.1:0").unwrap();
    // Only what begins with 'y'; a UDP socket's filter sees the header of 8 bytes.
    let program = [
        Instruction::new(0x30, 0, 0, 8),
        Instruction::new(0x15, 0, 1, u32::from(b'y')),
        Instruction::accept(u32::MAX),
        Instruction::REJECT,
    ];
    receiver.attach_filter(&program).unwrap();
    assert_eq!(receiver.get(opt::SO_ATTACH_FILTER).unwrap(), program);
    let addr = receiver.local_addr().unwrap();
    for word in ["no", "yes", "never", "yet"] {
        sender.send_to(word.as_bytes(), addr).unwrap();
    }
    assert_eq!(receiver.recv_vec(16).unwrap(), b"yes");
    assert_eq!(receiver.recv_vec(16).unwrap(), b"yet");
    receiver.detach_filter().unwrap();
    assert_eq!(receiver.get(opt::SO_ATTACH_FILTER).unwrap(), []);
    sender.send_to(b"no", addr).unwrap();
    assert_eq!(receiver.recv_vec(16).unwrap(), b"no");
    // A program that jumps past its end is none, nor is an empty one.
    let wrong = [Instruction::new(0x15, 9, 9, 0), Instruction::REJECT];
    assert_eq!(receiver.attach_filter(&wrong).unwrap_err().errno(), Some(Errno::EINVAL));
    assert_eq!(receiver.attach_filter(&[]).unwrap_err().errno(), Some(Errno::EINVAL));
    let endless = vec![Instruction::REJECT; 70_000];
    assert_eq!(receiver.attach_filter(&endless).unwrap_err().errno(), Some(Errno::EINVAL));
    receiver.attach_filter(&program).unwrap();
    receiver.set(opt::SO_LOCK_FILTER, true).unwrap();
    assert_eq!(receiver.detach_filter().unwrap_err().errno(), Some(Errno::EPERM));
}

#[test]
fn b9_b10_bound_to_an_interface() {
    let lo = berkeley::if_nametoindex("lo").unwrap();
    let sock = udp();
    sock.set(opt::SO_BINDTODEVICE, "lo").unwrap();
    assert_eq!(sock.get(opt::SO_BINDTODEVICE).unwrap(), "lo");
    assert_eq!(sock.get(opt::SO_BINDTOIFINDEX).unwrap(), lo);
    let sock = udp();
    sock.set(opt::SO_BINDTOIFINDEX, lo).unwrap();
    assert_eq!(sock.get(opt::SO_BINDTODEVICE).unwrap(), "lo");
    let sock = udp();
    sock.set(opt::IP_UNICAST_IF, lo).unwrap();
    assert_eq!(sock.get(opt::IP_UNICAST_IF).unwrap(), lo);
    let error = sock.set(opt::SO_BINDTODEVICE, "no-such").unwrap_err();
    assert!([Errno::ENODEV, Errno::EPERM].contains(&error.errno().unwrap()), "{error}");
}

#[test]
fn b11_mark_and_priority() {
    let sock = udp();
    sock.set(opt::SO_PRIORITY, 5).unwrap();
    assert_eq!(sock.get(opt::SO_PRIORITY).unwrap(), 5);
    match sock.set(opt::SO_MARK, 0xdead_beef_u32) {
        Ok(()) => assert_eq!(sock.get(opt::SO_MARK).unwrap(), 0xdead_beef),
        Err(error) => assert_eq!(error.errno(), Some(Errno::EPERM)),
    }
}

#[test]
fn b12_keepalive() {
    let sock = tcp();
    sock.set(opt::SO_KEEPALIVE, true).unwrap();
    sock.set(opt::TCP_KEEPIDLE, Duration::from_secs(40)).unwrap();
    sock.set(opt::TCP_KEEPINTVL, Duration::from_millis(1)).unwrap();
    sock.set(opt::TCP_KEEPCNT, 4).unwrap();
    assert!(sock.get(opt::SO_KEEPALIVE).unwrap());
    assert_eq!(sock.get(opt::TCP_KEEPIDLE).unwrap(), Duration::from_secs(40));
    assert_eq!(sock.get(opt::TCP_KEEPINTVL).unwrap(), Duration::from_secs(1), "rounded up");
    assert_eq!(sock.get(opt::TCP_KEEPCNT).unwrap(), 4);
}

#[test]
fn b13_lingering_for_no_time_resets_the_connection() {
    let (client, conn) = connection();
    client.set(opt::SO_LINGER, Some(Duration::ZERO)).unwrap();
    assert_eq!(client.get(opt::SO_LINGER).unwrap(), Some(Duration::ZERO));
    drop(client);
    assert_eq!(conn.recv(&mut [0; 1]).unwrap_err().errno(), Some(Errno::ECONNRESET));
}

#[test]
fn b15_the_kernel_encrypts_tls() {
    let secrets = [
        TlsSecrets::Aes128Gcm { key: [1; 16], salt: [2; 4], iv: [3; 8], sequence: [0; 8] },
        TlsSecrets::Aes256Gcm { key: [1; 32], salt: [2; 4], iv: [3; 8], sequence: [0; 8] },
        TlsSecrets::Aes128Ccm { key: [1; 16], salt: [2; 4], iv: [3; 8], sequence: [0; 8] },
        TlsSecrets::ChaCha20Poly1305 { key: [1; 32], iv: [3; 12], sequence: [0; 8] },
    ];
    let mut ciphers = 0;
    for secrets in secrets {
        for version in [TlsVersion::V1_2, TlsVersion::V1_3] {
            let keys = TlsKeys { version, secrets: secrets.clone() };
            let (client, conn) = connection();
            for socket in [&client, &conn] {
                if let Err(error) = socket.set(opt::TCP_ULP, "tls") {
                    skip!("this kernel has no TLS: {error}");
                }
            }
            // Without this cipher in the kernel, the others are tried.
            if client.set(opt::TLS_TX, keys.clone()).is_err() {
                continue;
            }
            conn.set(opt::TLS_RX, keys.clone()).unwrap();
            assert_eq!(client.get(opt::TCP_ULP).unwrap(), "tls");
            client.send_all(b"in secret").unwrap();
            let mut got = [0; 9];
            (&conn).read_exact(&mut got).unwrap();
            assert_eq!(&got, b"in secret");
            let told = client.get(opt::TLS_TX).unwrap();
            assert_eq!(told.version, version);
            assert_eq!(format!("{told:?}"), format!("{keys:?}"), "the version and the cipher");
            assert!(matches!(told.secrets, TlsSecrets::Hidden(_)));
            ciphers += 1;
        }
    }
    assert!(ciphers > 0, "the kernel has TLS and no cipher for it");
}

#[test]
fn b15_keys_are_never_shown() {
    use opt::Codec;
    let secrets = TlsSecrets::Aes128Gcm {
        key: *b"swordfishpasswrd",
        salt: [83; 4],
        iv: [119; 8],
        sequence: [0; 8],
    };
    let keys = TlsKeys { version: TlsVersion::V1_3, secrets };
    let bytes = TlsKeys::encode(keys.clone());
    assert!(bytes.windows(9).any(|window| window == b"swordfish"));
    for shown in [format!("{keys:?}"), TlsKeys::describe(&bytes).unwrap()] {
        assert_eq!(shown, "TLS 1.3, AES-128-GCM");
    }
    for name in ["ALG_SET_KEY", "TCP_FASTOPEN_KEY", "TCP_MD5SIG", "SCTP_AUTH_KEY", "TCP_AO_ADD_KEY"]
    {
        assert_eq!((opt::by_name(name).unwrap().describe)(&[1; 400]), None, "{name}");
    }
}

#[test]
fn b16_busy_polling_processor_and_cookie() {
    let (a, b) = (udp(), udp());
    assert_ne!(a.get(opt::SO_COOKIE).unwrap(), b.get(opt::SO_COOKIE).unwrap());
    assert_eq!(a.get(opt::SO_COOKIE).unwrap(), a.get(opt::SO_COOKIE).unwrap());
    assert_eq!(a.get(opt::SO_NETNS_COOKIE).unwrap(), b.get(opt::SO_NETNS_COOKIE).unwrap());
    a.set(opt::SO_INCOMING_CPU, 0).unwrap();
    assert_eq!(a.get(opt::SO_INCOMING_CPU).unwrap(), 0);
    // Only a right makes it longer.
    match a.set(opt::SO_BUSY_POLL, Duration::from_nanos(49_001)) {
        Ok(()) => assert_eq!(a.get(opt::SO_BUSY_POLL).unwrap(), Duration::from_micros(50)),
        Err(error) => assert_eq!(error.errno(), Some(Errno::EPERM)),
    }
}

#[test]
fn b17_the_largest_packet_of_the_path() {
    let sock = udp();
    let error = sock.get(opt::IP_MTU).unwrap_err();
    assert_eq!(error.errno(), Some(Errno::ENOTCONN));
    sock.connect("127.0.0.1:9").unwrap();
    assert!(sock.get(opt::IP_MTU).unwrap() > 1000);
    for discovery in [opt::MtuDiscovery::DO, opt::MtuDiscovery::PROBE, opt::MtuDiscovery::DONT] {
        sock.set(opt::IP_MTU_DISCOVER, discovery).unwrap();
        assert_eq!(sock.get(opt::IP_MTU_DISCOVER).unwrap(), discovery);
    }
    let Ok(sock) = Socket::new(Family::INET6, Type::DGRAM, Protocol::DEFAULT) else {
        skip!("this machine has no IPv6");
    };
    sock.set(opt::IPV6_MTU_DISCOVER, opt::MtuDiscovery::DO).unwrap();
    sock.set(opt::IPV6_DONTFRAG, true).unwrap();
    if sock.connect("[::1]:9").is_ok() {
        let (_, mtu) = sock.get(opt::IPV6_PATHMTU).unwrap();
        assert_eq!(usize::try_from(mtu).unwrap(), sock.get(opt::IPV6_MTU).unwrap());
    }
}

#[test]
fn b18_foreign_addresses_and_original_destinations() {
    let sock = tcp();
    // Of a network for documentation, which nobody has. Nothing is sent.
    let foreign = "192.0.2.1:0";
    assert_eq!(sock.bind(foreign).unwrap_err().errno(), Some(Errno::EADDRNOTAVAIL));
    sock.set(opt::IP_FREEBIND, true).unwrap();
    sock.bind(foreign).unwrap();
    match tcp().set(opt::IP_TRANSPARENT, true) {
        Ok(()) => {}
        Err(error) => assert_eq!(error.errno(), Some(Errno::EPERM)),
    }
    let (client, _conn) = connection();
    // No firewall has changed it.
    let error = client.get(opt::SO_ORIGINAL_DST).unwrap_err();
    assert!([Errno::ENOENT, Errno::ENOPROTOOPT].contains(&error.errno().unwrap()), "{error}");
}

#[test]
fn b19_who_the_peer_is() {
    let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
    let peer = a.get(opt::SO_PEERCRED).unwrap();
    assert_eq!(peer.pid, std::process::id());
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let numbers = |key: &str| -> BTreeSet<u32> {
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        line.split_whitespace().map(|number| number.parse().unwrap()).collect()
    };
    assert!(numbers("Uid:").contains(&peer.uid) && numbers("Gid:").contains(&peer.gid));
    let groups: BTreeSet<u32> = a.get(opt::SO_PEERGROUPS).unwrap().into_iter().collect();
    assert_eq!(groups, numbers("Groups:"));
}

#[test]
fn b20_a_descriptor_of_the_peer() {
    let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
    let pidfd = match a.peer_pidfd() {
        Ok(pidfd) => pidfd,
        Err(error) => skip!("this kernel has no SO_PEERPIDFD: {error}"),
    };
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).unwrap();
    let pid = info.lines().find_map(|line| line.strip_prefix("Pid:")).unwrap().trim();
    assert_eq!(pid, std::process::id().to_string());
    let error = udp().peer_pidfd().unwrap_err();
    assert!(error.to_string().contains("SO_PEERPIDFD"), "{error}");
}

/// Switches every row on, sends a datagram to the socket itself, and sees what comes with it.
fn comes_with(sock: &Socket, switches: &[(Opt<opt::Bool>, &str)]) {
    let mut expected = BTreeSet::new();
    for (switch, kind) in switches {
        match sock.set(*switch, true) {
            Ok(()) => assert!(expected.insert(*kind), "{kind} comes of two switches"),
            // An older kernel.
            Err(error) => assert_eq!(error.errno(), Some(Errno::ENOPROTOOPT), "{error}"),
        }
    }
    sock.set_timeout(LIMIT).unwrap();
    sock.send_to(b"self", sock.local_addr().unwrap()).unwrap();
    let mut control = cmsg::RecvBuffer::with_room(1024);
    let got = sock.recv_message(&mut [0; 16], &mut control).unwrap();
    assert_eq!(got.data, 4);
    let came: BTreeSet<&str> = control.messages().filter_map(|message| message.name()).collect();
    assert_eq!(came, expected);
}

#[test]
fn b21_what_comes_with_datagrams() {
    let sock = udp();
    sock.bind("127.0.0.1:0").unwrap();
    comes_with(
        &sock,
        &[
            (opt::IP_PKTINFO, "IP_PKTINFO"),
            (opt::IP_RECVTTL, "IP_TTL"),
            (opt::IP_RECVTOS, "IP_TOS"),
            (opt::IP_RECVORIGDSTADDR, "IP_ORIGDSTADDR"),
            (opt::SO_TIMESTAMPNS, "SCM_TIMESTAMPNS"),
            (opt::SO_RCVMARK, "SO_MARK"),
            (opt::SO_RCVPRIORITY, "SO_PRIORITY"),
        ],
    );
    let sock = udp();
    sock.bind("127.0.0.1:0").unwrap();
    comes_with(&sock, &[(opt::SO_TIMESTAMP, "SCM_TIMESTAMP")]);
}

#[test]
fn b21_what_comes_with_datagrams_of_version_6() {
    let Ok(sock) = Socket::new(Family::INET6, Type::DGRAM, Protocol::DEFAULT) else {
        skip!("this machine has no IPv6");
    };
    if sock.bind("[::1]:0").is_err() {
        skip!("this machine has no IPv6");
    }
    comes_with(
        &sock,
        &[
            (opt::IPV6_RECVPKTINFO, "IPV6_PKTINFO"),
            (opt::IPV6_RECVHOPLIMIT, "IPV6_HOPLIMIT"),
            (opt::IPV6_RECVTCLASS, "IPV6_TCLASS"),
            (opt::IPV6_RECVORIGDSTADDR, "IPV6_ORIGDSTADDR"),
            (opt::SO_TIMESTAMP, "SCM_TIMESTAMP"),
        ],
    );
}

#[test]
fn b21_timestamps_and_errors_of_sent_packets_are_asked_for() {
    use opt::Timestamping;
    let sock = udp();
    let flags = Timestamping::TX_SOFTWARE | Timestamping::RX_SOFTWARE | Timestamping::SOFTWARE;
    sock.set(opt::SO_TIMESTAMPING, flags).unwrap();
    assert_eq!(sock.get(opt::SO_TIMESTAMPING).unwrap(), flags);
    let times =
        opt::TxTime { clock: opt::Clock::MONOTONIC, flags: opt::TxTimeFlags::REPORT_ERRORS };
    match sock.set(opt::SO_TXTIME, times) {
        Ok(()) => assert_eq!(sock.get(opt::SO_TXTIME).unwrap(), times),
        Err(error) => assert_eq!(error.errno(), Some(Errno::EPERM)),
    }
    sock.set(opt::IP_RECVERR, true).unwrap();
    assert!(sock.get(opt::IP_RECVERR).unwrap());
}

#[test]
fn a_connection_is_moved() {
    use opt::{Repair, TcpQueue};
    let (client, _conn) = connection();
    if let Err(error) = client.set(opt::TCP_REPAIR, Repair::ON) {
        skip!("no right to move connections: {error}");
    }
    client.set(opt::TCP_REPAIR_QUEUE, TcpQueue::SEND).unwrap();
    let sent = client.get(opt::TCP_QUEUE_SEQ).unwrap();
    client.set(opt::TCP_REPAIR_QUEUE, TcpQueue::RECEIVE).unwrap();
    assert_ne!(client.get(opt::TCP_QUEUE_SEQ).unwrap(), sent);
    let window = client.get(opt::TCP_REPAIR_WINDOW).unwrap();
    assert!(window.send_window > 0 && window.receive_window > 0, "{window:?}");
    client.set(opt::TCP_REPAIR, Repair::OFF_SILENTLY).unwrap();
    client.send_all(b"still there").unwrap();
}

#[test]
fn segments_are_signed() {
    let server = berkeley::create_server("127.0.0.1:0").unwrap();
    let signature = opt::TcpSignature::new("127.0.0.1:0".parse().unwrap(), "swordfish");
    if let Err(error) = server.set(opt::TCP_MD5SIG, signature.clone()) {
        skip!("this kernel signs no segments: {error}");
    }
    let client = tcp();
    client.set_timeout(LIMIT).unwrap();
    client.set(opt::TCP_MD5SIG, signature).unwrap();
    client.connect(server.local_addr().unwrap()).unwrap();
    server.accept().unwrap();
    let long = opt::TcpSignature::new("127.0.0.1:0".parse().unwrap(), [1; 81]);
    assert_eq!(server.set(opt::TCP_MD5SIG, long).unwrap_err().errno(), Some(Errno::EINVAL));
}

#[test]
fn the_headers_of_the_first_packet_are_kept() {
    let server = tcp();
    server.set(opt::TCP_SAVE_SYN, 1).unwrap();
    server.bind("127.0.0.1:0").unwrap();
    server.listen(1).unwrap();
    let _client = berkeley::create_connection(server.local_addr().unwrap()).unwrap();
    let (conn, _) = server.accept().unwrap();
    let headers = conn.get(opt::TCP_SAVED_SYN).unwrap();
    assert_eq!(headers[0] >> 4, 4, "a header of IPv4: {headers:?}");
    assert_eq!(headers[12..20], [127, 0, 0, 1, 127, 0, 0, 1]);
}

#[test]
fn ports_are_chosen_from_a_range() {
    let sock = udp();
    if let Err(error) = sock.set(opt::IP_LOCAL_PORT_RANGE, Some(45_000..=45_099)) {
        skip!("this kernel has no IP_LOCAL_PORT_RANGE: {error}");
    }
    assert_eq!(sock.get(opt::IP_LOCAL_PORT_RANGE).unwrap(), Some(45_000..=45_099));
    sock.bind("127.0.0.1:0").unwrap();
    assert!((45_000..=45_099).contains(&port(&sock)), "{}", port(&sock));
}

#[test]
fn a_raw_socket_receives_the_types_it_asks_for() {
    let Ok(sock) = Socket::new(Family::INET, Type::RAW, Protocol::ICMP) else {
        skip!("no right to raw sockets");
    };
    sock.set(opt::ICMP_FILTER, !1_u32).unwrap();
    assert_eq!(sock.get(opt::ICMP_FILTER).unwrap(), !1);
    let Ok(sock) = Socket::new(Family::INET6, Type::RAW, Protocol::ICMPV6) else {
        skip!("no raw sockets of IPv6");
    };
    let mut filter = opt::Icmp6Filter::BLOCK_ALL;
    filter.pass(129);
    sock.set(opt::ICMPV6_FILTER, filter).unwrap();
    assert_eq!(sock.get(opt::ICMPV6_FILTER).unwrap(), filter);
    assert_eq!(format!("{filter:?}"), "passes only [129]");
}

#[test]
fn lists_are_read_however_long_they_are() {
    let Ok(sock) = Socket::new(Family::NETLINK, Type::RAW, Protocol::DEFAULT) else {
        skip!("this kernel has no netlink");
    };
    sock.set(opt::NETLINK_ADD_MEMBERSHIP, 1).unwrap();
    let masks = sock.get(opt::NETLINK_LIST_MEMBERSHIPS).unwrap();
    assert_eq!(masks.first(), Some(&1), "{masks:?}");
}
