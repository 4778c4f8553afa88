//! hyper and tokio-rustls serve and fetch over awaited sockets, by HTTP/1 and HTTP/2.

#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use berkeley::tokio::{Acceptor, create_server};
use berkeley_ecosystem::certs;
use berkeley_ecosystem::web::{fetch, serve};
use bytes::Bytes;
use tokio_rustls::rustls::{ClientConfig, ServerConfig};

/// Both ends' configurations, with a certificate of `localhost` that nobody else has signed.
fn configs(protocol: &[u8]) -> (ServerConfig, Arc<ClientConfig>) {
    let (cert, key, roots) = certs::made_up().unwrap();
    let server = ServerConfig::builder().with_no_client_auth();
    let mut server = server.with_single_cert(vec![cert], key).unwrap();
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    client.alpn_protocols = vec![protocol.to_vec()];
    (server, Arc::new(client))
}

/// Who has asked for something slow.
static ASKED: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn answer(path: &str, body: Bytes) -> Bytes {
    match path {
        "/back" => body,
        slow if slow.starts_with("/slow") => {
            ASKED.lock().unwrap().push(slow.to_owned());
            // It holds up its own thread, not the whole server.
            std::thread::sleep(Duration::from_millis(100));
            Bytes::from_static(b"at last")
        }
        path => Bytes::from(format!("{path} got {}", body.len())),
    }
}

async fn serve_and_fetch(protocol: &[u8]) {
    let (server_config, client_config) = configs(protocol);
    let acceptor = Acceptor::new(create_server("localhost:0").await.unwrap()).unwrap();
    let port = acceptor.listener().local_addr().unwrap().port().unwrap();
    let stop = acceptor.stop();
    let server = tokio::spawn(async move { serve(&acceptor, server_config, answer).await });
    let get = |path: &'static str, body: Bytes| {
        let config = Arc::clone(&client_config);
        tokio::spawn(async move { fetch("localhost", port, config, path, body).await.unwrap() })
    };

    assert_eq!(get("/hello", Bytes::from_static(b"abc")).await.unwrap(), "/hello got 3");
    let large: Bytes = (0..8_000_000_u32).map(|at| (at.wrapping_mul(40_503) >> 8) as u8).collect();
    assert!(get("/back", large.clone()).await.unwrap() == large, "8 MB have not come back whole");
    let many: Vec<_> = (0..50).map(|_| get("/many", large.slice(..10_000))).collect();
    for one in many {
        assert_eq!(one.await.unwrap(), "/many got 10000");
    }
    // Told to stop, it still answers who has asked.
    let path = if protocol == b"h2" { "/slow/2" } else { "/slow/1" };
    let slow = get(path, Bytes::new());
    while !ASKED.lock().unwrap().iter().any(|asked| asked == path) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    stop.stop();
    let served = server.await.unwrap().unwrap();
    assert_eq!(served, 53);
    assert_eq!(slow.await.unwrap(), "at last");
    // Nobody listens any more, and a stranger's certificate is nobody's.
    let error = fetch("localhost", port, Arc::clone(&client_config), "/", Bytes::new()).await;
    assert_eq!(error.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_1_over_tls() {
    serve_and_fetch(b"http/1.1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_2_over_tls() {
    serve_and_fetch(b"h2").await;
}

#[tokio::test]
async fn a_certificate_of_somebody_else_is_refused() {
    let (server_config, _) = configs(b"h2");
    let (_, other) = configs(b"h2");
    let acceptor = Acceptor::new(create_server("localhost:0").await.unwrap()).unwrap();
    let port = acceptor.listener().local_addr().unwrap().port().unwrap();
    let stop = acceptor.stop();
    let server = tokio::spawn(async move { serve(&acceptor, server_config, answer).await });
    let error = fetch("localhost", port, other, "/", Bytes::new()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData, "{error}");
    stop.stop();
    server.await.unwrap().unwrap();
}
