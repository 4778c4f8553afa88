//! The table of Python names in `docs/python.md` is complete and true.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use berkeley::*;

/// What the tutorials of Python's `socket` name.
const TUTORIALS: &[&str] = &[
    "AF_CAN",
    "AF_INET",
    "AF_INET6",
    "AF_RDS",
    "AF_UNIX",
    "AddressFamily",
    "CAN_BCM",
    "CAN_RAW",
    "IPPROTO_TCP",
    "IP_HDRINCL",
    "SOCK_DGRAM",
    "SOCK_RAW",
    "SOCK_RDM",
    "SOCK_SEQPACKET",
    "SOCK_STREAM",
    "SOL_SOCKET",
    "SO_BROADCAST",
    "SO_DEBUG",
    "SO_DONTLINGER",
    "SO_DONTROUTE",
    "SO_KEEPALIVE",
    "SO_LINGER",
    "SO_OOBINLINE",
    "SO_RCVBUF",
    "SO_REUSEADDR",
    "SO_SNDBUF",
    "SocketType",
    "TCP_NODELAY",
    "accept",
    "bind",
    "close",
    "connect",
    "connect_ex",
    "error",
    "family",
    "fileno",
    "fromfd",
    "getpeername",
    "getsockname",
    "gettimeout",
    "inet_aton",
    "inet_ntoa",
    "listen",
    "makefile",
    "proto",
    "recv",
    "recvfrom",
    "send",
    "sendall",
    "sendto",
    "setblocking",
    "setsockopt",
    "settimeout",
    "socket",
    "timeout",
    "type",
];

/// Declares the Rust names that the table may use: a name stands here only if it compiles.
macro_rules! rust_names {
    ($($name:literal => $proof:expr;)*) => {
        const RUST: &[(&str, &str)] = &[$(($name, stringify!($proof))),*];

        #[expect(dead_code, reason = "compiling it is the test")]
        #[allow(let_underscore_drop, clippy::let_underscore_must_use)]
        fn exists() {
            $(let _ = $proof;)*
        }
    };
}

