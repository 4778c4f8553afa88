//! One datagram to every member of a group, on loopback.
//!
//! `cargo run --example multicast -- 239.1.1.1`

use std::net::Ipv4Addr;
use std::time::Duration;

use berkeley::opt::{self, MembershipV4};
use berkeley::{Family, Protocol, Result, Socket, Type, spare};

fn main() -> Result<()> {
    let group = std::env::args().nth(1).and_then(|group| group.parse().ok());
    let group = group.unwrap_or(Ipv4Addr::new(239, 255, 77, 77));
    let interface = Ipv4Addr::LOCALHOST;

    let member = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    member.set(opt::SO_REUSEADDR, true)?; // several members may share the port
    member.bind((group, 0))?; // this group only
    member.set(opt::IP_ADD_MEMBERSHIP, MembershipV4 { group, interface: interface.into() })?;
    member.set_timeout(Duration::from_secs(5))?;

    let sender = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    sender.set(opt::IP_MULTICAST_IF, interface)?;
    sender.set(opt::IP_MULTICAST_TTL, 1)?; // not beyond this network
    sender.set(opt::IP_MULTICAST_LOOP, true)?; // to this machine, too
    sender.send_to(b"hello, members", member.local_addr()?)?;

    let mut message = Vec::with_capacity(1024);
    let (_len, from) = member.recv_from(spare(&mut message))?;
    println!("{from} to {group}: {}", String::from_utf8_lossy(&message));

    member.set(opt::IP_DROP_MEMBERSHIP, MembershipV4 { group, interface: interface.into() })
}
