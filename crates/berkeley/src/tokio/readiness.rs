//! Waiting for the socket without a call, and calls of one's own.

use std::io;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use ::tokio::io::Interest as Interests;

use super::Socket;
use super::wait::Got;
use crate::error::{Call, Cause, Error, Result};
use crate::socket::Socket as Plain;
use crate::sys::{Errno, Interest, Woken};

/// Readiness, for calls that are not here.
///
/// Each of these may be dropped and called again. They are for one direction: of several
/// interests, the first of readable, writable and error counts.
impl Socket {
    /// Waits until there is something to receive or accept, or the connection has ended, within
    /// the timeout.
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"x").await?;
    /// b.wait_readable().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Cause::TimedOut`] if the timeout passes, `EAGAIN` if it is zero.
    #[doc(alias("readable", "poll", "select"))]
    pub async fn wait_readable(&self) -> Result<()> {
        self.until_seen(Call::Recv, Interest::Read).await
    }

    /// Waits until there is room to send, or a connection attempt has ended, within the timeout.
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.wait_writable().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`wait_readable`](Socket::wait_readable).
    #[doc(alias("writable", "poll", "select"))]
    pub async fn wait_writable(&self) -> Result<()> {
        self.until_seen(Call::Send, Interest::Write).await
    }

    /// Waits until there is something in the queue of errors, within the timeout.
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type, opt};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.set(opt::IP_RECVERR, true)?;
    /// sock.connect("127.0.0.1:1").await?;
    /// sock.send(b"anybody there?").await?;
    /// sock.wait_error().await?;
    /// assert!(sock.plain().recv_error(&mut [0; 100])?.is_some());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`wait_readable`](Socket::wait_readable).
    #[doc(alias("poll", "EPOLLERR"))]
    pub async fn wait_error(&self) -> Result<()> {
        self.takes_errors.store(true, Ordering::SeqCst);
        self.until_seen(Call::RecvMsg, Interest::Error).await
    }

    /// Makes a call of the [plain](Socket::plain) socket at once, if the reactor does not know that
    /// it would have to wait. What is tried here and "would block" is what the next wait waits for.
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    /// use tokio::io::Interest;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let mut buf = [0; 8];
    /// let nothing = b.try_io(Interest::READABLE, |plain| plain.recv(&mut buf));
    /// assert!(nothing.unwrap_err().is_would_block());
    ///
    /// a.send(b"now").await?;
    /// b.wait_readable().await?;
    /// assert_eq!(b.try_io(Interest::READABLE, |plain| plain.recv(&mut buf))?, 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// `EAGAIN` if it would have to wait, and those of the call.
    #[doc(alias("try_recv", "try_send", "try_read", "try_write"))]
    pub fn try_io<R>(
        &self,
        interest: Interests,
        call: impl FnOnce(&Plain) -> Result<R>,
    ) -> Result<R> {
        let interest = self.one(interest);
        let Some(io) = self.io.registration().filter(|_| interest != Interest::Error) else {
            return call(self.plain());
        };
        let known = match interest {
            Interest::Write => Interests::WRITABLE,
            _ => Interests::READABLE | Interests::PRIORITY,
        };
        let mut made = Err(Error::new(named(interest), Errno::EAGAIN));
        let _ = io.try_io(known, |_| {
            made = call(self.plain());
            match made.as_ref().is_err_and(Error::is_would_block) {
                true => Err(io::ErrorKind::WouldBlock.into()),
                false => Ok(()),
            }
        });
        made
    }

    /// Makes a call of the [plain](Socket::plain) socket, and again whenever the socket is ready,
    /// until it says something else than "would block", within the timeout.
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    /// use tokio::io::Interest;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"now").await?;
    /// let data = b.async_io(Interest::READABLE, |plain| plain.recv_vec(100)).await?;
    /// assert_eq!(data, b"now");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the call; [`Cause::TimedOut`] if the timeout passes.
    pub async fn async_io<R>(
        &self,
        interest: Interests,
        call: impl FnMut(&Plain) -> Result<R>,
    ) -> Result<R> {
        let interest = self.one(interest);
        self.once(named(interest), interest, call).await
    }

    /// [`async_io`](Socket::async_io) for those who are polled: one task for each direction, the
    /// last one that has called it, and the same call until it has ended.
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    /// use std::future::poll_fn;
    /// use tokio::io::Interest;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"now").await?;
    /// let receive = |plain: &berkeley::Socket| plain.recv_vec(100);
    /// let data = poll_fn(|cx| b.poll_io(cx, Interest::READABLE, receive)).await?;
    /// assert_eq!(data, b"now");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`async_io`](Socket::async_io); [`Cause::Argument`] for an interest in errors alone:
    /// there is [`wait_error`](Socket::wait_error).
    #[doc(alias("poll_recv", "poll_send", "poll_recv_ready", "poll_send_ready"))]
    pub fn poll_io<R>(
        &self,
        cx: &mut Context<'_>,
        interest: Interests,
        mut call: impl FnMut(&Plain) -> Result<R>,
    ) -> Poll<Result<R>> {
        let interest = self.one(interest);
        let slot = match interest {
            Interest::Read => &self.reader,
            Interest::Write => &self.writer,
            Interest::Error => {
                let cause = Cause::Argument("nobody is polled for errors alone");
                return Poll::Ready(Err(Error::new(named(interest), cause)));
            }
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        let attempt = |plain: &Plain| call(plain).map(Got::from);
        self.poll_until(cx, named(interest), interest, &mut slot, attempt)
    }

    /// Waits until the kernel itself says that the socket is ready.
    async fn until_seen(&self, call: Call, interest: Interest) -> Result<()> {
        self.once(call, interest, |plain| match plain.glance(call, interest)? {
            Woken::TimedOut => Err(Error::new(call, Errno::EAGAIN)),
            Woken::Ready | Woken::ShutDown => Ok(()),
        })
        .await
    }

    fn one(&self, interests: Interests) -> Interest {
        match interests {
            some if some.is_readable() => Interest::Read,
            some if some.is_writable() => Interest::Write,
            _ => {
                self.takes_errors.store(true, Ordering::SeqCst);
                Interest::Error
            }
        }
    }
}

/// The call that such an interest is for, in errors.
fn named(interest: Interest) -> Call {
    match interest {
        Interest::Read => Call::Recv,
        Interest::Write => Call::Send,
        Interest::Error => Call::RecvMsg,
    }
}
