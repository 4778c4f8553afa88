//! HTTP/2 over TLS over an awaited socket, served and fetched: `https`

use std::error::Error;
use std::sync::Arc;

use berkeley::tokio::{Acceptor, create_server};
use berkeley_ecosystem::{certs, web};
use bytes::Bytes;
use tokio_rustls::rustls::{ClientConfig, ServerConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (certificate, key, roots) = certs::made_up()?;
    let server = ServerConfig::builder().with_no_client_auth();
    let mut server = server.with_single_cert(vec![certificate], key)?;
    let mut client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    for protocols in [&mut server.alpn_protocols, &mut client.alpn_protocols] {
        *protocols = vec![b"h2".to_vec()];
    }

    let acceptor = Acceptor::new(create_server("localhost:0").await?)?;
    let port = acceptor.listener().local_addr()?.port().unwrap_or(0);
    let stop = acceptor.stop();
    let greet: web::Answer = |path, body| format!("{path}: {} bytes\n", body.len()).into();
    let serving = tokio::spawn(async move { web::serve(&acceptor, server, greet).await });

    let body = Bytes::from_static(b"hello");
    let said = web::fetch("localhost", port, Arc::new(client), "/greeting", body).await?;
    print!("{}", String::from_utf8_lossy(&said));
    stop.stop();
    println!("{} served", serving.await??);
    Ok(())
}
