//! `serve`: every kind of address, many connections, and whatever clients do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::time::Duration;

use berkeley::batch::{RecvBatch, SendBatch};
use berkeley::{Family, Protocol, Shutdown, Socket, Type, create_connection, opt};
use berkeley_testing::{eventually, skip};
use common::{Server, berkeley, connect, run, text};
use serde_json::Value;

#[test]
fn every_kind_of_address_echoes() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (stream, dgram, seq) = (path("stream"), path("dgram"), path("seq"));
    let places = [
        "127.0.0.1:0".to_owned(),
        "udp://127.0.0.1:0".to_owned(),
        format!("unix:{stream}"),
        format!("unix-dgram:{dgram}"),
        format!("unix-seqpacket:{seq}"),
        "unix:".to_owned(),
        "unix-dgram:".to_owned(),
        "unix-seqpacket:".to_owned(),
    ];
    let mut arguments: Vec<&str> = places.iter().map(String::as_str).collect();
    arguments.push("--echo");
    let mut server = Server::start(places.len(), &arguments);
    for place in server.places.clone() {
        let output = connect(&[&place, "--until", "count=1"], b"hello");
        assert_eq!(text(&output.stdout), "hello", "{place}: {}", text(&output.stderr));
        assert!(output.status.success());
    }
    assert!(std::path::Path::new(&stream).exists());
    let (status, said) = server.interrupt();
    assert_eq!(status, Some(130));
    assert!(said.contains("connections 5, datagrams 3, "), "{said}");
    for path in [stream, dgram, seq] {
        assert!(!std::path::Path::new(&path).exists(), "{path} is left behind");
    }
}

#[test]
fn a_port_alone_serves_both_versions() {
    let server = Server::start(1, &[":0", "--echo"]);
    let port = server.port();
    assert_ne!(port, 0);
    let output = connect(&[&format!("127.0.0.1:{port}")], b"four");
    assert_eq!(text(&output.stdout), "four");
    if create_connection(format!("[::1]:{port}")).is_err() {
        skip!("this machine has no IPv6 address");
    }
    let output = connect(&[&format!("[::1]:{port}")], b"six");
    assert_eq!(text(&output.stdout), "six");
}

#[test]
fn it_prints_who_and_what() {
    let mut server = Server::start(1, &["127.0.0.1:0"]);
    let client = create_connection(server.place()).unwrap();
    client.send_all(b"hello\n").unwrap();
    let name = client.local_addr().unwrap();
    assert_eq!(server.line(), format!("#1 {name} connected\n"));
    assert_eq!(server.line(), "#1 received 6 B \"hello\\n\"\n");
    drop(client);
    assert!(server.line().starts_with("#1 closed by both sides after "));
}

