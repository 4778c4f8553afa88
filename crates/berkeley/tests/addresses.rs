//! Addresses of every family: bytes, values and texts, each way.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::net::SocketAddrV6;

use berkeley::{
    Addr, AddrError, AlgAddr, BdAddr, CanAddr, Endpoint, Family, FamilyAddr, HardwareAddr, HciAddr,
    IsoTpAddr, J1939Addr, L2capAddr, NetlinkAddr, PacketAddr, Protocol, QrtrAddr, RfcommAddr,
    SCHEMES, ScoAddr, Socket, TipcAddr, TipcScope, Type, UnixAddr, VsockAddr, XdpAddr,
};

/// The value becomes the bytes, the bytes the value, both the text, and the text the bytes.
fn there_and_back<T: FamilyAddr + PartialEq + std::fmt::Debug>(value: T, text: &str) {
    let addr = value.encode();
    assert_eq!(addr.family(), T::FAMILY);
    assert_eq!(T::decode(addr.as_bytes()).as_ref(), Some(&value));
    assert_eq!(addr.to::<T>(), Some(value));
    assert_eq!(format!("{addr:#}"), text);
    assert_eq!(text.parse::<Addr>().unwrap(), addr, "{text}");
    assert_eq!(text.parse::<Addr>().unwrap().as_bytes(), addr.as_bytes(), "{text}");
}

#[test]
#[cfg_attr(miri, ignore = "Miri has no interfaces")]
fn a3_ipv6_flow_and_scope() {
    let addr = SocketAddrV6::new("fe80::1".parse().unwrap(), 80, 0x12345_u32.to_be(), 7);
    there_and_back(addr, "[fe80::1%7]:80,flow=0x12345");
    let lo = berkeley::if_nametoindex("lo").unwrap();
    let by_name: Addr = "[fe80::1%lo]:80".parse().unwrap();
    assert_eq!(by_name, SocketAddrV6::new("fe80::1".parse().unwrap(), 80, 0, lo).into());
    assert_eq!(by_name.to_string(), "[fe80::1%lo]:80");
    assert_eq!(format!("{by_name:#}"), format!("[fe80::1%{lo}]:80"));
    // The flow label travels in the network's order.
    assert_eq!(Addr::from(addr).as_bytes()[4..8], [0, 1, 0x23, 0x45]);
}

#[test]
fn a8_packet() {
    let hardware: HardwareAddr = "02:00:00:00:00:01".parse().unwrap();
    let whole = PacketAddr { interface: 2, protocol: 0x0800, hardware_type: 1, kind: 4, hardware };
    there_and_back(whole, "packet:2,protocol=0x0800,addr=02:00:00:00:00:01,kind=4,hatype=1");
    there_and_back(PacketAddr::default(), "packet:*");
    // Infiniband's are longer than the structure.
    let long = HardwareAddr::new(&[7; 20]).unwrap();
    let addr = PacketAddr { hardware: long, ..PacketAddr::new(1) };
    assert_eq!(Addr::from(addr).as_bytes().len(), 32);
    assert_eq!(Addr::from(addr).to(), Some(addr));
}

#[test]
fn a9_netlink() {
    there_and_back(NetlinkAddr { port: 4711, groups: 0x11 }, "netlink:4711,groups=0x11");
    there_and_back(NetlinkAddr::KERNEL, "netlink:0");
}

#[test]
fn a10_vsock() {
    there_and_back(VsockAddr::new(VsockAddr::HOST, 1024), "vsock:host:1024");
    there_and_back(VsockAddr::new(VsockAddr::ANY, VsockAddr::ANY), "vsock:*:*");
    there_and_back(VsockAddr { cid: 3, port: 5, flags: 1 }, "vsock:3:5,flags=1");
}

#[test]
#[cfg_attr(miri, ignore = "Miri has no interfaces")]
fn a11_can() {
    there_and_back(CanAddr { interface: 7 }, "can:7");
    there_and_back(CanAddr { interface: 0 }, "can:*");
    let lo = berkeley::if_nametoindex("lo").unwrap();
    assert_eq!("can:lo".parse::<Addr>().unwrap().to(), Some(CanAddr { interface: lo }));
    assert_eq!(CanAddr { interface: lo }.to_string(), "can:lo");
}

#[test]
fn a12_can_isotp_and_j1939() {
    there_and_back(
        IsoTpAddr { interface: 7, rx: 0x8000_0123, tx: 0x456 },
        "isotp:7,rx=0x80000123,tx=0x456",
    );
    there_and_back(J1939Addr::any(7), "j1939:7");
    there_and_back(
        J1939Addr { interface: 7, name: 0x1234_5678_9abc, pgn: 0x12300, addr: 0x20 },
        "j1939:7,name=0x123456789abc,pgn=0x12300,addr=0x20",
    );
}

