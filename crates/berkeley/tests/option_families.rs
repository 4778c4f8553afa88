//! What the options of families do that not every kernel has.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use berkeley::opt;
use berkeley::{Errno, Family, Protocol, Socket, Type};
use berkeley_testing::skip;

const LIMIT: Duration = Duration::from_secs(10);

#[test]
fn sctp_tells_its_association() {
    let made = Socket::new(Family::INET, Type::STREAM, Protocol::SCTP);
    let Ok(server) = made else { skip!("this kernel has no SCTP") };
    let init = opt::SctpInit { out_streams: 5, in_streams: 4, ..opt::SctpInit::default() };
    server.set(opt::SCTP_INITMSG, init).unwrap();
    let told = server.get(opt::SCTP_INITMSG).unwrap();
    assert_eq!((told.out_streams, told.in_streams), (5, 4));
    server.set_timeout(LIMIT).unwrap();
    server.bind("127.0.0.1:0").unwrap();
    server.listen(1).unwrap();
    let client = Socket::new(Family::INET, Type::STREAM, Protocol::SCTP).unwrap();
    client.set_timeout(LIMIT).unwrap();
    client.set(opt::SCTP_NODELAY, true).unwrap();
    assert!(client.get(opt::SCTP_NODELAY).unwrap());
    client.set(opt::SCTP_INITMSG, init).unwrap();
    client.connect(server.local_addr().unwrap()).unwrap();
    let (_conn, _) = server.accept().unwrap();
    let status = client.get(opt::SCTP_STATUS).unwrap();
    assert_eq!(status.state, opt::SctpState::ESTABLISHED);
    assert_eq!(status.primary, Some(server.local_addr().unwrap()));
    assert_eq!((status.out_streams, status.in_streams), (4, 4), "{status:?}");
    let path = opt::SctpPathInfo { addr: status.primary, ..opt::SctpPathInfo::default() };
    let path = client.query(opt::SCTP_GET_PEER_ADDR_INFO, path).unwrap();
    assert_eq!(path.state, opt::SctpPathState::ACTIVE);
    assert!(path.mtu > 1000 && path.association == status.association, "{path:?}");

    let times = opt::SctpTimeouts {
        initial: Duration::from_secs(2),
        max: Duration::from_secs(8),
        min: Duration::from_millis(500),
        ..opt::SctpTimeouts::default()
    };
    client.set(opt::SCTP_RTOINFO, times).unwrap();
    let told = client.get(opt::SCTP_RTOINFO).unwrap();
    assert_eq!((told.initial, told.max, told.min), (times.initial, times.max, times.min));
    let send = opt::SctpSend { stream: 3, ppid: 77, ..opt::SctpSend::default() };
    client.set(opt::SCTP_DEFAULT_SNDINFO, send).unwrap();
    assert_eq!(client.get(opt::SCTP_DEFAULT_SNDINFO).unwrap().stream, 3);
    // The form of this one is packed in C.
    let watch = opt::SctpPath {
        heartbeat: Duration::from_millis(7700),
        mtu: 1400,
        flags: 1 | 1 << 4,
        ..opt::SctpPath::default()
    };
    client.set(opt::SCTP_PEER_ADDR_PARAMS, watch).unwrap();
    let told = client.get(opt::SCTP_PEER_ADDR_PARAMS).unwrap();
    assert_eq!(told.heartbeat, Duration::from_millis(7700), "{told:?}");
    let events =
        opt::SctpEvents { data_io: true, sender_dry: Some(true), ..opt::SctpEvents::default() };
    client.set(opt::SCTP_EVENTS, events).unwrap();
    let told = client.get(opt::SCTP_EVENTS).unwrap();
    assert!(told.data_io && !told.association && told.sender_dry == Some(true), "{told:?}");
    client.set(opt::SCTP_RECVRCVINFO, true).unwrap();
    let counts = client.get(opt::SCTP_GET_ASSOC_STATS).unwrap();
    assert!(counts.packets_out > 0, "{counts:?}");
}

