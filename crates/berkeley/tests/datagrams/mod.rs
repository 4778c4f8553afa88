//! What the tests of batches share: pairs of datagram sockets, and what arrives.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// Each file of tests uses a part of it.
#![allow(dead_code)]

use std::time::Duration;

use berkeley::batch::{Datagram, RecvBatch};
use berkeley::{Addr, Family, Protocol, Socket, Type};
use berkeley_testing::record_skip;

pub(crate) fn udp(addr: &str) -> Socket {
    of_protocol(addr, Protocol::DEFAULT)
}

pub(crate) fn of_protocol(addr: &str, protocol: Protocol) -> Socket {
    let family = if addr.starts_with('[') { Family::INET6 } else { Family::INET };
    let sock = Socket::new(family, Type::DGRAM, protocol).unwrap();
    sock.bind(addr).unwrap();
    sock.set_timeout(Duration::from_secs(10)).unwrap();
    sock
}

/// Where to bind: one place for each version of IP that this machine has.
pub(crate) fn places() -> Vec<&'static str> {
    let has = |place: &&str| {
        let family = if place.starts_with('[') { Family::INET6 } else { Family::INET };
        let bound = Socket::new(family, Type::DGRAM, Protocol::DEFAULT);
        let has = bound.is_ok_and(|sock| sock.bind(*place).is_ok());
        if !has {
            record_skip(format_args!("no address {place}"));
        }
        has
    };
    ["127.0.0.1:0", "[::1]:0"].into_iter().filter(has).collect()
}

/// Two sockets of every kind that this is for; the first sends to the address of the second.
pub(crate) fn pairs() -> Vec<(Socket, Socket)> {
    let mut pairs: Vec<_> = ["127.0.0.1:0", "[::1]:0"].map(|place| (udp(place), udp(place))).into();
    for ty in [Type::DGRAM, Type::SEQPACKET] {
        let (a, b) = Socket::pair(Family::UNIX, ty, Protocol::DEFAULT).unwrap();
        for sock in [&a, &b] {
            sock.set_timeout(Duration::from_secs(10)).unwrap();
        }
        pairs.push((a, b));
    }
    pairs
}

/// Where the second socket of a pair is: of one that is connected, `None` at all.
pub(crate) fn to(sock: &Socket) -> Addr {
    if sock.family() == Family::UNIX {
        Addr::from_bytes(&[]).unwrap()
    } else {
        sock.local_addr().unwrap()
    }
}

/// Receives so many datagrams and says what `look` sees in each.
pub(crate) fn collect<T>(
    sock: &Socket,
    batch: &mut RecvBatch,
    count: usize,
    mut look: impl FnMut(Datagram<'_>) -> T,
) -> Vec<T> {
    let mut seen = Vec::new();
    while seen.len() < count {
        let got = sock.recv_batch(batch).unwrap();
        assert!(got > 0);
        assert_eq!((got, batch.iter().len()), (batch.len(), got));
        seen.extend(batch.iter().map(&mut look));
    }
    assert_eq!(seen.len(), count);
    seen
}

/// A datagram of this length that no other one is like.
pub(crate) fn numbered(number: usize, len: usize) -> Vec<u8> {
    (0..len).map(|at| (number * 31 + at * 7) as u8).collect()
}
