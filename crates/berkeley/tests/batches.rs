//! Batches of datagrams on real sockets. The names begin with the row of the table of features
//! that they show: receiving, sending, and what happens where offload is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::IpAddr;
use std::time::Duration;

use berkeley::batch::{BatchStats, Datagram, Ecn, RecvBatch, SendBatch};
use berkeley::cmsg::{self, PacketInfo};
use berkeley::opt::{Bool, Int, Opt};
use berkeley::{Addr, Cause, Errno, Family, Protocol, Socket, TipcAddr, Type};
use berkeley_testing::{record_skip, skip};

const SO_NO_CHECK: Opt<Bool> = Opt::new("SO_NO_CHECK", 1, 11);
const UDP_NO_CHECK6_TX: Opt<Bool> = Opt::new("UDP_NO_CHECK6_TX", 17, 101);
const UDP_NO_CHECK6_RX: Opt<Bool> = Opt::new("UDP_NO_CHECK6_RX", 17, 102);
const IP_MTU_DISCOVER: Opt<Int> = Opt::new("IP_MTU_DISCOVER", 0, 10);
const IP_PMTUDISC_DO: i32 = 2;

fn udp(addr: &str) -> Socket {
    of_protocol(addr, Protocol::DEFAULT)
}

fn of_protocol(addr: &str, protocol: Protocol) -> Socket {
    let family = if addr.starts_with('[') { Family::INET6 } else { Family::INET };
    let sock = Socket::new(family, Type::DGRAM, protocol).unwrap();
    sock.bind(addr).unwrap();
    sock.set_timeout(Duration::from_secs(10)).unwrap();
    sock
}

