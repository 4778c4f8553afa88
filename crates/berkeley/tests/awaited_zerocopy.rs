//! Sending without copies, awaited.

#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod runtimes;

use std::time::Duration;

use berkeley::Shutdown;
use berkeley::tokio::{Socket, ZeroCopy};
use berkeley_testing::skip;

use self::runtimes::{in_both, poll_and_drop, tcp};

/// More than two sockets of the loopback hold.
const MUCH: usize = 64 << 20;

async fn drain(socket: &Socket) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        match socket.recv_vec(1 << 16).await.unwrap() {
            end if end.is_empty() => return all,
            data => all.extend(data),
        }
    }
}

fn is_possible() -> bool {
    let sock = berkeley::Socket::new(
        berkeley::Family::INET,
        berkeley::Type::STREAM,
        berkeley::Protocol::DEFAULT,
    );
    berkeley::ZeroCopy::new(&sock.unwrap()).is_ok()
}

#[test]
fn d9_awaited_buffers_come_back() {
    if !is_possible() {
        skip!("no sending without copies");
    }
    in_both(|| async {
        let (a, b) = tcp().await;
        let mut sender = ZeroCopy::new(&a).unwrap();
        let mut expected = Vec::new();
        let send = async {
            for round in 0..50_u8 {
                // Some wait for room, and all for the news of the queue of errors.
                let piece = vec![round; 500_000 + usize::from(round)];
                expected.extend_from_slice(&piece);
                sender.send_all(piece).await.unwrap();
            }
            let mut done = sender.completed().unwrap();
            done.extend(sender.finish().await.unwrap());
            a.shutdown(Shutdown::Write).unwrap();
            done
        };
        let (done, got) = tokio::join!(send, drain(&b));
        assert!(got == expected);
        assert_eq!(done.len(), 50);
        for (round, done) in done.iter().enumerate() {
            assert_eq!(done.buffer.as_bytes().len(), 500_000 + round);
            assert!(done.copied, "the loopback copies");
        }
    });
}

/// What the kernel may still read of a send that was dropped stays until it has read it, and the
/// connection goes on behind it.
#[test]
fn d9_an_awaited_send_that_is_dropped_keeps_its_memory() {
    if !is_possible() {
        skip!("no sending without copies");
    }
    in_both(|| async {
        let (a, b) = tcp().await;
        let mut sender = ZeroCopy::new(&a).unwrap();
        // Before and after the reactor knows the socket.
        for _ in 0..2 {
            assert!(poll_and_drop(sender.send_all(vec![7; MUCH])).await.is_none());
        }
        assert!(sender.pending() > 0);
        assert!(poll_and_drop(sender.finish()).await.is_none(), "nobody has read it");
        let send = async {
            sender.send_all("the end").await.unwrap();
            let done = sender.finish().await.unwrap();
            a.shutdown(Shutdown::Write).unwrap();
            done
        };
        let (done, got) = tokio::join!(send, drain(&b));
        let (part, end) = got.split_at(got.len() - 7);
        assert_eq!(end, b"the end");
        assert!(part.len() < MUCH && part.iter().all(|byte| *byte == 7));
        assert_eq!(sender.pending(), 0);
        let whole = done.iter().filter(|done| done.buffer.as_bytes().len() == MUCH);
        assert!(whole.count() >= 1, "{done:?}");
    });
}

#[test]
fn d9_an_awaited_send_has_its_time() {
    if !is_possible() {
        skip!("no sending without copies");
    }
    in_both(|| async {
        let (a, _b) = tcp().await;
        a.set_timeout(Duration::from_millis(50));
        let mut sender = ZeroCopy::new(&a).unwrap();
        let error = sender.send_all(vec![7; MUCH]).await.unwrap_err();
        assert!(error.is_timeout(), "{error}");
        assert!(error.bytes_sent().is_some_and(|sent| sent > 0), "{error}");
        assert!(sender.finish().await.unwrap_err().is_timeout());
        assert!(sender.pending() > 0);
    });
}
