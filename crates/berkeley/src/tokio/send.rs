//! Sending.

use std::io::IoSlice;
use std::os::fd::AsFd;

use super::Socket;
use super::wait::Got;
use crate::cmsg::SendBuffer;
use crate::error::{Call, Result};
use crate::kind::MsgFlags;
use crate::socket::{CipherOp, Socket as Plain};
use crate::sys::Interest;
use crate::target::ToAddr;

/// Sending.
///
/// Each of these has sent nothing if it is dropped before it has ended.
impl Socket {
    /// Sends some of these bytes and says how many: see [`send`](crate::Socket::send).
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(a.send(b"hello").await?, 5);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias = "write")]
    pub fn send(&self, data: &[u8]) -> impl Future<Output = Result<usize>> {
        self.send_with(data, MsgFlags::empty())
    }

    /// [`send`](Socket::send) with flags.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// use berkeley::{Family, MsgFlags, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::SEQPACKET, Protocol::DEFAULT)?;
    /// a.send_with(b"one record", MsgFlags::EOR).await?;
    /// assert_eq!(b.recv_vec(100).await?, b"one record");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    pub fn send_with(&self, data: &[u8], flags: MsgFlags) -> impl Future<Output = Result<usize>> {
        self.sending(Call::Send, data.len(), move |plain| plain.send_with(data, flags))
    }

    /// Sends one datagram to an address: see [`send_to`](crate::Socket::send_to).
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.bind("127.0.0.1:0").await?;
    /// sock.send_to(b"to myself", sock.local_addr()?).await?;
    /// assert_eq!(sock.recv_vec(100).await?, b"to myself");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias = "sendto")]
    pub async fn send_to(&self, data: &[u8], addr: impl ToAddr) -> Result<usize> {
        self.send_to_with(data, addr, MsgFlags::empty()).await
    }

    /// [`send_to`](Socket::send_to) with flags.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// use berkeley::{Family, MsgFlags, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.send_to_with(b"no detours", "127.0.0.1:9", MsgFlags::DONTROUTE).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_to`](Socket::send_to).
    pub async fn send_to_with(
        &self,
        data: &[u8],
        addr: impl ToAddr,
        flags: MsgFlags,
    ) -> Result<usize> {
        let mut patience = self.patience();
        let to = self.address(Call::SendTo, addr, &mut patience).await?;
        self.until(Call::SendTo, Interest::Write, &mut patience, |plain| {
            plain.send_to_with(data, to, flags).map(Got::from)
        })
        .await
    }

    /// [`send`](Socket::send) of several pieces of memory in one call.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// use berkeley::{Family, MsgFlags, Protocol, Type};
    /// use std::io::IoSlice;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// let pieces = [IoSlice::new(b"head "), IoSlice::new(b"body")];
    /// a.send_vectored(&pieces, MsgFlags::empty()).await?;
    /// assert_eq!(b.recv_vec(100).await?, b"head body");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias("sendmsg", "writev", "write_vectored"))]
    pub async fn send_vectored(&self, data: &[IoSlice<'_>], flags: MsgFlags) -> Result<usize> {
        let len = data.iter().map(|piece| piece.len()).sum();
        self.sending(Call::Send, len, |plain| plain.send_vectored(data, flags)).await
    }

    /// [`send_to`](Socket::send_to) of several pieces of memory as one datagram.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// use berkeley::{Family, MsgFlags, Protocol, Type};
    /// use std::io::IoSlice;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.bind("127.0.0.1:0").await?;
    /// let pieces = [IoSlice::new(b"a"), IoSlice::new(b"b")];
    /// sock.send_to_vectored(&pieces, sock.local_addr()?, MsgFlags::empty()).await?;
    /// assert_eq!(sock.recv_vec(100).await?, b"ab");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_to`](Socket::send_to).
    #[doc(alias = "sendmsg")]
    pub async fn send_to_vectored(
        &self,
        data: &[IoSlice<'_>],
        addr: impl ToAddr,
        flags: MsgFlags,
    ) -> Result<usize> {
        let mut patience = self.patience();
        let to = self.address(Call::SendTo, addr, &mut patience).await?;
        self.until(Call::SendTo, Interest::Write, &mut patience, |plain| {
            plain.send_to_vectored(data, to, flags).map(Got::from)
        })
        .await
    }

    /// Sends bytes with control messages beside them: see
    /// [`send_message`](crate::Socket::send_message).
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type, cmsg};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.bind("127.0.0.1:0").await?;
    /// let mut control = cmsg::SendBuffer::new();
    /// control.push(cmsg::IP_PKTINFO, cmsg::PacketInfo::from_addr([127, 0, 0, 1]));
    /// sock.send_message(b"from there", &control, sock.local_addr()?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias = "sendmsg")]
    pub async fn send_message(
        &self,
        data: &[u8],
        control: &SendBuffer<'_>,
        to: impl ToAddr,
    ) -> Result<usize> {
        self.send_message_vectored(&[IoSlice::new(data)], control, to, MsgFlags::empty()).await
    }

    /// [`send_message`](Socket::send_message) of several pieces of memory as one, with flags.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// use berkeley::{Family, MsgFlags, Protocol, Type, cmsg};
    /// use std::io::IoSlice;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let pieces = [IoSlice::new(b"ab"), IoSlice::new(b"cd")];
    /// let control = cmsg::SendBuffer::new();
    /// let sent = a.send_message_vectored(&pieces, &control, (), MsgFlags::empty()).await?;
    /// assert_eq!(sent, 4);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias("sendmsg", "writev"))]
    pub async fn send_message_vectored(
        &self,
        data: &[IoSlice<'_>],
        control: &SendBuffer<'_>,
        to: impl ToAddr,
        flags: MsgFlags,
    ) -> Result<usize> {
        let mut patience = self.patience();
        let to = self.address(Call::SendMsg, to, &mut patience).await?;
        self.until(Call::SendMsg, Interest::Write, &mut patience, |plain| {
            plain.send_message_vectored(data, control, to, flags).map(Got::from)
        })
        .await
    }

    /// Sends bytes, and duplicates of descriptors, to the connected peer: see
    /// [`send_fds`](crate::Socket::send_fds).
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Family, Protocol, Type};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send_fds(b"my own end", &[&a]).await?;
    /// assert_eq!(b.recv_fds(&mut [0; 16], 1).await?.fds.len(), 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias = "SCM_RIGHTS")]
    pub async fn send_fds<F: AsFd>(&self, data: &[u8], fds: &[F]) -> Result<usize> {
        self.send_fds_with(data, fds, (), MsgFlags::empty()).await
    }

    /// [`send_fds`](Socket::send_fds) to an address, with flags; `()` is the connected peer.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Family, MsgFlags, Protocol, Type};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let to = Socket::new(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// to.bind("unix:").await?;
    /// let from = Socket::new(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// from.send_fds_with(b"x", &[&from], to.local_addr()?, MsgFlags::empty()).await?;
    /// assert_eq!(to.recv_fds(&mut [0; 1], 1).await?.fds.len(), 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_fds`](Socket::send_fds).
    #[doc(alias = "SCM_RIGHTS")]
    pub async fn send_fds_with<F: AsFd>(
        &self,
        data: &[u8],
        fds: &[F],
        to: impl ToAddr,
        flags: MsgFlags,
    ) -> Result<usize> {
        let control = self.plain().fds_control(fds)?;
        self.send_message_vectored(&[IoSlice::new(data)], &control, to, flags).await
    }

    /// Sends data to a cipher of the kernel and says what to do with it: see
    /// [`send_cipher`](crate::Socket::send_cipher).
    ///
    /// ```no_run
    /// use berkeley::tokio::Socket;
    /// use berkeley::{CipherOp, Family, MsgFlags, Protocol, Type, opt};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let cipher = Socket::new(Family::ALG, Type::SEQPACKET, Protocol::DEFAULT)?;
    /// cipher.bind("alg:skcipher:cbc(aes)").await?;
    /// cipher.set(opt::ALG_SET_KEY, &[7; 16])?;
    /// let (operation, _) = cipher.accept().await?;
    /// let flags = MsgFlags::empty();
    /// operation.send_cipher(&[0; 16], CipherOp::ENCRYPT, &[1; 16], 0, flags).await?;
    /// let ciphertext = operation.recv_vec(16).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias = "sendmsg_afalg")]
    pub async fn send_cipher(
        &self,
        data: &[u8],
        operation: CipherOp,
        iv: &[u8],
        associated: u32,
        flags: MsgFlags,
    ) -> Result<usize> {
        self.once(Call::SendMsg, Interest::Write, |plain| {
            plain.send_cipher(data, operation, iv, associated, flags)
        })
        .await
    }

    /// A send of one piece to the peer.
    #[allow(clippy::manual_async_fn, reason = "an async fn would move all of these once more")]
    pub(super) fn sending(
        &self,
        call: Call,
        len: usize,
        mut attempt: impl FnMut(&Plain) -> Result<usize>,
    ) -> impl Future<Output = Result<usize>> {
        async move {
            let fills = self.fills();
            let mut attempt = |plain: &Plain| {
                let value = attempt(plain)?;
                Ok(Got { value, was_last: fills && value < len })
            };
            let (write, for_ever) = (Interest::Write, self.plain().awaits_for_ever());
            match self.short(write, for_ever, &mut attempt).await {
                Some(done) => done,
                None => self.until_any(call, write, &mut self.patience(), &mut attempt).await,
            }
        }
    }

    /// Whether the socket is full once it has taken a part.
    #[inline]
    pub(super) fn fills(&self) -> bool {
        self.is_unix_stream || self.empties()
    }
}