/// Where to bind: one place for each version of IP that this machine has.
fn places() -> Vec<&'static str> {
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
fn pairs() -> Vec<(Socket, Socket)> {
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
fn to(sock: &Socket) -> Addr {
    if sock.family() == Family::UNIX {
        Addr::from_bytes(&[]).unwrap()
    } else {
        sock.local_addr().unwrap()
    }
}

/// Receives so many datagrams and says what `look` sees in each.
fn collect<T>(
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
fn numbered(number: usize, len: usize) -> Vec<u8> {
    (0..len).map(|at| (number * 31 + at * 7) as u8).collect()
}

#[test]
fn d6_d7_round_trips_of_every_kind() {
    for (a, b) in pairs() {
        let lens = [1, 100, 100, 100, 40, 100, 1200, 0, 1, 1200, 1200, 7];
        let sent: Vec<_> = lens.iter().enumerate().map(|(n, len)| numbered(n, *len)).collect();
        let (mut out, mut arrived) = (SendBatch::new(), RecvBatch::new(32, 1500));
        // Empty messages on a connection look like its end: each ends a batch, and none is lost.
        for round in 0..3 {
            for data in &sent {
                out.push(data, to(&b)).unwrap();
            }
            assert_eq!(out.len(), sent.len());
            assert_eq!(a.send_batch(&mut out).unwrap(), sent.len(), "{a:?}");
            assert!(out.is_empty());
            let got = collect(&b, &mut arrived, sent.len(), |datagram| {
                assert!(!datagram.is_truncated() && !datagram.is_control_truncated());
                assert_eq!(datagram.whole_len(), datagram.data().len());
                if b.family() != Family::UNIX {
                    assert_eq!(*datagram.from(), a.local_addr().unwrap());
                }
                datagram.data().to_vec()
            });
            assert_eq!(got, sent, "round {round} of {a:?}");
        }
        assert_eq!((out.stats().datagrams, arrived.stats().datagrams), (36, 36));
        assert_eq!(out.stats().segmented > 0, a.send_offload());
    }
}

/// nix and others let a reused header keep the lengths that the kernel has answered: a short
/// address makes the next long one fail or be cut, no control message makes the next one vanish.
#[test]
fn d6_lengths_are_set_anew_for_each_call() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Socket::new(Family::UNIX, Type::DGRAM, Protocol::DEFAULT).unwrap();
    receiver.bind(folder.path().join("r")).unwrap();
    receiver.set_timeout(Duration::from_secs(10)).unwrap();
    let named = |name: &str| {
        let sock = Socket::new(Family::UNIX, Type::DGRAM, Protocol::DEFAULT).unwrap();
        sock.bind(folder.path().join(name)).unwrap();
        sock
    };
    let nameless = Socket::new(Family::UNIX, Type::DGRAM, Protocol::DEFAULT).unwrap();
    let (short, long) = (named("s"), named(&"l".repeat(40)));
    let mut batch = RecvBatch::new(1, 100);
    for sender in [&nameless, &short, &long, &nameless, &long, &short, &long] {
        sender.send_to(b"x", receiver.local_addr().unwrap()).unwrap();
        assert_eq!(receiver.recv_batch(&mut batch).unwrap(), 1);
        let from = *batch.iter().next().unwrap().from();
        match sender.local_addr().unwrap() {
            addr if addr.to_string() == "unix:" => {
                assert!(from.is_empty() || from == addr, "{from}");
            }
            addr => assert_eq!(from, addr),
        }
    }
}

#[test]
fn d6_control_messages_survive_reuse() {
    for place in places() {
        let (a, b) = (udp(place), udp(place));
        let mut batch = RecvBatch::new(4, 100);
        let target = b.local_addr().unwrap();
        for round in 0..6 {
            // Every other time nothing comes along, which leaves a length of zero behind.
            b.set_recv_details(round % 2 == 1).unwrap();
            for _ in 0..3 {
                a.send_to(b"x", target).unwrap();
            }
            let infos = collect(&b, &mut batch, 3, |datagram| {
                assert!(!datagram.is_control_truncated());
                (datagram.ecn(), datagram.interface(), datagram.packet_info())
            });
            for (ecn, interface, info) in infos {
                assert_eq!(ecn.is_some(), round % 2 == 1);
                assert_eq!(interface.is_some(), round % 2 == 1);
                let local = target.to_ip().unwrap().ip();
                assert!(info.is_none_or(|info| info.local == local && info.destination == local));
            }
        }
    }
}

#[test]
fn d6_descriptors_are_taken_or_closed() {
    let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT).unwrap();
    let mut batch = RecvBatch::new(4, 100).with_control(cmsg::space(4));
    for _ in 0..3 {
        a.send(b"none").unwrap();
        a.send_fds(b"one", &[&a]).unwrap();
        a.send_fds(b"two do not fit", &[&a, &a, &a, &a]).unwrap();
        assert_eq!(b.recv_batch(&mut batch).unwrap(), 3);
        let cut: Vec<_> = batch.iter().map(|datagram| datagram.is_control_truncated()).collect();
        assert_eq!(cut, [false, false, true]);
        assert!(batch.take_fds(0).is_empty());
        let fds = batch.take_fds(1);
        assert_eq!(fds.len(), 1);
        assert!(batch.take_fds(1).is_empty() && batch.take_fds(7).is_empty());
        let same = Socket::from_fd(fds.into_iter().next().unwrap()).unwrap();
        assert_eq!(same.family(), Family::UNIX);
    }
    assert_eq!(batch.stats().control_truncated, 3);
    // What nobody takes is closed by the next call.
    let (end, other) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
    a.send_fds(b"an end", &[&end]).unwrap();
    drop(end);
    b.recv_batch(&mut batch).unwrap();
    other.set_timeout(Duration::from_millis(20)).unwrap();
    assert!(other.recv_vec(1).unwrap_err().is_timeout(), "the batch has it");
    b.set_nonblocking(true).unwrap();
    assert!(b.recv_batch(&mut batch).unwrap_err().is_would_block());
    assert_eq!(other.recv_vec(1).unwrap(), b"", "and now it is closed");
}

#[test]
fn d6_truncation_is_told_for_each_datagram() {
    for (a, b) in pairs() {
        let mut batch = RecvBatch::new(8, 10);
        for len in [4, 10, 11, 300, 10] {
            a.send_to(&numbered(len, len), to(&b)).unwrap();
        }
        let seen = collect(&b, &mut batch, 5, |datagram| {
            let whole = datagram.whole_len();
            assert_eq!(datagram.data(), &numbered(whole, whole)[..whole.min(10)]);
            (whole, datagram.is_truncated())
        });
        assert_eq!(seen, [(4, false), (10, false), (11, true), (300, true), (10, false)]);
        assert_eq!(batch.stats().truncated, 2);
    }
}

#[test]
fn d6_waits_for_the_first_and_no_other() {
    for (a, b) in pairs() {
        let mut batch = RecvBatch::new(8, 10);
        b.set_timeout(Duration::from_millis(20)).unwrap();
        assert!(b.recv_batch(&mut batch).unwrap_err().is_timeout());
        b.set_timeout(Duration::ZERO).unwrap();
        assert!(b.recv_batch(&mut batch).unwrap_err().is_would_block());
        assert!(batch.is_empty());
        for timeout in [None, Some(Duration::from_secs(60))] {
            b.set_timeout(timeout).unwrap();
            a.send_to(b"one", to(&b)).unwrap();
            assert_eq!(b.recv_batch(&mut batch).unwrap(), 1, "{b:?}");
        }
        // Nothing stays from the last time.
        b.set_timeout(Duration::ZERO).unwrap();
        assert!(b.recv_batch(&mut batch).is_err());
        assert_eq!((batch.len(), batch.iter().count()), (0, 0));
    }
}

