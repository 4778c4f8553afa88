//! Every example runs, and does what it says.
//!
//! `cargo test` builds the examples; `cargo test --test examples` alone does not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use berkeley::{Errno, Family, Protocol, Socket, Type};

#[test]
fn tcp_server_and_client_greet_each_other() {
    greet("tcp_server", "tcp_client", "hi\n", "says hello!");
}

#[test]
fn udp_server_and_client_greet_each_other() {
    greet("udp_server", "udp_client", "answers hi\n", "says hello");
}

#[test]
fn unix_server_and_client_greet_each_other() {
    greet("unix_server", "unix_client", "hi\n", "says hello!");
}

#[test]
fn unix_server_and_client_meet_at_a_path() {
    let folder = tempfile::tempdir().unwrap();
    let place = format!("unix:{}", folder.path().join("greeter.sock").display());
    let (mut server, announced) = serve("unix_server", &[&place]);
    assert_eq!(announced, place);
    assert_eq!(run("unix_client", &[&place]), "hi\n");
    finish(&mut server, "unix_server");
}

#[test]
fn a_server_restarts_on_its_port() {
    let said = run("restart_same_port", &[]);
    assert!(said.starts_with("two servers, one after the other, on 127.0.0.1:"), "{said}");
}

#[test]
fn nothing_waits_without_blocking() {
    let said = run("nonblocking", &[]);
    let wanted = "accept: nobody there yet\nconnect: under way\nrecv: nothing there yet\n";
    assert_eq!(said, wanted);
}

#[test]
fn timeouts_end_calls() {
    let said = run("timeouts", &[]);
    assert!(said.contains("recv: recv: timed out"), "{said}");
    assert!(said.contains("send_all: send_all: timed out (after "), "{said}");
}

/// By both of its ways.
#[test]
fn a_proxy_passes_bytes_and_ends_both_ways() {
    let target = berkeley::create_server("127.0.0.1:0").unwrap();
    let addr = target.local_addr().unwrap().to_string();
    for way in [&[][..], &["--copy"]] {
        let (mut proxy, announced) =
            serve("splice_proxy", &[&["127.0.0.1:0", addr.as_str()], way].concat());
        let place = announced.trim_start_matches("listening on ");
        let client = berkeley::create_connection(place).unwrap();
        let (server, _) = target.accept().unwrap();
        let data: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251) as u8).collect();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                client.send_all(&data).unwrap();
                client.shutdown(std::net::Shutdown::Write).unwrap();
            });
            let mut came = Vec::new();
            let mut memory = vec![0; 65_536];
            while let len @ 1.. = server.recv(&mut memory).unwrap() {
                came.extend_from_slice(&memory[..len]);
            }
            assert!(came == data);
        });
        // The other direction is still open.
        server.send_all(b"back").unwrap();
        drop(server);
        assert_eq!(client.recv_vec(100).unwrap(), b"back");
        assert_eq!(client.recv_vec(100).unwrap(), b"");
        let _ = proxy.kill();
        let _ = proxy.wait();
    }
}

#[test]
fn batches_take_fewer_calls_than_datagrams() {
    let said = run("udp_batches", &["1000"]);
    let mut numbers = said.split_whitespace().filter_map(|word| word.parse::<u32>().ok());
    assert_eq!(numbers.next(), Some(1000), "{said}");
    assert!(numbers.all(|calls| (10..=500).contains(&calls)), "{said}");
}

#[test]
fn a_broadcast_arrives_on_loopback() {
    let said = run("broadcast", &[]);
    assert!(said.contains("without the option: sendto 127.255.255.255:"), "{said}");
    assert!(said.ends_with(" asks anybody?\n"), "{said}");
}

#[test]
fn multicast_reaches_a_member() {
    let said = run("multicast", &[]);
    assert!(said.ends_with(" to 239.255.77.77: hello, members\n"), "{said}");
}

#[test]
fn a_raw_socket_pings() {
    if !raw_allowed() {
        berkeley_testing::skip!("raw sockets take the right CAP_NET_RAW");
    }
    assert!(run("ping_raw", &[]).starts_with("reply from 127.0.0.1: "));
}

#[test]
fn a_header_built_by_hand_arrives() {
    if !raw_allowed() {
        berkeley_testing::skip!("raw sockets take the right CAP_NET_RAW");
    }
    assert_eq!(run("ip_hdrincl", &[]), "from 127.7.7.7:7777: made by hand\n");
}

#[test]
fn a_socket_is_read_by_lines() {
    assert_eq!(run("makefile", &[]), "HELLO!\nWORLD!\n");
}

#[test]
fn options_are_set_and_listed() {
    let said = run("options", &[]);
    for line in ["SO_REUSEADDR           on ", "TCP_NODELAY            on ", "TCP_LINGER2 is "] {
        assert!(said.contains(line), "{line:?} is missing in\n{said}");
    }
    assert!(said.contains("SO_LINGER              off "), "{said}");
}

#[test]
fn names_are_resolved() {
    let said = run("resolve", &["127.0.0.1", "80"]);
    assert!(said.contains("AF_INET 127.0.0.1:80 = "), "{said}");
}

#[test]
fn a_main_that_fails_prints_the_message() {
    let output = command("tcp_client").arg("127.0.0.1:1").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "Error: connect 127.0.0.1:1: connection refused\n");
}

/// The server answers the client; `heard` is what the client prints at the end, `said` stands in
/// what the server prints.
fn greet(server: &str, client: &str, heard: &str, said: &str) {
    let (mut running, addr) = serve(server, &[]);
    let answer = run(client, &[&addr]);
    assert!(answer.ends_with(heard), "{answer}");
    let mut rest = String::new();
    running.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
    assert!(rest.contains(said), "{rest}");
    finish(&mut running, server);
}

/// Starts an example that announces its address at the end of its first line.
fn serve(name: &str, args: &[&str]) -> (Child, String) {
    let mut server = start(name, args);
    let mut line = Vec::new();
    // Byte by byte, so that what follows stays in the pipe.
    let mut stdout = BufReader::with_capacity(1, server.stdout.as_mut().unwrap());
    stdout.read_until(b'\n', &mut line).unwrap();
    let line = String::from_utf8(line).unwrap();
    let addr = line.split_whitespace().last().expect("the server announces its address");
    (server, addr.to_owned())
}

/// Runs an example to its end, which must be a good one, and answers what it printed.
fn run(name: &str, args: &[&str]) -> String {
    let mut child = start(name, args);
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    finish(&mut child, name);
    said
}

fn start(name: &str, args: &[&str]) -> Child {
    command(name).args(args).stdout(Stdio::piped()).spawn().unwrap()
}

fn command(name: &str) -> Command {
    // target/<profile>/deps/examples-… is this test; examples stand beside deps.
    let test = std::env::current_exe().unwrap();
    let example: PathBuf = test.parent().unwrap().parent().unwrap().join("examples").join(name);
    let way_out = "cargo build -p berkeley --examples";
    assert!(example.exists(), "there is no {}; try: {way_out}", example.display());
    Command::new(example)
}

/// Waits for the end, but not for ever.
fn finish(child: &mut Child, name: &str) {
    let give_up = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{name}: {status}");
            return;
        }
        if Instant::now() > give_up {
            child.kill().unwrap();
            panic!("{name} does not end");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn raw_allowed() -> bool {
    match Socket::new(Family::INET, Type::RAW, Protocol::ICMP) {
        Ok(_) => true,
        Err(error) if [Some(Errno::EPERM), Some(Errno::EACCES)].contains(&error.errno()) => false,
        Err(error) => panic!("{error}"),
    }
}
