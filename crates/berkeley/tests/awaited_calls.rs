//! Every awaited call: that it does what the plain one does, that it waits, and that nothing is
//! lost where it is dropped while it waits.

#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod runtimes;

use std::io::{IoSlice, IoSliceMut, Read, Seek, Write};
use std::time::Duration;

use berkeley::batch::{RecvBatch, SendBatch};
use berkeley::tokio::Socket;
use berkeley::{Family, LengthPrefix, MsgFlags, Protocol, Type, cmsg};
use tokio::io::Interest;

use self::runtimes::{in_both, pair, poll_and_drop, tcp};

/// Drops a call while it waits, twice, once before and once after the reactor knows the socket.
macro_rules! dropped {
    ($call:expr) => {
        for _ in 0..2 {
            assert!(
                poll_and_drop($call).await.is_none(),
                "it does not wait: {}",
                stringify!($call)
            );
            tokio::task::yield_now().await;
        }
    };
}

/// Sends until there is no room, in datagrams or pieces of this size.
async fn fill(socket: &Socket, size: usize) -> usize {
    let (data, mut sent) = (vec![b'.'; size], 0);
    while let Some(more) = poll_and_drop(socket.send(&data)).await {
        sent += more.unwrap();
    }
    sent
}

/// Receives so many bytes.
async fn drain(socket: &Socket, mut left: usize) {
    while left > 0 {
        left -= socket.recv_vec(left.min(1 << 16)).await.unwrap().len();
    }
}

#[test]
fn g3_a_dropped_receive_has_received_nothing() {
    in_both(|| async {
        let (a, b) = pair(Type::STREAM);
        let mut buf = [0; 16];
        let mut control = cmsg::RecvBuffer::with_room(64);
        dropped!(b.recv(&mut buf));
        dropped!(b.recv_with(&mut buf, MsgFlags::PEEK));
        dropped!(b.recv_vec(10));
        dropped!(b.recv_from(&mut buf));
        dropped!(b.recv_vectored(&mut [IoSliceMut::new(&mut buf)], MsgFlags::empty()));
        dropped!(b.recv_from_vectored(&mut [IoSliceMut::new(&mut buf)], MsgFlags::empty()));
        dropped!(b.recv_message(&mut buf, &mut control));
        let pieces = &mut [IoSliceMut::new(&mut buf)];
        dropped!(b.recv_message_vectored(pieces, &mut control, MsgFlags::empty()));
        dropped!(b.recv_fds(&mut buf, 1));
        dropped!(b.wait_readable());
        dropped!(b.async_io(Interest::READABLE, |plain| plain.recv_vec(10)));
        a.send(b"all of it").await.unwrap();
        assert_eq!(b.recv_vec(100).await.unwrap(), b"all of it");

        let (a, b) = pair(Type::SEQPACKET);
        let mut batch = RecvBatch::new(4, 100);
        dropped!(b.recv_batch(&mut batch));
        a.send(b"one").await.unwrap();
        a.send(b"two").await.unwrap();
        assert_eq!(b.recv_batch(&mut batch).await.unwrap(), 2);

        let udp = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
        dropped!(udp.recv_error(&mut buf));
        dropped!(udp.wait_error());
    });
}

#[test]
fn g3_a_dropped_send_has_sent_nothing() {
    in_both(|| async {
        for ty in [Type::STREAM, Type::SEQPACKET] {
            let (a, b) = pair(ty);
            let sent = fill(&a, 4096).await;
            let control = cmsg::SendBuffer::new();
            let piece = [IoSlice::new(b"lost")];
            dropped!(a.send(b"lost"));
            dropped!(a.send_with(b"lost", MsgFlags::EOR));
            dropped!(a.send_to(b"lost", ()));
            dropped!(a.send_vectored(&piece, MsgFlags::empty()));
            dropped!(a.send_to_vectored(&piece, (), MsgFlags::empty()));
            dropped!(a.send_message(b"lost", &control, ()));
            dropped!(a.send_message_vectored(&piece, &control, (), MsgFlags::empty()));
            dropped!(a.send_fds(b"lost", &[&b]));
            dropped!(a.async_io(Interest::WRITABLE, |plain| plain.send(b"lost")));
            if ty == Type::STREAM {
                let mut done = 0;
                dropped!(a.send_all_from(b"lost", &mut done));
                dropped!(a.send_frame_from(LengthPrefix::U8, b"lost", &mut done));
                let file = tempfile::tempfile().unwrap();
                (&file).write_all(b"lost").unwrap();
                let mut gone = 0;
                dropped!(a.sendfile_from(&file, 0, None, &mut gone));
                assert_eq!((done, gone), (0, 0));
            }
            drain(&b, sent).await;
            a.send(b"the next").await.unwrap();
            assert_eq!(b.recv_vec(100).await.unwrap(), b"the next");
        }
    });
}

