//! Every family, awaited: each receive, accept and connect waits for what comes later.
//!
//! Most families are in no ordinary kernel; `cargo xtask kernel` has them all.

#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod families;

use std::fs::OpenOptions;
use std::future::Future;
use std::io::{Read, Write};
use std::time::Duration;

use berkeley::tokio::Socket;
use berkeley::{
    Addr, AlgAddr, CipherOp, Family, HciAddr, J1939Addr, MsgFlags, NetlinkAddr, PacketAddr,
    Protocol, QrtrAddr, TipcAddr, Type, VsockAddr, icmp, opt,
};
use berkeley_testing::skip;

use self::families::{frame, missing, vcan};

/// An awaited socket of this kind, or a skip.
macro_rules! open {
    ($family:expr, $ty:expr, $protocol:expr) => {
        match Socket::new($family, $ty, $protocol) {
            Ok(socket) => {
                socket.set_timeout(Duration::from_secs(20));
                socket
            }
            Err(error) => match missing(&error) {
                Some(why) => skip!("{} {} {}: {why}", $family, $ty, $protocol),
                None => panic!("{error}"),
            },
        }
    };
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), test).await.unwrap() });
}

/// Lets who waits begin to.
async fn a_while() {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_millis(5)).await;
}

/// Accepts, connects and talks, the other side waiting each time.
async fn connects(listener: Socket, client: Socket, to: Addr) {
    let (accepted, connected) = tokio::join!(listener.accept(), async {
        a_while().await;
        client.connect(to).await
    });
    connected.unwrap();
    let server = accepted.unwrap().0;
    server.set_timeout(Duration::from_secs(20));
    for (from, at) in [(&client, &server), (&server, &client), (&client, &server)] {
        tell(from, None, at, b"a word").await;
    }
}

/// Sends to one who waits.
async fn tell(from: &Socket, to: Option<Addr>, at: &Socket, data: &[u8]) -> Addr {
    let mut got = vec![0; 1 << 16];
    let ((len, sender), sent) = tokio::join!(
        async {
            loop {
                let (len, sender) = at.recv_from(got.as_mut_slice()).await.unwrap();
                // On a medium that all share there is more.
                if got[..len].ends_with(data) {
                    break (len, sender);
                }
            }
        },
        async {
            a_while().await;
            match to {
                Some(to) => from.send_to(data, to).await,
                None => from.send(data).await,
            }
        }
    );
    assert_eq!(sent.unwrap(), data.len());
    assert!(len >= data.len());
    sender
}

/// A connection of this kind over the address that this text names.
macro_rules! connection {
    ($name:ident: $family:ident, $ty:ident, $protocol:expr, $place:expr) => {
        #[test]
        fn $name() {
            run(async {
                let listener = open!(Family::$family, Type::$ty, $protocol);
                let client = open!(Family::$family, Type::$ty, $protocol);
                listener.bind($place).await.unwrap();
                listener.listen(None).unwrap();
                let to = listener.local_addr().unwrap();
                connects(listener, client, to).await;
            });
        }
    };
}

connection!(tcp_over_ipv4: INET, STREAM, Protocol::DEFAULT, "127.0.0.1:0");
connection!(tcp_over_ipv6: INET6, STREAM, Protocol::DEFAULT, "[::1]:0");
connection!(mptcp: INET, STREAM, Protocol::MPTCP, "127.0.0.1:0");
connection!(sctp_one_to_one: INET, STREAM, Protocol::SCTP, "127.0.0.1:0");
connection!(dccp: INET, DCCP, Protocol::DCCP, "127.0.0.1:0");
connection!(unix_streams: UNIX, STREAM, Protocol::DEFAULT, "unix:");
connection!(unix_sequenced_packets: UNIX, SEQPACKET, Protocol::DEFAULT, "unix:");

