//! Receiving.

use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::sync::atomic::Ordering;

use super::Socket;
use crate::addr::Addr;
use crate::buf::{Buffer, fill, spare};
use crate::error::{Call, Cause, Error, Result};
use crate::kind::MsgFlags;
use crate::seam;
use crate::sys::control::ControlRoom;
use crate::sys::{self, Arrived, Errno, Filled, Interest, Odd, Storage};
use crate::time::Deadline;

/// Receiving.
impl Socket {
    /// Receives into memory and says how many bytes: of a stream what is there, zero at its end;
    /// of other types one message.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"hello")?;
    /// let mut buf = [0; 1024];
    /// let len = b.recv(&mut buf)?;
    /// assert_eq!(&buf[..len], b"hello");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Cause::TimedOut`] if the timeout passes, `EAGAIN` if it is zero and nothing is there,
    /// `ECONNRESET` if the peer cut the connection off, `ENOTCONN` without one,
    /// [`Cause::Truncated`] if a datagram was larger than the memory: it holds the beginning.
    /// Ask for [`MsgFlags::TRUNC`] to receive the beginnings of datagrams without that error.
    ///
    /// See `recv(2)`.
    #[inline]
    #[doc(alias = "recv_into")]
    pub fn recv<B: Buffer>(&self, buf: B) -> Result<B::Received> {
        self.recv_with(buf, MsgFlags::empty())
    }

    /// [`recv`](Socket::recv) with flags.
    ///
    /// With [`MsgFlags::TRUNC`] on a datagram socket the answer is never more than the memory
    /// holds.
    ///
    /// ```
    /// use berkeley::{Family, MsgFlags, Protocol, Socket, Type};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// a.send(b"a long message")?;
    /// let mut head = [0; 6];
    /// assert_eq!(b.recv_with(&mut head, MsgFlags::TRUNC)?, 6);
    /// assert_eq!(&head, b"a long");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Socket::recv).
    #[inline]
    pub fn recv_with<B: Buffer>(&self, buf: B, flags: MsgFlags) -> Result<B::Received> {
        fill(buf, |room| self.recv_filled(room, flags))
    }

    /// Receives at most so many bytes into a new vector.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"hello")?;
    /// assert_eq!(b.recv_vec(1024)?, b"hello");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Socket::recv); `ENOMEM` for more than there is memory.
    #[doc(alias = "recv")]
    pub fn recv_vec(&self, most: usize) -> Result<Vec<u8>> {
        let mut data = Vec::new();
        data.try_reserve_exact(most).map_err(|_| Error::new(Call::Recv, Errno::ENOMEM))?;
        self.recv(spare(&mut data))?;
        Ok(data)
    }

    /// Receives one message, and who sent it. On a connected stream there is no address.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let server = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// server.bind("127.0.0.1:0")?;
    /// let client = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// client.send_to(b"hello", server.local_addr()?)?;
    ///
    /// let mut buf = [0; 1024];
    /// let (len, from) = server.recv_from(&mut buf)?;
    /// server.send_to(&buf[..len], from)?;
    /// assert_eq!(client.recv_vec(1024)?, b"hello");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Socket::recv); that of a datagram that did not fit carries its sender.
    ///
    /// See `recvfrom(2)`.
    #[inline]
    #[doc(alias("recvfrom", "recvfrom_into"))]
    pub fn recv_from<B: Buffer>(&self, buf: B) -> Result<(B::Received, Addr)> {
        self.recv_from_with(buf, MsgFlags::empty())
    }

    /// Whether everything that was sent before the urgent byte has been received. With
    /// `SO_OOBINLINE` the next byte is the urgent one; without, it is had by [`MsgFlags::OOB`].
    ///
    /// ```
    /// use berkeley::{MsgFlags, create_connection, create_server};
    ///
    /// let server = create_server("127.0.0.1:0")?;
    /// let client = create_connection(server.local_addr()?)?;
    /// client.send(b"before")?;
    /// client.send_with(b"!", MsgFlags::OOB)?;
    ///
    /// let (conn, _) = server.accept()?;
    /// assert_eq!(conn.recv_vec(100)?, b"before");
    /// assert!(conn.at_mark()?);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `ENOTTY` for kinds of sockets without urgent data.
    ///
    /// See `sockatmark(3)`.
    #[doc(alias("sockatmark", "SIOCATMARK"))]
    pub fn at_mark(&self) -> Result<bool> {
        seam::at_mark(self.fd.as_fd()).map_err(Error::of(Call::SockAtMark))
    }

