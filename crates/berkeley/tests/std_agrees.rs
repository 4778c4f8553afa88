//! Addresses mean here what they mean to `std`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6, TcpListener, UdpSocket};

use berkeley::{Addr, Family, Protocol, Socket, Type};
use berkeley_testing::skip;

#[test]
fn the_same_bytes_reach_the_kernel() {
    let Ok(receiver) = UdpSocket::bind("[::1]:0") else {
        skip!("this machine has no IPv6");
    };
    let port = receiver.local_addr().unwrap().port();
    let to = SocketAddr::V6(SocketAddrV6::new(Ipv6Addr::LOCALHOST, port, 0, 0));

    let sender = Socket::new(Family::INET6, Type::DGRAM, Protocol::DEFAULT).unwrap();
    sender.send_to(b"hello", to).unwrap();
    let mut buf = [0; 16];
    let (len, from) = receiver.recv_from(&mut buf).unwrap();
    assert_eq!(&buf[..len], b"hello");
    assert_eq!(Addr::from(from).port(), sender.local_addr().unwrap().port());
}

#[test]
fn an_ipv6_address_survives_the_way_there_and_back() {
    let addr = SocketAddrV6::new("fe80::1".parse().unwrap(), 4711, 0x0001_2345, 7);
    assert_eq!(Addr::from(addr).to_ip(), Some(SocketAddr::V6(addr)));
}

#[test]
fn sockets_of_std_come_and_go() {
    let std = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = std.local_addr().unwrap();
    let ours = Socket::try_from(std).unwrap();
    assert_eq!((ours.family(), ours.ty()), (Family::INET, Type::STREAM));
    assert_eq!(ours.protocol(), Protocol::TCP);
    assert_eq!(ours.local_addr().unwrap().to_ip(), Some(addr));

    let back = TcpListener::from(ours);
    assert_eq!(back.local_addr().unwrap(), addr);
}
