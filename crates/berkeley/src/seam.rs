//! The seam: the one place through which sockets call the system.
//!
//! What must see every call of a socket sits here: the recorder of calls, the list of open sockets,
//! and faults that are made on purpose. A function here has the name and the arguments of its
//! namesake in [`sys`](crate::sys), and without a feature that watches it *is* that one. With such
//! a feature it looks at one byte first, `MODE` in `watch.rs`: while that is zero, it is one load
//! and one branch; all the rest stands out of line.
//!
//! No layer above calls those functions of `sys` itself; `cargo xtask layers` has their names.

#[cfg(feature = "_seam")]
mod calls;
#[cfg(feature = "_seam")]
#[allow(dead_code, reason = "not every watcher wants to know everything")]
pub(crate) mod event;
#[cfg(feature = "trace")]
pub(crate) mod record;
#[cfg(feature = "trace")]
pub(crate) mod ring;
#[cfg(feature = "_seam")]
#[allow(dead_code, reason = "not every watcher wants to know everything")]
pub(crate) mod table;
#[cfg(feature = "_seam")]
#[allow(dead_code, reason = "not every watcher wants to know everything")]
pub(crate) mod watch;
#[cfg(feature = "trace")]
pub(crate) mod words;

#[cfg(feature = "_seam")]
pub(crate) use self::calls::*;
#[cfg(not(feature = "_seam"))]
pub(crate) use self::plain::*;

/// Nothing watches: the system's own.
#[cfg(not(feature = "_seam"))]
mod plain {
    use std::os::fd::{BorrowedFd, OwnedFd};

    pub(crate) use crate::sys::batch::{send_batch, send_segments};
    use crate::sys::{self, Errno, Storage, batch::Inbox};
    pub(crate) use crate::sys::{
        accept, accept_nameless, at_mark, bind, close, connect, dup, dup_raw, get_option,
        getaddrinfo, getnameinfo, listen, local_addr, peer_addr, peer_pidfd, recv, recv_from,
        recv_message, recv_message_into, retire, send, send_message, send_to, sendfile,
        set_nonblocking, set_option, set_option_len, shutdown, socket, socketpair, wait, wait_any,
    };

    /// The descriptor of a socket, which is closed when it is dropped.
    pub(crate) type Fd = OwnedFd;

    #[inline]
    pub(crate) fn hold(fd: OwnedFd) -> Fd {
        fd
    }

    #[inline]
    pub(crate) fn give_up(fd: Fd) -> OwnedFd {
        fd
    }

    #[inline]
    pub(crate) fn recv_batch<A: AsMut<Storage>>(
        inbox: &mut Inbox<A>,
        fd: BorrowedFd<'_>,
        first: usize,
        count: usize,
        base: i32,
        family: i32,
    ) -> Result<usize, Errno> {
        inbox.recv(fd, first, count, base, family)
    }

    #[inline]
    pub(crate) fn splice(
        from: BorrowedFd<'_>,
        to: BorrowedFd<'_>,
        most: usize,
        nonblocking: bool,
        _out: bool,
    ) -> Result<usize, Errno> {
        sys::splice(from, to, most, nonblocking)
    }
}
