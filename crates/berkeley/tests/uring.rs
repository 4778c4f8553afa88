//! Operations that the kernel carries out by itself.
#![cfg(feature = "io-uring")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{HashMap, HashSet};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use berkeley::uring::{Completion, Ring, Token, is_available};
use berkeley::{
    Call, Deadline, Errno, Family, MsgFlags, Protocol, Shutdown, Socket, Type, cmsg,
    create_connection, create_server,
};
use berkeley_testing::{eventually, skip};

/// Ends the test if there can be no rings here.
macro_rules! needs_io_uring {
    () => {
        if !is_available() {
            skip!("io_uring is not there or forbidden: {}", Ring::new(1).unwrap_err());
        }
    };
}

/// Longer than anything here takes.
fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

fn next(ring: &mut Ring) -> Completion {
    ring.wait(soon()).unwrap().unwrap()
}

/// The completion of this operation, the only one in flight.
fn end(ring: &mut Ring, token: Token) -> Completion {
    let done = next(ring);
    assert_eq!(done.token, token);
    done
}

fn pair(ty: Type) -> (Arc<Socket>, Arc<Socket>) {
    let (a, b) = Socket::pair(Family::UNIX, ty, Protocol::DEFAULT).unwrap();
    (Arc::new(a), Arc::new(b))
}

fn udp() -> Arc<Socket> {
    let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    sock.bind("127.0.0.1:0").unwrap();
    Arc::new(sock)
}

/// A part of a pattern that no other place of it looks like.
fn pattern(from: usize, len: usize) -> Vec<u8> {
    (from..from + len).map(|at| (at % 251) as u8).collect()
}

#[test]
fn d12_echo_over_tcp() {
    needs_io_uring!();
    let mut ring = Ring::new(8).unwrap();
    let server = Arc::new(create_server("127.0.0.1:0").unwrap());
    let addr = server.local_addr().unwrap();
    let client = Arc::new(Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap());

    let accepting = ring.accept(&server);
    let connecting = ring.connect(&client, addr);
    let mut both: HashMap<Token, Completion> =
        (0..2).map(|_| next(&mut ring)).map(|done| (done.token, done)).collect();
    let connected = both.remove(&connecting).unwrap();
    assert_eq!((connected.result.unwrap(), connected.addr), (0, addr));
    let accepted = both.remove(&accepting).unwrap();
    assert_eq!(accepted.result.unwrap(), 0);
    assert_eq!(accepted.addr, client.local_addr().unwrap());
    let conn = Arc::new(accepted.socket.unwrap());
    assert_eq!(conn.peer_addr().unwrap(), accepted.addr);
    assert!(is_close_on_exec(&conn), "accepted sockets are closed on exec");

    // A megabyte one way, all of it in flight while it is received piece by piece.
    let data = pattern(0, 1 << 20);
    let sending = ring.send_with(&client, data.clone(), MsgFlags::WAITALL);
    ring.recv(&conn, Vec::with_capacity(30_000));
    let mut got = Vec::new();
    let mut sent = None;
    while got.len() < data.len() || sent.is_none() {
        let done = next(&mut ring);
        if done.token == sending {
            assert_eq!(done.result.unwrap(), data.len());
            sent = Some(done.buffer);
            continue;
        }
        assert_eq!(done.result.unwrap(), done.buffer.len());
        assert!(!done.buffer.is_empty());
        got.extend_from_slice(&done.buffer);
        if got.len() < data.len() {
            ring.recv(&conn, done.buffer);
        }
    }
    assert!(got == data && sent.unwrap() == data);

    // And its end.
    let token = ring.shutdown(&client, Shutdown::Write);
    assert_eq!(end(&mut ring, token).call, Call::Shutdown);
    let token = ring.recv(&conn, Vec::with_capacity(100));
    assert_eq!(end(&mut ring, token).result.unwrap(), 0);
    let token = ring.close(Arc::into_inner(conn).unwrap());
    assert_eq!(end(&mut ring, token).result.unwrap(), 0);
    assert_eq!(client.recv(&mut [0; 8]).unwrap(), 0);
    assert!(ring.wait(soon()).unwrap().is_none());
}

