//! The numbers of the kinds of control messages, compared with the system's headers.

use std::collections::BTreeMap;
use std::process::Command;

use berkeley::cmsg::TABLE;

/// Names that the headers here may be too old for.
const NEW: &[&str] = &["SCM_PIDFD", "SCM_TS_OPT_ID", "IP_PROTOCOL", "VSOCK_RECVERR", "SOL_VSOCK"];

/// Numbers that no header tells programs, or only one of Bluetooth's own.
const NOWHERE: &[&str] = &["SCM_SECURITY", "BT_SCM_PKT_STATUS", "BT_SCM_ERROR"];

#[test]
fn headers_have_the_same_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let (source, program) = (folder.path().join("probe.c"), folder.path().join("probe"));
    let mut lines = String::new();
    for row in TABLE {
        for name in [row.name, row.level_name] {
            // Some are members of an `enum`, which no `#ifdef` sees.
            let known = if name.starts_with("SCM_J1939")
                || name == "SCM_CAN_RAW_ERRQUEUE"
                || name.starts_with("SCTP_")
            {
                "1".to_owned()
            } else {
                format!("defined({name})")
            };
            lines += &format!("#if {known}\nprintf(\"{name} %d\\n\", (int){name});\n#endif\n");
        }
    }
    let headers = [
        "stdio.h",
        "sys/socket.h",
        "netinet/in.h",
        "netinet/udp.h",
        "netinet/tcp.h",
        "linux/types.h",
        "linux/errqueue.h",
        "linux/tls.h",
        "linux/if_alg.h",
        "linux/if_packet.h",
        "linux/netlink.h",
        "linux/can/j1939.h",
        "linux/can/raw.h",
        "linux/tipc.h",
        "linux/rds.h",
        "linux/sctp.h",
        "linux/vm_sockets.h",
    ];
    let includes: String = headers.iter().map(|header| format!("#include <{header}>\n")).collect();
    // Those that libc's headers leave out.
    let kernel = "#ifndef SCM_TXTIME\n#define SCM_TXTIME SO_TXTIME\n#endif\n";
    let text =
        format!("#define _GNU_SOURCE\n{includes}{kernel}int main(void) {{\n{lines}return 0;\n}}\n");
    std::fs::write(&source, text).unwrap();
    let cc = Command::new("cc").arg("-o").arg(&program).arg(&source).output().unwrap();
    assert!(cc.status.success(), "{}", String::from_utf8_lossy(&cc.stderr));
    let output = String::from_utf8(Command::new(&program).output().unwrap().stdout).unwrap();
    let theirs: BTreeMap<&str, i32> = output
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, number)| (name, number.parse().unwrap()))
        .collect();
    let mut unknown = Vec::new();
    for row in TABLE {
        for (name, ours) in [(row.name, row.number), (row.level_name, row.level)] {
            match theirs.get(name) {
                Some(number) => assert_eq!(*number, ours, "{name}"),
                None => unknown.push(name),
            }
        }
    }
    unknown.retain(|name| !NEW.contains(name) && !NOWHERE.contains(name));
    unknown.dedup();
    assert!(unknown.is_empty(), "the headers here have no {unknown:?}");
    assert!(theirs.len() > 50, "only {} compared", theirs.len());
}
