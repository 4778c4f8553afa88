//! The calls, each shown to those who watch.

use std::ffi::CStr;
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

use super::event::{About, Beside, Data, Op, Outcome};
use super::watch::{Call, watched};
use crate::sys::batch::{self, Headers, Inbox, Outgoing};
use crate::sys::control::ControlRoom;
use crate::sys::{
    self, Answer, Arrived, Errno, Filled, Hints, Interest, LookupFailure, Moved, Odd, Receive,
    Storage, Woken,
};

type Result<T, E = Errno> = std::result::Result<T, E>;

/// The descriptor of a socket, which is closed when it is dropped.
pub(crate) type Fd = sys::Held<Closing>;

#[derive(Debug)]
pub(crate) struct Closing;

impl sys::Closes for Closing {
    #[inline]
    fn close(fd: OwnedFd) {
        let _ = close(fd);
    }
}

#[inline]
pub(crate) fn hold(fd: OwnedFd) -> Fd {
    Fd::new(fd)
}

#[inline]
pub(crate) fn give_up(fd: Fd) -> OwnedFd {
    fd.into_owned()
}

/// Makes a call, and tells of it if somebody watches.
fn shown<T>(make: impl FnOnce() -> T, tell: impl FnOnce(Call, &T)) -> T {
    if !watched() {
        return make();
    }
    let call = Call::begin();
    let done = make();
    tell(call, &done);
    done
}

// The four calls that move bytes: both ways are called with the same arguments and end in the
// kernel's own answer, so that nobody pays for the one that is not taken.

#[inline]
pub(crate) fn send(fd: BorrowedFd<'_>, data: &[u8], flags: i32) -> Result<usize> {
    let sent = match watched() {
        true => watched_send(fd, data, flags),
        false => sys::raw_send(fd, data, flags),
    };
    sent.size()
}

#[cold]
#[inline(never)]
fn watched_send(fd: BorrowedFd<'_>, data: &[u8], flags: i32) -> Moved {
    let call = Call::begin();
    let sent = sys::raw_send(fd, data, flags);
    if let Ok(size) = sent.size() {
        let send = (Op::Send, true);
        if call.brief(send, fd.as_raw_fd(), flags, data.len(), size, data) {
            return sent;
        }
    }
    let about = About::Out { data: Data::One(data), flags, to: None, beside: Beside::NOTHING };
    gone(call, Op::Send, fd, sent, about)
}

#[inline]
pub(crate) fn send_to(fd: BorrowedFd<'_>, data: &[u8], flags: i32, to: &Storage) -> Result<usize> {
    let sent = match watched() {
        true => watched_send_to(fd, data, flags, to),
        false => sys::raw_send_to(fd, data, flags, to),
    };
    sent.size()
}

#[cold]
#[inline(never)]
fn watched_send_to(fd: BorrowedFd<'_>, data: &[u8], flags: i32, to: &Storage) -> Moved {
    let call = Call::begin();
    let sent = sys::raw_send_to(fd, data, flags, to);
    let about = About::Out { data: Data::One(data), flags, to: Some(to), beside: Beside::NOTHING };
    gone(call, Op::SendTo, fd, sent, about)
}

/// Tells of what was sent. Why it failed can still be asked then.
fn gone(call: Call, op: Op, fd: BorrowedFd<'_>, sent: Moved, about: About<'_>) -> Moved {
    let size = sent.size();
    call.end(op, fd.as_raw_fd(), Outcome::of_size(&size), about);
    if let Err(errno) = size {
        errno.restore();
    }
    sent
}

