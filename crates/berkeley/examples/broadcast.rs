//! One datagram to every receiver of a network: `SO_BROADCAST`.
//!
//! Without an argument it stays on loopback. `cargo run --example broadcast -- 192.168.1.255`

use std::net::Ipv4Addr;
use std::time::Duration;

use berkeley::{Family, Protocol, Result, Socket, Type, opt, spare};

fn main() -> Result<()> {
    let network = std::env::args().nth(1).unwrap_or_else(|| "127.255.255.255".to_owned());

    // Broadcasts come to sockets that are bound to every address.
    let receiver = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    receiver.bind((Ipv4Addr::UNSPECIFIED, 0))?;
    receiver.set_timeout(Duration::from_secs(5))?;
    let port = receiver.local_addr()?.port().unwrap_or_default();

    let sender = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    match sender.send_to(b"anybody?", (network.as_str(), port)) {
        Err(error) => println!("without the option: {error}"),
        Ok(_) => println!("{network} is not a broadcast address"),
    }
    sender.set(opt::SO_BROADCAST, true)?;
    sender.send_to(b"anybody?", (network.as_str(), port))?;

    let mut message = Vec::with_capacity(1024);
    let (_len, from) = receiver.recv_from(spare(&mut message))?;
    println!("{from} asks {}", String::from_utf8_lossy(&message));
    Ok(())
}
