//! quinn carries a GiB over our datagrams, split and joined by the kernel.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::net::SocketAddr;
use std::sync::Arc;

use berkeley::{Server, create_server};
use berkeley_ecosystem::certs;
use berkeley_ecosystem::quic::{QuicRuntime, QuicSocket};
use quinn::{ClientConfig, Endpoint, EndpointConfig, ServerConfig, VarInt};

const PIECE: usize = 1 << 20;

/// Both ends' configurations, with a certificate of `localhost` that nobody else has signed.
fn configs() -> (ServerConfig, ClientConfig) {
    let (cert, key, roots) = certs::made_up().unwrap();
    let server = ServerConfig::with_single_cert(vec![cert], key).unwrap();
    (server, ClientConfig::with_root_certificates(Arc::new(roots)).unwrap())
}

fn endpoint(place: &str, server: Option<ServerConfig>) -> Endpoint {
    let socket = match place.starts_with("udp://[::]") {
        true => Server::new().dual_stack(true).listen(place).unwrap(),
        false => create_server(place).unwrap(),
    };
    let socket = Arc::new(QuicSocket::new(socket).unwrap());
    let config = EndpointConfig::default();
    Endpoint::new_with_abstract_socket(config, server, socket, Arc::new(QuicRuntime)).unwrap()
}

/// Bytes of which no two places look alike soon.
fn piece() -> Vec<u8> {
    (0..PIECE as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// Sends so many pieces one way, and checks every byte that comes.
async fn transfer(at: &str, to: &str, pieces: usize) {
    let (server_config, client_config) = configs();
    let server = endpoint(at, Some(server_config));
    let client = endpoint(at, None);
    let port = server.local_addr().unwrap().port();
    let place = SocketAddr::new(to.parse().unwrap(), port);
    let serving = tokio::spawn(async move {
        let connection = server.accept().await.unwrap().await.unwrap();
        let mut stream = connection.accept_uni().await.unwrap();
        let (mut came, piece) = (0, piece());
        while let Some(chunk) = stream.read_chunk(PIECE, true).await.unwrap() {
            let mut rest = &chunk.bytes[..];
            while !rest.is_empty() {
                let expected = &piece[came % PIECE..];
                let len = rest.len().min(expected.len());
                assert!(rest[..len] == expected[..len], "other bytes came from {came} on");
                came += len;
                rest = &rest[len..];
            }
        }
        connection.close(VarInt::from_u32(0), b"thanks");
        server.wait_idle().await;
        came
    });
    let connection = client.connect_with(client_config, place, "localhost").unwrap().await.unwrap();
    let mut stream = connection.open_uni().await.unwrap();
    let piece = bytes::Bytes::from(piece());
    for _ in 0..pieces {
        stream.write_chunk(piece.clone()).await.unwrap();
    }
    stream.finish().unwrap();
    connection.closed().await;
    client.wait_idle().await;
    assert_eq!(serving.await.unwrap(), pieces * PIECE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gib_arrives() {
    transfer("udp://127.0.0.1:0", "127.0.0.1", 1024).await;
}

#[tokio::test]
async fn one_thread_and_one_socket_for_both_versions_will_do() {
    for to in ["::ffff:127.0.0.1", "::1"] {
        transfer("udp://[::]:0", to, 16).await;
    }
}
