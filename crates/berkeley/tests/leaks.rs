//! Nothing leaks, on any path. A program of its own: it counts the process's descriptors.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use berkeley::{
    Connector, Family, MsgFlags, Protocol, Socket, Type, create_connection, create_server,
};
use berkeley_testing::open_descriptors;

#[test]
fn descriptors_stay_as_many_as_they_were() {
    let server = create_server("127.0.0.1:0").unwrap();
    let addr = server.local_addr().unwrap();
    let before = open_descriptors();

    for round in 0..100_000 {
        let client = create_connection(addr).unwrap();
        let (conn, _) = server.accept().unwrap();
        // The client goes first and hard, so that no port is left in TIME_WAIT.
        client.set(berkeley::opt::SO_LINGER, Some(Duration::ZERO)).unwrap();
        if round % 2 == 0 {
            client.close().unwrap();
        } else {
            drop(client);
        }
        drop(conn);
    }
    assert_eq!(open_descriptors(), before, "after connecting and closing");

    let (a, _b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT).unwrap();
    let before = open_descriptors();
    for _ in 0..10_000 {
        let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap();
        sock.connect("127.0.0.1:1").unwrap_err();
        sock.bind("192.0.2.1:0").unwrap_err();
        create_connection("127.0.0.1:1").unwrap_err();
        create_server("192.0.2.1:0").unwrap_err();
        Socket::new(Family::from(200), Type::STREAM, Protocol::DEFAULT).unwrap_err();
        Socket::pair(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap_err();
        Connector::new().source(addr).connect("127.0.0.1:1").unwrap_err();
        a.recv_with(&mut [0; 1], MsgFlags::DONTWAIT).unwrap_err();
        sock.dup().unwrap().hang_up().unwrap();
    }
    assert_eq!(open_descriptors(), before, "after failing");

    // A file that is no socket: its descriptor is ours, and is closed with the error.
    let file = std::fs::File::open("/dev/null").unwrap();
    Socket::from_fd(file.into()).expect_err("a file is no socket");
    assert_eq!(open_descriptors(), before);
}
