//! `connect`: nothing is lost, and the status tells the truth.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use berkeley::{Family, Protocol, Server as Listener, Shutdown, Socket, Type, create_server};
use common::{Server, berkeley, connect, run, text};
use serde_json::Value;

/// A server in this process, at a free port, that does this with its one connection.
fn serve_once(answer: impl FnOnce(Socket) + Send + 'static) -> String {
    let server = create_server("127.0.0.1:0").unwrap();
    let place = server.local_addr().unwrap().to_string();
    thread::spawn(move || answer(server.accept().unwrap().0));
    place
}

fn udp_echo_after(pause: Duration) -> String {
    let server = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    server.bind("127.0.0.1:0").unwrap();
    let place = format!("udp://{}", server.local_addr().unwrap());
    thread::spawn(move || {
        let mut data = vec![0; 70_000];
        let (len, from) = server.recv_from(&mut data).unwrap();
        thread::sleep(pause);
        server.send_to(&data[..len], from).unwrap();
    });
    place
}

#[test]
fn an_answer_one_second_after_the_half_close_is_not_lost() {
    let place = serve_once(|conn| {
        let mut request = Vec::new();
        while conn
            .recv(berkeley::spare({
                request.reserve(100);
                &mut request
            }))
            .unwrap()
            > 0
        {}
        thread::sleep(Duration::from_secs(1));
        conn.send_all(b"late: ").unwrap();
        conn.send_all(&request).unwrap();
    });
    let output = connect(&[&place], b"request\n");
    assert!(output.status.success());
    assert_eq!(text(&output.stdout), "late: request\n");
}

#[test]
fn the_peers_half_close_does_not_cut_the_input() {
    let place = serve_once(|conn| {
        conn.shutdown(Shutdown::Write).unwrap();
        let mut total = 0;
        loop {
            match conn.recv_vec(1 << 16).unwrap().len() {
                0 => break,
                len => total += len,
            }
        }
        assert_eq!(total, 8 << 20);
    });
    let output = connect(&["--json", &place], &vec![7; 8 << 20]);
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["sent"], 8 << 20);
}

#[test]
fn a_late_answer_by_udp_is_not_lost() {
    let place = udp_echo_after(Duration::from_millis(300));
    let output = connect(&[&place], b"request");
    assert!(output.status.success());
    assert_eq!(text(&output.stdout), "request");
}

#[test]
fn what_is_piped_in_is_one_datagram() {
    for len in [1, 20_000, 65_507] {
        let place = udp_echo_after(Duration::ZERO);
        let data: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
        let output = connect(&["--json", &place, "--until", "count=1"], &data);
        let result: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&result["messages"], &result["received"]), (&1.into(), &len.into()));
    }
}

#[test]
fn a_datagram_that_is_too_long_is_an_error_and_not_two() {
    let place = udp_echo_after(Duration::ZERO);
    let output = connect(&[&place], &[0; 65_508]);
    assert_eq!(output.status.code(), Some(55));
    let said = text(&output.stderr);
    assert!(said.contains("65508 bytes") && said.contains("--frame"), "{said}");
}

#[test]
fn frames_make_several_datagrams() {
    let mut server = Server::start(1, &["udp://127.0.0.1:0"]);
    let output = connect(&[server.place(), "--frame", "line", "--send-only"], b"one\ntwo\n");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(server.line().contains("4 B from") && server.line().contains("\"two\\n\""));
}

#[test]
fn refused_says_where_and_what_to_do() {
    // A port that was just free.
    let port = create_server("127.0.0.1:0").unwrap().local_addr().unwrap().port().unwrap();
    for (place, shown) in [
        (format!("127.0.0.1:{port}"), format!("connection refused: 127.0.0.1:{port}\n")),
        (format!("localhost:{port}"), format!("connection refused: localhost:{port} (tried ")),
        (format!("udp://127.0.0.1:{port}"), "connection refused".to_owned()),
        (
            "unix:@berkeley-nobody".to_owned(),
            "connection refused: unix:@berkeley-nobody".to_owned(),
        ),
    ] {
        let output = connect(&[&place], b"x");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(7), "{place}: {said}");
        assert!(said.starts_with("error: ") && said.contains(&shown), "{said}");
        assert!(said.lines().count() == 2 && output.stdout.is_empty(), "{said}");
    }
    let two_words = connect(&["127.0.0.1", &port.to_string()], b"");
    assert_eq!(two_words.status.code(), Some(7));
}

#[test]
fn each_failure_has_its_status_and_its_json() {
    let quiet = create_server("127.0.0.1:0").unwrap();
    let quiet = quiet.local_addr().unwrap().to_string();
    let listener = Listener::new().listen(quiet.as_str());
    drop(listener);
    for (arguments, status) in [
        (vec!["no.such.host.invalid:80"], 6),
        (vec!["nonsense"], 2),
        (vec!["127.0.0.1:99999"], 2),
        (vec!["--opt", "SO_NONSENSE=1", "127.0.0.1:1"], 2),
        (vec!["--opt", "TCP_NODELAY=perhaps", "127.0.0.1:1"], 2),
        (vec!["127.0.0.1:1?SO_NONSENSE=1"], 2),
        (vec!["--source", "192.0.2.1:0", "127.0.0.1:1"], 45),
        (vec!["127.0.0.1:1"], 7),
        (vec!["-l", "8000"], 2),
    ] {
        let plain = connect(&arguments, b"");
        assert_eq!(plain.status.code(), Some(status), "{arguments:?}: {}", text(&plain.stderr));
        let said = text(&plain.stderr);
        assert!(said.starts_with("error: ") && !said.contains('\u{1b}'), "{said}");
        let json = run(berkeley().args(["--json", "connect"]).args(&arguments), b"");
        assert_eq!(json.status.code(), Some(status));
        let value: Value = serde_json::from_slice(&json.stdout).unwrap();
        assert_eq!((&value["ok"], &value["error"]["exit"]), (&false.into(), &status.into()));
    }
}