/// A connection that has ended would fill every slot with nothing, without end.
#[test]
fn d6_a_connection_ends_once() {
    let (a, b) = Socket::pair(Family::UNIX, Type::SEQPACKET, Protocol::DEFAULT).unwrap();
    for data in [&b"one"[..], b"", b"two"] {
        a.send(data).unwrap();
    }
    drop(a);
    let mut batch = RecvBatch::new(8, 10);
    let lens = |batch: &RecvBatch| batch.iter().map(|d| d.data().len()).collect::<Vec<_>>();
    for expected in [&[3, 0][..], &[3, 0], &[0], &[0]] {
        b.recv_batch(&mut batch).unwrap();
        assert_eq!(lens(&batch), expected);
    }
}

/// The error behind some messages is told once they have been.
#[test]
fn d6_an_error_behind_messages_is_not_lost() {
    let (a, b) = Socket::pair(Family::UNIX, Type::SEQPACKET, Protocol::DEFAULT).unwrap();
    b.send(b"never read").unwrap();
    a.send(b"one").unwrap();
    drop(a);
    let mut batch = RecvBatch::new(8, 10);
    let mut told = Vec::new();
    for _ in 0..3 {
        match b.recv_batch(&mut batch) {
            Ok(_) => told.extend(batch.iter().map(|d| Ok(d.data().to_vec()))),
            Err(error) => told.push(Err(error.errno().unwrap())),
        }
    }
    assert!(told.contains(&Ok(b"one".to_vec())), "{told:?}");
    assert_eq!(told.iter().filter(|one| **one == Err(Errno::ECONNRESET)).count(), 1, "{told:?}");
}

/// Families that take no flag they do not know, and such that do not tell how long a message was.
#[test]
fn d6_d7_families_with_manners_of_their_own() {
    type Place = fn(&Socket) -> Addr;
    let kinds: [(Family, Type, Protocol, Place); 5] = [
        (Family::TIPC, Type::RDM, Protocol::DEFAULT, |sock| {
            sock.bind(TipcAddr::range(4711, 0, 10)).unwrap();
            TipcAddr::name(4711, 5).into()
        }),
        (Family::TIPC, Type::DGRAM, Protocol::DEFAULT, |sock| {
            sock.bind(TipcAddr::range(4712, 0, 10)).unwrap();
            TipcAddr::name(4712, 5).into()
        }),
        (Family::QIPCRTR, Type::DGRAM, Protocol::DEFAULT, |sock| {
            sock.bind(sock.local_addr().unwrap()).unwrap();
            sock.local_addr().unwrap()
        }),
        (Family::RDS, Type::SEQPACKET, Protocol::DEFAULT, |sock| {
            sock.bind("127.0.0.1:0").unwrap();
            sock.local_addr().unwrap()
        }),
        (Family::CAN, Type::DGRAM, Protocol::CAN_J1939, |sock| {
            sock.bind("j1939:vcan0,addr=0x77").unwrap();
            "j1939:vcan0,addr=0x77,pgn=0x12300".parse().unwrap()
        }),
    ];
    for (family, ty, protocol, place) in kinds {
        let (Ok(a), Ok(b)) = (Socket::new(family, ty, protocol), Socket::new(family, ty, protocol))
        else {
            record_skip(format_args!("no {family} {ty} {protocol} in this kernel"));
            continue;
        };
        let to = place(&b);
        match family {
            Family::RDS => a.bind("127.0.0.1:0").unwrap(),
            Family::CAN => a.bind("j1939:vcan0,addr=0x76").unwrap(),
            _ => {}
        }
        for sock in [&a, &b] {
            sock.set_timeout(Duration::from_secs(20)).unwrap();
        }
        let (mut out, mut arrived) = (SendBatch::new(), RecvBatch::new(4, 6));
        for round in 0..2 {
            for len in 1..=8 {
                out.push(&numbered(len, len), to).unwrap();
            }
            assert_eq!(a.send_batch(&mut out).unwrap(), 8, "{family} {ty} {round}");
            let seen = collect(&b, &mut arrived, 8, |datagram| {
                assert!(!datagram.from().is_empty());
                (datagram.data().to_vec(), datagram.is_truncated())
            });
            let sent: Vec<_> =
                (1..=8).map(|len| (numbered(len, len)[..len.min(6)].to_vec(), len > 6)).collect();
            assert_eq!(seen, sent, "{family} {ty} {round}");
        }
        assert_eq!(arrived.stats().truncated, 4);
    }
}

