//! Every option that CPython 3.15 names has a row.

#![allow(clippy::panic, clippy::indexing_slicing)]

use berkeley::opt::{self, TABLE};

/// The options among the constants of CPython's `socket` on Linux, of 3.11 to 3.15, with those
/// that it has only where the headers of Bluetooth or RDS were there.
const CPYTHON: &str = "
    ALG_SET_AEAD_AUTHSIZE ALG_SET_KEY ALG_SET_PUBKEY
    BT_CHANNEL_POLICY BT_CODEC BT_DEFER_SETUP BT_FLUSHABLE BT_ISO_QOS BT_MODE BT_PHY BT_PKT_STATUS
    BT_POWER BT_RCVMTU BT_SECURITY BT_SNDMTU BT_VOICE
    CAN_ISOTP_LL_OPTS CAN_ISOTP_OPTS CAN_ISOTP_RECV_FC CAN_ISOTP_RX_STMIN CAN_ISOTP_TX_STMIN
    CAN_RAW_ERR_FILTER CAN_RAW_FD_FRAMES CAN_RAW_FILTER CAN_RAW_JOIN_FILTERS CAN_RAW_LOOPBACK
    CAN_RAW_RECV_OWN_MSGS
    HCI_DATA_DIR HCI_FILTER HCI_TIME_STAMP
    IPV6_CHECKSUM IPV6_DONTFRAG IPV6_DSTOPTS IPV6_HDRINCL IPV6_HOPOPTS IPV6_JOIN_GROUP
    IPV6_LEAVE_GROUP IPV6_MULTICAST_HOPS IPV6_MULTICAST_IF IPV6_MULTICAST_LOOP IPV6_NEXTHOP
    IPV6_PATHMTU IPV6_PKTINFO IPV6_RECVDSTOPTS IPV6_RECVERR IPV6_RECVHOPLIMIT IPV6_RECVHOPOPTS
    IPV6_RECVPATHMTU IPV6_RECVPKTINFO IPV6_RECVRTHDR IPV6_RECVTCLASS IPV6_RTHDR IPV6_RTHDRDSTOPTS
    IPV6_TCLASS IPV6_UNICAST_HOPS IPV6_V6ONLY
    IP_ADD_MEMBERSHIP IP_ADD_SOURCE_MEMBERSHIP IP_BIND_ADDRESS_NO_PORT IP_BLOCK_SOURCE
    IP_DROP_MEMBERSHIP IP_DROP_SOURCE_MEMBERSHIP IP_FREEBIND IP_HDRINCL IP_MULTICAST_IF
    IP_MULTICAST_LOOP IP_MULTICAST_TTL IP_OPTIONS IP_PKTINFO IP_RECVERR IP_RECVOPTS
    IP_RECVORIGDSTADDR IP_RECVRETOPTS IP_RECVTOS IP_RECVTTL IP_RETOPTS IP_TOS IP_TRANSPARENT IP_TTL
    IP_UNBLOCK_SOURCE
    L2CAP_LM
    RDS_CANCEL_SENT_TO RDS_CONG_MONITOR RDS_FREE_MR RDS_GET_MR RDS_GET_MR_FOR_DEST RDS_RECVERR
    SO_ACCEPTCONN SO_BINDTODEVICE SO_BINDTOIFINDEX SO_BROADCAST SO_DEBUG SO_DOMAIN SO_DONTROUTE
    SO_ERROR SO_INCOMING_CPU SO_J1939_ERRQUEUE SO_J1939_FILTER SO_J1939_PROMISC SO_J1939_SEND_PRIO
    SO_KEEPALIVE SO_LINGER SO_MARK SO_OOBINLINE SO_ORIGINAL_DST SO_PASSCRED SO_PASSSEC SO_PEERCRED
    SO_PEERSEC SO_PRIORITY SO_PROTOCOL SO_RCVBUF SO_RCVLOWAT SO_RCVTIMEO SO_REUSEADDR SO_REUSEPORT
    SO_SNDBUF SO_SNDLOWAT SO_SNDTIMEO SO_TYPE SO_VM_SOCKETS_BUFFER_MAX_SIZE
    SO_VM_SOCKETS_BUFFER_MIN_SIZE SO_VM_SOCKETS_BUFFER_SIZE
    TCP_CC_INFO TCP_CONGESTION TCP_CORK TCP_DEFER_ACCEPT TCP_FASTOPEN TCP_FASTOPEN_CONNECT
    TCP_FASTOPEN_KEY TCP_FASTOPEN_NO_COOKIE TCP_INFO TCP_INQ TCP_KEEPCNT TCP_KEEPIDLE TCP_KEEPINTVL
    TCP_LINGER2 TCP_MAXSEG TCP_MD5SIG TCP_MD5SIG_EXT TCP_NODELAY TCP_NOTSENT_LOWAT TCP_QUEUE_SEQ
    TCP_QUICKACK TCP_REPAIR TCP_REPAIR_OPTIONS TCP_REPAIR_QUEUE TCP_REPAIR_WINDOW TCP_SAVED_SYN
    TCP_SAVE_SYN TCP_SYNCNT TCP_THIN_DUPACK TCP_THIN_LINEAR_TIMEOUTS TCP_TIMESTAMP TCP_TX_DELAY
    TCP_ULP TCP_USER_TIMEOUT TCP_WINDOW_CLAMP TCP_ZEROCOPY_RECEIVE
    TIPC_CONN_TIMEOUT TIPC_DEST_DROPPABLE TIPC_IMPORTANCE TIPC_SRC_DROPPABLE
    UDPLITE_RECV_CSCOV UDPLITE_SEND_CSCOV
