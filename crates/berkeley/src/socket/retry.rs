//! Trying, waiting and trying again: the one way in which every call that may wait is made.

use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use super::Socket;
use crate::error::{Call, Cause, Error, Result};
use crate::interrupt::interrupted;
use crate::kind::{Family, MsgFlags, Protocol, Type};
use crate::seam;
use crate::sys::{self, Errno, Interest, Receive, Woken};
use crate::time::Deadline;

/// Waiting.
impl Socket {
    /// Waits until there is something to receive or accept, or the connection has ended, within
    /// the timeout.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"x")?;
    /// b.wait_readable()?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Cause::TimedOut`] if the timeout passes, at once if it is zero.
    #[doc(alias("poll", "select"))]
    pub fn wait_readable(&self) -> Result<()> {
        self.wait(Call::Recv, Interest::Read, self.call_deadline()).map(drop)
    }

    /// Waits until there is room to send, or a connection attempt has ended, within the timeout.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.wait_writable()?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Cause::TimedOut`] if the timeout passes, at once if it is zero.
    #[doc(alias("poll", "select"))]
    pub fn wait_writable(&self) -> Result<()> {
        self.wait(Call::Send, Interest::Write, self.call_deadline()).map(drop)
    }

    /// The deadline of a call that begins now.
    pub(crate) fn call_deadline(&self) -> Deadline {
        Deadline::after_option(self.timeout()).min(self.deadline())
    }

    /// Whether calls wait in the kernel, for as long as it takes.
    #[inline]
    pub(crate) fn blocks(&self) -> bool {
        self.timeout.is_none() && self.until.is_never() && !self.awaited
    }

    /// Whether calls may wait at all.
    pub(crate) fn waits(&self) -> bool {
        self.timeout() != Some(Duration::ZERO) && !self.awaited
    }

    /// Makes a call of the kernel, and again after interruptions and, within the timeout, when
    /// the socket has become ready.
    #[inline]
    pub(crate) fn retry<T>(
        &self,
        call: Call,
        interest: Interest,
        asked: MsgFlags,
        mut attempt: impl FnMut() -> Result<T, Errno>,
    ) -> Result<T> {
        match attempt() {
            Ok(value) => Ok(value),
            Err(errno) => {
                let mut failed = Some(errno);
                let again = move || failed.take().map_or_else(&mut attempt, Err);
                self.go_on(call, interest, asked, again)
            }
        }
    }

    /// [`retry_by`](Socket::retry_by) with the deadline of a call that begins now: all that does
    /// not belong on the short way.
    #[cold]
    #[inline(never)]
    fn go_on<T>(
        &self,
        call: Call,
        interest: Interest,
        asked: MsgFlags,
        attempt: impl FnMut() -> Result<T, Errno>,
    ) -> Result<T> {
        self.retry_by(call, interest, self.patience(asked), attempt)
    }

    /// Until when a call that begins now may wait for the socket to become ready; `None` if "would
    /// block" is the answer. Without a timeout it is, too: the kernel has waited already, and says
    /// so only if its own limit (`SO_RCVTIMEO`) has passed.
    pub(crate) fn patience(&self, asked: MsgFlags) -> Option<Deadline> {
        let waits = !self.blocks() && self.waits() && !asked.contains(MsgFlags::DONTWAIT);
        waits.then(|| self.call_deadline())
    }

    /// Makes a call of the kernel until it succeeds, fails for good, or time is up.
    pub(crate) fn retry_by<T>(
        &self,
        call: Call,
        interest: Interest,
        patience: Option<Deadline>,
        mut attempt: impl FnMut() -> Result<T, Errno>,
    ) -> Result<T> {
        let mut woken = Woken::Ready;
        loop {
            match (attempt(), patience) {
                (Ok(value), _) => return Ok(value),
                (Err(Errno::EINTR), _) => self.interrupted(call)?,
                // A datagram socket that was shut down is "ready" for ever, with nothing to
                // receive: to wait again would be to spin.
                (Err(Errno::EAGAIN), Some(_)) if woken == Woken::ShutDown => {
                    return Err(Error::new(call, Errno::ESHUTDOWN));
                }
                (Err(Errno::EAGAIN), Some(deadline)) => {
                    woken = self.wait(call, interest, deadline)?
                }
                (Err(errno), _) => return Err(Error::new(call, errno)),
            }
        }
    }

    /// Waits until the socket is ready or has failed.
    pub(crate) fn wait(&self, call: Call, interest: Interest, deadline: Deadline) -> Result<Woken> {
        let deadline = if self.awaited { Deadline::at(Instant::now()) } else { deadline };
        loop {
            match seam::wait(self.fd.as_fd(), interest, deadline.remaining()) {
                Ok(Woken::TimedOut) if deadline.has_passed() => {
                    return Err(Error::new(call, Cause::TimedOut));
                }
                Ok(Woken::TimedOut) => {}
                Err(Errno::EINTR) => self.interrupted(call)?,
                Ok(woken) => return self.still_open(call).map(|()| woken),
                Err(errno) => return Err(Error::new(call, errno)),
            }
        }
    }

    /// Whether an interrupted call goes on.
    #[cold]
    pub(crate) fn interrupted(&self, call: Call) -> Result<()> {
        interrupted(call)?;
        self.still_open(call)
    }

    /// Whether the number is still that of this socket, which matters for those that are
    /// [lent](super::Lent): after a wait it may be that of another file.
    fn still_open(&self, call: Call) -> Result<()> {
        match self.owner {
            Some(number) if number.load(Ordering::Relaxed) != self.fd.as_raw_fd() => {
                Err(Error::new(call, Errno::EBADF))
            }
            _ => Ok(()),
        }
    }
}

/// The flags that every call of a socket has, kept ready, and the call by which it receives.
///
/// With a timeout the descriptor does not block; should the owner of a duplicate have changed
/// that, `DONTWAIT` keeps the promise.
#[derive(Debug)]
pub(super) struct BaseFlags {
    send: AtomicI32,
    recv: AtomicI32,
    pub(super) receive: Receive,
}

/// Family, type and protocol.
pub(super) type Kind = (Family, Type, Protocol);

impl BaseFlags {
    #[inline]
    pub(super) fn new(kind: Kind, waits: bool) -> BaseFlags {
        let (send, recv) = BaseFlags::of(kind, waits);
        BaseFlags { send: send.into(), recv: recv.into(), receive: Receive::with(recv) }
    }

    /// Sets the flags of a kind of socket, which may wait in the kernel or not.
    pub(super) fn set(&self, kind: Kind, waits: bool) {
        let (send, recv) = BaseFlags::of(kind, waits);
        self.send.store(send, Ordering::Relaxed);
        self.recv.store(recv, Ordering::Relaxed);
    }

    /// Those to send with, and those to receive with.
    fn of((family, ty, protocol): Kind, waits: bool) -> (i32, i32) {
        let waiting = if waits { 0 } else { MsgFlags::DONTWAIT.bits() };
        let receiving = sys::recv_flags(family.0, ty.0, protocol.0);
        (waiting | sys::send_flags(family.0), waiting | receiving)
    }
}

impl Socket {
    /// The flags to send with.
    #[inline]
    pub(crate) fn send_flags(&self, asked: MsgFlags) -> i32 {
        self.flags.send.load(Ordering::Relaxed) | asked.bits()
    }

    /// The flags that every receiving call has.
    #[inline]
    pub(crate) fn recv_flags(&self) -> i32 {
        self.flags.recv.load(Ordering::Relaxed)
    }
}