#[test]
fn d6_d7_streams_are_refused() {
    let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
    let error = b.recv_batch(&mut RecvBatch::new(1, 1)).unwrap_err();
    assert_eq!(error.to_string(), "recvmmsg: a stream has no datagrams");
    let mut out = SendBatch::new();
    out.push(b"x", ()).unwrap();
    assert!(matches!(a.send_batch(&mut out).unwrap_err().cause(), Cause::Argument(_)));
    assert_eq!(out.len(), 1);
}

#[test]
fn d7_the_error_is_that_of_the_first_left() {
    for place in places() {
        // Port 0 of this machine.
        let nowhere = place;
        let (a, b) = (udp(place), udp(place));
        let target = b.local_addr().unwrap();
        let mut out = SendBatch::new();
        let mut arrived = RecvBatch::new(64, 2000);
        for number in 0..30 {
            // Where datagrams could go together, and port 0 is an address to which none can.
            let bad = number % 10 == 7;
            let to = if bad { nowhere.parse().unwrap() } else { target };
            out.push(&numbered(number, 500), to).unwrap();
        }
        let mut errors = 0;
        let mut sent = 0;
        while !out.is_empty() {
            let before = out.len();
            match a.send_batch(&mut out) {
                Ok(count) => assert_eq!(count, before),
                Err(error) => {
                    assert_eq!(error.errno(), Some(Errno::EINVAL));
                    assert_eq!(error.address(), Some(&nowhere.parse().unwrap()));
                    errors += 1;
                    assert_eq!((30 - out.len()) % 10, 7);
                    // Again the same, until it is dropped.
                    assert_eq!(a.send_batch(&mut out).unwrap_err().errno(), Some(Errno::EINVAL));
                    sent += before - out.len();
                    assert!(out.skip_first());
                    continue;
                }
            }
            sent += before;
        }
        assert_eq!((errors, sent), (3, 27));
        let expected: Vec<_> = (0..30).filter(|n| n % 10 != 7).map(|n| numbered(n, 500)).collect();
        assert_eq!(collect(&b, &mut arrived, 27, |d| d.data().to_vec()), expected);
        // It was not the offload that was refused.
        assert_eq!((out.stats().fallbacks, a.send_offload()), (0, true));
    }
}

/// What a full socket does not take stays, and goes once.
#[test]
fn d7_what_does_not_go_stays() {
    let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT).unwrap();
    let mut out = SendBatch::with_capacity(5000, 100);
    let all: Vec<_> = (0..5000).map(|number| numbered(number, 100)).collect();
    for data in &all {
        out.push(data, ()).unwrap();
    }
    let mut arrived = RecvBatch::new(16, 100);
    let mut got = Vec::new();
    a.set_timeout(Duration::from_millis(10)).unwrap();
    let before = out.len();
    assert!(a.send_batch(&mut out).unwrap_err().is_timeout(), "nobody reads");
    assert!(out.len() < before);
    a.set_nonblocking(true).unwrap();
    assert!(a.send_batch(&mut out).unwrap_err().is_would_block());
    let mut sent = before - out.len();
    while got.len() < all.len() {
        b.recv_batch(&mut arrived).unwrap();
        got.extend(arrived.iter().map(|datagram| datagram.data().to_vec()));
        if !out.is_empty() {
            // Some at a time: as many as there is room for.
            sent += a.send_batch(&mut out).unwrap();
            // New ones line up behind.
            assert_eq!(sent + out.len(), all.len());
        }
    }
    assert_eq!(got, all);
    assert_eq!(out.stats().datagrams, 5000);
}

#[test]
fn d7_more_than_one_call_takes() {
    let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT).unwrap();
    let mut out = SendBatch::new();
    for number in 0..3000_usize {
        out.push(&number.to_ne_bytes(), ()).unwrap();
    }
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(a.send_batch(&mut out).unwrap(), 3000));
        let got = collect(&b, &mut RecvBatch::new(2000, 8), 3000, |datagram| {
            usize::from_ne_bytes(datagram.data().try_into().unwrap())
        });
        assert!(got.into_iter().eq(0..3000));
    });
}

