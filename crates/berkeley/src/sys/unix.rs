//! The socket calls that every Unix has.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::ptr;

use super::control::ControlRoom;
use super::manners::{UNTOLD, message_flags, told_flags};
use super::{Errno, Storage, c};

type Result<T, E = Errno> = std::result::Result<T, E>;

pub(crate) fn bind(fd: BorrowedFd<'_>, addr: &Storage) -> Result<()> {
    // SAFETY: the pointer and length describe initialised bytes of `addr`.
    check(unsafe { c::bind(fd.as_raw_fd(), addr.as_ptr(), addr.len()) })
}

pub(crate) fn connect(fd: BorrowedFd<'_>, addr: &Storage) -> Result<()> {
    // SAFETY: the pointer and length describe initialised bytes of `addr`.
    check(unsafe { c::connect(fd.as_raw_fd(), addr.as_ptr(), addr.len()) })
}

pub(crate) fn listen(fd: BorrowedFd<'_>, backlog: i32) -> Result<()> {
    // SAFETY: `listen` takes no memory of ours.
    check(unsafe { c::listen(fd.as_raw_fd(), backlog) })
}

pub(crate) fn shutdown(fd: BorrowedFd<'_>, how: i32) -> Result<()> {
    // SAFETY: `shutdown` takes no memory of ours.
    check(unsafe { c::shutdown(fd.as_raw_fd(), how) })
}

/// Closes the descriptor and says what the kernel answered. The descriptor is gone either way.
pub(crate) fn close(fd: OwnedFd) -> Result<()> {
    // SAFETY: the descriptor is ours, and is given up here.
    check(unsafe { c::close(fd.into_raw_fd()) })
}

/// A second descriptor of the same socket.
pub(crate) fn dup(fd: BorrowedFd<'_>) -> Result<OwnedFd> {
    fd.try_clone_to_owned().map_err(|error| Errno(error.raw_os_error().unwrap_or(c::EMFILE)))
}

/// A duplicate of a descriptor that is known by its number only.
pub(crate) fn dup_raw(fd: RawFd) -> Result<OwnedFd> {
    // SAFETY: `F_DUPFD_CLOEXEC` takes no memory of ours; a number that is not open is an error.
    new_fd(unsafe { c::fcntl(fd, c::F_DUPFD_CLOEXEC, 0) })
}

#[inline]
pub(crate) fn send(fd: BorrowedFd<'_>, data: &[u8], flags: i32) -> Result<usize> {
    raw_send(fd, data, flags).size()
}

#[inline]
pub(crate) fn raw_send(fd: BorrowedFd<'_>, data: &[u8], flags: i32) -> Moved {
    // SAFETY: the pointer and length describe `data`, which the call only reads.
    Moved(unsafe { c::send(fd.as_raw_fd(), data.as_ptr().cast(), data.len(), flags) })
}

#[inline]
#[cfg(not(feature = "_seam"))]
pub(crate) fn send_to(fd: BorrowedFd<'_>, data: &[u8], flags: i32, to: &Storage) -> Result<usize> {
    raw_send_to(fd, data, flags, to).size()
}

#[inline]
pub(crate) fn raw_send_to(fd: BorrowedFd<'_>, data: &[u8], flags: i32, to: &Storage) -> Moved {
    // SAFETY: both pointers come with the length of what they point to, and are only read.
    Moved(unsafe {
        c::sendto(fd.as_raw_fd(), data.as_ptr().cast(), data.len(), flags, to.as_ptr(), to.len())
    })
}

