//! An awaited socket adds no descriptor and no thread, leaks nothing, and does not spin. One test,
//! for it counts what the whole process has.

#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use berkeley::opt::{self, Timestamping};
use berkeley::tokio::Socket;
use berkeley::{Family, Protocol, Type, create_connection, create_server};
use berkeley_testing::open_descriptors;
use tokio::io::Interest;

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

#[test]
fn g9_an_awaited_socket_costs_what_it_must() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(60), async {
            waiting_adds_nothing().await;
            errors_that_nobody_takes_do_not_spin().await;
        })
        .await
        .unwrap();
    });
}

/// Two hundred sockets wait in each way, are dropped, and leave nothing behind.
async fn waiting_adds_nothing() {
    let (descriptors, threads_before) = (open_descriptors(), threads());
    for _ in 0..3 {
        let pairs: Vec<(Socket, Socket)> = (0..100)
            .map(|_| Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap())
            .collect();
        let mut waiting = Vec::new();
        for (a, b) in &pairs {
            waiting.push(Box::pin(a.recv_vec(1)));
            waiting.push(Box::pin(b.recv_vec(1)));
        }
        std::future::poll_fn(|cx| {
            for receive in &mut waiting {
                assert!(receive.as_mut().poll(cx).is_pending());
            }
            Poll::Ready(())
        })
        .await;
        assert_eq!(open_descriptors(), descriptors + 200, "one each");
        assert_eq!(threads(), threads_before);
        drop(waiting);
        for (a, b) in &pairs {
            a.send(b"x").await.unwrap();
            assert_eq!(b.recv_vec(1).await.unwrap(), b"x");
        }
        drop(pairs);
        assert_eq!(open_descriptors(), descriptors);
    }
}

/// The reactor takes an entry in the queue of errors for the end of a socket that sends. Who waits
/// for room in it still waits, instead of trying again and again.
async fn errors_that_nobody_takes_do_not_spin() {
    let server = create_server("127.0.0.1:0").unwrap();
    let client = create_connection(server.local_addr().unwrap()).unwrap();
    let (peer, _) = server.accept().unwrap();
    let times = Timestamping::SOFTWARE | Timestamping::TX_SOFTWARE | Timestamping::OPT_ID;
    client.set(opt::SO_TIMESTAMPING, times).unwrap();
    let client = Arc::new(Socket::try_from(client).unwrap());
    // Something waits, so that the reactor hears of the entries.
    let other = Arc::clone(&client);
    let receiving = tokio::spawn(async move { other.recv_vec(1).await });
    tokio::task::yield_now().await;
    client.send(b"stamped").await.unwrap();
    client.wait_error().await.unwrap();

    let (tries, mut sent) = (AtomicU32::new(0), 7);
    let data = vec![0; 1 << 20];
    let mut filling = pin!(async {
        loop {
            sent += client
                .async_io(Interest::WRITABLE, |plain| {
                    tries.fetch_add(1, Ordering::Relaxed);
                    plain.send(&data)
                })
                .await
                .unwrap();
        }
    });
    let stopped = tokio::time::timeout(Duration::from_millis(300), filling.as_mut()).await;
    assert!(stopped.is_err(), "it fills up, and waits");
    let tries = tries.load(Ordering::Relaxed);
    assert!(tries < 300, "{tries} attempts while there was no room");
    // And it is woken by room.
    let plain = Socket::try_from(peer).unwrap();
    let mut taken = 0;
    tokio::select! {
        () = filling => {}
        () = async {
            while taken < 50 << 20 {
                taken += plain.recv_vec(1 << 20).await.unwrap().len();
            }
        } => {}
    }
    assert!(taken >= 50 << 20);
    receiving.abort();
}
