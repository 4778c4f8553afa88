//! Every row of the table on every kind of socket that there is here: reading, describing, setting.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use berkeley::opt::{self, Access, Row};
use berkeley::{Errno, Family, Protocol, Socket, Type};
use berkeley_testing::skip;

/// Rows that only a question, a right, a module or a certain state of the socket lets one read.
const NOT_JUST_SO: &[&str] = &[
    // A security module.
    "SO_PEERSEC",
    // A connection that is being moved, and the right to.
    "TCP_QUEUE_SEQ",
    "TCP_REPAIR_QUEUE",
    "TCP_REPAIR_WINDOW",
    // A key.
    "TCP_AO_GET_KEYS",
    "TCP_AO_INFO",
    "TCP_AO_REPAIR",
    // A connection with TLS.
    "TLS_TX",
    "TLS_RX",
    "TLS_TX_ZEROCOPY_RO",
    "TLS_RX_EXPECT_NO_PAD",
    // A question.
    "IP_MSFILTER",
    "MCAST_MSFILTER",
    "MCAST_MSFILTER_V6",
    "IPV6_FLOWLABEL_MGR",
    // A firewall that has changed the destination.
    "SO_ORIGINAL_DST",
    "IP6T_SO_ORIGINAL_DST",
    // A newer kernel than the one that first let them be set.
    "IP_ROUTER_ALERT",
    "IPV6_ROUTER_ALERT",
    "NETLINK_LISTEN_ALL_NSID",
    // Authentication that is switched on, or the kind of event that is meant.
    "SCTP_AUTH_ACTIVE_KEY",
    "SCTP_HMAC_IDENT",
    "SCTP_LOCAL_AUTH_CHUNKS",
    "SCTP_EVENT",
    // A group of sockets.
    "PACKET_ROLLOVER_STATS",
    // VMware.
    "SO_VM_SOCKETS_NONBLOCK_TXRX",
    "SO_VM_SOCKETS_PEER_HOST_VM_ID",
    "SO_VM_SOCKETS_TRUSTED",
    // A connection, or a controller.
    "SCTP_STATUS",
    "SCTP_GET_PEER_ADDR_INFO",
    "SCTP_GET_PEER_ADDRS",
    "SCTP_PRIMARY_ADDR",
    "SCTP_PEER_AUTH_CHUNKS",
    "SCTP_GET_ASSOC_STATS",
    "SCTP_PR_ASSOC_STATUS",
    "SCTP_PR_STREAM_STATUS",
    "SCTP_STREAM_SCHEDULER_VALUE",
    "SCTP_GET_ASSOC_NUMBER",
    "SCTP_GET_ASSOC_ID_LIST",
    "SCTP_AUTOCLOSE",
    "L2CAP_CONNINFO",
    "RFCOMM_CONNINFO",
    "SCO_CONNINFO",
    "BT_DEFER_SETUP",
    "BT_PHY",
    "BT_CODEC",
    "BT_ISO_QOS",
    "BT_ISO_BASE",
    "BT_MODE",
    "BT_VOICE",
    "BT_PKT_STATUS",
    "BT_CHANNEL_POLICY",
    // Low energy alone sets it, and must be connected to read it.
    "BT_RCVMTU",
    "DCCP_SOCKOPT_CCID_RX_INFO",
    "DCCP_SOCKOPT_CCID_TX_INFO",
    "DCCP_SOCKOPT_RX_CCID",
    "DCCP_SOCKOPT_TX_CCID",
];