#[test]
fn d7_marks_and_sources_go_both_ways() {
    let details = |sock: &Socket, batch: &mut RecvBatch| {
        collect(sock, batch, 1, |d| (d.ecn(), d.packet_info().unwrap(), *d.from()))[0]
    };
    let v4 = ("127.0.0.1:0", "127.0.0.3:0", "127.0.0.3");
    let v6 = [
        ("[::1]:0", "[::1]:0", "::1"),
        ("[::ffff:127.0.0.1]:0", "[::ffff:127.0.0.3]:0", "127.0.0.3"),
    ];
    let v6 = v6.into_iter().take(if places().len() > 1 { 2 } else { 0 });
    for (near, place, ip) in std::iter::once(v4).chain(v6) {
        let (a, b) = (udp(near), udp(place));
        let ip: IpAddr = ip.parse().unwrap();
        let mapped = match (ip, a.family()) {
            (IpAddr::V4(ip), Family::INET6) => IpAddr::V6(ip.to_ipv6_mapped()),
            _ => ip,
        };
        b.set_recv_details(true).unwrap();
        let target = (mapped, b.local_addr().unwrap().to_ip().unwrap().port());
        let (mut out, mut arrived) = (SendBatch::new(), RecvBatch::new(4, 100));
        for ecn in [Ecn::Ect0, Ecn::Ect1, Ecn::Ce, Ecn::NotEct] {
            out.push_from(b"x", target, ecn, PacketInfo::from_addr(ip)).unwrap();
            a.send_batch(&mut out).unwrap();
            let (seen, info, from) = details(&b, &mut arrived);
            assert_eq!(seen, Some(ecn), "{place} {ip}");
            assert_eq!(info.destination, mapped);
            assert_eq!(from.to_ip().unwrap().ip(), mapped);
            assert!(info.interface > 0);
        }
        // A connected socket, whose address the batch does not know.
        a.connect(target).unwrap();
        out.push_from(b"x", (), Ecn::Ce, None).unwrap();
        a.send_batch(&mut out).unwrap();
        assert_eq!(details(&b, &mut arrived).0, Some(Ecn::Ce), "{place} {ip}");
    }
    let (unix, _) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT).unwrap();
    assert_eq!(unix.set_recv_details(true).unwrap_err().errno(), Some(Errno::EOPNOTSUPP));
}

/// The sizes of consecutive datagrams, and how many messages of several there are.
#[test]
fn d8_what_fits_together_goes_together() {
    let cases: [(&[usize], u64); 9] = [
        (&[100; 10], 1),
        (&[100; 64], 1),
        (&[100; 65], 1),
        (&[100; 130], 3),
        (&[100, 100, 50], 1),
        (&[100, 100, 50, 50], 1),
        (&[50, 100, 100], 1),
        (&[100, 0, 100], 0),
        (&[60_000, 60_000], 0),
    ];
    for place in places() {
        let (a, b) = (udp(place), udp(place));
        if !b.set_recv_offload(true).unwrap() {
            skip!("this kernel joins no datagrams");
        }
        for (lens, joined) in cases {
            let (mut out, mut arrived) =
                (SendBatch::new(), RecvBatch::new(64, RecvBatch::OFFLOAD_BYTES));
            let sent: Vec<_> = lens.iter().enumerate().map(|(n, len)| numbered(n, *len)).collect();
            for data in &sent {
                out.push(data, b.local_addr().unwrap()).unwrap();
            }
            a.send_batch(&mut out).unwrap();
            let got = collect(&b, &mut arrived, sent.len(), |d| d.data().to_vec());
            assert_eq!(got, sent);
            let stats = out.stats();
            assert_eq!((stats.calls, stats.segmented, stats.fallbacks), (1, joined, 0), "{lens:?}");
            // On loopback what goes together comes together.
            assert_eq!(arrived.stats().coalesced, joined, "{lens:?}");
        }
    }
}

#[test]
fn d8_others_addresses_and_messages_are_not_joined() {
    let (a, b, c) = (udp("127.0.0.1:0"), udp("127.0.0.1:0"), udp("127.0.0.1:0"));
    let (to_b, to_c) = (b.local_addr().unwrap(), c.local_addr().unwrap());
    b.set_recv_details(true).unwrap();
    let mut out = SendBatch::new();
    for to in [to_b, to_c, to_b, to_c] {
        out.push(b"turns", to).unwrap();
    }
    assert_eq!(a.send_batch(&mut out).unwrap(), 4);
    assert_eq!(out.stats().segmented, 0);
    for ecn in [Ecn::Ect0, Ecn::Ect0, Ecn::Ce, Ecn::Ect0] {
        out.push_from(b"marks", to_b, ecn, None).unwrap();
    }
    // Who says how to split it is left alone.
    let mut split = cmsg::SendBuffer::new();
    split.push(cmsg::UDP_SEGMENT, 4_u16);
    for _ in 0..2 {
        out.push_with(b"fourfour", to_b, &split).unwrap();
    }
    assert_eq!(a.send_batch(&mut out).unwrap(), 6);
    assert_eq!(out.stats().segmented, 1);
    let mut arrived = RecvBatch::new(64, 100);
    let got = collect(&b, &mut arrived, 10, |d| (d.data().to_vec(), d.ecn().unwrap()));
    let marks: Vec<_> = got[2..6].iter().map(|(_, ecn)| *ecn).collect();
    assert_eq!(marks, [Ecn::Ect0, Ecn::Ect0, Ecn::Ce, Ecn::Ect0]);
    assert!(got[6..].iter().all(|(data, _)| data == b"four"));
    assert_eq!(collect(&c, &mut arrived, 2, |d| d.data().to_vec()), [b"turns", b"turns"]);
}

