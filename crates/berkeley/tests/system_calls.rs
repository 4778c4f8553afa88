//! How many system calls an operation takes, by strace: as many as a hand-written C program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::process::Command;
use std::time::Duration;

use berkeley::batch::{RecvBatch, SendBatch};
use berkeley::eyeballs::DELAY;
use berkeley::{Connector, Family, Protocol, Socket, Type, create_connection, create_server};
use berkeley_testing::{program, skip};

/// The operations, by name, each done once between two marks in the trace.
fn operate() {
    let mark = |name: &str| drop(std::fs::metadata(format!("/mark/{name}")));
    let server = create_server("127.0.0.1:0").unwrap();
    let addr = server.local_addr().unwrap();
    let udp = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    udp.bind("127.0.0.1:0").unwrap();
    let own = udp.local_addr().unwrap();
    let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
    let mut memory = [0; 64];
    let (mut out, mut arrived) = (SendBatch::new(), RecvBatch::new(64, 64));
    for _ in 0..40 {
        out.push(b"datagram", own).unwrap();
    }
    // Once a process the kernel is asked whether it splits datagrams.
    assert!(udp.send_offload());
    let mut kinds = SendBatch::new();
    kinds.push(b"short", own).unwrap();
    kinds.push(b"longer than that", own).unwrap();
    for timeout in [None, Some(Duration::from_secs(5)), Some(Duration::from_secs(6))] {
        for socket in [&server, &udp, &a, &b] {
            socket.set_timeout(timeout).unwrap();
        }
    }
    mark("set_timeout to the same mode");
    a.set_timeout(Duration::from_secs(7)).unwrap();
    mark("send");
    a.send(b"x").unwrap();
    mark("recv");
    b.recv(&mut memory).unwrap();
    mark("send_to");
    udp.send_to(b"x", own).unwrap();
    mark("recv_from");
    udp.recv_from(&mut memory).unwrap();
    mark("send_batch");
    assert_eq!(udp.send_batch(&mut out).unwrap(), 40);
    mark("recv_batch");
    assert_eq!(udp.recv_batch(&mut arrived).unwrap(), 40);
    mark("send_batch of two kinds");
    assert_eq!(udp.send_batch(&mut kinds).unwrap(), 2);
    mark("send_all");
    a.send_all(b"xyz").unwrap();
    mark("recv_vec");
    b.recv_vec(64).unwrap();
    mark("create_connection");
    let _client = create_connection(addr).unwrap();
    mark("happy_eyeballs with one address");
    let eager = Connector::new().happy_eyeballs(DELAY);
    let _one = eager.connect_any([addr]).unwrap();
    mark("happy_eyeballs, two addresses");
    let _two = eager.connect_any([addr, addr]).unwrap();
    mark("accept");
    let (conn, _) = server.accept().unwrap();
    mark("family and type");
    assert_eq!((conn.family(), conn.ty()), (Family::INET, Type::STREAM));
    mark("pair");
    let _pair = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
    mark("create_server");
    let _server = create_server("127.0.0.1:0").unwrap();
    mark("close");
    conn.close().unwrap();
    mark("end");
}

#[test]
fn as_many_calls_as_needed() {
    if std::env::var_os("BERKELEY_TRACED").is_some() {
        return operate();
    }
    if program("strace").is_none() {
        skip!("strace is not installed");
    }
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-o"]).arg(&trace).arg(std::env::current_exe().unwrap());
    let output =
        command.args(["--exact", "as_many_calls_as_needed"]).env("BERKELEY_TRACED", "1").output();
    let output = output.unwrap();
    if !output.status.success() {
        skip!("strace may not trace here: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = std::fs::read_to_string(&trace).unwrap();
    let mut counts: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines() {
        // The number of the thread, the call and its arguments.
        let call = line.split_once(' ').map_or(line, |(_, call)| call.trim_start());
        if let Some((_, mark)) = call.split_once("\"/mark/") {
            counts.push((mark.split('"').next().unwrap().to_owned(), Vec::new()));
        } else if let Some((name, calls)) = counts.last_mut() {
            // Memory is the allocator's business, and the other threads are the test's frame.
            let word = call.split('(').next().unwrap();
            if name != "end"
                && !["brk", "mmap", "munmap", "madvise", "futex", "<..."].contains(&word)
            {
                calls.push(word.to_owned());
            }
        }
    }
    let of = |name: &str| {
        let found = counts.iter().find(|(mark, _)| mark == name);
        found.unwrap_or_else(|| panic!("no {name} in {counts:?}")).1.join(" ")
    };
    for (name, calls) in [
        ("set_timeout to the same mode", ""),
        ("send", "sendto"),
        ("recv", "recvfrom"),
        ("send_to", "sendto"),
        ("recv_from", "recvfrom"),
        ("send_batch", "sendmsg"),
        ("send_batch of two kinds", "sendmmsg"),
        ("recv_batch", "recvmmsg"),
        ("send_all", "sendto"),
        ("recv_vec", "recvfrom"),
        ("create_connection", "socket connect"),
        ("happy_eyeballs with one address", "socket connect"),
        ("happy_eyeballs, two addresses", "socket ioctl connect ppoll getsockopt ioctl"),
        ("accept", "accept4"),
        ("family and type", ""),
        ("pair", "socketpair"),
        ("create_server", "socket setsockopt bind listen"),
        ("close", "close"),
    ] {
        assert_eq!(of(name), calls, "{name}");
    }
}
