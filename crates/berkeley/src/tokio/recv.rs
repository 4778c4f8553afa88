//! Receiving.

use std::io::IoSliceMut;

use super::Socket;
use super::wait::Got;
use crate::addr::Addr;
use crate::buf::{Buffer, Filling, spare};
use crate::cmsg::RecvBuffer;
use crate::error::{Call, Error, Result};
use crate::errqueue::QueuedError;
use crate::kind::MsgFlags;
use crate::socket::{Received, ReceivedFds, Socket as Plain, fds_flags, fds_room};
use crate::sys::{Errno, Interest};

/// Receiving.
///
/// Each of these may be dropped and called again: nothing is lost.
impl Socket {
    /// Receives into memory and says how many bytes: see [`recv`](crate::Socket::recv).
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"hello").await?;
    /// let mut buf = [0; 1024];
    /// assert_eq!(b.recv(&mut buf).await?, 5);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias("recv_into", "read"))]
    pub fn recv<B: Buffer>(&self, buf: B) -> impl Future<Output = Result<B::Received>> {
        self.recv_with(buf, MsgFlags::empty())
    }

    /// [`recv`](Socket::recv) with flags: [`MsgFlags::PEEK`] leaves there what it shows.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// use berkeley::{Family, MsgFlags, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"hello").await?;
    /// assert_eq!(b.recv_with(&mut [0; 1], MsgFlags::PEEK).await?, 1);
    /// assert_eq!(b.recv_vec(100).await?, b"hello");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias = "peek")]
    #[allow(clippy::manual_async_fn, reason = "an async fn would move all of these once more")]
    pub fn recv_with<B: Buffer>(
        &self,
        buf: B,
        flags: MsgFlags,
    ) -> impl Future<Output = Result<B::Received>> {
        async move {
            let mut buf = Filling::new(buf);
            let empties = flags.is_empty() && self.empties();
            let mut attempt = |plain: &Plain| {
                let (len, has_room) = buf.attempt(|room| plain.recv_filled(room, flags))?;
                Ok(Got { value: (), was_last: empties && has_room && len > 0 })
            };
            let (read, for_ever) = (Interest::Read, self.plain().awaits_for_ever());
            match self.short(read, for_ever, &mut attempt).await {
                Some(done) => done?,
                None => {
                    let mut patience = self.patience();
                    self.until_any(Call::Recv, read, &mut patience, &mut attempt).await?;
                }
            }
            Ok(buf.finish())
        }
    }

    /// Receives at most so many bytes into a new vector.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Family, Protocol, Type};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"hello").await?;
    /// assert_eq!(b.recv_vec(1024).await?, b"hello");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Socket::recv); `ENOMEM` for more than there is memory.
    pub async fn recv_vec(&self, most: usize) -> Result<Vec<u8>> {
        let mut data = Vec::new();
        data.try_reserve_exact(most).map_err(|_| Error::new(Call::Recv, Errno::ENOMEM))?;
        self.recv(spare(&mut data)).await?;
        Ok(data)
    }

    /// Receives one message, and who sent it: see [`recv_from`](crate::Socket::recv_from).
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let server = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// server.bind("127.0.0.1:0").await?;
    /// let client = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// client.send_to(b"hello", server.local_addr()?).await?;
    ///
    /// let mut buf = [0; 1024];
    /// let (len, from) = server.recv_from(&mut buf).await?;
    /// server.send_to(&buf[..len], from).await?;
    /// assert_eq!(client.recv_vec(1024).await?, b"hello");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias = "recvfrom")]
    pub async fn recv_from<B: Buffer>(&self, buf: B) -> Result<(B::Received, Addr)> {
        self.recv_from_with(buf, MsgFlags::empty()).await
    }

    /// [`recv_from`](Socket::recv_from) with flags.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// use berkeley::{Family, MsgFlags, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// a.send(b"a long message").await?;
    /// let (len, _from) = b.recv_from_with(&mut [0; 6], MsgFlags::TRUNC).await?;
    /// assert_eq!(len, 6);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv_from`](Socket::recv_from).
    pub async fn recv_from_with<B: Buffer>(
        &self,
        buf: B,
        flags: MsgFlags,
    ) -> Result<(B::Received, Addr)> {
        let mut buf = Filling::new(buf);
        let mut from = Received::nothing().from;
        self.once(Call::RecvFrom, Interest::Read, |plain| {
            buf.attempt(|room| plain.recv_from_filled(room, flags, &mut from))
        })
        .await?;
        Ok((buf.finish(), from))
    }

    /// Receives into several pieces of memory, filled one after the other, in one call: see
    /// [`recv_from_vectored`](crate::Socket::recv_from_vectored).
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// use berkeley::{Family, MsgFlags, Protocol, Type};
    /// use std::io::IoSliceMut;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// a.send(b"HEADbody").await?;
    /// let (mut head, mut body) = ([0; 4], [0; 100]);
    /// let mut pieces = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
    /// let (len, _from) = b.recv_from_vectored(&mut pieces, MsgFlags::empty()).await?;
    /// assert_eq!((len, &head), (8, b"HEAD"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias("recvmsg", "readv", "read_vectored"))]
    pub async fn recv_from_vectored(
        &self,
        data: &mut [IoSliceMut<'_>],
        flags: MsgFlags,
    ) -> Result<(usize, Addr)> {
        let attempt = |plain: &Plain| plain.recv_from_vectored(data, flags);
        self.once(Call::RecvFrom, Interest::Read, attempt).await
    }

    /// [`recv_from_vectored`](Socket::recv_from_vectored) without the address.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// use berkeley::{Family, MsgFlags, Protocol, Type};
    /// use std::io::IoSliceMut;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"ab").await?;
    /// let (mut first, mut second) = ([0; 1], [0; 1]);
    /// let mut pieces = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    /// assert_eq!(b.recv_vectored(&mut pieces, MsgFlags::empty()).await?, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias("recvmsg", "readv", "read_vectored"))]
    pub async fn recv_vectored(
        &self,
        data: &mut [IoSliceMut<'_>],
        flags: MsgFlags,
    ) -> Result<usize> {
        let attempt = |plain: &Plain| plain.recv_vectored(data, flags);
        self.once(Call::Recv, Interest::Read, attempt).await
    }

    /// Receives bytes and the control messages beside them: see
    /// [`recv_message`](crate::Socket::recv_message).
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type, cmsg, opt};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// b.set(opt::SO_PASSCRED, true)?;
    /// a.send(b"who am I?").await?;
    ///
    /// let mut control = cmsg::RecvBuffer::with_room(cmsg::SCM_CREDENTIALS.space());
    /// let got = b.recv_message(&mut [0; 100], &mut control).await?;
    /// assert_eq!(got.data, 9);
    /// assert_eq!(control.get(cmsg::SCM_CREDENTIALS).unwrap().pid, std::process::id());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias = "recvmsg")]
    pub async fn recv_message<B: Buffer>(
        &self,
        buf: B,
        control: &mut RecvBuffer,
    ) -> Result<Received<B::Received>> {
        self.recv_message_with(buf, control, MsgFlags::empty()).await
    }

    /// [`recv_message`](Socket::recv_message) with flags.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// use berkeley::{Family, MsgFlags, Protocol, Type, cmsg};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// a.send_fds(b"look", &[&a]).await?;
    /// let mut control = cmsg::RecvBuffer::with_room(cmsg::space(4));
    /// b.recv_message_with(&mut [0; 4], &mut control, MsgFlags::PEEK).await?;
    /// assert_eq!(control.take_fds().len(), 1); // a duplicate of its own
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv_message`](Socket::recv_message).
    #[doc(alias = "recvmsg")]
    pub async fn recv_message_with<B: Buffer>(
        &self,
        buf: B,
        control: &mut RecvBuffer,
        flags: MsgFlags,
    ) -> Result<Received<B::Received>> {
        let (mut buf, mut told) = (Filling::new(buf), Received::nothing());
        self.once(Call::RecvMsg, Interest::Read, |plain| {
            buf.attempt(|room| plain.recv_message_filled(room, control, flags, &mut told))
        })
        .await?;
        Ok(told.with(buf.finish()))
    }

    /// [`recv_message`](Socket::recv_message) into several pieces of memory, with flags.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// use berkeley::{Family, MsgFlags, Protocol, Type, cmsg};
    /// use std::io::IoSliceMut;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// a.send(b"HEADbody").await?;
    /// let (mut head, mut body) = ([0; 4], [0; 100]);
    /// let mut pieces = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
    /// let mut control = cmsg::RecvBuffer::default();
    /// let got = b.recv_message_vectored(&mut pieces, &mut control, MsgFlags::empty()).await?;
    /// assert_eq!((got.data, &head), (8, b"HEAD"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias("recvmsg", "readv"))]
    pub async fn recv_message_vectored(
        &self,
        data: &mut [IoSliceMut<'_>],
        control: &mut RecvBuffer,
        flags: MsgFlags,
    ) -> Result<Received<usize>> {
        let attempt = |plain: &Plain| plain.recv_message_vectored(data, control, flags);
        self.once(Call::RecvMsg, Interest::Read, attempt).await
    }

    /// Receives bytes and at most so many descriptors: see
    /// [`recv_fds`](crate::Socket::recv_fds).
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Family, Protocol, Type};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send_fds(b"two", &[&a, &b]).await?;
    /// assert_eq!(b.recv_fds(&mut [0; 16], 8).await?.fds.len(), 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias = "SCM_RIGHTS")]
    pub async fn recv_fds<B: Buffer>(
        &self,
        buf: B,
        most: usize,
    ) -> Result<ReceivedFds<B::Received>> {
        self.recv_fds_with(buf, most, MsgFlags::empty()).await
    }

    /// [`recv_fds`](Socket::recv_fds) with flags.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// use berkeley::{Family, MsgFlags, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send_fds(b"three", &[&a, &a, &a]).await?;
    /// let some = b.recv_fds_with(&mut [0; 16], 1, MsgFlags::CTRUNC).await?;
    /// assert!(some.fds.len() == 1 && some.flags.contains(MsgFlags::CTRUNC));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv_fds`](Socket::recv_fds).
    #[doc(alias = "SCM_RIGHTS")]
    pub async fn recv_fds_with<B: Buffer>(
        &self,
        buf: B,
        most: usize,
        flags: MsgFlags,
    ) -> Result<ReceivedFds<B::Received>> {
        let mut control = fds_room(most);
        let got = self.recv_message_with(buf, &mut control, fds_flags(flags)).await?;
        got.into_fds(control, flags)
    }

    /// Takes the first entry from the queue of errors, and waits until there is one: see
    /// [`recv_error`](crate::Socket::recv_error), which does not wait.
    ///
    /// ```
    /// use berkeley::errqueue::ErrorEvent;
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type, opt};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.set(opt::IP_RECVERR, true)?;
    /// sock.connect("127.0.0.1:1").await?;
    /// sock.send(b"anybody there?").await?;
    /// let queued = sock.recv_error(&mut [0; 100]).await?;
    /// assert!(matches!(queued.event, ErrorEvent::Icmp { .. }));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one; [`Cause::TimedOut`](crate::Cause::TimedOut) if the timeout passes.
    #[doc(alias("MSG_ERRQUEUE", "IP_RECVERR", "EPOLLERR"))]
    pub async fn recv_error(&self, data: &mut [u8]) -> Result<QueuedError> {
        self.takes_errors.store(true, std::sync::atomic::Ordering::SeqCst);
        self.once(Call::RecvMsg, Interest::Error, |plain| {
            plain.recv_error(data)?.ok_or_else(|| Error::new(Call::RecvMsg, Errno::EAGAIN))
        })
        .await
    }

    /// Whether a receive that leaves room has received all there is. Other streams than TCP end
    /// short for other reasons, too: before descriptors, at another sender's bytes.
    #[inline]
    pub(super) fn empties(&self) -> bool {
        self.is_tcp && !self.plain().is_layered()
    }
}
