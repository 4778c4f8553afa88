//! The socket calls that every Unix has.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

use super::{Errno, Storage, c};

type Result<T> = std::result::Result<T, Errno>;

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
    fd.try_clone_to_owned().map_err(|_| Errno::last())
}

/// A duplicate of a descriptor that is known by its number only.
pub(crate) fn dup_raw(fd: RawFd) -> Result<OwnedFd> {
    // SAFETY: `F_DUPFD_CLOEXEC` takes no memory of ours; a number that is not open is an error.
    new_fd(unsafe { c::fcntl(fd, c::F_DUPFD_CLOEXEC, 0) })
}

#[inline]
pub(crate) fn send(fd: BorrowedFd<'_>, data: &[u8], flags: i32) -> Result<usize> {
    // SAFETY: the pointer and length describe `data`, which the call only reads.
    let sent = unsafe {
        c::send(fd.as_raw_fd(), data.as_ptr().cast(), data.len(), flags | c::MSG_NOSIGNAL)
    };
    check_size(sent)
}

#[inline]
pub(crate) fn send_to(fd: BorrowedFd<'_>, data: &[u8], flags: i32, to: &Storage) -> Result<usize> {
    // SAFETY: both pointers come with the length of what they point to, and are only read.
    let sent = unsafe {
        c::sendto(
            fd.as_raw_fd(),
            data.as_ptr().cast(),
            data.len(),
            flags | c::MSG_NOSIGNAL,
            to.as_ptr(),
            to.len(),
        )
    };
    check_size(sent)
}

pub(crate) fn send_vectored(
    fd: BorrowedFd<'_>,
    data: &[IoSlice<'_>],
    flags: i32,
    to: Option<&Storage>,
) -> Result<usize> {
    let mut message = empty_message();
    if let Some(to) = to {
        message.msg_name = to.as_ptr().cast_mut().cast();
        message.msg_namelen = to.len();
    }
    message.msg_iov = data.as_ptr().cast_mut().cast();
    message.msg_iovlen = data.len() as _;
    // SAFETY: `IoSlice` has the layout of `iovec`; every pointer in the message is to memory
    // borrowed for the length of the call, which only reads it.
    check_size(unsafe { c::sendmsg(fd.as_raw_fd(), &message, flags | c::MSG_NOSIGNAL) })
}

/// What a receiving call has done to the memory it was given: so many bytes at its beginning are
/// now initialised. Made here alone, so that those who have one may believe it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filled {
    room: usize,
    whole: usize,
}

impl Filled {
    /// How many bytes of the memory were written.
    #[inline]
    pub(crate) fn len(self) -> usize {
        self.whole.min(self.room)
    }

    /// How long the message was, if `MSG_TRUNC` was asked for.
    #[inline]
    pub(crate) fn whole_len(self) -> usize {
        self.whole
    }

    /// Whether the message was longer than the memory.
    #[inline]
    pub(crate) fn was_cut(self) -> bool {
        self.whole > self.room
    }

    #[inline]
    fn new(answer: usize, room: usize) -> Filled {
        Filled { room, whole: answer }
    }
}

/// Receives a piece of a stream or one message.
///
/// Of a message the whole length is always asked for, by the flag that on a stream throws data
/// away; `stream` says which it is.
#[inline]
pub(crate) fn recv(
    fd: BorrowedFd<'_>,
    stream: bool,
    room: &mut [MaybeUninit<u8>],
    flags: i32,
) -> Result<Filled> {
    let flags = recv_flags(stream, room, flags);
    // SAFETY: the pointer and length describe `room`, which is borrowed mutably.
    let got = unsafe { c::recv(fd.as_raw_fd(), room.as_mut_ptr().cast(), room.len(), flags) };
    Ok(Filled::new(check_size(got)?, room.len()))
}

/// [`recv`], and who sent it.
#[inline]
pub(crate) fn recv_from(
    fd: BorrowedFd<'_>,
    stream: bool,
    room: &mut [MaybeUninit<u8>],
    flags: i32,
    from: &mut Storage,
) -> Result<Filled> {
    let flags = recv_flags(stream, room, flags);
    let mut from_len = Storage::CAPACITY as c::socklen_t;
    // SAFETY: the pointer and length describe `room`; `from` has the capacity that is stated.
    let got = unsafe {
        c::recvfrom(
            fd.as_raw_fd(),
            room.as_mut_ptr().cast(),
            room.len(),
            flags,
            from.as_mut_ptr(),
            &mut from_len,
        )
    };
    let got = check_size(got)?;
    // SAFETY: the kernel has written `from_len` bytes, as far as they fit.
    unsafe { from.set_len(from_len) };
    Ok(Filled::new(got, room.len()))
}

