//! Trying, waiting and trying again: the one way in which every call that may wait is made.

use std::os::fd::AsFd;
use std::time::Duration;

use super::Socket;
use crate::error::{Call, Cause, Error, Result};
use crate::kind::MsgFlags;
use crate::sys::{self, Errno, Interest};
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
        self.wait(Call::Recv, Interest::Read, self.deadline())
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
        self.wait(Call::Send, Interest::Write, self.deadline())
    }

    /// The deadline of a call that begins now.
    pub(super) fn deadline(&self) -> Deadline {
        Deadline::after_option(self.timeout())
    }

    /// Whether calls may wait at all.
    pub(super) fn waits(&self) -> bool {
        self.timeout() != Some(Duration::ZERO)
    }

    /// Makes a call of the kernel, and again after interruptions and, within the timeout, when
    /// the socket has become ready. `attempt` gets the flags to make it with.
    #[inline]
    pub(super) fn retry<T>(
        &self,
        call: Call,
        interest: Interest,
        asked: MsgFlags,
        mut attempt: impl FnMut(i32) -> Result<T, Errno>,
    ) -> Result<T> {
        match attempt(self.flags(asked)) {
            Ok(value) => Ok(value),
            Err(errno) => {
                let patience = self.patience(asked);
                self.go_on(call, interest, patience, errno, || attempt(self.flags(asked)))
            }
        }
    }

    /// With a timeout the descriptor does not block; should the owner of a duplicate have changed
    /// that, this flag keeps the promise.
    #[inline]
    pub(crate) fn flags(&self, asked: MsgFlags) -> i32 {
        if self.timeout.is_none() { asked.bits() } else { (asked | MsgFlags::DONTWAIT).bits() }
    }

    /// Until when a call that begins now may wait for the socket to become ready; `None` if "would
    /// block" is the answer. Without a timeout it is, too: the kernel has waited already, and says
    /// so only if its own limit (`SO_RCVTIMEO`) has passed.
    pub(crate) fn patience(&self, asked: MsgFlags) -> Option<Deadline> {
        let timeout = self.timeout()?;
        let waits = !timeout.is_zero() && !asked.contains(MsgFlags::DONTWAIT);
        waits.then(|| Deadline::after(timeout))
    }

    /// Goes on after a first failure, until `attempt` succeeds, fails for good, or time is up.
    #[cold]
    pub(crate) fn go_on<T>(
        &self,
        call: Call,
        interest: Interest,
        patience: Option<Deadline>,
        mut errno: Errno,
        mut attempt: impl FnMut() -> Result<T, Errno>,
    ) -> Result<T> {
        loop {
            match (errno, patience) {
                (Errno::EINTR, _) => {}
                (Errno::EAGAIN, Some(deadline)) => self.wait(call, interest, deadline)?,
                (errno, _) => return Err(Error::new(call, errno)),
            }
            match attempt() {
                Ok(value) => return Ok(value),
                Err(next) => errno = next,
            }
        }
    }

    /// Waits until the socket is ready or has failed.
    pub(super) fn wait(&self, call: Call, interest: Interest, deadline: Deadline) -> Result<()> {
        loop {
            match sys::wait(self.fd.as_fd(), interest, deadline.remaining()) {
                Ok(true) => return Ok(()),
                Ok(false) if deadline.has_passed() => {
                    return Err(Error::new(call, Cause::TimedOut));
                }
                Ok(false) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(Error::new(call, errno)),
            }
        }
    }
}
