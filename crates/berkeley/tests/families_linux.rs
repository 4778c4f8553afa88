//! The families beside IP: CAN, TIPC, VSOCK, ALG, QIPCRTR, Bluetooth, XDP, UNIX. Data travels over
//! each. The names begin with the row of the table of features.
//!
//! Most of them are in no ordinary kernel; `cargo xtask kernel` has them all.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod families;

use std::fs::OpenOptions;
use std::io::{IoSlice, Read, Write};
use std::thread;

use berkeley::cmsg::{self, RecvBuffer};
use berkeley::errqueue::{ErrorEvent, Stage};
use berkeley::opt::Timestamping;
use berkeley::{
    Addr, AlgAddr, BdAddr, CanAddr, Cause, CipherOp, Errno, Family, HciAddr, IsoTpAddr, J1939Addr,
    L2capAddr, MsgFlags, Protocol, QrtrAddr, RfcommAddr, ScoAddr, Socket, TipcAddr, Type, UnixAddr,
    VsockAddr, XdpAddr, opt,
};
use berkeley_testing::skip;

use self::families::{exact, frame, open, take, vcan};

#[test]
fn a11_can_raw_frames() {
    let interface = vcan!();
    let (a, b) = (
        open!(Family::CAN, Type::RAW, Protocol::CAN_RAW),
        open!(Family::CAN, Type::RAW, Protocol::CAN_RAW),
    );
    a.bind(CanAddr { interface }).unwrap();
    b.bind("can:vcan0").unwrap();
    assert_eq!(b.local_addr().unwrap().to_string(), "can:vcan0");
    let sent = frame(0x123, b"abc");
    a.send(&sent).unwrap();
    let mut buf = [0; 72];
    let (len, from) = loop {
        // Other tests use the same bus.
        let (len, from) = b.recv_from(&mut buf).unwrap();
        if buf[..len] == sent {
            break (len, from);
        }
    };
    assert_eq!((len, from.to()), (16, Some(CanAddr { interface })));
    // Unbound, a frame goes to the interface that is named.
    let free = open!(Family::CAN, Type::RAW, Protocol::CAN_RAW);
    free.send_to(&frame(0x124, b"named"), CanAddr { interface }).unwrap();
    loop {
        let len = b.recv(&mut buf).unwrap();
        if buf[..len] == frame(0x124, b"named") {
            break;
        }
    }
}

#[test]
fn a11_can_fd_frames() {
    let interface = vcan!();
    let (a, b) = (
        open!(Family::CAN, Type::RAW, Protocol::CAN_RAW),
        open!(Family::CAN, Type::RAW, Protocol::CAN_RAW),
    );
    for socket in [&a, &b] {
        socket.set(opt::CAN_RAW_FD_FRAMES, true).unwrap();
        socket.bind(CanAddr { interface }).unwrap();
    }
    // `struct canfd_frame`: identifier, length, flags, 64 bytes.
    let mut sent = 0x7f_u32.to_ne_bytes().to_vec();
    sent.extend([64, 0, 0, 0]);
    sent.extend([0xfd; 64]);
    a.send(&sent).unwrap();
    let mut buf = [0; 72];
    loop {
        let len = b.recv(&mut buf).unwrap();
        if len == 72 {
            break;
        }
    }
    // The kernel marks a frame as FD on its way (CANFD_FDF).
    buf[5] = 0;
    assert_eq!(buf[..], sent);
}

#[test]
fn a11_can_xl_frames() {
    let interface = vcan!();
    let (a, b) = (
        open!(Family::CAN, Type::RAW, Protocol::CAN_RAW),
        open!(Family::CAN, Type::RAW, Protocol::CAN_RAW),
    );
    for socket in [&a, &b] {
        if socket.set(opt::CAN_RAW_XL_FRAMES, true).is_err() {
            skip!("CAN XL needs Linux 6.2");
        }
        socket.bind(CanAddr { interface }).unwrap();
    }
    // `struct canxl_frame`: priority, flags (XL), kind, length, acceptance, data.
    let mut sent = 0x55_u32.to_ne_bytes().to_vec();
    sent.extend([0x80, 1]);
    sent.extend(1000_u16.to_ne_bytes());
    sent.extend(0x0102_0304_u32.to_ne_bytes());
    sent.extend([0xc1; 1000]);
    match a.send(&sent) {
        Err(error) if error.errno() == Some(Errno::EINVAL) => {
            skip!("the frames of vcan0 are too small for CAN XL")
        }
        result => result.map(|_| ()).unwrap(),
    }
    let mut buf = [0; 2060];
    loop {
        let len = b.recv(&mut buf).unwrap();
        if buf[..len] == sent {
            break;
        }
    }
}

