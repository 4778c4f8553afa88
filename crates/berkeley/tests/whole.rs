//! Whole messages over a stream: nothing is lost, nothing too much is taken, one deadline for all.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::thread;
use std::time::{Duration, Instant};

use berkeley::{
    Cause, Errno, Error, Family, LengthPrefix, Protocol, Socket, Type, create_connection,
    create_server,
};

const PREFIXES: [LengthPrefix; 7] = [
    LengthPrefix::U8,
    LengthPrefix::U16,
    LengthPrefix::U32,
    LengthPrefix::U64,
    LengthPrefix::U16Le,
    LengthPrefix::U32Le,
    LengthPrefix::U64Le,
];

fn unix() -> (Socket, Socket) {
    Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap()
}

fn tcp() -> (Socket, Socket) {
    let server = create_server("127.0.0.1:0").unwrap();
    let client = create_connection(server.local_addr().unwrap()).unwrap();
    (client, server.accept().unwrap().0)
}

/// Sends these bytes one by one.
fn trickle(to: &Socket, data: &[u8]) {
    for byte in data {
        to.send_all(&[*byte]).unwrap();
        thread::yield_now();
    }
}

fn was_short(error: &Error, come: usize) {
    assert_eq!((error.cause(), error.bytes_received()), (Cause::UnexpectedEnd, Some(come)));
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
}

#[test]
fn so_many_bytes_in_many_pieces() {
    for (a, b) in [unix(), tcp()] {
        let data: Vec<u8> = (0..100_000_u32).map(|number| number as u8).collect();
        thread::scope(|scope| {
            scope.spawn(|| {
                trickle(&a, &data[..100]);
                a.send_all(&data[100..]).unwrap();
            });
            let mut room = vec![0; data.len()];
            b.recv_exactly(&mut room[..50]).unwrap();
            b.recv_exactly(&mut room[50..]).unwrap();
            assert_eq!(room, data);
        });
        b.recv_exactly(&mut []).unwrap();
        a.send(b"end").unwrap();
        drop(a);
        let mut room = [0; 10];
        was_short(&b.recv_exactly(&mut room).unwrap_err(), 3);
        assert_eq!(&room[..3], b"end");
        was_short(&b.recv_exactly(&mut room).unwrap_err(), 0);
    }
}

#[test]
fn what_came_before_the_timeout_is_kept() {
    let (a, b) = unix();
    b.set_timeout(Duration::from_millis(10)).unwrap();
    let mut room = [0; 6];
    a.send(b"abc").unwrap();
    let error = b.recv_exactly(&mut room).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(error.to_string(), "recv_exactly: timed out (after 3 bytes)");
    a.send(b"def").unwrap();
    b.recv_exactly(&mut room[error.bytes_received().unwrap()..]).unwrap();
    assert_eq!(&room, b"abcdef");

    let mut line = Vec::new();
    a.send(b"half a li").unwrap();
    assert!(b.recv_until(b"\n", 100, &mut line).unwrap_err().is_timeout());
    assert_eq!(line, b"half a li");
    a.send(b"ne\nnext").unwrap();
    assert!(b.recv_until(b"\n", 100, &mut line).unwrap());
    assert_eq!(line, b"half a line\n");
    assert_eq!(b.recv_vec(100).unwrap(), b"next");

    let mut frame = Vec::new();
    for piece in [&b"\0"[..], b"\0\0", b"\x05he", b"ll"] {
        a.send(piece).unwrap();
        let before = frame.len();
        let error = b.recv_frame(LengthPrefix::U32, 100, &mut frame).unwrap_err();
        assert!(error.is_timeout(), "{error}");
        assert_eq!(error.bytes_received(), Some(before + piece.len()));
    }
    a.send(b"onext").unwrap();
    assert!(b.recv_frame(LengthPrefix::U32, 100, &mut frame).unwrap());
    assert_eq!((&frame[..], b.recv_vec(100).unwrap()), (&b"hello"[..], b"next".to_vec()));
}