#[test]
fn events_are_json() {
    let mut command = berkeley();
    command.args(["--json-lines", "serve", "127.0.0.1:0", "--once", "--echo"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    let listening = next();
    connect(&[listening["addr"].as_str().unwrap()], b"abc");
    assert_eq!(next()["event"], "connected");
    let mut last = next();
    while last["schema"].is_null() {
        last = next();
    }
    assert_eq!(
        (&last["ok"], &last["received"], &last["sent"]),
        (&true.into(), &3.into(), &3.into())
    );
    assert!(child.wait().unwrap().success());
}

#[test]
fn what_clients_do_hurts_nobody() {
    let mut server = Server::start(1, &["127.0.0.1:0", "--echo"]);
    let place = server.place().to_owned();
    for round in 0..200 {
        let client = create_connection(place.as_str()).unwrap();
        match round % 4 {
            // Gone without a word, reset, half closed and gone, gone with data unread.
            0 => {}
            1 => client.set(opt::SO_LINGER, Some(Duration::ZERO)).unwrap(),
            2 => client.shutdown(Shutdown::Write).unwrap(),
            _ => client.send_all(&[7; 100_000]).unwrap(),
        }
    }
    // One that never reads is kept waiting, not kept in memory.
    let lazy = create_connection(place.as_str()).unwrap();
    lazy.set_timeout(Duration::from_millis(300)).unwrap();
    let taken = lazy.send_all(&vec![0; 256 << 20]).unwrap_err();
    assert!(taken.is_timeout(), "{taken}");
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kilobytes: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kilobytes < 64 << 10, "{kilobytes} kB");
    assert!(server.is_alive());
    let output = connect(&[&place], b"still there");
    assert_eq!(text(&output.stdout), "still there");
}

#[test]
fn ten_thousand_connections_at_once() {
    const MANY: usize = 10_000;
    let limit = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(0);
    if limit < MANY as u64 + 500 {
        skip!("this process may have {limit} open files only");
    }
    let server = Server::start(1, &["127.0.0.1:0", "--echo"]);
    let clients: Vec<Socket> =
        (0..MANY).map(|_| create_connection(server.place()).unwrap()).collect();
    for (number, client) in clients.iter().enumerate() {
        client.send_all(&(number as u64).to_be_bytes()).unwrap();
    }
    for (number, client) in clients.iter().enumerate() {
        client.set_timeout(Duration::from_secs(30)).unwrap();
        let mut answer = [0; 8];
        std::io::Read::read_exact(&mut &*client, &mut answer).unwrap();
        assert_eq!(u64::from_be_bytes(answer), number as u64);
    }
}

#[test]
fn at_the_limit_of_open_files_it_waits_and_goes_on() {
    // A shell's limit holds for the command, hard and soft.
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "ulimit -n 40; exec \"$0\" serve 127.0.0.1:0 --echo"]);
    shell.arg(env!("CARGO_BIN_EXE_berkeley")).stdout(std::process::Stdio::piped());
    shell.stderr(std::process::Stdio::null());
    let mut child = shell.spawn().unwrap();
    let mut line = String::new();
    let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut output, &mut line).unwrap();
    let place = line.trim().strip_prefix("listening on ").unwrap().to_owned();

    let mut crowd: Vec<Socket> =
        (0..60).map(|_| create_connection(place.as_str()).unwrap()).collect();
    let answers = |client: &Socket| {
        client.set_timeout(Duration::from_millis(200)).unwrap();
        client.send_all(b"x").is_ok() && client.recv(&mut [0; 1]).is_ok()
    };
    assert!(answers(&crowd[0]));
    assert!(!answers(&crowd[59]), "the limit was not reached");
    crowd.drain(..40);
    let last = crowd.last().unwrap();
    assert!(eventually(|| answers(last)), "it did not go on");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_dead_servers_file_is_replaced_and_a_living_ones_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let place = format!("unix:{}", folder.path().join("sock").display());
    drop(berkeley::create_server(place.as_str()).unwrap());
    let server = Server::start(1, &[&place, "--echo"]);
    let second = run(berkeley().args(["serve", &place]), b"");
    assert_eq!(second.status.code(), Some(45));
    assert!(
        text(&second.stderr).contains("sock is taken by berkeley (pid "),
        "{}",
        text(&second.stderr)
    );
    assert_eq!(text(&connect(&[server.place()], b"ok").stdout), "ok");
}

#[test]
fn a_taken_port_is_an_error() {
    let server = Server::start(1, &["127.0.0.1:0"]);
    let port = server.port().to_string();
    let output = run(berkeley().args(["serve", &format!("127.0.0.1:{port}")]), b"");
    assert_eq!(output.status.code(), Some(45));
    let holder = format!(
        "port {port} is taken by berkeley (pid {}, listening on 127.0.0.1:{port})",
        server.pid()
    );
    assert!(text(&output.stderr).contains(&holder), "{}", text(&output.stderr));
    let output = run(berkeley().args(["serve", &format!(":{port}")]), b"");
    assert_eq!(output.status.code(), Some(45));
    assert!(text(&output.stderr).contains(&holder), "{}", text(&output.stderr));
}

#[test]
fn a_file_goes_to_each() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page");
    let content: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
    std::fs::write(&file, &content).unwrap();
    let server = Server::start(1, &["127.0.0.1:0", "--file", file.to_str().unwrap()]);
    for _ in 0..3 {
        let output = connect(&[server.place()], b"GET / HTTP/1.0\r\n\r\n");
        assert_eq!(output.stdout, content);
    }
}

#[test]
fn as_many_as_are_allowed() {
    let server = Server::start(1, &["127.0.0.1:0", "--echo", "--max-conns", "1"]);
    let first = create_connection(server.place()).unwrap();
    first.send_all(b"1").unwrap();
    assert_eq!(first.recv_vec(1).unwrap(), b"1");
    let second = create_connection(server.place()).unwrap();
    second.send_all(b"2").unwrap();
    second.set_timeout(Duration::from_millis(200)).unwrap();
    assert!(second.recv_vec(1).unwrap_err().is_timeout());
    drop(first);
    second.set_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(second.recv_vec(1).unwrap(), b"2");
}

