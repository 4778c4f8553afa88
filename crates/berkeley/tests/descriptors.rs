//! Descriptors that travel: truncated, double, refused, with too small a buffer, at the limit.
//! Whatever happens, nothing leaks, and what was lost is told.
//!
//! One program of its own, and one test: the number of open descriptors is the process's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use berkeley::cmsg::{self, RecvBuffer, SendBuffer};
use berkeley::{Cause, Errno, Family, MsgFlags, Protocol, Socket, Type};
use berkeley_testing::open_descriptors;

/// How many rounds of each way to lose descriptors.
const ROUNDS: usize = 10_000;

fn pair(ty: Type) -> (Socket, Socket) {
    Socket::pair(Family::UNIX, ty, Protocol::DEFAULT).unwrap()
}

#[test]
fn nothing_leaks_and_what_was_lost_is_told() {
    let ways: &[(&str, fn())] = &[
        ("c2_rights_arrive_owned", c2_rights_arrive_owned),
        ("rights_are_close_on_exec", rights_are_close_on_exec),
        ("c3_truncated_rights", c3_truncated_rights),
        ("any_room_at_all", any_room_at_all),
        ("two_messages_of_rights", two_messages_of_rights),
        ("nobody_takes_them", nobody_takes_them),
        ("no_room_for_any", no_room_for_any),
        ("too_many_are_refused", too_many_are_refused),
        ("recv_fds_reports_loss", recv_fds_reports_loss),
        ("flags_and_address_are_honoured", flags_and_address_are_honoured),
        ("peeked_rights_are_duplicates", peeked_rights_are_duplicates),
        ("plain_receives_drop_them", plain_receives_drop_them),
        ("at_the_limit_of_descriptors", at_the_limit_of_descriptors),
        ("ten_thousand_rounds", ten_thousand_rounds),
    ];
    for (name, way) in ways {
        let before = open_descriptors();
        way();
        assert_eq!(open_descriptors(), before, "{name} leaks descriptors");
    }
}

fn c2_rights_arrive_owned() {
    let (a, b) = pair(Type::STREAM);
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"passed on").unwrap();
    assert_eq!(a.send_fds(b"a file", &[&file]).unwrap(), 6);
    let mut buf = [0; 16];
    let got = b.recv_fds(&mut buf, 4).unwrap();
    assert_eq!((&buf[..got.data], got.fds.len()), (&b"a file"[..], 1));
    let fd: OwnedFd = got.fds.into_iter().next().unwrap();
    assert_ne!(fd.as_raw_fd(), file.as_raw_fd());
    let mut same = File::from(fd);
    same.seek(SeekFrom::Start(0)).unwrap();
    let mut text = String::new();
    same.read_to_string(&mut text).unwrap();
    assert_eq!(text, "passed on");
}

fn rights_are_close_on_exec() {
    let (a, b) = pair(Type::STREAM);
    a.send_fds(b"x", &[&a]).unwrap();
    let got = b.recv_fds(&mut [0; 1], 1).unwrap();
    let info = format!("/proc/self/fdinfo/{}", got.fds[0].as_raw_fd());
    let info = std::fs::read_to_string(info).unwrap();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
    assert_ne!(u32::from_str_radix(flags, 8).unwrap() & 0o2_000_000, 0, "{info}");
}

fn c3_truncated_rights() {
    let (a, b) = pair(Type::DGRAM);
    a.send_fds(b"five", &[&a, &a, &a, &a, &a]).unwrap();
    let mut control = RecvBuffer::with_room(cmsg::len(2 * 4));
    let before = open_descriptors();
    let got = b.recv_message(&mut [0; 10], &mut control).unwrap();
    assert!(got.is_control_truncated() && control.is_truncated());
    assert_eq!(open_descriptors(), before + 2);
    let fds = control.take_fds();
    assert_eq!(fds.len(), 2);
    drop(fds);
    assert_eq!(open_descriptors(), before);
}

/// Room of every size, aligned or not, from none to plenty.
fn any_room_at_all() {
    for ty in [Type::STREAM, Type::DGRAM, Type::SEQPACKET] {
        let (a, b) = pair(ty);
        for room in 0..cmsg::space(3 * 4) + 20 {
            a.send_fds(b"x", &[&a, &a, &a]).unwrap();
            let mut control = RecvBuffer::with_room(room);
            let before = open_descriptors();
            b.recv_message(&mut [0; 1], &mut control).unwrap();
            let fds = control.take_fds();
            assert_eq!(open_descriptors(), before + fds.len(), "{ty}, room {room}");
            assert_eq!(fds.len() < 3, control.is_truncated(), "{ty}, room {room}");
        }
    }
}