#[test]
fn a12_can_broadcast_manager() {
    let interface = vcan!();
    let manager = open!(Family::CAN, Type::DGRAM, Protocol::CAN_BCM);
    let bus = open!(Family::CAN, Type::RAW, Protocol::CAN_RAW);
    bus.bind(CanAddr { interface }).unwrap();
    manager.connect(CanAddr { interface }).unwrap();
    // `struct bcm_msg_head`: TX_SEND (4), and one frame. Times are longs; frames are aligned to 8.
    let (id, len) = if cfg!(target_pointer_width = "64") { (48, 56) } else { (28, 40) };
    let mut message = vec![0_u8; len];
    for (place, number) in [(0, 4_u32), (id, 0x321), (id + 4, 1)] {
        message[place..place + 4].copy_from_slice(&number.to_ne_bytes());
    }
    let sent = frame(0x321, b"manager");
    message.extend(&sent);
    manager.send(&message).unwrap();
    let mut buf = [0; 72];
    loop {
        let len = bus.recv(&mut buf).unwrap();
        if buf[..len] == sent {
            break;
        }
    }
}

#[test]
fn a12_can_isotp_messages() {
    let interface = vcan!();
    let (a, b) = (
        open!(Family::CAN, Type::DGRAM, Protocol::CAN_ISOTP),
        open!(Family::CAN, Type::DGRAM, Protocol::CAN_ISOTP),
    );
    a.bind(IsoTpAddr { interface, rx: 0x456, tx: 0x457 }).unwrap();
    b.bind("isotp:vcan0,rx=0x457,tx=0x456").unwrap();
    let own: IsoTpAddr = a.local_addr().unwrap().to().unwrap();
    assert_eq!(own, IsoTpAddr { interface, rx: 0x456, tx: 0x457 });
    // More than a frame has: it travels in pieces, and arrives whole.
    let data: Vec<u8> = (0..=255).collect();
    a.send(&data).unwrap();
    assert_eq!(b.recv_vec(1000).unwrap(), data);
}

/// The next events of the queue of errors: their stages and numbers.
fn stages(socket: &Socket, count: usize) -> Vec<(Stage, u32)> {
    let stage = |_| {
        socket.wait_error().unwrap();
        let queued = socket.recv_error(&mut [0; 100]).unwrap().unwrap();
        let ErrorEvent::Timestamp { stage, id, times, .. } = queued.event else {
            panic!("{queued:?}")
        };
        assert!(times.software.is_some(), "{queued:?}");
        (stage, id)
    };
    (0..count).map(stage).collect()
}

#[test]
fn c10_stages_of_can() {
    let interface = vcan!();
    let raw = open!(Family::CAN, Type::RAW, Protocol::CAN_RAW);
    raw.bind(CanAddr { interface }).unwrap();
    let base = Timestamping::SOFTWARE | Timestamping::TX_SCHED | Timestamping::OPT_ID;
    raw.set(opt::SO_TIMESTAMPING, base).unwrap();
    for number in 0..2 {
        raw.send(&frame(0x125, b"when")).unwrap();
        assert_eq!(stages(&raw, 1), [(Stage::Scheduled, number)]);
    }

    let (a, b) = (
        open!(Family::CAN, Type::DGRAM, Protocol::CAN_J1939),
        open!(Family::CAN, Type::DGRAM, Protocol::CAN_J1939),
    );
    a.bind(J1939Addr { addr: 0x21, ..J1939Addr::any(interface) }).unwrap();
    b.bind("j1939:vcan0,addr=0x31").unwrap();
    a.set(opt::SO_J1939_ERRQUEUE, true).unwrap();
    let acknowledged = Timestamping::SOFTWARE | Timestamping::TX_ACK | Timestamping::OPT_ID;
    a.set(opt::SO_TIMESTAMPING, acknowledged).unwrap();
    let to = J1939Addr { pgn: 0x12300, addr: 0x31, ..J1939Addr::any(interface) };
    a.send_to(&[7; 100], to).unwrap();
    assert_eq!(b.recv_vec(1000).unwrap().len(), 100);
    assert_eq!(stages(&a, 1), [(Stage::Acknowledged, 0)]);
    // Nobody has this address: the transfer is given up, and the socket told why.
    a.send_to(&[7; 100], J1939Addr { addr: 0x77, ..to }).unwrap();
    let event = loop {
        a.wait_error().unwrap();
        match a.recv_error(&mut [0; 100]).unwrap().map(|queued| queued.event) {
            Some(ErrorEvent::Timestamp { .. }) | None => {}
            Some(event) => break event,
        }
    };
    assert!(matches!(event, ErrorEvent::Local { errno, .. } if !errno.is_success()), "{event:?}");
}

