//! Timeouts mean what they say: never early, never for ever, one deadline for a whole call.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{ErrorKind, Read};
use std::thread;
use std::time::{Duration, Instant};

use berkeley::{
    Addr, Connector, Deadline, Errno, Family, MsgFlags, Protocol, Server, Socket, Type,
    create_connection, create_server, opt,
};

fn pair() -> (Socket, Socket) {
    Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap()
}

/// A listener whose queue is full: who connects now waits.
fn full() -> (Socket, Vec<Socket>, Addr) {
    let server = Server::new().backlog(0).listen("127.0.0.1:0").unwrap();
    let addr = server.local_addr().unwrap();
    let soon = Connector::new().timeout(Duration::from_millis(50));
    let queued = (0..3).filter_map(|_| soon.connect(addr).ok()).collect();
    (server, queued, addr)
}

#[test]
fn less_than_a_microsecond_is_neither_for_ever_nor_nothing() {
    let (a, _b) = pair();
    for nanos in [1, 500, 999] {
        let limit = Duration::from_nanos(nanos);
        a.set_timeout(limit).unwrap();
        assert_eq!(a.timeout(), Some(limit));
        let start = Instant::now();
        let error = a.recv(&mut [0; 1]).unwrap_err();
        assert!(error.is_timeout(), "{error}");
        assert!((limit..Duration::from_secs(5)).contains(&start.elapsed()));
    }
    // The kernel's own option is rounded up too: zero would be for ever.
    let (a, _b) = pair();
    a.set(opt::SO_RCVTIMEO, Some(Duration::from_nanos(1))).unwrap();
    assert!(a.get(opt::SO_RCVTIMEO).unwrap().is_some());
}

#[test]
fn connecting_does_not_give_up_early() {
    let (_server, _queued, addr) = full();
    for micros in [2_900, 20_900] {
        let limit = Duration::from_micros(micros);
        for _ in 0..20 {
            let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap();
            sock.set_timeout(limit).unwrap();
            let start = Instant::now();
            let error = sock.connect(addr).unwrap_err();
            let taken = start.elapsed();
            assert!(error.is_timeout(), "{error}");
            assert!(taken >= limit && taken < Duration::from_secs(5), "{taken:?} of {limit:?}");
            assert_eq!(sock.timeout(), Some(limit), "the mode is the caller's");
        }
    }
    let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap();
    sock.set_timeout(Duration::from_millis(5)).unwrap();
    assert_eq!(sock.connect_ex(addr).unwrap(), Errno::EAGAIN, "as in Python");
}

#[test]
fn a_full_unix_queue_is_waited_for() {
    let server = Server::new().backlog(0).listen("unix:").unwrap();
    let addr = server.local_addr().unwrap();
    let dial = |limit| Connector::new().timeout(Duration::from_millis(limit)).connect(addr);
    let _queued: Vec<Socket> = std::iter::from_fn(|| dial(1).ok()).collect();
    let start = Instant::now();
    assert!(dial(30).unwrap_err().is_timeout());
    assert!(start.elapsed() >= Duration::from_millis(30));
    thread::scope(|scope| {
        scope.spawn(|| dial(10_000).unwrap());
        thread::sleep(Duration::from_millis(20));
        server.accept().unwrap();
    });
}

#[test]
fn the_kernels_own_limit_ends_connecting() {
    let (_server, _queued, addr) = full();
    let unix = Server::new().backlog(0).listen("unix:").unwrap();
    let name = unix.local_addr().unwrap();
    let soon = Connector::new().timeout(Duration::from_millis(1));
    let _also_queued: Vec<Socket> = std::iter::from_fn(|| soon.connect(name).ok()).collect();
    for (addr, expected) in [(addr, Errno::EINPROGRESS), (name, Errno::EAGAIN)] {
        let sock = Socket::new(addr.family(), Type::STREAM, Protocol::DEFAULT).unwrap();
        sock.set(opt::SO_SNDTIMEO, Some(Duration::from_millis(30))).unwrap();
        let start = Instant::now();
        assert_eq!(sock.connect(addr).unwrap_err().errno(), Some(expected));
        assert!((Duration::from_millis(20)..Duration::from_secs(20)).contains(&start.elapsed()));
    }
}

#[test]
fn the_kind_is_timed_out_everywhere() {
    let server = create_server("127.0.0.1:0").unwrap();
    let (a, _b) = pair();
    let udp = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    udp.bind("127.0.0.1:0").unwrap();
    for socket in [&server, &a, &udp] {
        socket.set_timeout(Duration::from_millis(5)).unwrap();
    }
    let kinds = [
        server.accept().unwrap_err().kind(),
        a.recv(&mut [0; 1]).unwrap_err().kind(),
        a.recv_vectored(&mut [std::io::IoSliceMut::new(&mut [0; 1])], MsgFlags::empty())
            .unwrap_err()
            .kind(),
        (&a).read(&mut [0; 1]).unwrap_err().kind(),
        udp.recv_from(&mut [0; 1]).unwrap_err().kind(),
        a.wait_readable().unwrap_err().kind(),
        a.send_all(&[0; 16 << 20]).unwrap_err().kind(),
        a.send(&[0; 65536]).unwrap_err().kind(),
    ];
    assert_eq!(kinds, [ErrorKind::TimedOut; 8]);
}