#[test]
fn sctp_of_many_is_asked_for_one_association() {
    let made = Socket::new(Family::INET, Type::SEQPACKET, Protocol::SCTP);
    let Ok(server) = made else { skip!("this kernel has no SCTP") };
    server.bind("127.0.0.1:0").unwrap();
    server.listen(1).unwrap();
    let client = Socket::new(Family::INET, Type::SEQPACKET, Protocol::SCTP).unwrap();
    client.set(opt::SCTP_AUTOCLOSE, Duration::from_secs(20)).unwrap();
    assert_eq!(client.get(opt::SCTP_AUTOCLOSE).unwrap(), Duration::from_secs(20));
    client.set_timeout(LIMIT).unwrap();
    client.connect(server.local_addr().unwrap()).unwrap();
    assert_eq!(client.get(opt::SCTP_GET_ASSOC_NUMBER).unwrap(), 1);
    let ids = client.get(opt::SCTP_GET_ASSOC_ID_LIST).unwrap();
    let association = i32::from_ne_bytes(ids[4..8].try_into().unwrap());
    let which = opt::SctpStatus { association, ..opt::SctpStatus::default() };
    let status = client.query(opt::SCTP_STATUS, which).unwrap();
    assert_eq!((status.association, status.state), (association, opt::SctpState::ESTABLISHED));
    let nobody = opt::SctpStatus { association: association + 77, ..opt::SctpStatus::default() };
    assert_eq!(client.query(opt::SCTP_STATUS, nobody).unwrap_err().errno(), Some(Errno::EINVAL));
}

#[test]
fn can_filters_are_a_list() {
    let Ok(sock) = Socket::new(Family::CAN, Type::RAW, Protocol::from(1)) else {
        skip!("this kernel has no CAN");
    };
    let all = opt::CanFilter { id: 0, mask: 0 };
    assert_eq!(sock.get(opt::CAN_RAW_FILTER).unwrap(), std::slice::from_ref(&all));
    let some: Vec<_> = (0..100).map(|id| opt::CanFilter { id, mask: 0x7ff }).collect();
    sock.set(opt::CAN_RAW_FILTER, some.clone()).unwrap();
    assert_eq!(
        sock.get(opt::CAN_RAW_FILTER).unwrap(),
        some,
        "more than there is room for at first"
    );
    sock.set(opt::CAN_RAW_FILTER, vec![]).unwrap();
    assert_eq!(sock.get(opt::CAN_RAW_FILTER).unwrap(), []);
    for switch in [opt::CAN_RAW_LOOPBACK, opt::CAN_RAW_RECV_OWN_MSGS, opt::CAN_RAW_FD_FRAMES] {
        for on in [true, false] {
            sock.set(switch, on).unwrap();
            assert_eq!(sock.get(switch).unwrap(), on, "{switch:?}");
        }
    }
    sock.set(opt::CAN_RAW_ERR_FILTER, 0x1fff_ffff_u32).unwrap();
    assert_eq!(sock.get(opt::CAN_RAW_ERR_FILTER).unwrap(), 0x1fff_ffff);
}

#[test]
fn iso_tp_is_configured() {
    let Ok(sock) = Socket::new(Family::CAN, Type::DGRAM, Protocol::from(6)) else {
        skip!("this kernel has no ISO-TP");
    };
    let options = opt::IsoTpOptions {
        flags: opt::IsoTpFlags::TX_PADDING | opt::IsoTpFlags::EXTEND_ADDR,
        frame_time: Duration::from_micros(50),
        extended_address: 7,
        send_padding: 0xcc,
        ..opt::IsoTpOptions::default()
    };
    sock.set(opt::CAN_ISOTP_OPTS, options).unwrap();
    let told = sock.get(opt::CAN_ISOTP_OPTS).unwrap();
    assert_eq!((told.flags, told.extended_address, told.send_padding), (options.flags, 7, 0xcc));
    let flow = opt::IsoTpFlowControl { block_size: 8, separation: 5, waits: 3 };
    sock.set(opt::CAN_ISOTP_RECV_FC, flow).unwrap();
    assert_eq!(sock.get(opt::CAN_ISOTP_RECV_FC).unwrap(), flow);
    sock.set(opt::CAN_ISOTP_TX_STMIN, Duration::from_micros(9)).unwrap();
    assert_eq!(sock.get(opt::CAN_ISOTP_TX_STMIN).unwrap(), Duration::from_micros(9));
    assert_eq!(sock.get(opt::CAN_ISOTP_LL_OPTS).unwrap().mtu, 16);
}