#[test]
fn a12_can_j1939_messages() {
    let interface = vcan!();
    let (a, b) = (
        open!(Family::CAN, Type::DGRAM, Protocol::CAN_J1939),
        open!(Family::CAN, Type::DGRAM, Protocol::CAN_J1939),
    );
    a.bind(J1939Addr { addr: 0x20, ..J1939Addr::any(interface) }).unwrap();
    b.bind("j1939:vcan0,addr=0x30").unwrap();
    let to = J1939Addr { pgn: 0x12300, addr: 0x30, ..J1939Addr::any(interface) };
    a.send_to(b"short", to).unwrap();
    let mut control = RecvBuffer::with_room(256);
    let mut buf = [0; 2000];
    let got = b.recv_message(&mut buf, &mut control).unwrap();
    assert_eq!(&buf[..got.data], b"short");
    let from: J1939Addr = got.from.to().unwrap();
    assert_eq!((from.addr, from.pgn), (0x20, 0x12300));
    assert_eq!(control.get(cmsg::SCM_J1939_DEST_ADDR), Some(0x30));
    assert!(control.get(cmsg::SCM_J1939_PRIO).is_some());
    // A long one goes by the transport protocol.
    let long = vec![7; 1000];
    a.send_to(&long, to).unwrap();
    assert_eq!(b.recv_vec(2000).unwrap(), long);
}

/// A service that no other test here uses.
fn service() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(1000);
    NEXT.fetch_add(1, Ordering::Relaxed) + (std::process::id() << 12)
}

#[test]
fn a6_a13_tipc_messages() {
    for ty in [Type::RDM, Type::DGRAM] {
        let (a, b) = (
            open!(Family::TIPC, ty, Protocol::DEFAULT),
            open!(Family::TIPC, ty, Protocol::DEFAULT),
        );
        let service = service();
        b.bind(TipcAddr::range(service, 0, 10)).unwrap();
        a.send_to(b"by name", TipcAddr::name(service, 5)).unwrap();
        let (data, from) = take(&b, 100);
        assert_eq!(data, b"by name");
        assert!(matches!(from.to(), Some(TipcAddr::Socket { .. })), "{from}");
        b.send_to(b"to the socket", from).unwrap();
        assert_eq!(a.recv_vec(100).unwrap(), b"to the socket");
        // Everybody within a range.
        a.send_to(b"to the range", TipcAddr::range(service, 3, 4)).unwrap();
        assert_eq!(b.recv_vec(100).unwrap(), b"to the range");
    }
}

#[test]
fn a13_tipc_connections() {
    for ty in [Type::STREAM, Type::SEQPACKET] {
        let listener = open!(Family::TIPC, ty, Protocol::DEFAULT);
        let service = service();
        listener.bind(TipcAddr::range(service, 0, 10)).unwrap();
        listener.listen(None).unwrap();
        let client = open!(Family::TIPC, ty, Protocol::DEFAULT);
        let server = thread::scope(|scope| {
            let accepted = scope.spawn(|| listener.accept().unwrap());
            client.connect(TipcAddr::name(service, 5)).unwrap();
            accepted.join().unwrap().0
        });
        client.send(b"one").unwrap();
        assert_eq!(exact(&server, 3), b"one");
        server.send(b"two").unwrap();
        assert_eq!(client.recv_vec(100).unwrap(), b"two");
        assert!(matches!(client.peer_addr().unwrap().to(), Some(TipcAddr::Socket { .. })));
    }
}

