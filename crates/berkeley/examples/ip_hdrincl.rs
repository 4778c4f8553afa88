//! The caller builds the IP header: `IP_HDRINCL`, which takes the right `CAP_NET_RAW`.
//!
//! A UDP datagram is made by hand, header by header, and received by an ordinary socket.
//! `cargo run --example ip_hdrincl -- 127.0.0.1`

use std::net::Ipv4Addr;
use std::time::Duration;

use berkeley::{Family, Protocol, Result, Socket, Type, opt, spare};

fn main() -> Result<()> {
    let host = std::env::args().nth(1).and_then(|host| host.parse().ok());
    let host = host.unwrap_or(Ipv4Addr::LOCALHOST);

    let raw = Socket::new(Family::INET, Type::RAW, Protocol::UDP)?;
    raw.set(opt::IP_HDRINCL, true)?;

    let receiver = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    receiver.bind((host, 0))?;
    receiver.set_timeout(Duration::from_secs(5))?;
    let port = receiver.local_addr()?.port().unwrap_or_default();

    let source = Ipv4Addr::new(127, 7, 7, 7); // any address of loopback
    raw.send_to(&packet(source, host, port, b"made by hand"), (host, 0))?;

    let mut message = Vec::with_capacity(1024);
    let (_len, from) = receiver.recv_from(spare(&mut message))?;
    println!("from {from}: {}", String::from_utf8_lossy(&message));
    Ok(())
}

/// RFC 791 and RFC 768. The kernel fills in the length, the checksum and the identification of
/// the IP header; UDP may do without a checksum.
fn packet(source: Ipv4Addr, destination: Ipv4Addr, port: u16, data: &[u8]) -> Vec<u8> {
    const UDP: u8 = 17;
    let udp_len = 8 + data.len() as u16;

    let mut packet = vec![0x45, 0]; // version 4, header of five words; type of service
    packet.extend((20 + udp_len).to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, UDP, 0, 0]); // id, fragment; 64 hops, protocol, checksum
    packet.extend(source.octets());
    packet.extend(destination.octets());

    packet.extend(7777_u16.to_be_bytes()); // the source port
    packet.extend(port.to_be_bytes());
    packet.extend(udp_len.to_be_bytes());
    packet.extend([0, 0]);
    packet.extend(data);
    packet
}
