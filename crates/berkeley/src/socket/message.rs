//! Messages with control data: descriptors, credentials, addresses, times and errors beside the
//! bytes.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use super::Socket;
use crate::addr::Addr;
use crate::buf::{Buffer, fill};
use crate::cmsg::{self, RecvBuffer, SendBuffer};
use crate::error::{Call, Cause, Error, Result};
use crate::errqueue::{self, QueuedError};
use crate::kind::{Family, MsgFlags};
use crate::seam;
use crate::sys::{Errno, Filled, Interest, Storage};
use crate::target::ToAddr;

/// What [`Socket::recv_message`] has received.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type, cmsg};
///
/// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
/// a.send(b"much too long")?;
/// let got = b.recv_message(&mut [0; 4], &mut cmsg::RecvBuffer::default())?;
/// assert!(got.is_truncated());
/// assert_eq!((got.data, got.whole_len), (4, 13));
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// See `recvmsg(2)`.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[doc(alias("msghdr", "msg_flags"))]
pub struct Received<T> {
    /// What the memory has got: for most kinds of it the number of bytes.
    pub data: T,
    /// How long the message was, which may be more than there was memory for.
    pub whole_len: usize,
    /// Who has sent it; empty on a connected stream.
    pub from: Addr,
    /// What the kernel tells: [`MsgFlags::EOR`] at the end of a record, [`MsgFlags::TRUNC`],
    /// [`MsgFlags::CTRUNC`], [`MsgFlags::OOB`].
    pub flags: MsgFlags,
}

impl<T> Received<T> {
    /// Whether the message did not fit into the memory, and its end is lost.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type, cmsg};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// a.send(b"fits")?;
    /// let got = b.recv_message(&mut [0; 4], &mut cmsg::RecvBuffer::default())?;
    /// assert!(!got.is_truncated());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[doc(alias = "MSG_TRUNC")]
    pub fn is_truncated(&self) -> bool {
        self.flags.contains(MsgFlags::TRUNC)
    }

    /// Whether control messages did not fit, and some are lost.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type, cmsg};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send_fds(b"x", &[&a])?;
    /// let got = b.recv_message(&mut [0; 1], &mut cmsg::RecvBuffer::default())?;
    /// assert!(got.is_control_truncated());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[doc(alias = "MSG_CTRUNC")]
    pub fn is_control_truncated(&self) -> bool {
        self.flags.contains(MsgFlags::CTRUNC)
    }
}

impl Received<()> {
    /// What is told before anything has come.
    pub(crate) fn nothing() -> Received<()> {
        let (from, flags) = (Addr(Storage::empty()), MsgFlags::empty());
        Received { data: (), whole_len: 0, from, flags }
    }
}

impl<T> Received<T> {
    /// The same of other memory.
    pub(crate) fn with<U>(self, data: U) -> Received<U> {
        let Received { whole_len, from, flags, .. } = self;
        Received { data, whole_len, from, flags }
    }

    /// The descriptors that have come into this room, unless something is lost that these flags do
    /// not ask to lose.
    pub(crate) fn into_fds(
        self,
        mut control: RecvBuffer,
        flags: MsgFlags,
    ) -> Result<ReceivedFds<T>> {
        let Received { data, whole_len, from, flags: told } = self;
        let lost = |cause| Err(Error::new(Call::RecvMsg, cause).at(&from));
        if told.contains(MsgFlags::TRUNC) && !flags.contains(MsgFlags::TRUNC) {
            return lost(Cause::Truncated(Some(whole_len)));
        }
        // What an option of the socket asks for may come as well, and needs room of its own.
        if told.contains(MsgFlags::CTRUNC) && !flags.contains(MsgFlags::CTRUNC) {
            return lost(Cause::ControlLost(whole_len));
        }
        Ok(ReceivedFds { data, fds: control.take_fds(), from, flags: told })
    }
}

/// What [`Socket::recv_fds`] has received.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type};
///
/// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
/// a.send_fds(b"two", &[&a, &b])?;
/// assert_eq!(b.recv_fds(&mut [0; 16], 8)?.fds.len(), 2);
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct ReceivedFds<T> {
    /// What the memory has got: for most kinds of it the number of bytes.
    pub data: T,
    /// The descriptors, in order, close-on-exec.
    pub fds: Vec<OwnedFd>,
    /// Who has sent them; empty on a connected stream.
    pub from: Addr,
    /// What the kernel tells.
    pub flags: MsgFlags,
}