/// Each datagram of a piece has the address and the messages of the piece.
#[test]
fn d8_each_datagram_of_a_piece_is_whole() {
    let (a, b) = (udp("127.0.0.1:0"), udp("127.0.0.1:0"));
    b.set_recv_details(true).unwrap();
    if !b.set_recv_offload(true).unwrap() {
        skip!("this kernel joins no datagrams");
    }
    let mut out = SendBatch::new();
    for number in 0..5 {
        let source = PacketInfo::from_addr([127, 0, 0, 1]);
        out.push_from(&numbered(number, 9), b.local_addr().unwrap(), Ecn::Ect1, source).unwrap();
    }
    a.send_batch(&mut out).unwrap();
    // Room for two and a half of them: the rest is counted, and told.
    let mut arrived = RecvBatch::new(2, 22);
    let got = collect(&b, &mut arrived, 5, |d| {
        assert_eq!((*d.from(), d.ecn()), (a.local_addr().unwrap(), Some(Ecn::Ect1)));
        assert!(d.packet_info().is_some());
        (d.data().to_vec(), d.whole_len(), d.is_truncated())
    });
    let expected: Vec<_> = [9, 9, 4, 0, 0]
        .into_iter()
        .enumerate()
        .map(|(number, len)| (numbered(number, 9)[..len].to_vec(), 9, len < 9))
        .collect();
    assert_eq!(got, expected);
    assert_eq!((arrived.stats().truncated, arrived.stats().coalesced), (3, 1));
}

/// Sends the same batch twice by a socket on which the kernel refuses to split, and says what both
/// times have counted. All arrives, once, in order.
fn refused(a: &Socket, b: &Socket, size: usize) -> (BatchStats, BatchStats) {
    let (mut out, mut arrived) = (SendBatch::new(), RecvBatch::new(64, 65_535));
    let mut round = |a: &Socket| {
        let sent: Vec<_> =
            (0..20).map(|n| numbered(n, if n < 12 { size } else { size / 2 })).collect();
        for data in &sent {
            out.push(data, b.local_addr().unwrap()).unwrap();
        }
        assert_eq!(a.send_batch(&mut out).unwrap(), 20, "in one call");
        assert_eq!(collect(b, &mut arrived, 20, |d| d.data().to_vec()), sent);
        out.stats()
    };
    (round(a), round(a))
}

#[test]
fn d8_einval_falls_back_in_the_same_call() {
    for place in places() {
        let (a, b) = (udp(place), udp(place));
        // Without checksums of its own the kernel splits nothing.
        let no_check = if a.family() == Family::INET6 { UDP_NO_CHECK6_TX } else { SO_NO_CHECK };
        a.set(no_check, true).unwrap();
        if a.family() == Family::INET6 {
            b.set(UDP_NO_CHECK6_RX, true).unwrap();
        }
        let (first, second) = refused(&a, &b, 1000);
        // The larger and the smaller ones are each tried once, and that is remembered.
        assert_eq!((first.segmented, first.fallbacks), (0, 2), "{first:?}");
        assert_eq!((second.segmented, second.fallbacks), (0, 2));
        assert_eq!(second.calls - first.calls, 1);
        assert_eq!((first.datagrams, second.datagrams), (20, 40));
        // Once more for a still smaller size, and it is off.
        let (third, _) = refused(&a, &b, 100);
        assert_eq!(third.fallbacks, 1);
        assert!(!a.send_offload());
        a.set(no_check, false).unwrap();
        a.set_send_offload(true);
        let (again, _) = refused(&a, &b, 1000);
        assert_eq!((again.segmented, again.fallbacks, again.calls), (2, 0, 1));
    }
}

