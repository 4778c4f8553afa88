//! Calls that only Linux has, or that Linux makes in one step where others need two.

use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;
use std::time::Duration;

use super::unix::{check, check_size, new_fd};
use super::{Errno, Interest, Storage, Woken, c};

type Result<T> = std::result::Result<T, Errno>;

pub(crate) fn socket(family: i32, ty: i32, protocol: i32, nonblocking: bool) -> Result<OwnedFd> {
    // SAFETY: `socket` takes no memory of ours.
    new_fd(unsafe { c::socket(family, ty | birth_flags(nonblocking), protocol) })
}

pub(crate) fn socketpair(
    family: i32,
    ty: i32,
    protocol: i32,
    nonblocking: bool,
) -> Result<(OwnedFd, OwnedFd)> {
    let mut pair = [-1; 2];
    // SAFETY: the call writes two ints into `pair`.
    check(unsafe {
        c::socketpair(family, ty | birth_flags(nonblocking), protocol, pair.as_mut_ptr())
    })?;
    let [left, right] = pair;
    // SAFETY: the call has succeeded, so both are descriptors that nobody else owns.
    Ok(unsafe { (OwnedFd::from_raw_fd(left), OwnedFd::from_raw_fd(right)) })
}

/// Accepts a connection. The new socket's blocking mode is the one asked for, whatever the
/// listener's is.
pub(crate) fn accept(fd: BorrowedFd<'_>, from: &mut Storage, nonblocking: bool) -> Result<OwnedFd> {
    let flags = birth_flags(nonblocking);
    // SAFETY: the pointers are passed on, and `new_fd` gets the answer of a call that opens one.
    unsafe { from.filled_by(|addr, len| new_fd(c::accept4(fd.as_raw_fd(), addr, len, flags))) }
}

/// [`accept`] of a family whose sockets have no addresses, and fail if they are asked for one.
pub(crate) fn accept_nameless(fd: BorrowedFd<'_>, nonblocking: bool) -> Result<OwnedFd> {
    let flags = birth_flags(nonblocking);
    // SAFETY: no memory of ours is involved.
    new_fd(unsafe { c::accept4(fd.as_raw_fd(), ptr::null_mut(), ptr::null_mut(), flags) })
}

/// A descriptor of the process at the other end.
pub(crate) fn peer_pidfd(fd: BorrowedFd<'_>) -> Result<OwnedFd> {
    let mut pidfd: c::c_int = -1;
    let mut len = size_of::<c::c_int>() as c::socklen_t;
    // SAFETY: the call writes one int, and its length, both of which live until it returns.
    check(unsafe {
        c::getsockopt(
            fd.as_raw_fd(),
            c::SOL_SOCKET,
            c::SO_PEERPIDFD,
            ptr::from_mut(&mut pidfd).cast(),
            &mut len,
        )
    })?;
    new_fd(pidfd)
}

/// Sends a part of a file.
pub(crate) fn sendfile(
    to: BorrowedFd<'_>,
    file: BorrowedFd<'_>,
    offset: u64,
    count: usize,
) -> Result<usize> {
    let mut offset = c::off64_t::try_from(offset).map_err(|_| Errno(c::EOVERFLOW))?;
    without_sigpipe(|| {
        // SAFETY: the offset lives until the call returns.
        check_size(unsafe { c::sendfile64(to.as_raw_fd(), file.as_raw_fd(), &mut offset, count) })
    })
}

/// Reads a part of a file.
pub(crate) fn pread(file: BorrowedFd<'_>, room: &mut [u8], offset: u64) -> Result<usize> {
    let offset = c::off64_t::try_from(offset).map_err(|_| Errno(c::EOVERFLOW))?;
    // SAFETY: the pointer and length describe `room`, which is borrowed mutably.
    check_size(unsafe {
        c::pread64(file.as_raw_fd(), room.as_mut_ptr().cast(), room.len(), offset)
    })
}

/// Moves bytes between a pipe and another file.
pub(crate) fn splice(
    from: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
    most: usize,
    nonblocking: bool,
) -> Result<usize> {
    let flags = if nonblocking { c::SPLICE_F_NONBLOCK } else { 0 };
    let (from, to) = (from.as_raw_fd(), to.as_raw_fd());
    without_sigpipe(|| {
        // SAFETY: no offsets are passed, so no memory of ours is involved.
        check_size(unsafe { c::splice(from, ptr::null_mut(), to, ptr::null_mut(), most, flags) })
    })
}

/// Duplicates bytes of one pipe in another.
pub(crate) fn tee(from: BorrowedFd<'_>, to: BorrowedFd<'_>, most: usize) -> Result<usize> {
    // SAFETY: no memory of ours is involved.
    check_size(unsafe { c::tee(from.as_raw_fd(), to.as_raw_fd(), most, 0) })
}

/// Waits until the descriptor is ready or has failed, at most this long.
///
/// The kernel takes nanoseconds here and never wakes early, so nothing is rounded.
pub(crate) fn wait(
    fd: BorrowedFd<'_>,
    interest: Interest,
    limit: Option<Duration>,
) -> Result<Woken> {
    let shut_down = match interest {
        Interest::Read => c::POLLRDHUP | c::POLLHUP,
        Interest::Write | Interest::Error => c::POLLHUP,
    };
    let mut entry = poll_entry(fd, interest);
    let limit = limit.map(timespec);
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: one entry and, unless null, one timespec, both alive until the call returns.
    let ready = unsafe { c::ppoll(&mut entry, 1, limit, ptr::null()) };
    check(ready)?;
    Ok(match ready {
        0 => Woken::TimedOut,
        _ if entry.revents & shut_down != 0 => Woken::ShutDown,
        _ => Woken::Ready,
    })
}

