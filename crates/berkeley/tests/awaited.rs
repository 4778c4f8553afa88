//! The awaited socket does what the plain one does, and waits in its task alone.

#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod runtimes;

use std::future::Future;
use std::time::Duration;

use berkeley::tokio::{Socket, create_server};
use berkeley::{Cause, Deadline, Errno, Family, MsgFlags, Protocol, Shutdown, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use self::runtimes::{in_both, pair, tcp};

fn new(family: Family, ty: Type) -> Socket {
    Socket::new(family, ty, Protocol::DEFAULT).unwrap()
}

#[test]
fn a_connection_carries_both_ways() {
    in_both(|| async {
        let (client, conn) = tcp().await;
        for round in 0..100_u32 {
            client.send(&round.to_be_bytes()).await.unwrap();
            let mut buf = [0; 64];
            assert_eq!(conn.recv(&mut buf).await.unwrap(), 4);
            conn.send(&buf[..4]).await.unwrap();
            assert_eq!(client.recv_vec(100).await.unwrap(), round.to_be_bytes());
        }
        drop(client);
        assert_eq!(conn.recv(&mut [0; 8]).await.unwrap(), 0);
    });
}

#[test]
fn a_receive_waits_for_what_is_sent_later() {
    in_both(|| async {
        for ty in [Type::STREAM, Type::DGRAM, Type::SEQPACKET] {
            let (a, b) = pair(ty);
            let receiving = tokio::spawn(async move { b.recv_vec(100).await });
            tokio::task::yield_now().await;
            a.send(b"later").await.unwrap();
            assert_eq!(receiving.await.unwrap().unwrap(), b"later");
        }
    });
}

#[test]
fn a_full_socket_is_waited_for() {
    in_both(|| async {
        let (a, b) = tcp().await;
        let sending = tokio::spawn(async move {
            let mut left = 8 << 20;
            while left > 0 {
                left -= a.send(&vec![7; left]).await.unwrap();
            }
        });
        let mut total = 0;
        while total < 8 << 20 {
            total += b.recv_vec(1 << 16).await.unwrap().len();
        }
        sending.await.unwrap();
    });
}

#[test]
fn g5_a_timeout_and_a_deadline_end_each_call() {
    in_both(|| async {
        let (a, b) = pair(Type::STREAM);
        for _ in 0..2 {
            a.set_timeout(Duration::from_millis(10));
            let error = a.recv_vec(1).await.unwrap_err();
            assert!(error.is_timeout() && error.call() == berkeley::Call::Recv, "{error}");
            a.set_timeout(None);
            a.set_deadline(Deadline::after(Duration::from_millis(10)));
            assert!(a.recv_vec(1).await.unwrap_err().is_timeout());
            // What is ready at once is still received, though the moment has passed.
            b.send(b"x").await.unwrap();
            assert_eq!(a.recv_vec(1).await.unwrap(), b"x");
            a.set_deadline(Deadline::NEVER);
        }
        a.set_timeout(Duration::ZERO);
        assert!(a.recv_vec(1).await.unwrap_err().is_would_block());
    });
}

#[test]
fn a_refused_connection_is_an_error_with_its_address() {
    in_both(|| async {
        let sock = new(Family::INET, Type::STREAM);
        let error = sock.connect("127.0.0.1:1").await.unwrap_err();
        assert_eq!(error.errno(), Some(Errno::ECONNREFUSED));
        assert_eq!(error.to_string(), "connect 127.0.0.1:1: connection refused");
        // The same socket may try elsewhere, though the reactor has called it closed.
        let server = create_server("127.0.0.1:0").await.unwrap();
        let (accepted, connected) =
            tokio::join!(server.accept(), sock.connect(server.local_addr().unwrap()));
        connected.unwrap();
        let (conn, _) = accepted.unwrap();
        let answering = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            conn.send(b"welcome").await.unwrap();
            conn
        });
        assert_eq!(sock.recv_vec(100).await.unwrap(), b"welcome");
        drop(answering.await.unwrap());
    });
}

#[test]
fn g6_an_icmp_error_wakes_who_receives() {
    in_both(|| async {
        let sock = new(Family::INET, Type::DGRAM);
        sock.connect("127.0.0.1:1").await.unwrap();
        let receive = sock.recv_vec(100);
        let (received, sent) = tokio::join!(receive, sock.send(b"anybody there?"));
        sent.unwrap();
        assert_eq!(received.unwrap_err().errno(), Some(Errno::ECONNREFUSED));
    });
}

#[test]
fn a_socket_shut_down_for_reading_does_not_wait_for_ever() {
    in_both(|| async {
        let sock = new(Family::INET, Type::DGRAM);
        sock.bind("127.0.0.1:0").await.unwrap();
        sock.connect(sock.local_addr().unwrap()).await.unwrap();
        sock.shutdown(Shutdown::Read).unwrap();
        let error = sock.recv_vec(100).await.unwrap_err();
        assert_eq!(error.errno(), Some(Errno::ESHUTDOWN));
    });
}

#[test]
fn urgent_data_does_not_hold_up_what_follows() {
    in_both(|| async {
        let (a, b) = tcp().await;
        // The reactor knows the socket, and hears of all of it before it is received.
        let (first, _) = tokio::join!(b.recv_vec(100), a.send(b"first"));
        assert_eq!(first.unwrap(), b"first");
        a.send(b"before").await.unwrap();
        a.send_with(b"!", MsgFlags::OOB).await.unwrap();
        a.send(b"after").await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        let mut all = Vec::new();
        while all.len() < 11 {
            // The mark ends a receive short, and the next one has to go on.
            all.extend(b.recv_vec(100).await.unwrap());
        }
        assert_eq!(all, b"beforeafter");
    });
}