/// Whether a descriptor is closed on exec, as `/proc` tells.
fn is_close_on_exec(sock: &Socket) -> bool {
    use std::os::fd::AsRawFd;
    let path = format!("/proc/self/fdinfo/{}", sock.as_fd().as_raw_fd());
    let info = std::fs::read_to_string(path).unwrap();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
    u32::from_str_radix(flags.trim(), 8).unwrap() & 0o2000000 != 0
}

#[test]
fn d12_echo_over_udp() {
    needs_io_uring!();
    let mut ring = Ring::new(8).unwrap();
    let (a, b) = (udp(), udp());
    let (at_a, at_b) = (a.local_addr().unwrap(), b.local_addr().unwrap());

    let receiving = ring.recv_from(&b, vec![9; 2000]);
    ring.submit().unwrap();
    let token = ring.send_to(&a, pattern(0, 1400), at_b);
    let mut done: HashMap<Token, Completion> =
        (0..2).map(|_| next(&mut ring)).map(|done| (done.token, done)).collect();
    assert_eq!(done.remove(&token).unwrap().addr, at_b);
    let got = done.remove(&receiving).unwrap();
    assert_eq!((got.result.unwrap(), got.addr), (1400, at_a));
    assert_eq!((got.buffer, got.whole_len), (pattern(0, 1400), 1400));

    // What does not fit is an error that says how long it was.
    b.send_to(&[7; 900], at_a).unwrap();
    let token = ring.recv_from(&a, Vec::with_capacity(100));
    let cut = end(&mut ring, token);
    let error = cut.result.unwrap_err();
    assert_eq!((error.datagram_len(), error.address()), (Some(900), Some(&at_b)));
    assert_eq!(cut.buffer, vec![7; cut.buffer.capacity()]);
    // An empty one is none.
    b.send_to(&[], at_a).unwrap();
    let token = ring.recv(&a, cut.buffer);
    assert_eq!(end(&mut ring, token).result.unwrap(), 0);
}

#[test]
fn d12_echo_over_unix_seqpacket() {
    needs_io_uring!();
    let mut ring = Ring::new(8).unwrap();
    let (a, b) = pair(Type::SEQPACKET);
    for len in [1, 10, 1000, 100_000] {
        let token = ring.send(&a, pattern(len, len));
        assert_eq!(end(&mut ring, token).result.unwrap(), len);
        let token = ring.recv(&b, Vec::with_capacity(100_000));
        let got = end(&mut ring, token);
        assert_eq!(got.buffer, pattern(len, len));
        let token = ring.send(&b, got.buffer);
        let sent = end(&mut ring, token);
        assert_eq!(sent.buffer, pattern(len, len));
        assert_eq!(a.recv_vec(100_000).unwrap(), sent.buffer);
    }
}