#[test]
fn time_is_up() {
    let place = serve_once(|conn| drop(conn.recv_vec(1).and_then(|_| conn.recv_vec(100))));
    let output = connect(&["--timeout", "200ms", &place, "--no-shutdown"], b"x");
    assert_eq!(output.status.code(), Some(28), "{}", text(&output.stderr));
}

#[test]
fn a_connection_that_is_cut_off_is_no_success() {
    let place = serve_once(|conn| {
        conn.recv_vec(1).unwrap();
        conn.set(berkeley::opt::SO_LINGER, Some(Duration::ZERO)).unwrap();
    });
    let output = connect(&[&place], &vec![0; 16 << 20]);
    assert!(matches!(output.status.code(), Some(55 | 56)), "{:?}", output.status);
}

#[test]
fn expected_text_decides() {
    let server = Server::start(1, &["127.0.0.1:0", "--echo"]);
    assert_eq!(
        connect(&[server.place(), "--expect", "lo w"], b"hello world").status.code(),
        Some(0)
    );
    assert_eq!(
        connect(&[server.place(), "--expect", "bye"], b"hello world").status.code(),
        Some(1)
    );
}

#[test]
fn line_ends_and_numbers() {
    let server = Server::start(1, &["127.0.0.1:0", "--echo"]);
    let output = connect(&[server.place(), "--crlf"], b"a\nb\n");
    assert_eq!(text(&output.stdout), "a\r\nb\r\n");
    let output = connect(&[server.place(), "--hex"], b"A\n");
    assert!(text(&output.stdout).starts_with("41 0a"));
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let server = Server::start(1, &["127.0.0.1:0", "--chargen"]);
    let line =
        format!("{} connect {} | head -c 10", env!("CARGO_BIN_EXE_berkeley"), server.place());
    let output = run(std::process::Command::new("sh").args(["-c", &line]), b"");
    assert_eq!((output.stdout.len(), text(&output.stderr).as_str()), (10, ""));
}

/// A name whose first address swallows everything, in a file of hosts that only the command sees.
#[test]
fn e8_a_dead_address_does_not_hold_the_connection_up() {
    let alive = create_server("127.0.0.1:0").unwrap();
    let port = alive.local_addr().unwrap().port().unwrap();
    // Its queue is full: attempts hang. The resolver puts IPv6 first.
    let Ok(dead) = Listener::new().backlog(0).listen(("::1", port)) else {
        berkeley_testing::skip!("there is no IPv6 here");
    };
    let soon = berkeley::Connector::new().timeout(Duration::from_millis(50));
    let dead_addr = dead.local_addr().unwrap();
    let _queued: Vec<Socket> = (0..3).filter_map(|_| soon.connect(dead_addr).ok()).collect();

    let folder = tempfile::tempdir().unwrap();
    let hosts = folder.path().join("hosts");
    std::fs::write(&hosts, "::1 two.test\n127.0.0.1 two.test\n").unwrap();
    let check = |options: &[&str]| {
        let script = "mount --bind \"$0\" /etc/hosts || exit 99; exec \"$@\"";
        let mut command = std::process::Command::new("unshare");
        command.args(["-m", "sh", "-c", script]).arg(&hosts).arg(env!("CARGO_BIN_EXE_berkeley"));
        command.args(["connect", "--check", "two.test", &port.to_string()]).args(options);
        command.output()
    };
    let output = match check(&["--timeout", "30"]) {
        Ok(output) if output.status.code() != Some(99) => output,
        other => berkeley_testing::skip!("no file of hosts of its own: {other:?}"),
    };
    if text(&output.stderr).contains("unshare") {
        berkeley_testing::skip!("no file of hosts of its own: {}", text(&output.stderr));
    }
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.starts_with(&format!("127.0.0.1:{port} is open")), "{said}");

    let output = check(&["--timeout", "500ms", "--sequential"]).unwrap();
    assert_eq!(output.status.code(), Some(28), "{}", text(&output.stdout));
}

#[test]
fn a_file_is_sent_from_where_it_stands_and_left_where_it_ends() {
    let data: Vec<u8> = (0..5_000_000_u32).map(|at| (at % 253) as u8).collect();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&data).unwrap();
    file.seek(SeekFrom::Start(1_000_003)).unwrap();
    let (told, result) = mpsc::channel();
    let place = serve_once(move |conn| {
        let mut got = Vec::new();
        (&conn).read_to_end(&mut got).unwrap();
        told.send(got).unwrap();
    });
    let mut command = berkeley();
    command.args(["connect", &place, "--json"]).stdin(file.try_clone().unwrap());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(result.recv().unwrap() == data[1_000_003..], "other bytes have come");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["sent"], 5_000_000 - 1_000_003);
    assert_eq!(file.stream_position().unwrap(), 5_000_000);
}