/// The kernel sends both as one.
fn two_messages_of_rights() {
    let (a, b) = pair(Type::DGRAM);
    let mut with = SendBuffer::new();
    with.rights([&a]).rights([&a, &b]);
    a.send_message(b"x", &with, ()).unwrap();
    let mut control = RecvBuffer::with_room(200);
    b.recv_message(&mut [0; 1], &mut control).unwrap();
    assert_eq!(control.take_fds().len(), 3);
    assert!(control.take_fds().is_empty());
}

fn nobody_takes_them() {
    let (a, b) = pair(Type::DGRAM);
    let mut control = RecvBuffer::with_room(cmsg::space(4));
    let before = open_descriptors();
    for _ in 0..3 {
        a.send_fds(b"x", &[&a]).unwrap();
        b.recv_message(&mut [0; 1], &mut control).unwrap();
        assert_eq!(open_descriptors(), before + 1, "the next call closes those of the last one");
    }
    a.send(b"without any").unwrap();
    b.recv_message(&mut [0; 20], &mut control).unwrap();
    assert_eq!(open_descriptors(), before);
    a.send_fds(b"x", &[&a]).unwrap();
    b.recv_message(&mut [0; 1], &mut control).unwrap();
    control.clear();
    assert_eq!(open_descriptors(), before);
    // A call that fails closes them, too.
    a.send_fds(b"x", &[&a]).unwrap();
    b.recv_message(&mut [0; 1], &mut control).unwrap();
    b.set_nonblocking(true).unwrap();
    assert!(b.recv_message(&mut [0; 1], &mut control).unwrap_err().is_would_block());
    assert_eq!(open_descriptors(), before);
}

fn no_room_for_any() {
    let (a, b) = pair(Type::STREAM);
    a.send_fds(b"abc", &[&a]).unwrap();
    let mut control = RecvBuffer::default();
    let before = open_descriptors();
    let got = b.recv_message(&mut [0; 3], &mut control).unwrap();
    assert!(got.is_control_truncated() && control.take_fds().is_empty());
    assert_eq!(open_descriptors(), before);
}

fn too_many_are_refused() {
    let (a, b) = pair(Type::STREAM);
    let refused = a.send_fds(b"x", &vec![&a; 254]).unwrap_err();
    assert_eq!(refused.errno(), Some(Errno::EINVAL), "{refused}");
    a.send_fds(b"x", &vec![&a; 253]).unwrap();
    assert_eq!(b.recv_fds(&mut [0; 1], 300).unwrap().fds.len(), 253);
    // The kernel would let IP sockets take them, and drop them.
    let udp = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    let refused = udp.send_fds_with(b"x", &[&udp], "127.0.0.1:9", MsgFlags::empty()).unwrap_err();
    assert_eq!(refused.errno(), Some(Errno::EOPNOTSUPP), "{refused}");
}

fn recv_fds_reports_loss() {
    let (a, b) = pair(Type::STREAM);
    a.send_fds(b"abc", &[&a, &a, &a]).unwrap();
    let mut buf = [0; 8];
    let lost = b.recv_fds(&mut buf, 1).unwrap_err();
    assert!(matches!(lost.cause(), Cause::ControlLost(3)), "{lost}");
    assert_eq!(&buf[..3], b"abc", "the data is there all the same");
    a.send_fds(b"abc", &[&a, &a, &a]).unwrap();
    let some = b.recv_fds_with(&mut buf, 1, MsgFlags::CTRUNC).unwrap();
    assert_eq!((some.data, some.fds.len()), (3, 1));
    assert!(some.flags.contains(MsgFlags::CTRUNC));
    // And what does not fit of the data.
    let (a, b) = pair(Type::DGRAM);
    a.send_fds(b"abcdef", &[&a]).unwrap();
    let lost = b.recv_fds(&mut [0; 3], 1).unwrap_err();
    assert!(matches!(lost.cause(), Cause::Truncated(Some(6))), "{lost}");
}

