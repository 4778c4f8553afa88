//! Sending.

use std::io::IoSlice;
use std::os::fd::AsFd;

use super::Socket;
use crate::error::{Call, Result};
use crate::kind::MsgFlags;
use crate::seam;
use crate::sys::Interest;
use crate::target::ToAddr;

/// Sending.
impl Socket {
    /// Sends some of these bytes and says how many: a stream takes as many as there is room for,
    /// a datagram goes whole or not at all.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(a.send(b"hello")?, 5);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EPIPE` or `ECONNRESET` if the connection has ended, `EMSGSIZE` for a datagram that is
    /// too large, `ENOTCONN` or `EDESTADDRREQ` without a connection, [`Cause::TimedOut`](crate::Cause::TimedOut) if the
    /// timeout passes, `EAGAIN` if it is zero and there is no room.
    ///
    /// See `send(2)`.
    #[inline]
    pub fn send(&self, data: &[u8]) -> Result<usize> {
        self.send_with(data, MsgFlags::empty())
    }

    /// [`send`](Socket::send) with flags.
    ///
    /// ```
    /// use berkeley::{MsgFlags, create_connection, create_server};
    ///
    /// let server = create_server("127.0.0.1:0")?;
    /// let sock = create_connection(&server.local_addr()?)?;
    /// sock.send_with(b"head", MsgFlags::MORE)?; // waits for the rest
    /// sock.send(b"body")?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send`](Socket::send).
    #[inline]
    pub fn send_with(&self, data: &[u8], flags: MsgFlags) -> Result<usize> {
        self.retry(Call::Send, Interest::Write, flags, move || {
            seam::send(self.fd.as_fd(), data, self.send_flags(flags))
        })
    }

    /// Sends one datagram to an address.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.bind("127.0.0.1:0")?;
    /// sock.send_to(b"to myself", sock.local_addr()?)?;
    /// assert_eq!(sock.recv_vec(100)?, b"to myself");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send`](Socket::send) and of [`ToAddr`], with the address.
    ///
    /// See `sendto(2)`.
    #[inline]
    #[doc(alias = "sendto")]
    pub fn send_to(&self, data: &[u8], addr: impl ToAddr) -> Result<usize> {
        self.send_to_with(data, addr, MsgFlags::empty())
    }

    /// [`send_to`](Socket::send_to) with flags.
    ///
    /// ```
    /// use berkeley::{Family, MsgFlags, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.send_to_with(b"now or never", "127.0.0.1:9", MsgFlags::DONTWAIT)?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_to`](Socket::send_to).
    #[inline]
    pub fn send_to_with(&self, data: &[u8], addr: impl ToAddr, flags: MsgFlags) -> Result<usize> {
        self.with_addr(Call::SendTo, addr, |addr| {
            let sent = self.retry(Call::SendTo, Interest::Write, flags, move || {
                seam::send_to(self.fd.as_fd(), data, self.send_flags(flags), &addr.0)
            });
            sent.map_err(|error| error.at(addr))
        })
    }

    /// [`send`](Socket::send) of several pieces of memory in one call: one datagram, or one
    /// stretch of the stream. An empty address means the connected peer.
    ///
    /// ```
    /// use berkeley::{Family, MsgFlags, Protocol, Socket, Type};
    /// use std::io::IoSlice;
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// a.send_vectored(&[IoSlice::new(b"head "), IoSlice::new(b"body")], MsgFlags::empty())?;
    /// assert_eq!(b.recv_vec(100)?, b"head body");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send`](Socket::send); `EMSGSIZE` for more than 1,024 pieces.
    ///
    /// See `sendmsg(2)`.
    #[doc(alias("sendmsg", "writev", "write_vectored"))]
    pub fn send_vectored(&self, data: &[IoSlice<'_>], flags: MsgFlags) -> Result<usize> {
        self.retry(Call::Send, Interest::Write, flags, move || {
            seam::send_message(self.fd.as_fd(), data, &[], self.send_flags(flags), None)
        })
    }

    /// [`send_to`](Socket::send_to) of several pieces of memory as one datagram.
    ///
    /// ```
    /// use berkeley::{Family, MsgFlags, Protocol, Socket, Type};
    /// use std::io::IoSlice;
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.bind("127.0.0.1:0")?;
    /// let pieces = [IoSlice::new(b"a"), IoSlice::new(b"b")];
    /// sock.send_to_vectored(&pieces, sock.local_addr()?, MsgFlags::empty())?;
    /// assert_eq!(sock.recv_vec(100)?, b"ab");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_to`](Socket::send_to).
    ///
    /// See `sendmsg(2)`.
    #[doc(alias = "sendmsg")]
    pub fn send_to_vectored(
        &self,
        data: &[IoSlice<'_>],
        addr: impl ToAddr,
        flags: MsgFlags,
    ) -> Result<usize> {
        self.with_addr(Call::SendTo, addr, |addr| {
            let sent = self.retry(Call::SendTo, Interest::Write, flags, move || {
                seam::send_message(
                    self.fd.as_fd(),
                    data,
                    &[],
                    self.send_flags(flags),
                    Some(&addr.0),
                )
            });
            sent.map_err(|error| error.at(addr))
        })
    }
}