#[test]
fn j1939_is_configured() {
    let Ok(sock) = Socket::new(Family::CAN, Type::DGRAM, Protocol::from(7)) else {
        skip!("this kernel has no J1939");
    };
    sock.set(opt::SO_J1939_PROMISC, true).unwrap();
    assert!(sock.get(opt::SO_J1939_PROMISC).unwrap());
    sock.set(opt::SO_J1939_SEND_PRIO, 5).unwrap();
    assert_eq!(sock.get(opt::SO_J1939_SEND_PRIO).unwrap(), 5);
    let filter =
        opt::J1939Filter { pgn: 0x12300, pgn_mask: 0x3ff00, ..opt::J1939Filter::default() };
    sock.set(opt::SO_J1939_FILTER, vec![filter]).unwrap();
}

#[test]
fn tipc_messages_have_an_importance() {
    let Ok(sock) = Socket::new(Family::TIPC, Type::RDM, Protocol::DEFAULT) else {
        skip!("this kernel has no TIPC");
    };
    sock.set(opt::TIPC_IMPORTANCE, opt::Importance::HIGH).unwrap();
    assert_eq!(sock.get(opt::TIPC_IMPORTANCE).unwrap(), opt::Importance::HIGH);
    sock.set(opt::TIPC_CONN_TIMEOUT, Duration::from_secs(3)).unwrap();
    assert_eq!(sock.get(opt::TIPC_CONN_TIMEOUT).unwrap(), Duration::from_secs(3));
    let group = opt::TipcGroup { group: 4711, instance: 1, scope: 3, flags: 0 };
    sock.set(opt::TIPC_GROUP_JOIN, group).unwrap();
    sock.set(opt::TIPC_GROUP_LEAVE, ()).unwrap();
}

#[test]
fn a_cipher_of_the_kernel_takes_its_key() {
    let Ok(sock) = Socket::new(Family::ALG, Type::SEQPACKET, Protocol::DEFAULT) else {
        skip!("this kernel has no AF_ALG");
    };
    // The name of the address's structure: type, then the algorithm.
    let mut rest = [0; 86];
    rest[..8].copy_from_slice(b"skcipher");
    rest[22..30].copy_from_slice(b"cbc(aes)");
    let addr = berkeley::Addr::of_family(Family::ALG, &rest).unwrap();
    if let Err(error) = sock.bind(addr) {
        skip!("this kernel has no such cipher: {error}");
    }
    sock.set(opt::ALG_SET_KEY, [7; 16]).unwrap();
    assert_eq!(sock.set(opt::ALG_SET_KEY, [7; 15]).unwrap_err().errno(), Some(Errno::EINVAL));
}

#[test]
fn packets_are_counted_and_shared_out() {
    let Ok(sock) = Socket::new(Family::PACKET, Type::DGRAM, Protocol::DEFAULT) else {
        skip!("no right to packet sockets");
    };
    let interface = berkeley::if_nametoindex("lo").unwrap();
    let member =
        opt::PacketMembership { interface, mode: opt::PacketMode::ALL_MULTICAST, address: vec![] };
    sock.set(opt::PACKET_ADD_MEMBERSHIP, member.clone()).unwrap();
    sock.set(opt::PACKET_DROP_MEMBERSHIP, member).unwrap();
    let counts = sock.get(opt::PACKET_STATISTICS).unwrap();
    assert_eq!((counts.packets, counts.drops, counts.freezes), (0, 0, None));
    for version in [opt::PacketVersion::V2, opt::PacketVersion::V3] {
        sock.set(opt::PACKET_VERSION, version).unwrap();
        assert_eq!(sock.get(opt::PACKET_VERSION).unwrap(), version);
    }
    assert!(sock.get(opt::PACKET_STATISTICS).unwrap().freezes.is_some(), "of version 3");
    sock.set(opt::PACKET_AUXDATA, true).unwrap();
    assert!(sock.get(opt::PACKET_AUXDATA).unwrap());
}

#[test]
fn rds_is_configured() {
    let Ok(sock) = Socket::new(Family::RDS, Type::SEQPACKET, Protocol::DEFAULT) else {
        skip!("this kernel has no RDS");
    };
    sock.set(opt::RDS_RECVERR, true).unwrap();
    assert!(sock.get(opt::RDS_RECVERR).unwrap());
    assert_eq!(sock.get(opt::SO_RDS_TRANSPORT).unwrap(), opt::RdsTransport::NONE);
    sock.set(opt::SO_RDS_TRANSPORT, opt::RdsTransport::TCP).unwrap();
}
