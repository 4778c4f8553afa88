//! A server's loop goes on through whatever clients do, and ends when it is told to.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use berkeley::accept::Acceptor;
use berkeley::{Errno, Family, Protocol, Socket, Type, create_connection, create_server, opt};
use berkeley_testing::eventually;

fn acceptor(place: &str) -> Acceptor {
    Acceptor::new(create_server(place).unwrap()).unwrap()
}

fn connect(acceptor: &Acceptor) -> Socket {
    create_connection(acceptor.listener().local_addr().unwrap()).unwrap()
}

#[test]
fn every_kind_of_listener_is_accepted_from_until_it_stops() {
    for place in ["127.0.0.1:0", "unix:", "unix-seqpacket:"] {
        let acceptor = acceptor(place);
        let addr = acceptor.listener().local_addr().unwrap();
        let ty = acceptor.listener().ty();
        let stop = acceptor.stop();
        let server = thread::spawn(move || {
            let mut served = 0;
            for connection in acceptor.connections() {
                let (socket, _) = connection.unwrap();
                assert_eq!(socket.timeout(), None, "the listener's mode is its own");
                socket.send_all(b"hello").unwrap();
                served += 1;
            }
            served
        });
        for _ in 0..20 {
            let client = Socket::new(addr.family(), ty, Protocol::DEFAULT).unwrap();
            client.connect(addr).unwrap();
            assert_eq!(client.recv_vec(100).unwrap(), b"hello", "{place}");
        }
        stop.stop();
        assert_eq!(server.join().unwrap(), 20, "{place}");
    }
}

#[test]
fn e12_an_order_to_stop_reaches_all_threads() {
    let acceptor = acceptor("127.0.0.1:0");
    let served = AtomicUsize::new(0);
    let place = acceptor.listener().local_addr().unwrap();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    for connection in acceptor.connections() {
                        connection.unwrap();
                        served.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        for _ in 0..200 {
            create_connection(place).unwrap();
        }
        assert!(eventually(|| served.load(Ordering::Relaxed) == 200));
        assert!(threads.iter().all(|thread| !thread.is_finished()));
        // As a handler of a signal would, and more often than there is room for.
        let stop: OwnedFd = acceptor.stop().as_fd().try_clone_to_owned().unwrap();
        std::fs::File::from(stop).write_all(b"\0").unwrap();
    });
    for _ in 0..100_000 {
        acceptor.stop().stop();
    }
    // Whoever waits in the queue is left there.
    let client = create_connection(place).unwrap();
    assert!(acceptor.accept().unwrap().is_none());
    let (_, peer) = acceptor.into_listener().accept().unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
}

#[test]
fn clients_that_are_gone_are_no_matter() {
    let acceptor = acceptor("127.0.0.1:0");
    for _ in 0..50 {
        let client = connect(&acceptor);
        client.set(opt::SO_LINGER, Some(Duration::ZERO)).unwrap();
    }
    let client = connect(&acceptor);
    let mut peers = Vec::new();
    while peers.last() != Some(&client.local_addr().unwrap()) {
        peers.push(acceptor.accept().unwrap().unwrap().1);
    }
    assert!(peers.len() <= 51);
}

#[test]
fn what_is_the_servers_own_fault_is_told() {
    let closed = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap();
    let error = Acceptor::new(closed).unwrap().accept().unwrap_err();
    assert_eq!(error.errno(), Some(Errno::EINVAL));
    let acceptor = Acceptor::new(create_server("udp://127.0.0.1:0").unwrap()).unwrap();
    let client = create_connection(format!("udp://{}", acceptor.listener().local_addr().unwrap()));
    client.unwrap().send(b"no connection").unwrap();
    for _ in 0..2 {
        let error = acceptor.connections().next().unwrap().unwrap_err();
        assert_eq!(error.errno(), Some(Errno::EOPNOTSUPP));
    }
    let dead = crate::acceptor("127.0.0.1:0");
    dead.listener().hang_up().unwrap();
    assert_eq!(dead.accept().unwrap_err().errno(), Some(Errno::EBADF));
}
