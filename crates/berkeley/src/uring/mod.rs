//! Operations that the kernel carries out by itself, by io_uring: with the feature `io-uring`.
//!
//! Elsewhere in this crate a call waits until the socket is ready, and then moves bytes. Here an
//! operation is handed over together with its buffer, and the kernel does both: thousands may be
//! in flight in one thread, and many are handed over by one system call. What has ended comes back
//! as a [`Completion`], with the buffer.
//!
//! ```
//! use berkeley::uring::Ring;
//! use berkeley::{Deadline, Family, Protocol, Socket, Type};
//! use std::sync::Arc;
//! # if !berkeley::uring::is_available() { return Ok(()) }
//!
//! let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
//! let (a, b) = (Arc::new(a), Arc::new(b));
//!
//! let mut ring = Ring::new(64)?;
//! let receiving = ring.recv(&a, Vec::with_capacity(100));
//! let sending = ring.send(&b, b"hello".to_vec());
//! while let Some(done) = ring.wait(Deadline::NEVER)? {
//!     assert_eq!(done.result?, 5);
//!     assert!(done.token == sending || done.buffer == b"hello");
//! }
//! # Ok::<(), berkeley::Error>(())
//! ```
//!
//! # What holds
//!
//! - Every operation ends in exactly one completion, whether it could be begun or not, and every
//!   completion gives its buffer back. Only a ring that is dropped keeps them.
//! - Nothing is handed over before [`submit`](Ring::submit), [`poll`](Ring::poll) or
//!   [`wait`](Ring::wait).
//! - Operations of one socket may be carried out side by side and end in any order: for the order
//!   of a stream, begin the next one when the last has ended.
//! - An operation holds its socket open until it has ended.
//! - A socket's timeout does not apply, not even zero: an operation waits until it is done or is
//!   [cancelled](Ring::cancel). For how long to wait for completions, `wait` is told.
//! - The ring may go to another thread. A [`connect`](Ring::connect) ends with `ECANCELED` if the
//!   thread that has handed it over ends before it; everything else goes on.
//!
//! # Platforms
//!
//! Linux 5.11; [`send_zero_copy`](Ring::send_zero_copy) 6.0. Many containers and some systems
//! forbid it: [`is_available`] tells.
//!
//! See `io_uring(7)`.

mod completion;
mod operations;

use std::collections::VecDeque;
use std::fmt;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

pub use completion::Completion;

use crate::error::{Call, Cause, Error, Result};
use crate::kind::MsgFlags;
use crate::socket::Socket;
use crate::sys::{Errno, c, uring as sys};
use crate::time::Deadline;

/// Whether this process may have rings, and the kernel's can do all that is needed.
///
/// ```
/// if !berkeley::uring::is_available() {
///     println!("then by threads");
/// }
/// ```
pub fn is_available() -> bool {
    Ring::new(1).is_ok()
}

/// Hands operations over to the kernel, and brings back what has ended.
///
/// Dropping it cancels what is in flight and waits for that to end. Buffers that were sent without
/// a copy and are still read by then are never freed.
///
/// ```
/// use berkeley::uring::Ring;
/// # if !berkeley::uring::is_available() { return Ok(()) }
///
/// let ring = Ring::new(256)?;
/// assert_eq!(ring.pending(), 0);
/// # Ok::<(), berkeley::Error>(())
/// ```
#[doc(alias("io_uring", "IoUring"))]
pub struct Ring {
    ring: sys::Ring<Pending>,
    /// What has ended and was not asked for yet.
    ready: VecDeque<Completion>,
}

/// Names an operation, in this process for ever.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type, uring::Ring};
/// use std::{net::Shutdown, sync::Arc};
/// # if !berkeley::uring::is_available() { return Ok(()) }
///
/// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
/// let a = Arc::new(a);
/// let mut ring = Ring::new(8)?;
/// assert_ne!(ring.shutdown(&a, Shutdown::Read), ring.shutdown(&a, Shutdown::Write));
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[doc(alias = "user_data")]
pub struct Token(u64);