#[test]
fn options_are_set_and_wrong_ones_refused() {
    let server =
        Server::start(1, &["127.0.0.1:0?SO_KEEPALIVE=1", "--echo", "--opt", "TCP_NODELAY=on"]);
    assert_eq!(text(&connect(&[server.place()], b"ok").stdout), "ok");
    for wrong in ["127.0.0.1:0?SO_NOTHING=1", "127.0.0.1:0?SO_KEEPALIVE=often", "gopher://x:1"] {
        assert_eq!(run(berkeley().args(["serve", wrong]), b"").status.code(), Some(2), "{wrong}");
    }
    let usual = run(berkeley().args(["serve", "-lk", "8000"]), b"");
    assert_eq!(usual.status.code(), Some(2));
    assert!(text(&usual.stderr).contains("berkeley serve 8000"));
}

#[test]
fn a_large_transfer_arrives_byte_for_byte() {
    let server = Server::start(1, &["127.0.0.1:0", "--echo"]);
    let mut state = 1_u64;
    let data: Vec<u8> = (0..64 << 20)
        .map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 56) as u8
        })
        .collect();
    let output = connect(&[server.place()], &data);
    assert!(output.status.success() && output.stdout == data);
}

#[test]
fn a_datagram_keeps_its_length() {
    let server = Server::start(1, &["udp://127.0.0.1:0", "--echo"]);
    let client = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    client.connect(format!("127.0.0.1:{}", server.port())).unwrap();
    client.set_timeout(Duration::from_secs(10)).unwrap();
    for len in [0, 1, 1472, 65_507] {
        client.send(&vec![7; len]).unwrap();
        assert_eq!(client.recv_vec(70_000).unwrap().len(), len);
    }
}

#[test]
fn datagrams_by_the_thousand_come_back_whole_and_once() {
    let server = Server::start(1, &["udp://127.0.0.1:0", "--echo"]);
    let client = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    client.connect(format!("127.0.0.1:{}", server.port())).unwrap();
    client.set_timeout(Duration::from_secs(10)).unwrap();
    let (mut out, mut back) = (SendBatch::new(), RecvBatch::new(64, 2000));
    for round in 0..100_u64 {
        let datagrams: Vec<Vec<u8>> = (0..40_u64)
            .map(|number| {
                // Runs of one length, which go in one piece, and others between.
                let len = if number % 10 < 7 { 1000 } else { 20 + 40 * number as usize };
                let mut data = vec![number as u8; len];
                data[..8].copy_from_slice(&(round * 40 + number).to_be_bytes());
                data
            })
            .collect();
        for data in &datagrams {
            out.push(data, ()).unwrap();
        }
        assert_eq!(client.send_batch(&mut out).unwrap(), 40);
        let mut got = Vec::new();
        while got.len() < 40 {
            client.recv_batch(&mut back).unwrap();
            got.extend(back.iter().map(|datagram| datagram.data().to_vec()));
        }
        assert_eq!(got, datagrams, "round {round}");
    }
}

#[test]
fn the_end_that_comes_with_the_data_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = format!("unix:{}", folder.path().join("socket").display());
    let server = Server::start(2, &["127.0.0.1:0", &path, "--echo"]);
    for place in &server.places {
        for round in 0..200 {
            let client = create_connection(place.as_str()).unwrap();
            client.set_timeout(Duration::from_secs(10)).unwrap();
            client.send_all(b"all of it").unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            let mut answer = Vec::new();
            std::io::Read::read_to_end(&mut &client, &mut answer).unwrap();
            assert_eq!(answer, b"all of it", "{place}, round {round}");
        }
    }
}

#[test]
fn threads_share_a_port_of_both_versions() {
    let mut server = Server::start(2, &[":0", "udp://127.0.0.1:0", "--echo", "--threads", "3"]);
    let port = server.port();
    let six = create_connection(format!("[::1]:{port}")).is_ok();
    let hosts: &[&str] = if six { &["127.0.0.1", "[::1]"] } else { &["127.0.0.1"] };
    let clients: Vec<Socket> = (0..60)
        .map(|number| create_connection(format!("{}:{port}", hosts[number % hosts.len()])).unwrap())
        .collect();
    for client in &clients {
        client.set_timeout(Duration::from_secs(10)).unwrap();
        client.send_all(b"which of you?").unwrap();
        assert_eq!(client.recv_vec(100).unwrap(), b"which of you?");
    }
    let threads = std::fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap().count();
    assert_eq!(threads, 4, "one that waits, and three");
    let output = connect(&[&server.places[1].clone(), "--until", "count=1"], b"datagram");
    assert_eq!(text(&output.stdout), "datagram");
    drop(clients);
    let (status, said) = server.interrupt();
    assert_eq!(status, Some(130));
    let connections = 60 + usize::from(six);
    assert!(said.contains(&format!("connections {connections}, datagrams 1, ")), "{said}");
}