#[test]
fn a13_tipc() {
    there_and_back(TipcAddr::name(1000, 5), "tipc:1000:5");
    there_and_back(TipcAddr::range(1000, 0, 10), "tipc:1000:0-10");
    let domain = 0x0100_1001;
    let near = TipcAddr::Name { service: 1, instance: 2, domain, scope: TipcScope::NODE };
    there_and_back(near, "tipc:1:2,domain=0x1001001,scope=node");
    let socket = TipcAddr::Socket { reference: 9, node: domain, scope: TipcScope::NONE };
    there_and_back(socket, "tipc:9@0x1001001");
    let odd = TipcAddr::Range { service: 1, lower: 2, upper: 3, scope: TipcScope(-7) };
    there_and_back(odd, "tipc:1:2-3,scope=249");
}

#[test]
fn a15_alg() {
    there_and_back(AlgAddr::new("hash", "sha256").unwrap(), "alg:hash:sha256");
    let mut long = AlgAddr::new("aead", "authenc(hmac(sha1),cbc(aes))").unwrap();
    long.features = 8;
    long.mask = 8;
    there_and_back(long, "alg:aead:authenc(hmac(sha1),cbc(aes)),feat=0x8,mask=0x8");
    there_and_back(AlgAddr::new("a:b", "c,feat=1").unwrap(), "alg:a%3ab:c,feat%3d1");
    for (kind, name) in [("x".repeat(14), "n".into()), ("hash".to_owned(), "n".repeat(64))] {
        assert!(matches!(AlgAddr::new(kind, name), Err(AddrError::TooLong { .. })));
    }
    assert_eq!(AlgAddr::new("hash", "a\0b"), Err(AddrError::NulInPath));
}

#[test]
fn a16_qipcrtr() {
    there_and_back(QrtrAddr { node: 1, port: 0xffff_fffe }, "qrtr:1:4294967294");
}

#[test]
fn a17_bluetooth() {
    let device: BdAddr = "00:11:22:33:44:55".parse().unwrap();
    let l2cap = L2capAddr { device, psm: 0x1001, cid: 4, kind: 1 };
    there_and_back(l2cap, "l2cap:00:11:22:33:44:55,psm=0x1001,cid=0x4,type=1");
    // On the wire least significant byte first, as the kernel has it.
    assert_eq!(
        Addr::from(l2cap).as_bytes()[2..12],
        [0x01, 0x10, 0x55, 0x44, 0x33, 0x22, 0x11, 0x00, 4, 0],
    );
    there_and_back(RfcommAddr { device, channel: 3 }, "rfcomm:00:11:22:33:44:55,channel=3");
    there_and_back(ScoAddr { device }, "sco:00:11:22:33:44:55");
    there_and_back(HciAddr { device: 0, channel: 1 }, "hci:0,channel=1");
    there_and_back(HciAddr { device: HciAddr::NONE, channel: 0 }, "hci:none");
}

#[test]
fn a18_xdp() {
    there_and_back(
        XdpAddr { interface: 2, queue: 3, flags: 4, shared_umem: 5 },
        "xdp:2,queue=3,flags=0x4,umem=5",
    );
}

#[test]
fn a2_a25_unknown_families_keep_their_bytes() {
    for text in ["af99:0102ff", "af5:", "af16:00"] {
        let addr: Addr = text.parse().unwrap();
        assert_eq!(addr.to_string(), text);
        assert_eq!(Addr::from_bytes(addr.as_bytes()).unwrap(), addr);
    }
    assert_ne!("af99:00".parse::<Addr>().unwrap(), "af99:0000".parse::<Addr>().unwrap());
}

#[test]
fn what_no_text_tells_is_shown_as_bytes() {
    // Padding that is not zero, and an address's form that nobody knows.
    for text in ["af16:010000000000000000", "af30:0900000000000000000000000000"] {
        let addr: Addr = text.parse().unwrap();
        let shown = format!("{addr:#}");
        assert_eq!(shown.parse::<Addr>().unwrap(), addr, "{shown}");
        assert!(shown.starts_with("af"), "{shown}");
    }
}

#[test]
fn the_shorter_forms_of_kernels_are_the_same_address() {
    // Raw CAN answers 8 of 24 bytes.
    let whole = Addr::from(CanAddr { interface: 3 });
    let short = Addr::from_bytes(&whole.as_bytes()[..8]).unwrap();
    assert_eq!(short, whole);
    assert_eq!(short.to_string(), whole.to_string());
    assert_eq!(short.to(), Some(CanAddr { interface: 3 }));
}

#[test]
fn too_short_is_no_value() {
    let samples: Vec<Addr> = [
        "packet:1",
        "netlink:1",
        "isotp:1,rx=1,tx=2",
        "j1939:1",
        "tipc:1:2",
        "vsock:1:2",
        "alg:hash:md5",
        "qrtr:1:2",
        "l2cap:00:00:00:00:00:00",
        "xdp:1,queue=0",
    ]
    .map(|text| text.parse().unwrap())
    .to_vec();
    for addr in samples {
        for len in 0..addr.as_bytes().len() {
            // Whatever is cut off, it is printed and read back, and nothing panics.
            let cut = Addr::from_bytes(&addr.as_bytes()[..len]).unwrap();
            if len >= 2 {
                assert_eq!(format!("{cut:#}").parse::<Addr>().unwrap(), cut, "{cut:#}");
            }
        }
    }
    let netlink: Addr = "netlink:1".parse().unwrap();
    assert_eq!(Addr::from_bytes(&netlink.as_bytes()[..7]).unwrap().to::<NetlinkAddr>(), None);
    assert_eq!(netlink.to::<VsockAddr>(), None);
}

