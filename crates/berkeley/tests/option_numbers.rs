//! The levels and numbers of options, compared with the system's headers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use berkeley::opt::TABLE;
use berkeley_testing::skip;

/// Headers that go together, each set by itself: libc's and the kernel's do not always mix.
const HEADERS: &[&[&str]] = &[
    &["sys/socket.h", "netinet/in.h", "netinet/udp.h"],
    &["asm/socket.h", "linux/in.h", "linux/in6.h", "linux/socket.h"],
    &["linux/tcp.h"],
    &["linux/types.h", "linux/udp.h"],
    &["linux/mptcp.h"],
    &["linux/tls.h"],
    &["linux/dccp.h"],
    &["linux/kcm.h"],
    &["linux/smc.h"],
    &["linux/icmp.h"],
    &["linux/icmpv6.h"],
    &["linux/netfilter_ipv4.h"],
    &["sys/socket.h", "linux/netfilter_ipv6/ip6_tables.h"],
    &["linux/netlink.h"],
    &["linux/if_packet.h"],
    &["linux/can/raw.h"],
    &["linux/can/isotp.h"],
    &["linux/can/j1939.h"],
    &["linux/tipc.h"],
    &["linux/rds.h"],
    &["linux/if_alg.h"],
    &["sys/socket.h", "linux/vm_sockets.h"],
    &["linux/if_xdp.h"],
    &["linux/llc.h"],
    &["linux/if_pppol2tp.h"],
    &["sys/socket.h", "linux/sctp.h"],
];

/// Bluetooth's own, of another package.
const BLUETOOTH: &[&[&str]] = &[&[
    "sys/socket.h",
    "bluetooth/bluetooth.h",
    "bluetooth/hci.h",
    "bluetooth/l2cap.h",
    "bluetooth/rfcomm.h",
    "bluetooth/sco.h",
]];

/// Members of an `enum`, which no `#ifdef` sees.
const ENUMS: &[(&str, &str)] = &[
    ("CAN_RAW_", "linux/can/raw.h"),
    ("SO_J1939_", "linux/can/j1939.h"),
    ("LLC_OPT_", "linux/llc.h"),
    ("PPPOL2TP_SO_", "linux/if_pppol2tp.h"),
    ("SMC_LIMIT_HS", "linux/smc.h"),
];

/// Names that the headers here may be too old for.
const NEW: &[&str] = &[
    "SO_PASSPIDFD",
    "SO_PEERPIDFD",
    "SO_DEVMEM_DONTNEED",
    "SO_RCVPRIORITY",
    "SO_PASSRIGHTS",
    "SO_INQ",
    "IP_LOCAL_PORT_RANGE",
    "IP_PROTOCOL",
    "TCP_AO_ADD_KEY",
    "TCP_AO_DEL_KEY",
    "TCP_AO_INFO",
    "TCP_AO_GET_KEYS",
    "TCP_AO_REPAIR",
    "TCP_IS_MPTCP",
    "TCP_RTO_MAX_MS",
    "TCP_RTO_MIN_US",
    "TCP_DELACK_MAX_US",
    "MPTCP_FULL_INFO",
    "PACKET_VNET_HDR_SZ",
    "CAN_RAW_XL_VCID_OPTS",
    "ALG_SET_KEY_BY_KEY_SERIAL",
    "XDP_MAX_TX_SKB_BUDGET",
    "SOL_SMC",
    "SOL_MPTCP",
    "BT_ISO_QOS",
    "BT_ISO_BASE",
    "BT_CODEC",
];

/// Names that no header tells programs: UDP-Lite's, Winsock's, and one of a kernel that never was
/// Linux's own.
const NOWHERE: &[&str] =
    &["UDPLITE_RECV_CSCOV", "UDPLITE_SEND_CSCOV", "SO_DONTLINGER", "ALG_SET_PUBKEY"];

