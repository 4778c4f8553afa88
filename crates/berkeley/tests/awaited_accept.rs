//! A server's loop in a runtime goes on without descriptors, and ends when it is told to. One test
//! and no more: the limit is the whole process's.

#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::time::Duration;

use berkeley::tokio::{Acceptor, Socket, create_connection, create_server};
use berkeley_testing::open_descriptors;
use tokio::time::timeout;

const SOON: Duration = Duration::from_millis(50);
const AGES: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_server_without_descriptors_waits_and_goes_on() {
    let hard = rlimit::Resource::NOFILE.get().unwrap().1;
    rlimit::Resource::NOFILE.set(64, hard).unwrap();
    let acceptor = Acceptor::new(create_server("127.0.0.1:0").await.unwrap()).unwrap();
    let place = acceptor.listener().local_addr().unwrap();
    let stop = acceptor.stop();
    let before = open_descriptors();

    // Nobody is lost by who gives up waiting.
    assert!(timeout(SOON, acceptor.accept()).await.is_err());
    let first = create_connection(place).await.unwrap();
    let (_conn, peer) = acceptor.accept().await.unwrap().unwrap();
    assert_eq!(peer, first.local_addr().unwrap());

    let mut clients: Vec<Socket> = Vec::new();
    for _ in 0..3 {
        clients.push(create_connection(place).await.unwrap());
    }
    let mut hoard: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    let server = tokio::spawn(async move {
        let mut sockets = Vec::new();
        while let Some((socket, _)) = acceptor.accept().await.unwrap() {
            socket.send_all(b"welcome").await.unwrap();
            sockets.push(socket);
        }
        (sockets.len(), acceptor)
    });
    for client in &clients {
        assert!(timeout(SOON, client.recv_vec(10)).await.is_err(), "where from?");
    }
    assert!(!server.is_finished(), "EMFILE ended it");
    for client in &clients {
        hoard.pop();
        assert_eq!(timeout(AGES, client.recv_vec(10)).await.unwrap().unwrap(), b"welcome");
    }
    // It hears the order in a pause, too.
    hoard.pop();
    let late = create_connection(place).await.unwrap();
    assert!(timeout(SOON, late.recv_vec(10)).await.is_err());
    stop.stop();
    let (served, acceptor) = server.await.unwrap();
    assert_eq!(served, 3);
    assert!(acceptor.accept().await.unwrap().is_none(), "it stays told");
    drop((hoard, clients, first));
    let (_waiting, peer) = acceptor.into_listener().accept().await.unwrap();
    assert_eq!(peer, late.local_addr().unwrap());
    assert!(open_descriptors() < before + 8);
}
