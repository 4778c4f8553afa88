//! Memory for control messages: to send, and to receive.

use std::fmt;
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use super::{Kind, Messages, messages};
use crate::opt::{Codec, Credentials};
use crate::sys::control::{self, ControlRoom};
use crate::sys::{Errno, c};

/// Control messages to send, which borrow the descriptors among them.
///
/// ```
/// use berkeley::cmsg::{self, SendBuffer};
///
/// let file = std::fs::File::open("/dev/null").unwrap();
/// let mut buffer = SendBuffer::new();
/// buffer.rights([&file]).push(cmsg::IP_TTL, 64);
/// assert_eq!(cmsg::messages(buffer.as_bytes()).count(), 2);
/// ```
///
/// See `cmsg(3)`.
#[derive(Clone, Default)]
#[doc(alias("ancdata", "SocketAncillary", "SendAncillaryBuffer"))]
pub struct SendBuffer<'fd> {
    bytes: Vec<u8>,
    fds: PhantomData<BorrowedFd<'fd>>,
}

impl<'fd> SendBuffer<'fd> {
    /// No messages yet.
    ///
    /// ```
    /// assert!(berkeley::cmsg::SendBuffer::new().as_bytes().is_empty());
    /// ```
    pub fn new() -> SendBuffer<'fd> {
        SendBuffer::default()
    }

    /// Adds a message of a kind.
    ///
    /// ```
    /// use berkeley::cmsg::{self, SendBuffer};
    ///
    /// let mut buffer = SendBuffer::new();
    /// buffer.push(cmsg::IP_TOS, 0x10).push(cmsg::UDP_SEGMENT, 1200_u16);
    /// ```
    pub fn push<C: Codec>(&mut self, kind: Kind<C>, value: impl Into<C::Value>) -> &mut Self {
        self.push_raw(kind.level(), kind.number(), C::encode(value.into()).as_ref())
    }

    /// Adds any message.
    ///
    /// ```
    /// use berkeley::cmsg::SendBuffer;
    ///
    /// let mut buffer = SendBuffer::new();
    /// buffer.push_raw(0, 2, &64_i32.to_ne_bytes()); // IPPROTO_IP, IP_TTL
    /// ```
    pub fn push_raw(&mut self, level: i32, number: i32, data: &[u8]) -> &mut Self {
        control::push(&mut self.bytes, level, number, data);
        self
    }

    /// Adds descriptors, of which the receiver gets duplicates. At most 253 go in one message.
    ///
    /// ```
    /// use berkeley::cmsg::SendBuffer;
    ///
    /// let mut buffer = SendBuffer::new();
    /// let (stdin, stdout) = (std::io::stdin(), std::io::stdout());
    /// buffer.rights([&stdin]).rights([&stdout]);
    /// ```
    ///
    /// See `unix(7)`.
    #[doc(alias = "SCM_RIGHTS")]
    pub fn rights<F: AsFd + 'fd>(&mut self, fds: impl IntoIterator<Item = &'fd F>) -> &mut Self {
        let fds = fds.into_iter();
        let numbers: Vec<u8> = fds.flat_map(|fd| fd.as_fd().as_raw_fd().to_ne_bytes()).collect();
        self.push_raw(c::SOL_SOCKET, c::SCM_RIGHTS, &numbers)
    }

    /// Adds the sender's credentials. Only a privileged process may tell others than its own.
    ///
    /// ```
    /// use berkeley::{cmsg::SendBuffer, opt::Credentials};
    ///
    /// let mut buffer = SendBuffer::new();
    /// buffer.credentials(Credentials { pid: std::process::id(), uid: 0, gid: 0 });
    /// ```
    ///
    /// See `unix(7)`.
    #[doc(alias = "SCM_CREDENTIALS")]
    pub fn credentials(&mut self, credentials: Credentials) -> &mut Self {
        self.push(super::SCM_CREDENTIALS, credentials)
    }

    /// Forgets every message; the memory stays for the next ones.
    ///
    /// ```
    /// use berkeley::cmsg::{self, SendBuffer};
    ///
    /// let mut buffer = SendBuffer::new();
    /// buffer.push(cmsg::IP_TTL, 1).clear();
    /// assert!(buffer.as_bytes().is_empty());
    /// ```
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// The messages as `sendmsg` takes them.
    ///
    /// ```
    /// use berkeley::cmsg::{self, SendBuffer};
    ///
    /// let mut buffer = SendBuffer::new();
    /// assert_eq!(buffer.push(cmsg::IP_TTL, 1).as_bytes().len(), cmsg::IP_TTL.space());
    /// ```
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for SendBuffer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(messages(&self.bytes)).finish()
    }
}