/// What is kept of an operation beside its memory.
struct Pending {
    call: Call,
    /// None if it is what is closed.
    sock: Option<Arc<Socket>>,
    asked: MsgFlags,
    /// Of a socket that is accepted.
    timeout: Option<Duration>,
}

impl AsRawFd for Pending {
    fn as_raw_fd(&self) -> RawFd {
        self.sock.as_ref().map_or(-1, |sock| sock.as_raw_fd())
    }
}

/// How long dropping a ring waits for what it has cancelled. It takes microseconds: this is for a
/// kernel that does not answer.
const FOR_THE_CANCELLED: Duration = Duration::from_secs(10);

/// Waiting.
impl Ring {
    /// A ring that hands over at most so many operations by one system call, from 1 to 32,768: any
    /// number may be in flight.
    ///
    /// ```
    /// use berkeley::{Errno, uring::Ring};
    ///
    /// match Ring::new(64) {
    ///     Ok(_ring) => {}
    ///     Err(error) if error.errno() == Some(Errno::EPERM) => println!("it is forbidden here"),
    ///     Err(error) => println!("{error}"), // io_uring_setup: function not implemented
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// `ENOSYS` if the kernel has no io_uring, `EPERM` if it is forbidden
    /// (`kernel.io_uring_disabled`, a container's filter), `EOPNOTSUPP` if the kernel is older than
    /// 5.11, `EMFILE` at the limit of descriptors, `ENOMEM` without memory or the right to lock it.
    ///
    /// See `io_uring_setup(2)`.
    #[doc(alias = "io_uring_setup")]
    pub fn new(entries: u32) -> Result<Ring> {
        let ring = sys::Ring::new(entries).map_err(Error::of(Call::UringSetup))?;
        Ok(Ring { ring, ready: VecDeque::new() })
    }