#[test]
fn d12_messages_with_control() {
    needs_io_uring!();
    let mut ring = Ring::new(8).unwrap();
    let (a, b) = pair(Type::DGRAM);
    {
        // Gone before the kernel looks: the operation has duplicates.
        let files = [(); 2].map(|()| std::fs::File::open("/proc/self/comm").unwrap());
        let mut control = cmsg::SendBuffer::new();
        ring.send_message(&a, b"two".to_vec(), control.rights(&files), ());
    }
    assert_eq!(next(&mut ring).result.unwrap(), 3);
    let token = ring.recv_message(
        &b,
        Vec::with_capacity(2),
        cmsg::RecvBuffer::with_room(cmsg::space(2 * size_of::<i32>())),
    );
    let mut done = end(&mut ring, token);
    // The capacity may be more than asked for.
    assert_eq!(done.result.unwrap(), done.buffer.len());
    assert_eq!(done.whole_len, 3);
    assert_eq!(done.flags.contains(MsgFlags::TRUNC), done.buffer.len() < 3);
    let fds = done.control.take_fds();
    assert_eq!(fds.len(), 2);
    let mut comm = String::new();
    std::io::Read::read_to_string(&mut std::fs::File::from(fds[0].try_clone().unwrap()), &mut comm)
        .unwrap();
    assert!(!comm.is_empty());

    // Without room for them they are closed, and that is told.
    a.send_fds(b"x", &[&a]).unwrap();
    let token = ring.recv_message(&b, Vec::with_capacity(8), cmsg::RecvBuffer::default());
    let done = end(&mut ring, token);
    assert!(done.flags.contains(MsgFlags::CTRUNC) && done.control.is_truncated());

    // A number that is no descriptor.
    let mut control = cmsg::SendBuffer::new();
    control.push_raw(1, 1, &(-1i32).to_ne_bytes());
    let token = ring.send_message(&a, b"kept".to_vec(), &control, ());
    let done = end(&mut ring, token);
    assert_eq!(done.result.unwrap_err().errno(), Some(Errno::EBADF));
    assert_eq!(done.buffer, b"kept");
}

#[test]
fn d12_thousands_in_flight() {
    needs_io_uring!();
    const EACH: usize = 4000;
    // Far fewer entries than operations: both queues overflow many times.
    let mut ring = Ring::new(32).unwrap();
    let (a, b) = pair(Type::SEQPACKET);
    let receiving: HashSet<Token> =
        (0..EACH).map(|_| ring.recv(&b, Vec::with_capacity(64))).collect();
    assert_eq!((receiving.len(), ring.pending()), (EACH, EACH));
    ring.submit().unwrap();
    assert!(ring.poll().unwrap().is_none());

    let sending: HashMap<Token, Vec<u8>> = (0..EACH)
        .map(|number| pattern(number, 1 + number % 60))
        .map(|data| (ring.send(&a, data.clone()), data))
        .collect();
    let (mut sent, mut got) = (HashSet::new(), Vec::new());
    while let Some(done) = ring.wait(soon()).unwrap() {
        assert_eq!(done.result.unwrap(), done.buffer.len());
        match sending.get(&done.token) {
            Some(data) => {
                assert_eq!(&done.buffer, data);
                assert!(sent.insert(done.token), "{:?} has ended twice", done.token);
            }
            None => {
                assert!(receiving.contains(&done.token));
                got.push(done.buffer);
            }
        }
    }
    assert_eq!((sent.len(), got.len(), ring.pending()), (EACH, EACH, 0));
    // Each message has arrived once, in whatever order.
    let mut all: Vec<Vec<u8>> = sending.into_values().collect();
    all.sort();
    got.sort();
    assert!(all == got);
}

#[test]
fn d12_the_deadline_of_a_wait() {
    needs_io_uring!();
    let mut ring = Ring::new(8).unwrap();
    let (a, b) = pair(Type::STREAM);
    assert!(ring.wait(Deadline::NEVER).unwrap().is_none());
    let token = ring.recv(&a, Vec::with_capacity(8));
    let begin = Instant::now();
    let error = ring.wait(Deadline::after(Duration::from_millis(50))).unwrap_err();
    assert!(error.is_timeout() && error.call() == Call::UringEnter, "{error}");
    assert!(begin.elapsed() >= Duration::from_millis(50), "never early");
    // One that has passed already still brings what has ended.
    b.send(b"x").unwrap();
    let past = Deadline::at(begin);
    let done = loop {
        match ring.wait(past) {
            Ok(done) => break done.unwrap(),
            Err(error) => {
                assert!(error.is_timeout() && Instant::now() < begin + Duration::from_secs(20))
            }
        }
    };
    assert_eq!((done.token, done.result.unwrap()), (token, 1));
}