#[test]
fn headers_have_the_same_numbers() {
    let (compared, unknown) = compare(HEADERS, |level| !is_bluetooth(level));
    assert!(unknown.is_empty(), "the headers here have no {unknown:?}");
    assert!(compared > 300, "only {compared} compared");
}

#[test]
fn the_headers_of_bluetooth_have_the_same_numbers() {
    if !compiles(tempfile::tempdir().unwrap().path(), BLUETOOTH[0], "0") {
        skip!("no headers of Bluetooth (Debian: libbluetooth-dev)");
    }
    let (compared, unknown) = compare(BLUETOOTH, is_bluetooth);
    assert!(unknown.is_empty(), "the headers here have no {unknown:?}");
    assert!(compared > 15, "only {compared} compared");
}

fn is_bluetooth(level: &str) -> bool {
    ["SOL_BLUETOOTH", "SOL_HCI", "SOL_L2CAP", "SOL_RFCOMM", "SOL_SCO"].contains(&level)
}

/// Compares the rows of these levels, and answers how many there were and which names no header
/// has.
fn compare(headers: &[&[&str]], chosen: impl Fn(&str) -> bool) -> (usize, Vec<&'static str>) {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<_> = TABLE.iter().filter(|row| chosen(row.level_name)).collect();
    let mut ours: BTreeMap<&'static str, i32> = BTreeMap::new();
    for row in &rows {
        ours.insert(row.level_name, row.level);
        // In C the level alone tells the version of IP.
        ours.insert(row.name.strip_suffix("_V6").unwrap_or(row.name), row.number);
    }
    let mut unknown: Vec<&'static str> = ours.keys().copied().collect();
    let mut compared = 0;
    for set in headers {
        assert!(compiles(folder.path(), set, "0"), "{set:?}");
        let lines: String = ours
            .keys()
            .map(|name| {
                let is_enum = ENUMS
                    .iter()
                    .any(|(prefix, header)| name.starts_with(prefix) && set.contains(header));
                let known = match is_enum && compiles(folder.path(), set, name) {
                    true => "1".to_owned(),
                    false => format!("defined({name})"),
                };
                format!("#if {known}\nprintf(\"{name} %d\\n\", (int){name});\n#endif\n")
            })
            .collect();
        for (name, theirs) in run(folder.path(), set, &lines) {
            assert_eq!(ours.get(name.as_str()), Some(&theirs), "{name} of {set:?}");
            compared += 1;
            unknown.retain(|unknown| *unknown != name);
        }
    }
    unknown.retain(|name| !NEW.contains(name) && !NOWHERE.contains(name));
    (compared, unknown)
}

fn program(folder: &Path, headers: &[&str], body: &str) -> std::path::PathBuf {
    let includes: String = headers.iter().map(|header| format!("#include <{header}>\n")).collect();
    let file = folder.join("probe.c");
    let text = format!(
        "#define _GNU_SOURCE\n#include <stdio.h>\n#include <stdint.h>\n{includes}\
         int main(void) {{\n{body}return 0;\n}}\n"
    );
    std::fs::write(&file, text).unwrap();
    file
}

fn compiles(folder: &Path, headers: &[&str], value: &str) -> bool {
    let file = program(folder, headers, &format!("int value = {value};\n(void)value;\n"));
    Command::new("cc").arg("-fsyntax-only").arg(file).output().unwrap().status.success()
}

fn run(folder: &Path, headers: &[&str], body: &str) -> Vec<(String, i32)> {
    let (file, out) = (program(folder, headers, body), folder.join("probe"));
    let cc = Command::new("cc").arg("-o").arg(&out).arg(&file).output().unwrap();
    assert!(cc.status.success(), "{headers:?}: {}", String::from_utf8_lossy(&cc.stderr));
    String::from_utf8(Command::new(&out).output().unwrap().stdout)
        .unwrap()
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, number)| (name.to_owned(), number.parse().unwrap()))
        .collect()
}
