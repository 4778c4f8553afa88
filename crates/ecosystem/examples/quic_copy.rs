//! QUIC over Berkeley's datagrams, from one socket of this program to another: `quic_copy [MIB]`

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use berkeley::create_server;
use berkeley_ecosystem::certs;
use berkeley_ecosystem::quic::{QuicRuntime, QuicSocket};
use quinn::{ClientConfig, Endpoint, EndpointConfig, ServerConfig, VarInt};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let count: usize = std::env::args().nth(1).map_or(Ok(64), |text| text.parse())?;
    let (certificate, key, roots) = certs::made_up()?;
    let server = endpoint(Some(ServerConfig::with_single_cert(vec![certificate], key)?))?;
    let client = endpoint(None)?;
    let trust = ClientConfig::with_root_certificates(Arc::new(roots))?;

    let place = server.local_addr()?;
    let receiving = tokio::spawn(async move {
        let incoming = server.accept().await.ok_or("nobody came")?;
        let connection = incoming.await?;
        let mut stream = connection.accept_uni().await?;
        let mut bytes = 0;
        while let Some(chunk) = stream.read_chunk(1 << 20, true).await? {
            bytes += chunk.bytes.len();
        }
        connection.close(VarInt::from_u32(0), b"thanks");
        server.wait_idle().await;
        Ok::<_, Box<dyn Error + Send + Sync>>(bytes)
    });
    let start = Instant::now();
    let connection = client.connect_with(trust, place, "localhost")?.await?;
    let mut stream = connection.open_uni().await?;
    let piece = bytes::Bytes::from(vec![b'x'; 1 << 20]);
    for _ in 0..count {
        stream.write_chunk(piece.clone()).await?;
    }
    stream.finish()?;
    connection.closed().await;
    let bytes = receiving.await?.map_err(|error| error.to_string())?;
    let datagrams = connection.stats().udp_tx;
    println!("{bytes} bytes in {} datagrams, {} calls", datagrams.datagrams, datagrams.ios);
    eprintln!("{:.0} MB/s", bytes as f64 / start.elapsed().as_secs_f64() / 1e6);
    Ok(())
}

fn endpoint(server: Option<ServerConfig>) -> Result<Endpoint, Box<dyn Error>> {
    let socket = Arc::new(QuicSocket::new(create_server("udp://127.0.0.1:0")?)?);
    let config = EndpointConfig::default();
    Ok(Endpoint::new_with_abstract_socket(config, server, socket, Arc::new(QuicRuntime))?)
}