#[test]
fn a_socket_that_does_not_wait_says_how_far_it_came() {
    let (a, b) = unix();
    b.set_nonblocking(true).unwrap();
    a.send(b"ab").unwrap();
    let error = b.recv_exactly(&mut [0; 4]).unwrap_err();
    assert_eq!((error.errno(), error.bytes_received()), (Some(Errno::EAGAIN), Some(2)));
}

#[test]
fn a_trickle_has_one_deadline() {
    let receive: [fn(&Socket) -> Error; 3] = [
        |sock| sock.recv_exactly(&mut [0; 1 << 20]).unwrap_err(),
        |sock| sock.recv_until(b"never", 1 << 20, &mut Vec::new()).unwrap_err(),
        |sock| sock.recv_frame(LengthPrefix::U32, 1 << 30, &mut Vec::new()).unwrap_err(),
    ];
    for receive in receive {
        let (a, b) = unix();
        let limit = Duration::from_millis(200);
        b.set_timeout(limit).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                // Each byte alone is far within the timeout.
                while a.send(&[1]).is_ok() {
                    thread::sleep(Duration::from_millis(2));
                }
            });
            let start = Instant::now();
            let error = receive(&b);
            assert!(error.is_timeout() && error.bytes_received() > Some(0), "{error}");
            assert!((limit..Duration::from_secs(20)).contains(&start.elapsed()));
            b.shutdown(berkeley::Shutdown::Both).unwrap();
        });
    }
}

#[test]
fn up_to_a_separator_and_no_further() {
    for (a, b) in [unix(), tcp()] {
        // The separator comes in pieces, and what looks like its beginning too.
        thread::scope(|scope| {
            scope.spawn(|| trickle(&a, b"a\r\r\nb\r\n\r\r\n\r\nrest\r\n\r\n"));
            let mut data = Vec::new();
            assert!(b.recv_until(b"\r\n\r\n", 100, &mut data).unwrap());
            assert_eq!(data, b"a\r\r\nb\r\n\r\r\n\r\n");
            data.clear();
            assert!(b.recv_until(b"\r\n\r\n", 100, &mut data).unwrap());
            assert_eq!(data, b"rest\r\n\r\n");
        });
        // More than one look's worth.
        let long = [vec![b'x'; 100_000], b";y;".to_vec()].concat();
        thread::scope(|scope| {
            scope.spawn(|| a.send_all(&long).unwrap());
            let mut data = Vec::new();
            assert!(b.recv_until(b";", 1 << 20, &mut data).unwrap());
            assert_eq!(data, long[..100_001]);
            assert_eq!(b.recv_vec(2).unwrap(), b"y;");
        });
        // A limit counts the separator, and what is beyond it stays where it is.
        a.send_all(b"12345;789;").unwrap();
        let mut data = Vec::new();
        assert!(b.recv_until(b";", 6, &mut data).unwrap());
        data.clear();
        let error = b.recv_until(b";", 3, &mut data).unwrap_err();
        assert_eq!((error.cause(), &data[..]), (Cause::Limit(3), &b"789"[..]));
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
        assert_eq!(b.recv_vec(10).unwrap(), b";");
        // The end of the stream.
        a.send_all(b"half").unwrap();
        drop(a);
        data.clear();
        was_short(&b.recv_until(b";", 100, &mut data).unwrap_err(), 4);
        assert_eq!(data, b"half");
        assert!(!b.recv_until(b";", 100, &mut Vec::new()).unwrap());
    }
}