/// Messages with control data.
impl Socket {
    /// Sends bytes with control messages beside them, to an address; `()` is the connected peer.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type, cmsg};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.bind("127.0.0.1:0")?;
    /// let mut control = cmsg::SendBuffer::new();
    /// control.push(cmsg::IP_PKTINFO, cmsg::PacketInfo::from_addr([127, 0, 0, 1]));
    /// sock.send_message(b"from there", &control, sock.local_addr()?)?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_to`](Socket::send_to); `EINVAL` for control messages that the family does
    /// not take, `EPERM` for those that need a right, `ETOOMANYREFS` if too many descriptors are
    /// on their way.
    ///
    /// See `sendmsg(2)`, `cmsg(3)`.
    #[doc(alias = "sendmsg")]
    pub fn send_message(
        &self,
        data: &[u8],
        control: &SendBuffer<'_>,
        to: impl ToAddr,
    ) -> Result<usize> {
        self.send_message_vectored(&[IoSlice::new(data)], control, to, MsgFlags::empty())
    }

    /// [`send_message`](Socket::send_message) of several pieces of memory as one, with flags.
    ///
    /// ```
    /// use berkeley::{Family, MsgFlags, Protocol, Socket, Type, cmsg};
    /// use std::io::IoSlice;
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let pieces = [IoSlice::new(b"ab"), IoSlice::new(b"cd")];
    /// let control = cmsg::SendBuffer::new();
    /// assert_eq!(a.send_message_vectored(&pieces, &control, (), MsgFlags::DONTWAIT)?, 4);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_message`](Socket::send_message); `EMSGSIZE` for more than 1,024 pieces.
    ///
    /// See `sendmsg(2)`.
    #[doc(alias("sendmsg", "writev"))]
    pub fn send_message_vectored(
        &self,
        data: &[IoSlice<'_>],
        control: &SendBuffer<'_>,
        to: impl ToAddr,
        flags: MsgFlags,
    ) -> Result<usize> {
        self.with_addr(Call::SendMsg, to, |to| {
            let addr = (!to.is_empty()).then_some(&to.0);
            let sent = self.retry(Call::SendMsg, Interest::Write, flags, || {
                let flags = self.send_flags(flags);
                seam::send_message(self.fd.as_fd(), data, control.as_bytes(), flags, addr)
            });
            sent.map_err(|error| if addr.is_some() { error.at(to) } else { error })
        })
    }

    /// Receives bytes and the control messages beside them.
    ///
    /// Unlike the shorter methods it makes no error of what does not fit: the answer and the
    /// buffer tell of it.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type, cmsg, opt};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// b.set(opt::SO_PASSCRED, true)?;
    /// a.send(b"who am I?")?;
    ///
    /// let mut control = cmsg::RecvBuffer::with_room(cmsg::SCM_CREDENTIALS.space());
    /// let mut buf = [0; 100];
    /// let got = b.recv_message(&mut buf, &mut control)?;
    /// assert_eq!(got.data, 9);
    /// assert_eq!(control.get(cmsg::SCM_CREDENTIALS).unwrap().pid, std::process::id());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Socket::recv), save that of a message that does not fit.
    ///
    /// See `recvmsg(2)`, `cmsg(3)`.
    #[doc(alias("recvmsg", "recvmsg_into"))]
    pub fn recv_message<B: Buffer>(
        &self,
        buf: B,
        control: &mut RecvBuffer,
    ) -> Result<Received<B::Received>> {
        self.recv_message_with(buf, control, MsgFlags::empty())
    }

    /// [`recv_message`](Socket::recv_message) with flags.
    ///
    /// ```
    /// use berkeley::{Family, MsgFlags, Protocol, Socket, Type, cmsg};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// a.send_fds(b"look", &[&a])?;
    /// let mut control = cmsg::RecvBuffer::with_room(cmsg::space(4));
    /// b.recv_message_with(&mut [0; 4], &mut control, MsgFlags::PEEK)?;
    /// assert_eq!(control.take_fds().len(), 1); // a duplicate of its own
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv_message`](Socket::recv_message).
    #[doc(alias("recvmsg", "recvmsg_into"))]
    pub fn recv_message_with<B: Buffer>(
        &self,
        buf: B,
        control: &mut RecvBuffer,
        flags: MsgFlags,
    ) -> Result<Received<B::Received>> {
        let mut told = Received::nothing();
        let data = fill(buf, |room| self.recv_message_filled(room, control, flags, &mut told))?;
        Ok(told.with(data))
    }

    /// [`recv_message_with`](Socket::recv_message_with) for those who answer for the memory
    /// themselves: all but what it has got is told.
    #[inline]
    pub(crate) fn recv_message_filled(
        &self,
        room: &mut [MaybeUninit<u8>],
        control: &mut RecvBuffer,
        flags: MsgFlags,
        told: &mut Received<()>,
    ) -> Result<Filled> {
        control.clear();
        let most = room.len();
        let (got, flags) = self.retry(Call::RecvMsg, Interest::Read, flags, || {
            let (fd, base, asked) = (self.fd.as_fd(), self.recv_flags(), flags.bits());
            seam::recv_message_into(fd, room, &mut control.room, base, asked, &mut told.from.0)
        })?;
        told.whole_len = got.whole_len().unwrap_or(most);
        told.flags = MsgFlags::from_bits_retain(flags);
        control.truncated = told.flags.contains(MsgFlags::CTRUNC);
        self.check(Call::RecvMsg, got, most, MsgFlags::TRUNC)
    }

    /// [`recv_message`](Socket::recv_message) into several pieces of memory, with flags.
    ///
    /// ```
    /// use berkeley::{Family, MsgFlags, Protocol, Socket, Type, cmsg};
    /// use std::io::IoSliceMut;
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// a.send(b"HEADbody")?;
    /// let (mut head, mut body) = ([0; 4], [0; 100]);
    /// let mut pieces = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
    /// let mut control = cmsg::RecvBuffer::default();
    /// let got = b.recv_message_vectored(&mut pieces, &mut control, MsgFlags::empty())?;
    /// assert_eq!((got.data, &head), (8, b"HEAD"));
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv_message`](Socket::recv_message); `EMSGSIZE` for more than 1,024 pieces.
    ///
    /// See `recvmsg(2)`.
    #[doc(alias("recvmsg", "recvmsg_into", "readv"))]
    pub fn recv_message_vectored(
        &self,
        data: &mut [IoSliceMut<'_>],
        control: &mut RecvBuffer,
        flags: MsgFlags,
    ) -> Result<Received<usize>> {
        let mut from = Addr(Storage::empty());
        control.clear();
        let (got, told) = self.retry(Call::RecvMsg, Interest::Read, flags, || {
            let (fd, base, asked) = (self.fd.as_fd(), self.recv_flags(), flags.bits());
            seam::recv_message(fd, data, &mut control.room, base, asked, &mut from.0)
        })?;
        let room = data.iter().map(|piece| piece.len()).sum();
        let filled = self.check(Call::RecvMsg, got, room, MsgFlags::TRUNC)?;
        let flags = MsgFlags::from_bits_retain(told);
        control.truncated = flags.contains(MsgFlags::CTRUNC);
        let whole_len = got.whole_len().unwrap_or(room);
        Ok(Received { data: filled.len(), whole_len, from, flags })
    }

    /// Sends bytes, at least one on a stream, and duplicates of descriptors, to the connected
    /// peer.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    /// use std::io::Read;
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let file = std::fs::File::open("/proc/self/comm").unwrap();
    /// a.send_fds(b"a file", &[&file])?;
    ///
    /// let mut got = b.recv_fds(&mut [0; 16], 1)?;
    /// let mut text = String::new();
    /// std::fs::File::from(got.fds.remove(0)).read_to_string(&mut text).unwrap();
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_message`](Socket::send_message); `EINVAL` for more than 253 descriptors,
    /// `EOPNOTSUPP` for another family than UNIX, some of which would lose them in silence.
    ///
    /// See `unix(7)`.
    #[doc(alias = "SCM_RIGHTS")]
    pub fn send_fds<F: AsFd>(&self, data: &[u8], fds: &[F]) -> Result<usize> {
        self.send_fds_with(data, fds, (), MsgFlags::empty())
    }

