//! Files and pipes into sockets and out of them, and sending without copies.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs::File;
use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use berkeley::{
    Cause, Errno, Family, Protocol, Shutdown, Socket, Type, ZeroCopy, create_connection,
    create_server, opt, tee,
};
use berkeley_testing::skip;

fn tcp() -> (Socket, Socket) {
    let server = create_server("127.0.0.1:0").unwrap();
    let client = create_connection(server.local_addr().unwrap()).unwrap();
    let conn = server.accept().unwrap().0;
    client.set_timeout(Duration::from_secs(10)).unwrap();
    conn.set_timeout(Duration::from_secs(10)).unwrap();
    (client, conn)
}

/// A file of so many bytes that all differ from their neighbours.
fn file(len: usize) -> (File, Vec<u8>) {
    let bytes: Vec<u8> = (0..len).map(|place| (place % 251) as u8).collect();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&bytes).unwrap();
    (file, bytes)
}

/// All that arrives until the end.
fn drain(sock: &Socket) -> Vec<u8> {
    let mut all = Vec::new();
    let mut reader = sock;
    reader.read_to_end(&mut all).unwrap();
    all
}

#[test]
fn d10_sendfile_with_offset_and_count() {
    let (file, bytes) = file(3_000_000);
    for (offset, count) in
        [(0, None), (0, Some(3_000_000)), (1, Some(1)), (2_999_999, None), (7, Some(1 << 40))]
    {
        let (a, b) = tcp();
        let reader = thread::spawn(move || drain(&b));
        let sent = a.sendfile(&file, offset, count).unwrap();
        a.shutdown(Shutdown::Write).unwrap();
        let rest = &bytes[offset as usize..];
        let expected = &rest[..rest.len().min(count.unwrap_or(u64::MAX).min(1 << 30) as usize)];
        assert_eq!(sent, expected.len() as u64);
        assert!(reader.join().unwrap() == expected, "{offset}, {count:?}");
    }
}

#[test]
fn d10_nothing_of_nothing() {
    let (file, _) = file(10);
    let (a, _b) = tcp();
    assert_eq!(a.sendfile(&file, 10, None).unwrap(), 0);
    assert_eq!(a.sendfile(&file, 1000, Some(5)).unwrap(), 0);
    assert_eq!(a.sendfile(&file, 0, 0).unwrap(), 0);
}

/// The kernel does not send every file by itself; what it refuses is read and sent.
#[test]
fn d10_files_of_the_kernel_itself() {
    let (a, b) = tcp();
    let comm = File::open("/proc/self/comm").unwrap();
    let expected = std::fs::read("/proc/self/comm").unwrap();
    assert_eq!(a.sendfile(&comm, 0, None).unwrap(), expected.len() as u64);
    assert_eq!(b.recv_vec(100).unwrap(), expected);
}

#[test]
fn d10_a_deadline_for_the_whole_file() {
    let (file, _) = file(30_000_000);
    let (a, _b) = tcp(); // and nobody reads
    a.set_timeout(Duration::from_millis(100)).unwrap();
    let begin = Instant::now();
    let error = a.sendfile(&file, 0, None).unwrap_err();
    assert!(error.is_timeout() && begin.elapsed() >= Duration::from_millis(100));
    assert!(error.bytes_sent().unwrap() > 0, "{error}");
}

#[test]
fn d10_what_cannot_be_sent() {
    let (file, _) = file(10);
    let udp = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    assert!(matches!(udp.sendfile(&file, 0, None).unwrap_err().cause(), Cause::Argument(_)));
    let (a, _b) = tcp();
    let (pipe, mut pipe_in) = std::io::pipe().unwrap();
    pipe_in.write_all(b"x").unwrap();
    assert_eq!(a.sendfile(&pipe, 0, None).unwrap_err().errno(), Some(Errno::ESPIPE));
    let folder = File::open("/").unwrap();
    assert!(a.sendfile(&folder, 0, None).is_err());
}