/// Waits until one of several descriptors is ready or has failed, at most this long, and answers
/// of each whether it is: of none if time is up.
pub(crate) fn wait_any(
    fds: &[BorrowedFd<'_>],
    interest: Interest,
    limit: Option<Duration>,
) -> Result<Vec<bool>> {
    let mut entries: Vec<_> = fds.iter().map(|fd| poll_entry(*fd, interest)).collect();
    let limit = limit.map(timespec);
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    let (entries_ptr, count) = (entries.as_mut_ptr(), entries.len() as c::nfds_t);
    // SAFETY: the pointer and count describe `entries`; they and the timespec, unless null, are
    // alive until the call returns.
    check(unsafe { c::ppoll(entries_ptr, count, limit, ptr::null()) })?;
    Ok(entries.iter().map(|entry| entry.revents != 0).collect())
}

fn poll_entry(fd: BorrowedFd<'_>, interest: Interest) -> c::pollfd {
    let events = match interest {
        Interest::Read => c::POLLIN | c::POLLRDHUP,
        Interest::Write => c::POLLOUT,
        // Errors are told without being asked for.
        Interest::Error => 0,
    };
    c::pollfd { fd: fd.as_raw_fd(), events, revents: 0 }
}

fn timespec(limit: Duration) -> c::timespec {
    c::timespec {
        tv_sec: c::time_t::try_from(limit.as_secs()).unwrap_or(c::time_t::MAX),
        tv_nsec: limit.subsec_nanos() as _,
    }
}

/// Whether this thread is the one that the process began with.
pub(crate) fn in_first_thread() -> bool {
    // SAFETY: both take nothing and cannot fail.
    unsafe { c::gettid() == c::getpid() }
}

/// Takes the socket from under a descriptor that other threads may be using, and leaves a file in
/// its place on which every socket call fails with `EBADF`.
///
/// The number stays taken until its owner closes it, so that a call that is just about to be made
/// cannot meet somebody else's file.
pub(crate) fn retire(fd: BorrowedFd<'_>) -> Result<()> {
    // SAFETY: the path is a C string.
    let placeholder = new_fd(unsafe { c::open(c"/".as_ptr(), c::O_PATH | c::O_CLOEXEC) })?;
    // SAFETY: replaces a descriptor that the caller owns; no memory of ours is involved.
    check(unsafe { c::dup3(placeholder.as_raw_fd(), fd.as_raw_fd(), c::O_CLOEXEC) })
}

/// Makes a call that has no flag against `SIGPIPE`, and sees to it that none is raised.
fn without_sigpipe<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    // SAFETY: all of these are integers, for which zero is a value; each call fills or reads the
    // set or action it is given, which lives until it returns. The mask is this thread's own.
    unsafe {
        let mut action: c::sigaction = MaybeUninit::zeroed().assume_init();
        c::sigaction(c::SIGPIPE, ptr::null(), &mut action);
        // As Rust's programs and Python have it.
        if action.sa_sigaction == c::SIG_IGN {
            return call();
        }
        let (mut sigpipe, mut before, mut pending): (c::sigset_t, c::sigset_t, c::sigset_t) =
            MaybeUninit::zeroed().assume_init();
        c::sigemptyset(&mut sigpipe);
        c::sigaddset(&mut sigpipe, c::SIGPIPE);
        c::sigpending(&mut pending);
        let was_pending = c::sigismember(&pending, c::SIGPIPE) == 1;
        c::pthread_sigmask(c::SIG_BLOCK, &sigpipe, &mut before);
        let done = call();
        if !was_pending && matches!(done, Err(Errno(c::EPIPE))) {
            let now = c::timespec { tv_sec: 0, tv_nsec: 0 };
            while c::sigtimedwait(&sigpipe, ptr::null_mut(), &now) < 0
                && Errno::last() == Errno(c::EINTR)
            {}
        }
        c::pthread_sigmask(c::SIG_SETMASK, &before, ptr::null_mut());
        done
    }
}

/// The calling thread's number in the system.
#[cfg(feature = "trace")]
pub(crate) fn thread_id() -> u32 {
    // SAFETY: `gettid` takes no memory of ours.
    unsafe { c::gettid() as u32 }
}

/// How many bytes wait in a socket to be received, and to be sent or acknowledged.
#[cfg(feature = "trace")]
pub(crate) fn peek_queues(fd: std::os::fd::RawFd) -> (Option<i32>, Option<i32>) {
    let ask = |request| {
        let mut bytes: c::c_int = 0;
        // SAFETY: both requests write one int; a number that is not open is an error.
        let done = unsafe { c::ioctl(fd, request as _, &mut bytes) };
        (done == 0).then_some(bytes)
    };
    (ask(c::FIONREAD), ask(c::TIOCOUTQ))
}

pub(super) fn birth_flags(nonblocking: bool) -> i32 {
    c::SOCK_CLOEXEC | if nonblocking { c::SOCK_NONBLOCK } else { 0 }
}
