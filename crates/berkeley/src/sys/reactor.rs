//! Registration with Tokio's reactor, which is sound only while the descriptor stays what it is.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::{Mutex, OnceLock, PoisonError};

use ::tokio::io::Interest as Interests;
use ::tokio::io::unix::AsyncFd;
use ::tokio::runtime::Handle;

use super::{Errno, Interest, abi as c};

/// The number of a descriptor that a [`Watched`] keeps open.
#[derive(Debug)]
pub(crate) struct Number(RawFd);

impl AsRawFd for Number {
    fn as_raw_fd(&self) -> RawFd {
        self.0
    }
}

/// What tells when a descriptor is ready.
pub(crate) type Registration = AsyncFd<Number>;

/// Something with a descriptor, which the reactor watches from the first time that somebody has to
/// wait for it.
///
/// Not earlier: what it says of a socket that is not yet connected or listening is "closed", and
/// that it never takes back.
pub(crate) struct Watched<S: AsFd> {
    // Dropped before the descriptor is closed.
    registration: OnceLock<Registration>,
    registering: Mutex<()>,
    inner: S,
}

/// Why something cannot be watched.
#[derive(Debug)]
pub(crate) enum NotWatched {
    /// There is no runtime here.
    NoRuntime,
    Os(Errno),
}

impl<S: AsFd> Watched<S> {
    /// What has a descriptor that stays the same file for as long as it lives.
    pub(crate) fn new(inner: S) -> Watched<S> {
        Watched { registration: OnceLock::new(), registering: Mutex::new(()), inner }
    }

    #[inline]
    pub(crate) fn get_ref(&self) -> &S {
        &self.inner
    }

    pub(crate) fn into_inner(self) -> S {
        drop(self.registration);
        self.inner
    }

    /// The registration, if somebody has waited before.
    #[inline]
    pub(crate) fn registration(&self) -> Option<&Registration> {
        self.registration.get()
    }

    /// The registration, with the reactor of the runtime that this is called in if it is new.
    pub(crate) fn register(&self, interests: Interests) -> Result<&Registration, NotWatched> {
        let _one = self.registering.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(registration) = self.registration.get() {
            return Ok(registration);
        }
        if Handle::try_current().is_err() {
            return Err(NotWatched::NoRuntime);
        }
        let number = Number(self.inner.as_fd().as_raw_fd());
        // SAFETY: the descriptor is open while `inner` lives, which nobody can replace here, and
        // the registration is dropped first. Those whose sockets end up here do not let another
        // file take the descriptor's place (`Socket::hang_up`).
        let registered = unsafe { AsyncFd::register_with_interest(number, interests) };
        let registration = registered.map_err(|error| {
            NotWatched::Os(errno_of(&io::Error::from(error)).unwrap_or(Errno(c::EIO)))
        })?;
        Ok(self.registration.get_or_init(|| registration))
    }
}

impl<S: AsFd> fmt::Debug for Watched<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("fd", &self.inner.as_fd()).finish_non_exhaustive()
    }
}

fn errno_of(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno)
}

/// Tells of every change of a descriptor's readiness, for one who waits in one direction.
///
/// Tokio's reactor takes an error, such as an entry in the queue of errors, for the end of the
/// direction, and then calls it ready for ever. This has a descriptor of its own, and asks again.
pub(crate) struct Edge {
    epoll: Watched<OwnedFd>,
    wanted: u32,
}

impl Edge {
    pub(crate) fn new(fd: &impl AsFd, interest: Interest) -> Result<Edge, Errno> {
        let wanted = c::EPOLLHUP
            | match interest {
                Interest::Read => c::EPOLLIN | c::EPOLLRDHUP,
                Interest::Write => c::EPOLLOUT,
                Interest::Error => c::EPOLLERR,
            };
        // SAFETY: no memory of ours is involved.
        let epoll = super::unix::new_fd(unsafe { c::epoll_create1(c::EPOLL_CLOEXEC) })?;
        let mut event = c::epoll_event { events: (wanted | c::EPOLLET) as u32, u64: 0 };
        let (number, fd) = (epoll.as_raw_fd(), fd.as_fd().as_raw_fd());
        // SAFETY: the event lives until the call returns.
        super::unix::check(unsafe { c::epoll_ctl(number, c::EPOLL_CTL_ADD, fd, &mut event) })?;
        Ok(Edge { epoll: Watched::new(epoll), wanted: wanted as u32 })
    }

    pub(crate) fn watched(&self) -> &Watched<OwnedFd> {
        &self.epoll
    }

    /// Whether the direction has become ready since this was last asked.
    pub(crate) fn has_come(&self) -> Result<bool, Errno> {
        let mut event = c::epoll_event { events: 0, u64: 0 };
        let epoll = self.epoll.get_ref().as_raw_fd();
        // SAFETY: there is room for one event, which lives until the call returns.
        let count = unsafe { c::epoll_wait(epoll, &mut event, 1, 0) };
        super::unix::check(count)?;
        Ok(count > 0 && event.events & self.wanted != 0)
    }
}
