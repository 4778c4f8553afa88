//! The tutorials' UDP client: sends a datagram, and prints the answer.
//!
//! `cargo run --example udp_client -- 127.0.0.1:9000`

use std::time::Duration;

use berkeley::{Family, Protocol, Result, Socket, Type, spare};

fn main() -> Result<()> {
    let addr = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9000".to_owned());

    let sk = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    sk.set_timeout(Duration::from_secs(5))?; // a datagram may be lost
    sk.send_to(b"hello", &addr)?;

    let mut answer = Vec::with_capacity(1024);
    let (_len, server) = sk.recv_from(spare(&mut answer))?;
    println!("{server} answers {}", String::from_utf8_lossy(&answer));
    sk.close()
}