    /// How many completions are to come.
    ///
    /// ```
    /// # use berkeley::{Family, Protocol, Socket, Type, uring::Ring};
    /// # use std::sync::Arc;
    /// # if !berkeley::uring::is_available() { return Ok(()) }
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let mut ring = Ring::new(8)?;
    /// ring.recv(&Arc::new(a), Vec::with_capacity(100));
    /// assert_eq!(ring.pending(), 1);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn pending(&self) -> usize {
        self.ring.running() + self.ready.len()
    }

    /// Hands over all operations that are not yet with the kernel, without waiting for any.
    ///
    /// ```
    /// # use berkeley::{Family, Protocol, Socket, Type, uring::Ring};
    /// # use std::sync::Arc;
    /// # if !berkeley::uring::is_available() { return Ok(()) }
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let mut ring = Ring::new(8)?;
    /// ring.send(&Arc::new(a), b"on its way".to_vec());
    /// ring.submit()?;
    /// assert_eq!(b.recv_vec(100)?, b"on its way");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EAGAIN` or `EBUSY` if the kernel has no memory for more at the moment: those operations go
    /// with the next call.
    ///
    /// See `io_uring_enter(2)`.
    #[doc(alias = "io_uring_enter")]
    pub fn submit(&mut self) -> Result<()> {
        self.hand_over().map_err(Error::of(Call::UringEnter))
    }

    /// Something that has ended, if there is, without waiting. Where nothing has, this hands over
    /// what is not yet with the kernel.
    ///
    /// ```
    /// use berkeley::uring::Ring;
    /// # if !berkeley::uring::is_available() { return Ok(()) }
    ///
    /// assert!(Ring::new(8)?.poll()?.is_none());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`submit`](Ring::submit).
    pub fn poll(&mut self) -> Result<Option<Completion>> {
        if let Some(done) = self.next() {
            return Ok(Some(done));
        }
        self.submit()?;
        if self.ring.has_overflown() {
            // The kernel hands them out only when it is called.
            self.ring.submit().map_err(Error::of(Call::UringEnter))?;
        }
        Ok(self.next())
    }

    /// Waits until something has ended, and says `None` if nothing is in flight.
    ///
    /// ```
    /// use berkeley::uring::Ring;
    /// use berkeley::{Deadline, Family, Protocol, Socket, Type};
    /// use std::{sync::Arc, time::Duration};
    /// # if !berkeley::uring::is_available() { return Ok(()) }
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let mut ring = Ring::new(8)?;
    /// ring.recv(&Arc::new(a), Vec::with_capacity(100));
    /// let soon = Deadline::after(Duration::from_millis(20));
    /// assert!(ring.wait(soon).unwrap_err().is_timeout());
    ///
    /// b.send(b"now")?;
    /// assert_eq!(ring.wait(Deadline::NEVER)?.unwrap().buffer, b"now");
    /// assert!(ring.wait(Deadline::NEVER)?.is_none());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Cause::TimedOut`] if the deadline passes: everything stays in flight.
    ///
    /// See `io_uring_enter(2)`.
    #[doc(alias("io_uring_enter", "io_uring_wait_cqe"))]
    pub fn wait(&mut self, deadline: Deadline) -> Result<Option<Completion>> {
        loop {
            match self.poll() {
                Ok(Some(done)) => return Ok(Some(done)),
                Ok(None) if self.ring.running() == 0 => return Ok(None),
                Ok(None) => {}
                // Then room has to be waited for, too.
                Err(error) if matches!(error.errno(), Some(Errno::EAGAIN | Errno::EBUSY)) => {}
                Err(error) => return Err(error),
            }
            match self.ring.wait(deadline.remaining()) {
                Ok(()) => {}
                Err(Errno(c::ETIME | c::EINTR | c::EAGAIN | c::EBUSY)) => {
                    if deadline.has_passed() {
                        return match self.next() {
                            Some(done) => Ok(Some(done)),
                            None => Err(Error::new(Call::UringEnter, Cause::TimedOut)),
                        };
                    }
                }
                Err(errno) => return Err(Error::new(Call::UringEnter, errno)),
            }
        }
    }

    /// Asks for the end of an operation: it then ends with `ECANCELED`, or as it would have if it
    /// could no longer be stopped. One that has ended already is left alone.
    ///
    /// ```
    /// use berkeley::{Deadline, Errno, create_server, uring::Ring};
    /// use std::sync::Arc;
    /// # if !berkeley::uring::is_available() { return Ok(()) }
    ///
    /// let server = Arc::new(create_server("127.0.0.1:0")?);
    /// let mut ring = Ring::new(8)?;
    /// let accepting = ring.accept(&server);
    /// ring.cancel(accepting);
    /// let done = ring.wait(Deadline::NEVER)?.unwrap();
    /// assert_eq!(done.result.unwrap_err().errno(), Some(Errno::ECANCELED));
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[doc(alias = "io_uring_prep_cancel")]
    pub fn cancel(&mut self, token: Token) {
        self.ring.cancel(token.0);
    }

    /// The next of those that have ended, as far as the kernel has told.
    fn next(&mut self) -> Option<Completion> {
        self.ready.pop_front().or_else(|| self.ring.reap().map(Completion::of))
    }

    fn hand_over(&mut self) -> Result<(), Errno> {
        while self.ring.has_queued() {
            let handed = match self.ring.submit() {
                Ok(0) => Err(Errno::EAGAIN),
                other => other,
            };
            match handed {
                Ok(_) | Err(Errno::EINTR) => {}
                // There may be room once the completions are taken out.
                Err(errno @ (Errno::EAGAIN | Errno::EBUSY)) => {
                    let Some(done) = self.ring.reap() else { return Err(errno) };
                    self.ready.push_back(Completion::of(done));
                }
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        let deadline = Deadline::after(FOR_THE_CANCELLED);
        self.ring.cancel_all();
        while self.ring.is_busy() && !deadline.has_passed() {
            // Whatever they say, and whatever has ended: nobody is there to be told.
            if self.hand_over().is_ok() {
                let _ = self.ring.wait(deadline.remaining());
            }
            while self.ring.reap().is_some() {}
        }
        // What is still in flight, the kernel may still read or write. The layer below never frees
        // it: freed, it would go out, or be written to, as whatever comes to stand there.
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring").field("pending", &self.pending()).finish_non_exhaustive()
    }
}