/// [`recv_from`] into several pieces of memory.
pub(crate) fn recv_vectored(
    fd: BorrowedFd<'_>,
    stream: bool,
    data: &mut [IoSliceMut<'_>],
    flags: i32,
    from: &mut Storage,
) -> Result<Filled> {
    let room = data.iter().map(|piece| piece.len()).sum();
    let mut message = empty_message();
    message.msg_name = from.as_mut_ptr().cast();
    message.msg_namelen = Storage::CAPACITY as c::socklen_t;
    message.msg_iov = data.as_mut_ptr().cast();
    message.msg_iovlen = data.len() as _;
    let flags = recv_flags(stream, &mut [], flags);
    // SAFETY: `IoSliceMut` has the layout of `iovec`; every pointer in the message is to memory
    // borrowed mutably for the length of the call.
    let got = check_size(unsafe { c::recvmsg(fd.as_raw_fd(), &mut message, flags) })?;
    // SAFETY: the kernel has written `msg_namelen` bytes, as far as they fit.
    unsafe { from.set_len(message.msg_namelen) };
    Ok(Filled::new(got, room))
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
pub(crate) fn get_option(
    fd: BorrowedFd<'_>,
    level: i32,
    name: i32,
    value: &mut [u8],
) -> Result<usize> {
    let mut len = c::socklen_t::try_from(value.len()).unwrap_or(c::socklen_t::MAX);
    // SAFETY: the pointer and length describe `value`, which is borrowed mutably.
    check(unsafe {
        c::getsockopt(fd.as_raw_fd(), level, name, value.as_mut_ptr().cast(), &mut len)
    })?;
    Ok((len as usize).min(value.len()))
}

pub(crate) fn set_option(fd: BorrowedFd<'_>, level: i32, name: i32, value: &[u8]) -> Result<()> {
    let len = c::socklen_t::try_from(value.len()).map_err(|_| Errno(c::EINVAL))?;
    // SAFETY: the pointer and length describe `value`, which the call only reads.
    check(unsafe { c::setsockopt(fd.as_raw_fd(), level, name, value.as_ptr().cast(), len) })
}

pub(crate) fn set_nonblocking(fd: BorrowedFd<'_>, nonblocking: bool) -> Result<()> {
    let mut on = c::c_int::from(nonblocking);
    // SAFETY: `FIONBIO` reads one int, which lives until the call returns.
    check(unsafe { c::ioctl(fd.as_raw_fd(), c::FIONBIO as _, &mut on) })
}

pub(crate) fn is_nonblocking(fd: BorrowedFd<'_>) -> Result<bool> {
    // SAFETY: `F_GETFL` takes no memory of ours.
    let flags = unsafe { c::fcntl(fd.as_raw_fd(), c::F_GETFL) };
    check(flags)?;
    Ok(flags & c::O_NONBLOCK != 0)
}

pub(super) fn check(answer: c::c_int) -> Result<()> {
    if answer < 0 { Err(Errno::last()) } else { Ok(()) }
}

#[inline]
fn check_size(answer: isize) -> Result<usize> {
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
    let mut addr = Storage::empty();
    let mut len = Storage::CAPACITY as c::socklen_t;
    check(call(addr.as_mut_ptr(), &mut len))?;
    // SAFETY: the call has written `len` bytes, as far as they fit.
    unsafe { addr.set_len(len) };
    Ok(addr)
}

/// The flags to receive with. A stream that is asked to throw data away counts bytes that it never
/// writes: what is answered as filled must be initialised all the same.
#[inline]
fn recv_flags(stream: bool, room: &mut [MaybeUninit<u8>], flags: i32) -> i32 {
    if !stream {
        return flags | c::MSG_TRUNC;
    }
    if flags & c::MSG_TRUNC != 0 {
        room.fill(MaybeUninit::new(0));
    }
    flags
}

fn empty_message() -> c::msghdr {
    // SAFETY: `msghdr` is integers and pointers, for which zero is a value.
    unsafe { MaybeUninit::zeroed().assume_init() }
}
