//! The table of constants, compared with every CPython here, with the system's headers and with
//! the library's own types.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use berkeley::constants::{ALL, TEXTS, by_name};
use berkeley::{
    AddrInfoFlags, Family, LookupCode, MsgFlags, NameInfoFlags, Protocol, Type, cmsg, opt,
};

/// Names that a CPython may lack though its version has them, and why. A name that ends in `_`
/// stands for all that begin with it.
const NOT_EVERYWHERE: &[(&str, &[&str])] = &[
    (
        "built without BlueZ's headers",
        &[
            "AF_BLUETOOTH",
            "BDADDR_",
            "BTPROTO_",
            "BT_",
            "HCI_",
            "L2CAP_",
            "SOL_BLUETOOTH",
            "SOL_HCI",
            "SOL_L2CAP",
            "SOL_RFCOMM",
            "SOL_SCO",
        ],
    ),
    (
        "CPython includes none of their headers",
        &["IPX_TYPE", "RDS_", "SOL_ATALK", "SOL_AX25", "SOL_IPX", "SOL_NETROM", "SOL_ROSE"],
    ),
    ("lost in 3.11, and back since 3.13", &["CAN_RAW_ERR_FILTER"]),
];

/// Names that no header here may have, and why.
const NOT_IN_HEADERS: &[(&str, &[&str])] = &[
    ("CPython says the number itself", &["ALG_OP_SIGN", "ALG_OP_VERIFY", "ALG_SET_PUBKEY"]),
    ("the kernel has it and tells no program", &["UDPLITE_RECV_CSCOV", "UDPLITE_SEND_CSCOV"]),
    ("newer than most BlueZ", &["BT_VOICE_TRANSPARENT_16BIT"]),
];

fn is_listed(name: &str, list: &[(&str, &[&str])]) -> bool {
    list.iter().flat_map(|(_, names)| names.iter()).any(|listed| match listed.ends_with('_') {
        true => name.starts_with(listed),
        false => name == *listed,
    })
}

#[test]
fn every_row_is_found_by_its_name() {
    assert!(ALL.len() > 500, "only {}", ALL.len());
    for pair in ALL.windows(2) {
        assert!(pair[0].name < pair[1].name, "{} and {}", pair[0].name, pair[1].name);
    }
    for row in ALL {
        assert_eq!(by_name(row.name), Some(row.value));
    }
    for unknown in ["", "A", "AF_", "AF_INET60", "af_inet", "has_ipv6", "ZZZ", "BDADDR_ANY"] {
        assert_eq!(by_name(unknown), None, "{unknown}");
    }
}

/// So many did each version add; of the newest there may be no interpreter here to say so.
#[test]
fn no_version_s_names_get_lost() {
    let added = |minor| ALL.iter().filter(|row| row.since == (3, minor)).count();
    let counts: Vec<usize> = (6..=15).map(added).collect();
    assert_eq!(counts, [317, 11, 13, 28, 2, 2, 30, 2, 74, 29]);
    assert_eq!(counts.iter().sum::<usize>(), ALL.len());
}

/// What a CPython says of its module `_socket`.
struct Python {
    place: String,
    version: (u8, u8),
    numbers: BTreeMap<String, i64>,
    texts: BTreeMap<String, String>,
}

const ASK: &str = "
import os, sys, _socket
if sys.implementation.name != 'cpython': sys.exit(1)
print(os.path.realpath(sys.executable))
print(*sys.version_info[:2])
for name in dir(_socket):
    value = getattr(_socket, name)
    if type(value) in (int, str) and not name.startswith('__'):
        print(type(value).__name__, name, value)
";

impl Python {
    /// `None` if it does not run, is older than the table knows, or is another implementation.
    fn ask(program: &PathBuf) -> Option<Python> {
        let asked =
            Command::new(program).args(["-I", "-c", ASK]).stderr(Stdio::null()).output().ok()?;
        let answer = String::from_utf8(asked.stdout).ok().filter(|_| asked.status.success())?;
        let mut lines = answer.lines();
        let place = lines.next()?.to_owned();
        let (major, minor) = lines.next()?.split_once(' ')?;
        let version = (major.parse().ok()?, minor.parse().ok()?);
        let mut python =
            Python { place, version, numbers: BTreeMap::new(), texts: BTreeMap::new() };
        for line in lines {
            let words: Vec<&str> = line.splitn(3, ' ').collect();
            match words[0] {
                "int" => drop(python.numbers.insert(words[1].into(), words[2].parse().unwrap())),
                _ => drop(python.texts.insert(words[1].into(), words[2].into())),
            }
        }
        (version >= (3, 6)).then_some(python)
    }
}