rust_names! {
    "Family::UNIX" => Family::UNIX;
    "Family::INET" => Family::INET;
    "Family::INET6" => Family::INET6;
    "Family::CAN" => Family::CAN;
    "Family::RDS" => Family::RDS;
    "Family" => Family::from(2);
    "Type::STREAM" => Type::STREAM;
    "Type::DGRAM" => Type::DGRAM;
    "Type::RAW" => Type::RAW;
    "Type::RDM" => Type::RDM;
    "Type::SEQPACKET" => Type::SEQPACKET;
    "Type" => Type::from(1);
    "Protocol::TCP" => Protocol::TCP;
    "Protocol::UDP" => Protocol::UDP;
    "Protocol::ICMP" => Protocol::ICMP;
    "Protocol::DEFAULT" => Protocol::DEFAULT;
    "Protocol::RAW" => Protocol::RAW;
    "Protocol::from" => Protocol::from(1);
    "Socket::new" => Socket::new;
    "Socket" => size_of::<Socket>();
    "Socket::pair" => Socket::pair;
    "Socket::from_fd" => Socket::from_fd;
    "Socket::dup" => Socket::dup;
    "Socket::detach" => Socket::detach;
    "Socket::close" => Socket::close;
    "Socket::as_raw_fd" => |sk: &Socket| AsRawFd::as_raw_fd(sk);
    "Socket::family" => Socket::family;
    "Socket::ty" => Socket::ty;
    "Socket::protocol" => Socket::protocol;
    "Socket::bind" => |sk: &Socket| sk.bind("");
    "Socket::listen" => |sk: &Socket| sk.listen(None);
    "Socket::accept" => Socket::accept;
    "Socket::connect" => |sk: &Socket| sk.connect("");
    "Socket::connect_ex" => |sk: &Socket| sk.connect_ex("");
    "Socket::shutdown" => Socket::shutdown;
    "Shutdown::Read" => Shutdown::Read;
    "Shutdown::Write" => Shutdown::Write;
    "Shutdown::Both" => Shutdown::Both;
    "Socket::local_addr" => Socket::local_addr;
    "Socket::peer_addr" => Socket::peer_addr;
    "create_connection" => || create_connection("");
    "create_server" => || create_server("");
    "has_dualstack_ipv6" => has_dualstack_ipv6;
    "Socket::send" => Socket::send;
    "Socket::send_all" => Socket::send_all;
    "Socket::send_to" => |sk: &Socket| sk.send_to(b"", "");
    "Socket::send_vectored" => Socket::send_vectored;
    "Socket::recv_vec" => Socket::recv_vec;
    "Socket::recv" => |sk: &Socket| sk.recv(&mut [0; 1]);
    "Socket::recv_from" => |sk: &Socket| sk.recv_from(&mut [0; 1]);
    "Socket::recv_from_vectored" => Socket::recv_from_vectored;
    "Socket::makefile" => Socket::makefile;
    "MsgFlags::PEEK" => MsgFlags::PEEK;
    "MsgFlags::OOB" => MsgFlags::OOB;
    "MsgFlags::DONTWAIT" => MsgFlags::DONTWAIT;
    "MsgFlags::WAITALL" => MsgFlags::WAITALL;
    "MsgFlags::TRUNC" => MsgFlags::TRUNC;
    "Socket::set_timeout" => |sk: &Socket| sk.set_timeout(None);
    "Socket::timeout" => Socket::timeout;
    "Socket::set_nonblocking" => Socket::set_nonblocking;
    "set_default_timeout" => || set_default_timeout(None);
    "default_timeout" => default_timeout;
    "Socket::set" => |sk: &Socket| sk.set(opt::SO_DEBUG, true);
    "Socket::get" => |sk: &Socket| sk.get(opt::SO_DEBUG);
    "opt::Opt" => opt::Opt::<opt::Int>::new("", 0, 0);
    "opt::SO_BROADCAST" => opt::SO_BROADCAST;
    "opt::SO_REUSEADDR" => opt::SO_REUSEADDR;
    "opt::SO_DEBUG" => opt::SO_DEBUG;
    "opt::SO_DONTLINGER" => opt::SO_DONTLINGER;
    "opt::SO_DONTROUTE" => opt::SO_DONTROUTE;
    "opt::SO_KEEPALIVE" => opt::SO_KEEPALIVE;
    "opt::SO_LINGER" => opt::SO_LINGER;
    "opt::SO_OOBINLINE" => opt::SO_OOBINLINE;
    "opt::SO_RCVBUF" => opt::SO_RCVBUF;
    "opt::SO_SNDBUF" => opt::SO_SNDBUF;
    "opt::SO_REUSEPORT" => opt::SO_REUSEPORT;
    "Socket::take_error" => Socket::take_error;
    "opt::TCP_NODELAY" => opt::TCP_NODELAY;
    "opt::TCP_KEEPIDLE" => opt::TCP_KEEPIDLE;
    "opt::TCP_KEEPINTVL" => opt::TCP_KEEPINTVL;
    "opt::TCP_KEEPCNT" => opt::TCP_KEEPCNT;
    "opt::IP_HDRINCL" => opt::IP_HDRINCL;
    "opt::IP_TTL" => opt::IP_TTL;
    "opt::IP_ADD_MEMBERSHIP" => opt::IP_ADD_MEMBERSHIP;
    "opt::IP_DROP_MEMBERSHIP" => opt::IP_DROP_MEMBERSHIP;
    "opt::IP_MULTICAST_TTL" => opt::IP_MULTICAST_TTL;
    "opt::IP_MULTICAST_LOOP" => opt::IP_MULTICAST_LOOP;
    "opt::IP_MULTICAST_IF" => opt::IP_MULTICAST_IF;
    "opt::IPV6_V6ONLY" => opt::IPV6_V6ONLY;
    "getaddrinfo" => || getaddrinfo("", "");
    "getnameinfo" => getnameinfo;
    "gethostbyname" => gethostbyname;
    "gethostbyname_ex" => gethostbyname_ex;
    "gethostbyaddr" => gethostbyaddr;
    "gethostname" => gethostname;
    "getfqdn" => getfqdn;
    "getservbyname" => getservbyname;
    "getservbyport" => getservbyport;
    "getprotobyname" => getprotobyname;
    "inet_aton" => inet_aton;
    "inet_ntoa" => || inet_ntoa([0; 4]);
    "inet_pton" => inet_pton;
    "inet_ntop" => inet_ntop;
    "htons" => htons;
    "htonl" => htonl;
    "ntohs" => ntohs;
    "ntohl" => ntohl;
    "if_nameindex" => if_nameindex;
    "if_nametoindex" => if_nametoindex;
    "if_indextoname" => if_indextoname;
    "AddrInfoFlags::PASSIVE" => AddrInfoFlags::PASSIVE;
    "NameInfoFlags::NUMERICHOST" => NameInfoFlags::NUMERICHOST;
    "Error" => size_of::<Error>();
    "Error::is_timeout" => Error::is_timeout;
    "Error::lookup_code" => Error::lookup_code;
    "Error::is_would_block" => Error::is_would_block;
}