/// Whether VSOCK has a loopback. Without it, what is for this machine goes to the host.
fn vsock_loops() -> bool {
    std::path::Path::new("/sys/module/vsock_loopback").exists()
}

#[test]
fn a10_vsock_over_the_loopback() {
    if !vsock_loops() {
        skip!("VSOCK's loopback transport is not loaded");
    }
    for ty in [Type::STREAM, Type::SEQPACKET] {
        let listener = open!(Family::VSOCK, ty, Protocol::DEFAULT);
        listener.bind(VsockAddr::new(VsockAddr::ANY, VsockAddr::ANY)).unwrap();
        let port = listener.local_addr().unwrap().to::<VsockAddr>().unwrap().port;
        assert_ne!(port, VsockAddr::ANY);
        listener.listen(None).unwrap();
        let client = open!(Family::VSOCK, ty, Protocol::DEFAULT);
        client.connect(VsockAddr::new(VsockAddr::LOCAL, port)).unwrap();
        let (server, from) = listener.accept().unwrap();
        assert_eq!(from.to::<VsockAddr>().unwrap().cid, VsockAddr::LOCAL);
        client.send_all(b"to the server").unwrap();
        assert_eq!(exact(&server, 13), b"to the server");
        server.send(b"back").unwrap();
        assert_eq!(client.recv_vec(100).unwrap(), b"back");
        drop(server);
        assert_eq!(client.recv_vec(100).unwrap(), b"", "the end of the connection");
    }
}