/// Every CPython of the search path, of pyenv and of the variable `PYTHON`, once each.
fn pythons() -> Vec<Python> {
    let mut folders: Vec<PathBuf> =
        std::env::var_os("PATH").iter().flat_map(std::env::split_paths).collect();
    let home = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let pyenv = home("PYENV_ROOT").or_else(|| home("HOME").map(|home| home.join(".pyenv")));
    if let Some(versions) = pyenv.and_then(|root| fs::read_dir(root.join("versions")).ok()) {
        folders.extend(versions.map(|entry| entry.unwrap().path().join("bin")));
    }
    let mut programs: BTreeSet<PathBuf> =
        std::env::var_os("PYTHON").map(PathBuf::from).into_iter().collect();
    for entry in folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let minor = name.strip_prefix("python3.").map(|rest| rest.trim_end_matches('t'));
        if name == "python3" || minor.is_some_and(|minor| minor.parse::<u8>().is_ok()) {
            programs.insert(path);
        }
    }
    let found =
        programs.iter().filter_map(Python::ask).map(|python| (python.place.clone(), python));
    found.collect::<BTreeMap<String, Python>>().into_values().collect()
}

#[test]
fn every_cpython_here_has_the_same() {
    let pythons = pythons();
    if pythons.is_empty() {
        berkeley_testing::skip!("there is no CPython here to compare with");
    }
    let mut wrong = Vec::new();
    for python in &pythons {
        let (major, minor) = python.version;
        let here = format!("{major}.{minor} at {}", python.place);
        println!("{here}: {} numbers, {} texts", python.numbers.len(), python.texts.len());
        for (name, theirs) in &python.numbers {
            match ALL.iter().find(|row| row.name == name) {
                None => wrong.push(format!("{here} has {name} = {theirs}, we do not")),
                Some(row) if row.value != *theirs => {
                    wrong.push(format!("{here} has {name} = {theirs}, we {}", row.value));
                }
                Some(row) if row.since > python.version => {
                    wrong.push(format!("{here} has {name}, since {:?}", row.since));
                }
                Some(_) => {}
            }
        }
        for (name, theirs) in &python.texts {
            match TEXTS.iter().find(|row| row.name == name) {
                Some(row) if row.value == theirs && row.since <= python.version => {}
                other => wrong.push(format!("{here} has {name} = {theirs:?}, we {other:?}")),
            }
        }
        let since = |since: (u8, u8)| since <= python.version;
        let rows = ALL.iter().filter(|row| since(row.since)).map(|row| row.name);
        let texts = TEXTS.iter().filter(|row| since(row.since)).map(|row| row.name);
        let is_theirs =
            |name: &str| python.numbers.contains_key(name) || python.texts.contains_key(name);
        for name in rows.chain(texts).filter(|name| !is_theirs(name)) {
            if !is_listed(name, NOT_EVERYWHERE) {
                wrong.push(format!("{here} has no {name}"));
            }
        }
        assert!(python.numbers.len() > 250, "{here} has only {}", python.numbers.len());
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// What the headers here are, as far as there are any.
const HEADERS: &[&str] = &[
    "stdio.h",
    "sys/socket.h",
    "sys/ioctl.h",
    "net/ethernet.h",
    "netinet/in.h",
    "netinet/tcp.h",
    "netinet/udp.h",
    "netdb.h",
    "netpacket/packet.h",
    "netax25/ax25.h",
    "netipx/ipx.h",
    "netatalk/at.h",
    "netrom/netrom.h",
    "netrose/rose.h",
    "linux/types.h",
    "linux/netlink.h",
    "linux/qrtr.h",
    "linux/tipc.h",
    "linux/rds.h",
    "linux/can.h",
    "linux/can/raw.h",
    "linux/can/bcm.h",
    "linux/can/isotp.h",
    "linux/can/j1939.h",
    "linux/if_alg.h",
    "linux/vm_sockets.h",
    "linux/netfilter_ipv4.h",
    "bluetooth/bluetooth.h",
    "bluetooth/hci.h",
    "bluetooth/l2cap.h",
    "bluetooth/rfcomm.h",
    "bluetooth/sco.h",
];

/// What the headers call it: those of the broadcast manager have no prefix there.
fn name_in_c(name: &str) -> &str {
    name.strip_prefix("CAN_BCM_").unwrap_or(name)
}

/// The values that the headers here have, by our names.
fn values_of_headers() -> BTreeMap<&'static str, i64> {
    let folder = tempfile::tempdir().unwrap();
    let (source, program) = (folder.path().join("probe.c"), folder.path().join("probe"));
    let includes: String = HEADERS
        .iter()
        .map(|header| format!("#if __has_include(<{header}>)\n#include <{header}>\n#endif\n"))
        .collect();
    let mut names: Vec<&'static str> = ALL.iter().map(|row| row.name).collect();
    // Some are members of an `enum`, which no `#ifdef` sees, so the compiler says which are not
    // there at all.
    loop {
        let lines: String = names
            .iter()
            .map(|name| format!("printf(\"{name} %lld\\n\", (long long)({}));\n", name_in_c(name)))
            .collect();
        let text = format!(
            "#define _GNU_SOURCE\n{includes}int main(void) {{\n#line 1\n{lines}return 0;\n}}\n"
        );
        fs::write(&source, text).unwrap();
        let cc = Command::new("cc")
            .env("LC_ALL", "C")
            .args(["-w", "-o"])
            .args([&program, &source])
            .output()
            .unwrap();
        if cc.status.success() {
            break;
        }
        // `probe.c:LINE:COLUMN: error: …`, the line being that of the name.
        let said = String::from_utf8_lossy(&cc.stderr).into_owned();
        let absent: BTreeSet<&str> = said
            .lines()
            .filter(|line| line.contains("error:") && line.contains("declared"))
            .filter_map(|line| line.split("probe.c:").nth(1)?.split(':').next()?.parse().ok())
            .filter_map(|number: usize| names.get(number.checked_sub(1)?).copied())
            .collect();
        assert!(!absent.is_empty(), "{said}");
        names.retain(|name| !absent.contains(name));
    }
    let output = String::from_utf8(Command::new(&program).output().unwrap().stdout).unwrap();
    let values: BTreeMap<&str, i64> = output
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, number)| (name, number.parse().unwrap()))
        .collect();
    ALL.iter().filter_map(|row| Some((row.name, *values.get(row.name)?))).collect()
}

