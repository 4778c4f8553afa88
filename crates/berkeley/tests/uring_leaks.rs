//! Rings leak nothing, whatever is in flight when they are dropped. A program of its own: it counts
//! the process's descriptors.
#![cfg(feature = "io-uring")]
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use berkeley::uring::Ring;
use berkeley::{Deadline, Family, Protocol, Socket, Type, cmsg, create_connection, create_server};
use berkeley_testing::{eventually, open_descriptors, skip};

#[test]
fn d12_dropped_in_flight_leaks_nothing() {
    if !berkeley::uring::is_available() {
        skip!("io_uring is not there or forbidden: {}", Ring::new(1).unwrap_err());
    }
    let server = Arc::new(create_server("127.0.0.1:0").unwrap());
    let addr = server.local_addr().unwrap();
    let before = open_descriptors();
    for round in 0..300 {
        let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
        let (a, b) = (Arc::new(a), Arc::new(b));
        let udp = Arc::new(Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap());
        udp.bind("127.0.0.1:0").unwrap();
        let mut ring = Ring::new(4).unwrap();
        for _ in 0..20 {
            ring.recv(&a, vec![1; 4096]);
            ring.recv_from(&udp, vec![2; 4096]);
            let control = cmsg::RecvBuffer::with_room(cmsg::space(4));
            ring.recv_message(&b, vec![3; 4096], control);
            ring.accept(&server);
        }
        // More than goes into the socket.
        ring.send(&b, vec![4; 1 << 20]);
        let mut control = cmsg::SendBuffer::new();
        ring.send_message(&a, b"with one".to_vec(), control.rights(&[&server]), ());
        ring.close(udp.dup().unwrap());
        match round % 4 {
            // Not even handed over.
            0 => {}
            1 => ring.submit().unwrap(),
            // Some have ended, and nobody asks.
            2 => {
                ring.submit().unwrap();
                drop(create_connection(addr).unwrap());
                udp.send_to(b"x", udp.local_addr().unwrap()).unwrap();
            }
            _ => drop(ring.wait(Deadline::NEVER).unwrap()),
        }
        if round % 2 == 0 {
            drop((a, b));
            drop(ring);
        } else {
            drop(ring);
            drop((a, b));
        }
    }
    // What the kernel still has of a ring that was closed, it lets go of by itself.
    assert!(eventually(|| open_descriptors() == before), "{} {before}", open_descriptors());
}
