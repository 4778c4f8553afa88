//! Another thread can end a wait, and no call ever meets somebody else's file.

#![allow(clippy::unwrap_used, clippy::panic)]
#![allow(unsafe_code, reason = "lends numbers")]

use std::fs::File;
use std::os::fd::AsRawFd;
use std::sync::Barrier;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use berkeley::{
    Errno, Family, Lent, Protocol, Result, Shutdown, Socket, Type, create_connection, create_server,
};

/// A call that waits, on a socket that has nothing for it.
type Wait = fn(&Socket) -> Result<usize>;

const RECV: Wait = |socket| socket.recv(&mut [0; 16]);
const RECV_FROM: Wait = |socket| socket.recv_from(&mut [0; 16]).map(|(len, _)| len);
const ACCEPT: Wait = |socket| socket.accept().map(|_| 0);
const SEND: Wait = |socket| {
    loop {
        socket.send(&[0; 65536])?;
    }
};

/// Ends a wait by `end` while it goes on, and answers how the wait ended.
fn end_while_waiting(socket: &Socket, wait: Wait, end: impl Fn(&Socket)) -> Result<usize> {
    let begun = Barrier::new(2);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            begun.wait();
            wait(socket)
        });
        begun.wait();
        // Most rounds find the call in the kernel already, some just before: both must end.
        thread::yield_now();
        end(socket);
        let start = Instant::now();
        while !waiting.is_finished() {
            if start.elapsed() > Duration::from_secs(10) {
                // A panic would wait for the thread that does not end.
                eprintln!("the wait goes on in {socket:?}");
                std::process::abort();
            }
            thread::sleep(Duration::from_micros(100));
        }
        waiting.join().unwrap()
    })
}

fn kinds() -> Vec<(&'static str, Socket, Wait, Option<Socket>)> {
    let mut kinds = Vec::new();
    for timeout in [None, Some(Duration::from_secs(30))] {
        let tcp = create_server("127.0.0.1:0").unwrap();
        let unix = create_server("unix:").unwrap();
        let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
        let (c, d) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
        let client = create_connection(tcp.local_addr().unwrap()).unwrap();
        let (conn, _) = tcp.accept().unwrap();
        let udp = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
        udp.bind("127.0.0.1:0").unwrap();
        let dgram = Socket::new(Family::UNIX, Type::DGRAM, Protocol::DEFAULT).unwrap();
        dgram.bind("unix:").unwrap();
        let all = [
            ("TCP recv", conn, RECV, Some(client)),
            ("TCP accept", tcp, ACCEPT, None),
            ("UNIX recv", a, RECV, Some(b)),
            ("UNIX send", c, SEND, Some(d)),
            ("UNIX accept", unix, ACCEPT, None),
            ("UDP recv_from", udp, RECV_FROM, None),
            ("UNIX datagram recv_from", dgram, RECV_FROM, None),
        ];
        for (name, socket, wait, peer) in all {
            socket.set_timeout(timeout).unwrap();
            kinds.push((name, socket, wait, peer));
        }
    }
    kinds
}

#[test]
fn shutdown_ends_every_wait() {
    for _ in 0..40 {
        for (name, socket, wait, _peer) in kinds() {
            let ended = end_while_waiting(&socket, wait, |socket| {
                // An unconnected datagram socket says so, and wakes its readers all the same.
                let _ = socket.shutdown(Shutdown::Both);
            });
            if let Err(error) = ended {
                assert!(!error.is_timeout(), "{name}: {error}");
            }
        }
    }
}

#[test]
fn hang_up_ends_every_wait_for_good() {
    for _ in 0..40 {
        for (name, socket, wait, _peer) in kinds() {
            let ended = end_while_waiting(&socket, wait, |socket| socket.hang_up().unwrap());
            // What was cut off in the middle may say so in its own way; nothing is read as an end.
            let error = ended.expect_err(name);
            assert!(!error.is_timeout(), "{name}: {error}");
            let again = wait(&socket).unwrap_err();
            assert_eq!(again.errno(), Some(Errno::EBADF), "{name}: {again}");
        }
    }
}

#[test]
fn no_call_meets_another_file_after_hanging_up() {
    // Files with something to read, opened while sockets are hung up under calls in progress: had
    // a descriptor's number been handed on, a receive would answer the file's bytes or ENOTSOCK.
    for _ in 0..2_000 {
        let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
        thread::scope(|scope| {
            let reader = scope.spawn(|| {
                loop {
                    match a.recv(&mut [0; 16]) {
                        Ok(len) => assert_eq!(len, 0),
                        Err(error) => return error,
                    }
                }
            });
            a.hang_up().unwrap();
            let _files: Vec<File> =
                (0..4).map(|_| File::open("/proc/self/stat").unwrap()).collect();
            assert_eq!(reader.join().unwrap().errno(), Some(Errno::EBADF));
        });
    }
}

#[test]
fn no_call_of_a_lent_socket_goes_on_after_its_owner_has_closed_it() {
    let kind = (Family::UNIX, Type::STREAM, Protocol::DEFAULT);
    let minute = i64::try_from(Duration::from_secs(60).as_nanos()).unwrap();
    let closed_in_the_middle = || {
        let (a, b) = Socket::pair(kind.0, kind.1, kind.2).unwrap();
        a.set_nonblocking(true).unwrap();
        let number = AtomicI32::new(a.as_raw_fd());
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                // SAFETY: both outlive the thread.
                let Some(lent) = (unsafe { Lent::of_object(&number, kind, minute) }) else {
                    return Ok(0);
                };
                let got = lent.recv(&mut [0; 16]);
                // Once it is closed, there is none to begin with.
                // SAFETY: as above.
                assert!(unsafe { Lent::of_object(&number, kind, minute) }.is_none());
                got
            });
            thread::sleep(Duration::from_millis(1));
            // The owner has closed it; the descriptor stays, as if it were another file's by now.
            number.store(-1, Ordering::Relaxed);
            b.send(b"for another").unwrap();
            waiting.join().unwrap()
        })
    };
    // A call that begins late is not in the middle when it happens: it has its answer at once, or
    // finds no socket.
    let met = (0..1000).find_map(|_| closed_in_the_middle().err());
    assert_eq!(met.and_then(|error| error.errno()), Some(Errno::EBADF));
}

#[test]
fn hanging_up_frees_the_port() {
    let server = create_server("127.0.0.1:0").unwrap();
    let addr = server.local_addr().unwrap();
    server.hang_up().unwrap();
    let again = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap();
    again.bind(addr).unwrap();
}