#[test]
fn d12_a_sockets_timeout_does_not_apply() {
    needs_io_uring!();
    let mut ring = Ring::new(8).unwrap();
    let (a, b) = pair(Type::STREAM);
    a.set_nonblocking(true).unwrap();
    let token = ring.recv(&a, Vec::with_capacity(8));
    ring.submit().unwrap();
    assert!(ring.poll().unwrap().is_none());
    b.send(b"at last").unwrap();
    assert_eq!(end(&mut ring, token).buffer, b"at last");

    let token = ring.recv_with(&a, Vec::with_capacity(8), MsgFlags::DONTWAIT);
    assert_eq!(end(&mut ring, token).result.unwrap_err().errno(), Some(Errno::EAGAIN));

    let server = Arc::new(create_server("127.0.0.1:0").unwrap());
    server.set_nonblocking(true).unwrap();
    let token = ring.accept(&server);
    ring.submit().unwrap();
    assert!(ring.poll().unwrap().is_none());
    let client = Arc::new(Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap());
    client.set_nonblocking(true).unwrap();
    let connecting = ring.connect(&client, server.local_addr().unwrap());
    for _ in 0..2 {
        let done = next(&mut ring);
        assert!(done.token == token || done.token == connecting);
        done.result.unwrap();
    }
}

#[test]
fn d12_failures_give_the_buffer_back() {
    needs_io_uring!();
    let mut ring = Ring::new(8).unwrap();
    let sock = Arc::new(Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap());
    let token = ring.connect(&sock, "127.0.0.1:1");
    let error = end(&mut ring, token).result.unwrap_err();
    assert_eq!(error.to_string(), "connect 127.0.0.1:1: connection refused");

    // No address at all: it ends like all others.
    let token = ring.send_to(&udp(), b"mine".to_vec(), "nowhere");
    assert_eq!(ring.pending(), 1);
    let done = end(&mut ring, token);
    assert!(done.result.is_err() && done.buffer == b"mine");

    // Nobody is there any more, and no signal says so.
    let (a, b) = pair(Type::STREAM);
    drop(b);
    let token = ring.send(&a, b"lost".to_vec());
    let done = end(&mut ring, token);
    assert_eq!(done.result.unwrap_err().errno(), Some(Errno::EPIPE));
    assert_eq!(done.buffer, b"lost");

    // A reset, after which the capacity is still there.
    let (a, b) = pair(Type::STREAM);
    a.send(b"unread").unwrap();
    let token = ring.recv(&a, Vec::with_capacity(500));
    ring.submit().unwrap();
    drop(b);
    let done = end(&mut ring, token);
    assert_eq!(done.result.unwrap_err().errno(), Some(Errno::ECONNRESET));
    assert!(done.buffer.is_empty() && done.buffer.capacity() >= 500);

    // A socket that was hung up.
    a.hang_up().unwrap();
    let token = ring.recv(&a, Vec::new());
    assert_eq!(end(&mut ring, token).result.unwrap_err().errno(), Some(Errno::EBADF));
}

#[test]
fn d12_flags_of_a_stream_that_throws_data_away() {
    needs_io_uring!();
    let mut ring = Ring::new(8).unwrap();
    let server = create_server("127.0.0.1:0").unwrap();
    let client = create_connection(server.local_addr().unwrap()).unwrap();
    let conn = Arc::new(server.accept().unwrap().0);
    client.send_all(b"thrown away").unwrap();
    conn.wait_readable().unwrap();
    let token = ring.recv_with(&conn, Vec::with_capacity(11), MsgFlags::TRUNC);
    let done = end(&mut ring, token);
    // Counted, and never written: what comes back is initialised all the same.
    assert_eq!(done.buffer, vec![0; done.result.unwrap()]);
}