#[test]
fn d8_eio_falls_back_in_the_same_call() {
    let place = "127.0.0.1:0";
    if Socket::new(Family::INET, Type::DGRAM, Protocol::UDPLITE).is_err() {
        skip!("this kernel has no UDP-Lite");
    }
    let [a, b] = [(); 2].map(|()| of_protocol(place, Protocol::UDPLITE));
    assert!(a.send_offload());
    let (first, second) = refused(&a, &b, 1000);
    assert_eq!((first.segmented, first.fallbacks), (0, 1));
    assert_eq!(second.fallbacks, 1);
    assert_eq!(second.calls - first.calls, 1, "what cannot be is not tried again");
    assert!(!a.send_offload());
}

/// In a network of its own, whose packets are small.
#[test]
fn d8_emsgsize_falls_back_in_the_same_call() {
    // A thread of its own, for it stays in that network.
    if !std::thread::spawn(emsgsize_falls_back).join().unwrap() {
        skip!("no right to make a network");
    }
}

fn emsgsize_falls_back() -> bool {
    if !own_network(1000) {
        return false;
    }
    let (a, b) = (udp("127.0.0.1:0"), udp("127.0.0.1:0"));
    let (first, second) = refused(&a, &b, 1500);
    // The larger ones go one by one, in fragments; the smaller ones fit and go together.
    assert_eq!((first.segmented, first.fallbacks), (1, 1), "{first:?}");
    assert_eq!((second.segmented, second.fallbacks), (2, 1), "{second:?}");
    assert!(a.send_offload());
    // Where they may not be fragmented, the answer is the kernel's for the first one.
    a.set(IP_MTU_DISCOVER, IP_PMTUDISC_DO).unwrap();
    a.set_send_offload(true);
    let mut out = SendBatch::new();
    for _ in 0..3 {
        out.push(&[0; 1500], b.local_addr().unwrap()).unwrap();
    }
    let error = a.send_batch(&mut out).unwrap_err();
    assert_eq!((error.errno(), out.len()), (Some(Errno::EMSGSIZE), 3));
    assert_eq!(out.stats().fallbacks, 0);
    true
}

#[test]
fn d8_offload_can_be_switched_off() {
    let (a, b) = (udp("127.0.0.1:0"), udp("127.0.0.1:0"));
    a.set_send_offload(false);
    let (first, second) = refused(&a, &b, 1000);
    assert_eq!((first.segmented, first.fallbacks, first.calls), (0, 0, 1));
    assert_eq!((second.segmented, second.calls), (0, 2));
    let (unix, _) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT).unwrap();
    assert!(!unix.set_recv_offload(true).unwrap());
}

/// Sends bytes as datagrams of this size, and sees them arrive so.
fn sends_segments(a: &Socket, b: &Socket, bytes: usize, size: usize) {
    let data = numbered(7, bytes);
    let whole: Vec<_> = data.chunks(size).map(<[u8]>::to_vec).collect();
    let to = b.local_addr().unwrap();
    assert_eq!(a.send_segments(&data, size, to).unwrap(), whole.len());
    let mut arrived = RecvBatch::new(64, RecvBatch::OFFLOAD_BYTES);
    assert_eq!(collect(b, &mut arrived, whole.len(), |d| d.data().to_vec()), whole);
}

#[test]
fn d8_segments_are_cut_from_one_piece() {
    for place in places() {
        let (a, b) = (udp(place), udp(place));
        b.set_recv_offload(true).unwrap();
        // More than one send takes, in number and in bytes; with a short one at the end, and alone.
        for (bytes, size) in [(30_000, 1200), (6500, 64), (100_000, 1200), (100, 1200), (2, 1)] {
            sends_segments(&a, &b, bytes, size);
        }
        a.connect(b.local_addr().unwrap()).unwrap();
        assert_eq!(a.send_segments(&[1; 250], 100, ()).unwrap(), 3);
        assert_eq!(a.send_segments(&[], 100, ()).unwrap(), 0);
        let mut arrived = RecvBatch::new(4, RecvBatch::OFFLOAD_BYTES);
        assert_eq!(collect(&b, &mut arrived, 3, |d| d.data().len()), [100, 100, 50]);
        let error = a.send_segments(b"x", 0, ()).unwrap_err();
        assert!(matches!(error.cause(), Cause::Argument(_)), "{error}");
    }
    let (unix, other) = Socket::pair(Family::UNIX, Type::SEQPACKET, Protocol::DEFAULT).unwrap();
    assert_eq!(unix.send_segments(b"abcde", 2, ()).unwrap(), 3);
    assert_eq!(other.recv_vec(9).unwrap(), b"ab");
    let (stream, _) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
    assert!(stream.send_segments(b"abcde", 2, ()).is_err());
}