";

#[test]
fn every_option_of_cpython_has_a_row() {
    let missing: Vec<_> =
        CPYTHON.split_whitespace().filter(|name| opt::by_name(name).is_none()).collect();
    assert!(missing.is_empty(), "no row: {missing:?}");
    assert!(CPYTHON.split_whitespace().count() > 150);
}

#[test]
fn no_name_stands_twice_and_every_row_is_whole() {
    let mut names: Vec<_> = TABLE.iter().map(|row| row.name).collect();
    names.sort_unstable();
    let twice: Vec<_> =
        names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    assert!(twice.is_empty(), "twice: {twice:?}");
    for row in TABLE {
        assert!(row.meaning.len() > 8 && row.meaning.ends_with('.'), "{}", row.name);
        assert!(!row.form.is_empty() && !row.platforms.is_empty(), "{}", row.name);
        assert!(row.room > 0 && row.room <= 1 << 16, "{}: {} bytes", row.name, row.room);
    }
    assert!(TABLE.len() > 350, "only {} rows", TABLE.len());
}

#[test]
fn what_people_write_is_what_they_read() {
    for (name, written, read) in [
        ("SO_KEEPALIVE", "yes", "on"),
        ("SO_RCVBUF", "64K", "65536"),
        ("SO_MARK", "0xff", "255"),
        ("SO_LINGER", "2s", "2 s"),
        ("SO_BUSY_POLL", "50us", "50 µs"),
        ("SO_MAX_PACING_RATE", "1M/s", "1048576 B/s"),
        ("SO_MAX_PACING_RATE", "none", "none"),
        ("SO_TIMESTAMPING", "rx_software+software", "RX_SOFTWARE | SOFTWARE"),
        ("SO_TIMESTAMPING", "none", "none"),
        ("SO_BINDTOIFINDEX", "lo", "lo (1)"),
        ("TCP_KEEPIDLE", "30 s", "30 s"),
        ("TCP_USER_TIMEOUT", "30ms", "30 ms"),
        ("TCP_CONGESTION", "reno", "reno"),
        ("IP_MTU_DISCOVER", "probe", "probe"),
        ("IP_MTU_DISCOVER", "77", "77"),
        ("IP_LOCAL_PORT_RANGE", "40000-40999", "40000-40999"),
        ("IP_MULTICAST_IF", "127.0.0.1", "127.0.0.1"),
        ("IP_MULTICAST_IF", "lo", "lo (1)"),
        ("IP_UNICAST_IF", "lo", "lo (1)"),
        ("IP_ADD_MEMBERSHIP", "239.1.1.1@lo", "239.1.1.1@lo (1)"),
        ("IP_ADD_SOURCE_MEMBERSHIP", "10.1.1.1>232.1.1.1", "10.1.1.1>232.1.1.1@0.0.0.0"),
        ("IPV6_JOIN_GROUP", "ff02::7", "ff02::7@none"),
        ("MCAST_JOIN_SOURCE_GROUP_V6", "fe80::1>ff32::7@lo", "fe80::1>ff32::7@lo (1)"),
        ("ICMPV6_FILTER", "129,135", "passes only [129, 135]"),
        ("IP_OPTIONS", "0102ff", "0102ff"),
        ("TIPC_IMPORTANCE", "high", "high"),
        ("SO_VM_SOCKETS_BUFFER_SIZE", "8G", "8589934592"),
        ("NETLINK_LIST_MEMBERSHIPS", "1; 2", "1; 2"),
    ] {
        let Some(row) = opt::by_name(name) else { panic!("no row {name}") };
        let Some(bytes) = (row.parse)(written) else { panic!("{name} takes no {written}") };
        assert_eq!((row.describe)(&bytes).as_deref(), Some(read), "{name}={written}");
    }
    for (name, wrong) in [
        ("SO_KEEPALIVE", "maybe"),
        ("SO_MARK", "0x"),
        ("SO_MARK", "0x+1"),
        ("SO_RCVBUF", "9999999999G"),
        ("IP_LOCAL_PORT_RANGE", "1-65536"),
        ("IP_OPTIONS", "abc"),
        ("IP_OPTIONS", "+1"),
        ("SO_BINDTOIFINDEX", "no such interface"),
        ("SO_DETACH_FILTER", "off"),
        ("IP_MTU_DISCOVER", "perhaps"),
        ("ALG_SET_AEAD_AUTHSIZE", "1G"),
    ] {
        let Some(row) = opt::by_name(name) else { panic!("no row {name}") };
        assert_eq!((row.parse)(wrong), None, "{name}={wrong}");
    }
}

/// The codecs take any bytes, as raw options and the command have them do.
#[test]
fn no_bytes_are_too_odd_to_describe() {
    for row in TABLE {
        for fill in [0, 1, 0x7f, 0xff] {
            for len in (0..300).chain([row.room, row.room + 1]) {
                let bytes = vec![fill; len];
                let _ = (row.describe)(&bytes);
                let mut asked = bytes;
                (row.ask)(&mut asked);
            }
        }
        for text in ["", "-1", "1", "none", "@", ">", ">@", "-", "0x", "µ", ";", "on", "1s", "∞"]
        {
            let _ = (row.parse)(text);
        }
    }
}