#[test]
fn g10_a_dropped_batch_keeps_what_has_not_gone() {
    in_both(|| async {
        let (a, b) = pair(Type::DGRAM);
        let mut batch = SendBatch::new();
        for number in 0..1000_u32 {
            batch.push(&number.to_be_bytes(), ()).unwrap();
        }
        let (mut next, mut arrived) = (0_u32, RecvBatch::new(16, 100));
        while next < 1000 {
            let _ = poll_and_drop(a.send_batch(&mut batch)).await;
            tokio::task::yield_now().await;
            if poll_and_drop(b.recv_batch(&mut arrived)).await.is_none() {
                continue;
            }
            for datagram in &arrived {
                assert_eq!(datagram.data(), next.to_be_bytes(), "in order, each once");
                next += 1;
            }
        }
    });
}

#[test]
fn everything_goes_on_where_it_was_dropped() {
    in_both(|| async {
        for (a, b) in [tcp().await, pair(Type::STREAM)] {
            let data: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 253) as u8).collect();
            let (mut sent, mut received) = (0, 0);
            let mut back = vec![0; data.len()];
            while received < data.len() {
                // Each is dropped wherever it has to wait.
                let _ = poll_and_drop(a.send_all_from(&data, &mut sent)).await;
                let _ = poll_and_drop(b.recv_exactly_from(&mut back, &mut received)).await;
                tokio::task::yield_now().await;
            }
            assert!(back == data && sent == data.len());
        }
    });
}

#[test]
fn g3_messages_go_on_where_they_were_dropped() {
    in_both(|| async {
        let (a, b) = tcp().await;
        let (body, mut sent, mut frame) = (vec![b'f'; 3_000_000], 0, Vec::new());
        let whole = loop {
            let _ = poll_and_drop(a.send_frame_from(LengthPrefix::U32, &body, &mut sent)).await;
            match poll_and_drop(b.recv_frame(LengthPrefix::U32, 4 << 20, &mut frame)).await {
                Some(whole) => break whole.unwrap(),
                None => tokio::task::yield_now().await,
            }
        };
        assert!(whole && frame == body);

        let (mut line, mut parts) = (Vec::new(), 0);
        for part in [b"one ".as_slice(), b"line\r", b"\nand more"] {
            assert!(poll_and_drop(b.recv_until(b"\r\n", 100, &mut line)).await.is_none());
            parts += a.send(part).await.unwrap();
        }
        assert!(b.recv_until(b"\r\n", 100, &mut line).await.unwrap());
        assert_eq!((line.as_slice(), parts), (&b"one line\r\n"[..], 18));
        assert_eq!(b.recv_vec(100).await.unwrap(), b"and more");
        drop(a);
        assert!(!b.recv_until(b"\n", 100, &mut Vec::new()).await.unwrap(), "the end");
    });
}

#[test]
fn g7_files_and_pipes_go_through() {
    in_both(|| async {
        let (a, b) = tcp().await;
        let mut file = tempfile::tempfile().unwrap();
        let data: Vec<u8> = (0..6_000_000_u32).map(|n| (n % 241) as u8).collect();
        file.write_all(&data).unwrap();
        file.rewind().unwrap();
        let (mut back, mut received, mut sent) = (vec![0; data.len()], 0, 0);
        while received < data.len() {
            let _ = poll_and_drop(a.sendfile_from(&file, 0, None, &mut sent)).await;
            let _ = poll_and_drop(b.recv_exactly_from(&mut back, &mut received)).await;
            tokio::task::yield_now().await;
        }
        assert!(back == data && sent == data.len() as u64);

        // From an empty pipe it waits, and into a full one.
        let (mut pipe_out, mut pipe_in) = std::io::pipe().unwrap();
        dropped!(a.splice_from(&pipe_out, 100));
        let (moved, _) = tokio::join!(a.splice_from(&pipe_out, 100), async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            pipe_in.write_all(b"through").unwrap();
        });
        assert_eq!(moved.unwrap(), 7);
        assert_eq!(b.splice_to(&pipe_in, 100).await.unwrap(), 7);
        let mut text = [0; 7];
        pipe_out.read_exact(&mut text).unwrap();
        assert_eq!(&text, b"through");
        pipe_in.write_all(&[0; 65_536]).unwrap();
        a.send(b"no room").await.unwrap();
        dropped!(b.splice_to(&pipe_in, 100));
        let mut full = vec![0; 65_536];
        let (moved, _) = tokio::join!(b.splice_to(&pipe_in, 100), async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            pipe_out.read_exact(&mut full).unwrap();
        });
        assert_eq!(moved.unwrap(), 7);
        b.set_timeout(Duration::from_millis(10));
        assert!(b.splice_to(&pipe_in, 100).await.unwrap_err().is_timeout());
    });
}