/// A socket that computes, of this kind and name, with this key; or a skip.
macro_rules! algorithm {
    ($kind:literal, $name:literal, $key:expr) => {{
        let socket = open!(Family::ALG, Type::SEQPACKET, Protocol::DEFAULT);
        socket.bind(AlgAddr::new($kind, $name).unwrap()).unwrap();
        let key: &[u8] = $key;
        if !key.is_empty() {
            socket.set(opt::ALG_SET_KEY, key).unwrap();
        }
        socket
    }};
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a15_alg_hash() {
    let hash = algorithm!("hash", "sha256", b"");
    let (operation, _) = hash.accept().unwrap();
    operation.send_with(b"ab", MsgFlags::MORE).unwrap();
    operation.send(b"c").unwrap();
    // FIPS 180-4's own example.
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(hex(&operation.recv_vec(64).unwrap()), expected);

    let keyed = algorithm!("hash", "hmac(sha256)", b"key");
    let (operation, _) = keyed.accept().unwrap();
    operation.send(b"The quick brown fox jumps over the lazy dog").unwrap();
    let expected = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
    assert_eq!(hex(&operation.recv_vec(64).unwrap()), expected);
}

#[test]
fn a15_alg_cipher() {
    // RFC 3602, case 1.
    let key = 0x06a9_2140_36b8_a15b_512e_03d5_3412_0006_u128.to_be_bytes();
    let iv = 0x3daf_ba42_9d9e_b430_b422_da80_2c9f_ac41_u128.to_be_bytes();
    let cipher = algorithm!("skcipher", "cbc(aes)", &key);
    let (operation, _) = cipher.accept().unwrap();
    let plain = b"Single block msg";
    operation.send_cipher(plain, CipherOp::ENCRYPT, &iv, 0, MsgFlags::empty()).unwrap();
    let secret = operation.recv_vec(16).unwrap();
    assert_eq!(hex(&secret), "e353779c1079aeb82708942dbe77181a");
    operation.send_cipher(&secret, CipherOp::DECRYPT, &iv, 0, MsgFlags::empty()).unwrap();
    assert_eq!(operation.recv_vec(16).unwrap(), plain);

    let send = |op, iv| {
        let pieces = [IoSlice::new(plain)];
        operation.send_cipher_vectored(&pieces, op, iv, None, MsgFlags::empty())
    };
    // An operation that the kernel does not have, and a vector that is said to be empty.
    let refused = send(CipherOp::SIGN, Some(&iv[..])).unwrap_err();
    assert_eq!(refused.errno(), Some(Errno::EINVAL));
    let refused = send(CipherOp::ENCRYPT, Some(&[][..])).unwrap_err();
    assert_eq!(refused.errno(), Some(Errno::EINVAL));
}

#[test]
fn a15_alg_aead() {
    // The Galois/Counter Mode of Operation, test case 4.
    let key = 0xfeff_e992_8665_731c_6d6a_8f94_6730_8308_u128.to_be_bytes();
    let iv = [0xca, 0xfe, 0xba, 0xbe, 0xfa, 0xce, 0xdb, 0xad, 0xde, 0xca, 0xf8, 0x88];
    let known = b"\xfe\xed\xfa\xce\xde\xad\xbe\xef\xfe\xed\xfa\xce\xde\xad\xbe\xef\xab\xad\xda\xd2";
    let plain = b"\xd9\x31\x32\x25\xf8\x84\x06\xe5\xa5\x59\x09\xc5\xaf\xf5\x26\x9a";
    let cipher = algorithm!("aead", "gcm(aes)", &key);
    // As long as it is by itself.
    cipher.set(opt::ALG_SET_AEAD_AUTHSIZE, 16_usize).unwrap();
    let (operation, _) = cipher.accept().unwrap();
    let message = [&known[..], plain].concat();
    let associated = known.len() as u32;
    operation.send_cipher(&message, CipherOp::ENCRYPT, &iv, associated, MsgFlags::empty()).unwrap();
    let sealed = operation.recv_vec(message.len() + 16).unwrap();
    assert_eq!(sealed.len(), message.len() + 16);
    assert_eq!(hex(&sealed[20..36]), "42831ec2217774244b7221b784d0d49c");
    operation.send_cipher(&sealed, CipherOp::DECRYPT, &iv, associated, MsgFlags::empty()).unwrap();
    assert_eq!(operation.recv_vec(message.len()).unwrap()[20..], plain[..]);
    // The same, in two pieces and by two calls.
    let pieces = [IoSlice::new(known), IoSlice::new(&plain[..8])];
    let (vector, count) = (Some(&iv[..]), Some(associated));
    let encrypt = CipherOp::ENCRYPT;
    let sent = operation.send_cipher_vectored(&pieces, encrypt, vector, count, MsgFlags::MORE);
    assert_eq!(sent.unwrap(), 28);
    operation.send(&plain[8..]).unwrap();
    assert_eq!(operation.recv_vec(message.len() + 16).unwrap(), sealed);
    // What was changed on its way is refused.
    let mut forged = sealed;
    forged[25] ^= 1;
    operation.send_cipher(&forged, CipherOp::DECRYPT, &iv, associated, MsgFlags::empty()).unwrap();
    assert_eq!(operation.recv_vec(100).unwrap_err().errno(), Some(Errno::from(74))); // EBADMSG
}

#[test]
fn a15_an_algorithm_that_is_not_there() {
    let socket = open!(Family::ALG, Type::SEQPACKET, Protocol::DEFAULT);
    let error = socket.bind(AlgAddr::new("hash", "nonsense").unwrap()).unwrap_err();
    assert_eq!(error.errno(), Some(Errno::ENOENT));
    assert!(error.to_string().contains("alg:hash:nonsense"), "{error}");
}

#[test]
fn a16_qipcrtr_messages() {
    let (a, b) = (
        open!(Family::QIPCRTR, Type::DGRAM, Protocol::DEFAULT),
        open!(Family::QIPCRTR, Type::DGRAM, Protocol::DEFAULT),
    );
    let place: QrtrAddr = b.local_addr().unwrap().to().unwrap();
    b.bind(place).unwrap();
    let bound: QrtrAddr = b.local_addr().unwrap().to().unwrap();
    a.send_to(b"to a node", bound).unwrap();
    let (data, from) = take(&b, 100);
    assert_eq!(data, b"to a node");
    assert_eq!(from.to::<QrtrAddr>().unwrap().node, bound.node);
}

/// A way to receive: how much there is.
type Way = fn(&Socket, &mut [u8]) -> berkeley::Result<usize>;

#[test]
fn d4_a_message_that_does_not_fit_is_an_error_everywhere() {
    // The kernels of these families do not tell the length, but they tell.
    let node = open!(Family::QIPCRTR, Type::DGRAM, Protocol::DEFAULT);
    node.bind(node.local_addr().unwrap()).unwrap();
    let name = open!(Family::TIPC, Type::RDM, Protocol::DEFAULT);
    let service = service();
    name.bind(TipcAddr::range(service, 0, 0)).unwrap();
    let cases = [(&node, node.local_addr().unwrap()), (&name, TipcAddr::name(service, 0).into())];
    for (socket, to) in cases {
        // A node does not send to itself.
        let sender = open!(socket.family(), socket.ty(), Protocol::DEFAULT);
        let ways: [Way; 3] = [
            |socket, buf| socket.recv(buf),
            |socket, buf| socket.recv_from(buf).map(|(len, _)| len),
            |socket, buf| {
                let mut pieces = [std::io::IoSliceMut::new(buf)];
                socket.recv_from_vectored(&mut pieces, MsgFlags::empty()).map(|(len, _)| len)
            },
        ];
        for way in ways {
            sender.send_to(b"too long", to).unwrap();
            let mut buf = [0; 3];
            let error = way(socket, &mut buf).unwrap_err();
            assert!(matches!(error.cause(), Cause::Truncated(None)), "{error}");
            assert_eq!(&buf, b"too");
            // And what fits does.
            sender.send_to(b"fit", to).unwrap();
            assert_eq!(way(socket, &mut buf).unwrap(), 3);
        }
        sender.send_to(b"too long", to).unwrap();
        let got = socket.recv_message(&mut [0; 3], &mut RecvBuffer::with_room(0)).unwrap();
        assert_eq!((got.data, got.is_truncated()), (3, true));
    }
}

#[test]
fn a17_bluetooth_over_a_virtual_controller() {
    let monitor = open!(Family::BLUETOOTH, Type::RAW, Protocol::BTPROTO_HCI);
    let Ok(mut controller) = OpenOptions::new().read(true).write(true).open("/dev/vhci") else {
        skip!("there is no /dev/vhci");
    };
    // Who monitors sees the controller come.
    monitor.bind(HciAddr { device: HciAddr::NONE, channel: 2 }).unwrap();
    controller.write_all(&[0xff, 0]).unwrap(); // a vendor's packet: make a controller
    let mut answer = [0; 4];
    controller.read_exact(&mut answer).unwrap();
    let device = u16::from_le_bytes([answer[2], answer[3]]);
    // `struct hci_mon_hdr`: opcode, index, length; 0 is a new controller.
    let came = [[0, 0], device.to_le_bytes()].concat();
    loop {
        let packet = monitor.recv_vec(4096).unwrap();
        if packet.starts_with(&came) {
            break;
        }
    }

    let hci = open!(Family::BLUETOOTH, Type::RAW, Protocol::BTPROTO_HCI);
    hci.bind(HciAddr { device, channel: 0 }).unwrap();
    assert_eq!(hci.local_addr().unwrap().to(), Some(HciAddr { device, channel: 0 }));

    let l2cap = open!(Family::BLUETOOTH, Type::SEQPACKET, Protocol::BTPROTO_L2CAP);
    l2cap.bind(L2capAddr { psm: 0x1001, ..L2capAddr::default() }).unwrap();
    l2cap.listen(None).unwrap();
    let own: L2capAddr = l2cap.local_addr().unwrap().to().unwrap();
    assert_eq!((own.device, own.psm), (BdAddr::ANY, 0x1001));

    let rfcomm = open!(Family::BLUETOOTH, Type::STREAM, Protocol::BTPROTO_RFCOMM);
    rfcomm.bind(RfcommAddr { device: BdAddr::ANY, channel: 3 }).unwrap();
    rfcomm.listen(None).unwrap();
    let own: Addr = rfcomm.local_addr().unwrap();
    assert_eq!(own.to_string(), "rfcomm:00:00:00:00:00:00,channel=3");

    let sco = open!(Family::BLUETOOTH, Type::SEQPACKET, Protocol::BTPROTO_SCO);
    sco.bind(ScoAddr::default()).unwrap();
    sco.listen(None).unwrap();
    assert_eq!(sco.local_addr().unwrap().to(), Some(ScoAddr::default()));
}

#[test]
fn a18_xdp_sockets_tell_what_is_wrong() {
    let socket = open!(Family::XDP, Type::RAW, Protocol::DEFAULT);
    // Without memory of its own it cannot be bound, and says so with the address.
    let lo = berkeley::if_nametoindex("lo").unwrap();
    let error = socket.bind(XdpAddr { interface: lo, ..XdpAddr::default() }).unwrap_err();
    assert_eq!(error.errno(), Some(Errno::EINVAL));
    assert!(error.to_string().contains("xdp:lo,queue=0"), "{error}");
    assert_eq!(socket.get(opt::XDP_STATISTICS).unwrap().drops, 0);
}

#[test]
fn a4_a5_unix_sockets_of_all_kinds() {
    for ty in [Type::STREAM, Type::SEQPACKET] {
        let listener = Socket::new(Family::UNIX, ty, Protocol::DEFAULT).unwrap();
        listener.bind(UnixAddr::Unnamed).unwrap();
        listener.listen(None).unwrap();
        let client = Socket::new(Family::UNIX, ty, Protocol::DEFAULT).unwrap();
        client.connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        client.send(b"one").unwrap();
        client.send(b"two").unwrap();
        let expected: &[u8] = if ty == Type::STREAM { b"onetwo" } else { b"one" };
        assert_eq!(server.recv_vec(100).unwrap(), expected);
    }
    for ty in [Type::DGRAM, Type::RAW] {
        // A raw socket of UNIX is one of datagrams.
        let (a, b) = Socket::pair(Family::UNIX, ty, Protocol::DEFAULT).unwrap();
        a.send(b"one").unwrap();
        a.send(b"two").unwrap();
        assert_eq!(b.recv_vec(100).unwrap(), b"one");
    }
}

#[test]
fn endpoints_dial_and_serve_these_families() {
    if !vsock_loops() {
        skip!("VSOCK's loopback transport is not loaded");
    }
    let server = berkeley::create_server("vsock-seqpacket:*:*").unwrap();
    let port = server.local_addr().unwrap().to::<VsockAddr>().unwrap().port;
    let text = format!("vsock-seqpacket:local:{port}");
    let client = berkeley::create_connection(text.as_str()).unwrap();
    let (accepted, _) = server.accept().unwrap();
    client.send(b"dialled").unwrap();
    assert_eq!(accepted.recv_vec(100).unwrap(), b"dialled");
}

#[test]
fn an_algorithm_is_dialled_by_binding_to_it() {
    let _probe = open!(Family::ALG, Type::SEQPACKET, Protocol::DEFAULT);
    let hash = berkeley::create_connection("alg:hash:md5").unwrap();
    hash.send(b"").unwrap();
    assert_eq!(hex(&hash.recv_vec(16).unwrap()), "d41d8cd98f00b204e9800998ecf8427e");
}

#[test]
fn endpoints_of_media_that_all_share() {
    let _vcan = vcan!();
    let bus = berkeley::create_connection("can:vcan0").unwrap();
    let other = berkeley::create_server("can:vcan0").unwrap();
    bus.send(&frame(0x55, b"shared")).unwrap();
    let mut buf = [0; 72];
    loop {
        let len = other.recv(&mut buf).unwrap();
        if buf[..len] == frame(0x55, b"shared") {
            break;
        }
    }
    let server = berkeley::create_server("isotp:vcan0,rx=0x701,tx=0x702").unwrap();
    let client = berkeley::create_connection("isotp:vcan0,rx=0x702,tx=0x701").unwrap();
    client.send(b"a long message of more than eight bytes").unwrap();
    assert_eq!(server.recv_vec(100).unwrap(), b"a long message of more than eight bytes");

    let server = berkeley::create_server("j1939:vcan0,addr=0x40").unwrap();
    let source = "j1939:vcan0,addr=0x41".parse().unwrap();
    let client = berkeley::Connector::new()
        .source(source)
        .connect("j1939:vcan0,pgn=0x12300,addr=0x40")
        .unwrap();
    client.send(b"dialled").unwrap();
    assert_eq!(server.recv_vec(100).unwrap(), b"dialled");
}
