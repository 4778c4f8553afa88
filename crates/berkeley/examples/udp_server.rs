//! The tutorials' UDP server: answers one datagram, and ends.
//!
//! `cargo run --example udp_server -- 127.0.0.1:9000`

use berkeley::{Family, Protocol, Result, Socket, Type, spare};

fn main() -> Result<()> {
    let addr = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());

    let sk = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    sk.bind(&addr)?;
    println!("receiving on {}", sk.local_addr()?);

    let mut message = Vec::with_capacity(1024);
    let (_len, client) = sk.recv_from(spare(&mut message))?;
    println!("{client} says {}", String::from_utf8_lossy(&message));
    sk.send_to(b"hi", client)?;
    sk.close()
}