/// Sockets of one kind: in their first state, and connected where there is something to be read.
fn sockets() -> Vec<Socket> {
    let mut all = Vec::new();
    for family in (1..46).map(Family::from) {
        let protocols: &[i32] = match family {
            Family::INET | Family::INET6 => &[0, 1, 17, 33, 58, 132, 136, 255, 262],
            Family::CAN => &[1, 6, 7],
            Family::BLUETOOTH => &[0, 1, 2, 3],
            Family::TIPC | Family::UNIX | Family::NETLINK | Family::PACKET => &[0],
            _ => &[0, 1],
        };
        for ty in (1..=6).map(Type::from) {
            let made = protocols.iter().map(|protocol| Protocol::from(*protocol));
            all.extend(made.filter_map(|protocol| Socket::new(family, ty, protocol).ok()));
        }
    }
    let server = berkeley::create_server("127.0.0.1:0").unwrap();
    all.push(berkeley::create_connection(server.local_addr().unwrap()).unwrap());
    all.push(server);
    all.push(Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap().0);
    for (family, to) in [(Family::INET, "127.0.0.1:9"), (Family::INET6, "[::1]:9")] {
        if let Ok(socket) = Socket::new(family, Type::DGRAM, Protocol::DEFAULT) {
            if socket.connect(to).is_ok() {
                all.push(socket);
            }
        }
    }
    all
}

fn read(socket: &Socket, row: &Row) -> Result<Vec<u8>, Errno> {
    let mut value = vec![0; row.room];
    (row.ask)(&mut value);
    let len = socket
        .getsockopt(row.level, row.number, &mut value)
        .map_err(|error| error.errno().expect("an error of the kernel"))?;
    value.truncate(len);
    Ok(value)
}