#[test]
fn every_name_of_the_tutorials_is_in_the_table() {
    let table = table();
    for name in TUTORIALS {
        assert!(table.iter().any(|row| row.python == *name), "{name} is missing in docs/python.md");
    }
}

#[test]
fn no_name_stands_twice() {
    let table = table();
    let names: BTreeSet<&str> = table.iter().map(|row| row.python.as_str()).collect();
    assert_eq!(names.len(), table.len());
}

#[test]
fn every_rust_name_of_the_table_exists() {
    for row in table() {
        let known = RUST.iter().find(|(name, _)| *name == row.rust);
        let (name, proof) = known.unwrap_or_else(|| {
            panic!("{} has no proof in this test that it exists", row.rust);
        });
        let last = name.rsplit("::").next().unwrap();
        assert!(proof.contains(last), "{proof} does not prove that {name} exists");
    }
}

#[test]
fn the_documentation_finds_every_python_name() {
    let sources = sources();
    for row in table() {
        let name = row.python.as_str();
        assert!(
            sources.iter().any(|source| is_alias(source, name) || is_item(source, name)),
            "{name} ({}) is neither an item nor a #[doc(alias)] of the crate",
            row.rust
        );
    }
}

#[derive(Debug)]
struct Row {
    python: String,
    rust: String,
}

/// The rows of all tables: "| `python` | `rust` | remarks |".
fn table() -> Vec<Row> {
    let text = std::fs::read_to_string(root().join("../../docs/python.md")).unwrap();
    let name = |cell: &str| {
        let inner = cell.trim().strip_prefix('`')?.strip_suffix('`')?;
        Some(inner.to_owned())
    };
    let row = |line: &str| {
        let mut cells = line.strip_prefix('|')?.split('|');
        Some(Row { python: name(cells.next()?)?, rust: name(cells.next()?)? })
    };
    let rows: Vec<Row> = text.lines().filter_map(row).collect();
    assert!(rows.len() > 100, "the table has lost its form");
    rows
}

fn is_alias(source: &str, name: &str) -> bool {
    let quoted = format!("\"{name}\"");
    // Attributes, each up to its end, which may be some lines further on.
    ["doc(alias", "#[alias("].into_iter().any(|start| {
        source
            .split(start)
            .skip(1)
            .any(|rest| rest.split(']').next().is_some_and(|attribute| attribute.contains(&quoted)))
    })
}

fn is_item(source: &str, name: &str) -> bool {
    let follows = |line: &str, start: &str| {
        line.trim_start().strip_prefix(start).is_some_and(|rest| {
            let end = rest.find(|char: char| !char.is_alphanumeric() && char != '_');
            end.is_some_and(|end| rest.get(..end) == Some(name))
        })
    };
    let starts = ["pub fn ", "pub const fn ", "pub struct ", "pub enum ", "pub trait "];
    let is_option = |line: &str| {
        line.trim_start().strip_prefix(name).is_some_and(|rest| rest.starts_with(": "))
            && line.contains(" = c::")
    };
    source
        .lines()
        .any(|line| starts.into_iter().any(|start| follows(line, start)) || is_option(line))
}

fn sources() -> Vec<String> {
    let mut folders = vec![root().join("src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                sources.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    sources
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
