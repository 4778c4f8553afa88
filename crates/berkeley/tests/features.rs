//! The rows of the table of features that no other file here shows: moving data, time, connecting,
//! names. Each name begins with its row.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::io::{BufRead, BufReader, Write};
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use berkeley::{
    AddrInfoFlags, Cause, Connector, Deadline, Errno, Family, LookupCode, MsgFlags, NameInfoFlags,
    Protocol, Server, Socket, SocketFile, Type, create_connection, create_server, getaddrinfo,
    getnameinfo, opt,
};
use berkeley_testing::{eventually, skip};

fn pair(ty: Type) -> (Socket, Socket) {
    Socket::pair(Family::UNIX, ty, Protocol::DEFAULT).unwrap()
}

fn tcp() -> (Socket, Socket) {
    let server = create_server("127.0.0.1:0").unwrap();
    let client = create_connection(server.local_addr().unwrap()).unwrap();
    let (accepted, _) = server.accept().unwrap();
    (client, accepted)
}

#[test]
fn d1_receive_into_bytes() {
    let (a, b) = pair(Type::STREAM);
    a.send(b"hello").unwrap();
    let mut buf = [0_u8; 16];
    assert_eq!(b.recv(&mut buf).unwrap(), 5);
    assert_eq!(&buf[..5], b"hello");
}

#[test]
fn d2_receive_into_memory_that_is_not_initialised() {
    let (a, b) = pair(Type::STREAM);
    a.send(b"hello").unwrap();
    let mut memory = [MaybeUninit::<u8>::uninit(); 16];
    let (filled, rest) = b.recv(&mut memory[..]).unwrap();
    assert_eq!(rest.len(), 11);
    assert_eq!(filled, b"hello");
}

#[test]
fn d13_urgent_data_and_its_mark() {
    let (client, server) = tcp();
    client.send(b"before").unwrap();
    client.send_with(b"!", MsgFlags::OOB).unwrap();
    client.send(b"after").unwrap();
    assert!(eventually(|| {
        let mut urgent = [0; 1];
        let found = server.recv_with(&mut urgent, MsgFlags::OOB | MsgFlags::PEEK);
        found.is_ok_and(|len| len == 1 && urgent == *b"!")
    }));
    assert!(!server.at_mark().unwrap());
    // Receiving stops at the mark, whatever stands behind it.
    assert_eq!(server.recv_vec(100).unwrap(), b"before");
    assert!(server.at_mark().unwrap());
    let mut urgent = [0; 1];
    assert_eq!(server.recv_with(&mut urgent, MsgFlags::OOB).unwrap(), 1);
    assert_eq!(server.recv_vec(100).unwrap(), b"after");
    assert!(!server.at_mark().unwrap());
}

#[test]
fn d14_everything_within_one_deadline() {
    let (a, b) = pair(Type::STREAM);
    a.set(opt::SO_SNDBUF, 4096_usize).unwrap();
    a.set_timeout(Duration::from_millis(100)).unwrap();
    // Taken slowly, each piece comes long before the limit, and the whole does not.
    let reader = thread::spawn(move || {
        let mut taken = 0;
        while let Ok(piece) = b.recv_vec(1024) {
            if piece.is_empty() {
                break;
            }
            taken += piece.len();
            thread::sleep(Duration::from_millis(5));
        }
        taken
    });
    let error = a.send_all(&[7; 1 << 20]).unwrap_err();
    assert!(error.is_timeout());
    let sent = error.bytes_sent().unwrap();
    assert!(sent > 0 && sent < 1 << 20);
    drop(a);
    assert_eq!(reader.join().unwrap(), sent, "what was sent is told to the byte");
}

#[test]
fn d17_a_buffered_file_of_a_socket() {
    let (a, b) = pair(Type::STREAM);
    let mut writer = SocketFile::new(a);
    writer.write_all(b"one\ntwo\n").unwrap();
    drop(writer);
    let lines: Vec<String> =
        BufReader::new(SocketFile::new(b)).lines().map(Result::unwrap).collect();
    assert_eq!(lines, ["one", "two"]);
}