#[inline]
pub(crate) fn send_message(
    fd: BorrowedFd<'_>,
    data: &[IoSlice<'_>],
    control: &[u8],
    flags: i32,
    to: Option<&Storage>,
) -> Result<usize> {
    match watched() {
        true => watched_send_message(fd, data, control, flags, to),
        false => sys::send_message(fd, data, control, flags, to),
    }
}

#[cold]
#[inline(never)]
fn watched_send_message(
    fd: BorrowedFd<'_>,
    data: &[IoSlice<'_>],
    control: &[u8],
    flags: i32,
    to: Option<&Storage>,
) -> Result<usize> {
    let send = || sys::send_message(fd, data, control, flags, to);
    shown(send, |call, sent| {
        let about =
            About::Out { data: Data::Out(data), flags, to, beside: Beside::Control(control.len()) };
        call.end(Op::SendMsg, fd.as_raw_fd(), Outcome::of_size(sent), about);
    })
}

#[inline]
pub(crate) fn recv(
    fd: BorrowedFd<'_>,
    receive: &Receive,
    room: &mut [MaybeUninit<u8>],
    base: i32,
    asked: i32,
) -> Result<Filled, Odd> {
    let got = match watched() {
        true => watched_recv(fd, room, base, asked, receive),
        false => sys::raw_recv(fd, room, base, asked, receive),
    };
    got.filled(room)
}

#[cold]
#[inline(never)]
fn watched_recv(
    fd: BorrowedFd<'_>,
    room: &mut [MaybeUninit<u8>],
    base: i32,
    asked: i32,
    receive: &Receive,
) -> Moved {
    let call = Call::begin();
    let got = sys::raw_recv(fd, room, base, asked, receive);
    if let Ok(filled) = got.filled(room) {
        let (recv, flags, data) = ((Op::Recv, false), base | asked, filled.of(room));
        if call.brief(recv, fd.as_raw_fd(), flags, room.len(), data.len(), data) {
            return got;
        }
    }
    received(call, Op::Recv, fd, got.filled(room), room, base | asked, None);
    got
}

#[inline]
pub(crate) fn recv_from<E>(
    fd: BorrowedFd<'_>,
    receive: &Receive,
    room: &mut [MaybeUninit<u8>],
    base: i32,
    asked: i32,
    from: &mut Storage,
    odd: impl FnOnce(Odd, &mut [MaybeUninit<u8>], &mut Storage) -> Result<Filled, E>,
) -> Result<Filled, E> {
    let got = match watched() {
        true => watched_recv_from(fd, room, base, asked, from, receive),
        false => sys::raw_recv_from(fd, room, base, asked, from, receive),
    };
    got.filled_from(room, from, odd)
}

#[cold]
#[inline(never)]
fn watched_recv_from(
    fd: BorrowedFd<'_>,
    room: &mut [MaybeUninit<u8>],
    base: i32,
    asked: i32,
    from: &mut Storage,
    receive: &Receive,
) -> Moved {
    let call = Call::begin();
    let got = sys::raw_recv_from(fd, room, base, asked, from, receive);
    let filled = got.filled_from(room, from, |odd, _, _| Err(odd));
    received(call, Op::RecvFrom, fd, filled, room, base | asked, Some(from));
    got
}

/// Tells of what was received into one piece of memory. Why it failed can still be asked then.
fn received(
    call: Call,
    op: Op,
    fd: BorrowedFd<'_>,
    got: Result<Filled, Odd>,
    room: &[MaybeUninit<u8>],
    flags: i32,
    from: Option<&Storage>,
) {
    let failed = got.err().and_then(Odd::errno);
    let filled = match got {
        Ok(filled) => Some((filled.len(), filled)),
        Err(odd) => odd.cut(room.len()),
    };
    let (outcome, bytes) = match (failed, filled) {
        (Some(errno), _) => (Outcome::Failed(errno), &[][..]),
        (None, Some((len, filled))) => (size(len), filled.of(room)),
        (None, None) => (size(0), &[][..]),
    };
    let data = Data::One(bytes);
    let from = from.filter(|from| !from.as_bytes().is_empty());
    let about = About::In { room: room.len(), flags, data, from, beside: Beside::NOTHING };
    call.end(op, fd.as_raw_fd(), outcome, about);
    if let Some(errno) = failed {
        errno.restore();
    }
}

fn size(size: usize) -> Outcome {
    Outcome::of_size(&Ok(size))
}

pub(crate) fn recv_message(
    fd: BorrowedFd<'_>,
    data: &mut [IoSliceMut<'_>],
    control: &mut ControlRoom,
    base: i32,
    asked: i32,
    from: &mut Storage,
) -> Result<(Arrived, i32)> {
    if !watched() {
        return sys::recv_message(fd, data, control, base, asked, from);
    }
    let call = Call::begin();
    let got = sys::recv_message(fd, data, control, base, asked, from);
    let room = data.iter().map(|piece| piece.len()).sum();
    let filled = got.as_ref().map_or(0, |(arrived, _)| arrived.cut(room).len());
    message(call, fd, &got, room, base | asked, Data::In(data, filled), control, from);
    got
}

#[inline]
pub(crate) fn recv_message_into(
    fd: BorrowedFd<'_>,
    room: &mut [MaybeUninit<u8>],
    control: &mut ControlRoom,
    base: i32,
    asked: i32,
    from: &mut Storage,
) -> Result<(Arrived, i32)> {
    match watched() {
        true => watched_recv_message_into(fd, room, control, base, asked, from),
        false => sys::recv_message_into(fd, room, control, base, asked, from),
    }
}

#[cold]
#[inline(never)]
fn watched_recv_message_into(
    fd: BorrowedFd<'_>,
    room: &mut [MaybeUninit<u8>],
    control: &mut ControlRoom,
    base: i32,
    asked: i32,
    from: &mut Storage,
) -> Result<(Arrived, i32)> {
    let call = Call::begin();
    let got = sys::recv_message_into(fd, room, control, base, asked, from);
    let filled = got.as_ref().map(|(arrived, _)| arrived.cut(room.len()).of(room));
    let data = Data::One(filled.unwrap_or_default());
    message(call, fd, &got, room.len(), base | asked, data, control, from);
    got
}

#[allow(clippy::too_many_arguments, reason = "what recvmsg has")]
fn message(
    call: Call,
    fd: BorrowedFd<'_>,
    got: &Result<(Arrived, i32)>,
    room: usize,
    flags: i32,
    data: Data<'_>,
    control: &ControlRoom,
    from: &Storage,
) {
    let sizes = got.as_ref().map(|(arrived, _)| arrived.whole_len().unwrap_or(room));
    let outcome = Outcome::of_size(&sizes.map_err(|errno| *errno));
    let from = Some(from).filter(|from| !from.as_bytes().is_empty());
    let beside = Beside::Control(control.as_bytes().len());
    let about = About::In { room, flags, data, from, beside };
    call.end(Op::RecvMsg, fd.as_raw_fd(), outcome, about);
}

pub(crate) fn recv_batch<A: AsMut<Storage>>(
    inbox: &mut Inbox<A>,
    fd: BorrowedFd<'_>,
    first: usize,
    count: usize,
    base: i32,
    family: i32,
) -> Result<usize> {
    if !watched() {
        return inbox.recv(fd, first, count, base, family);
    }
    let call = Call::begin();
    let got = inbox.recv(fd, first, count, base, family);
    let each = inbox.each();
    let slots = inbox.slots().iter().skip(first).take(got.unwrap_or(0));
    let bytes = slots.map(|slot| slot.arrived.cut(each).len()).sum();
    let about = About::Batch { out: false, bytes, most: count };
    call.end(Op::RecvMmsg, fd.as_raw_fd(), Outcome::of_size(&got), about);
    got
}

pub(crate) fn send_batch<'a>(
    fd: BorrowedFd<'_>,
    headers: &mut Headers,
    messages: impl Iterator<Item = Outgoing<'a>>,
    flags: i32,
) -> Result<usize> {
    if !watched() {
        return batch::send_batch(fd, headers, messages, flags);
    }
    let call = Call::begin();
    let mut lens = Vec::new();
    let messages = messages.inspect(|(_, data, _)| lens.push(data.len()));
    let sent = batch::send_batch(fd, headers, messages, flags);
    let bytes = lens.iter().take(sent.unwrap_or(0)).sum();
    let about = About::Batch { out: true, bytes, most: lens.len() };
    call.end(Op::SendMmsg, fd.as_raw_fd(), Outcome::of_size(&sent), about);
    sent
}

pub(crate) fn send_segments(
    fd: BorrowedFd<'_>,
    data: &[u8],
    size: u16,
    flags: i32,
    to: Option<&Storage>,
) -> Result<usize> {
    let send = || batch::send_segments(fd, data, size, flags, to);
    shown(send, |call, sent| {
        let about = About::Out {
            data: Data::One(data),
            flags,
            to,
            beside: Beside::Control(size_of::<u16>()),
        };
        call.end(Op::SendMsg, fd.as_raw_fd(), Outcome::of_size(sent), about);
    })
}

pub(crate) fn socket(family: i32, ty: i32, protocol: i32, nonblocking: bool) -> Result<OwnedFd> {
    let make = || sys::socket(family, ty, protocol, nonblocking);
    shown(make, |call, made| {
        let kind = (family, ty, protocol);
        call.made(Op::Socket, number(made), kind, Outcome::of(made, value), About::Made(kind));
    })
}

pub(crate) fn socketpair(
    family: i32,
    ty: i32,
    protocol: i32,
    nonblocking: bool,
) -> Result<(OwnedFd, OwnedFd)> {
    let make = || sys::socketpair(family, ty, protocol, nonblocking);
    shown(make, |call, made| {
        let kind = (family, ty, protocol);
        let (first, about) = match made {
            Ok((one, other)) => (Some(one.as_raw_fd()), About::Pair(kind, other.as_raw_fd())),
            Err(_) => (None, About::Made(kind)),
        };
        call.made(Op::SocketPair, first, kind, Outcome::of(made, |_| 0), about);
    })
}

pub(crate) fn accept(fd: BorrowedFd<'_>, from: &mut Storage, nonblocking: bool) -> Result<OwnedFd> {
    if !watched() {
        return sys::accept(fd, from, nonblocking);
    }
    let call = Call::begin();
    let made = sys::accept(fd, from, nonblocking);
    let from = Some(&*from).filter(|from| !from.as_bytes().is_empty());
    let about = About::Accepted { new: number(&made), from };
    call.came_of(Op::Accept, fd.as_raw_fd(), Outcome::of(&made, value), about);
    made
}

pub(crate) fn accept_nameless(fd: BorrowedFd<'_>, nonblocking: bool) -> Result<OwnedFd> {
    shown(
        || sys::accept_nameless(fd, nonblocking),
        |call, made| {
            let about = About::Accepted { new: number(made), from: None };
            call.came_of(Op::Accept, fd.as_raw_fd(), Outcome::of(made, value), about);
        },
    )
}

pub(crate) fn dup(fd: BorrowedFd<'_>) -> Result<OwnedFd> {
    copied(fd.as_raw_fd(), || sys::dup(fd))
}

pub(crate) fn dup_raw(fd: RawFd) -> Result<OwnedFd> {
    copied(fd, || sys::dup_raw(fd))
}

fn copied(fd: RawFd, dup: impl FnOnce() -> Result<OwnedFd>) -> Result<OwnedFd> {
    shown(dup, |call, made| {
        call.came_of(Op::Dup, fd, Outcome::of(made, value), About::New(number(made)));
    })
}

fn number(made: &Result<OwnedFd>) -> Option<RawFd> {
    made.as_ref().ok().map(AsRawFd::as_raw_fd)
}

fn value(made: &OwnedFd) -> i64 {
    made.as_raw_fd().into()
}

/// Closes the descriptor, and says what the kernel answered. The number may be another file's before
/// anybody is told, so the socket is forgotten first.
#[inline]
pub(crate) fn close(fd: OwnedFd) -> Result<()> {
    if watched() {
        return watched_close(fd);
    }
    sys::close(fd)
}

#[cold]
#[inline(never)]
fn watched_close(fd: OwnedFd) -> Result<()> {
    let number = fd.as_raw_fd();
    let ending = Call::ending(number);
    let call = Call::begin();
    let closed = sys::close(fd);
    call.closed(number, ending, Outcome::of(&closed, |()| 0));
    closed
}

/// A call with a descriptor that answers nothing but whether it has succeeded.
macro_rules! plain {
    ($($name:ident($($arg:ident: $ty:ty),*) = $op:ident, $about:expr;)+) => {
        $(
            pub(crate) fn $name(fd: BorrowedFd<'_>, $($arg: $ty),*) -> Result<()> {
                shown(
                    || sys::$name(fd, $($arg),*),
                    |call, done| {
                        call.end(Op::$op, fd.as_raw_fd(), Outcome::of(done, |()| 0), $about);
                    },
                )
            }
        )+
    };
}

plain! {
    bind(addr: &Storage) = Bind, About::Address(addr);
    connect(addr: &Storage) = Connect, About::Address(addr);
    listen(backlog: i32) = Listen, About::Number(backlog);
    shutdown(how: i32) = Shutdown, About::Number(how);
    retire() = Retire, About::Nothing;
    set_nonblocking(on: bool) = Ioctl, About::Number(on.into());
    set_option(level: i32, number: i32, value: &[u8]) = SetSockOpt,
        About::Option { level, number, value };
    set_option_len(level: i32, number: i32, len: u32) = SetSockOpt,
        About::Option { level, number, value: &len.to_ne_bytes() };
}

pub(crate) fn get_option(
    fd: BorrowedFd<'_>,
    level: i32,
    number: i32,
    value: &mut [u8],
) -> Result<usize> {
    if !watched() {
        return sys::get_option(fd, level, number, value);
    }
    let call = Call::begin();
    let got = sys::get_option(fd, level, number, value);
    let value = value.get(..got.unwrap_or(0)).unwrap_or_default();
    let about = About::Option { level, number, value };
    call.end(Op::GetSockOpt, fd.as_raw_fd(), Outcome::of(&got, |_| 0), about);
    got
}

pub(crate) fn peer_pidfd(fd: BorrowedFd<'_>) -> Result<OwnedFd> {
    shown(
        || sys::peer_pidfd(fd),
        |call, got| {
            let (level, number) = (sys::c::SOL_SOCKET, sys::c::SO_PEERPIDFD);
            let about = About::Option { level, number, value: &[] };
            call.end(Op::GetSockOpt, fd.as_raw_fd(), Outcome::of(got, |_| 0), about);
        },
    )
}

pub(crate) fn at_mark(fd: BorrowedFd<'_>) -> Result<bool> {
    shown(
        || sys::at_mark(fd),
        |call, got| {
            call.end(Op::Ioctl, fd.as_raw_fd(), Outcome::of(got, |_| 0), About::Nothing);
        },
    )
}

pub(crate) fn local_addr(fd: BorrowedFd<'_>) -> Result<Storage> {
    named(Op::GetSockName, fd, sys::local_addr)
}

pub(crate) fn peer_addr(fd: BorrowedFd<'_>) -> Result<Storage> {
    named(Op::GetPeerName, fd, sys::peer_addr)
}

fn named(
    op: Op,
    fd: BorrowedFd<'_>,
    ask: impl FnOnce(BorrowedFd<'_>) -> Result<Storage>,
) -> Result<Storage> {
    shown(
        || ask(fd),
        |call, got| {
            let about = got.as_ref().map_or(About::Nothing, About::Address);
            call.end(op, fd.as_raw_fd(), Outcome::of(got, |_| 0), about);
        },
    )
}

pub(crate) fn wait(
    fd: BorrowedFd<'_>,
    interest: Interest,
    limit: Option<Duration>,
) -> Result<Woken> {
    shown(
        || sys::wait(fd, interest, limit),
        |call, woken| {
            let outcome = Outcome::of(woken, |woken| (*woken != Woken::TimedOut).into());
            call.end(Op::Poll, fd.as_raw_fd(), outcome, About::Wait { interest, limit, of: 1 });
        },
    )
}

pub(crate) fn wait_any(
    fds: &[BorrowedFd<'_>],
    interest: Interest,
    limit: Option<Duration>,
) -> Result<Vec<bool>> {
    let wait = || sys::wait_any(fds, interest, limit);
    shown(wait, |call, ready| {
        // It is told of the first that was ready, or of the first.
        let first = ready.as_ref().ok().and_then(|ready| ready.iter().position(|ready| *ready));
        let fd = fds.get(first.unwrap_or(0)).map_or(-1, AsRawFd::as_raw_fd);
        let outcome = Outcome::of(ready, |ready| ready.iter().map(|ready| i64::from(*ready)).sum());
        call.end(Op::Poll, fd, outcome, About::Wait { interest, limit, of: fds.len() });
    })
}

pub(crate) fn sendfile(
    to: BorrowedFd<'_>,
    file: BorrowedFd<'_>,
    offset: u64,
    count: usize,
) -> Result<usize> {
    moved(Op::SendFile, to, true, count, || sys::sendfile(to, file, offset, count))
}

/// Moves bytes between a pipe and another file, a socket; `out` says that they go there.
pub(crate) fn splice(
    from: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
    most: usize,
    nonblocking: bool,
    out: bool,
) -> Result<usize> {
    let socket = if out { to } else { from };
    moved(Op::Splice, socket, out, most, || sys::splice(from, to, most, nonblocking))
}

fn moved(
    op: Op,
    socket: BorrowedFd<'_>,
    out: bool,
    most: usize,
    make: impl FnOnce() -> Result<usize>,
) -> Result<usize> {
    shown(make, |call, done| {
        call.end(op, socket.as_raw_fd(), Outcome::of_size(done), About::Move { out, most });
    })
}

pub(crate) fn getaddrinfo(
    host: Option<&CStr>,
    service: Option<&CStr>,
    hints: Hints,
) -> Result<Vec<Answer>, LookupFailure> {
    let ask = || sys::getaddrinfo(host, service, hints);
    shown(ask, |call, answers| {
        let count = answers.as_ref().map(Vec::len).map_err(|failure| *failure);
        call.end(Op::GetAddrInfo, -1, looked_up(count), About::Lookup { host, service });
    })
}

pub(crate) fn getnameinfo(addr: &Storage, flags: i32) -> Result<(Vec<u8>, Vec<u8>), LookupFailure> {
    let ask = || sys::getnameinfo(addr, flags);
    shown(ask, |call, names| {
        let outcome = looked_up(names.as_ref().map(|_| 0).map_err(|failure| *failure));
        call.end(Op::GetNameInfo, -1, outcome, About::Address(addr));
    })
}

fn looked_up(done: Result<usize, LookupFailure>) -> Outcome {
    match done {
        Ok(count) => size(count),
        Err(failure) if failure.code == sys::c::EAI_SYSTEM => Outcome::Failed(failure.errno),
        Err(failure) => Outcome::LookupFailed(failure.code),
    }
}

/// A call that something above has made of others: what the program sees of what goes ciphered over
/// the wire. Without a socket it stays in memory.
#[cfg(feature = "trace")]
pub(crate) fn ciphered(
    fd: Option<BorrowedFd<'_>>,
    took: Duration,
    outcome: Outcome,
    about: About<'_>,
) {
    if watched() {
        let op = if matches!(about, About::Out { .. }) { Op::SslWrite } else { Op::SslRead };
        let fd = fd.map_or(-1, |fd| fd.as_raw_fd());
        Call::begun_before(took).end(op, fd, outcome, about);
    }
}