#[test]
fn d8_segments_fall_back_in_the_same_call() {
    let (a, b) = (udp("127.0.0.1:0"), udp("127.0.0.1:0"));
    a.set(SO_NO_CHECK, true).unwrap();
    for size in [1000, 100, 10] {
        assert!(a.send_offload());
        sends_segments(&a, &b, 20 * size, size);
    }
    assert!(!a.send_offload(), "three sizes were called invalid");
    // What one alone is refused for, too, is an error, and tells what has gone.
    a.set_send_offload(true);
    let error = a.send_segments(&[0; 140_000], 70_000, b.local_addr().unwrap()).unwrap_err();
    assert_eq!((error.errno(), error.bytes_sent()), (Some(Errno::EMSGSIZE), Some(0)));
}

/// Moves this thread into a network of its own with nothing but a loopback whose packets have at
/// most so many bytes.
#[allow(unsafe_code)]
fn own_network(mtu: i32) -> bool {
    // SAFETY: takes no memory; only this thread leaves the network that it shared.
    if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
        return false;
    }
    let any = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    // SAFETY: integers and bytes, for which zero is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as libc::c_char;
    }
    let change = |number: libc::c_ulong, request: &libc::ifreq| {
        let fd = std::os::fd::AsRawFd::as_raw_fd(&any);
        // SAFETY: both requests read an `ifreq`, which lives until the call returns.
        let done = unsafe { libc::ioctl(fd, number as _, request) };
        assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
    };
    request.ifr_ifru.ifru_mtu = mtu;
    change(libc::SIOCSIFMTU as _, &request);
    request.ifr_ifru.ifru_flags = libc::IFF_UP as _;
    change(libc::SIOCSIFFLAGS as _, &request);
    true
}

/// What is in a datagram of the long run: its number, and a sum over it.
fn sealed(number: u64, memory: &mut [u8; 64]) {
    let mut state = number ^ 0x9e37_79b9_7f4a_7c15;
    for word in memory[16..].chunks_exact_mut(8) {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        word.copy_from_slice(&state.to_ne_bytes());
    }
    memory[..8].copy_from_slice(&number.to_ne_bytes());
    let sum = sum(&memory[16..], number);
    memory[8..16].copy_from_slice(&sum.to_ne_bytes());
}

fn sum(bytes: &[u8], number: u64) -> u64 {
    let words = bytes.chunks_exact(8).map(|word| u64::from_ne_bytes(word.try_into().unwrap()));
    words.fold(number, |sum, word| sum.rotate_left(5) ^ word)
}

/// So many datagrams, in step so that the receiver's memory always has room: none is lost, none
/// comes twice, none is torn, all in order.
fn long_run(count: u64, joined: bool) {
    const STEP: u64 = 96;
    let (a, b) = (udp("127.0.0.1:0"), udp("127.0.0.1:0"));
    let joined = joined && b.set_recv_offload(true).unwrap();
    a.set_send_offload(joined);
    let each = if joined { RecvBatch::OFFLOAD_BYTES } else { 64 };
    let (mut out, mut arrived) = (SendBatch::with_capacity(96, 64), RecvBatch::new(32, each));
    let target = b.local_addr().unwrap();
    let (mut sent, mut next) = (0, 0);
    let mut memory = [0; 64];
    while next < count {
        let step = STEP.min(count - sent);
        for _ in 0..step {
            sealed(sent, &mut memory);
            out.push(&memory, target).unwrap();
            sent += 1;
        }
        assert_eq!(a.send_batch(&mut out).unwrap() as u64, step);
        while next < sent {
            b.recv_batch(&mut arrived).unwrap();
            for datagram in &arrived {
                let data = datagram.data();
                assert_eq!(data.len(), 64);
                let word = |at: usize| u64::from_ne_bytes(data[at..at + 8].try_into().unwrap());
                assert_eq!(word(0), next, "none lost, none twice");
                assert_eq!(word(8), sum(&data[16..], next), "not torn");
                next += 1;
            }
        }
    }
    assert_eq!((out.stats().datagrams, arrived.stats().datagrams), (count, count));
    assert_eq!((out.stats().segmented > 0, arrived.stats().coalesced > 0), (joined, joined));
    assert!(b.set_nonblocking(true).is_ok() && b.recv_batch(&mut arrived).is_err(), "no more");
}

/// A million, or as many as `BERKELEY_DATAGRAMS` says.
#[test]
fn d8_a_million_datagrams_arrive_once_and_whole() {
    let count = std::env::var("BERKELEY_DATAGRAMS").map_or(1_000_000, |text| text.parse().unwrap());
    long_run(count, true);
}

#[test]
fn d6_d7_half_a_million_without_offload() {
    long_run(500_000, false);
}