#[test]
fn d12_sent_without_a_copy() {
    needs_io_uring!();
    let mut ring = Ring::new(8).unwrap();
    let server = create_server("127.0.0.1:0").unwrap();
    let client = Arc::new(create_connection(server.local_addr().unwrap()).unwrap());
    let conn = server.accept().unwrap().0;
    let data = pattern(0, 50_000);
    let token = ring.send_zero_copy(&client, data.clone(), ());
    ring.submit().unwrap();
    let mut got = Vec::new();
    let first = loop {
        if let Some(done) = ring.poll().unwrap() {
            break done;
        }
        if got.len() < data.len() {
            got.extend(conn.recv_vec(60_000).unwrap());
        }
    };
    if first.result.as_ref().is_err_and(|error| error.errno() == Some(Errno::EOPNOTSUPP)) {
        skip!("sending without copies needs Linux 6.0");
    }
    assert_eq!((first.token, first.result.unwrap()), (token, data.len()));
    assert!(first.buffer == data);
    while got.len() < data.len() {
        got.extend(conn.recv_vec(60_000).unwrap());
    }
    assert!(got == data);

    // A datagram to an address; and a kind that cannot.
    let (a, b) = (udp(), udp());
    let token = ring.send_zero_copy(&a, pattern(5, 1000), b.local_addr().unwrap());
    ring.submit().unwrap();
    assert_eq!(b.recv_vec(2000).unwrap(), pattern(5, 1000));
    assert_eq!(end(&mut ring, token).buffer, pattern(5, 1000));
    let (a, _b) = pair(Type::STREAM);
    let token = ring.send_zero_copy(&a, b"no".to_vec(), ());
    let done = end(&mut ring, token);
    assert_eq!(done.result.unwrap_err().errno(), Some(Errno::EOPNOTSUPP));
    assert_eq!(done.buffer, b"no");
}

#[test]
fn d12_cancelled_operations_end() {
    needs_io_uring!();
    let mut ring = Ring::new(8).unwrap();
    let (a, b) = pair(Type::STREAM);
    let server = Arc::new(create_server("127.0.0.1:0").unwrap());
    let first = ring.recv(&a, Vec::with_capacity(77));
    let second = ring.recv(&b, Vec::with_capacity(8));
    let third = ring.accept(&server);
    ring.submit().unwrap();
    ring.cancel(first);
    let done = end(&mut ring, first);
    assert_eq!(done.result.unwrap_err().errno(), Some(Errno::ECANCELED));
    assert!(done.buffer.capacity() >= 77);
    // Again, and one that never was: nothing happens.
    ring.cancel(first);
    let mut other = Ring::new(1).unwrap();
    let foreign = other.accept(&server);
    ring.cancel(foreign);
    assert!(ring.poll().unwrap().is_none());
    // Before it was handed over.
    let fourth = ring.recv(&a, Vec::with_capacity(8));
    ring.cancel(fourth);
    assert_eq!(end(&mut ring, fourth).result.unwrap_err().errno(), Some(Errno::ECANCELED));
    // The others are still there.
    a.send(b"x").unwrap();
    assert_eq!(end(&mut ring, second).result.unwrap(), 1);
    let _client = create_connection(server.local_addr().unwrap()).unwrap();
    assert!(end(&mut ring, third).socket.is_some());
    // A ring of one entry, which two have to go through: that is what dropping it takes.
    let begin = Instant::now();
    drop(other);
    assert!(begin.elapsed() < Duration::from_secs(5), "it has waited in vain");
}

#[test]
fn d12_operations_hold_their_socket_open() {
    needs_io_uring!();
    let mut ring = Ring::new(8).unwrap();
    let (a, b) = pair(Type::STREAM);
    let token = ring.recv(&a, Vec::with_capacity(64));
    // Not yet with the kernel: the number must stay this socket's.
    drop(a);
    b.send(b"still there").unwrap();
    assert_eq!(end(&mut ring, token).buffer, b"still there");
    assert_eq!(b.send(b"x").unwrap_err().errno(), Some(Errno::EPIPE));
}