/// A proxy that never sees the bytes: socket, pipe, socket.
#[test]
fn d11_splice_between_sockets() {
    let (client, near) = tcp();
    let (far, server) = tcp();
    let bytes: Vec<u8> = (0..1_000_000_u32).map(|place| (place % 253) as u8).collect();
    let expected = bytes.clone();
    let writer = thread::spawn(move || {
        client.send_all(&bytes).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        client
    });
    let proxy = thread::spawn(move || {
        let (out, into) = std::io::pipe().unwrap();
        let mut total = 0;
        loop {
            let mut moved = near.splice_to(&into, 65_536).unwrap();
            if moved == 0 {
                break;
            }
            total += moved;
            while moved > 0 {
                moved -= far.splice_from(&out, moved).unwrap();
            }
        }
        far.shutdown(Shutdown::Write).unwrap();
        (total, far, near)
    });
    assert!(drain(&server) == expected);
    assert_eq!(proxy.join().unwrap().0, 1_000_000);
    drop(writer.join().unwrap());
}

#[test]
fn d11_splice_keeps_the_deadline_of_either_side() {
    let (a, b) = tcp();
    a.set_timeout(Duration::from_millis(50)).unwrap();
    let (out, into) = std::io::pipe().unwrap();
    // The pipe is empty.
    let begin = Instant::now();
    assert!(a.splice_from(&out, 100).unwrap_err().is_timeout());
    assert!(begin.elapsed() >= Duration::from_millis(50));
    // The socket is empty.
    assert!(a.splice_to(&into, 100).unwrap_err().is_timeout());
    // Not to wait at all.
    a.set_nonblocking(true).unwrap();
    assert!(a.splice_to(&into, 100).unwrap_err().is_would_block());
    // What is not a pipe.
    assert_eq!(a.splice_to(&b, 100).unwrap_err().errno(), Some(Errno::EINVAL));
}

#[test]
fn d11_tee_leaves_the_bytes_where_they_are() {
    let (first, mut first_in) = std::io::pipe().unwrap();
    let (second, second_in) = std::io::pipe().unwrap();
    first_in.write_all(b"seen twice").unwrap();
    assert_eq!(tee(&first, &second_in, 4).unwrap(), 4);
    let (a, b) = tcp();
    a.splice_from(&second, 100).unwrap();
    a.splice_from(&first, 100).unwrap();
    a.shutdown(Shutdown::Write).unwrap();
    assert_eq!(drain(&b), b"seenseen twice");
}

#[test]
fn d9_buffers_come_back_after_sending_without_copies() {
    let (a, b) = tcp();
    let mut sender = match ZeroCopy::new(&a) {
        Ok(sender) => sender,
        Err(error) => skip!("no sending without copies: {error}"),
    };
    let reader = thread::spawn(move || drain(&b));
    let mut expected = Vec::new();
    for round in 0..50_u8 {
        let piece = vec![round; 10_000 + usize::from(round)];
        expected.extend_from_slice(&piece);
        sender.send_all(piece).unwrap();
    }
    let mut done = sender.completed().unwrap();
    done.extend(sender.finish().unwrap());
    a.shutdown(Shutdown::Write).unwrap();
    assert!(reader.join().unwrap() == expected);
    assert_eq!(done.len(), 50);
    // In order, for a stream, and as they were.
    for (round, done) in done.iter().enumerate() {
        assert!(done.buffer.as_bytes().iter().all(|byte| usize::from(*byte) == round));
        assert!(done.copied, "the loopback copies");
    }
}

