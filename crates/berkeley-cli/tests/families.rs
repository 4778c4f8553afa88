//! The command over every family: serve, connect, families. Most need a kernel that has them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use berkeley::{Endpoint, Errno, Family, Socket};
use berkeley_testing::skip;
use common::{Server, berkeley, connect, text};
use serde_json::Value;

/// Why there are no sockets of this place here, if so.
fn missing(place: &str) -> Option<String> {
    let endpoint: Endpoint = match place.parse() {
        Ok(endpoint) => endpoint,
        Err(error) => return Some(error.to_string()), // no such interface
    };
    match Socket::new(endpoint.family(), endpoint.ty(), endpoint.protocol()) {
        Ok(_) if endpoint.family() == Family::VSOCK => {
            // Without a loopback, what is for this machine goes to the host.
            let loops = std::path::Path::new("/sys/module/vsock_loopback").exists();
            (!loops).then(|| "VSOCK's loopback transport is not loaded".to_owned())
        }
        Ok(_) => None,
        Err(error) if error.errno() == Some(Errno::EMFILE) => panic!("{error}"),
        Err(error) => Some(error.to_string()),
    }
}

/// Serves at a place and talks to it there, or at another text for it.
macro_rules! echoes {
    ($($test:ident: $place:literal $(, $from:literal)?)*) => {$(
        #[test]
        fn $test() {
            if let Some(why) = missing($place) {
                skip!("{why}");
            }
            let server = Server::start(1, &[$place, "--echo"]);
            let place = [$($from,)? server.place()][0].to_owned();
            let output = connect(&[&place, "--until", "count=1", "--timeout", "30"], b"hello");
            assert_eq!(text(&output.stdout), "hello", "{place}: {}", text(&output.stderr));
            assert!(output.status.success());
        }
    )*};
}

echoes! {
    mptcp: "mptcp4://127.0.0.1:0"
    udplite: "udplite4://127.0.0.1:0"
    sctp: "sctp4://127.0.0.1:0"
    sctp_one_to_many: "sctp-seqpacket4://127.0.0.1:0"
    dccp: "dccp4://127.0.0.1:0"
    rds: "rds://127.0.0.1:0"
    vsock: "vsock:*:5100", "vsock:local:5100"
    vsock_seqpacket: "vsock-seqpacket:*:5101", "vsock-seqpacket:local:5101"
    tipc: "tipc:5100:0-5", "tipc:5100:3"
    tipc_seqpacket: "tipc-seqpacket:5101:0-5", "tipc-seqpacket:5101:3"
    tipc_rdm: "tipc-rdm:5102:0-5", "tipc-rdm:5102:3"
    tipc_dgram: "tipc-dgram:5103:0-5", "tipc-dgram:5103:3"
    isotp: "isotp:vcan0,rx=0x601,tx=0x602", "isotp:vcan0,rx=0x602,tx=0x601"
}

#[test]
fn an_algorithm_computes_the_input() {
    if let Some(why) = missing("alg:hash:sha256") {
        skip!("{why}");
    }
    // More than is given to the kernel at a time.
    let data = vec![b'a'; 1_000_000];
    let output = connect(&["alg:hash:sha256", "--hex"], &data);
    let shown = text(&output.stdout);
    // FIPS 180-4's third example.
    assert!(shown.starts_with("cd c7 6e 5c 99 14 fb 92 81 a1 c7 e2 84 d7 3e 67"), "{shown}");
    let output = connect(&["alg:hash:nonsense"], b"");
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("alg:hash:nonsense"), "{}", text(&output.stderr));
}

#[test]
fn families_tells_what_was_tried() {
    let output = berkeley().args(["families", "--json"]).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let words = told["addresses"].as_array().unwrap();
    assert!(words.len() > 30);
    for word in words {
        let name = word["word"].as_str().unwrap();
        let row = berkeley::SCHEMES.iter().find(|row| row.name == name).unwrap();
        let family = if row.family == Family::UNSPEC { Family::INET } else { row.family };
        let here = Socket::new(family, row.ty, row.protocol).is_ok();
        assert_eq!(word["ok"], here, "{name}");
    }
}

#[test]
fn a_word_that_is_unknown_here_says_so() {
    let output = connect(&["sctp4://127.0.0.1:1", "--timeout", "5"], b"");
    assert!(!output.status.success());
    let said = text(&output.stderr);
    assert!(said.contains("sctp4://127.0.0.1:1"), "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("error:")).count(), 1, "{said}");
    let output = connect(&["can:nosuch0"], b"");
    let said = text(&output.stderr);
    assert!(said.contains("no interface \"nosuch0\""), "{said}");
    assert_eq!(output.status.code(), Some(2));
}
