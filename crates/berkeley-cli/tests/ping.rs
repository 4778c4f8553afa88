//! `ping`: by ICMP, TCP and UDP, and what it sends is what the protocol asks for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use berkeley::{Family, Protocol, Socket, Type, create_server};
use berkeley_testing::{program, skip};
use common::{Server, berkeley, run, text};
use serde_json::Value;

fn may_ping() -> bool {
    let make = |ty| Socket::new(Family::INET, ty, Protocol::ICMP);
    make(Type::DGRAM).is_ok() || make(Type::RAW).is_ok()
}

fn ping(arguments: &[&str]) -> std::process::Output {
    run(berkeley().arg("ping").args(arguments), b"")
}

#[test]
fn loopback_answers() {
    if !may_ping() {
        skip!("this user may not ping");
    }
    let output = ping(&["-c", "3", "-i", "10ms", "127.0.0.1"]);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    assert!(said.contains("3 asked, 3 answered, 0 % lost") && said.contains("p99"), "{said}");
    let output = run(berkeley().args(["--json", "ping", "-c", "2", "-i", "0", "127.0.0.1"]), b"");
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&result["ok"], &result["answered"]), (&true.into(), &2.into()));
    assert!(result["seconds"]["p50"].as_f64().unwrap() > 0.0);
}

#[test]
fn loopback_answers_by_version_6() {
    let may = [Type::DGRAM, Type::RAW].map(|ty| Socket::new(Family::INET6, ty, Protocol::ICMPV6));
    if may.iter().all(Result::is_err) || create_server("[::1]:0").is_err() {
        skip!("this user may not ping by IPv6, or there is none");
    }
    let output = ping(&["-6", "-c", "2", "-i", "10ms", "::1"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("  ::1 64 bytes"));
}

#[test]
fn connections_and_datagrams_are_asked_too() {
    let server = create_server("127.0.0.1:0").unwrap();
    let place = format!("tcp://{}", server.local_addr().unwrap());
    let output = ping(&["-c", "2", "-i", "10ms", &place]);
    assert!(text(&output.stdout).contains("2 answered"), "{}", text(&output.stdout));

    let echo = Server::start(1, &["udp://127.0.0.1:0", "--echo"]);
    let output = ping(&["-c", "2", "-i", "10ms", "-s", "1000", echo.place()]);
    assert!(text(&output.stdout).contains("1002 bytes"), "{}", text(&output.stdout));

    drop(server);
    let output = ping(&["-c", "1", &place]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("connection refused"));
    let silent = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    silent.bind("127.0.0.1:0").unwrap();
    let place = format!("udp://{}", silent.local_addr().unwrap());
    let output = ping(&["-c", "1", "-W", "50ms", &place]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stdout).contains("timed out") && text(&output.stdout).contains("100 % lost")
    );
}

