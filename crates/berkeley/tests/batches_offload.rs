//! Batches with segmentation offload, and what happens where it is refused. The names begin with the
//! row of the table of features that they show.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod datagrams;

use berkeley::batch::{BatchStats, Ecn, RecvBatch, SendBatch};
use berkeley::cmsg::{self, PacketInfo};
use berkeley::{Cause, Errno, Family, Protocol, Socket, Type, opt};
use berkeley_testing::skip;
use datagrams::{collect, numbered, of_protocol, places, udp};

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

/// Many added at once are the same as each added alone, whatever stands before them.
#[test]
fn d8_many_at_once_are_joined_like_single_ones() {
    let (a, b, c) = (udp("127.0.0.1:0"), udp("127.0.0.1:0"), udp("127.0.0.1:0"));
    let (to_b, to_c) = (b.local_addr().unwrap(), c.local_addr().unwrap());
    let (mut many, mut single) = (SendBatch::new(), SendBatch::new());
    let cases: [&[usize]; 8] =
        [&[], &[0], &[0, 0, 9], &[100; 70], &[100, 50, 50], &[50, 100, 0, 100], &[7], &[7, 7, 70]];
    for to in [&to_b, &to_c, &to_b] {
        for lens in cases {
            let data: Vec<_> = lens.iter().enumerate().map(|(n, len)| numbered(n, *len)).collect();
            assert_eq!(many.push_all(&data, to).unwrap(), data.len());
            assert!(data.iter().all(|data| single.push(data, to).is_ok()));
        }
    }
    // What has control messages is not joined by what has none.
    for batch in [&mut many, &mut single] {
        batch.push_from(b"marked", to_b, Ecn::Ce, None).unwrap();
    }
    many.push_all([b"plain!", b"plain!"], to_b).unwrap();
    (0..2).for_each(|_| single.push(b"plain!", to_b).unwrap());
    assert_eq!(many.len(), single.len());
    let sent = |batch: &mut SendBatch| {
        let count = batch.len();
        assert_eq!(a.send_batch(batch).unwrap(), count);
        let mut arrived = RecvBatch::new(64, 65_535);
        let lens: usize = cases.iter().map(|lens| lens.len()).sum();
        let at_b = collect(&b, &mut arrived, 2 * lens + 3, |d| d.data().to_vec());
        (batch.stats(), at_b, collect(&c, &mut arrived, lens, |d| d.data().to_vec()))
    };
    assert_eq!(sent(&mut many), sent(&mut single));
    assert!(many.push_all([b"nobody"], "no such address").is_err() && many.is_empty());
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
        let no_check =
            if a.family() == Family::INET6 { opt::UDP_NO_CHECK6_TX } else { opt::SO_NO_CHECK };
        a.set(no_check, true).unwrap();
        if a.family() == Family::INET6 {
            b.set(opt::UDP_NO_CHECK6_RX, true).unwrap();
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
    a.set(opt::IP_MTU_DISCOVER, opt::MtuDiscovery::DO).unwrap();
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

/// A kernel older than 4.18 passes over what it is told of the split, and would send one long
/// datagram: it has to be asked first. In a process of its own, which asks once.
#[test]
fn d8_a_kernel_that_knows_nothing_of_it_gets_single_datagrams() {
    const OLD: &str = "BERKELEY_TEST_OLD_KERNEL";
    if std::env::var_os(OLD).is_none() {
        let name = "d8_a_kernel_that_knows_nothing_of_it_gets_single_datagrams";
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        let output = again.args(["--exact", name, "--nocapture"]).env(OLD, "").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        if said.contains("no filter") {
            skip!("no right to filter system calls");
        }
        return;
    }
    let options =
        [(libc::SYS_getsockopt, libc::UDP_SEGMENT), (libc::SYS_setsockopt, libc::UDP_GRO)];
    if !options.into_iter().all(|(call, name)| knows_no_option(call, name)) {
        println!("no filter");
        return;
    }
    let (a, b) = (udp("127.0.0.1:0"), udp("127.0.0.1:0"));
    assert!(!b.set_recv_offload(true).unwrap());
    assert!(!a.send_offload());
    let (first, second) = refused(&a, &b, 1000);
    assert_eq!((first.segmented, first.fallbacks, first.calls), (0, 0, 1));
    assert_eq!((second.segmented, second.calls, second.datagrams), (0, 2, 40));
    sends_segments(&a, &b, 3000, 1000);
}

/// From now on this call does not know this option of UDP, as far as this thread goes.
#[allow(unsafe_code)]
fn knows_no_option(call: libc::c_long, name: libc::c_int) -> bool {
    let word = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    let is = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    let answer = (libc::BPF_RET | libc::BPF_K) as u16;
    // The low half of an argument.
    let argument = |n: u32| 16 + 8 * n + if cfg!(target_endian = "big") { 4 } else { 0 };
    let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let mut steps = [
        step(word, 0, 0, 0),
        step(is, 0, 5, call as u32),
        step(word, 0, 0, argument(1)),
        step(is, 0, 3, libc::SOL_UDP as u32),
        step(word, 0, 0, argument(2)),
        step(is, 0, 1, name as u32),
        step(answer, 0, 0, libc::SECCOMP_RET_ERRNO | libc::ENOPROTOOPT as u32),
        step(answer, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
    // SAFETY: the kernel copies the program, which lives until the call returns.
    unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) == 0
    }
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
    a.set(opt::SO_NO_CHECK, true).unwrap();
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