#[test]
fn threads_and_what_needs_one_exclude_each_other() {
    let output = run(berkeley().args(["serve", "127.0.0.1:0", "--once", "--threads", "2"]), b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--once"), "{}", text(&output.stderr));
}

#[test]
fn a_file_waits_for_a_slow_reader_while_others_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page");
    let content: Vec<u8> = (0..20_000_000_u32).map(|at| (at % 241) as u8).collect();
    std::fs::write(&file, &content).unwrap();
    let path = format!("unix:{}", folder.path().join("socket").display());
    let server = Server::start(2, &["127.0.0.1:0", &path, "--file", file.to_str().unwrap()]);
    let slow: Vec<Socket> =
        server.places.iter().map(|place| create_connection(place.as_str()).unwrap()).collect();
    for place in &server.places {
        assert!(connect(&[place, "--recv-only"], b"").stdout == content, "{place}");
    }
    for client in slow {
        client.set_timeout(Duration::from_secs(30)).unwrap();
        let mut got = Vec::new();
        std::io::Read::read_to_end(&mut &client, &mut got).unwrap();
        assert!(got == content);
    }
}

#[test]
fn told_to_end_it_accepts_nobody_and_lets_those_who_are_there_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let place = format!("unix:{}", path.display());
    let never = ["--drain", "1h"];
    let arguments = ["127.0.0.1:0", &place, "udp://127.0.0.1:0", "--echo"];
    let mut server = Server::start(3, &[&arguments[..], &never].concat());
    let clients: Vec<Socket> =
        server.places[..2].iter().map(|place| create_connection(place.as_str()).unwrap()).collect();
    let echoes = |client: &Socket| {
        client.set_timeout(Duration::from_secs(30)).unwrap();
        client.send_all(b"all of it").unwrap();
        let mut answer = [0; 9];
        client.recv_exactly(&mut answer).unwrap();
        assert_eq!(&answer, b"all of it");
    };
    clients.iter().for_each(echoes);
    server.signal("-TERM");
    while !server.said().starts_with("ending: open connections 2, ") {}
    for place in &server.places[..2] {
        assert!(create_connection(place.as_str()).is_err(), "{place} is still served");
    }
    assert!(!path.exists());
    // As before, for as long as they like.
    clients.iter().for_each(echoes);
    assert!(server.is_alive());
    for client in clients {
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(client.recv(&mut [0; 1]).unwrap(), 0);
    }
    assert_eq!(server.wait().code(), Some(130));
}

#[test]
fn the_second_order_to_end_does_at_once() {
    let mut server = Server::start(1, &["127.0.0.1:0", "--echo", "--drain", "1h"]);
    let client = create_connection(server.place()).unwrap();
    client.send_all(b"x").unwrap();
    assert_eq!(client.recv(&mut [0; 1]).unwrap(), 1);
    server.signal("-INT");
    while !server.said().starts_with("ending: ") {}
    assert!(server.is_alive());
    let (status, said) = server.interrupt();
    assert_eq!(status, Some(130));
    assert!(said.contains("connections that had not ended: 1\n"), "{said}");
}

#[test]
fn an_end_has_its_time_and_no_more() {
    for (time, threads) in [("0", "1"), ("100ms", "1"), ("100ms", "2")] {
        let arguments = ["127.0.0.1:0", "--echo", "--drain", time, "--threads", threads];
        let mut server = Server::start(1, &arguments);
        let client = create_connection(server.place()).unwrap();
        client.send_all(b"x").unwrap();
        assert_eq!(client.recv(&mut [0; 1]).unwrap(), 1);
        let (status, said) = server.interrupt();
        assert_eq!(status, Some(130), "{said}");
        assert!(said.contains("connections that had not ended: 1\n"), "{said}");
        assert!(client.recv(&mut [0; 1]).is_ok_and(|len| len == 0), "the end is seen");
    }
}