#[test]
fn frames_of_every_prefix() {
    for prefix in PREFIXES {
        for (a, b) in [unix(), tcp()] {
            let most = if prefix == LengthPrefix::U8 { 255 } else { 65_535 };
            thread::scope(|scope| {
                let sizes = [0, 1, 2, 254, 255, most];
                scope.spawn(move || {
                    for size in sizes {
                        a.send_frame(prefix, &vec![size as u8; size]).unwrap();
                    }
                });
                let mut frame = Vec::new();
                for size in sizes {
                    assert!(b.recv_frame(prefix, most, &mut frame).unwrap());
                    assert_eq!(frame, vec![size as u8; size], "{prefix:?}");
                    frame.clear();
                }
                assert!(!b.recv_frame(prefix, most, &mut frame).unwrap());
            });
        }
    }
    let (a, b) = unix();
    a.send_frame(LengthPrefix::U32Le, b"ab").unwrap();
    assert_eq!(b.recv_vec(10).unwrap(), b"\x02\0\0\0ab");
    a.send_frame(LengthPrefix::U64, b"ab").unwrap();
    assert_eq!(b.recv_vec(10).unwrap(), b"\0\0\0\0\0\0\0\x02ab");
}

#[test]
fn lengths_are_not_believed() {
    let (a, b) = unix();
    // More than the prefix can tell: nothing is sent.
    let error = a.send_frame(LengthPrefix::U8, &[0; 256]).unwrap_err();
    assert_eq!(error.cause(), Cause::Limit(255));
    let error = a.send_frame(LengthPrefix::U16Le, &[0; 65_536]).unwrap_err();
    assert_eq!(error.cause(), Cause::Limit(65_535));
    // More than the receiver takes.
    a.send_frame(LengthPrefix::U16, &[1; 11]).unwrap();
    let mut frame = Vec::new();
    let error = b.recv_frame(LengthPrefix::U16, 10, &mut frame).unwrap_err();
    assert_eq!((error.cause(), &frame[..]), (Cause::Limit(10), &b"\0\x0b"[..]));
    assert!(b.recv_frame(LengthPrefix::U16, 11, &mut frame).unwrap(), "it can still be had");
    // More than there is: no memory is taken for it.
    frame = Vec::new();
    a.send_all(&[&(u64::MAX >> 8).to_be_bytes()[..], b"that's all"].concat()).unwrap();
    drop(a);
    let error = b.recv_frame(LengthPrefix::U64, usize::MAX, &mut frame).unwrap_err();
    was_short(&error, 18);
    assert!(frame.capacity() < 1 << 20);
}

#[test]
fn a_frame_that_goes_in_part_says_how_much() {
    let (a, b) = unix();
    a.set_timeout(Duration::from_millis(50)).unwrap();
    let data: Vec<u8> = (0..4_000_000_u32).map(|number| (number >> 8) as u8).collect();
    let error = a.send_frame(LengthPrefix::U32, &data).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    let sent = error.bytes_sent().unwrap();
    drop(a);
    let mut frame = Vec::new();
    was_short(&b.recv_frame(LengthPrefix::U32, data.len(), &mut frame).unwrap_err(), sent);
    assert_eq!(frame[4..], data[..sent - 4]);

    let (a, b) = unix();
    thread::scope(|scope| {
        scope.spawn(|| a.send_frame(LengthPrefix::U32, &data).unwrap());
        let mut frame = Vec::new();
        assert!(b.recv_frame(LengthPrefix::U32, data.len(), &mut frame).unwrap());
        assert_eq!(frame, data);
    });
}

#[test]
fn messages_are_not_taken_apart() {
    let (_a, b) = Socket::pair(Family::UNIX, Type::SEQPACKET, Protocol::DEFAULT).unwrap();
    let errors = [
        b.recv_exactly(&mut [0; 1]).unwrap_err(),
        b.recv_until(b"x", 1, &mut Vec::new()).unwrap_err(),
        b.recv_frame(LengthPrefix::U8, 1, &mut Vec::new()).unwrap_err(),
        unix().0.recv_until(b"", 1, &mut Vec::new()).unwrap_err(),
    ];
    assert!(errors.iter().all(|error| matches!(error.cause(), Cause::Argument(_))), "{errors:?}");
}
