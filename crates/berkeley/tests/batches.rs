//! Batches of datagrams on real sockets. The names begin with the row of the table of features
//! that they show: receiving and sending.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod datagrams;

use std::net::IpAddr;
use std::time::Duration;

use berkeley::batch::{Ecn, RecvBatch, SendBatch};
use berkeley::cmsg::{self, PacketInfo};
use berkeley::{Addr, Cause, Errno, Family, Protocol, Socket, TipcAddr, Type};
use berkeley_testing::record_skip;
use datagrams::{collect, numbered, pairs, places, to, udp};

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
