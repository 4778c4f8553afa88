//! ICMP by a raw socket, which takes the right `CAP_NET_RAW`: a request, and its reply.
//!
//! `cargo run --example ping_raw -- 127.0.0.1`

use std::time::{Duration, Instant};

use berkeley::{Cause, Family, Protocol, Result, Socket, Type, spare};

const ECHO_REPLY: u8 = 0;
const ECHO_REQUEST: u8 = 8;

fn main() -> Result<()> {
    let host = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1".to_owned());

    let sk = Socket::new(Family::INET, Type::RAW, Protocol::ICMP)?;
    sk.set_timeout(Duration::from_secs(2))?;
    let id = std::process::id().to_be_bytes();
    let request = echo_request([id[2], id[3]]);
    let begun = Instant::now();
    sk.send_to(&request, (host.as_str(), 0))?;

    // A raw socket receives every ICMP packet of the machine, with its IP header.
    loop {
        let mut packet = Vec::with_capacity(1024);
        let (_len, from) = sk.recv_from(spare(&mut packet))?;
        let header = packet.first().map_or(0, |first| usize::from(first & 0x0f) * 4);
        let Some(&[kind, _code, _, _, id_high, id_low, ..]) = packet.get(header..) else {
            continue;
        };
        if kind == ECHO_REPLY && [id_high, id_low] == [id[2], id[3]] {
            println!(
                "reply from {}: {:?}",
                from.to_ip().map_or(host, |ip| ip.ip().to_string()),
                begun.elapsed()
            );
            return Ok(());
        }
        if begun.elapsed() > Duration::from_secs(2) {
            println!("no reply: {}", Cause::TimedOut);
            std::process::exit(1);
        }
    }
}

/// RFC 792: type, code, checksum, identifier, sequence number, data.
fn echo_request([id_high, id_low]: [u8; 2]) -> Vec<u8> {
    let mut packet = vec![ECHO_REQUEST, 0, 0, 0, id_high, id_low, 0, 1];
    packet.extend_from_slice(b"berkeley");
    let sum = checksum(&packet).to_be_bytes();
    packet.splice(2..4, sum);
    packet
}

/// RFC 1071: the complement of the sum of 16-bit words, carries added back.
fn checksum(data: &[u8]) -> u16 {
    let words = data.chunks(2).map(|pair| {
        let low = pair.get(1).copied().unwrap_or_default();
        u32::from(u16::from_be_bytes([pair.first().copied().unwrap_or_default(), low]))
    });
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !(((folded & 0xffff) + (folded >> 16)) as u16)
}
