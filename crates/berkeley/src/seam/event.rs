//! What is known of a call that has ended.

use std::ffi::CStr;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::RawFd;
use std::time::Duration;

use super::table::Kind;
use crate::sys::{Errno, Interest, Storage};

/// The calls, by their names in C.
macro_rules! ops {
    ($($name:ident $text:literal),+ $(,)?) => {
        /// A call of the system that a socket makes.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub(crate) enum Op { $($name),+ }

        impl Op {
            const ALL: &[Op] = &[$(Op::$name),+];

            /// The name in C.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Op::$name => $text),+ }
            }

            /// The one with this number.
            pub(crate) fn of_number(number: u8) -> Option<Op> {
                Op::ALL.get(usize::from(number)).copied()
            }
        }
    };
}

ops! {
    Socket "socket", SocketPair "socketpair", Bind "bind", Connect "connect", Listen "listen",
    Accept "accept", Shutdown "shutdown", Close "close", Dup "dup", Retire "dup3",
    Send "send", SendTo "sendto", SendMsg "sendmsg", SendMmsg "sendmmsg",
    Recv "recv", RecvFrom "recvfrom", RecvMsg "recvmsg", RecvMmsg "recvmmsg",
    SendFile "sendfile", Splice "splice",
    GetSockName "getsockname", GetPeerName "getpeername",
    GetSockOpt "getsockopt", SetSockOpt "setsockopt", Ioctl "ioctl", Poll "poll",
    GetAddrInfo "getaddrinfo", GetNameInfo "getnameinfo",
    SslRead "ssl_read", SslWrite "ssl_write",
}

impl Op {
    /// Whether it is not a call of the system: the bytes are those before ciphering.
    pub(crate) fn is_ciphered(self) -> bool {
        matches!(self, Op::SslRead | Op::SslWrite)
    }
}

/// What a call answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// Its number, zero where it has none.
    Value(i64),
    Failed(Errno),
    /// An `EAI_` code.
    LookupFailed(i32),
}

impl Outcome {
    pub(super) fn of<T>(done: &Result<T, Errno>, value: impl FnOnce(&T) -> i64) -> Outcome {
        match done {
            Ok(done) => Outcome::Value(value(done)),
            Err(errno) => Outcome::Failed(*errno),
        }
    }

    /// How much was moved.
    pub(crate) fn of_size(done: &Result<usize, Errno>) -> Outcome {
        Outcome::of(done, |size| i64::try_from(*size).unwrap_or(i64::MAX))
    }

    /// The number, of a call that has succeeded.
    pub(crate) fn value(self) -> Option<i64> {
        match self {
            Outcome::Value(value) => Some(value),
            _ => None,
        }
    }
}

/// Bytes that were sent or received.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Data<'a> {
    One(&'a [u8]),
    Out(&'a [IoSlice<'a>]),
    /// Of which so many bytes were filled.
    In(&'a [IoSliceMut<'a>], usize),
    /// Nobody knows them here, only how many they were.
    Unseen(usize),
}

impl Data<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Data::One(bytes) => bytes.len(),
            Data::Out(pieces) => pieces.iter().map(|piece| piece.len()).sum(),
            Data::In(_, len) | Data::Unseen(len) => *len,
        }
    }

    /// Shows the first so many bytes, in pieces.
    pub(crate) fn first(&self, most: usize, mut see: impl FnMut(&[u8])) {
        let mut left = most.min(self.len());
        let mut show = |piece: &[u8]| {
            let piece = piece.get(..left).unwrap_or(piece);
            left -= piece.len();
            see(piece);
        };
        match self {
            Data::One(bytes) => show(bytes),
            Data::Out(pieces) => pieces.iter().for_each(|piece| show(piece)),
            Data::In(pieces, _) => pieces.iter().for_each(|piece| show(piece)),
            Data::Unseen(_) => {}
        }
    }
}

/// What stands beside bytes that have moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Beside {
    /// So many bytes of control data.
    Control(usize),
    /// No socket: what ciphers them in memory has this number.
    Object(u32),
}

impl Beside {
    pub(crate) const NOTHING: Beside = Beside::Control(0);
}

/// What a call was about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum About<'a> {
    Nothing,
    /// A new socket of this kind.
    Made(Kind),
    /// Two of them: the number of the other.
    Pair(Kind, RawFd),
    /// A descriptor that came of another: the number of the new one.
    New(Option<RawFd>),
    /// The address of `bind`, `connect`, `getsockname`, `getpeername`, `getnameinfo`.
    Address(&'a Storage),
    /// A number: the backlog, which directions.
    Number(i32),
    Accepted {
        new: Option<RawFd>,
        from: Option<&'a Storage>,
    },
    Out {
        data: Data<'a>,
        flags: i32,
        to: Option<&'a Storage>,
        beside: Beside,
    },
    In {
        room: usize,
        flags: i32,
        data: Data<'a>,
        from: Option<&'a Storage>,
        beside: Beside,
    },
    /// Many messages: so many bytes of those that went or came, of so many messages at most.
    Batch {
        out: bool,
        bytes: usize,
        most: usize,
    },
    Option {
        level: i32,
        number: i32,
        value: &'a [u8],
    },
    Wait {
        interest: Interest,
        limit: Option<Duration>,
        /// So many descriptors.
        of: usize,
    },
    /// Bytes that go from one file to another in the kernel.
    Move {
        out: bool,
        most: usize,
    },
    Lookup {
        host: Option<&'a CStr>,
        service: Option<&'a CStr>,
    },
}

/// A call that has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event<'a> {
    pub(crate) op: Op,
    pub(crate) fd: RawFd,
    /// Nanoseconds of the monotonic clock.
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) outcome: Outcome,
    pub(crate) about: About<'a>,
}

impl Event<'_> {
    /// How many bytes it moved, and whether out of this process. What was only peeked at counts
    /// later.
    pub(crate) fn moved(&self) -> Option<(bool, u64)> {
        let value = u64::try_from(self.outcome.value()?).ok()?;
        match self.about {
            About::Out { .. } => Some((true, value)),
            About::In { flags, data, .. } => {
                let peeked = flags & (crate::sys::c::MSG_PEEK | crate::sys::c::MSG_ERRQUEUE) != 0;
                (!peeked).then_some((false, data.len() as u64))
            }
            About::Batch { out, bytes, .. } => Some((out, bytes as u64)),
            About::Move { out, .. } => Some((out, value)),
            _ => None,
        }
    }
}