/// Whether the kernel is as new as the row says that it has to be.
fn is_old_enough(row: &Row) -> bool {
    let version = |text: &str| -> Option<(u32, u32)> {
        let (major, rest) = text.split_once('.')?;
        let minor = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let needed = row.platforms.strip_prefix("Linux ").and_then(version);
    needed.is_none_or(|needed| version(&release).unwrap() >= needed)
}

#[test]
fn every_row_is_read_where_its_level_is() {
    let sockets = sockets();
    let (mut levels, mut found) = (BTreeSet::new(), BTreeSet::new());
    for row in opt::TABLE.iter().filter(|row| row.access.reads()) {
        for socket in sockets.iter().filter(|socket| row.belongs_to(socket.family())) {
            // Each reading opens a descriptor.
            if row.name == "SO_PEERPIDFD" && found.contains(row.name) {
                continue;
            }
            let Ok(value) = read(socket, row) else { continue };
            let shown = (row.describe)(&value);
            let place = format!("{} of {:?} {:?}", row.name, socket.family(), socket.ty());
            if row.form.ends_with("never shown") {
                assert!(shown.is_none() || row.name.starts_with("TLS_"), "{place} is a secret");
            } else {
                let shown = shown.unwrap_or_else(|| panic!("{place} answers {value:?}"));
                assert!(!shown.is_empty(), "{place} says nothing");
            }
            levels.insert(row.level_name);
            found.insert(row.name);
        }
    }
    for level in ["SOL_SOCKET", "IPPROTO_TCP", "IPPROTO_IP", "IPPROTO_UDP"] {
        assert!(levels.contains(level), "{level} is read nowhere");
    }
    let missing: Vec<_> = opt::TABLE
        .iter()
        .filter(|row| row.access.reads() && levels.contains(row.level_name) && is_old_enough(row))
        .map(|row| row.name)
        .filter(|name| !found.contains(name) && !NOT_JUST_SO.contains(name))
        .collect();
    assert!(missing.is_empty(), "read on no socket: {missing:?}");
}

/// Raw sockets need a right; without it the kernel hides their rows, not these tests.
#[test]
fn what_is_read_can_be_set_again() {
    let sockets = sockets();
    let (mut set, mut unknown, mut refused) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for row in opt::TABLE.iter().filter(|row| row.access == Access::Both) {
        // Setting switches what is read, or the value is but asked for.
        if NOT_JUST_SO.contains(&row.name) || row.name == "SO_LOCK_FILTER" {
            continue;
        }
        for socket in sockets.iter().filter(|socket| row.belongs_to(socket.family())) {
            let Ok(value) = read(socket, row) else { continue };
            match socket.setsockopt(row.level, row.number, &value) {
                Ok(()) => {
                    set.insert(row.name);
                    let after = read(socket, row).unwrap();
                    let doubled = ["SO_RCVBUF", "SO_SNDBUF"].contains(&row.name);
                    assert!(doubled || after == value, "{}: {value:?}, {after:?}", row.name);
                }
                // Some kinds read what they do not set; some values need a right.
                Err(error) if error.errno() == Some(Errno::ENOPROTOOPT) => {
                    unknown.insert(row.name);
                }
                Err(_) => {
                    refused.insert(row.name);
                }
            }
        }
    }
    let unknown: Vec<_> =
        unknown.iter().filter(|name| !set.contains(*name) && !refused.contains(*name)).collect();
    assert!(unknown.is_empty(), "these cannot be set: {unknown:?}");
    assert!(set.len() > 100, "only {} rows were set: {set:?}", set.len());
}

#[test]
fn what_can_only_be_read_cannot_be_set() {
    let sockets = sockets();
    for row in opt::TABLE.iter().filter(|row| row.access == Access::Get) {
        for socket in sockets.iter().filter(|socket| row.belongs_to(socket.family())) {
            if row.name == "SO_PEERPIDFD" {
                continue;
            }
            let Ok(value) = read(socket, row) else { continue };
            let done = socket.setsockopt(row.level, row.number, &value);
            assert!(done.is_err(), "{} can be set: {socket:?}", row.name);
        }
    }
}

/// Nothing is set here that stays: the value is all zero, and most kernels' answer is an error. It
/// is not "no such option", though, or the number is wrong.
#[test]
fn what_can_only_be_set_is_known_to_the_kernel() {
    // The library itself refuses those whose value has addresses.
    let rows = opt::TABLE.iter().filter(|row| {
        row.access == Access::Set && is_old_enough(row) && !row.meaning.contains("Refused here")
    });
    let (mut known, mut levels) = (BTreeSet::new(), BTreeSet::new());
    let unknown = |errno: Option<Errno>| {
        matches!(errno, Some(Errno::ENOPROTOOPT | Errno::EOPNOTSUPP | Errno::ENOSYS))
    };
    let sockets = sockets();
    for row in rows.clone() {
        for socket in sockets.iter().filter(|socket| row.belongs_to(socket.family())) {
            let done = socket.setsockopt(row.level, row.number, &vec![0; row.room.min(256)]);
            if !unknown(done.err().and_then(|error| error.errno())) {
                known.insert(row.name);
                levels.insert(row.level_name);
            }
        }
    }
    // Linux has the number and does nothing with it; the rest need a module of the kernel.
    let not_here = [
        "IPV6_NEXTHOP",
        "IP_XFRM_POLICY",
        "IPV6_XFRM_POLICY",
        "IP_IPSEC_POLICY",
        "IPV6_IPSEC_POLICY",
        "TCP_AO_ADD_KEY",
        "TCP_AO_DEL_KEY",
        "TCP_MD5SIG",
        "TCP_MD5SIG_EXT",
        "ALG_SET_PUBKEY",
        "ALG_SET_DRBG_ENTROPY",
        "ALG_SET_KEY_BY_KEY_SERIAL",
    ];
    let missing: Vec<_> = rows
        .filter(|row| levels.contains(row.level_name) && !known.contains(row.name))
        .map(|row| row.name)
        .filter(|name| !not_here.contains(name))
        .collect();
    assert!(missing.is_empty(), "no socket knows {missing:?}");
    assert!(known.len() > 20, "only {known:?}");
}

#[test]
fn switches_switch() {
    let sockets = sockets();
    let mut switched = BTreeSet::new();
    let rows = opt::TABLE.iter().filter(|row| row.access == Access::Both);
    for row in rows.filter(|row| row.form == "on or off" && row.name != "SO_LOCK_FILTER") {
        for socket in sockets.iter().filter(|socket| row.belongs_to(socket.family())) {
            let Ok(before) = read(socket, row) else { continue };
            let is_on = (row.describe)(&before).unwrap() == "on";
            let other = if is_on { "off" } else { "on" };
            // What the kernel refuses here is another test's.
            if socket.setsockopt(row.level, row.number, &(row.parse)(other).unwrap()).is_err() {
                continue;
            }
            let after = (row.describe)(&read(socket, row).unwrap()).unwrap();
            if after == other {
                switched.insert(row.name);
            }
            let _ = socket.setsockopt(row.level, row.number, &before);
        }
    }
    for name in ["SO_KEEPALIVE", "TCP_NODELAY", "IP_PKTINFO", "IP_RECVTTL", "UDP_GRO", "UDP_CORK"] {
        assert!(switched.contains(name), "{name} does not switch");
    }
    assert!(switched.len() > 50, "only {} rows: {switched:?}", switched.len());
}

/// A test for each family that a kernel may lack: what it has is read by the test above.
macro_rules! families {
    ($($test:ident: $level:literal, $($family:ident $ty:ident $protocol:expr),+;)*) => {$(
        #[test]
        fn $test() {
            let made = [$(
                Socket::new(Family::$family, Type::$ty, Protocol::from($protocol)),
            )+];
            let sockets: Vec<Socket> = made.into_iter().flatten().collect();
            if sockets.is_empty() {
                skip!("this kernel has none of the sockets of {}", $level);
            }
            let mut read_rows = 0;
            let rows = opt::TABLE.iter().filter(|row| row.level_name == $level);
            for row in rows.filter(|row| row.access.reads()) {
                let values = sockets.iter().filter_map(|socket| read(socket, row).ok());
                for value in values {
                    read_rows += 1;
                    let hidden = row.form.ends_with("never shown");
                    assert!(hidden || (row.describe)(&value).is_some(), "{}: {value:?}", row.name);
                }
            }
            let only_set =
                opt::TABLE.iter().filter(|row| row.level_name == $level).all(|row| !row.access.reads());
            assert!(read_rows > 0 || only_set, "no option of {} is read", $level);
        }
    )*};
}

families! {
    rows_of_sctp: "IPPROTO_SCTP", INET STREAM 132, INET SEQPACKET 132;
    rows_of_dccp: "SOL_DCCP", INET DCCP 33;
    rows_of_mptcp: "SOL_MPTCP", INET STREAM 262;
    rows_of_udplite: "IPPROTO_UDPLITE", INET DGRAM 136;
    rows_of_netlink: "SOL_NETLINK", NETLINK RAW 0;
    rows_of_packet: "SOL_PACKET", PACKET RAW 0, PACKET DGRAM 0;
    rows_of_can_raw: "SOL_CAN_RAW", CAN RAW 1;
    rows_of_can_isotp: "SOL_CAN_ISOTP", CAN DGRAM 6;
    rows_of_can_j1939: "SOL_CAN_J1939", CAN DGRAM 7;
    rows_of_tipc: "SOL_TIPC", TIPC RDM 0, TIPC STREAM 0, TIPC SEQPACKET 0;
    rows_of_rds: "SOL_RDS", RDS SEQPACKET 0;
    rows_of_vsock: "AF_VSOCK", VSOCK STREAM 0;
    rows_of_xdp: "SOL_XDP", XDP RAW 0;
    rows_of_alg: "SOL_ALG", ALG SEQPACKET 0;
    rows_of_bluetooth: "SOL_BLUETOOTH", BLUETOOTH SEQPACKET 0, BLUETOOTH STREAM 3;
    rows_of_l2cap: "SOL_L2CAP", BLUETOOTH SEQPACKET 0;
    rows_of_hci: "SOL_HCI", BLUETOOTH RAW 1;
    rows_of_kcm: "SOL_KCM", KCM DGRAM 0;
    rows_of_llc: "SOL_LLC", LLC STREAM 0, LLC DGRAM 0;
}