#[test]
fn d9_datagrams_without_copies() {
    let to = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    to.bind("127.0.0.1:0").unwrap();
    to.set_timeout(Duration::from_secs(10)).unwrap();
    let from = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    from.set_timeout(Duration::from_secs(10)).unwrap();
    from.connect(to.local_addr().unwrap()).unwrap();
    let mut sender = match ZeroCopy::new(&from) {
        Ok(sender) => sender,
        Err(error) => skip!("no sending without copies: {error}"),
    };
    for size in [1, 1000, 20_000] {
        sender.send_all(vec![9; size]).unwrap();
        assert_eq!(to.recv_vec(65_536).unwrap().len(), size);
    }
    assert_eq!(sender.finish().unwrap().len(), 3);
}

/// The kernel allows so much memory for the account; beyond it the sender waits or copies.
#[test]
fn d9_more_at_once_than_the_kernel_keeps_account_of() {
    let (a, b) = tcp();
    let Ok(mut sender) = ZeroCopy::new(&a) else { skip!("no sending without copies") };
    let reader = thread::spawn(move || drain(&b).len());
    for _ in 0..20_000 {
        sender.send_all(&b"small and many"[..]).unwrap();
    }
    let _ = sender.finish().unwrap();
    a.shutdown(Shutdown::Write).unwrap();
    assert_eq!(reader.join().unwrap(), 20_000 * 14);
}

/// The kernel's numbers go on where the one before has ended, or left something.
#[test]
fn d9_one_sender_after_the_other() {
    let (a, b) = tcp();
    a.set_timeout(Duration::from_secs(10)).unwrap();
    let reader = thread::spawn(move || drain(&b).len());
    for sends in 1..4 {
        let Ok(mut sender) = ZeroCopy::new(&a) else { skip!("no sending without copies") };
        (0..sends).for_each(|_| sender.send_all(vec![7; 10_000]).unwrap());
        assert_eq!(sender.finish().unwrap().len(), sends);
        ZeroCopy::new(&a).unwrap().send_all(vec![7; 10_000]).unwrap();
    }
    let same = a.dup().unwrap();
    let mut sender = ZeroCopy::new(&same).unwrap();
    sender.send_all(vec![7; 10_000]).unwrap();
    assert_eq!(sender.finish().unwrap().len(), 1);
    a.shutdown(Shutdown::Write).unwrap();
    assert_eq!(reader.join().unwrap(), 100_000);
}

#[test]
fn d9_an_icmp_error_meanwhile_is_kept() {
    let from = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    from.set_timeout(Duration::from_secs(10)).unwrap();
    from.set(opt::IP_RECVERR, true).unwrap();
    from.connect("127.0.0.1:1").unwrap();
    let Ok(mut sender) = ZeroCopy::new(&from) else { skip!("no sending without copies") };
    sender.send_all(vec![1; 5000]).unwrap();
    let came = berkeley_testing::eventually(|| {
        let _ = sender.completed().unwrap();
        !sender.take_errors().is_empty()
    });
    assert!(came);
}

#[test]
fn d9_an_ended_connection_does_not_outwait_the_deadline() {
    let server = create_server("127.0.0.1:0").unwrap();
    server.set(opt::SO_RCVBUF, 4096_usize).unwrap();
    let client = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap();
    client.set(opt::SO_SNDBUF, 4_usize << 20).unwrap();
    client.connect(server.local_addr().unwrap()).unwrap();
    let (_conn, _) = server.accept().unwrap();
    client.set_timeout(Duration::from_millis(200)).unwrap();
    let Ok(mut sender) = ZeroCopy::new(&client) else { skip!("no sending without copies") };
    // Nobody reads it: most of it stays in the queue, and the memory with it.
    let _ = sender.send_all(vec![1; 1 << 20]);
    if sender.pending() == 0 {
        skip!("this kernel has copied what it was lent");
    }
    // From now on it is always "ready".
    client.shutdown(Shutdown::Both).unwrap();
    assert!(sender.finish().unwrap_err().is_timeout());
}

#[test]
fn d9_sockets_that_cannot() {
    let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
    assert!(ZeroCopy::new(&a).is_err());
}