    /// [`recv_from`](Socket::recv_from) with flags.
    ///
    /// ```
    /// use berkeley::{Family, MsgFlags, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.bind("127.0.0.1:0")?;
    /// let nothing = sock.recv_from_with(&mut [0; 16], MsgFlags::DONTWAIT);
    /// assert!(nothing.unwrap_err().is_would_block());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv_from`](Socket::recv_from).
    #[inline]
    pub fn recv_from_with<B: Buffer>(
        &self,
        buf: B,
        flags: MsgFlags,
    ) -> Result<(B::Received, Addr)> {
        let mut from = Addr(Storage::empty());
        let received = fill(buf, |room| self.recv_from_filled(room, flags, &mut from))?;
        Ok((received, from))
    }

    /// Receives into several pieces of memory, filled one after the other, in one call.
    ///
    /// ```
    /// use berkeley::{Family, MsgFlags, Protocol, Socket, Type};
    /// use std::io::IoSliceMut;
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// a.send(b"HEADbody")?;
    /// let (mut head, mut body) = ([0; 4], [0; 100]);
    /// let mut pieces = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
    /// let (len, _from) = b.recv_from_vectored(&mut pieces, MsgFlags::empty())?;
    /// assert_eq!((len, &head), (8, b"HEAD"));
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv_from`](Socket::recv_from); `EMSGSIZE` for more than 1,024 pieces;
    /// [`Cause::ControlLost`] if control data came along, such as descriptors or what an option
    /// asks for: the memory holds the data. Ask for [`MsgFlags::CTRUNC`] to do without it.
    ///
    /// See `recvmsg(2)`.
    #[doc(alias("recvmsg", "recvmsg_into", "readv", "read_vectored"))]
    pub fn recv_from_vectored(
        &self,
        data: &mut [IoSliceMut<'_>],
        flags: MsgFlags,
    ) -> Result<(usize, Addr)> {
        let mut from = Addr(Storage::empty());
        let asked = flags.difference(MsgFlags::CTRUNC).bits();
        let mut none = ControlRoom::default();
        let (got, told) = self.retry(Call::RecvFrom, Interest::Read, flags, || {
            let (fd, base) = (self.fd.as_fd(), self.recv_flags());
            seam::recv_message(fd, data, &mut none, base, asked, &mut from.0)
        })?;
        let control_lost = MsgFlags::from_bits_retain(told).contains(MsgFlags::CTRUNC);
        let room = data.iter().map(|piece| piece.len()).sum();
        let checked = self.check(Call::RecvFrom, got, room, flags);
        let filled = checked.map_err(|error| error.at(&from))?;
        if control_lost && !flags.contains(MsgFlags::CTRUNC) {
            let cause = Cause::ControlLost(filled.len());
            return Err(Error::new(Call::RecvFrom, cause).at(&from));
        }
        Ok((filled.len(), from))
    }

    /// [`recv_from_vectored`](Socket::recv_from_vectored) without the address.
    ///
    /// ```
    /// use berkeley::{Family, MsgFlags, Protocol, Socket, Type};
    /// use std::io::IoSliceMut;
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"ab")?;
    /// let (mut first, mut second) = ([0; 1], [0; 1]);
    /// let mut pieces = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    /// assert_eq!(b.recv_vectored(&mut pieces, MsgFlags::empty())?, 2);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Socket::recv).
    ///
    /// See `recvmsg(2)`.
    #[doc(alias("recvmsg", "recvmsg_into", "readv", "read_vectored"))]
    pub fn recv_vectored(&self, data: &mut [IoSliceMut<'_>], flags: MsgFlags) -> Result<usize> {
        self.recv_from_vectored(data, flags)
            .map(|(len, _)| len)
            .map_err(|error| error.in_call(Call::Recv))
    }

    /// [`recv_with`](Socket::recv_with) for those who answer for the memory themselves.
    #[inline]
    pub(crate) fn recv_filled(
        &self,
        room: &mut [MaybeUninit<u8>],
        flags: MsgFlags,
    ) -> Result<Filled> {
        let (fd, base, asked) = (self.fd.as_fd(), self.recv_flags(), flags.bits());
        seam::recv(fd, &self.flags.receive, room, base, asked)
            .or_else(|odd| self.recv_odd(odd, room, flags))
    }

    /// The same with the sender.
    #[inline]
    pub(crate) fn recv_from_filled(
        &self,
        room: &mut [MaybeUninit<u8>],
        flags: MsgFlags,
        from: &mut Addr,
    ) -> Result<Filled> {
        let (fd, base, asked) = (self.fd.as_fd(), self.recv_flags(), flags.bits());
        let odd = |odd, room: &mut [_], from: &mut _| self.recv_from_odd(odd, room, flags, from);
        seam::recv_from(fd, &self.flags.receive, room, base, asked, &mut from.0, odd)
    }

    /// All that does not belong on the short way of receiving: waiting, interruptions, failures, the
    /// end, and messages that do not fit.
    #[cold]
    #[inline(never)]
    fn recv_odd(&self, odd: Odd, room: &mut [MaybeUninit<u8>], asked: MsgFlags) -> Result<Filled> {
        let (most, mut first) = (room.len(), Some(odd));
        let got = self.retry(Call::Recv, Interest::Read, asked, || {
            let (fd, base) = (self.fd.as_fd(), self.recv_flags());
            let again = || seam::recv(fd, &self.flags.receive, room, base, asked.bits());
            sys::arrived(first.take().map_or_else(again, Err))
        })?;
        self.check(Call::Recv, got, most, asked)
    }

    /// Receives for a call of several pieces, which has its own patience.
    pub(crate) fn recv_by(
        &self,
        call: Call,
        room: &mut [MaybeUninit<u8>],
        asked: MsgFlags,
        patience: Option<Deadline>,
    ) -> Result<Filled> {
        let got = self.retry_by(call, Interest::Read, patience, || {
            let (fd, base) = (self.fd.as_fd(), self.recv_flags());
            sys::arrived(seam::recv(fd, &self.flags.receive, room, base, asked.bits()))
        })?;
        self.check(call, got, room.len(), asked)
    }

    /// The same with the sender.
    #[cold]
    fn recv_from_odd(
        &self,
        odd: Odd,
        room: &mut [MaybeUninit<u8>],
        asked: MsgFlags,
        from: &mut Storage,
    ) -> Result<Filled> {
        let (most, mut first) = (room.len(), Some(odd));
        let got = self.retry(Call::RecvFrom, Interest::Read, asked, || {
            let (fd, base) = (self.fd.as_fd(), self.recv_flags());
            let again = || {
                let odd = |odd, _: &mut [_], _: &mut _| Err(odd);
                seam::recv_from(fd, &self.flags.receive, room, base, asked.bits(), from, odd)
            };
            sys::arrived(first.take().map_or_else(again, Err))
        })?;
        self.check(Call::RecvFrom, got, most, asked).map_err(|error| error.at(&Addr(*from)))
    }

    /// What the memory holds, unless that is less than all of it or the socket was hung up.
    #[inline]
    pub(crate) fn check(
        &self,
        call: Call,
        got: Arrived,
        room: usize,
        asked: MsgFlags,
    ) -> Result<Filled> {
        match got.fits(room) {
            Some(filled) if filled.len() > 0 => Ok(filled),
            _ => self.check_odd(call, got, room, asked),
        }
    }

    /// [`check`](Socket::check) of what arrives seldom: nothing, or more than there is room for.
    #[cold]
    fn check_odd(&self, call: Call, got: Arrived, room: usize, asked: MsgFlags) -> Result<Filled> {
        match got.fits(room) {
            Some(filled) if filled.len() == 0 && self.retired.load(Ordering::Acquire) => {
                Err(Error::new(call, Errno::EBADF))
            }
            Some(filled) => Ok(filled),
            None if asked.contains(MsgFlags::TRUNC) => Ok(got.cut(room)),
            None => Err(Error::new(call, Cause::Truncated(got.whole_len()))),
        }
    }
}