/// Datagrams between two sockets that are both bound to such a place.
macro_rules! datagrams {
    ($name:ident: $family:ident, $ty:ident, $protocol:expr, $place:expr) => {
        #[test]
        fn $name() {
            run(async {
                let a = open!(Family::$family, Type::$ty, $protocol);
                let b = open!(Family::$family, Type::$ty, $protocol);
                for socket in [&a, &b] {
                    socket.bind($place).await.unwrap();
                    // SCTP's sockets of many associations accept those of others.
                    if Type::$ty == Type::SEQPACKET && $protocol == Protocol::SCTP {
                        socket.listen(None).unwrap();
                    }
                }
                let to = b.local_addr().unwrap();
                for _ in 0..3 {
                    tell(&a, Some(to), &b, b"a datagram").await;
                }
            });
        }
    };
}

datagrams!(udp_over_ipv4: INET, DGRAM, Protocol::DEFAULT, "127.0.0.1:0");
datagrams!(udp_over_ipv6: INET6, DGRAM, Protocol::DEFAULT, "[::1]:0");
datagrams!(udp_lite: INET, DGRAM, Protocol::UDPLITE, "127.0.0.1:0");
datagrams!(raw_ip: INET, RAW, Protocol::from(252), "127.0.0.1:0");
datagrams!(unix_datagrams: UNIX, DGRAM, Protocol::DEFAULT, "unix:");
datagrams!(rds: RDS, SEQPACKET, Protocol::DEFAULT, "127.0.0.1:0");
datagrams!(sctp_one_to_many: INET6, SEQPACKET, Protocol::SCTP, "[::1]:0");
datagrams!(netlink_between_processes: NETLINK, DGRAM, Protocol::from(2), NetlinkAddr::default());

#[test]
fn ping_sockets() {
    run(async {
        let v4 = open!(Family::INET, Type::DGRAM, Protocol::ICMP);
        let (answer, sent) = tokio::join!(v4.recv_vec(100), async {
            a_while().await;
            v4.send_to(&icmp::echo_request_v4(0, 7, b"there?"), "127.0.0.1:0").await
        });
        sent.unwrap();
        assert_eq!(&answer.unwrap()[8..], b"there?");
    });
}

#[test]
fn g1_netlink_answers() {
    run(async {
        let netlink = open!(Family::NETLINK, Type::RAW, Protocol::NETLINK_ROUTE);
        netlink.bind(NetlinkAddr::default()).await.unwrap();
        let mut request = 32_u32.to_ne_bytes().to_vec();
        request.extend(18_u16.to_ne_bytes()); // RTM_GETLINK
        request.extend(0x301_u16.to_ne_bytes()); // NLM_F_REQUEST | NLM_F_DUMP
        request.resize(32, 0);
        let (answer, sent) = tokio::join!(netlink.recv_vec(1 << 16), async {
            a_while().await;
            netlink.send_to(&request, NetlinkAddr::KERNEL).await
        });
        sent.unwrap();
        assert!(answer.unwrap().len() > 16);
    });
}

#[test]
fn packets() {
    run(async {
        let lo = berkeley::if_nametoindex("lo").unwrap();
        let sender = open!(Family::PACKET, Type::DGRAM, Protocol::from(0));
        let receiver = open!(Family::PACKET, Type::DGRAM, Protocol::from(0));
        // An Ethernet type for experiments.
        let place = PacketAddr { protocol: 0x88b5, ..PacketAddr::new(lo) };
        receiver.bind(place).await.unwrap();
        let to = PacketAddr { hardware: "00:00:00:00:00:00".parse().unwrap(), ..place };
        tell(&sender, Some(to.into()), &receiver, b"an awaited frame").await;
    });
}

#[test]
fn can_frames() {
    run(async {
        let _ = vcan!();
        let a = open!(Family::CAN, Type::RAW, Protocol::CAN_RAW);
        let b = open!(Family::CAN, Type::RAW, Protocol::CAN_RAW);
        a.bind("can:vcan0").await.unwrap();
        b.bind("can:vcan0").await.unwrap();
        tell(&a, None, &b, &frame(0x151, b"awaited")).await;
    });
}