#[test]
fn headers_have_the_same_numbers() {
    let theirs = values_of_headers();
    let mut wrong = Vec::new();
    let has_bluetooth = theirs.contains_key("BTPROTO_HCI");
    for row in ALL {
        match theirs.get(row.name) {
            Some(number) if *number == row.value => {}
            Some(number) => wrong.push(format!("{} is {number}, not {}", row.name, row.value)),
            None if is_listed(row.name, NOT_IN_HEADERS) => {}
            None if !has_bluetooth && is_listed(row.name, &NOT_EVERYWHERE[..1]) => {}
            None => wrong.push(format!("no header here has {}", row.name)),
        }
    }
    println!("{} of {} compared", theirs.len(), ALL.len());
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(theirs.len() > 400, "only {} compared", theirs.len());
}

/// Compares what has the same name, and says how many do.
fn agree<'a>(ours: impl Iterator<Item = (String, i64)> + 'a) -> usize {
    let known: Vec<_> = ours.filter_map(|(name, n)| Some((by_name(&name)?, name, n))).collect();
    for (constant, name, number) in &known {
        assert_eq!(constant, number, "{name}");
    }
    known.len()
}

#[test]
fn the_library_s_own_types_agree() {
    let families = Family::NAMED.iter().map(|(kind, name)| ((*name).into(), kind.number().into()));
    assert!(agree(families) >= 20);
    let types = Type::NAMED.iter().map(|(kind, name)| ((*name).into(), kind.number().into()));
    assert_eq!(agree(types), 5);
    let protocols =
        Protocol::NAMED.iter().map(|(kind, name)| ((*name).into(), kind.number().into()));
    assert!(agree(protocols) >= 10);
    let codes = LookupCode::NAMED.iter().map(|(kind, name)| ((*name).into(), kind.number().into()));
    assert_eq!(agree(codes), ALL.iter().filter(|row| row.name.starts_with("EAI_")).count());
    let options = opt::TABLE.iter().map(|row| (row.name.into(), row.number.into()));
    assert!(agree(options) >= 40);
    let levels = opt::TABLE.iter().map(|row| (row.level_name.into(), row.level.into()));
    assert!(agree(levels) >= 40);
    let kinds = cmsg::TABLE.iter().map(|row| (row.name.into(), row.number.into()));
    assert!(agree(kinds) >= 10);
}

/// Every flag of Python's has its name in the library's type, and the same bits.
#[test]
fn flags_agree() {
    let message: BTreeMap<_, _> = MsgFlags::all()
        .iter_names()
        .map(|(name, flag)| (format!("MSG_{name}"), flag.bits()))
        .collect();
    let question: BTreeMap<_, _> = AddrInfoFlags::all()
        .iter_names()
        .map(|(name, flag)| (format!("AI_{name}"), flag.bits()))
        .collect();
    let answer: BTreeMap<_, _> = NameInfoFlags::all()
        .iter_names()
        .map(|(name, flag)| (format!("NI_{name}"), flag.bits()))
        .collect();
    for (prefix, ours) in [("MSG_", &message), ("AI_", &question), ("NI_", &answer)] {
        let theirs = ALL.iter().filter(|row| row.name.starts_with(prefix));
        // Two are lengths, not flags.
        let theirs: Vec<_> = theirs.filter(|row| !row.name.starts_with("NI_MAX")).collect();
        assert!(theirs.len() > 5, "only {} of {prefix}", theirs.len());
        for row in theirs {
            assert_eq!(ours.get(row.name).copied().map(i64::from), Some(row.value), "{}", row.name);
        }
    }
}