/// Sends several pieces of memory as one, to an address if there is one, with control messages
/// beside them if there are any.
#[inline]
pub(crate) fn send_message(
    fd: BorrowedFd<'_>,
    data: &[IoSlice<'_>],
    control: &[u8],
    flags: i32,
    to: Option<&Storage>,
) -> Result<usize> {
    let mut message = outgoing(to, control);
    message.msg_iov = data.as_ptr().cast_mut().cast();
    message.msg_iovlen = data.len() as _;
    // SAFETY: `IoSlice` has the layout of `iovec`; every pointer in the message is to memory
    // borrowed for the length of the call, which only reads it.
    check_size(unsafe { c::sendmsg(fd.as_raw_fd(), &message, flags) })
}

/// The header of a message to an address, if there is one, with these control messages; the pieces
/// are yet to come.
pub(super) fn outgoing(to: Option<&Storage>, control: &[u8]) -> c::msghdr {
    let mut message = empty_message();
    if let Some(to) = to {
        message.msg_name = to.as_ptr().cast_mut().cast();
        message.msg_namelen = to.len();
    }
    if !control.is_empty() {
        message.msg_control = control.as_ptr().cast_mut().cast();
        message.msg_controllen = control.len() as _;
    }
    message
}

/// What a call that moves bytes has answered, as the kernel gave it: two ways that end with one have
/// the rest in common. Why it failed is to be asked before any other call is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moved(isize);

impl Moved {
    #[inline]
    pub(crate) fn size(self) -> Result<usize> {
        check_size(self.0)
    }

    /// What the memory that the call was given holds. The answer is the short way of what happens
    /// nearly always, which one comparison tells from everything else.
    #[inline]
    pub(crate) fn filled(self, room: &[MaybeUninit<u8>]) -> Result<Filled, Odd> {
        Filled::plain(self.0, room.len()).ok_or(Odd(self.0))
    }

    /// The same of a call that asked who sent it. What is odd goes to `odd`, with the memory and the
    /// sender.
    #[inline]
    pub(crate) fn filled_from<E>(
        self,
        room: &mut [MaybeUninit<u8>],
        from: &mut Storage,
        odd: impl FnOnce(Odd, &mut [MaybeUninit<u8>], &mut Storage) -> Result<Filled, E>,
    ) -> Result<Filled, E> {
        match Filled::plain(self.0, room.len()) {
            Some(filled) => Ok(filled),
            None => oddly(self.0, room, from, odd),
        }
    }
}

/// What a receiving call answered: how long the message was, or the piece of the stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived(pub(super) usize);

impl Arrived {
    /// Longer than the memory for it, nobody knows by how much.
    const BEYOND: Arrived = Arrived(isize::MAX as usize);

    /// How long it was, which may be more than there was memory for, or `None` if that is all
    /// that is known.
    #[inline]
    pub(crate) fn whole_len(self) -> Option<usize> {
        (self.0 != Self::BEYOND.0).then_some(self.0)
    }

    /// What memory of this length holds of it, if that is all of it.
    #[inline]
    pub(crate) fn fits(self, room: usize) -> Option<Filled> {
        (self.0 <= room).then_some(Filled(self.0))
    }

    /// What memory of this length holds of it.
    #[inline]
    pub(crate) fn cut(self, room: usize) -> Filled {
        Filled(self.0.min(room))
    }
}

/// So many bytes at the beginning of the memory that a receiving call was given are now
/// initialised. Made here alone, so that those who have one may believe it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filled(usize);

impl Filled {
    /// What a receiving call has answered, if that is some bytes and all of them fit.
    #[inline]
    fn plain(answer: isize, room: usize) -> Option<Filled> {
        let len = answer as usize;
        // Nothing and failures become more than any memory has.
        (len.wrapping_sub(1) < room).then_some(Filled(len))
    }

    #[inline]
    pub(crate) fn len(self) -> usize {
        self.0
    }

    /// The bytes that the call has written to its memory, which this is.
    #[cfg(feature = "_seam")]
    pub(crate) fn of(self, room: &[MaybeUninit<u8>]) -> &[u8] {
        let filled = room.get(..self.0).unwrap_or_default();
        // SAFETY: it was made of the answer of a call that has filled so many bytes of this memory.
        unsafe { &*(ptr::from_ref(filled) as *const [u8]) }
    }
}

/// The call by which sockets of a kind receive, chosen once: `recvfrom(2)`, or what stands in for
/// it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receive(ReceiveFn);

/// Descriptor, memory and its length, flags, sender and its length.
type ReceiveFn = unsafe extern "C" fn(
    c::c_int,
    *mut c::c_void,
    usize,
    c::c_int,
    *mut c::sockaddr,
    *mut c::socklen_t,
) -> isize;

impl Receive {
    /// The one for sockets that receive with these [flags](super::recv_flags).
    #[inline]
    pub(crate) fn with(base: i32) -> Receive {
        Receive(if base & UNTOLD == 0 { c::recvfrom } else { recv_untold })
    }
}

/// What a receiving call answered, unless that was bytes which fit: the end, more than there was
/// room for, or a failure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Odd(isize);

#[cfg(feature = "_seam")]
impl Odd {
    /// Why it failed, if it has. To be asked as [`arrived`] is.
    pub(crate) fn errno(self) -> Option<Errno> {
        (self.0 < 0).then(Errno::last)
    }

    /// How long it was, and what memory of this length holds of it, unless it has failed.
    pub(crate) fn cut(self, room: usize) -> Option<(usize, Filled)> {
        let len = usize::try_from(self.0).ok()?;
        Some((len, Filled(len.min(room))))
    }
}

/// What a receiving call answered, of either kind. To be asked before any other call is made, for
/// why it failed is known until then.
#[inline]
pub(crate) fn arrived(answer: Result<Filled, Odd>) -> Result<Arrived> {
    match answer {
        Ok(filled) => Ok(Arrived(filled.len())),
        Err(Odd(answer)) => check_size(answer).map(Arrived),
    }
}

/// Receives a piece of a stream or one message, with the flags that [`recv_flags`](super::recv_flags)
/// gives for it and those that the caller asked for.
#[inline]
#[cfg(not(feature = "_seam"))]
pub(crate) fn recv(
    fd: BorrowedFd<'_>,
    receive: &Receive,
    room: &mut [MaybeUninit<u8>],
    base: i32,
    asked: i32,
) -> Result<Filled, Odd> {
    raw_recv(fd, room, base, asked, receive).filled(room)
}

#[inline]
pub(crate) fn raw_recv(
    fd: BorrowedFd<'_>,
    room: &mut [MaybeUninit<u8>],
    base: i32,
    asked: i32,
    receive: &Receive,
) -> Moved {
    let flags = all_flags(base, asked, room);
    let (fd, data, len) = (fd.as_raw_fd(), room.as_mut_ptr().cast(), room.len());
    // SAFETY: the pointer and length describe `room`, which is borrowed mutably; nobody asks for
    // the sender.
    Moved(unsafe { receive.0(fd, data, len, flags, ptr::null_mut(), ptr::null_mut()) })
}

/// [`recv`], and who sent it. What is odd goes to `odd`, with the memory and the sender.
#[inline]
#[cfg(not(feature = "_seam"))]
pub(crate) fn recv_from<E>(
    fd: BorrowedFd<'_>,
    receive: &Receive,
    room: &mut [MaybeUninit<u8>],
    base: i32,
    asked: i32,
    from: &mut Storage,
    odd: impl FnOnce(Odd, &mut [MaybeUninit<u8>], &mut Storage) -> Result<Filled, E>,
) -> Result<Filled, E> {
    raw_recv_from(fd, room, base, asked, from, receive).filled_from(room, from, odd)
}

/// After a failure the sender is whatever it was.
#[inline]
pub(crate) fn raw_recv_from(
    fd: BorrowedFd<'_>,
    room: &mut [MaybeUninit<u8>],
    base: i32,
    asked: i32,
    from: &mut Storage,
    receive: &Receive,
) -> Moved {
    let flags = all_flags(base, asked, room);
    let (fd, data, len) = (fd.as_raw_fd(), room.as_mut_ptr().cast(), room.len());
    // SAFETY: the pointer and length describe `room`, those of the address come from there, which
    // whoever asks what was filled has cleared if the call has failed.
    Moved(unsafe {
        let (addr, addr_len) = from.open();
        receive.0(fd, data, len, flags, addr, addr_len)
    })
}

/// The one call that stands on the way of what is odd, so that the short way keeps nothing for it.
#[cold]
#[inline(never)]
fn oddly<E>(
    got: isize,
    room: &mut [MaybeUninit<u8>],
    from: &mut Storage,
    odd: impl FnOnce(Odd, &mut [MaybeUninit<u8>], &mut Storage) -> Result<Filled, E>,
) -> Result<Filled, E> {
    if got < 0 {
        from.clear();
    }
    odd(Odd(got), room, from)
}

/// `recvfrom(2)` of a kind whose kernel says only in flags that a message did not fit: then the
/// answer is more than any memory has.
///
/// # Safety
///
/// That of `recvfrom(2)`.
unsafe extern "C" fn recv_untold(
    fd: c::c_int,
    data: *mut c::c_void,
    room: usize,
    flags: c::c_int,
    from: *mut c::sockaddr,
    from_len: *mut c::socklen_t,
) -> isize {
    let mut piece = c::iovec { iov_base: data, iov_len: room };
    let mut message = empty_message();
    message.msg_iov = &mut piece;
    message.msg_iovlen = 1;
    message.msg_name = from.cast();
    // SAFETY: a sender comes with a length; one piece describes the memory.
    unsafe {
        if !from.is_null() {
            message.msg_namelen = *from_len;
        }
        let got = c::recvmsg(fd, &mut message, message_flags(flags));
        if !from.is_null() && got >= 0 {
            *from_len = message.msg_namelen;
        }
        let beyond = got >= 0 && message.msg_flags & c::MSG_TRUNC != 0 && got as usize == room;
        if beyond { Arrived::BEYOND.0 as isize } else { got }
    }
}

/// [`recv_from`] into several pieces of memory, with the control messages that come along if
/// there is room for them, and the flags that the kernel answers.
pub(crate) fn recv_message(
    fd: BorrowedFd<'_>,
    data: &mut [IoSliceMut<'_>],
    control: &mut ControlRoom,
    base: i32,
    asked: i32,
    from: &mut Storage,
) -> Result<(Arrived, i32)> {
    let flags = all_flags(base, asked, &mut []);
    let room = data.iter().map(|piece| piece.len()).sum();
    // SAFETY: `IoSliceMut` has the layout of `iovec`, and the pieces are borrowed mutably.
    let got = unsafe { recv_iovec(fd, data.as_mut_ptr().cast(), data.len(), control, flags, from) };
    got.map(|got| told(got, base, room))
}

/// [`recv_message`] into one piece of memory.
#[inline]
pub(crate) fn recv_message_into(
    fd: BorrowedFd<'_>,
    room: &mut [MaybeUninit<u8>],
    control: &mut ControlRoom,
    base: i32,
    asked: i32,
    from: &mut Storage,
) -> Result<(Arrived, i32)> {
    let flags = all_flags(base, asked, room);
    let mut piece = c::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() };
    // SAFETY: one piece, which describes `room`.
    let got = unsafe { recv_iovec(fd, &mut piece, 1, control, flags, from) };
    got.map(|got| told(got, base, room.len()))
}

/// What arrived, where a flag alone may say that it was more than there was room for.
pub(super) fn told((arrived, flags): (Arrived, i32), base: i32, room: usize) -> (Arrived, i32) {
    // Only if the memory is full: what is answered as filled must be initialised.
    let beyond = base & UNTOLD != 0 && flags & c::MSG_TRUNC != 0 && arrived.0 == room;
    (if beyond { Arrived::BEYOND } else { arrived }, flags)
}

/// # Safety
///
/// `pieces` are so many `iovec`s of memory that may be written to.
unsafe fn recv_iovec(
    fd: BorrowedFd<'_>,
    pieces: *mut c::iovec,
    count: usize,
    control: &mut ControlRoom,
    flags: i32,
    from: &mut Storage,
) -> Result<(Arrived, i32)> {
    let mut message = empty_message();
    message.msg_iov = pieces;
    message.msg_iovlen = count as _;
    // SAFETY: the pointers of the pieces, the address and the control data go to `recvmsg` as
    // they come, each with its length, and the lengths come from there.
    let got = unsafe {
        from.filled_by(|addr, len| {
            message.msg_name = addr.cast();
            message.msg_namelen = *len;
            let got = control.filled_by(|room, room_len| {
                message.msg_control = room.cast();
                message.msg_controllen = room_len as _;
                let flags = message_flags(flags);
                let got = check_size(c::recvmsg(fd.as_raw_fd(), &mut message, flags))?;
                // Another type on some platforms.
                #[allow(clippy::unnecessary_cast)]
                Ok((got, message.msg_controllen as usize))
            });
            *len = message.msg_namelen;
            got
        })
    };
    Ok((Arrived(got?), told_flags(message.msg_flags)))
}

pub(crate) fn local_addr(fd: BorrowedFd<'_>) -> Result<Storage> {
    // SAFETY: `getsockname` fits the contract of `read_addr`.
    read_addr(|addr, len| unsafe { c::getsockname(fd.as_raw_fd(), addr, len) })
}

pub(crate) fn peer_addr(fd: BorrowedFd<'_>) -> Result<Storage> {
    // SAFETY: `getpeername` fits the contract of `read_addr`.
    read_addr(|addr, len| unsafe { c::getpeername(fd.as_raw_fd(), addr, len) })
}

/// Reads an option into `value` and answers how many of its bytes the kernel set.
///
/// `EINVAL` if the bytes in `value` would tell the kernel to write elsewhere.
pub(crate) fn get_option(
    fd: BorrowedFd<'_>,
    level: i32,
    name: i32,
    value: &mut [u8],
) -> Result<usize> {
    if super::answer_is_written_elsewhere(level, name) && value.iter().any(|byte| *byte != 0) {
        return Err(Errno(c::EINVAL));
    }
    // What the kernel counts this option's room in.
    let unit = super::option_unit(level, name);
    let room = value.len() / unit;
    let mut len = c::socklen_t::try_from(room).unwrap_or(c::socklen_t::MAX);
    // SAFETY: the pointer and length describe `value`, which is borrowed mutably, and it has no
    // addresses of other memory in it.
    check(unsafe {
        c::getsockopt(fd.as_raw_fd(), level, name, value.as_mut_ptr().cast(), &mut len)
    })?;
    Ok((len as usize).min(room) * unit)
}

/// An option of a descriptor that is known by its number only, for those who look on.
#[cfg(feature = "_seam")]
pub(crate) fn peek_option(fd: RawFd, level: i32, name: i32, value: &mut [u8]) -> Option<usize> {
    let mut len = c::socklen_t::try_from(value.len()).ok()?;
    // SAFETY: the call writes at most so many bytes, and their number; a number that is not open is
    // an error. None of the options that are asked for has addresses in it.
    let done = unsafe { c::getsockopt(fd, level, name, value.as_mut_ptr().cast(), &mut len) };
    (done == 0).then_some(len as usize)
}

/// [`peek_option`] of one that is a number.
#[cfg(feature = "_seam")]
pub(crate) fn peek_number(fd: RawFd, level: i32, name: i32) -> Option<i32> {
    let mut value = [0; 4];
    peek_option(fd, level, name, &mut value).map(|_| i32::from_ne_bytes(value))
}

/// The own address of such a descriptor, and the peer's if that is asked for.
#[cfg(feature = "_seam")]
#[cfg_attr(not(feature = "trace"), allow(dead_code, reason = "for the recorder"))]
pub(crate) fn peek_addr(fd: RawFd, of_peer: bool) -> Option<Storage> {
    let call = if of_peer { c::getpeername } else { c::getsockname };
    // SAFETY: both calls fit the contract of `read_addr`.
    read_addr(|addr, len| unsafe { call(fd, addr, len) }).ok()
}

/// Sets an option. `EINVAL` if the kernel would write to addresses in `value` later.
pub(crate) fn set_option(fd: BorrowedFd<'_>, level: i32, name: i32, value: &[u8]) -> Result<()> {
    if super::value_is_written_through(level, name) {
        return Err(Errno(c::EINVAL));
    }
    let len = c::socklen_t::try_from(value.len()).map_err(|_| Errno(c::EINVAL))?;
    // Some options take no value, and an address is one to them.
    let start = if value.is_empty() { ptr::null() } else { value.as_ptr() };
    // SAFETY: the pointer and length describe `value`, which the call only reads; addresses that
    // may stand in it are only read from.
    check(unsafe { c::setsockopt(fd.as_raw_fd(), level, name, start.cast(), len) })
}

/// [`set_option`] with a length and no value.
pub(crate) fn set_option_len(fd: BorrowedFd<'_>, level: i32, name: i32, len: u32) -> Result<()> {
    // SAFETY: there is no memory: an option that reads some fails with EFAULT.
    check(unsafe { c::setsockopt(fd.as_raw_fd(), level, name, ptr::null(), len) })
}

pub(crate) fn is_close_on_exec(fd: BorrowedFd<'_>) -> Result<bool> {
    // SAFETY: `F_GETFD` takes no memory of ours.
    let flags = unsafe { c::fcntl(fd.as_raw_fd(), c::F_GETFD) };
    check(flags)?;
    Ok(flags & c::FD_CLOEXEC != 0)
}

pub(crate) fn set_close_on_exec(fd: BorrowedFd<'_>, closed: bool) -> Result<()> {
    // SAFETY: `F_SETFD` takes a number.
    check(unsafe { c::fcntl(fd.as_raw_fd(), c::F_SETFD, if closed { c::FD_CLOEXEC } else { 0 }) })
}

pub(crate) fn set_nonblocking(fd: BorrowedFd<'_>, nonblocking: bool) -> Result<()> {
    let mut on = c::c_int::from(nonblocking);
    // SAFETY: `FIONBIO` reads one int, which lives until the call returns.
    check(unsafe { c::ioctl(fd.as_raw_fd(), c::FIONBIO as _, &mut on) })
}

/// Whether the next byte of a stream is the one that was sent as urgent.
pub(crate) fn at_mark(fd: BorrowedFd<'_>) -> Result<bool> {
    let mut mark: c::c_int = 0;
    // SAFETY: `SIOCATMARK` writes one `int`.
    check(unsafe { c::ioctl(fd.as_raw_fd(), c::SIOCATMARK as _, &mut mark) })?;
    Ok(mark != 0)
}

pub(crate) fn is_nonblocking(fd: BorrowedFd<'_>) -> Result<bool> {
    // SAFETY: `F_GETFL` takes no memory of ours.
    let flags = unsafe { c::fcntl(fd.as_raw_fd(), c::F_GETFL) };
    check(flags)?;
    Ok(flags & c::O_NONBLOCK != 0)
}

/// The monotonic clock in nanoseconds.
#[cfg(feature = "_seam")]
#[inline]
pub(crate) fn monotonic() -> u64 {
    let mut now = c::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one timespec.
    unsafe { c::clock_gettime(c::CLOCK_MONOTONIC, &mut now) };
    (now.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(now.tv_nsec as u64)
}

/// Sees to it that these are called before a process is copied, and after it in both of them.
#[cfg(feature = "trace")]
pub(crate) fn at_fork(prepare: extern "C" fn(), parent: extern "C" fn(), child: extern "C" fn()) {
    // SAFETY: the functions are there for as long as the process is.
    let _ = unsafe { c::pthread_atfork(Some(prepare), Some(parent), Some(child)) };
}

/// Sees to it that this is called when the process ends by itself.
#[cfg(feature = "trace")]
pub(crate) fn at_exit(last: extern "C" fn()) {
    // SAFETY: the function is there for as long as the process is.
    let _ = unsafe { c::atexit(last) };
}

/// Makes a thread that no signal is delivered to.
#[cfg(feature = "trace")]
pub(crate) fn without_signals<T>(make: impl FnOnce() -> T) -> T {
    // SAFETY: sets of signals are integers, for which zero is a value; each call fills or reads
    // the set it is given, which lives until it returns. The mask is this thread's own.
    unsafe {
        let (mut all, mut before): (c::sigset_t, c::sigset_t) = MaybeUninit::zeroed().assume_init();
        c::sigfillset(&mut all);
        c::pthread_sigmask(c::SIG_BLOCK, &all, &mut before);
        let made = make();
        c::pthread_sigmask(c::SIG_SETMASK, &before, ptr::null_mut());
        made
    }
}

pub(super) fn check(answer: c::c_int) -> Result<()> {
    if answer < 0 { Err(Errno::last()) } else { Ok(()) }
}

#[inline]
pub(super) fn check_size(answer: isize) -> Result<usize> {
    if answer < 0 { Err(Errno::last()) } else { Ok(answer as usize) }
}

/// Takes ownership of the descriptor that a call has just answered.
pub(super) fn new_fd(answer: RawFd) -> Result<OwnedFd> {
    check(answer)?;
    // SAFETY: the caller passes the answer of a call that opens a descriptor, and it is not −1.
    Ok(unsafe { OwnedFd::from_raw_fd(answer) })
}

fn read_addr(
    call: impl FnOnce(*mut c::sockaddr, *mut c::socklen_t) -> c::c_int,
) -> Result<Storage> {
    let mut storage = Storage::empty();
    // SAFETY: the callers' closures pass both pointers to a call that fills an address.
    unsafe { storage.filled_by(|addr, len| check(call(addr, len))) }?;
    Ok(storage)
}

/// The flags to receive with. A stream that is asked to throw data away counts bytes that it never
/// writes: what is answered as filled must be initialised all the same.
#[inline]
pub(super) fn all_flags(base: i32, asked: i32, room: &mut [MaybeUninit<u8>]) -> i32 {
    if asked & c::MSG_TRUNC != 0 && base & c::MSG_TRUNC == 0 {
        room.fill(MaybeUninit::new(0));
    }
    base | asked
}

pub(super) fn empty_message() -> c::msghdr {
    // SAFETY: `msghdr` is integers and pointers, for which zero is a value.
    unsafe { MaybeUninit::zeroed().assume_init() }
}
