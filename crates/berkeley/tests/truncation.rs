//! A message that does not fit says so, in every receiving call and on every type that has messages.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::IoSliceMut;

use berkeley::{Family, MsgFlags, Protocol, Result, Socket, Type};

/// A call that receives with room for four bytes, or fewer.
type Call = fn(&Socket) -> Result<usize>;

/// Connected pairs of every kind that keeps the boundaries of messages.
fn pairs() -> Vec<(Socket, Socket)> {
    let mut pairs: Vec<_> = [Type::DGRAM, Type::SEQPACKET]
        .map(|ty| Socket::pair(Family::UNIX, ty, Protocol::DEFAULT).unwrap())
        .into();
    for (family, place) in [(Family::INET, "127.0.0.1:0"), (Family::INET6, "[::1]:0")] {
        let [a, b] = [(); 2].map(|()| Socket::new(family, Type::DGRAM, Protocol::DEFAULT).unwrap());
        if b.bind(place).is_err() {
            berkeley_testing::record_skip(format_args!("no address {place}"));
            continue;
        }
        a.connect(b.local_addr().unwrap()).unwrap();
        pairs.push((a, b));
    }
    pairs
}

#[test]
fn what_does_not_fit_is_an_error_with_the_whole_length() {
    let calls: [Call; 5] = [
        |sock| sock.recv(&mut [0; 4]),
        |sock| sock.recv_vec(4).map(|data| data.len()),
        |sock| sock.recv_from(&mut [0; 4]).map(|(len, _)| len),
        |sock| sock.recv_vectored(&mut [IoSliceMut::new(&mut [0; 4])], MsgFlags::empty()),
        |sock| sock.recv(&mut []),
    ];
    for (a, b) in pairs() {
        for call in calls {
            a.send(b"0123456789").unwrap();
            assert_eq!(call(&b).unwrap_err().datagram_len(), Some(10), "{b:?}");
        }
        // The rest is gone, the next message is whole.
        a.send(b"next").unwrap();
        assert_eq!(b.recv_vec(4).unwrap(), b"next");
    }
}

#[test]
fn who_asks_for_the_beginning_gets_it() {
    for (a, b) in pairs() {
        a.send(b"0123456789").unwrap();
        let mut head = [0; 4];
        assert_eq!(b.recv_with(&mut head, MsgFlags::TRUNC).unwrap(), 4);
        assert_eq!(&head, b"0123");
    }
}

/// A call without room for control data does not lose it in silence.
#[test]
fn control_data_that_has_no_room_is_an_error() {
    for ty in [Type::DGRAM, Type::SEQPACKET, Type::STREAM] {
        let (a, b) = Socket::pair(Family::UNIX, ty, Protocol::DEFAULT).unwrap();
        // From now on each message comes with its sender's credentials.
        b.set(berkeley::opt::SO_PASSCRED, true).unwrap();
        let mut memory = [0; 16];
        a.send(b"first").unwrap();
        let mut pieces = [IoSliceMut::new(&mut memory)];
        let error = b.recv_from_vectored(&mut pieces, MsgFlags::empty()).unwrap_err();
        assert_eq!(error.cause(), berkeley::Cause::ControlLost(5), "{ty}: {error}");
        assert_eq!(&memory[..5], b"first", "{ty}: the data is there");
        a.send(b"second").unwrap();
        let mut pieces = [IoSliceMut::new(&mut memory)];
        assert_eq!(b.recv_vectored(&mut pieces, MsgFlags::CTRUNC).unwrap(), 6);
        b.set(berkeley::opt::SO_PASSCRED, false).unwrap();
        a.send(b"third").unwrap();
        let mut pieces = [IoSliceMut::new(&mut memory)];
        assert_eq!(b.recv_vectored(&mut pieces, MsgFlags::empty()).unwrap(), 5);
    }
}