#[test]
fn d12_a_ring_outlives_the_thread_that_handed_over() {
    needs_io_uring!();
    let mut ring = Ring::new(8).unwrap();
    let (a, b) = pair(Type::STREAM);
    let (c, _d) = pair(Type::STREAM);
    let (mut ring, received, idle) = std::thread::spawn(move || {
        let received = ring.recv(&a, Vec::with_capacity(64));
        let idle = ring.recv(&c, Vec::with_capacity(64));
        ring.submit().unwrap();
        (ring, received, idle)
    })
    .join()
    .unwrap();
    assert!(ring.poll().unwrap().is_none());
    b.send(b"to another thread").unwrap();
    assert_eq!(end(&mut ring, received).buffer, b"to another thread");
    ring.cancel(idle);
    assert_eq!(end(&mut ring, idle).result.unwrap_err().errno(), Some(Errno::ECANCELED));
}

#[test]
fn d12_goes_on_after_signals() {
    needs_io_uring!();
    let mut ring = Ring::new(8).unwrap();
    let (a, b) = pair(Type::STREAM);
    let token = ring.recv(&a, Vec::with_capacity(8));
    let done = signals::storm(|| {
        let writer = std::thread::spawn(move || {
            assert!(eventually(|| signals::arrived() > 50));
            b.send(b"after").unwrap();
            b
        });
        let done = end(&mut ring, token);
        writer.join().unwrap();
        done
    });
    assert_eq!(done.buffer, b"after");
}

/// Signals for the calling thread, all the time.
#[allow(unsafe_code)]
mod signals {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    static ARRIVED: AtomicUsize = AtomicUsize::new(0);

    extern "C" fn count(_: libc::c_int) {
        ARRIVED.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn arrived() -> usize {
        ARRIVED.load(Ordering::Relaxed)
    }

    pub(super) fn storm<T>(work: impl FnOnce() -> T) -> T {
        // SAFETY: the handler does nothing but count; the thread that gets the signals is the
        // calling one, which waits for the end of the one that sends them.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = count as *const () as usize;
            assert_eq!(libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut()), 0);
            let target = libc::pthread_self();
            let over = AtomicBool::new(false);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        libc::pthread_kill(target, libc::SIGUSR1);
                        std::thread::sleep(std::time::Duration::from_micros(200));
                    }
                });
                let done = catch_unwind(AssertUnwindSafe(work));
                over.store(true, Ordering::Relaxed);
                done.unwrap()
            })
        }
    }
}

/// With a filter of system calls, for the calling thread alone: as under a kernel without io_uring,
/// and as in a container that forbids it.
#[test]
fn d12_without_io_uring_the_error_says_so() {
    for (errno, kind) in [
        (Errno::ENOSYS, std::io::ErrorKind::Unsupported),
        (Errno::EPERM, std::io::ErrorKind::PermissionDenied),
    ] {
        let seen = std::thread::spawn(move || {
            let forbidden = filter::forbid_io_uring(errno.number());
            (forbidden, is_available(), Ring::new(8).map(drop))
        });
        let (forbidden, available, made) = seen.join().unwrap();
        if !forbidden {
            skip!("this kernel has no filters of system calls");
        }
        let error = made.unwrap_err();
        assert!(!available);
        assert_eq!((error.call(), error.errno()), (Call::UringSetup, Some(errno)));
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().starts_with("io_uring_setup: "), "{error}");
    }
}

#[allow(unsafe_code)]
mod filter {
    /// From now on this thread's `io_uring_setup` fails with this number. Says whether it does.
    pub(super) fn forbid_io_uring(errno: i32) -> bool {
        let step = |code: u32, jt, jf, k| libc::sock_filter { code: code as u16, jt, jf, k };
        let number = libc::SYS_io_uring_setup as u32;
        let mut program = [
            // The number of the call is the first word of what a filter sees.
            step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
            step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, number),
            step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | errno as u32),
            step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
        ];
        let program = libc::sock_fprog { len: 4, filter: program.as_mut_ptr() };
        // SAFETY: the program lives until the call returns, and concerns this thread alone.
        unsafe {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
                && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) == 0
        }
    }
}