#[test]
fn zero_never_waits_and_none_does() {
    let (a, b) = pair();
    for zero in [true, false] {
        if zero {
            a.set_timeout(Duration::ZERO).unwrap()
        } else {
            a.set_nonblocking(true).unwrap()
        }
        assert!(a.recv(&mut [0; 1]).unwrap_err().is_would_block());
        assert_eq!(a.timeout(), Some(Duration::ZERO));
    }
    a.set_timeout(None).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(30));
            b.send(b"x").unwrap();
        });
        assert_eq!(a.recv(&mut [0; 1]).unwrap(), 1);
    });
    let asked = a.recv_with(&mut [0; 1], MsgFlags::DONTWAIT).unwrap_err();
    assert!(asked.is_would_block());
    a.set_timeout(Duration::from_secs(60)).unwrap();
    let start = Instant::now();
    assert!(a.recv_with(&mut [0; 1], MsgFlags::DONTWAIT).unwrap_err().is_would_block());
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn sending_everything_has_one_deadline() {
    let (a, b) = pair();
    let limit = Duration::from_millis(300);
    a.set_timeout(limit).unwrap();
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            // A trickle: each step alone is far within the timeout.
            let mut total = 0;
            loop {
                match b.recv(&mut [0; 4096]).unwrap() {
                    0 => return total,
                    len => total += len,
                }
                thread::sleep(Duration::from_millis(5));
            }
        });
        let start = Instant::now();
        let error = a.send_all(&vec![0; 64 << 20]).unwrap_err();
        let taken = start.elapsed();
        assert!(error.is_timeout(), "{error}");
        assert!(taken >= limit && taken < limit * 10, "{taken:?}");
        a.shutdown(berkeley::Shutdown::Write).unwrap();
        assert_eq!(error.bytes_sent(), Some(reader.join().unwrap()), "every byte is accounted for");
    });
}

#[test]
fn a_duplicate_that_changes_the_mode_does_not_break_the_promise() {
    let (a, _b) = pair();
    a.set_timeout(Duration::from_millis(20)).unwrap();
    // The mode belongs to both: this makes the descriptor block.
    a.dup().unwrap().set_timeout(None).unwrap();
    assert!(a.recv(&mut [0; 1]).unwrap_err().is_timeout());
}

#[test]
fn one_deadline_for_several_calls() {
    let (a, b) = pair();
    let limit = Duration::from_millis(150);
    let start = Instant::now();
    b.set_deadline(Deadline::at(start + limit)).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            // Each byte alone comes soon.
            while a.send(&[1]).is_ok() {
                thread::sleep(Duration::from_millis(5));
            }
        });
        let error = loop {
            match b.recv(&mut [0; 1]) {
                Ok(len) => assert_eq!(len, 1),
                Err(error) => break error,
            }
        };
        assert!(error.is_timeout(), "{error}");
        assert!((limit..Duration::from_secs(20)).contains(&start.elapsed()));
        // It stays passed for what has to wait; what need not goes on.
        b.send(b"still").unwrap();
        assert!(b.send_all(&[0; 16 << 20]).unwrap_err().is_timeout());
        b.shutdown(berkeley::Shutdown::Both).unwrap();
    });
}

#[test]
fn the_shorter_of_timeout_and_deadline_counts() {
    let hour = Duration::from_secs(3600);
    for (timeout, deadline) in
        [(Duration::from_millis(30), hour), (hour, Duration::from_millis(30))]
    {
        let (a, _b) = pair();
        a.set_timeout(timeout).unwrap();
        a.set_deadline(Deadline::after(deadline)).unwrap();
        let start = Instant::now();
        assert!(a.recv(&mut [0; 1]).unwrap_err().is_timeout());
        assert!((Duration::from_millis(30)..Duration::from_secs(60)).contains(&start.elapsed()));
        assert_eq!(a.timeout(), Some(timeout));
        assert!(a.dup().unwrap().deadline() == a.deadline());
    }
    let (a, b) = pair();
    // Never to wait is never to wait, and the flag for one call too.
    a.set_deadline(Deadline::after(hour)).unwrap();
    let now = a.recv_with(&mut [0; 1], MsgFlags::DONTWAIT).unwrap_err();
    assert!(now.is_would_block());
    a.set_nonblocking(true).unwrap();
    assert!(a.recv(&mut [0; 1]).unwrap_err().is_would_block());
    // Without either it waits again, in the kernel.
    a.set_timeout(None).unwrap();
    a.set_deadline(Deadline::NEVER).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(20));
            b.send(b"x").unwrap();
        });
        assert_eq!(a.recv(&mut [0; 1]).unwrap(), 1);
    });
    // One that has passed before lets nothing wait, connecting neither.
    let (_server, _queued, addr) = full();
    let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap();
    sock.set_deadline(Deadline::at(Instant::now())).unwrap();
    assert!(sock.connect(addr).unwrap_err().is_timeout());
}

#[test]
fn accepted_sockets_start_afresh() {
    let server = create_server("127.0.0.1:0").unwrap();
    let addr = server.local_addr().unwrap();
    for timeout in [None, Some(Duration::ZERO), Some(Duration::from_secs(5))] {
        server.set_timeout(timeout).unwrap();
        let client = create_connection(addr).unwrap();
        server.dup().unwrap().wait_readable().ok();
        let (conn, peer) = loop {
            match server.accept() {
                Err(error) if error.is_would_block() => thread::yield_now(),
                result => break result.unwrap(),
            }
        };
        assert_eq!(peer, client.local_addr().unwrap());
        assert_eq!(conn.timeout(), None, "whatever the listener's is");
        let flags = std::fs::read_to_string(format!(
            "/proc/self/fdinfo/{}",
            std::os::fd::AsRawFd::as_raw_fd(&conn)
        ))
        .unwrap();
        let octal = flags.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
        let flags = u32::from_str_radix(octal, 8).unwrap();
        assert_eq!(flags & 0o4000, 0, "it blocks");
        assert_eq!(flags & 0o2000000, 0o2000000, "it is close-on-exec");
        assert_eq!((conn.family(), conn.ty()), (Family::INET, Type::STREAM));
    }
}
