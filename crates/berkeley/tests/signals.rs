//! Signals end no call early, stretch no deadline, and show as no error.
//!
//! The signals go to the thread that makes the calls: the kernel gives those of a timer to the
//! main thread, which only waits for the test.

#![allow(clippy::unwrap_used, clippy::panic, unsafe_code)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use berkeley::{
    Connector, Family, MsgFlags, Protocol, Result, Server, Socket, Type, create_connection,
    create_server,
};
use libc as c;

static HANDLED: AtomicUsize = AtomicUsize::new(0);

/// A thousand signals a second for this thread, handled without `SA_RESTART`, while it lives.
fn storm() {
    extern "C" fn count(_: c::c_int) {
        HANDLED.fetch_add(1, Ordering::Relaxed);
    }
    // SAFETY: the action is zeroed, which is a value of it, but for a handler that only counts.
    let (process, thread) = unsafe {
        let mut action: c::sigaction = std::mem::zeroed();
        action.sa_sigaction = count as extern "C" fn(c::c_int) as usize;
        assert_eq!(c::sigaction(c::SIGALRM, &action, std::ptr::null_mut()), 0);
        (c::getpid(), c::gettid())
    };
    thread::spawn(move || {
        loop {
            // SAFETY: the call takes numbers only, and is an error if the thread has ended.
            let sent = unsafe { c::syscall(c::SYS_tgkill, process, thread, c::SIGALRM) };
            if sent != 0 {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    });
}

const LIMIT: Duration = Duration::from_millis(200);

/// The call times out, not before its time and not long after it.
fn times_out<T>(what: &str, call: impl FnOnce() -> Result<T>) {
    let start = Instant::now();
    let error = call().err().unwrap_or_else(|| panic!("{what} did not time out"));
    let taken = start.elapsed();
    assert!(error.is_timeout(), "{what}: {error}");
    assert!(taken >= LIMIT, "{what} gave up after {taken:?}");
    assert!(taken < LIMIT * 10, "{what} took {taken:?}");
}

#[test]
fn d15_calls_survive_a_storm_of_signals() {
    storm();
    let server = create_server("127.0.0.1:0").unwrap();
    let addr = server.local_addr().unwrap();
    let udp = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    udp.bind("127.0.0.1:0").unwrap();
    let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();

    // With a timeout: one deadline, whatever interrupts.
    for socket in [&server, &udp, &a, &b] {
        socket.set_timeout(LIMIT).unwrap();
    }
    times_out("accept", || server.accept());
    times_out("recv", || b.recv(&mut [0; 8]));
    times_out("recv_from", || udp.recv_from(&mut [0; 8]));
    times_out("recv_vectored", || {
        b.recv_vectored(&mut [], MsgFlags::empty()).and_then(|_| b.recv(&mut [0; 1]))
    });
    times_out("wait_readable", || b.wait_readable());
    times_out("send_all", || a.send_all(&[0; 32 << 20]));
    let full = Server::new().backlog(0).listen("127.0.0.1:0").unwrap();
    let full_addr = full.local_addr().unwrap();
    let _queued: Vec<Socket> = (0..2)
        .filter_map(|_| Connector::new().timeout(Duration::from_millis(20)).connect(full_addr).ok())
        .collect();
    times_out("connect", || Connector::new().timeout(LIMIT).connect(full_addr));
    let several = Connector::new().timeout(LIMIT).happy_eyeballs(LIMIT / 4);
    times_out("connect_any", || several.connect_any([full_addr; 3]));

    // Without one: the call goes on until it is done.
    let (c, d) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
    server.set_timeout(None).unwrap();
    udp.set_timeout(None).unwrap();
    let udp_addr = udp.local_addr().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(100));
            let client = create_connection(addr).unwrap();
            client.send_all(b"x").unwrap();
            udp.dup().unwrap().send_to(b"late", udp_addr).unwrap();
            let mut left = 4 << 20;
            while left > 0 {
                left -= d.recv_vec(65536).unwrap().len();
                thread::sleep(Duration::from_millis(1));
            }
            assert_eq!(client.recv(&mut [0; 1]).unwrap(), 0);
        });
        let (conn, _) = server.accept().unwrap();
        assert_eq!(conn.recv_vec(1).unwrap(), b"x");
        assert_eq!(udp.recv_vec(16).unwrap(), b"late");
        c.send_all(&vec![7; 4 << 20]).unwrap();
        drop(conn);
    });
    for _ in 0..200 {
        let client = create_connection(addr).unwrap();
        server.accept().unwrap();
        drop(client);
    }

    // A UNIX connect that waits for room in the queue: success means that there is a connection.
    let unix = Server::new().backlog(0).listen("unix:").unwrap();
    let unix_addr = unix.local_addr().unwrap();
    let _queued = create_connection(unix_addr).unwrap();
    let late = Socket::new(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(100));
            unix.accept().unwrap();
        });
        late.connect(unix_addr).unwrap();
    });
    assert_eq!(late.peer_addr().unwrap(), unix_addr);

    let handled = HANDLED.load(Ordering::Relaxed);
    assert!(handled > 100, "only {handled} signals arrived");
}
