//! The list of open sockets.

#![cfg(feature = "registry")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use berkeley::registry::{self, LiveSocket};
use berkeley::{
    Connector, Errno, Family, Protocol, Socket, Type, create_connection, create_server,
};

/// The list is the process's: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn recording<T>(test: impl FnOnce() -> T) -> T {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    registry::start();
    let done = test();
    registry::stop();
    done
}

fn seen(socket: &Socket) -> Option<LiveSocket> {
    let fd = std::os::fd::AsRawFd::as_raw_fd(socket);
    registry::sockets().into_iter().find(|seen| seen.fd == fd)
}

fn pair(ty: Type) -> (Socket, Socket) {
    Socket::pair(Family::UNIX, ty, Protocol::DEFAULT).unwrap()
}

#[test]
fn sockets_are_listed_from_birth_to_end() {
    recording(|| {
        let server = create_server("127.0.0.1:0").unwrap();
        let addr = server.local_addr().unwrap();
        let client = create_connection(addr).unwrap();
        let (conn, peer) = server.accept().unwrap();
        let listed = seen(&server).unwrap();
        assert_eq!(
            (listed.family, listed.ty, listed.state),
            (Family::INET, Type::STREAM, "LISTEN")
        );
        assert_eq!((listed.local, listed.peer), (Some(addr), None));
        let listed = seen(&conn).unwrap();
        assert_eq!((listed.local, listed.peer), (Some(addr), Some(peer)));
        assert_eq!(listed.state, "ESTABLISHED");
        drop(client);
        conn.recv(&mut [0; 1]).unwrap();
        assert_eq!(seen(&conn).unwrap().state, "CLOSE_WAIT");
        let fds: Vec<_> = [&server, &conn].map(std::os::fd::AsRawFd::as_raw_fd).to_vec();
        conn.close().unwrap();
        drop(server);
        assert!(registry::sockets().iter().all(|seen| !fds.contains(&seen.fd)));
    });
}

#[test]
fn bytes_are_counted() {
    recording(|| {
        for ty in [Type::STREAM, Type::DGRAM, Type::SEQPACKET] {
            let (a, b) = pair(ty);
            a.send(b"hello").unwrap();
            a.send_all(b"you").unwrap();
            b.recv(&mut [0; 5]).unwrap();
            assert_eq!((seen(&a).unwrap().sent, seen(&a).unwrap().received), (8, 0));
            assert_eq!(seen(&b).unwrap().received, 5);
        }
        let (a, b) = (udp(), udp());
        a.send_to(b"12345", b.local_addr().unwrap()).unwrap();
        b.recv_from(&mut [0; 9]).unwrap();
        assert_eq!((seen(&a).unwrap().sent, seen(&b).unwrap().received), (5, 5));
    });
}

fn udp() -> Socket {
    let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    sock.bind("127.0.0.1:0").unwrap();
    sock
}

#[test]
fn time_passes() {
    recording(|| {
        let (a, _b) = pair(Type::STREAM);
        thread::sleep(Duration::from_millis(30));
        let before = seen(&a).unwrap();
        assert!(before.age.unwrap() >= Duration::from_millis(30));
        assert!(before.idle.unwrap() >= Duration::from_millis(30));
        a.send(b"x").unwrap();
        let after = seen(&a).unwrap();
        assert!(after.age > before.age && after.idle < before.idle);
    });
}

#[test]
fn places_are_those_of_the_caller() {
    recording(|| {
        let line = line!();
        let server = create_server("127.0.0.1:0").unwrap();
        let client = Connector::new().connect(server.local_addr().unwrap()).unwrap();
        let (conn, _) = server.accept().unwrap();
        let udp = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
        let same = udp.dup().unwrap();
        for (socket, below) in [(&server, 1), (&client, 2), (&conn, 3), (&udp, 4), (&same, 5)] {
            let place = seen(socket).unwrap().place.unwrap();
            assert!(place.file().ends_with("registry.rs"), "{place}");
            assert_eq!(place.line(), line + below);
        }
        let shown = seen(&udp).unwrap().to_string();
        assert!(shown.contains(&format!("registry.rs:{}", line + 4)), "{shown}");
    });
}

#[test]
fn what_was_open_before_is_listed_from_its_first_call_on() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (a, _b) = pair(Type::STREAM);
    assert!(registry::sockets().is_empty());
    registry::start();
    assert!(seen(&a).is_none());
    a.send(b"x").unwrap();
    let listed = seen(&a).unwrap();
    assert_eq!((listed.sent, listed.family), (1, Family::UNIX));
    assert!(listed.place.is_none());
    registry::stop();
    assert!(registry::sockets().is_empty());
}

#[test]
fn a_socket_that_is_closed_by_others_is_not_listed() {
    recording(|| {
        let (a, _b) = pair(Type::STREAM);
        assert!(seen(&a).is_some());
        a.hang_up().unwrap();
        assert!(seen(&a).is_none());
        assert_eq!(a.send(b"x").unwrap_err().errno(), Some(Errno::EBADF));
    });
}

#[test]
fn many_threads_open_close_and_look() {
    recording(|| {
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let (a, b) = pair(Type::STREAM);
                        a.send(b"x").unwrap();
                        b.recv(&mut [0; 1]).unwrap();
                    }
                });
            }
            for _ in 0..50 {
                for socket in registry::sockets() {
                    assert_eq!(socket.family, Family::UNIX);
                }
            }
        });
        assert!(registry::sockets().is_empty());
    });
}