#[test]
fn can_broadcast_manager() {
    run(async {
        let _ = vcan!();
        let manager = open!(Family::CAN, Type::DGRAM, Protocol::CAN_BCM);
        let bus = open!(Family::CAN, Type::RAW, Protocol::CAN_RAW);
        manager.connect("can:vcan0").await.unwrap();
        bus.bind("can:vcan0").await.unwrap();
        // `struct bcm_msg_head`: RX_SETUP (5) with RX_FILTER_ID (0x20) of one identifier.
        let (id, len) = if cfg!(target_pointer_width = "64") { (48, 56) } else { (28, 40) };
        let mut message = vec![0_u8; len];
        for (place, number) in [(0, 5_u32), (4, 0x20), (id, 0x152)] {
            message[place..place + 4].copy_from_slice(&number.to_ne_bytes());
        }
        manager.send(&message).await.unwrap();
        let (changed, sent) = tokio::join!(manager.recv_vec(200), async {
            a_while().await;
            bus.send(&frame(0x152, b"changed")).await
        });
        sent.unwrap();
        assert!(changed.unwrap().ends_with(&frame(0x152, b"changed")));
    });
}

#[test]
fn can_isotp() {
    run(async {
        let _ = vcan!();
        let a = open!(Family::CAN, Type::DGRAM, Protocol::CAN_ISOTP);
        let b = open!(Family::CAN, Type::DGRAM, Protocol::CAN_ISOTP);
        a.bind("isotp:vcan0,rx=0x461,tx=0x462").await.unwrap();
        b.bind("isotp:vcan0,rx=0x462,tx=0x461").await.unwrap();
        tell(&a, None, &b, b"a message of more than one frame").await;
    });
}

#[test]
fn can_j1939() {
    run(async {
        let interface = vcan!();
        let a = open!(Family::CAN, Type::DGRAM, Protocol::CAN_J1939);
        let b = open!(Family::CAN, Type::DGRAM, Protocol::CAN_J1939);
        a.bind(J1939Addr { addr: 0x51, ..J1939Addr::any(interface) }).await.unwrap();
        b.bind("j1939:vcan0,addr=0x52").await.unwrap();
        let to = J1939Addr { pgn: 0x12300, addr: 0x52, ..J1939Addr::any(interface) };
        tell(&a, Some(to.into()), &b, b"a message of more than one frame").await;
    });
}

/// A service that no other test here uses.
fn service(number: u32) -> u32 {
    number + 500 + (std::process::id() << 12)
}

#[test]
fn tipc_messages() {
    run(async {
        for ty in [Type::RDM, Type::DGRAM] {
            let a = open!(Family::TIPC, ty, Protocol::DEFAULT);
            let b = open!(Family::TIPC, ty, Protocol::DEFAULT);
            let service = service(ty.number() as u32);
            b.bind(TipcAddr::range(service, 0, 10)).await.unwrap();
            tell(&a, Some(TipcAddr::name(service, 5).into()), &b, b"by name").await;
        }
    });
}

#[test]
fn tipc_connections() {
    run(async {
        for ty in [Type::STREAM, Type::SEQPACKET] {
            let listener = open!(Family::TIPC, ty, Protocol::DEFAULT);
            let client = open!(Family::TIPC, ty, Protocol::DEFAULT);
            let service = service(20 + ty.number() as u32);
            listener.bind(TipcAddr::range(service, 0, 10)).await.unwrap();
            listener.listen(None).unwrap();
            connects(listener, client, TipcAddr::name(service, 5).into()).await;
        }
    });
}

#[test]
fn vsock() {
    run(async {
        if !std::path::Path::new("/sys/module/vsock_loopback").exists() {
            skip!("VSOCK's loopback transport is not loaded");
        }
        for ty in [Type::STREAM, Type::SEQPACKET] {
            let listener = open!(Family::VSOCK, ty, Protocol::DEFAULT);
            let client = open!(Family::VSOCK, ty, Protocol::DEFAULT);
            listener.bind(VsockAddr::new(VsockAddr::ANY, VsockAddr::ANY)).await.unwrap();
            listener.listen(None).unwrap();
            let port = listener.local_addr().unwrap().to::<VsockAddr>().unwrap().port;
            connects(listener, client, VsockAddr::new(VsockAddr::LOCAL, port).into()).await;
        }
    });
}