/// Room for control messages to receive, and the owner of the descriptors among them.
///
/// Descriptors are close-on-exec. Those that nobody takes are closed by the next call that
/// receives into the buffer, and when it is dropped. A buffer allocates once, when it is made;
/// only arriving descriptors take memory later.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type, cmsg};
///
/// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
/// a.send_fds(b"take it", &[&a])?;
///
/// let mut control = cmsg::RecvBuffer::with_room(cmsg::space(4));
/// b.recv_message(&mut [0; 100], &mut control)?;
/// let fds = control.take_fds();
/// assert_eq!(fds.len(), 1);
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// See `cmsg(3)`.
#[derive(Default)]
#[doc(alias("ancdata", "SocketAncillary", "RecvAncillaryBuffer"))]
pub struct RecvBuffer {
    pub(crate) room: ControlRoom,
    pub(crate) truncated: bool,
}

impl RecvBuffer {
    /// Room for so many bytes of messages with their headers: the sum of the kinds'
    /// [`space`](Kind::space).
    ///
    /// ```
    /// use berkeley::cmsg::{self, RecvBuffer};
    ///
    /// let for_ten_fds = RecvBuffer::with_room(cmsg::space(10 * size_of::<i32>()));
    /// ```
    pub fn with_room(bytes: usize) -> RecvBuffer {
        RecvBuffer { room: ControlRoom::with_room(bytes), truncated: false }
    }

    /// How many bytes there is room for.
    ///
    /// ```
    /// assert_eq!(berkeley::cmsg::RecvBuffer::with_room(64).room(), 64);
    /// ```
    pub fn room(&self) -> usize {
        self.room.room()
    }

    /// The messages that the last call has received.
    ///
    /// ```
    /// let buffer = berkeley::cmsg::RecvBuffer::with_room(64);
    /// assert_eq!(buffer.messages().count(), 0);
    /// ```
    pub fn messages(&self) -> Messages<'_> {
        messages(self.as_bytes())
    }

    /// The value of the first message of this kind.
    ///
    /// ```
    /// use berkeley::cmsg;
    ///
    /// assert_eq!(cmsg::RecvBuffer::with_room(64).get(cmsg::IP_TTL), None);
    /// ```
    pub fn get<C: Codec>(&self, kind: Kind<C>) -> Option<C::Value> {
        self.messages().find_map(|message| message.get(kind))
    }

    /// The messages as `recvmsg` has written them. The numbers of descriptors among them belong
    /// to this buffer until they are taken.
    ///
    /// ```
    /// assert!(berkeley::cmsg::RecvBuffer::with_room(64).as_bytes().is_empty());
    /// ```
    pub fn as_bytes(&self) -> &[u8] {
        self.room.as_bytes()
    }

    /// Whether there was more than fits: messages or descriptors are lost.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type, cmsg};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// a.send_fds(b"two", &[&a, &a])?;
    /// let mut room_for_one = cmsg::RecvBuffer::with_room(cmsg::len(4));
    /// b.recv_message(&mut [0; 10], &mut room_for_one)?;
    /// assert!(room_for_one.is_truncated());
    /// assert_eq!(room_for_one.take_fds().len(), 1);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[doc(alias = "MSG_CTRUNC")]
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Takes the descriptors that have arrived, in order.
    ///
    /// ```
    /// assert!(berkeley::cmsg::RecvBuffer::with_room(64).take_fds().is_empty());
    /// ```
    #[doc(alias("SCM_RIGHTS", "recv_fds"))]
    pub fn take_fds(&mut self) -> Vec<OwnedFd> {
        std::mem::take(&mut self.room.fds)
    }

    /// Takes the descriptor of the sending process, if one has arrived, or the reason why the
    /// kernel could not make it.
    ///
    /// ```
    /// assert!(berkeley::cmsg::RecvBuffer::with_room(64).take_pidfd().is_none());
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `pidfd_open(2)`, such as `ESRCH` for a process that has ended.
    ///
    /// # Platforms
    ///
    /// Linux 6.5, with the option `SO_PASSPIDFD`.
    #[doc(alias = "SCM_PIDFD")]
    pub fn take_pidfd(&mut self) -> Option<Result<OwnedFd, Errno>> {
        self.room.pidfd.take()
    }

    /// Forgets every message and closes the descriptors that nobody has taken.
    ///
    /// ```
    /// berkeley::cmsg::RecvBuffer::with_room(64).clear();
    /// ```
    pub fn clear(&mut self) {
        self.room.clear();
        self.truncated = false;
    }
}

impl fmt::Debug for RecvBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvBuffer")
            .field("messages", &self.messages().collect::<Vec<_>>())
            .field("fds", &self.room.fds.len())
            .field("truncated", &self.truncated)
            .finish_non_exhaustive()
    }
}