#[test]
fn what_cannot_work_is_said() {
    for (arguments, status) in [
        (vec!["localhost:22"], 2),
        (vec!["no.such.host.invalid"], 6),
        (vec!["-c", "0", "127.0.0.1"], 2),
        (vec!["-W", "soon", "127.0.0.1"], 2),
        (vec!["unix:@x"], 2),
        (vec![""], 2),
    ] {
        let output = ping(&arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", text(&output.stderr));
        assert!(text(&output.stderr).starts_with("error: "), "{}", text(&output.stderr));
    }
}

#[test]
fn without_the_right_it_says_which() {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    if !is_root || program("setpriv").is_none() {
        skip!("only root can give its rights away, by setpriv");
    }
    // A copy where anybody may run it, with no right and in no group that may ping.
    let folder = tempfile::Builder::new().tempdir_in("/tmp").unwrap();
    let copy = folder.path().join("berkeley");
    std::fs::copy(env!("CARGO_BIN_EXE_berkeley"), &copy).unwrap();
    let allowed = std::fs::read_to_string("/proc/sys/net/ipv4/ping_group_range").unwrap();
    if !allowed.starts_with("1\t0") {
        skip!("this system lets groups {allowed:?} ping");
    }
    let mut command = Command::new("setpriv");
    command.args([
        "--bounding-set",
        "-all",
        "--inh-caps",
        "-all",
        "--reuid",
        "0",
        "--no-new-privs",
    ]);
    let output = run(command.arg(&copy).args(["ping", "-c", "1", "127.0.0.1"]), b"");
    assert_eq!(output.status.code(), Some(77), "{}", text(&output.stderr));
    let said = text(&output.stderr);
    assert!(said.contains("may not ping") && said.contains("net.ipv4.ping_group_range"), "{said}");
}

#[test]
fn ctrl_c_prints_the_summary() {
    if !may_ping() {
        skip!("this user may not ping");
    }
    let mut command = berkeley();
    command.args(["ping", "-c", "1000", "127.0.0.1"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    output.read_line(&mut first).unwrap();
    let start = Instant::now();
    assert!(
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success()
    );
    let rest: Vec<String> = output.lines().map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(rest[0].ends_with("answered, 0 % lost"), "{rest:?}");
    assert!(start.elapsed().as_secs() < 5);
}

/// What tcpdump sees on the loopback interface while this runs; `None` if it cannot look.
fn captured(filter: &str, count: &str, during: impl FnOnce()) -> Option<String> {
    let mut command = Command::new("tcpdump");
    command.args(["-i", "lo", "-n", "-v", "-x", "--immediate-mode", "-l", "-c", count]);
    let mut child =
        command.arg(filter).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("listening on") {
        line.clear();
        if said.read_line(&mut line).unwrap() == 0 {
            let _ = child.wait();
            return None;
        }
    }
    during();
    // What does not come in time is not coming.
    let id = child.id().to_string();
    let watchdog = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_secs(10));
        let _ = Command::new("kill").arg(id).status();
    });
    let output = child.wait_with_output().unwrap();
    drop(watchdog);
    Some(text(&output.stdout))
}

#[test]
fn tcpdump_reads_the_echo_requests() {
    if program("tcpdump").is_none() || !may_ping() {
        skip!("tcpdump is not installed, or this user may not ping");
    }
    // An address of loopback that no other test asks.
    let seen = captured("icmp and host 127.0.77.1", "4", || {
        let output = ping(&["-c", "2", "-i", "10ms", "-s", "40", "127.0.77.1"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
    });
    let Some(seen) = seen else { skip!("this user may not capture") };
    for sequence in [1, 2] {
        for kind in ["request", "reply"] {
            let line = format!("seq {sequence}, length 48");
            let found =
                seen.lines().any(|l| l.contains(&format!("ICMP echo {kind}")) && l.contains(&line));
            assert!(found, "{kind} {sequence} in\n{seen}");
        }
    }
    assert!(!seen.contains("wrong icmp cksum") && !seen.contains("bad cksum"), "{seen}");
}

#[test]
fn tcpdump_reads_an_ip_header_of_our_own() {
    let Ok(raw) = Socket::new(Family::INET, Type::RAW, Protocol::RAW) else {
        skip!("this user may not make raw sockets");
    };
    if program("tcpdump").is_none() {
        skip!("tcpdump is not installed");
    }
    raw.set(berkeley::opt::IP_HDRINCL, true).unwrap();
    // Version and length, no service, total length, id 0x4242, may be split, 7 hops, protocol 253
    // (for experiments), a checksum that the kernel fills in, from and to.
    let mut packet = vec![0x45, 0, 0, 0, 0x42, 0x42, 0, 0, 7, 253, 0, 0];
    packet.extend([127, 0, 77, 2, 127, 0, 77, 3]);
    packet.extend(b"built by hand");
    let seen = captured("host 127.0.77.3", "1", || {
        assert_eq!(raw.send_to(&packet, "127.0.77.3:0").unwrap(), packet.len());
    });
    let Some(seen) = seen else { skip!("this user may not capture") };
    for part in ["ttl 7", "id 16962", "length 33", "127.0.77.2 > 127.0.77.3"] {
        assert!(seen.contains(part), "{part} in\n{seen}");
    }
    assert!(!seen.contains("bad cksum"), "{seen}");
}