#[test]
fn wrong_texts_say_what_is_right() {
    for (text, part) in [
        ("vsock:host", "expected vsock:CONTEXT:PORT"),
        ("vsock:host:x", "expected vsock:CONTEXT:PORT"),
        ("vsock:host:1,x=2", "expected vsock:CONTEXT:PORT"),
        ("vsock:host:4294967296", "expected vsock:CONTEXT:PORT"),
        ("vsock:host:+1", "expected vsock:CONTEXT:PORT"),
        ("can:nosuch0", "no interface \"nosuch0\""),
        ("can:", "expected can:INTERFACE"),
        ("[fe80::1%nosuch0]:1", "no interface \"nosuch0\""),
        ("isotp:1,rx=1,rx=2", "expected isotp:"),
        ("tipc:1:2-3,domain=1", "expected tipc:"),
        ("l2cap:00:11", "expected l2cap:"),
        ("packet:1,addr=0:1", "expected packet:"),
        ("hci:70000", "expected hci:"),
        ("alg:hash", "expected alg:KIND:NAME"),
        ("qrtr:1", "expected qrtr:NODE:PORT"),
    ] {
        let error = text.parse::<Addr>().unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
        // The same where a socket takes it: no name is looked up.
        let sock = Socket::new(Family::INET6, Type::DGRAM, Protocol::DEFAULT).unwrap();
        let error = sock.bind(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn a_port_has_no_sign() {
    assert!("[::1]:+80".parse::<Addr>().is_err());
    assert!("127.0.0.1:+80".parse::<Addr>().is_err());
}

#[test]
fn every_scheme_reads_what_it_writes() {
    let places = [
        ("packet", "1,protocol=0x0003"),
        ("netlink", "0"),
        ("can", "1"),
        ("isotp", "1,rx=0x1,tx=0x2"),
        ("j1939", "1,addr=0x20"),
        ("tipc", "1000:0-10"),
        ("vsock", "local:5"),
        ("alg", "hash:md5"),
        ("qrtr", "1:2"),
        ("l2cap", "00:00:00:00:00:00,psm=0x1"),
        ("xdp", "1,queue=0"),
        ("rfcomm", "00:00:00:00:00:00,channel=1"),
        ("sco", "00:00:00:00:00:00"),
        ("hci", "0"),
        ("unix", "@x"),
        ("fd", "3"),
    ];
    for scheme in SCHEMES {
        let first = scheme.name.split('-').next().unwrap();
        let place = places.iter().find(|(word, _)| *word == first);
        let text = match (place, scheme.name) {
            (Some((_, place)), name) => format!("{name}:{place}"),
            (None, name @ ("icmp" | "icmp6" | "raw" | "raw6")) => format!("{name}://host"),
            (None, name) => format!("{name}://host:80"),
        };
        let endpoint: Endpoint = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(endpoint.scheme(), scheme, "{text}");
        let shown = endpoint.to_string();
        let again: Endpoint = shown.parse().unwrap_or_else(|error| panic!("{shown}: {error}"));
        assert_eq!(again, endpoint);
    }
}

#[test]
fn endpoints_of_addresses() {
    for (text, ty, expected) in [
        ("vsock:local:5", Type::SEQPACKET, "vsock-seqpacket:local:5"),
        ("can:*", Type::RAW, "can:*"),
        ("can:*", Type::DGRAM, "can-bcm:*"),
        ("isotp:*,rx=0x1,tx=0x2", Type::DGRAM, "isotp:*,rx=0x1,tx=0x2"),
        ("sco:00:00:00:00:00:00", Type::SEQPACKET, "sco:00:00:00:00:00:00"),
        ("rfcomm:00:00:00:00:00:00,channel=1", Type::STREAM, "rfcomm:00:00:00:00:00:00,channel=1"),
        ("127.0.0.1:1", Type::SEQPACKET, "sctp-seqpacket://127.0.0.1:1"),
    ] {
        let addr: Addr = text.parse().unwrap();
        assert_eq!(Endpoint::of_addr(&addr, ty).unwrap().to_string(), expected);
    }
}

#[test]
fn a4_unix_and_its_neighbours() {
    let addr = Addr::try_from(UnixAddr::Abstract(b"a\0b?%")).unwrap();
    assert_eq!(addr.to_string(), "unix:@a%00b%3f%25");
    assert_eq!(addr.to_string().parse::<Addr>().unwrap(), addr);
}

#[test]
fn protocols_have_names_in_their_families() {
    assert_eq!(Protocol::CAN_BCM.name_in(Family::CAN), Some("CAN_BCM"));
    assert_eq!(Protocol::from(3).name_in(Family::BLUETOOTH), Some("BTPROTO_RFCOMM"));
    assert_eq!(Protocol::from(3).name_in(Family::VSOCK), None);
}