#[test]
fn alg() {
    run(async {
        let hash = open!(Family::ALG, Type::SEQPACKET, Protocol::DEFAULT);
        hash.bind(AlgAddr::new("hash", "sha256").unwrap()).await.unwrap();
        let (operation, _) = hash.accept().await.unwrap();
        operation.send_with(b"ab", MsgFlags::MORE).await.unwrap();
        operation.send(b"c").await.unwrap();
        let digest = operation.recv_vec(64).await.unwrap();
        assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);

        let cipher = open!(Family::ALG, Type::SEQPACKET, Protocol::DEFAULT);
        cipher.bind(AlgAddr::new("skcipher", "cbc(aes)").unwrap()).await.unwrap();
        cipher.set(opt::ALG_SET_KEY, &[7; 16][..]).unwrap();
        let (operation, _) = cipher.accept().await.unwrap();
        let (secret, sent) = tokio::join!(operation.recv_vec(16), async {
            a_while().await;
            operation.send_cipher(&[1; 16], CipherOp::ENCRYPT, &[0; 16], 0, MsgFlags::empty()).await
        });
        sent.unwrap();
        assert_eq!(secret.unwrap().len(), 16);
    });
}

#[test]
fn qipcrtr() {
    run(async {
        let a = open!(Family::QIPCRTR, Type::DGRAM, Protocol::DEFAULT);
        let b = open!(Family::QIPCRTR, Type::DGRAM, Protocol::DEFAULT);
        let place: QrtrAddr = b.local_addr().unwrap().to().unwrap();
        b.bind(place).await.unwrap();
        let to = b.local_addr().unwrap();
        tell(&a, Some(to), &b, b"to a node").await;
    });
}

#[test]
fn bluetooth() {
    run(async {
        let monitor = open!(Family::BLUETOOTH, Type::RAW, Protocol::BTPROTO_HCI);
        let Ok(mut controller) = OpenOptions::new().read(true).write(true).open("/dev/vhci") else {
            skip!("there is no /dev/vhci");
        };
        monitor.bind(HciAddr { device: HciAddr::NONE, channel: 2 }).await.unwrap();
        controller.write_all(&[0xff, 0]).unwrap(); // a vendor's packet: make a controller
        let mut answer = [0; 4];
        controller.read_exact(&mut answer).unwrap();
        // `struct hci_mon_hdr`: opcode, index, length; 0 is a new controller.
        let came = [[0, 0], [answer[2], answer[3]]].concat();
        while !monitor.recv_vec(4096).await.unwrap().starts_with(&came) {}

        for (ty, protocol, place) in [
            (Type::SEQPACKET, Protocol::BTPROTO_L2CAP, "l2cap:00:00:00:00:00:00,psm=0x1003"),
            (Type::STREAM, Protocol::BTPROTO_RFCOMM, "rfcomm:00:00:00:00:00:00,channel=4"),
            (Type::SEQPACKET, Protocol::BTPROTO_SCO, "sco:00:00:00:00:00:00"),
        ] {
            let listener = open!(Family::BLUETOOTH, ty, protocol);
            listener.bind(place).await.unwrap();
            listener.listen(None).unwrap();
            // Nobody is in reach.
            listener.set_timeout(Duration::from_millis(20));
            assert!(listener.accept().await.unwrap_err().is_timeout(), "{place}");
        }
    });
}

#[test]
fn xdp() {
    run(async {
        let socket = open!(Family::XDP, Type::RAW, Protocol::DEFAULT);
        socket.set_timeout(Duration::from_millis(20));
        assert!(socket.wait_readable().await.unwrap_err().is_timeout());
    });
}