#[test]
fn g2_libraries_of_tokio_read_and_write_it() {
    in_both(|| async {
        let (a, b) = tcp().await;
        let echo = tokio::spawn(async move {
            let (mut reader, mut writer) = b.into_split();
            tokio::io::copy(&mut reader, &mut writer).await.unwrap();
            // The write half ends the stream as it is dropped.
        });
        let sent: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
        let (mut reader, mut writer) = a.into_split();
        let (all, expected) = (sent.clone(), sent);
        let writing = tokio::spawn(async move {
            writer.write_all(&all).await.unwrap();
            writer.shutdown().await.unwrap();
        });
        let mut back = Vec::new();
        reader.read_to_end(&mut back).await.unwrap();
        assert!(back == expected);
        writing.await.unwrap();
        echo.await.unwrap();
    });
}

/// A call and a library that reads wait for one socket at once, each in a task of its own and in
/// either order: what is sent wakes both.
#[test]
fn calls_and_libraries_wait_for_one_socket_together() {
    in_both(|| async {
        for call_first in [true, false] {
            let (client, conn) = tcp().await;
            // The reactor knows the socket from here on.
            let (first, sent) = tokio::join!(conn.recv_vec(1), client.send(b"1"));
            assert_eq!((first.unwrap(), sent.unwrap()), (b"1".to_vec(), 1));
            let (mut reader, writer) = conn.into_split();
            let call = async move {
                let byte = writer.socket().recv_vec(1).await.unwrap();
                (byte, Some(writer))
            };
            let library = async move {
                let mut byte = [0];
                reader.read_exact(&mut byte).await.unwrap();
                (byte.to_vec(), None)
            };
            let mut tasks = tokio::task::JoinSet::new();
            if call_first {
                tasks.spawn(call);
                tokio::time::sleep(Duration::from_millis(20)).await;
                tasks.spawn(library);
            } else {
                tasks.spawn(library);
                tokio::time::sleep(Duration::from_millis(20)).await;
                tasks.spawn(call);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            let (mut bytes, mut writers) = (Vec::new(), Vec::new());
            for byte in [b"2", b"3"] {
                client.send(byte).await.unwrap();
                let (byte, writer) = tasks.join_next().await.unwrap().unwrap();
                bytes.extend(byte);
                writers.extend(writer);
            }
            assert_eq!(bytes, b"23");
        }
    });
}

/// One of many calls in a direction waits otherwise than the rest, and may be dropped.
#[test]
fn g4_many_calls_wait_in_one_direction() {
    in_both(|| async {
        let (client, conn) = tcp().await;
        let (first, sent) = tokio::join!(conn.recv_vec(1), client.send(b"1"));
        assert_eq!((first.unwrap(), sent.unwrap()), (b"1".to_vec(), 1));
        let conn = std::sync::Arc::new(conn);
        let mut tasks = tokio::task::JoinSet::new();
        let receive = |conn: std::sync::Arc<Socket>| async move { conn.recv_vec(1).await.unwrap() };
        let dropped = tokio::spawn(receive(conn.clone()));
        tokio::time::sleep(Duration::from_millis(20)).await;
        for _ in 0..3 {
            tasks.spawn(receive(conn.clone()));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        dropped.abort();
        assert!(dropped.await.unwrap_err().is_cancelled());
        for _ in 0..3 {
            tasks.spawn(receive(conn.clone()));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        for byte in b'a'..b'g' {
            client.send(&[byte]).await.unwrap();
            assert_eq!(tasks.join_next().await.unwrap().unwrap(), [byte]);
        }
    });
}

#[test]
fn g5_timeouts_hold_for_libraries_too() {
    in_both(|| async {
        let (mut a, mut b) = tcp().await;
        a.set_timeout(Duration::from_millis(10));
        for _ in 0..2 {
            let error = a.read_u8().await.unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
        }
        b.write_u8(7).await.unwrap();
        assert_eq!(a.read_u8().await.unwrap(), 7);
    });
}

#[test]
fn g11_a_plain_socket_goes_in_and_out() {
    in_both(|| async {
        let std = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let sock = Socket::try_from(std).unwrap();
        sock.set_timeout(Duration::from_millis(5));
        assert!(sock.recv_vec(1).await.unwrap_err().is_timeout());
        sock.set_timeout(None);
        let plain = sock.into_plain().unwrap();
        plain.send_to(b"to myself", plain.local_addr().unwrap()).unwrap();
        assert_eq!(plain.recv_vec(100).unwrap(), b"to myself");
        let again = Socket::try_from(plain).unwrap();
        again.send_to(b"once more", again.local_addr().unwrap()).await.unwrap();
        assert_eq!(again.recv_vec(100).await.unwrap(), b"once more");
    });
}

#[test]
fn outside_of_a_runtime_there_is_an_error() {
    let (a, _b) = pair(Type::STREAM);
    let waker = std::task::Waker::noop();
    let mut context = std::task::Context::from_waker(waker);
    let receiving = std::pin::pin!(a.recv_vec(1));
    let std::task::Poll::Ready(Err(error)) = receiving.poll(&mut context) else { panic!() };
    assert!(matches!(error.cause(), Cause::Argument(_)), "{error}");
}

#[test]
fn a_host_is_looked_up_elsewhere() {
    in_both(|| async {
        let server = create_server("localhost:0").await.unwrap();
        let place = format!("localhost:{}", server.local_addr().unwrap().port().unwrap());
        let client = new(server.plain().family(), Type::STREAM);
        let (accepted, connected) = tokio::join!(server.accept(), client.connect(place.as_str()));
        connected.unwrap();
        accepted.unwrap();
        let error = client.connect("no.such.host.invalid:80").await.unwrap_err();
        assert!(error.lookup_code().is_some(), "{error}");
    });
}