/// CPython's functions of these names ignore both.
fn flags_and_address_are_honoured() {
    let to = Socket::new(Family::UNIX, Type::DGRAM, Protocol::DEFAULT).unwrap();
    to.bind("unix:").unwrap();
    let from = Socket::new(Family::UNIX, Type::DGRAM, Protocol::DEFAULT).unwrap();
    from.send_fds_with(b"x", &[&from], to.local_addr().unwrap(), MsgFlags::empty()).unwrap();
    let peeked = to.recv_fds_with(&mut [0; 1], 1, MsgFlags::PEEK).unwrap();
    let taken = to.recv_fds(&mut [0; 1], 1).unwrap();
    assert_eq!((peeked.fds.len(), taken.fds.len()), (1, 1));
    let empty = to.recv_fds_with(&mut [0; 1], 1, MsgFlags::DONTWAIT).unwrap_err();
    assert!(empty.is_would_block());
}

fn peeked_rights_are_duplicates() {
    let (a, b) = pair(Type::DGRAM);
    a.send_fds(b"x", &[&a]).unwrap();
    let mut control = RecvBuffer::with_room(cmsg::space(4));
    let before = open_descriptors();
    for _ in 0..5 {
        b.recv_message_with(&mut [0; 1], &mut control, MsgFlags::PEEK).unwrap();
        assert_eq!(open_descriptors(), before + 1);
    }
    drop(control);
    assert_eq!(open_descriptors(), before);
    b.recv(&mut [0; 1]).unwrap();
}

/// Those without room for control data: the kernel installs nothing.
fn plain_receives_drop_them() {
    let (a, b) = pair(Type::STREAM);
    let before = open_descriptors();
    a.send_fds(b"x", &[&a]).unwrap();
    b.recv(&mut [0; 1]).unwrap();
    a.send_fds(b"x", &[&a]).unwrap();
    b.recv_from(&mut [0; 1]).unwrap();
    a.send_fds(b"x", &[&a]).unwrap();
    let mut byte = [0; 1];
    let mut pieces = [std::io::IoSliceMut::new(&mut byte)];
    let lost = b.recv_vectored(&mut pieces, MsgFlags::empty()).unwrap_err();
    assert!(matches!(lost.cause(), Cause::ControlLost(1)));
    assert_eq!(open_descriptors(), before);
}

fn at_the_limit_of_descriptors() {
    let (a, b) = pair(Type::STREAM);
    let (soft, hard) = rlimit::Resource::NOFILE.get().unwrap();
    // Take every number below a low limit but one.
    let next = File::open("/dev/null").unwrap();
    let limit = 64.max(next.as_raw_fd() as u64 + 8);
    drop(next);
    rlimit::Resource::NOFILE.set(limit, hard).unwrap();
    let mut taken = Vec::new();
    while let Ok(fd) = a.as_fd().try_clone_to_owned() {
        taken.push(fd);
    }
    taken.pop();
    a.send_fds(b"abc", &[&a, &a, &a]).unwrap();
    let mut control = RecvBuffer::with_room(cmsg::space(3 * 4));
    let got = b.recv_message(&mut [0; 3], &mut control).unwrap();
    let arrived = control.take_fds().len();
    a.send_fds(b"abc", &[&a, &a, &a]).unwrap();
    let lost = b.recv_fds(&mut [0; 3], 3).unwrap_err();
    drop(taken);
    rlimit::Resource::NOFILE.set(soft, hard).unwrap();
    assert_eq!(arrived, 1);
    assert!(got.is_control_truncated());
    assert!(matches!(lost.cause(), Cause::ControlLost(3)), "{lost}");
}

fn ten_thousand_rounds() {
    let (a, b) = pair(Type::SEQPACKET);
    let mut control = RecvBuffer::with_room(cmsg::space(3 * 4));
    let before = open_descriptors();
    for round in 0..ROUNDS {
        let count = round % 6;
        let fds = vec![&a; count];
        a.send_fds(b"x", &fds).unwrap();
        match round % 4 {
            0 => drop(b.recv_fds(&mut [0; 1], 3)),
            1 => drop(b.recv_message(&mut [0; 1], &mut control).map(|_| control.take_fds())),
            2 => drop(b.recv_message(&mut [0; 1], &mut control)),
            _ => drop(b.recv_fds_with(&mut [0; 0], count, MsgFlags::TRUNC | MsgFlags::CTRUNC)),
        }
        if round % 1000 == 0 {
            control.clear();
            assert_eq!(open_descriptors(), before, "after {round} rounds");
        }
    }
    control.clear();
    assert_eq!(open_descriptors(), before);
}