    /// [`send_fds`](Socket::send_fds) to an address, with flags; `()` is the connected peer.
    ///
    /// ```
    /// use berkeley::{Family, MsgFlags, Protocol, Socket, Type};
    ///
    /// let to = Socket::new(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// to.bind("unix:")?;
    /// let from = Socket::new(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// from.send_fds_with(b"x", &[&from], to.local_addr()?, MsgFlags::DONTWAIT)?;
    /// assert_eq!(to.recv_fds(&mut [0; 1], 1)?.fds.len(), 1);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_fds`](Socket::send_fds).
    #[doc(alias = "SCM_RIGHTS")]
    pub fn send_fds_with<F: AsFd>(
        &self,
        data: &[u8],
        fds: &[F],
        to: impl ToAddr,
        flags: MsgFlags,
    ) -> Result<usize> {
        let control = self.fds_control(fds)?;
        self.send_message_vectored(&[IoSlice::new(data)], &control, to, flags)
    }

    /// The control message with these descriptors.
    pub(crate) fn fds_control<'f, F: AsFd>(&self, fds: &'f [F]) -> Result<SendBuffer<'f>> {
        let mut control = SendBuffer::new();
        if !fds.is_empty() {
            if self.family != Family::UNIX {
                return Err(Error::new(Call::SendMsg, Errno::EOPNOTSUPP));
            }
            control.rights(fds);
        }
        Ok(control)
    }

    /// Receives bytes and at most so many descriptors.
    ///
    /// ```
    /// use berkeley::{Cause, Family, Protocol, Socket, Type};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send_fds(b"three", &[&a, &a, &a])?;
    /// let lost = b.recv_fds(&mut [0; 16], 1).unwrap_err();
    /// assert!(matches!(lost.cause(), Cause::ControlLost(5)));
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Socket::recv); [`Cause::ControlLost`] if there were more descriptors, or
    /// this process may not have as many: those that came are closed. Ask for
    /// [`MsgFlags::CTRUNC`] to have them.
    ///
    /// See `unix(7)`.
    #[doc(alias = "SCM_RIGHTS")]
    pub fn recv_fds<B: Buffer>(&self, buf: B, most: usize) -> Result<ReceivedFds<B::Received>> {
        self.recv_fds_with(buf, most, MsgFlags::empty())
    }

    /// [`recv_fds`](Socket::recv_fds) with flags.
    ///
    /// ```
    /// use berkeley::{Family, MsgFlags, Protocol, Socket, Type};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send_fds(b"three", &[&a, &a, &a])?;
    /// let some = b.recv_fds_with(&mut [0; 16], 1, MsgFlags::CTRUNC)?;
    /// assert!(some.fds.len() == 1 && some.flags.contains(MsgFlags::CTRUNC));
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv_fds`](Socket::recv_fds).
    #[doc(alias = "SCM_RIGHTS")]
    pub fn recv_fds_with<B: Buffer>(
        &self,
        buf: B,
        most: usize,
        flags: MsgFlags,
    ) -> Result<ReceivedFds<B::Received>> {
        let mut control = fds_room(most);
        let got = self.recv_message_with(buf, &mut control, fds_flags(flags))?;
        got.into_fds(control, flags)
    }

    /// Takes the first entry from the queue of errors, if there is one; never waits. As much of
    /// the packet that it is about as the kernel has kept goes into the memory.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET6, Type::DGRAM, Protocol::DEFAULT)?;
    /// assert!(sock.recv_error(&mut [0; 1500])?.is_none());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` for a family without such a queue.
    ///
    /// See `ip(7)` about `IP_RECVERR`, `recv(2)` about `MSG_ERRQUEUE`.
    #[doc(alias("MSG_ERRQUEUE", "IP_RECVERR"))]
    pub fn recv_error(&self, data: &mut [u8]) -> Result<Option<QueuedError>> {
        // Others would take the flag for nothing, and hand out what was received.
        if !HAVE_ERROR_QUEUES.contains(&self.family) {
            return Err(Error::new(Call::RecvMsg, Errno::EOPNOTSUPP));
        }
        let mut control = RecvBuffer::with_room(ERROR_ROOM);
        let flags = MsgFlags::ERRQUEUE | MsgFlags::DONTWAIT;
        let got = match self.recv_message_with(data, &mut control, flags) {
            Ok(got) => got,
            Err(error) if error.is_would_block() => return Ok(None),
            Err(error) => return Err(error),
        };
        let event = errqueue::decode(control.as_bytes());
        Ok(Some(QueuedError {
            event: event.unwrap_or(errqueue::ErrorEvent::Other(cmsg::ExtendedError::default())),
            len: got.data,
            truncated: got.is_truncated(),
            destination: (!got.from.is_empty()).then_some(got.from),
        }))
    }

    /// Waits until there is something in the queue of errors, or the connection has ended, within
    /// the timeout.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    /// use std::time::Duration;
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.set_timeout(Duration::from_millis(10))?;
    /// assert!(sock.wait_error().unwrap_err().is_timeout());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Cause::TimedOut`] if the timeout passes, at once if it is zero.
    #[doc(alias("poll", "POLLERR"))]
    pub fn wait_error(&self) -> Result<()> {
        self.wait(Call::RecvMsg, Interest::Error, self.call_deadline()).map(drop)
    }
}

/// So many descriptors the kernel takes in one message.
const MOST_FDS: usize = 253;

/// Room for at most so many descriptors.
pub(crate) fn fds_room(most: usize) -> RecvBuffer {
    RecvBuffer::with_room(match most.min(MOST_FDS) {
        0 => 0,
        most => cmsg::len(most * size_of::<i32>()),
    })
}

/// What of these flags is asked of the kernel where descriptors are received.
pub(crate) fn fds_flags(flags: MsgFlags) -> MsgFlags {
    flags.difference(MsgFlags::TRUNC | MsgFlags::CTRUNC)
}

/// The families whose sockets keep a queue of errors.
const HAVE_ERROR_QUEUES: &[Family] =
    &[Family::INET, Family::INET6, Family::PACKET, Family::CAN, Family::VSOCK, Family::BLUETOOTH];

/// Room for what comes from the queue of errors: the error, its times, and where it was going.
const ERROR_ROOM: usize = 512;