#[test]
fn e1_e2_a_short_timeout_is_kept_and_not_none() {
    let (_a, b) = pair(Type::DGRAM);
    for limit in [Duration::from_nanos(1), Duration::from_millis(3)] {
        b.set_timeout(limit).unwrap();
        let before = Instant::now();
        let error = b.recv(&mut [0; 1]).unwrap_err();
        assert!(matches!(error.cause(), Cause::TimedOut));
        assert!(before.elapsed() >= limit, "never early");
    }
}

#[test]
fn e3_zero_never_waits() {
    let (_a, b) = pair(Type::DGRAM);
    b.set_timeout(Duration::ZERO).unwrap();
    let error = b.recv(&mut [0; 1]).unwrap_err();
    assert!(error.is_would_block() && error.errno() == Some(Errno::EAGAIN));
}

#[test]
fn e4_connecting_has_a_limit_that_is_never_early() {
    // A listener whose queue is full answers nobody.
    let server = Socket::new(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
    server.bind("unix:").unwrap();
    server.listen(0).unwrap();
    let addr = server.local_addr().unwrap();
    let mut waiting = Vec::new();
    let limit = Duration::from_millis(30);
    let error = loop {
        let client = Socket::new(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
        client.set_timeout(limit).unwrap();
        let before = Instant::now();
        match client.connect(addr) {
            Ok(()) => waiting.push(client),
            Err(error) => {
                assert!(before.elapsed() >= limit);
                break error;
            }
        }
        assert!(waiting.len() < 100, "a queue of none takes a hundred");
    };
    assert!(error.is_timeout(), "{error}");
}

#[test]
fn e5_connecting_without_waiting() {
    let server = create_server("127.0.0.1:0").unwrap();
    let client = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap();
    client.set_nonblocking(true).unwrap();
    let begun = client.connect_ex(server.local_addr().unwrap()).unwrap();
    assert!([Errno::SUCCESS, Errno::EINPROGRESS].contains(&begun), "{begun:?}");
    let _accepted = server.accept().unwrap();
    assert!(eventually(|| client.peer_addr().is_ok()));
    assert_eq!(client.take_error().unwrap(), Errno::SUCCESS);
}

#[test]
fn e6_bind_before_connect() {
    let server = create_server("127.0.0.1:0").unwrap();
    let source = (Ipv4Addr::new(127, 0, 0, 61), 0).into();
    let client = Connector::new().source(source).connect(server.local_addr().unwrap()).unwrap();
    let from = client.local_addr().unwrap().to_ip().unwrap();
    assert_eq!(from.ip(), Ipv4Addr::new(127, 0, 0, 61));
    assert_eq!(server.accept().unwrap().1.to_ip(), Some(from));
}

#[test]
fn e7_several_addresses_are_tried() {
    // The name has several; only one of them listens.
    let server = create_server(("127.0.0.1", 0)).unwrap();
    let port = server.local_addr().unwrap().port().unwrap();
    let client = create_connection(("localhost", port)).unwrap();
    assert_eq!(client.peer_addr().unwrap(), server.local_addr().unwrap());
}

#[test]
fn e9_the_backlog_is_the_callers() {
    let server = Server::new().backlog(1).listen("127.0.0.1:0").unwrap();
    // TCP_INFO of a listener has its limit in tcpi_sacked, as `ss` shows it.
    assert_eq!(server.get(opt::TCP_INFO).unwrap().sacked, 1);
}

#[test]
fn e10_one_server_for_both_ip_versions() {
    if !berkeley::has_dualstack_ipv6() {
        skip!("this machine has no IPv6");
    }
    let server = Server::new().dual_stack(true).listen(":0").unwrap();
    let port = server.local_addr().unwrap().port().unwrap();
    for host in ["127.0.0.1", "::1"] {
        let client = create_connection((host, port)).unwrap();
        let (_, from) = server.accept().unwrap();
        assert_eq!(from.port(), client.local_addr().unwrap().port());
    }
}

#[test]
fn e11_accepted_sockets_do_not_inherit_the_mode() {
    let server = create_server("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let client = create_connection(server.local_addr().unwrap()).unwrap();
    let mut accepted = None;
    assert!(eventually(|| {
        accepted = server.accept().ok();
        accepted.is_some()
    }));
    let (accepted, _) = accepted.unwrap();
    assert_eq!(accepted.timeout(), None);
    let sender = thread::spawn(move || {
        thread::sleep(Duration::from_millis(30));
        client.send(b"late").unwrap();
    });
    // It waits, where an inherited mode would answer EAGAIN.
    assert_eq!(accepted.recv_vec(10).unwrap(), b"late");
    sender.join().unwrap();
}

#[test]
fn f1_getaddrinfo_with_everything() {
    let answers = getaddrinfo("127.0.0.1", "80")
        .family(Family::INET)
        .ty(Type::STREAM)
        .protocol(Protocol::TCP)
        .flags(AddrInfoFlags::CANONNAME | AddrInfoFlags::NUMERICHOST)
        .call()
        .unwrap();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].canonical_name.as_deref(), Some("127.0.0.1"));
    assert_eq!(answers[0].addr, SocketAddr::from(([127, 0, 0, 1], 80)).into());
    let error = getaddrinfo("name", "80").flags(AddrInfoFlags::NUMERICHOST).call().unwrap_err();
    assert_eq!(error.lookup_code(), Some(LookupCode::EAI_NONAME));
}

#[test]
fn f2_getnameinfo_with_flags() {
    let flags = NameInfoFlags::NUMERICHOST | NameInfoFlags::NUMERICSERV;
    let info = getnameinfo(&SocketAddr::from(([127, 0, 0, 1], 80)).into(), flags).unwrap();
    assert_eq!((info.host.as_str(), info.service.as_str()), ("127.0.0.1", "80"));
}

#[test]
fn f3_services_protocols_and_hosts() {
    assert_eq!(berkeley::gethostbyname("127.0.0.1").unwrap(), Ipv4Addr::LOCALHOST);
    let error = berkeley::getservbyname("no-such-service", None).unwrap_err();
    assert_eq!(error.lookup_code(), Some(LookupCode::EAI_SERVICE));
    match berkeley::getprotobyname("tcp") {
        Ok(protocol) => assert_eq!(protocol, Protocol::TCP),
        Err(_) => skip!("this machine has no database of protocols"),
    }
}

#[test]
fn f4_interfaces_by_name_and_number() {
    let lo = berkeley::if_nametoindex("lo").unwrap();
    assert_eq!(berkeley::if_indextoname(lo).unwrap(), "lo");
}

#[test]
fn f8_the_name_of_the_machine() {
    assert!(!berkeley::gethostname().unwrap().is_empty());
    let error = berkeley::sethostname("x".repeat(65)).unwrap_err();
    assert!(matches!(error.errno(), Some(Errno::EINVAL | Errno::EPERM)), "{error}");
}

#[test]
fn f8_a_new_name_in_a_namespace_of_its_own() {
    const MARK: &str = "BERKELEY_TEST_UTS";
    if std::env::var_os(MARK).is_some() {
        berkeley::sethostname("testbed").unwrap();
        assert_eq!(berkeley::gethostname().unwrap(), "testbed");
        return;
    }
    let Some(unshare) = berkeley_testing::program("unshare") else {
        skip!("unshare is not installed");
    };
    let before = berkeley::gethostname().unwrap();
    let output = std::process::Command::new(unshare)
        .arg("--uts")
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "f8_a_new_name_in_a_namespace_of_its_own"])
        .env(MARK, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("unshare failed") {
        skip!("takes a right that this user lacks");
    }
    assert!(output.status.success(), "{said}");
    assert_eq!(berkeley::gethostname().unwrap(), before, "and only there");
}

#[test]
fn e1_a_deadline_is_one_for_the_whole() {
    let deadline = Deadline::after(Duration::from_millis(20));
    thread::sleep(Duration::from_millis(30));
    assert!(deadline.has_passed());
    assert_eq!(deadline.remaining(), Some(Duration::ZERO));
}
